//! Each control by itself, and the order in which they run.

use ios012_core::fixed::value_of;
use ios012_core::sequence::{Intent, PlannedOrder, Side};
use ios012_core::{CoreError, Exposure, Money, Ratio, Rounding, mul_div};

use super::{ControlContext, Denied, Sent};
use crate::Block;

/// What every control sees.
pub(super) struct Check<'a> {
    pub(super) order: &'a PlannedOrder,
    pub(super) context: &'a ControlContext<'a>,
    pub(super) sent: &'a Sent,
}

/// What a control says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Verdict {
    Passed,
    Refused,
    /// It has no say here: the limit is not set, or it does not concern this intent.
    Exempt,
}

type Control = fn(&Check<'_>) -> Result<Verdict, CoreError>;

/// Every control: first whether the asset may be traded at all, then the order by itself, then the
/// orders of the cycle together.
pub(super) const CONTROLS: [(Denied, Control); 23] = [
    (Denied::Inactive, active),
    (Denied::Expired, not_expired),
    (Denied::NoLimits, has_limits),
    (Denied::Restricted, not_restricted),
    (Denied::Quantity, quantity_is_positive),
    (Denied::Lot, in_lots),
    (Denied::Opens, reduces_a_position),
    (Denied::Oversell, reduces_at_most_the_position),
    (Denied::Flip, increases_its_own_side),
    (Denied::Short, may_be_short),
    (Denied::ReferencePrice, reference_price_is_positive),
    (Denied::Tick, on_tick),
    (Denied::Collar, inside_the_collar),
    (Denied::MinNotional, reaches_the_minimum),
    (Denied::Rate, has_a_value_in_base),
    (Denied::MaxOrderNotional, within_the_order_notional),
    (Denied::MaxOrderQuantity, within_the_order_quantity),
    (Denied::Duplicate, not_sent_before),
    (Denied::MaxOrdersPerCycle, within_the_orders),
    (Denied::MaxTurnover, within_the_turnover),
    (Denied::MaxDailyTurnover, within_the_daily_turnover),
    (Denied::MaxOrdersPerMinute, within_the_rate),
    (Denied::RepeatedExecution, not_repeated_too_often),
];

impl Check<'_> {
    /// Value of the order at the reference price in base currency, rounded up in each step.
    pub(super) fn value_in_base(&self) -> Result<Money, CoreError> {
        let up = Rounding::AwayFromZero;
        let (quantity, price) = (self.order.quantity, self.context.reference_price);
        let value = self.context.spec.notional(quantity, price, up)?;
        self.context.rate.to_base(value, up)
    }

    /// Whether an increase keeps a turnover, of which `sent` is used, within a part of NLV.
    fn turnover(&self, most: Option<Exposure>, sent: Money) -> Result<Verdict, CoreError> {
        match most {
            Some(most) if self.is_increase() => {
                let turnover = sent.checked_add(self.value_in_base()?)?;
                pass_if(turnover <= value_of(most, self.context.nlv, Rounding::TowardZero)?)
            }
            _ => Ok(Verdict::Exempt),
        }
    }

    fn is_increase(&self) -> bool {
        self.order.intent == Intent::Increase
    }

    /// 1 for a buy, −1 for a sale.
    fn direction(&self) -> i128 {
        match self.order.side {
            Side::Buy => 1,
            Side::Sell => -1,
        }
    }

    fn position_sign(&self) -> i128 {
        self.context.position.units().signum()
    }
}

#[expect(
    clippy::unnecessary_wraps,
    reason = "the end of controls of one signature"
)]
fn pass_if(holds: bool) -> Result<Verdict, CoreError> {
    Ok(if holds {
        Verdict::Passed
    } else {
        Verdict::Refused
    })
}

fn active(check: &Check<'_>) -> Result<Verdict, CoreError> {
    pass_if(check.context.spec.active)
}

/// At its expiry a contract is settled for the last time, so it is no longer traded then.
fn not_expired(check: &Check<'_>) -> Result<Verdict, CoreError> {
    match check.context.spec.expiry {
        Some(expiry) => pass_if(check.context.as_of < expiry),
        None => Ok(Verdict::Exempt),
    }
}

fn has_limits(check: &Check<'_>) -> Result<Verdict, CoreError> {
    if !check.is_increase() {
        return Ok(Verdict::Exempt);
    }
    let limits = check.context.limits;
    pass_if(limits.asset(&check.context.spec.asset_id).is_ok())
}

fn not_restricted(check: &Check<'_>) -> Result<Verdict, CoreError> {
    if !check.is_increase() {
        return Ok(Verdict::Exempt);
    }
    let row = check.context.limits.asset(&check.context.spec.asset_id);
    pass_if(row.is_ok_and(|row| row.block == Block::None))
}

fn quantity_is_positive(check: &Check<'_>) -> Result<Verdict, CoreError> {
    pass_if(check.order.quantity.is_positive())
}

fn in_lots(check: &Check<'_>) -> Result<Verdict, CoreError> {
    let (quantity, lot) = (check.order.quantity, check.context.spec.lot_size);
    pass_if(quantity.units().checked_rem(lot.units()) == Some(0))
}

fn reduces_a_position(check: &Check<'_>) -> Result<Verdict, CoreError> {
    if check.is_increase() {
        return Ok(Verdict::Exempt);
    }
    let sides = [check.direction(), check.position_sign()];
    pass_if(sides == [1, -1] || sides == [-1, 1])
}

