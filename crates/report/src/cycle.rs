//! One cycle at a glance: each asset's way from before to allowed, and what was traded.

use std::path::Path;

use ios012_core::{AssetId, CurrencyCode, Exposure, Money, PortfolioId, UtcTime};
use ios012_lineage::{CycleOutcome, Decision, Side, order_id};

use crate::format::{decimal, exposure, money};
use crate::story::{Story, breaker_name};
use crate::trade::Terms;
use crate::{Pack, ReportError};

/// A cycle. Amounts are in base currency.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CycleView {
    /// The portfolio.
    pub portfolio_id: PortfolioId,
    /// Its base currency.
    pub base_currency: CurrencyCode,
    /// The cycle.
    pub cycle_id: u64,
    /// Its time.
    pub as_of: UtcTime,
    /// How it ended; none if a crash left it open.
    pub outcome: Option<CycleOutcome>,
    /// NLV before; none if it is not known, as the three below.
    pub nlv_before: Option<Money>,
    /// NLV after.
    pub nlv_after: Option<Money>,
    /// Cash after.
    pub cash: Option<Money>,
    /// What is owed after: borrowed cash, and borrowed units at their last mark.
    pub liabilities: Option<Money>,
    /// Commissions of all fills.
    pub fees: Money,
    /// Slippage of all fills.
    pub slippage: Money,
    /// The assets that were decided on, ascending.
    pub rows: Vec<CycleRow>,
    /// Breakers that tripped, as `breaker:cause`.
    pub breakers: Vec<String>,
}

/// What became of one asset.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CycleRow {
    /// The asset.
    pub asset_id: AssetId,
    /// Exposure before.
    pub previous: Exposure,
    /// What the mandate asks.
    pub target: Exposure,
    /// What the limits left.
    pub allowed: Exposure,
    /// The limits that bound, in order.
    pub limits: Vec<String>,
    /// Each order as text: side, quantity, price of its fills, end.
    pub orders: Vec<String>,
}

/// Reads one cycle of a ledger.
///
/// # Errors
/// [`ReportError::NoCycle`] with the cycles that there are, or whatever keeps the ledger from
/// being read.
pub fn view_cycle(directory: &Path, cycle_id: u64) -> Result<CycleView, ReportError> {
    let story = Story::read(directory, cycle_id)?;
    let (fees, slippage) = costs(
        &story,
        &Terms::read(None, &story.cycle, &mut Pack::open(directory)?)?,
    )?;
    let seal = story.seal.as_ref();
    Ok(CycleView {
        portfolio_id: story.portfolio_id.clone(),
        base_currency: story.base_currency.clone(),
        cycle_id,
        as_of: story.cycle.as_of,
        outcome: seal.map(|seal| seal.outcome),
        nlv_before: seal.and_then(|seal| seal.nlv_before),
        nlv_after: seal.and_then(|seal| seal.nlv_after),
        cash: seal.and_then(|seal| seal.cash),
        liabilities: seal.and_then(|seal| seal.liabilities),
        fees,
        slippage,
        rows: story
            .decisions
            .iter()
            .map(|decision| row(&story, decision))
            .collect(),
        breakers: story.breakers.iter().map(breaker_name).collect(),
    })
}

impl CycleView {
    /// The cycle as text, without a line feed at its end.
    pub fn render_text(&self) -> String {
        let outcome = self.outcome.map_or("left open", CycleOutcome::as_str);
        let amount = |amount: Option<Money>| amount.map_or_else(|| "not known".to_owned(), money);
        let mut lines = vec![
            format!("Cycle {} of {}", self.cycle_id, self.portfolio_id),
            format!("{}, in {}, {outcome}", self.as_of, self.base_currency),
            String::new(),
        ];
        lines.extend(self.breakers.iter().map(|name| format!("  Breaker {name}")));
        if !self.rows.is_empty() {
            lines.push(columns("", "Before", "Target", "Allowed", "Limits, orders"));
        }
        for row in &self.rows {
            lines.extend(row.lines());
        }
        lines.push(String::new());
        for (label, text) in [
            ("NLV before", amount(self.nlv_before)),
            ("Fees", money(self.fees)),
            ("Slippage", money(self.slippage)),
            ("NLV after", amount(self.nlv_after)),
            ("Cash after", amount(self.cash)),
        ] {
            lines.push(number(label, &text));
        }
        if let Some(owed) = self.liabilities.filter(|owed| !owed.is_zero()) {
            lines.push(number("Owed after", &money(owed)));
        }
        lines.join("\n")
    }
}

