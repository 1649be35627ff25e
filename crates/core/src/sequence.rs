//! From allowed exposures to orders: what is given up first, what is added after in which waves,
//! and what can't be traded with the reason (docs/adr/0005).

use alloc::vec::Vec;
use core::fmt;

use crate::{AssetSpec, CoreError, Exposure, FxRate, Money, Price, Quantity, Ratio};

mod increase;
mod reduce;
mod sizing;
mod wave;

pub use increase::{Increases, capital_need};
pub use reduce::{ReductionSequence, plan_reductions};

/// Most slices that one order leaves in. What is left of it then is a residual.
pub const MAX_SLICES: usize = 1_000;

/// Side of an order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Side {
    /// Adds units to the position.
    Buy,
    /// Takes units from it.
    Sell,
}

impl Side {
    /// Both sides.
    pub const ALL: &'static [Self] = &[Self::Buy, Self::Sell];

    /// The text in records.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Buy => "buy",
            Self::Sell => "sell",
        }
    }
}

/// What an order does to its position. A change of sign is two orders, one of each.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Intent {
    /// Takes it toward zero, and never past it.
    Reduce,
    /// Takes it away from zero.
    Increase,
}

/// One decided move of one asset. Exposures and units are signed: below zero is short.
#[derive(Debug, Clone, Copy)]
pub struct Move<'a> {
    /// The asset.
    pub spec: &'a AssetSpec,
    /// Units held when the plan is made: for increases, after the reductions.
    pub held: Quantity,
    /// Reference price of the cycle, above zero.
    pub reference_price: Price,
    /// What its currency is worth in base currency.
    pub rate: FxRate,
    /// Volatility, where the snapshot has one; it only orders the reductions.
    pub volatility: Option<Ratio>,
    /// Most units of one order (IoS-006): a larger reduction is sliced, a larger increase stays
    /// undone.
    pub max_order_quantity: Option<Quantity>,
    /// Marked exposure before the cycle.
    pub previous: Exposure,
    /// Exposure that the decision allows.
    pub allowed: Exposure,
}

/// An order that the plan asks for, before the pre-trade controls.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PlannedOrder {
    /// Place of its move among the moves.
    pub index: usize,
    /// Side.
    pub side: Side,
    /// Whether it gives up or adds exposure.
    pub intent: Intent,
    /// Units, a multiple of the lot size, above zero.
    pub quantity: Quantity,
    /// Worst acceptable price: the collar around the reference price, on the tick.
    pub limit_price: Price,
}

/// Why a move, or a part of it, is not traded.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum ResidualReason {
    /// Less than one lot.
    BelowLot,
    /// Less than the smallest order value.
    BelowMinNotional,
    /// Capital does not reach for all of it, or not for one lot or the smallest order value.
    NoCash,
    /// The collar leaves no price on the tick.
    NoPrice,
    /// An increase above the largest order value, or a lot above it.
    AboveMaxOrderNotional,
    /// An increase of more units than one order may have, or a lot of more.
    AboveMaxOrderQuantity,
    /// More than [`MAX_SLICES`] slices of one order.
    TooManySlices,
    /// No slice is safe under the net limit, whatever else is filled.
    NoSafePrefix,
    /// The other side is still held, so the second leg of a flip may not open.
    FlipNotClosed,
}

impl ResidualReason {
    /// The text in records.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::BelowLot => "below_lot",
            Self::BelowMinNotional => "below_min_notional",
            Self::NoCash => "no_cash",
            Self::NoPrice => "no_price",
            Self::AboveMaxOrderNotional => "above_max_order_notional",
            Self::AboveMaxOrderQuantity => "above_max_order_quantity",
            Self::TooManySlices => "too_many_slices",
            Self::NoSafePrefix => "no_safe_prefix",
            Self::FlipNotClosed => "flip_not_closed",
        }
    }
}

impl fmt::Display for ResidualReason {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.pad(self.as_str())
    }
}

/// What is left of a move that can't be traded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Residual {
    /// Place of its move among the moves.
    pub index: usize,
    /// Side of the order that is missing.
    pub side: Side,
    /// Units wanted and not ordered, above zero.
    pub quantity: Quantity,
    /// Why.
    pub reason: ResidualReason,
}

/// Orders in the sequence in which they leave, and what is left over.
#[derive(Debug, Clone, Default)]
pub struct Plan {
    /// The orders.
    pub orders: Vec<PlannedOrder>,
    /// What can't be traded.
    pub residuals: Vec<Residual>,
    /// Of reductions: whether the orders give up all that was decided, so that nothing was cut to
    /// whole lots and nothing is left.
    pub is_exact: bool,
}

/// What bounds the orders of a plan.
#[derive(Debug, Clone, Copy)]
pub struct OrderBounds {
    /// Commission as a fraction of notional, at most 1.
    pub fee: Ratio,
    /// Farthest a limit price may be from the reference price, as a fraction of it.
    pub collar: Ratio,
    /// Largest value of one order in base currency: a larger reduction is sliced, a larger
    /// increase stays undone.
    pub max_order_notional: Option<Money>,
}

/// The highest multiple of the tick that is not above a price.
///
/// # Errors
/// [`CoreError::DivisionByZero`] for a tick of zero.
pub fn tick_below(price: Price, tick: Price) -> Result<Price, CoreError> {
    let rest = price.units().checked_rem_euclid(tick.units());
    let rest = rest.ok_or(CoreError::DivisionByZero { operation: "ticks" })?;
    price.checked_sub(Price::from_units(rest))
}

/// The lowest multiple of the tick that is not below a price.
///
/// # Errors
/// [`CoreError::DivisionByZero`] for a tick of zero.
pub fn tick_above(price: Price, tick: Price) -> Result<Price, CoreError> {
    let below = tick_below(price, tick)?;
    if below == price {
        Ok(price)
    } else {
        below.checked_add(tick)
    }
}

#[cfg(test)]
mod tests;
