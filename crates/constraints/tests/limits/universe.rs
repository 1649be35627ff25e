//! The limits of a list of assets.

use ios012_constraints::{ConstraintsError, Limits, Universe};
use ios012_core::{AssetSpec, Instrument, Money, Price, Quantity, Ratio};

use crate::{asset_id, valid};

#[test]
fn a_universe_has_limits_for_every_asset_and_each_asset_once() {
    let limits = Limits::new(valid()).expect("valid limits");
    let (a, b, c) = (spec("A"), spec("B"), spec("C"));
    let universe = Universe::new(&limits, &[&a, &b]).expect("both have limits");
    assert_eq!(universe.len(), 2);
    assert!(!universe.is_empty());
    assert!(Universe::new(&limits, &[]).is_ok_and(|none| none.is_empty()));
    assert_eq!(
        Universe::new(&limits, &[&a, &c]).map(|universe| universe.len()),
        Err(ConstraintsError::NoLimits {
            asset_id: asset_id("C")
        })
    );
    assert_eq!(
        Universe::new(&limits, &[&a, &b, &a]).map(|universe| universe.len()),
        Err(ConstraintsError::Duplicate { what: "A".into() })
    );
}

/// An asset that tied up nothing could be bought without end.
#[test]
fn a_universe_refuses_an_asset_without_a_capital_rate() {
    let limits = Limits::new(valid()).expect("valid limits");
    let zeros: [fn(&mut AssetSpec); 3] = [
        |spec| spec.leverage_factor = Ratio::ZERO,
        |spec| spec.initial_margin_rate = Ratio::ZERO,
        |spec| spec.initial_margin_rate = Ratio::from_units(-1),
    ];
    for zero in zeros {
        let mut a = spec("A");
        zero(&mut a);
        assert_eq!(
            Universe::new(&limits, &[&a]).map(|universe| universe.len()),
            Err(ConstraintsError::CapitalRate {
                asset_id: asset_id("A")
            })
        );
    }
}

fn spec(id: &str) -> AssetSpec {
    AssetSpec {
        asset_id: asset_id(id),
        class: "equity".parse().expect("a class"),
        instrument: Instrument::Spot,
        currency: "USD".parse().expect("a currency"),
        lot_size: Quantity::QUANTUM,
        tick_size: Price::QUANTUM,
        min_notional: Money::ZERO,
        contract_multiplier: Ratio::ONE,
        leverage_factor: Ratio::ONE,
        initial_margin_rate: Ratio::ONE,
        maintenance_margin_rate: Ratio::ONE,
        expiry: None,
        payoff: ios012_core::Payoff::Linear,
        active: true,
    }
}