/// A label, and a number aligned at its right end.
fn number(label: &str, text: &str) -> String {
    format!("  {label:<12}{text:>20}")
}

impl CycleRow {
    /// The exposures, and beside them the limits and orders, one to a line.
    fn lines(&self) -> Vec<String> {
        let mut notes = self.limits.iter().chain(&self.orders).map(String::as_str);
        let first = columns(
            self.asset_id.as_str(),
            &exposure(self.previous),
            &exposure(self.target),
            &exposure(self.allowed),
            notes.next().unwrap_or("-"),
        );
        let rest = notes.map(|note| columns("", "", "", "", note));
        std::iter::once(first).chain(rest).collect()
    }
}

fn columns(asset: &str, before: &str, target: &str, allowed: &str, note: &str) -> String {
    format!("  {asset:<10}{before:>11}{target:>11}{allowed:>11}   {note}")
        .trim_end()
        .to_owned()
}

fn row(story: &Story, decision: &Decision) -> CycleRow {
    let lineage = decision.lineage_hash;
    let orders = story
        .orders_of(&decision.asset_id)
        .filter(|story| order_id(lineage, story.order.leg) == story.order.order_id);
    let orders = orders.map(|story| {
        let prices: Vec<_> = story
            .fills
            .iter()
            .map(|fill| decimal(&fill.price.to_string()))
            .collect();
        let at = if prices.is_empty() {
            String::new()
        } else {
            format!(" at {}", prices.join(", "))
        };
        let quantity = decimal(&story.order.quantity.to_string());
        format!(
            "{} {quantity}{at}: {}",
            story.order.side.as_str(),
            story.end()
        )
    });
    // What is left belongs to the last word on the asset.
    let mut moves = story.decisions.iter().rev();
    let last = moves.find(|other| other.asset_id == decision.asset_id);
    let is_last = last.is_some_and(|last| last.metadata.transition == decision.metadata.transition);
    let residuals = story
        .residuals
        .iter()
        .filter(|left| is_last && left.asset_id == decision.asset_id);
    let left = residuals.map(|left| {
        let quantity = decimal(&left.quantity.to_string());
        format!("left {quantity}: {}", left.reason)
    });
    let limits = decision
        .metadata
        .binding
        .iter()
        .map(|binding| binding.limit.to_string());
    CycleRow {
        asset_id: decision.asset_id.clone(),
        previous: decision.previous_exposure,
        target: decision.target_exposure,
        allowed: decision.allowed_exposure,
        limits: limits.collect(),
        orders: orders.chain(left).collect(),
    }
}

fn costs(story: &Story, terms: &Terms) -> Result<(Money, Money), ReportError> {
    let (mut fees, mut slippage) = (Money::ZERO, Money::ZERO);
    for decision in &story.decisions {
        let reference = decision.metadata.reference_price;
        // A later transition of the same asset has the same price and the same orders.
        let orders = story.orders_of(&decision.asset_id);
        for order in orders.filter(|_| decision.metadata.transition == 0) {
            let side: Side = order.order.side;
            for fill in &order.fills {
                let traded = terms.traded(&decision.asset_id, fill, reference, side)?;
                fees = fees.checked_add(traded.fee)?;
                slippage = slippage.checked_add(traded.slippage)?;
            }
        }
    }
    Ok((fees, slippage))
}
