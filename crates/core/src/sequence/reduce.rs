//! What is given up first. No reduction depends on an increase (docs/decision.md, I8).

use alloc::vec::Vec;
use core::cmp::Reverse;

use super::sizing::whole_lots;
use super::{MAX_SLICES, Move, OrderBounds, Plan, PlannedOrder, Residual, ResidualReason};
use crate::fixed::fraction_of;
use crate::{CoreError, Money, Ratio, Rounding};

/// Plans all reductions, sales of longs and purchases of shorts alike: by freed capital (notional
/// in base currency × initial margin rate), then by risk (notional × volatility), both largest
/// first, then by asset. One above the largest order value leaves in slices.
///
/// # Errors
/// Arithmetic overflow.
pub fn plan_reductions(
    moves: &[Move<'_>],
    nlv: Money,
    bounds: OrderBounds,
    plan: &mut Plan,
) -> Result<(), CoreError> {
    plan.orders.clear();
    plan.residuals.clear();
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
            let value = step
                .terms()
                .base_notional(order.quantity, Rounding::TowardZero)?;
            let freed = fraction_of(value, step.spec.initial_margin_rate, Rounding::TowardZero)?;
            let volatility = step.volatility.unwrap_or(Ratio::ZERO);
            let risk = fraction_of(value, volatility, Rounding::TowardZero)?;
            sorted.push(((Reverse(freed), Reverse(risk)), step, order, leg.closes));
        }
    }
    // A stable sort: of equal ones the first by asset stays the first.
    sorted.sort_by_key(|&(key, ..)| key);
    for (_, step, order, closes) in sorted {
        match bounds.max_order_notional {
            Some(most) => slice(order, step, closes, most, plan)?,
            None => plan.orders.push(order),
        }
    }
    Ok(())
}

/// Splits a reduction into orders of at most the largest value. What no slice can carry is left.
fn slice(
    order: PlannedOrder,
    step: &Move<'_>,
    closes: bool,
    most: Money,
    plan: &mut Plan,
) -> Result<(), CoreError> {
    let (spec, price) = (step.spec, step.reference_price);
    let most = step.rate.from_base(most, Rounding::TowardZero)?;
    let largest = spec.quantity_of(most, price, Rounding::TowardZero)?;
    let largest = whole_lots(largest, spec.lot_size)?;
    let mut left = order.quantity;
    let mut reason = ResidualReason::AboveMaxOrderNotional;
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
