//! The rules that a set of limits must obey (docs/decision.md and the IoS-006 document): each
//! broken by itself, and each met exactly.

#![expect(
    clippy::expect_used,
    reason = "a set that cannot be built fails its test"
)]

mod breakers;
mod universe;

use ios012_constraints::{
    AssetLimits, Block, Cap, ConstraintsError, GroupCap, LimitSet, Limits, ShockRule,
};
use ios012_core::{AssetId, Exposure, Money, Ratio};

type Change = fn(&mut LimitSet);

fn exposure(text: &str) -> Exposure {
    text.parse().expect("an exposure")
}

fn ratio(text: &str) -> Ratio {
    text.parse().expect("a ratio")
}

fn asset_id(text: &str) -> AssetId {
    text.parse().expect("an asset id")
}

fn asset(id: &str) -> AssetLimits {
    AssetLimits {
        asset_id: asset_id(id),
        min_exposure: exposure("-0.2"),
        max_exposure: exposure("0.3"),
        max_delta_exposure: exposure("0.1"),
        max_leverage: Ratio::ONE,
        block: Block::None,
        shock: None,
        max_order_quantity: None,
    }
}

fn valid() -> LimitSet {
    LimitSet {
        assets: vec![asset("B"), asset("A")],
        groups: vec![GroupCap {
            id: "tech".parse().expect("a group"),
            members: vec![asset_id("B"), asset_id("A")],
            cap: exposure("0.5"),
        }],
        classes: vec![Cap {
            id: "equity".parse().expect("a class"),
            cap: exposure("0.5"),
        }],
        currencies: vec![Cap {
            id: "USD".parse().expect("a currency"),
            cap: exposure("0.5"),
        }],
        gross: exposure("2"),
        net: exposure("1"),
        cash_floor: exposure("0.05"),
        dead_band: exposure("0.01"),
        ramp_steps: 1,
        fee: ratio("0.001"),
        slippage: ratio("0.0005"),
        collar: ratio("0.02"),
        max_order_notional: None,
        schedule: ios012_core::Schedule::Immediate,
        max_orders_per_cycle: None,
        max_turnover: None,
        max_daily_turnover: None,
        max_orders_per_minute: None,
        repeated_execution: None,
        breakers: ios012_constraints::BreakerLimits::default(),
        soft_shock_threshold: Some(ratio("2")),
        hard_shock_threshold: Some(ratio("3")),
        jump_band: Some(ratio("0.2")),
        max_price_age_s: None,
    }
}

fn changed(change: Change) -> Result<Limits, ConstraintsError> {
    let mut set = valid();
    change(&mut set);
    Limits::new(set)
}

const QUANTUM: Exposure = Exposure::QUANTUM;

#[test]
fn rows_are_found_in_any_order() {
    let limits = Limits::new(valid()).expect("valid limits");
    for id in ["A", "B"] {
        assert_eq!(limits.asset(&asset_id(id)), Ok(&asset(id)));
    }
    assert_eq!(
        limits.asset(&asset_id("C")),
        Err(ConstraintsError::NoLimits {
            asset_id: asset_id("C")
        })
    );
}

#[test]
fn limits_at_their_edge_are_taken() {
    let edges: [(&str, Change); 9] = [
        ("min = -max", |set| {
            set.assets[0].min_exposure = exposure("-0.3");
        }),
        ("min = 0", |set| set.assets[0].min_exposure = Exposure::ZERO),
        ("max = min = 0", |set| {
            set.assets[0].min_exposure = Exposure::ZERO;
            set.assets[0].max_exposure = Exposure::ZERO;
        }),
        ("dead band = max_delta", |set| {
            set.dead_band = exposure("0.1");
        }),
        ("cash floor 1", |set| set.cash_floor = Exposure::ONE),
        ("soft = hard", |set| {
            set.soft_shock_threshold = Some(ratio("3"));
        }),
        ("zero limits", |set| {
            set.gross = Exposure::ZERO;
            set.net = Exposure::ZERO;
            set.groups[0].cap = Exposure::ZERO;
        }),
        // 2 × (0.498 + 0.001) = 0.998.
        ("collar", |set| set.collar = ratio("0.498")),
        ("smallest step", |set| {
            set.dead_band = Exposure::ZERO;
            set.assets[0].max_delta_exposure = QUANTUM;
        }),
    ];
    for (name, change) in edges {
        assert!(changed(change).is_ok(), "{name}: {:?}", changed(change));
    }
}

