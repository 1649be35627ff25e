//! What is given up first. No reduction depends on an increase (docs/decision.md, I8).

use alloc::vec::Vec;
use core::cmp::Reverse;

use super::{MAX_SLICES, Move, OrderBounds, Plan, PlannedOrder, Residual, ResidualReason};
use crate::fixed::fraction_of;
use crate::{CoreError, Instrument, Money, Quantity, Ratio, Rounding, mul_div};

/// In which sequence reductions leave. Of equal ones the first by asset goes first.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ReductionSequence {
    /// By freed capital (notional in base currency × initial margin rate), then by risk (notional ×
    /// volatility), both largest first.
    FreedCapital,
    /// To cash: leveraged tokens and contracts, then margin and fx, then spot; within each by
    /// exposure × volatility, largest first, an unknown volatility before every known one.
    Unwind,
}

/// Plans all reductions, sales of longs and purchases of shorts alike, in the given sequence. One
/// above the largest order value leaves in slices.
///
/// # Errors
/// Arithmetic overflow.
pub fn plan_reductions(
    moves: &[Move<'_>],
    nlv: Money,
    bounds: OrderBounds,
    sequence: ReductionSequence,
    plan: &mut Plan,
) -> Result<(), CoreError> {
    plan.orders.clear();
    plan.residuals.clear();
    plan.is_exact = true;
    let mut legs = Vec::new();
    for (index, step) in moves.iter().enumerate() {
        if let Some(leg) = step.reduction(nlv)? {
            legs.push((index, step, leg));
        }
    }
    legs.sort_by(|a, b| a.1.spec.asset_id.cmp(&b.1.spec.asset_id));
    let mut sorted = Vec::with_capacity(legs.len());
    for (index, step, leg) in legs {
        if let Some(order) = step.order(index, leg, bounds.collar, &mut plan.residuals)? {
            plan.is_exact &= order.quantity == leg.wanted;
            sorted.push((step.rank(&order, sequence)?, step, order, leg.closes));
        }
    }
    // A stable sort: of equal ones the first by asset stays the first.
    sorted.sort_by_key(|&(rank, ..)| rank);
    for (_, step, order, closes) in sorted {
        match step.largest_order(bounds)? {
            Some(largest) => slice(order, step, closes, largest, plan)?,
            None => plan.orders.push(order),
        }
    }
    plan.is_exact &= plan.residuals.is_empty();
    Ok(())
}

/// The place of a reduction, lowest first: its turn, whether its volatility is unknown, and two
/// sizes.
type Rank = (u8, Reverse<bool>, Reverse<i128>, Reverse<i128>);

impl Move<'_> {
    fn rank(&self, order: &PlannedOrder, sequence: ReductionSequence) -> Result<Rank, CoreError> {
        match sequence {
            ReductionSequence::FreedCapital => {
                let down = Rounding::TowardZero;
                let value = self.terms().base_notional(order.quantity, down)?;
                let freed = fraction_of(value, self.spec.initial_margin_rate, down)?;
                let volatility = self.volatility.unwrap_or(Ratio::ZERO);
                let risk = fraction_of(value, volatility, down)?;
                Ok((
                    0,
                    Reverse(false),
                    Reverse(freed.units()),
                    Reverse(risk.units()),
                ))
            }
            ReductionSequence::Unwind => {
                let turn = match self.spec.instrument {
                    Instrument::LeveragedToken | Instrument::Future | Instrument::Perpetual => 0,
                    Instrument::Margin | Instrument::Fx => 1,
                    Instrument::Spot => 2,
                };
                let risk = mul_div(
                    self.previous.checked_abs()?.units(),
                    self.volatility.unwrap_or(Ratio::ONE).units(),
                    Ratio::SCALE,
                    Rounding::TowardZero,
                )?;
                let unknown = self.volatility.is_none();
                Ok((turn, Reverse(unknown), Reverse(risk), Reverse(0)))
            }
        }
    }
}

/// Splits a reduction into orders of at most the largest size. What no slice can carry is left.
fn slice(
    order: PlannedOrder,
    step: &Move<'_>,
    closes: bool,
    (largest, mut reason): (Quantity, ResidualReason),
    plan: &mut Plan,
) -> Result<(), CoreError> {
    let mut left = order.quantity;
    let mut slices = 0..MAX_SLICES;
    while largest.is_positive() && left.is_positive() {
        let quantity = left.min(largest);
        if !closes && !step.terms().reaches_minimum(quantity)? {
            reason = ResidualReason::BelowMinNotional;
            break;
        }
        if slices.next().is_none() {
            reason = ResidualReason::TooManySlices;
            break;
        }
        plan.orders.push(PlannedOrder { quantity, ..order });
        left = left.checked_sub(quantity)?;
    }
    if left.is_positive() {
        plan.residuals.push(Residual {
            index: order.index,
            side: order.side,
            quantity: left,
            reason,
        });
    }
    Ok(())
}