fn reduces_at_most_the_position(check: &Check<'_>) -> Result<Verdict, CoreError> {
    if check.is_increase() {
        return Ok(Verdict::Exempt);
    }
    pass_if(check.order.quantity <= check.context.position.checked_abs()?)
}

fn increases_its_own_side(check: &Check<'_>) -> Result<Verdict, CoreError> {
    if !check.is_increase() {
        return Ok(Verdict::Exempt);
    }
    let sign = check.position_sign();
    pass_if(sign == 0 || sign == check.direction())
}

fn may_be_short(check: &Check<'_>) -> Result<Verdict, CoreError> {
    if !check.is_increase() {
        return Ok(Verdict::Exempt);
    }
    pass_if(check.order.side == Side::Buy || check.context.spec.instrument.may_be_short())
}

fn reference_price_is_positive(check: &Check<'_>) -> Result<Verdict, CoreError> {
    pass_if(check.context.reference_price.is_positive())
}

fn on_tick(check: &Check<'_>) -> Result<Verdict, CoreError> {
    let (price, tick) = (check.order.limit_price, check.context.spec.tick_size);
    pass_if(price.is_positive() && price.units().checked_rem(tick.units()) == Some(0))
}

/// A buy below the reference price, or a sale above it, is on the safe side of the collar.
fn inside_the_collar(check: &Check<'_>) -> Result<Verdict, CoreError> {
    let reference = check.context.reference_price;
    let width = mul_div(
        reference.units(),
        check.context.limits.collar.units(),
        Ratio::SCALE,
        Rounding::TowardZero,
    )?;
    let distance = check.order.limit_price.checked_sub(reference)?;
    let worse = match check.order.side {
        Side::Buy => distance,
        Side::Sell => distance.checked_neg()?,
    };
    pass_if(worse.units() <= width)
}

/// What takes all that is left of a position may be smaller: no position is too small to leave.
fn reaches_the_minimum(check: &Check<'_>) -> Result<Verdict, CoreError> {
    let closes = check.order.quantity == check.context.position.checked_abs()?;
    if closes && !check.is_increase() {
        return Ok(Verdict::Exempt);
    }
    let (spec, price) = (check.context.spec, check.context.reference_price);
    let value = spec.notional(check.order.quantity, price, Rounding::TowardZero)?;
    pass_if(value >= spec.min_notional)
}

/// A rate of nothing would make every order small enough for the limits in base currency.
fn has_a_value_in_base(check: &Check<'_>) -> Result<Verdict, CoreError> {
    pass_if(check.value_in_base()?.is_positive())
}

/// A reduction above it is refused too: the plan slices it to this size.
fn within_the_order_notional(check: &Check<'_>) -> Result<Verdict, CoreError> {
    match check.context.limits.max_order_notional {
        Some(most) => pass_if(check.value_in_base()? <= most),
        None => Ok(Verdict::Exempt),
    }
}

/// A reduction above it is refused too: the plan slices it to this size.
fn within_the_order_quantity(check: &Check<'_>) -> Result<Verdict, CoreError> {
    let row = check.context.limits.asset(&check.context.spec.asset_id);
    match row.ok().and_then(|row| row.max_order_quantity) {
        Some(most) => pass_if(check.order.quantity <= most),
        None => Ok(Verdict::Exempt),
    }
}

fn not_sent_before(check: &Check<'_>) -> Result<Verdict, CoreError> {
    pass_if(!check.sent.has(check.order, check.context))
}

fn within_the_orders(check: &Check<'_>) -> Result<Verdict, CoreError> {
    match check.context.limits.max_orders_per_cycle {
        Some(most) if check.is_increase() => pass_if(check.sent.orders() < most),
        _ => Ok(Verdict::Exempt),
    }
}

fn within_the_turnover(check: &Check<'_>) -> Result<Verdict, CoreError> {
    check.turnover(check.context.limits.max_turnover, check.sent.turnover())
}

fn within_the_daily_turnover(check: &Check<'_>) -> Result<Verdict, CoreError> {
    let most = check.context.limits.max_daily_turnover;
    check.turnover(most, check.sent.turnover_of_day())
}

fn within_the_rate(check: &Check<'_>) -> Result<Verdict, CoreError> {
    match check.context.limits.max_orders_per_minute {
        Some(most) if check.is_increase() => {
            let at = check.context.at;
            pass_if(check.sent.next_free(at, most)? <= at)
        }
        _ => Ok(Verdict::Exempt),
    }
}

fn not_repeated_too_often(check: &Check<'_>) -> Result<Verdict, CoreError> {
    if !check.is_increase() {
        return Ok(Verdict::Exempt);
    }
    let (id, at) = (&check.context.spec.asset_id, check.context.at);
    match check.context.limits.repeated_execution {
        _ if check.sent.is_closed(id) => Ok(Verdict::Refused),
        Some(rule) => {
            let sent = check
                .sent
                .executions(id, check.order.side, at, rule.window_s);
            pass_if(sent < rule.max_orders)
        }
        None => Ok(Verdict::Exempt),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_page_lists_every_control_in_its_sequence() {
        let page = include_str!("../../../../docs/decision.md");
        let listed = page.split('`').filter(|part| part.starts_with("denied_"));
        assert!(listed.eq(CONTROLS.iter().map(|(control, _)| control.as_str())));
    }
}
