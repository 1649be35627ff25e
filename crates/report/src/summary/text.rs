//! The summary as a page for a person: at most 45 lines of 88 columns for stocks paid in
//! full, 60 with margin, payments and breaches.

use std::fmt::Write as _;

use ios012_core::{Money, Ratio, Rounding};

use super::{Breaches, CheckpointLine, Count, MarginMetrics, Summary, Tally, VerifyLine};
use crate::format::{
    basis_points, bound, count, exposure, money, multiple, percent, ratio, signed_money, with_sign,
};

/// Widest line.
const WIDTH: usize = 88;
/// Width of a label.
const LABEL: usize = 18;
/// Longest list of limits.
const LIMITS: usize = 10;

/// The summary as text, without a line feed at its end. Numbers are rounded to the nearest of
/// their length; [`super::to_json`] has all digits.
pub fn render_text(
    summary: &Summary,
    verification: &VerifyLine,
    checkpoint: &CheckpointLine,
) -> String {
    let mut page = Page::default();
    heading(&mut page, summary);
    result(&mut page, summary);
    trading(&mut page, summary);
    limits(&mut page, summary);
    safety(&mut page, summary);
    ledger(&mut page, summary, verification);
    page.words("Checkpoint", &checkpoint.told());
    page.0.trim_end().to_owned()
}

#[derive(Default)]
struct Page(String);

impl Page {
    fn section(&mut self, title: &str) {
        if !self.0.is_empty() {
            self.0.push('\n');
        }
        self.line(title);
    }

    fn line(&mut self, text: &str) {
        self.0.push_str(text.trim_end());
        self.0.push('\n');
    }

    /// A label, a number aligned at its right end, and what else is to say.
    fn number(&mut self, label: &str, number: &str, note: &str) {
        self.line(&format!("  {label:<LABEL$}{number:>20}   {note}"));
    }

    /// A label and parts beside it; those that do not fit the line are counted.
    fn list(&mut self, label: &str, parts: &[String]) {
        let mut text = String::new();
        for (place, part) in parts.iter().enumerate() {
            let left = parts.len() - place - 1;
            let reserved = if left == 0 {
                0
            } else {
                format!(", {left} more").len()
            };
            let separator = if place == 0 { "" } else { ", " };
            let used = 2 + LABEL + text.len() + separator.len() + part.len() + reserved;
            if used > WIDTH && place > 0 {
                // Writing to a String cannot fail.
                _ = write!(text, ", {} more", left + 1);
                break;
            }
            text.push_str(separator);
            text.push_str(part);
        }
        self.line(&format!("  {label:<LABEL$}{text}"));
    }

    /// A label and a text beside it, broken between words.
    fn words(&mut self, label: &str, text: &str) {
        let mut line = String::new();
        let mut label = label;
        for word in text.split(' ') {
            if !line.is_empty() && 2 + LABEL + line.len() + 1 + word.len() > WIDTH {
                self.line(&format!("  {label:<LABEL$}{line}"));
                label = "";
                line.clear();
            }
            if !line.is_empty() {
                line.push(' ');
            }
            line.push_str(word);
        }
        self.line(&format!("  {label:<LABEL$}{line}"));
    }
}

fn heading(page: &mut Page, summary: &Summary) {
    let period = match summary.period {
        Some((first, last)) if first == last => first.date_text(),
        Some((first, last)) => format!("{} to {}", first.date_text(), last.date_text()),
        None => "no cycle yet".to_owned(),
    };
    page.line(summary.portfolio_id.as_str());
    page.line(&format!("{period}, in {}", summary.base_currency));
}

