//! From allowed exposures to orders: what is given up first, what is added after, and what can't
//! be traded with the reason (docs/adr/0005).

use alloc::vec::Vec;
use core::cmp::Reverse;
use core::fmt;

use crate::fixed::{fraction_of, notional};
use crate::{
    AssetSpec, CoreError, Exposure, FxRate, Money, Price, Quantity, Ratio, Rounding, mul_div,
};

/// Side of an order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Side {
    /// Adds to the position.
    Buy,
    /// Takes from it.
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

/// One decided move of one asset.
#[derive(Debug, Clone, Copy)]
pub struct Move<'a> {
    /// The asset.
    pub spec: &'a AssetSpec,
    /// Units held before the cycle.
    pub held: Quantity,
    /// Reference price of the cycle, above zero.
    pub reference_price: Price,
    /// What its currency is worth in base currency.
    pub rate: FxRate,
    /// Volatility, where the snapshot has one; it only orders the reductions.
    pub volatility: Option<Ratio>,
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
    /// Cash does not reach for one lot or the smallest order value.
    NoCash,
    /// The collar leaves no price on the tick.
    NoPrice,
    /// An increase above the largest order value, or a lot above it.
    AboveMaxOrderNotional,
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
}

/// What bounds the orders of a plan.
#[derive(Debug, Clone, Copy)]
pub struct OrderBounds {
    /// Commission as a fraction of notional.
    pub fee: Ratio,
    /// Farthest a limit price may be from the reference price, as a fraction of it.
    pub collar: Ratio,
    /// Largest value of one order: a larger reduction is sliced, a larger increase stays undone.
    pub max_order_notional: Option<Money>,
}

/// Plans all reductions: by freed capital, then by risk (value × volatility), both largest first,
/// then by asset.
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
    let mut sorted = Vec::new();
    for (index, step) in moves
        .iter()
        .enumerate()
        .filter(|(_, step)| step.allowed < step.previous)
    {
        let wanted = step
            .held
            .checked_sub(step.wanted_units(nlv, Rounding::AwayFromZero)?)?;
        if let Some(order) = step.order(index, Side::Sell, wanted, bounds.collar, plan)? {
            let value = notional(order.quantity, step.reference_price, Rounding::TowardZero)?;
            let freed = fraction_of(value, step.spec.initial_margin_rate, Rounding::TowardZero)?;
            let volatility = step.volatility.unwrap_or(Ratio::ZERO);
            let risk = fraction_of(value, volatility, Rounding::TowardZero)?;
            sorted.push((Reverse(freed), Reverse(risk), &step.spec.asset_id, order));
        }
    }
    sorted.sort_by(|a, b| (a.0, a.1, a.2).cmp(&(b.0, b.1, b.2)));
    for (.., order) in sorted {
        let step = moves.get(order.index);
        slice(order, step, bounds.max_order_notional, plan)?;
    }
    Ok(())
}

/// Splits a reduction into orders of at most the largest value. What no slice can carry is left.
fn slice(
    order: PlannedOrder,
    step: Option<&Move<'_>>,
    most: Option<Money>,
    plan: &mut Plan,
) -> Result<(), CoreError> {
    let (Some(step), Some(most)) = (step, most) else {
        plan.orders.push(order);
        return Ok(());
    };
    let units = mul_div(
        most.units(),
        Quantity::SCALE,
        step.reference_price.units(),
        Rounding::TowardZero,
    )?;
    let largest = whole_lots(Quantity::from_units(units), step.spec.lot_size)?;
    let mut left = order.quantity;
    while largest.is_positive() && left.is_positive() {
        let quantity = left.min(largest);
        if !step.reaches_minimum(quantity)? {
            break;
        }
        plan.orders.push(PlannedOrder { quantity, ..order });
        left = left.checked_sub(quantity)?;
    }
    if left.is_positive() {
        let reason = if largest.is_positive() {
            ResidualReason::BelowMinNotional
        } else {
            ResidualReason::AboveMaxOrderNotional
        };
        plan.residuals.push(Residual {
            index: order.index,
            quantity: left,
            reason,
        });
    }
    Ok(())
}

