//! What got through, or was wrongly stopped by, the gates of other engines.

use ios012_constraints::Denied;
use ios012_core::sequence::PlannedOrder;
use ios012_core::{AssetSpec, Instrument, Money, Price, Quantity};
use proptest::prelude::*;

use crate::{Gate, amount, buy, cover, limits, sell, short, spec};

/// `nautechsystems/nautilus_trader`#4946: orders went past a limit because the check was never
/// reached. So the checks that ran are counted, not only the refusals.
#[test]
fn nt_4946_every_order_hits_every_check() {
    let every_order = [
        Denied::Inactive,
        Denied::Quantity,
        Denied::Lot,
        Denied::ReferencePrice,
        Denied::Tick,
        Denied::Collar,
        Denied::MinNotional,
        Denied::Rate,
        Denied::MaxOrderNotional,
        Denied::Duplicate,
        Denied::Expired,
    ];
    let of_increases = [
        Denied::NoLimits,
        Denied::Restricted,
        Denied::Flip,
        Denied::Short,
        Denied::MaxOrdersPerCycle,
        Denied::MaxTurnover,
    ];
    let of_reductions = [Denied::Opens, Denied::Oversell];
    let all_limits = limits(|set| {
        set.max_orders_per_cycle = Some(9);
        set.max_turnover = Some(amount("1"));
    });
    for (position, order, of_intent) in [
        ("0", buy("1", "100"), &of_increases[..]),
        ("-1", short("1", "100"), &of_increases),
        ("9", sell("1", "100"), &of_reductions),
        ("-9", cover("1", "100"), &of_reductions),
    ] {
        let dated = AssetSpec {
            instrument: Instrument::Future,
            expiry: Some(amount("2026-12-18T00:00:00.000Z")),
            ..spec()
        };
        let mut gate = Gate::with(dated, all_limits.clone());
        let passed = gate.send(position, order).expect("inside every control");
        let mut run = passed.controls_run().to_vec();
        run.sort();
        let mut expected = [&every_order[..], of_intent].concat();
        expected.sort();
        assert_eq!(run, expected);
    }
}

/// `nautechsystems/nautilus_trader`#4946: 500,000 AAPL, some 153 million dollars, passed; and a limit
/// of 10 dollars let 307 through.
#[test]
fn nt_4946_a_limit_on_order_value_stops_large_and_small() {
    for (most, price, quantity) in [("1000000", "307", "500000"), ("10", "307", "1")] {
        let limits = limits(|set| set.max_order_notional = Some(amount(most)));
        let mut gate = Gate::with(spec(), limits);
        gate.price = amount(price);
        assert_eq!(
            gate.verdict("0", buy(quantity, price)),
            Err(Denied::MaxOrderNotional)
        );
    }
}

/// `nautechsystems/nautilus_trader`#4011: without an account or a price the order passed. Here each
/// is a field that can't be left out, and a price, a rate or a row that says nothing refuses.
#[test]
fn nt_4011_missing_data_refuses_an_increase() {
    let mut gate = Gate::new();
    gate.price = Price::ZERO;
    assert_eq!(
        gate.verdict("0", buy("1", "100")),
        Err(Denied::ReferencePrice)
    );
    let mut gate = Gate::with(spec(), limits(|set| set.assets.clear()));
    assert_eq!(gate.verdict("0", buy("1", "100")), Err(Denied::NoLimits));
}

/// `nautechsystems/nautilus_trader`#3256 and #2628, QuantConnect/Lean#4130: a reduction was refused
/// for want of free cash or margin. No control of a reduction asks for money, and those on the
/// sums of the cycle let it pass.
#[test]
fn nt_3256_a_reduction_never_needs_cash() {
    let full = limits(|set| {
        set.cash_floor = amount("1");
        set.gross = amount("0");
        set.max_orders_per_cycle = Some(0);
        set.max_turnover = Some(amount("0"));
    });
    for (position, order, more) in [
        ("9", sell("9", "100"), buy("1", "100")),
        ("-9", cover("9", "100"), short("1", "100")),
    ] {
        let mut gate = Gate::with(spec(), full.clone());
        assert_eq!(gate.verdict(position, order), Ok(()));
        assert!(gate.verdict(position, more).is_err());
    }
}

/// `NautilusTrader`'s REDUCING state (`execution_gateway`, read in its source): from flat every order
/// passed, and a sale of 10 against 3 passed and made the position short.
#[test]
fn nt_reducing_neither_opens_nor_flips() {
    for order in [sell("10", "100"), cover("10", "100")] {
        assert_eq!(Gate::new().verdict("0", order), Err(Denied::Opens));
    }
    assert_eq!(
        Gate::new().verdict("3", sell("10", "100")),
        Err(Denied::Oversell)
    );
    assert_eq!(
        Gate::new().verdict("-3", cover("10", "100")),
        Err(Denied::Oversell)
    );
}

/// BYTEX-TRADE/bytex#21: sums were added unchecked, so the aggregate could wrap and let everything
/// through. Here a sum that does not fit refuses, and counts nothing.
#[test]
fn bytex_21_a_sum_that_does_not_fit_refuses() {
    let set = limits(|set| {
        set.max_order_notional = None;
        set.max_turnover = Some(amount("1"));
    });
    let whole = AssetSpec {
        lot_size: Quantity::ONE,
        ..spec()
    };
    let mut gate = Gate::with(whole, set);
    let vast = |units: i128| {
        let mut order = buy("1", "100");
        order.quantity = Quantity::from_units(units / Quantity::SCALE * Quantity::SCALE);
        order
    };
    assert!(gate.try_send("0", vast(i128::MAX)).is_err());
    assert_eq!(gate.sent.orders(), 0);
    // A reduction is exempt from the limit, not from the sum. Each is half of what the sum can hold
    // and a little more, so the second does not fit.
    let held = "79228162514264337593543950335";
    let half = sell("1", "60");
    let half = PlannedOrder {
        quantity: vast(i128::MAX / 12 + Quantity::SCALE).quantity,
        ..half
    };
    gate.price = amount("60");
    assert_eq!(gate.verdict(held, half), Ok(()));
    let turnover = gate.sent.turnover();
    gate.slice = 1;
    assert!(gate.try_send(held, half).is_err());
    assert_eq!((gate.sent.orders(), gate.sent.turnover()), (1, turnover));
}