#[test]
fn bad_asset_rows_are_refused() {
    let bounds: [Change; 3] = [
        |set| set.assets[0].min_exposure = QUANTUM,
        |set| set.assets[0].min_exposure = exposure("-0.300000000001"),
        |set| {
            set.assets[0].min_exposure = Exposure::ZERO;
            set.assets[0].max_exposure = Exposure::from_units(-1);
        },
    ];
    let asset_id = asset_id("B");
    for change in bounds {
        let refused = ConstraintsError::ExposureBounds {
            asset_id: asset_id.clone(),
        };
        assert_eq!(changed(change), Err(refused));
    }
    let steps: [Change; 2] = [
        |set| set.assets[0].max_delta_exposure = Exposure::ZERO,
        |set| set.assets[0].max_delta_exposure = Exposure::from_units(-1),
    ];
    for change in steps {
        let refused = ConstraintsError::MaxDelta {
            asset_id: asset_id.clone(),
        };
        assert_eq!(changed(change), Err(refused));
    }
    assert_eq!(
        changed(|set| set.assets[0].max_delta_exposure = exposure("0.009999999999")),
        Err(ConstraintsError::DeadBand { asset_id })
    );
}

#[test]
fn negative_numbers_are_refused_by_field() {
    const MINUS: Exposure = Exposure::from_units(-1);
    const RATIO: Ratio = Ratio::from_units(-1);
    let fields: [(&str, Change); 15] = [
        ("cap", |set| set.groups[0].cap = MINUS),
        ("cap", |set| set.classes[0].cap = MINUS),
        ("cap", |set| set.currencies[0].cap = MINUS),
        ("gross", |set| set.gross = MINUS),
        ("net", |set| set.net = MINUS),
        ("cash_floor", |set| set.cash_floor = MINUS),
        ("dead_band", |set| set.dead_band = MINUS),
        ("fee_bps", |set| set.fee = RATIO),
        ("slippage_bps", |set| set.slippage = RATIO),
        ("price_collar_bps", |set| set.collar = RATIO),
        ("soft_shock_threshold", |set| {
            set.soft_shock_threshold = Some(RATIO);
        }),
        ("hard_shock_threshold", |set| {
            set.hard_shock_threshold = Some(RATIO);
        }),
        ("jump_band", |set| set.jump_band = Some(RATIO)),
        ("max_leverage", |set| set.assets[1].max_leverage = RATIO),
        ("shock_threshold", |set| {
            set.assets[1].shock = Some(ShockRule {
                threshold: RATIO,
                block: Block::Flatten,
            });
        }),
    ];
    for (field, change) in fields {
        assert_eq!(changed(change), Err(ConstraintsError::Negative { field }));
    }
    assert_eq!(
        changed(|set| set.max_order_notional = Some(Money::from_units(-1))),
        Err(ConstraintsError::Negative {
            field: "max_order_notional"
        })
    );
    assert_eq!(
        changed(|set| set.max_turnover = Some(MINUS)),
        Err(ConstraintsError::Negative {
            field: "max_turnover"
        })
    );
}

#[test]
fn a_key_may_stand_once() {
    let repeats: [(&str, Change); 5] = [
        ("A", |set| set.assets.push(asset("A"))),
        ("tech", |set| set.groups.push(set.groups[0].clone())),
        ("B", |set| set.groups[0].members.push(asset_id("B"))),
        ("equity", |set| set.classes.push(set.classes[0].clone())),
        ("USD", |set| set.currencies.push(set.currencies[0].clone())),
    ];
    for (what, change) in repeats {
        let what = what.to_owned();
        assert_eq!(changed(change), Err(ConstraintsError::Duplicate { what }));
    }
}

#[test]
fn portfolio_rules_are_checked() {
    let rules: [(ConstraintsError, Change); 5] = [
        (ConstraintsError::CashFloor, |set| {
            set.cash_floor = exposure("1.000000000001");
        }),
        (ConstraintsError::RampSteps, |set| set.ramp_steps = 0),
        // 2 × (0.499 + 0.001) = 1: the worst fills could take all of the portfolio.
        (ConstraintsError::CollarTooWide, |set| {
            set.collar = ratio("0.499");
        }),
        // 0.999… of a quantum under 1 is rounded against us.
        (ConstraintsError::CollarTooWide, |set| {
            set.gross = exposure("1.000000000001");
            set.collar = ratio("0.998999999999");
        }),
        (ConstraintsError::ShockThresholds, |set| {
            set.soft_shock_threshold = Some(ratio("3.000000000001"));
        }),
    ];
    for (refused, change) in rules {
        assert_eq!(changed(change), Err(refused));
    }
}
