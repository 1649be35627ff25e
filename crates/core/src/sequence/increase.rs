//! What is added when the reductions are final: every increase at its full size, or all of them
//! scaled by one factor.

use alloc::vec::Vec;

use super::sizing::{Terms, whole_lots};
use super::wave::Pending;
use super::{Move, OrderBounds, PlannedOrder, Residual, ResidualReason, Side};
use crate::fixed::fraction_of;
use crate::{CoreError, Money, Quantity, Rounding, mul_div};

/// The increases of a cycle that have not left yet. They leave in waves: see
/// [`Increases::next_wave`].
#[derive(Debug, Clone, Default)]
pub struct Increases {
    /// By asset.
    pub(super) pending: Vec<Pending>,
    /// Not yet told.
    pub(super) residuals: Vec<Residual>,
}

impl Increases {
    /// Sizes all increases, with the positions as they are now. If `capital`, the free margin
    /// above the floor in base currency, does not reach for all of them at their worst prices and
    /// fees, one common factor scales every one of them down.
    ///
    /// A move whose other side is still held adds nothing: a flip reaches zero first.
    ///
    /// # Errors
    /// Arithmetic overflow.
    pub fn begin(
        moves: &[Move<'_>],
        nlv: Money,
        capital: Money,
        bounds: OrderBounds,
    ) -> Result<Self, CoreError> {
        let mut residuals = Vec::new();
        let mut wanted = full_orders(moves, nlv, bounds, &mut residuals)?;
        leave_too_large(&mut wanted, bounds, &mut residuals)?;
        let scaled = scale_to_capital(&wanted, capital, bounds)?;
        let mut pending = Vec::with_capacity(wanted.len());
        for ((step, order), quantity) in wanted.into_iter().zip(scaled) {
            // What the factor made too small to trade is left; a smaller total is affordable too.
            let tradable = quantity.is_positive() && step.terms().reaches_minimum(quantity)?;
            let quantity = if tradable { quantity } else { Quantity::ZERO };
            let left = order.quantity.checked_sub(quantity)?;
            if left.is_positive() {
                residuals.push(residual(&order, left, ResidualReason::NoCash));
            }
            if tradable {
                let order = PlannedOrder { quantity, ..order };
                pending.push(Pending::new(step, order)?);
            }
        }
        Ok(Self { pending, residuals })
    }
}

/// A move and the order for it.
type Wanted<'a> = (&'a Move<'a>, PlannedOrder);

/// Every increase at its full size, by asset.
fn full_orders<'a>(
    moves: &'a [Move<'a>],
    nlv: Money,
    bounds: OrderBounds,
    residuals: &mut Vec<Residual>,
) -> Result<Vec<Wanted<'a>>, CoreError> {
    let mut legs = Vec::new();
    for (index, step) in moves.iter().enumerate() {
        if let Some((leg, other_side_held)) = step.increase(nlv)? {
            legs.push((index, step, leg, other_side_held));
        }
    }
    legs.sort_by(|a, b| a.1.spec.asset_id.cmp(&b.1.spec.asset_id));
    let mut wanted = Vec::with_capacity(legs.len());
    for (index, step, leg, other_side_held) in legs {
        if other_side_held && leg.wanted.is_positive() {
            residuals.push(Residual {
                index,
                side: leg.side,
                quantity: leg.wanted,
                reason: ResidualReason::FlipNotClosed,
            });
        } else if let Some(order) = step.order(index, leg, bounds.collar, residuals)? {
            wanted.push((step, order));
        }
    }
    Ok(wanted)
}

/// Takes out increases above the largest order: they are refused, not sliced.
fn leave_too_large(
    wanted: &mut Vec<Wanted<'_>>,
    bounds: OrderBounds,
    residuals: &mut Vec<Residual>,
) -> Result<(), CoreError> {
    for (step, order) in core::mem::take(wanted) {
        match too_large(step, &order, bounds)? {
            None => wanted.push((step, order)),
            Some(reason) => residuals.push(residual(&order, order.quantity, reason)),
        }
    }
    Ok(())
}