fn result(page: &mut Page, summary: &Summary) {
    let trading = &summary.trading;
    page.section("Result");
    page.number("Opening NLV", &money(summary.opening_nlv), "");
    if let Some(market) = market_result(summary) {
        page.number("Market", &signed_money(market), "");
    }
    let cost = |amount: Money| signed_money(Money::from_units(amount.units().saturating_neg()));
    let rate = |rate: Option<Ratio>| {
        rate.map_or_else(String::new, |rate| {
            format!("{} of notional", basis_points(rate))
        })
    };
    page.number("Fees", &cost(trading.fees), &rate(trading.fee_rate));
    page.number(
        "Slippage",
        &cost(trading.slippage),
        &rate(trading.slippage_rate),
    );
    for (label, amount) in [
        ("Dividends", summary.payments.dividends),
        ("Funding", summary.payments.funding),
        ("Interest", summary.payments.interest),
        ("Transfers", summary.payments.transfers),
    ] {
        if !amount.is_zero() {
            page.number(label, &signed_money(amount), "");
        }
    }
    let cash = money(summary.final_cash);
    let cash = if summary.final_liabilities.is_zero() {
        format!("of which cash {cash}")
    } else {
        let owed = money(summary.final_liabilities);
        format!("with cash {cash}, owing {owed}")
    };
    page.number("Final NLV", &money(summary.final_nlv), &cash);
    if let Some(total) = summary.total_return {
        page.number("Total return", &with_sign(percent(total)), "");
    }
    let Some(fall) = summary.drawdown else {
        page.number("Largest drawdown", "none", "");
        return;
    };
    page.number(
        "Largest drawdown",
        &format!("-{}", percent(fall.fraction)),
        "",
    );
    page.line(&format!(
        "  {:LABEL$}{} on {}, then {} on {}",
        "",
        money(fall.peak_nlv),
        fall.peak_as_of.date_text(),
        money(fall.trough_nlv),
        fall.trough_as_of.date_text(),
    ));
}

/// What prices and exchange rates made of the positions: what is left of the result without costs
/// and payments.
fn market_result(summary: &Summary) -> Option<Money> {
    let gain = summary.final_nlv.checked_sub(summary.opening_nlv).ok()?;
    let before_fees = gain.checked_add(summary.trading.fees).ok()?;
    let before_costs = before_fees.checked_add(summary.trading.slippage).ok()?;
    before_costs
        .checked_sub(summary.payments.total().ok()?)
        .ok()
}

fn trading(page: &mut Page, summary: &Summary) {
    let trading = &summary.trading;
    page.section("Trading");
    page.number(
        "Traded notional",
        &money(trading.notional),
        "buys and sales, at fill prices",
    );
    if let Some(average) = trading.average_nlv {
        page.number("Average NLV", &money(average), "after each cycle");
    }
    if let Some(turnover) = trading.turnover {
        let yearly = trading.turnover_per_year;
        let yearly =
            yearly.map(|yearly| format!("notional / average NLV; {} a year", multiple(yearly)));
        let note = yearly.unwrap_or_else(|| "notional / average NLV".to_owned());
        page.number("Turnover", &multiple(turnover), &note);
    }
    tally(page, "Decisions", &summary.decisions);
    let ends: Vec<_> = summary.order_ends.iter().map(named).collect();
    page.list("Orders", &with_total(summary.orders, &ends));
    page.list("Fills", &[count(trading.fills)]);
    tally(page, "Left undone", &summary.residuals);
    if summary.events.total > 0 {
        tally(page, "Events", &summary.events);
    }
}

fn limits(page: &mut Page, summary: &Summary) {
    page.section("Limits that bound, in decisions");
    if summary.limits.is_empty() {
        page.line("  none");
    }
    let all = summary.decisions.total;
    for limit in summary.limits.iter().take(LIMITS) {
        let share = ratio(limit.count.into(), all.into(), Rounding::TowardZero);
        let share = share.ok().flatten().map(percent).unwrap_or_default();
        page.line(&format!(
            "  {:<32}{:>12}{share:>12}",
            limit.name,
            count(limit.count)
        ));
    }
    if summary.limits.len() > LIMITS {
        page.line(&format!("  and {} more", summary.limits.len() - LIMITS));
    }
}

