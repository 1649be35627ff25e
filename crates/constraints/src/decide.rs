//! The decision: from targets to allowed exposures (docs/decision.md, steps 0 to 6).
//!
//! Exact integers in quanta of exposure; each division rounds toward less exposure. Where the
//! steps say "kept", "reduction" and "increase", they mean the parts of one move: what stays,
//! what is given up, what is added, each without a sign.

mod bound;
mod cure;
mod increase;
mod leg;

use alloc::vec::Vec;

use ios012_core::{Exposure, Ratio};

use crate::{Binding, Block, ConstraintsError, Limit, Universe};
use leg::Leg;

/// One asset as the cycle found it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AssetState {
    /// Marked exposure before the cycle.
    pub previous: Exposure,
    /// What the mandate asks.
    pub target: Exposure,
    /// Whether its market trades now.
    pub market_open: bool,
    /// Whether its reference price is trusted. Without a price that is, nothing is traded.
    pub price_trusted: bool,
    /// Its volatility shock score, where the snapshot has one.
    pub shock_score: Option<Ratio>,
    /// Cycles over which the rest of its ramp is spread; 1 moves at once.
    pub ramp_remaining: u32,
}

/// The portfolio as the cycle found it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PortfolioState {
    /// `(free margin − cash_floor × NLV) / NLV`, rounded down, where free margin is NLV less the
    /// capital that all positions tie up ([`ios012_core::AssetSpec::capital_rate`]). Computed from
    /// money, not from rounded exposures; below zero means that the floor is broken. For spot
    /// alone, free margin is the cash.
    pub cash_headroom: Exposure,
    /// Block on every asset, set by the portfolio's shock score.
    pub block: Block,
    /// Block on every asset, set by a breaker (ADR-016).
    pub breaker: Block,
}

/// What a decision allows, in the order of the universe.
#[derive(Debug, Clone, Default)]
pub struct Decisions {
    allowed: Vec<Exposure>,
    bindings: Vec<Vec<Binding>>,
    legs: Vec<Leg>,
}

impl Decisions {
    /// Allowed exposure per asset.
    pub fn allowed(&self) -> &[Exposure] {
        &self.allowed
    }

    /// The limits that bound each asset, in the order in which they did.
    pub fn bindings(&self) -> &[Vec<Binding>] {
        &self.bindings
    }
}

/// Decides one transition. `decisions` is overwritten; its buffers are reused.
///
/// # Errors
/// [`ConstraintsError::AssetCount`] if the states do not fit the universe, and arithmetic
/// overflow, which no portfolio of sane size reaches. After an error `decisions` is empty.
pub fn decide(
    universe: &Universe,
    assets: &[AssetState],
    portfolio: PortfolioState,
    decisions: &mut Decisions,
) -> Result<(), ConstraintsError> {
    decisions.allowed.clear();
    let used = core::mem::take(&mut decisions.bindings);
    let mut legs = core::mem::take(&mut decisions.legs);
    legs.clear();
    let outcome = decide_legs(universe, assets, portfolio, used, &mut legs);
    if outcome.is_ok() {
        for leg in &mut legs {
            decisions.allowed.push(leg.allowed());
            decisions.bindings.push(core::mem::take(&mut leg.bindings));
        }
    }
    decisions.legs = legs;
    outcome
}

fn decide_legs(
    universe: &Universe,
    assets: &[AssetState],
    portfolio: PortfolioState,
    used: Vec<Vec<Binding>>,
    legs: &mut Vec<Leg>,
) -> Result<(), ConstraintsError> {
    if assets.len() != universe.assets.len() {
        return Err(ConstraintsError::AssetCount {
            expected: universe.assets.len(),
            found: assets.len(),
        });
    }
    let mut used = used.into_iter();
    for (row, state) in universe.assets.iter().zip(assets) {
        let mut bindings = used.next().unwrap_or_default();
        bindings.clear();
        legs.push(bound::bounded_leg(row, state, portfolio, bindings)?);
    }
    cure::mark_broken(universe, portfolio, legs)?;
    cure::cure(universe, portfolio, legs)?;
    reduce(universe, legs)?;
    increase::increase(universe, portfolio, legs)
}

/// Step 4: reductions, at most `max_delta` each. A small one is not worth its cost, unless it
/// closes, obeys a block, brings the asset inside its bound, or helps a broken limit.
fn reduce(universe: &Universe, legs: &mut [Leg]) -> Result<(), ConstraintsError> {
    for (row, leg) in universe.assets.iter().zip(legs) {
        let wanted = leg.wanted_reduction()?;
        let exempt = leg.kept == 0 || leg.blocked || leg.above_bound || leg.in_broken_limit;
        if 0 < wanted && wanted < universe.dead_band && !exempt {
            leg.bind(&Limit::DeadBand, leg.previous);
        } else {
            leg.make_reduction(wanted, row.max_delta)?;
        }
    }
    Ok(())
}
