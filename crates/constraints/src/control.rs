//! Pre-trade controls: the only maker of an order that may be sent (SEC 15c3-5; RTS 6, article 15).

use core::fmt;

use ios012_core::fixed::notional;
use ios012_core::sequence::{PlannedOrder, Side};
use ios012_core::{
    AssetId, AssetSpec, CoreError, CurrencyCode, Money, Price, Quantity, Ratio, Rounding, mul_div,
};

/// An order that passed every control. [`approve`] is its only maker, so no adapter can be handed
/// an unchecked one.
///
/// ```compile_fail,E0451
/// fn forge(good: ios012_constraints::ApprovedOrder) -> ios012_constraints::ApprovedOrder {
///     ios012_constraints::ApprovedOrder { quantity: ios012_core::Quantity::ONE, ..good }
/// }
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ApprovedOrder {
    asset_id: AssetId,
    currency: CurrencyCode,
    side: Side,
    quantity: Quantity,
    limit_price: Price,
    reference_price: Price,
    tick_size: Price,
}

impl ApprovedOrder {
    /// The asset.
    pub const fn asset_id(&self) -> &AssetId {
        &self.asset_id
    }

    /// Currency of the price.
    pub const fn currency(&self) -> &CurrencyCode {
        &self.currency
    }

    /// Side.
    pub const fn side(&self) -> Side {
        self.side
    }

    /// Units, above zero.
    pub const fn quantity(&self) -> Quantity {
        self.quantity
    }

    /// Worst acceptable price.
    pub const fn limit_price(&self) -> Price {
        self.limit_price
    }

    /// Reference price of the cycle.
    pub const fn reference_price(&self) -> Price {
        self.reference_price
    }

    /// Price step of the asset.
    pub const fn tick_size(&self) -> Price {
        self.tick_size
    }
}

/// What the controls compare an order with.
#[derive(Debug, Clone, Copy)]
pub struct ControlContext<'a> {
    /// The asset.
    pub spec: &'a AssetSpec,
    /// Reference price of the cycle, in a market that is open.
    pub reference_price: Price,
    /// Units held when the order is checked, less those already ordered away.
    pub available: Quantity,
    /// Farthest a limit price may be from the reference price, as a fraction of it.
    pub collar: Ratio,
    /// Largest value of one order; a reduction is sliced to it instead of being refused.
    pub max_order_notional: Option<Money>,
}

/// The control that refused an order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Denied {
    /// The registry says that the asset is not active.
    Inactive,
    /// The quantity is not above zero.
    Quantity,
    /// The quantity is not a multiple of the lot size.
    Lot,
    /// The limit price is not above zero and a multiple of the tick size.
    Tick,
    /// The limit price is outside the collar.
    Collar,
    /// The value is below the smallest order value.
    MinNotional,
    /// The value is above the largest order value.
    MaxOrderNotional,
    /// A sale of more than is held: it would open a short position.
    Oversell,
}

impl Denied {
    /// The stable code in records.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Inactive => "denied_inactive",
            Self::Quantity => "denied_quantity",
            Self::Lot => "denied_lot",
            Self::Tick => "denied_tick",
            Self::Collar => "denied_collar",
            Self::MinNotional => "denied_min_notional",
            Self::MaxOrderNotional => "denied_max_order_notional",
            Self::Oversell => "denied_oversell",
        }
    }
}

impl fmt::Display for Denied {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.pad(self.as_str())
    }
}

/// Checks one planned order against every control.
///
/// # Errors
/// The outer error is arithmetic overflow; the inner one is the first control that refused.
pub fn approve(
    order: &PlannedOrder,
    context: &ControlContext<'_>,
) -> Result<Result<ApprovedOrder, Denied>, CoreError> {
    if let Some(denied) = first_denial(order, context)? {
        return Ok(Err(denied));
    }
    Ok(Ok(ApprovedOrder {
        asset_id: context.spec.asset_id.clone(),
        currency: context.spec.currency.clone(),
        side: order.side,
        quantity: order.quantity,
        limit_price: order.limit_price,
        reference_price: context.reference_price,
        tick_size: context.spec.tick_size,
    }))
}

