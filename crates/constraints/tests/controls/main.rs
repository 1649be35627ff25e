//! The pre-trade controls: each with an order just inside and one just outside it, and the leaks
//! of other engines' gates.

#![expect(
    clippy::expect_used,
    reason = "an order that cannot be built fails its test"
)]

mod aggregate;
mod approved;
mod edges;
mod leaks;

use ios012_constraints::{
    ApprovedOrder, AssetLimits, Block, ControlContext, Denied, LimitSet, Limits, Sent, approve,
};
use ios012_core::sequence::{Intent, PlannedOrder, Side};
use ios012_core::{
    AssetSpec, CoreError, Exposure, FxRate, Instrument, Payoff, Price, Quantity, Ratio, UtcTime,
};

/// A number of any type, from its text.
fn amount<T: core::str::FromStr<Err = CoreError>>(text: &str) -> T {
    text.parse().expect("a decimal")
}

fn spec() -> AssetSpec {
    AssetSpec {
        asset_id: "A".parse().expect("an id"),
        class: "equity".parse().expect("a class"),
        instrument: Instrument::Margin,
        currency: "USD".parse().expect("a currency"),
        lot_size: amount("0.5"),
        tick_size: amount("0.01"),
        min_notional: amount("50"),
        contract_multiplier: Ratio::ONE,
        leverage_factor: Ratio::ONE,
        initial_margin_rate: Ratio::ONE,
        maintenance_margin_rate: Ratio::ONE,
        expiry: None,
        payoff: Payoff::Linear,
        active: true,
    }
}

fn limits(change: impl Fn(&mut LimitSet)) -> Limits {
    let mut set = LimitSet {
        assets: vec![AssetLimits {
            asset_id: "A".parse().expect("an id"),
            min_exposure: amount("-1"),
            max_exposure: amount("1"),
            max_delta_exposure: amount("1"),
            max_leverage: Ratio::ONE,
            block: Block::None,
            shock: None,
            max_order_quantity: None,
        }],
        groups: Vec::new(),
        classes: Vec::new(),
        currencies: Vec::new(),
        gross: amount("2"),
        net: amount("2"),
        cash_floor: Exposure::ZERO,
        dead_band: Exposure::ZERO,
        ramp_steps: 1,
        fee: Ratio::ZERO,
        slippage: Ratio::ZERO,
        collar: amount("0.01"),
        max_order_notional: Some(amount("1000")),
        schedule: ios012_core::Schedule::Immediate,
        max_orders_per_cycle: None,
        max_turnover: None,
        max_daily_turnover: None,
        max_orders_per_minute: None,
        repeated_execution: None,
        breakers: ios012_constraints::BreakerLimits::default(),
        soft_shock_threshold: None,
        hard_shock_threshold: None,
        jump_band: None,
        max_price_age_s: None,
    };
    change(&mut set);
    Limits::new(set).expect("valid limits")
}

/// The controls of one asset: its facts, its limits, and what is sent through them.
struct Gate {
    spec: AssetSpec,
    limits: Limits,
    sent: Sent,
    price: Price,
    rate: FxRate,
    slice: u32,
    /// When orders leave.
    at: UtcTime,
}

impl Gate {
    fn new() -> Self {
        Self::with(spec(), limits(|_| {}))
    }

    fn with(spec: AssetSpec, limits: Limits) -> Self {
        Self {
            spec,
            limits,
            sent: Sent::default(),
            price: amount("100"),
            rate: FxRate::ONE,
            slice: 0,
            at: amount("2026-11-22T00:00:00.000Z"),
        }
    }

    /// Sends an order while `position` is held; NLV is 10,000.
    fn send(&mut self, position: &str, order: PlannedOrder) -> Result<ApprovedOrder, Denied> {
        self.try_send(position, order).expect("sums")
    }

    fn try_send(
        &mut self,
        position: &str,
        order: PlannedOrder,
    ) -> Result<Result<ApprovedOrder, Denied>, CoreError> {
        let context = ControlContext {
            spec: &self.spec,
            limits: &self.limits,
            as_of: amount("2026-11-22T00:00:00.000Z"),
            at: self.at,
            nlv: amount("10000"),
            reference_price: self.price,
            rate: self.rate,
            position: amount(position),
            slice: self.slice,
        };
        approve(&order, &context, &mut self.sent)
    }

    /// The same, and only what the controls said.
    fn verdict(&mut self, position: &str, order: PlannedOrder) -> Result<(), Denied> {
        self.send(position, order).map(|_| ())
    }
}

fn order(side: Side, intent: Intent, quantity: &str, limit_price: &str) -> PlannedOrder {
    PlannedOrder {
        index: 0,
        side,
        intent,
        quantity: amount::<Quantity>(quantity),
        limit_price: amount(limit_price),
    }
}

/// A buy that increases.
fn buy(quantity: &str, limit_price: &str) -> PlannedOrder {
    order(Side::Buy, Intent::Increase, quantity, limit_price)
}

/// A sale that increases a short position.
fn short(quantity: &str, limit_price: &str) -> PlannedOrder {
    order(Side::Sell, Intent::Increase, quantity, limit_price)
}

/// A sale that reduces a long position.
fn sell(quantity: &str, limit_price: &str) -> PlannedOrder {
    order(Side::Sell, Intent::Reduce, quantity, limit_price)
}

/// A buy that reduces a short position.
fn cover(quantity: &str, limit_price: &str) -> PlannedOrder {
    order(Side::Buy, Intent::Reduce, quantity, limit_price)
}