fn too_large(
    step: &Move<'_>,
    order: &PlannedOrder,
    bounds: OrderBounds,
) -> Result<Option<ResidualReason>, CoreError> {
    if step
        .max_order_quantity
        .is_some_and(|most| order.quantity > most)
    {
        return Ok(Some(ResidualReason::AboveMaxOrderQuantity));
    }
    let Some(most) = bounds.max_order_notional else {
        return Ok(None);
    };
    let value = step
        .terms()
        .base_notional(order.quantity, Rounding::AwayFromZero)?;
    Ok((value > most).then_some(ResidualReason::AboveMaxOrderNotional))
}

/// The quantity of every order times `capital / need`. The factor stays a fraction of integers;
/// rounding each need up can leave the total a few quanta too high, and then the factor is
/// lowered by these.
fn scale_to_capital(
    wanted: &[Wanted<'_>],
    capital: Money,
    bounds: OrderBounds,
) -> Result<Vec<Quantity>, CoreError> {
    let mut scaled: Vec<_> = wanted.iter().map(|(_, order)| order.quantity).collect();
    let full = total_need(wanted, &scaled, bounds)?;
    if full <= capital {
        return Ok(scaled);
    }
    let mut budget = capital.max(Money::ZERO);
    loop {
        for ((step, order), quantity) in wanted.iter().zip(&mut scaled) {
            let share = mul_div(
                order.quantity.units(),
                budget.units(),
                full.units(),
                Rounding::TowardZero,
            )?;
            *quantity = whole_lots(Quantity::from_units(share), step.spec.lot_size)?;
        }
        let excess = total_need(wanted, &scaled, bounds)?.checked_sub(capital)?;
        if !excess.is_positive() || budget.is_zero() {
            return Ok(scaled);
        }
        budget = budget.checked_sub(excess)?.max(Money::ZERO);
    }
}

fn total_need(
    wanted: &[Wanted<'_>],
    quantities: &[Quantity],
    bounds: OrderBounds,
) -> Result<Money, CoreError> {
    let mut orders = wanted.iter().zip(quantities);
    orders.try_fold(Money::ZERO, |total, ((step, order), &quantity)| {
        let order = PlannedOrder { quantity, ..*order };
        total.checked_add(capital_need(step, &order, bounds)?)
    })
}

/// The free margin that an increase takes if it is filled at its limit price, in base currency:
/// the initial margin of its notional at the reference price, what the limit price loses against
/// the reference price (a difference of rounded values, as the books post it), and the fee; each
/// rounded up. For an asset paid in full in base currency this is its price and the fee.
///
/// No better price takes more: what it adds to the fee is less than what it saves, since the fee
/// is at most 1. And no order takes less than nothing, so any part of a plan is affordable.
///
/// # Errors
/// Arithmetic overflow.
pub fn capital_need(
    step: &Move<'_>,
    order: &PlannedOrder,
    bounds: OrderBounds,
) -> Result<Money, CoreError> {
    let Terms {
        spec,
        reference_price,
        rate,
    } = step.terms();
    let up = Rounding::AwayFromZero;
    let notional = step.terms().base_notional(order.quantity, up)?;
    let margin = fraction_of(notional, spec.initial_margin_rate, up)?;
    let signed = match order.side {
        Side::Buy => order.quantity,
        Side::Sell => order.quantity.checked_neg()?,
    };
    let mut loss = spec
        .value(signed, order.limit_price, up)?
        .checked_sub(spec.value(signed, reference_price, up)?)?;
    // A tick may put the limit on the better side. Only what is paid in full is cheaper for it.
    if spec.instrument.is_margined() || order.side == Side::Sell {
        loss = loss.max(Money::ZERO);
    }
    let loss = if loss.is_negative() {
        rate.to_base(loss, Rounding::TowardZero)?
    } else {
        rate.to_base(loss, up)?
    };
    let traded = spec.notional(order.quantity, order.limit_price, up)?;
    let fee = rate.to_base(fraction_of(traded, bounds.fee, up)?, up)?;
    margin.checked_add(loss)?.checked_add(fee)
}

pub(super) fn residual(
    order: &PlannedOrder,
    quantity: Quantity,
    reason: ResidualReason,
) -> Residual {
    Residual {
        index: order.index,
        side: order.side,
        quantity,
        reason,
    }
}