fn first_denial(
    order: &PlannedOrder,
    context: &ControlContext<'_>,
) -> Result<Option<Denied>, CoreError> {
    let spec = context.spec;
    if !spec.active {
        return Ok(Some(Denied::Inactive));
    }
    if !order.quantity.is_positive() {
        return Ok(Some(Denied::Quantity));
    }
    if order.quantity.units().checked_rem(spec.lot_size.units()) != Some(0) {
        return Ok(Some(Denied::Lot));
    }
    let on_tick = order
        .limit_price
        .units()
        .checked_rem(spec.tick_size.units())
        == Some(0);
    if !order.limit_price.is_positive() || !on_tick {
        return Ok(Some(Denied::Tick));
    }
    let reference = context.reference_price;
    let width = mul_div(
        reference.units(),
        context.collar.units(),
        Ratio::SCALE,
        Rounding::TowardZero,
    )?;
    let distance = order.limit_price.checked_sub(reference)?;
    // A buy below the reference price, or a sale above it, is on the safe side of the collar.
    let worse = if order.side == Side::Buy {
        distance
    } else {
        distance.checked_neg()?
    };
    if worse.units() > width {
        return Ok(Some(Denied::Collar));
    }
    let value = notional(order.quantity, reference, Rounding::TowardZero)?;
    if value < spec.min_notional {
        return Ok(Some(Denied::MinNotional));
    }
    let value = notional(order.quantity, reference, Rounding::AwayFromZero)?;
    if context.max_order_notional.is_some_and(|most| value > most) {
        return Ok(Some(Denied::MaxOrderNotional));
    }
    if order.side == Side::Sell && order.quantity > context.available {
        return Ok(Some(Denied::Oversell));
    }
    Ok(None)
}

#[cfg(test)]
mod tests {
    use alloc::vec::Vec;

    use ios012_core::Instrument;
    use ios012_core::sequence::Intent;

    use super::*;

    fn amount<T: core::str::FromStr<Err = CoreError>>(text: &str) -> T {
        text.parse().expect("a decimal")
    }

    fn spec() -> AssetSpec {
        AssetSpec {
            asset_id: "A".parse().expect("an id"),
            class: "equity".parse().expect("a class"),
            instrument: Instrument::Spot,
            currency: "USD".parse().expect("a currency"),
            lot_size: amount("0.5"),
            tick_size: amount("0.01"),
            min_notional: amount("10"),
            contract_multiplier: Ratio::ONE,
            leverage_factor: Ratio::ONE,
            initial_margin_rate: Ratio::ONE,
            maintenance_margin_rate: Ratio::ONE,
            expiry: None,
            payoff: ios012_core::Payoff::Linear,
            active: true,
        }
    }

    fn order(side: Side, quantity: &str, limit_price: &str) -> PlannedOrder {
        PlannedOrder {
            index: 0,
            side,
            intent: match side {
                Side::Buy => Intent::Increase,
                Side::Sell => Intent::Reduce,
            },
            quantity: amount(quantity),
            limit_price: amount(limit_price),
        }
    }

    /// Each control with an order just inside and one just outside it.
    #[test]
    fn every_control_refuses_at_its_edge() {
        let spec = spec();
        let context = ControlContext {
            spec: &spec,
            reference_price: amount("100"),
            available: amount("5"),
            collar: amount("0.01"),
            max_order_notional: Some(amount("1000")),
        };
        let verdict = |order: PlannedOrder| approve(&order, &context).expect("sums").map(|_| ());
        let cases = [
            (order(Side::Buy, "1", "101"), Ok(())),
            (order(Side::Sell, "1", "99"), Ok(())),
            (order(Side::Buy, "1", "50"), Ok(())),
            (order(Side::Buy, "10", "101"), Ok(())),
            (order(Side::Sell, "5", "99"), Ok(())),
            (order(Side::Buy, "0", "100"), Err(Denied::Quantity)),
            (order(Side::Buy, "-1", "100"), Err(Denied::Quantity)),
            (order(Side::Buy, "0.7", "100"), Err(Denied::Lot)),
            (order(Side::Buy, "1", "100.005"), Err(Denied::Tick)),
            (order(Side::Buy, "1", "0"), Err(Denied::Tick)),
            (order(Side::Buy, "1", "101.01"), Err(Denied::Collar)),
            (order(Side::Sell, "1", "98.99"), Err(Denied::Collar)),
            (
                order(Side::Buy, "10.5", "100"),
                Err(Denied::MaxOrderNotional),
            ),
            (order(Side::Sell, "5.5", "100"), Err(Denied::Oversell)),
        ];
        let found: Vec<_> = cases.iter().map(|(order, _)| verdict(*order)).collect();
        let expected: Vec<_> = cases.iter().map(|(_, expected)| *expected).collect();
        assert_eq!(found, expected);

        let inactive = AssetSpec {
            active: false,
            ..spec.clone()
        };
        let context = ControlContext {
            spec: &inactive,
            ..context
        };
        let denied = approve(&order(Side::Buy, "1", "100"), &context).expect("sums");
        assert_eq!(denied.map(|_| ()), Err(Denied::Inactive));
        let dear = AssetSpec {
            min_notional: amount("100.01"),
            ..spec.clone()
        };
        let context = ControlContext {
            spec: &dear,
            ..context
        };
        let denied = approve(&order(Side::Buy, "1", "100"), &context).expect("sums");
        assert_eq!(denied.map(|_| ()), Err(Denied::MinNotional));
    }
}
