//! The rules that both sides of the books apply: how a value is rounded, what a fill may do, what
//! an event may touch.

use ethnum::I256;

use crate::fixed::product_div;
use crate::{
    AssetSpec, BookEventKind, CoreError, DayCount, Instrument, Money, Payoff, Price, Quantity,
    Ratio, Rounding, mul_div,
};

use super::BookedFill;

/// Value of a position, rounded against its owner: down.
pub(super) fn position_value(
    spec: &AssetSpec,
    quantity: Quantity,
    price: Price,
) -> Result<Money, CoreError> {
    // The value of an inverse contract has the other sign than its quantity.
    let negative = quantity.is_negative() == (spec.payoff == Payoff::Linear);
    spec.value(quantity, price, rounded_down(negative))
}

/// Value of what a fill trades, rounded against the portfolio: up. A buy pays more, a sale
/// receives less.
fn traded_value(spec: &AssetSpec, quantity: Quantity, price: Price) -> Result<Money, CoreError> {
    let negative = quantity.is_negative() == (spec.payoff == Payoff::Linear);
    spec.value(quantity, price, rounded_down(!negative))
}

/// The direction that is down for an amount of that sign.
pub(super) const fn rounded_down(negative: bool) -> Rounding {
    if negative {
        Rounding::AwayFromZero
    } else {
        Rounding::TowardZero
    }
}

/// A fill in money of the asset's currency.
#[derive(Debug, Clone, Copy)]
pub(super) struct Trade {
    /// Value at the reference price, signed like [`AssetSpec::value`].
    pub(super) at_reference: Money,
    /// Value at the fill price less value at the reference price: what slippage cost.
    pub(super) slippage: Money,
    /// Change of the position's cost: value at reference where it opens, less the part of the cost
    /// that leaves where it closes.
    pub(super) cost_change: Money,
}

impl Trade {
    /// Measures a fill on a position of `held` units that cost `cost`.
    pub(super) fn measure(
        spec: &AssetSpec,
        held: Quantity,
        cost: Money,
        fill: &BookedFill,
    ) -> Result<Self, CoreError> {
        check_fill(spec, held, fill.quantity)?;
        let at_reference = traded_value(spec, fill.quantity, fill.reference_price)?;
        let slippage = traded_value(spec, fill.quantity, fill.price)?.checked_sub(at_reference)?;
        let opens = held.is_zero() || held.is_negative() == fill.quantity.is_negative();
        let cost_change = if opens {
            at_reference
        } else {
            cost_removed(cost, fill.quantity, held)?
        };
        Ok(Self {
            at_reference,
            slippage,
            cost_change,
        })
    }
}

/// Whether a position may change by this much in one step.
pub(super) fn check_fill(
    spec: &AssetSpec,
    held: Quantity,
    change: Quantity,
) -> Result<(), CoreError> {
    let after = held.checked_add(change)?;
    if after.is_negative() && !spec.instrument.may_be_short() {
        let sold = change.checked_neg()?;
        return Err(CoreError::Oversold { sold, held });
    }
    if !held.is_zero() && !after.is_zero() && held.is_negative() != after.is_negative() {
        return Err(CoreError::CrossesZero { held, change });
    }
    Ok(())
}

/// The change of cost when units leave, of the other sign than the cost: its part of them, the
/// last ones take all of it.
fn cost_removed(cost: Money, change: Quantity, held: Quantity) -> Result<Money, CoreError> {
    let removed = mul_div(
        cost.units(),
        change.units(),
        held.units(),
        Rounding::TowardZero,
    )?;
    Ok(Money::from_units(removed))
}

/// What a split makes of a position.
#[derive(Debug, Clone, Copy)]
pub(super) struct Split {
    pub(super) quantity: Quantity,
    /// Cost of the fraction that is paid in cash.
    pub(super) cost_out: Money,
    /// What is received for it; below zero it is paid.
    pub(super) cash: Money,
    pub(super) price: Option<Price>,
}