/// Plans all increases, by asset. If `cash` does not reach for all of them at their worst prices
/// and fees, one common factor scales every one of them down.
///
/// # Errors
/// Arithmetic overflow.
pub fn plan_increases(
    moves: &[Move<'_>],
    nlv: Money,
    cash: Money,
    bounds: OrderBounds,
    plan: &mut Plan,
) -> Result<(), CoreError> {
    plan.orders.clear();
    plan.residuals.clear();
    for (index, step) in moves
        .iter()
        .enumerate()
        .filter(|(_, step)| step.allowed > step.previous)
    {
        let wanted = step
            .wanted_units(nlv, Rounding::TowardZero)?
            .checked_sub(step.held)?;
        if let Some(order) = step.order(index, Side::Buy, wanted, bounds.collar, plan)? {
            plan.orders.push(order);
        }
    }
    if let Some(most) = bounds.max_order_notional {
        leave_too_large(moves, most, plan)?;
    }
    let by_asset = |order: &PlannedOrder| moves.get(order.index).map(|step| &step.spec.asset_id);
    plan.orders.sort_by(|a, b| by_asset(a).cmp(&by_asset(b)));
    scale_to_cash(moves, cash, bounds, plan)
}

/// Takes out increases above the largest order value: they are refused, not sliced.
fn leave_too_large(moves: &[Move<'_>], most: Money, plan: &mut Plan) -> Result<(), CoreError> {
    for order in core::mem::take(&mut plan.orders) {
        let price = moves
            .get(order.index)
            .map_or(Price::ZERO, |step| step.reference_price);
        if notional(order.quantity, price, Rounding::AwayFromZero)? <= most {
            plan.orders.push(order);
        } else {
            let reason = ResidualReason::AboveMaxOrderNotional;
            plan.residuals.push(Residual {
                index: order.index,
                quantity: order.quantity,
                reason,
            });
        }
    }
    Ok(())
}

/// What an order costs at its limit price, fee included, each rounded up.
///
/// # Errors
/// Arithmetic overflow.
pub fn worst_cost(order: &PlannedOrder, fee: Ratio) -> Result<Money, CoreError> {
    let value = notional(order.quantity, order.limit_price, Rounding::AwayFromZero)?;
    value.checked_add(fraction_of(value, fee, Rounding::AwayFromZero)?)
}

/// Scales every order by `cash / cost`. The factor stays a fraction of integers; rounding each
/// fee up can leave the total a few quanta too high, and then the factor is lowered by these.
fn scale_to_cash(
    moves: &[Move<'_>],
    cash: Money,
    bounds: OrderBounds,
    plan: &mut Plan,
) -> Result<(), CoreError> {
    let full = total_cost(&plan.orders, bounds.fee)?;
    if full <= cash {
        return Ok(());
    }
    let wanted = plan.orders.clone();
    let mut budget = if cash.is_negative() {
        Money::ZERO
    } else {
        cash
    };
    loop {
        let orders = plan.orders.iter_mut();
        for (order, full_order) in orders.zip(&wanted) {
            let lot = moves
                .get(order.index)
                .map_or(Quantity::QUANTUM, |step| step.spec.lot_size);
            let share = mul_div(
                full_order.quantity.units(),
                budget.units(),
                full.units(),
                Rounding::TowardZero,
            )?;
            order.quantity = whole_lots(Quantity::from_units(share), lot)?;
        }
        let excess = total_cost(&plan.orders, bounds.fee)?.checked_sub(cash)?;
        if !excess.is_positive() || budget.is_zero() {
            break;
        }
        budget = budget.checked_sub(excess)?.max(Money::ZERO);
    }
    drop_unaffordable(moves, &wanted, plan)
}

/// Takes out what the factor made too small to trade; a smaller total is always affordable.
fn drop_unaffordable(
    moves: &[Move<'_>],
    wanted: &[PlannedOrder],
    plan: &mut Plan,
) -> Result<(), CoreError> {
    let scaled = core::mem::take(&mut plan.orders);
    for (order, full_order) in scaled.into_iter().zip(wanted) {
        let tradable = match moves.get(order.index) {
            Some(step) => order.quantity.is_positive() && step.reaches_minimum(order.quantity)?,
            None => false,
        };
        let left = if tradable {
            plan.orders.push(order);
            full_order.quantity.checked_sub(order.quantity)?
        } else {
            full_order.quantity
        };
        if left.is_positive() {
            let reason = ResidualReason::NoCash;
            plan.residuals.push(Residual {
                index: order.index,
                quantity: left,
                reason,
            });
        }
    }
    Ok(())
}

fn total_cost(orders: &[PlannedOrder], fee: Ratio) -> Result<Money, CoreError> {
    orders.iter().try_fold(Money::ZERO, |total, order| {
        total.checked_add(worst_cost(order, fee)?)
    })
}

/// The largest multiple of the lot that is not above the quantity.
fn whole_lots(quantity: Quantity, lot: Quantity) -> Result<Quantity, CoreError> {
    let rest = quantity.units().checked_rem(lot.units());
    let rest = rest.ok_or(CoreError::DivisionByZero { operation: "lots" })?;
    quantity.checked_sub(Quantity::from_units(rest))
}

impl Move<'_> {
    /// The units that the allowed exposure is worth at the reference price.
    fn wanted_units(&self, nlv: Money, rounding: Rounding) -> Result<Quantity, CoreError> {
        /// Quanta of exposure per quantum of quantity: money and price share their quantum.
        const SCALE: i128 = Exposure::SCALE / Quantity::SCALE;
        if self.allowed.is_zero() {
            return Ok(Quantity::ZERO);
        }
        let per_unit =
            self.reference_price
                .units()
                .checked_mul(SCALE)
                .ok_or(CoreError::Overflow {
                    operation: "units of an exposure",
                })?;
        mul_div(self.allowed.units(), nlv.units(), per_unit, rounding).map(Quantity::from_units)
    }

    /// The order for a wanted quantity: whole lots, at least the minimum notional, a price on the
    /// tick. What can't be ordered goes to the residuals.
    fn order(
        &self,
        index: usize,
        side: Side,
        wanted: Quantity,
        collar: Ratio,
        plan: &mut Plan,
    ) -> Result<Option<PlannedOrder>, CoreError> {
        if !wanted.is_positive() {
            return Ok(None);
        }
        let quantity = whole_lots(wanted, self.spec.lot_size)?;
        let limit_price = self.limit_price(side, collar)?;
        let reason = if quantity.is_zero() {
            ResidualReason::BelowLot
        } else if !self.reaches_minimum(quantity)? {
            ResidualReason::BelowMinNotional
        } else if limit_price.is_positive() {
            return Ok(Some(PlannedOrder {
                index,
                side,
                intent: match side {
                    Side::Sell => Intent::Reduce,
                    Side::Buy => Intent::Increase,
                },
                quantity,
                limit_price,
            }));
        } else {
            ResidualReason::NoPrice
        };
        plan.residuals.push(Residual {
            index,
            quantity: wanted,
            reason,
        });
        Ok(None)
    }

    fn reaches_minimum(&self, quantity: Quantity) -> Result<bool, CoreError> {
        let value = notional(quantity, self.reference_price, Rounding::TowardZero)?;
        Ok(value >= self.spec.min_notional)
    }

    /// The farthest price of the collar, on the tick inside it: a buy's is rounded down, a sale's
    /// up.
    fn limit_price(&self, side: Side, collar: Ratio) -> Result<Price, CoreError> {
        let reference = self.reference_price.units();
        let width = mul_div(
            reference,
            collar.units(),
            Ratio::SCALE,
            Rounding::TowardZero,
        )?;
        let width = Price::from_units(width);
        match side {
            Side::Buy => tick_below(
                self.reference_price.checked_add(width)?,
                self.spec.tick_size,
            ),
            Side::Sell => tick_above(
                self.reference_price.checked_sub(width)?,
                self.spec.tick_size,
            ),
        }
    }
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
