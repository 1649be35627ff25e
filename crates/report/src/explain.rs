//! One decision, from the target through each limit that bound to what was traded.

mod json;
mod text;

use std::path::Path;

use ios012_contracts::{Constraints, Market};
use ios012_core::fixed::value_of;
use ios012_core::{
    AssetId, CurrencyCode, Exposure, Money, PortfolioId, Price, Quantity, Rounding, UtcTime,
};
use ios012_lineage::{
    CycleOutcome, Decision, Hash, Mode, OrderId, Side, input_state_hash, lineage_hash,
};

use crate::story::{OrderStory, Story};
use crate::trade::Terms;
use crate::words::Words;
use crate::{DocumentSource, Pack, ReportError};

/// What became of one asset in one cycle. Amounts are in base currency.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Explanation {
    /// The portfolio.
    pub portfolio_id: PortfolioId,
    /// Its base currency.
    pub base_currency: CurrencyCode,
    /// The cycle.
    pub cycle_id: u64,
    /// Its time.
    pub as_of: UtcTime,
    /// Paper or live.
    pub mode: Mode,
    /// The asset.
    pub asset_id: AssetId,
    /// How the cycle ended; none if a crash left it open.
    pub outcome: Option<CycleOutcome>,
    /// NLV before the cycle; none if it is not known.
    pub nlv_before: Option<Money>,
    /// The moves of the asset, mostly one.
    pub moves: Vec<Move>,
    /// The orders that carried them out.
    pub orders: Vec<ExplainedOrder>,
    /// What could not be traded.
    pub left_undone: Vec<LeftUndone>,
    /// What the decision was made from.
    pub documents: Documents,
    /// The record hash of the cycle record.
    pub cycle_hash: Hash,
}

/// One decision record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Move {
    /// Counts the moves of the asset in the cycle, from 0.
    pub transition: u64,
    /// The snapshot's price.
    pub reference_price: Price,
    /// Exposure before.
    pub previous: Exposure,
    /// What the mandate asks.
    pub target: Exposure,
    /// The limits that bound, in order.
    pub limits: Vec<LimitStep>,
    /// What is left of the target.
    pub allowed: Exposure,
    /// Why the decision is what it is, as recorded.
    pub reason: String,
    /// The cost that was estimated when it was made.
    pub estimated_cost: Money,
    /// As recorded.
    pub input_state_hash: Hash,
    /// As recorded.
    pub lineage_hash: Hash,
    /// Whether both hashes come out again from the records.
    pub derives: bool,
}

/// One limit of the waterfall.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LimitStep {
    /// Its name in the record.
    pub limit: String,
    /// What it means, in plain words.
    pub meaning: String,
    /// Exposure before it.
    pub before: Exposure,
    /// Exposure after it.
    pub after: Exposure,
}

/// An order with its fills.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ExplainedOrder {
    /// Its id.
    pub order_id: OrderId,
    /// Buy or sell.
    pub side: Side,
    /// Units.
    pub quantity: Quantity,
    /// The worst price that was taken.
    pub limit_price: Price,
    /// How it ended.
    pub end: String,
    /// Its trades.
    pub fills: Vec<ExplainedFill>,
}

/// A trade.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ExplainedFill {
    /// Units.
    pub quantity: Quantity,
    /// Price per unit.
    pub price: Price,
    /// What the trade moved in cash before its fee: a buy rounded up, a sale down.
    pub value: Money,
    /// The commission.
    pub fee: Money,
    /// What the price was worse than the reference price, in money; below zero if it was better.
    pub slippage: Money,
}

/// A part that could not be traded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LeftUndone {
    /// Units, signed like the change.
    pub quantity: Quantity,
    /// As recorded.
    pub reason: String,
    /// In plain words.
    pub meaning: &'static str,
}

/// The documents of a cycle, by hash.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Documents {
    /// IoS-001.
    pub registry: Hash,
    /// IoS-006.
    pub constraints: Hash,
    /// IoS-004.
    pub mandate: Option<Hash>,
    /// The market snapshot.
    pub market: Hash,
    /// IoS-003, where the cycle has regimes.
    pub regimes: Option<Hash>,
    /// The trial balance before the cycle.
    pub account: Hash,
}