impl Split {
    /// `numerator` units for every `denominator`, toward zero; the fraction of a quantum that is
    /// left is paid at the new price.
    pub(super) fn measure(
        spec: &AssetSpec,
        held: Quantity,
        cost: Money,
        price: Option<Price>,
        (numerator, denominator): (u32, u32),
    ) -> Result<Self, CoreError> {
        let overflow = CoreError::Overflow { operation: "split" };
        if numerator == 0 {
            return Err(CoreError::DivisionByZero { operation: "split" });
        }
        let (numerator, denominator) = (i128::from(numerator), i128::from(denominator));
        let price = price
            .map(|price| mul_div(price.units(), denominator, numerator, Rounding::TowardZero))
            .transpose()?
            .map(Price::from_units);
        let grown = held.units().checked_mul(numerator).ok_or(overflow)?;
        let units = mul_div(grown, 1, denominator, Rounding::TowardZero)?;
        let rest = grown.checked_rem(denominator).ok_or(overflow)?;
        let mut split = Self {
            quantity: Quantity::from_units(units),
            cost_out: Money::ZERO,
            cash: Money::ZERO,
            price,
        };
        if rest != 0 {
            let price = price.ok_or(CoreError::NoMark { operation: "split" })?;
            split.cash = Money::from_units(product_div(
                &[rest, spec.contract_multiplier.units(), price.units()],
                &[denominator, Quantity::SCALE, Ratio::SCALE],
                rounded_down(rest.is_negative()),
            )?);
            let cost_out = mul_div(cost.units(), rest, grown, Rounding::TowardZero)?;
            split.cost_out = Money::from_units(cost_out);
        }
        Ok(split)
    }
}

/// Accrued interest is counted in quanta of money over this: the quanta of a rate times the least
/// common multiple of 360 and 365 days. So no accrual is rounded before it is posted.
const ACCRUAL_SCALE: i128 = Ratio::SCALE * DAYS;
const DAYS: i128 = 26_280;

/// `amount × rate × days / year`, exactly, over [`ACCRUAL_SCALE`].
fn accrual(amount: Money, rate: Ratio, days: u32, day_count: DayCount) -> Result<i128, CoreError> {
    let overflow = CoreError::Overflow {
        operation: "accrual",
    };
    let weight = mul_div(
        DAYS,
        i128::from(days),
        day_count.days_of_year(),
        Rounding::TowardZero,
    )?;
    let yearly = I256::from(amount.units())
        .checked_mul(I256::from(rate.units()))
        .ok_or(overflow)?;
    let accrued = yearly.checked_mul(I256::from(weight)).ok_or(overflow)?;
    i128::try_from(accrued).map_err(|_| overflow)
}

/// What the cash of a branch accrues: a gain if above zero.
pub(super) fn interest(cash: Money, kind: &BookEventKind) -> Result<i128, CoreError> {
    let BookEventKind::Interest {
        debit_rate,
        credit_rate,
        days,
        day_count,
        ..
    } = kind
    else {
        return Ok(0);
    };
    let rate = if cash.is_negative() {
        *debit_rate
    } else {
        *credit_rate
    };
    accrual(cash, rate, *days, *day_count)
}

/// What the financing of a position accrues: a gain if above zero. What is paid is measured on the
/// value rounded up, what is received on the value rounded down.
pub(super) fn financing(
    spec: &AssetSpec,
    quantity: Quantity,
    kind: &BookEventKind,
) -> Result<i128, CoreError> {
    let BookEventKind::Financing {
        long_rate,
        short_rate,
        days,
        day_count,
        price,
        ..
    } = kind
    else {
        return Ok(0);
    };
    let rate = if quantity.is_negative() {
        *short_rate
    } else {
        *long_rate
    };
    let size = spec.notional(
        quantity.checked_abs()?,
        *price,
        rounded_down(rate.is_positive()),
    )?;
    accrual(size, rate.checked_neg()?, *days, *day_count)
}