/// `nautechsystems/nautilus_trader` PR#3696: treasury ticks of 1/256 were cut to 0.00.
#[test]
fn nt_3696_a_tick_of_a_256th_is_exact() {
    let treasury = AssetSpec {
        tick_size: amount("0.00390625"),
        ..spec()
    };
    for (price, expected) in [
        ("100.00390625", Ok(())),
        ("100.99609375", Ok(())),
        ("100.0039062", Err(Denied::Tick)),
        ("100.00390626", Err(Denied::Tick)),
    ] {
        let mut gate = Gate::with(treasury.clone(), limits(|_| {}));
        assert_eq!(gate.verdict("0", buy("1", price)), expected, "{price}");
    }
}

/// Lots of 1e-8, as crypto venues have them.
#[test]
fn a_lot_of_a_hundred_millionth_is_exact() {
    let satoshi = AssetSpec {
        lot_size: amount("0.00000001"),
        min_notional: Money::ZERO,
        ..spec()
    };
    for (quantity, expected) in [
        ("0.00000001", Ok(())),
        ("0.12345678", Ok(())),
        ("0.000000015", Err(Denied::Lot)),
        ("0.123456789", Err(Denied::Lot)),
    ] {
        let mut gate = Gate::with(satoshi.clone(), limits(|_| {}));
        assert_eq!(gate.verdict("0", buy(quantity, "100")), expected);
    }
}

/// xLydianSoftware/Qubx#405 and TorchTrade/torchtrade#352: in floats 0.29 / 0.01 is under 29, and a
/// whole lot was lost.
#[test]
fn qubx_405_29_lots_of_a_hundredth_are_29() {
    let hundredths = AssetSpec {
        lot_size: amount("0.01"),
        min_notional: Money::ZERO,
        ..spec()
    };
    let mut gate = Gate::with(hundredths, limits(|_| {}));
    let passed = gate.send("0.29", sell("0.29", "100")).expect("29 lots");
    assert_eq!(passed.quantity(), amount::<Quantity>("0.29"));
    assert_eq!(gate.verdict("0.29", sell("0.295", "100")), Err(Denied::Lot));
}

/// `nautechsystems/nautilus_trader` PR#4967 and #963: a reversal as one order mixes the end of one
/// position with the start of the next. It is two orders, and each passes by itself only.
#[test]
fn nt_4967_a_reversal_is_two_orders() {
    let mut gate = Gate::new();
    assert_eq!(gate.verdict("3", sell("8", "100")), Err(Denied::Oversell));
    assert_eq!(gate.verdict("3", short("8", "100")), Err(Denied::Flip));
    assert_eq!(gate.verdict("3", sell("3", "100")), Ok(()));
    assert_eq!(gate.verdict("0", short("5", "100")), Ok(()));
}

proptest! {
    /// Whatever is asked, in any order: what passes never opens or flips by a reduction, never goes
    /// short where that is not possible, and stays inside the sums of the cycle (Knight Capital,
    /// 2012: no threshold in the aggregate).
    #[test]
    fn what_passes_stays_inside(
        asked in prop::collection::vec((0..4_usize, 1..12_i128, 0..3_u32), 1..40),
        spot: bool,
    ) {
        let set = limits(|set| {
            set.max_orders_per_cycle = Some(12);
            set.max_turnover = Some(amount("0.4"));
        });
        let mut gate = Gate::with(spec(), set);
        gate.spec.instrument = if spot { Instrument::Spot } else { Instrument::Margin };
        let mut position = 0;
        let mut passed_value = 0;
        let mut seen = Vec::new();
        for (kind, lots, slice) in asked {
            let make = [buy, short, sell, cover][kind];
            let mut order = make("0.5", "100");
            order.quantity = Quantity::from_units(lots * gate.spec.lot_size.units());
            gate.slice = slice;
            let held = Quantity::from_units(position).to_string();
            let before = (gate.sent.orders(), gate.sent.turnover());
            let Ok(passed) = gate.send(&held, order) else {
                prop_assert_eq!((gate.sent.orders(), gate.sent.turnover()), before);
                continue;
            };
            prop_assert!(!seen.contains(&(kind, lots, slice)));
            seen.push((kind, lots, slice));
            let change = if kind == 0 || kind == 3 { 1 } else { -1 } * passed.quantity().units();
            let after = position + change;
            passed_value += lots * 50;
            if kind < 2 {
                prop_assert!(after.abs() > position.abs() && after.signum() * position >= 0);
                prop_assert!(gate.sent.orders() <= 12);
                prop_assert!(passed_value <= 4_000);
            } else {
                prop_assert!(after.abs() < position.abs() && after * position >= 0);
            }
            prop_assert!(!spot || after >= 0);
            position = after;
        }
        prop_assert_eq!(usize::try_from(gate.sent.orders()), Ok(seen.len()));
        prop_assert_eq!(gate.sent.turnover(), Money::from_units(passed_value * Money::SCALE));
    }
}
