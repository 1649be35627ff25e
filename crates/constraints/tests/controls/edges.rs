//! Each control of one order by itself.

use ios012_constraints::{Block, Denied};
use ios012_core::{AssetSpec, FxRate, Instrument, Payoff, Price};

use crate::{Gate, amount, buy, cover, limits, sell, short, spec};

#[test]
fn an_order_inside_every_control_passes() {
    for (position, order) in [
        ("0", buy("1", "101")),
        ("0", short("1", "99")),
        ("3", buy("1", "101")),
        ("-3", short("1", "99")),
        ("3", sell("1", "99")),
        ("-3", cover("1", "101")),
        // On the safe side of the collar.
        ("0", buy("1", "50")),
        ("0", short("1", "200")),
    ] {
        let passed = Gate::new().send(position, order);
        let content = passed.map(|passed| {
            (
                passed.side(),
                passed.intent(),
                passed.quantity(),
                passed.limit_price(),
            )
        });
        let expected = (order.side, order.intent, order.quantity, order.limit_price);
        assert_eq!(content, Ok(expected), "{position} {order:?}");
    }
}

#[test]
fn quantity_lot_and_tick_have_edges() {
    for (order, expected) in [
        (buy("0.5", "101"), Ok(())),
        (buy("0", "100"), Err(Denied::Quantity)),
        (buy("-1", "100"), Err(Denied::Quantity)),
        (sell("-1", "100"), Err(Denied::Quantity)),
        (buy("0.7", "100"), Err(Denied::Lot)),
        (buy("1", "100.005"), Err(Denied::Tick)),
        (buy("1", "0"), Err(Denied::Tick)),
        (buy("1", "-100"), Err(Denied::Tick)),
    ] {
        assert_eq!(Gate::new().verdict("5", order), expected, "{order:?}");
    }
}

/// One percent around 100, for linear and for inverse contracts: it is a distance of prices.
#[test]
fn the_collar_has_an_edge_on_each_side() {
    let inverse = AssetSpec {
        payoff: Payoff::Inverse,
        min_notional: amount("0"),
        instrument: Instrument::Perpetual,
        ..spec()
    };
    for spec in [spec(), inverse] {
        for (order, expected) in [
            (buy("1", "101"), Ok(())),
            (buy("1", "101.01"), Err(Denied::Collar)),
            (short("1", "99"), Ok(())),
            (short("1", "98.99"), Err(Denied::Collar)),
        ] {
            let mut gate = Gate::with(spec.clone(), limits(|_| {}));
            assert_eq!(gate.verdict("0", order), expected, "{order:?}");
        }
        let mut gate = Gate::with(spec.clone(), limits(|_| {}));
        assert_eq!(gate.verdict("5", sell("1", "98.99")), Err(Denied::Collar));
        assert_eq!(
            gate.verdict("-5", cover("1", "101.01")),
            Err(Denied::Collar)
        );
    }
}

/// 0.5 × 100 is the 50 of the minimum. An inverse contract of 10 USD at 100 is worth 0.1 of the
/// underlying, so 5 of them are worth 0.5.
#[test]
fn the_smallest_order_value_is_in_the_asset_currency() {
    let mut gate = Gate::new();
    assert_eq!(gate.verdict("0", buy("0.5", "100")), Ok(()));
    gate.spec.min_notional = amount("50.00000001");
    assert_eq!(
        gate.verdict("0", buy("0.5", "100")),
        Err(Denied::MinNotional)
    );
    // A position that is worth less can be left all the same.
    assert_eq!(gate.verdict("0.5", sell("0.5", "100")), Ok(()));
    assert_eq!(gate.verdict("-0.5", cover("0.5", "100")), Ok(()));
    assert_eq!(
        gate.verdict("0.6", sell("0.5", "100")),
        Err(Denied::MinNotional)
    );
    // A rate to base plays no part.
    gate.rate = FxRate::direct(amount("2"));
    assert_eq!(
        gate.verdict("0", buy("0.5", "100")),
        Err(Denied::MinNotional)
    );
    let inverse = |min_notional| AssetSpec {
        payoff: Payoff::Inverse,
        contract_multiplier: amount("10"),
        min_notional: amount(min_notional),
        ..spec()
    };
    let mut gate = Gate::with(inverse("0.5"), limits(|_| {}));
    assert_eq!(gate.verdict("0", buy("5", "100")), Ok(()));
    let mut gate = Gate::with(inverse("0.50000001"), limits(|_| {}));
    assert_eq!(gate.verdict("0", buy("5", "100")), Err(Denied::MinNotional));
}

/// 10 × 100 is the 1,000 of the limit, for each intent. In a currency worth 2 it is 5 × 100, in one
/// worth a third (3 for 1) the third quantum counts: it is rounded up.
#[test]
fn the_largest_order_value_is_in_base_currency() {
    let above = Err(Denied::MaxOrderNotional);
    for (position, at, over) in [
        ("0", buy("10", "100"), buy("10.5", "100")),
        ("50", sell("10", "100"), sell("10.5", "100")),
        ("-50", cover("10", "100"), cover("10.5", "100")),
    ] {
        assert_eq!(Gate::new().verdict(position, at), Ok(()));
        assert_eq!(Gate::new().verdict(position, over), above);
    }
    let mut gate = Gate::new();
    gate.rate = FxRate::direct(amount("2"));
    assert_eq!(gate.verdict("0", buy("5", "100")), Ok(()));
    assert_eq!(gate.verdict("0", buy("5.5", "100")), above);
    let third = |most: &'static str| {
        let limits = limits(|set| set.max_order_notional = Some(amount(most)));
        let mut gate = Gate::with(spec(), limits);
        gate.rate = FxRate::inverted(amount("3"));
        gate.verdict("0", buy("1", "100"))
    };
    assert_eq!(third("33.33333334"), Ok(()));
    assert_eq!(third("33.33333333"), above);
}