/// What a position gains by funding: a payment is rounded up, a receipt down.
pub(super) fn funding(
    spec: &AssetSpec,
    quantity: Quantity,
    rate: Ratio,
    price: Price,
) -> Result<Money, CoreError> {
    let receives = quantity.checked_neg()?;
    let pays = receives.is_negative() != rate.is_negative();
    spec.fraction_of_notional(receives, price, rate, rounded_down(pays))
}

/// What a position gains by a dividend: a receipt is rounded down, a payment up.
pub(super) fn dividend(quantity: Quantity, per_unit: Price) -> Result<Money, CoreError> {
    let pays = quantity.is_negative() != per_unit.is_negative();
    crate::fixed::notional(quantity, per_unit, rounded_down(pays))
}

/// Whether an event can happen to the instrument of the position.
pub(super) fn check_instrument(
    kind: &BookEventKind,
    instrument: Instrument,
) -> Result<(), CoreError> {
    let fits = match kind {
        BookEventKind::Settlement { .. }
        | BookEventKind::Expiry { .. }
        | BookEventKind::Roll { .. } => instrument == Instrument::Future,
        BookEventKind::Funding { .. } => instrument == Instrument::Perpetual,
        BookEventKind::Financing { .. } => {
            matches!(instrument, Instrument::Margin | Instrument::Fx)
        }
        BookEventKind::Dividend { .. } | BookEventKind::Split { .. } => {
            instrument.holds_value() && instrument != Instrument::Fx
        }
        BookEventKind::SymbolChange { .. }
        | BookEventKind::Interest { .. }
        | BookEventKind::Transfer { .. } => true,
    };
    if fits {
        return Ok(());
    }
    let event = kind.as_str();
    Err(CoreError::WrongInstrument { event, instrument })
}

/// The asset that takes the place of another, if the event has one and it fits.
pub(super) fn check_successor(
    kind: &BookEventKind,
    spec: &AssetSpec,
    into: Option<&AssetSpec>,
    held: Quantity,
) -> Result<(), CoreError> {
    let Some(into_id) = kind.into_asset() else {
        return Ok(());
    };
    let event = kind.as_str();
    let refuse = |rule| Err(CoreError::Successor { event, rule });
    let Some(into) = into.filter(|into| &into.asset_id == into_id) else {
        return refuse("be in the registry");
    };
    if into.asset_id == spec.asset_id {
        return refuse("be another asset");
    }
    if changed_term(spec, into).is_some() {
        return refuse("have the same instrument, payoff, multiplier and currency");
    }
    if matches!(kind, BookEventKind::SymbolChange { .. }) && !held.is_zero() {
        return refuse("not be held");
    }
    Ok(())
}

/// The first of the terms that the books rely on in which two specifications differ.
pub(super) fn changed_term(before: &AssetSpec, after: &AssetSpec) -> Option<&'static str> {
    let terms = [
        ("instrument", before.instrument == after.instrument),
        ("payoff", before.payoff == after.payoff),
        ("currency", before.currency == after.currency),
        (
            "contract_multiplier",
            before.contract_multiplier == after.contract_multiplier,
        ),
    ];
    let changed = terms.into_iter().find(|(_, same)| !same);
    changed.map(|(term, _)| term)
}

/// Adds what accrued to what is left of before. Posts the whole quanta, rounded down, which is
/// against the portfolio; the rest stays for the next time.
pub(super) fn post_accrued(left: i128, accrued: i128) -> Result<(Money, i128), CoreError> {
    let overflow = CoreError::Overflow {
        operation: "accrual",
    };
    let total = left.checked_add(accrued).ok_or(overflow)?;
    let posted = total.checked_div_euclid(ACCRUAL_SCALE).ok_or(overflow)?;
    let left = total.checked_rem_euclid(ACCRUAL_SCALE).ok_or(overflow)?;
    Ok((Money::from_units(posted), left))
}