fn safety(page: &mut Page, summary: &Summary) {
    let cycles = summary.cycles;
    page.section("Safety");
    let ends = [
        ("executed", cycles.executed),
        ("aborted", cycles.aborted),
        ("recovered", cycles.recovered),
        ("open", cycles.open),
    ];
    let ends = ends.iter().filter(|(_, number)| *number > 0);
    let ends: Vec<_> = ends
        .map(|(name, number)| format!("{name} {}", count(*number)))
        .collect();
    page.list("Cycles", &with_total(cycles.total(), &ends));
    breaches(page, &summary.breaches);
    if let Some(metrics) = &summary.margin {
        margin(page, metrics);
    }
    tally(page, "Breakers", &summary.breakers);
    tally(page, "Refused inputs", &summary.refusals);
}

fn breaches(page: &mut Page, breaches: &Breaches) {
    let Some(worst) = &breaches.worst else {
        page.list(
            "Breaches",
            &["none: every decision ended inside its limits".to_owned()],
        );
        return;
    };
    let parts: Vec<_> = breaches.limits.iter().map(named).collect();
    let mut parts = parts.into_iter();
    let first = parts.next().unwrap_or_default();
    let cycles = format!(
        "{} cycles ended above a limit: {first}",
        count(breaches.cycles)
    );
    let all: Vec<_> = std::iter::once(cycles).chain(parts).collect();
    page.list("Breaches", &all);
    let of = worst
        .asset_id
        .as_ref()
        .map(|asset| format!(" of {asset}"))
        .unwrap_or_default();
    page.line(&format!(
        "  {:LABEL$}worst: {}{of}, {} against {}",
        "",
        worst.limit,
        exposure(worst.exposure),
        bound(worst.bound),
    ));
    page.line(&format!(
        "  {:LABEL$}in cycle {}, {}",
        "", worst.cycle_id, worst.as_of
    ));
}

/// The tightest margins, at the marks of their cycles.
fn margin(page: &mut Page, metrics: &MarginMetrics) {
    let mut lines = Vec::new();
    if let Some(most) = &metrics.most_used {
        lines.push(format!(
            "most used {} of NLV, free {}, on {}",
            exposure(most.used),
            exposure(most.free),
            most.as_of.date_text(),
        ));
    }
    if let Some((nearest, distance)) = metrics
        .nearest
        .as_ref()
        .and_then(|nearest| Some((nearest, nearest.liquidation_distance?)))
    {
        lines.push(format!(
            "nearest to liquidation: a move of {} against every position, on {}",
            exposure(distance),
            nearest.as_of.date_text(),
        ));
    }
    lines.push(format!(
        "below the maintenance margin in {} cycles",
        count(metrics.breaches)
    ));
    page.words("Margin", &lines.join("; "));
}

fn ledger(page: &mut Page, summary: &Summary, verification: &VerifyLine) {
    page.section("Ledger");
    page.list("Records", &[count(summary.records)]);
    page.line(&format!("  {:<LABEL$}{}", "Head", summary.head));
    let told = match verification {
        VerifyLine::NotRun => "not run".to_owned(),
        VerifyLine::Fails(failure) => format!("FAILED: {failure}"),
        VerifyLine::Holds(report) => {
            let status = match &report.status {
                ios012_lineage::LedgerStatus::Complete => "complete".to_owned(),
                ios012_lineage::LedgerStatus::Incomplete(open) => format!("INCOMPLETE: {open}"),
            };
            let tail = match report.proven_records {
                Some(records) => format!("the kept head proves {} records", count(records)),
                None => "tail not proven (give --head and --records)".to_owned(),
            };
            format!("{status}; {tail}")
        }
    };
    page.words("Verification", &told);
}

fn tally(page: &mut Page, label: &str, tally: &Tally) {
    let parts: Vec<_> = tally.parts.iter().map(named).collect();
    page.list(label, &with_total(tally.total, &parts));
}

fn with_total(total: u64, parts: &[String]) -> Vec<String> {
    let Some((first, rest)) = parts.split_first() else {
        return vec![if total == 0 {
            "none".to_owned()
        } else {
            count(total)
        }];
    };
    let first = format!("{}: {first}", count(total));
    std::iter::once(first).chain(rest.iter().cloned()).collect()
}

fn named(part: &Count) -> String {
    format!("{} {}", part.name, count(part.count))
}