/// Explains the decision of a cycle on an asset.
///
/// # Errors
/// [`ReportError::NoCycle`] or [`ReportError::NoDecision`] with what there is, or whatever keeps
/// the ledger from being read.
pub fn explain(
    directory: &Path,
    cycle_id: u64,
    asset_id: &str,
) -> Result<Explanation, ReportError> {
    let story = Story::read(directory, cycle_id)?;
    let decisions = story.decisions_on(asset_id)?;
    let words = read_words(directory, &story)?;
    let moves: Vec<_> = decisions
        .iter()
        .map(|row| explain_move(&story, row, &words))
        .collect();
    let (Some(decision), Some(first)) = (decisions.first(), moves.first()) else {
        return Err(ReportError::NoDecision {
            cycle_id,
            asset_id: asset_id.to_owned(),
            assets: String::new(),
        });
    };
    let asset_id = decision.asset_id.clone();
    let orders = story.orders_of(&asset_id);
    let mut pack = Pack::open(directory)?;
    let terms = Terms::read(None, &story.cycle, &mut pack)?;
    let orders = orders.map(|order| explain_order(order, first.reference_price, &terms));
    let residuals = story
        .residuals
        .iter()
        .filter(|residual| residual.asset_id == asset_id);
    let left_undone = residuals.map(|residual| LeftUndone {
        quantity: residual.quantity,
        reason: residual.reason.to_string(),
        meaning: crate::words::residual(residual.reason.as_str()),
    });
    let cycle = &story.cycle;
    Ok(Explanation {
        cycle_id,
        as_of: cycle.as_of,
        mode: cycle.mode,
        outcome: story.seal.as_ref().map(|seal| seal.outcome),
        nlv_before: story.seal.as_ref().and_then(|seal| seal.nlv_before),
        orders: orders.collect::<Result<_, _>>()?,
        left_undone: left_undone.collect(),
        documents: Documents {
            registry: cycle.registry_hash,
            constraints: cycle.constraints_hash,
            mandate: cycle.mandate_hash,
            market: cycle.market_hash,
            regimes: cycle.regime_hash,
            account: cycle.account_hash,
        },
        cycle_hash: story.hash,
        portfolio_id: story.portfolio_id.clone(),
        base_currency: story.base_currency.clone(),
        asset_id,
        moves,
    })
}

impl Explanation {
    /// The explanation as text, without a line feed at its end.
    pub fn render_text(&self) -> String {
        text::render(self)
    }

    /// The explanation as one line of canonical JSON.
    pub fn to_json(&self) -> String {
        json::render(self)
    }

    /// The money of an exposure, rounded toward zero; none if NLV is not known.
    fn value(&self, exposure: Exposure) -> Option<Money> {
        value_of(exposure, self.nlv_before?, Rounding::TowardZero).ok()
    }
}

pub(crate) fn read_words(directory: &Path, story: &Story) -> Result<Words, ReportError> {
    let mut pack = Pack::open(directory)?;
    let constraints = pack.document("constraints", story.cycle.constraints_hash)?;
    let market = pack.document("market", story.cycle.market_hash)?;
    Ok(Words {
        constraints: Constraints::parse("constraints", constraints.as_bytes())?,
        market: Market::parse("market", market.as_bytes())?,
    })
}

fn explain_move(story: &Story, decision: &Decision, words: &Words) -> Move {
    let metadata = &decision.metadata;
    let asset_id = &decision.asset_id;
    let limits = metadata.binding.iter().map(|binding| LimitStep {
        limit: binding.limit.to_string(),
        meaning: words.limit(binding.limit.as_str(), asset_id),
        before: binding.before,
        after: binding.after,
    });
    let previous = decision.previous_exposure;
    let state = input_state_hash(asset_id, story.hash, previous, metadata.reference_price);
    let lineage = lineage_hash(
        state,
        decision.target_exposure,
        story.cycle.constraints_hash,
    );
    Move {
        transition: metadata.transition,
        reference_price: metadata.reference_price,
        previous,
        target: decision.target_exposure,
        limits: limits.collect(),
        allowed: decision.allowed_exposure,
        reason: metadata.reason.to_string(),
        estimated_cost: decision.transition_cost,
        input_state_hash: metadata.input_state_hash,
        lineage_hash: decision.lineage_hash,
        derives: state == metadata.input_state_hash && lineage == decision.lineage_hash,
    }
}

fn explain_order(
    story: &OrderStory,
    reference: Price,
    terms: &Terms,
) -> Result<ExplainedOrder, ReportError> {
    let order = &story.order;
    let fills = story.fills.iter().map(|fill| {
        let traded = terms.traded(&order.asset_id, fill, reference, order.side)?;
        Ok(ExplainedFill {
            quantity: fill.quantity,
            price: fill.price,
            value: traded.value,
            fee: traded.fee,
            slippage: traded.slippage,
        })
    });
    Ok(ExplainedOrder {
        order_id: order.order_id,
        side: order.side,
        quantity: order.quantity,
        limit_price: order.limit_price,
        end: story.end(),
        fills: fills.collect::<Result<_, ReportError>>()?,
    })
}