/// At most 2.5 units an order, reductions too: the plan slices them.
#[test]
fn no_order_has_more_units_than_its_row_allows() {
    let limits = limits(|set| set.assets[0].max_order_quantity = Some(amount("2.5")));
    let mut gate = Gate::with(spec(), limits);
    let above = Err(Denied::MaxOrderQuantity);
    assert_eq!(gate.verdict("0", buy("2.5", "100")), Ok(()));
    assert_eq!(gate.verdict("0", buy("3", "100")), above);
    assert_eq!(gate.verdict("9", sell("3", "100")), above);
    assert_eq!(gate.verdict("9", sell("2.5", "100")), Ok(()));
}

#[test]
fn what_may_not_trade_is_refused() {
    let mut gate = Gate::new();
    gate.spec.active = false;
    assert_eq!(gate.verdict("0", buy("1", "100")), Err(Denied::Inactive));
    assert_eq!(gate.verdict("1", sell("1", "100")), Err(Denied::Inactive));
    // At its expiry a contract is expired, a millisecond before it is not.
    let mut gate = Gate::new();
    gate.spec.expiry = Some(amount("2026-11-22T00:00:00.001Z"));
    assert_eq!(gate.verdict("0", buy("1", "100")), Ok(()));
    gate.spec.expiry = Some(amount("2026-11-22T00:00:00.000Z"));
    assert_eq!(gate.verdict("0", buy("2", "100")), Err(Denied::Expired));
    assert_eq!(gate.verdict("1", sell("1", "100")), Err(Denied::Expired));
}

/// A blocked asset, and one without a row, may only be reduced.
#[test]
fn an_increase_needs_a_row_without_a_block() {
    for block in [Block::ReduceOnly, Block::Flatten] {
        let mut gate = Gate::with(spec(), limits(|set| set.assets[0].block = block));
        assert_eq!(gate.verdict("1", buy("1", "100")), Err(Denied::Restricted));
        assert_eq!(gate.verdict("1", sell("1", "100")), Ok(()));
    }
    let mut gate = Gate::with(spec(), limits(|set| set.assets.clear()));
    assert_eq!(gate.verdict("1", buy("1", "100")), Err(Denied::NoLimits));
    assert_eq!(gate.verdict("1", sell("1", "100")), Ok(()));
}

#[test]
fn a_reduction_takes_at_most_what_is_held() {
    for (position, order, expected) in [
        ("5", sell("5", "100"), Ok(())),
        ("5", sell("5.5", "100"), Err(Denied::Oversell)),
        ("-5", cover("5", "100"), Ok(())),
        ("-5", cover("5.5", "100"), Err(Denied::Oversell)),
        ("5", cover("1", "100"), Err(Denied::Opens)),
        ("-5", sell("1", "100"), Err(Denied::Opens)),
    ] {
        assert_eq!(Gate::new().verdict(position, order), expected, "{order:?}");
    }
}

#[test]
fn an_increase_never_goes_against_the_position() {
    for (position, order, expected) in [
        ("0.000000001", buy("1", "100"), Ok(())),
        ("0.000000001", short("1", "100"), Err(Denied::Flip)),
        ("-0.000000001", short("1", "100"), Ok(())),
        ("-0.000000001", buy("1", "100"), Err(Denied::Flip)),
    ] {
        assert_eq!(Gate::new().verdict(position, order), expected, "{order:?}");
    }
}

#[test]
fn only_what_may_be_short_is_sold_short() {
    for instrument in Instrument::ALL {
        let mut gate = Gate::new();
        gate.spec.instrument = instrument;
        let expected = match instrument {
            Instrument::Spot | Instrument::LeveragedToken => Err(Denied::Short),
            _ => Ok(()),
        };
        assert_eq!(
            gate.verdict("0", short("1", "100")),
            expected,
            "{instrument}"
        );
        assert_eq!(gate.verdict("0", buy("1", "100")), Ok(()), "{instrument}");
        assert_eq!(gate.verdict("1", sell("1", "100")), Ok(()), "{instrument}");
    }
}

/// A sale at any price is above a reference of zero, and a value of zero is below every limit: a
/// price or a rate of nothing must not pass for a small one.
#[test]
fn a_price_or_a_rate_of_nothing_is_refused() {
    for nothing in [Price::ZERO, Price::from_units(-1)] {
        let mut gate = Gate::new();
        gate.price = nothing;
        for order in [buy("1", "100"), short("1", "100")] {
            assert_eq!(gate.verdict("0", order), Err(Denied::ReferencePrice));
        }
        let mut gate = Gate::new();
        gate.rate = FxRate::direct(nothing);
        assert_eq!(gate.verdict("0", buy("1", "100")), Err(Denied::Rate));
    }
    let mut gate = Gate::new();
    gate.rate = FxRate::inverted(Price::ZERO);
    assert!(gate.try_send("0", buy("1", "100")).is_err());
    assert_eq!(gate.sent.orders(), 0);
}
