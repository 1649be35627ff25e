//! An explanation as a page for a person.

use ios012_core::Exposure;

use super::{ExplainedOrder, Explanation, LimitStep, Move};
use crate::format::{decimal, exposure, money, signed_money, with_sign};

pub(super) fn render(explanation: &Explanation) -> String {
    let mut lines = heading(explanation);
    for step in &explanation.moves {
        waterfall(explanation, step, &mut lines);
    }
    orders(explanation, &mut lines);
    lineage(explanation, &mut lines);
    lines
        .iter()
        .map(|line| line.trim_end())
        .collect::<Vec<_>>()
        .join("\n")
}

fn heading(explanation: &Explanation) -> Vec<String> {
    let outcome = match explanation.outcome {
        Some(outcome) => outcome.as_str(),
        None => "left open",
    };
    let nlv = match explanation.nlv_before {
        Some(nlv) => money(nlv),
        None => "not known".to_owned(),
    };
    vec![
        format!(
            "{} in cycle {} of {}",
            explanation.asset_id, explanation.cycle_id, explanation.portfolio_id
        ),
        format!("{}, {}, {outcome}", explanation.as_of, explanation.mode),
        format!("NLV before the cycle: {nlv} {}", explanation.base_currency),
    ]
}

fn waterfall(explanation: &Explanation, step: &Move, lines: &mut Vec<String>) {
    let value = |exposure: Exposure| explanation.value(exposure).map_or_else(String::new, money);
    let currency = &explanation.base_currency;
    lines.push(String::new());
    if explanation.moves.len() > 1 {
        lines.push(format!("Transition {}", step.transition));
    }
    lines.push(row("", "of NLV", currency.as_str(), ""));
    let price = format!("at {}", decimal(&step.reference_price.to_string()));
    lines.push(row(
        "Before",
        &exposure(step.previous),
        &value(step.previous),
        &price,
    ));
    lines.push(row(
        "Target",
        &exposure(step.target),
        &value(step.target),
        "",
    ));
    for limit in &step.limits {
        lines.extend(limited(explanation, limit));
    }
    lines.push(row(
        "Allowed",
        &exposure(step.allowed),
        &value(step.allowed),
        &step.reason,
    ));
    let cost = format!("estimated cost {}", money(step.estimated_cost));
    lines.push(change(
        explanation,
        "Move",
        step.previous,
        step.allowed,
        &cost,
    ));
}

fn limited(explanation: &Explanation, step: &LimitStep) -> [String; 2] {
    let from_to = format!("{} -> {}", exposure(step.before), exposure(step.after));
    [
        change(
            explanation,
            &format!("- {}", step.limit),
            step.before,
            step.after,
            &from_to,
        ),
        format!("      {}", step.meaning),
    ]
}

/// A row with the difference of two exposures.
fn change(
    explanation: &Explanation,
    label: &str,
    from: Exposure,
    to: Exposure,
    note: &str,
) -> String {
    let Ok(difference) = to.checked_sub(from) else {
        return row(label, "", "", note);
    };
    let value = explanation.value(difference);
    let value = value.map_or_else(String::new, signed_money);
    row(label, &with_sign(exposure(difference)), &value, note)
}

fn row(label: &str, exposure: &str, value: &str, note: &str) -> String {
    format!("  {label:<24}{exposure:>13}{value:>20}   {note}")
}

fn orders(explanation: &Explanation, lines: &mut Vec<String>) {
    lines.push(String::new());
    lines.push("Orders".to_owned());
    if explanation.orders.is_empty() {
        lines.push("  none".to_owned());
    }
    for order in &explanation.orders {
        lines.extend(ordered(order));
    }
    if !explanation.left_undone.is_empty() {
        lines.push(String::new());
        lines.push("Left undone".to_owned());
    }
    for left in &explanation.left_undone {
        let quantity = with_sign(decimal(&left.quantity.to_string()));
        lines.push(format!(
            "  {quantity} units: {} ({})",
            left.meaning, left.reason
        ));
    }
}

fn ordered(order: &ExplainedOrder) -> Vec<String> {
    let quantity = decimal(&order.quantity.to_string());
    let limit = decimal(&order.limit_price.to_string());
    let mut lines = vec![format!(
        "  {} {quantity} at {limit} or better: {}",
        order.side.as_str(),
        order.end
    )];
    for fill in &order.fills {
        lines.push(format!(
            "    {} at {} = {}, fee {}, slippage {}",
            decimal(&fill.quantity.to_string()),
            decimal(&fill.price.to_string()),
            money(fill.value),
            money(fill.fee),
            money(fill.slippage),
        ));
    }
    lines
}

fn lineage(explanation: &Explanation, lines: &mut Vec<String>) {
    let documents = &explanation.documents;
    lines.push(String::new());
    lines.push("Lineage".to_owned());
    for (name, hash) in [
        ("registry", Some(documents.registry)),
        ("constraints", Some(documents.constraints)),
        ("mandate", documents.mandate),
        ("market", Some(documents.market)),
        ("regimes", documents.regimes),
        ("account", Some(documents.account)),
        ("cycle record", Some(explanation.cycle_hash)),
    ] {
        let hash = hash.map_or_else(|| "none".to_owned(), |hash| hash.to_string());
        lines.push(format!("  {name:<18}{hash}"));
    }
    for step in &explanation.moves {
        lines.push(format!(
            "  {:<18}{}",
            "input_state_hash", step.input_state_hash
        ));
        lines.push(format!("  {:<18}{}", "lineage_hash", step.lineage_hash));
    }
    let derives = explanation.moves.iter().all(|step| step.derives);
    let told = if derives {
        "  Both hashes were derived again from the records, and are equal."
    } else {
        "  DIFFERENT: a hash derived again from the records is not the recorded one."
    };
    lines.push(told.to_owned());
}
