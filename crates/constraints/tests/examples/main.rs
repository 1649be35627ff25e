//! The worked examples of docs/decision.md: small enough to check by hand, one group per step.

#![expect(
    clippy::unwrap_used,
    reason = "an example that cannot be read fails its test"
)]

mod increases;
mod net;
mod reductions;
mod targets;

use ios012_constraints::{
    AssetLimits, AssetState, Block, Cap, Decisions, GroupCap, LimitSet, Limits, PortfolioState,
    ShockRule, Universe, decide,
};
use ios012_core::{AssetSpec, Exposure, Instrument, Money, Price, Quantity, Ratio};

/// One asset, numbers as text.
#[derive(Clone, Copy)]
struct Row {
    id: &'static str,
    previous: &'static str,
    target: &'static str,
    min: &'static str,
    max: &'static str,
    max_delta: &'static str,
    market_open: bool,
    price_trusted: bool,
    active: bool,
    block: Block,
    shock: Option<(&'static str, Block)>,
    score: Option<&'static str>,
    ramp_remaining: u32,
    class: &'static str,
    currency: &'static str,
    instrument: Instrument,
    margin: &'static str,
    factor: &'static str,
    max_leverage: &'static str,
}

/// A row that no limit of its own holds back.
const fn row(id: &'static str, previous: &'static str, target: &'static str) -> Row {
    Row {
        id,
        previous,
        target,
        min: "-1",
        max: "1",
        max_delta: "2",
        market_open: true,
        price_trusted: true,
        active: true,
        block: Block::None,
        shock: None,
        score: None,
        ramp_remaining: 1,
        class: "equity",
        currency: "USD",
        instrument: Instrument::Spot,
        margin: "1",
        factor: "1",
        max_leverage: "1",
    }
}

/// The same row of an asset that ties up only its initial margin; twenty times is allowed.
const fn margined(instrument: Instrument, margin: &'static str, row: Row) -> Row {
    Row {
        instrument,
        margin,
        max_leverage: "20",
        min: "-3",
        max: "3",
        max_delta: "6",
        ..row
    }
}

/// The limits of the portfolio.
struct Rules {
    gross: &'static str,
    net: &'static str,
    cash_headroom: &'static str,
    dead_band: &'static str,
    block: Block,
    breaker: Block,
    groups: Vec<(&'static str, Vec<&'static str>, &'static str)>,
    classes: Vec<(&'static str, &'static str)>,
    currencies: Vec<(&'static str, &'static str)>,
}

/// Limits that nothing reaches.
const WIDE: Rules = Rules {
    gross: "10",
    net: "10",
    cash_headroom: "10",
    dead_band: "0",
    block: Block::None,
    breaker: Block::None,
    groups: Vec::new(),
    classes: Vec::new(),
    currencies: Vec::new(),
};

fn exposure(text: &str) -> Exposure {
    text.parse().unwrap()
}

fn limits(rules: &Rules, rows: &[Row]) -> Limits {
    let asset = |row: &Row| AssetLimits {
        asset_id: row.id.parse().unwrap(),
        min_exposure: exposure(row.min),
        max_exposure: exposure(row.max),
        max_delta_exposure: exposure(row.max_delta),
        max_leverage: row.max_leverage.parse().unwrap(),
        block: row.block,
        max_order_quantity: None,
        shock: row.shock.map(|(threshold, block)| ShockRule {
            threshold: threshold.parse().unwrap(),
            block,
        }),
    };
    let group = |(id, members, cap): &(&str, Vec<&str>, &str)| GroupCap {
        id: id.parse().unwrap(),
        members: members.iter().map(|id| id.parse().unwrap()).collect(),
        cap: exposure(cap),
    };
    Limits::new(LimitSet {
        assets: rows.iter().map(asset).collect(),
        groups: rules.groups.iter().map(group).collect(),
        classes: rules
            .classes
            .iter()
            .map(|(id, cap)| Cap {
                id: id.parse().unwrap(),
                cap: exposure(cap),
            })
            .collect(),
        currencies: rules
            .currencies
            .iter()
            .map(|(id, cap)| Cap {
                id: id.parse().unwrap(),
                cap: exposure(cap),
            })
            .collect(),
        gross: exposure(rules.gross),
        net: exposure(rules.net),
        cash_floor: Exposure::ZERO,
        dead_band: exposure(rules.dead_band),
        ramp_steps: 1,
        fee: Ratio::ZERO,
        slippage: Ratio::ZERO,
        collar: Ratio::ZERO,
        max_order_notional: None,
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
    })
    .unwrap()
}

fn spec(row: &Row) -> AssetSpec {
    AssetSpec {
        asset_id: row.id.parse().unwrap(),
        class: row.class.parse().unwrap(),
        instrument: row.instrument,
        currency: row.currency.parse().unwrap(),
        lot_size: Quantity::QUANTUM,
        tick_size: Price::QUANTUM,
        min_notional: Money::ZERO,
        contract_multiplier: Ratio::ONE,
        leverage_factor: row.factor.parse().unwrap(),
        initial_margin_rate: row.margin.parse().unwrap(),
        maintenance_margin_rate: Ratio::QUANTUM,
        expiry: None,
        payoff: ios012_core::Payoff::Linear,
        active: row.active,
    }
}

/// Decides, and compares the allowed exposures and the limits that bound with `expected`, in the
/// order of the rows. A binding is written `limit before -> after`.
#[track_caller]
fn check(rules: &Rules, rows: &[Row], expected: &[(&str, &[&str])]) {
    let specs: Vec<AssetSpec> = rows.iter().map(spec).collect();
    let specs: Vec<&AssetSpec> = specs.iter().collect();
    let universe = Universe::new(&limits(rules, rows), &specs).unwrap();
    let state = |row: &Row| AssetState {
        previous: exposure(row.previous),
        target: exposure(row.target),
        market_open: row.market_open,
        price_trusted: row.price_trusted,
        shock_score: row.score.map(|score| score.parse().unwrap()),
        ramp_remaining: row.ramp_remaining,
    };
    let states: Vec<AssetState> = rows.iter().map(state).collect();
    let portfolio = PortfolioState {
        cash_headroom: exposure(rules.cash_headroom),
        block: rules.block,
        breaker: rules.breaker,
    };
    let mut decisions = Decisions::default();
    decide(&universe, &states, portfolio, &mut decisions).unwrap();
    assert_eq!(rows.len(), expected.len());
    for (index, (allowed, bindings)) in expected.iter().enumerate() {
        let found: Vec<String> = decisions.bindings()[index]
            .iter()
            .map(|b| format!("{} {} -> {}", b.limit, b.before, b.after))
            .collect();
        let id = rows[index].id;
        assert_eq!(found, *bindings, "{id}");
        assert_eq!(decisions.allowed()[index].to_string(), *allowed, "{id}");
    }
}
