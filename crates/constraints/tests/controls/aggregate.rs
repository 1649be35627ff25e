//! The orders of one cycle together.

use ios012_constraints::{Denied, RepeatedExecution};
use ios012_core::{FxRate, Money, UtcTime};

use crate::{Gate, amount, buy, cover, limits, sell, short, spec};

/// The same asset, side, intent, quantity, price and slice. Any difference makes it another order.
#[test]
fn the_same_order_is_sent_once() {
    let mut gate = Gate::new();
    assert_eq!(gate.verdict("0", buy("1", "100")), Ok(()));
    assert_eq!(gate.verdict("0", buy("1", "100")), Err(Denied::Duplicate));
    assert_eq!(gate.verdict("0", buy("1.5", "100")), Ok(()));
    assert_eq!(gate.verdict("0", buy("1", "99.99")), Ok(()));
    assert_eq!(gate.verdict("0", short("1", "100")), Ok(()));
    assert_eq!(gate.verdict("-1", cover("1", "100")), Ok(()));
    gate.slice = 1;
    assert_eq!(gate.verdict("0", buy("1", "100")), Ok(()));
    assert_eq!(gate.verdict("0", buy("1", "100")), Err(Denied::Duplicate));
    gate.spec.asset_id = "B".parse().expect("an id");
    gate.limits = limits(|set| set.assets[0].asset_id = "B".parse().expect("an id"));
    assert_eq!(gate.verdict("0", buy("1", "100")), Ok(()));
}

/// Two orders are allowed. Reductions count, but none is refused for it.
#[test]
fn increases_stop_at_the_orders_of_a_cycle() {
    let mut gate = Gate::with(spec(), limits(|set| set.max_orders_per_cycle = Some(2)));
    assert_eq!(gate.verdict("9", sell("1", "100")), Ok(()));
    assert_eq!(gate.verdict("9", buy("1", "100")), Ok(()));
    let third = Err(Denied::MaxOrdersPerCycle);
    assert_eq!(gate.verdict("9", buy("2", "100")), third);
    assert_eq!(gate.verdict("9", sell("2", "100")), Ok(()));
    assert_eq!(gate.sent.orders(), 3);
    let mut gate = Gate::with(spec(), limits(|set| set.max_orders_per_cycle = Some(0)));
    assert_eq!(gate.verdict("9", buy("1", "100")), third);
}

/// 3 % of 10,000 is 300: a reduction of 100, one of 50 in a currency worth 2, and then 100 is left.
#[test]
fn increases_stop_at_the_turnover_of_a_cycle() {
    let limits = limits(|set| set.max_turnover = Some(amount("0.03")));
    let mut gate = Gate::with(spec(), limits);
    assert_eq!(gate.verdict("9", sell("1", "100")), Ok(()));
    gate.rate = FxRate::direct(amount("2"));
    assert_eq!(gate.verdict("9", buy("0.5", "100")), Ok(()));
    gate.rate = FxRate::ONE;
    assert_eq!(gate.sent.turnover(), amount::<Money>("200"));
    let beyond = Err(Denied::MaxTurnover);
    assert_eq!(gate.verdict("9", buy("1.5", "100")), beyond);
    assert_eq!(gate.verdict("9", buy("1", "100")), Ok(()));
    assert_eq!(gate.verdict("9", buy("0.5", "99")), beyond);
    assert_eq!(gate.verdict("9", sell("2", "100")), Ok(()));
    assert_eq!(gate.sent.turnover(), amount::<Money>("500"));
}

/// What a control refused was not sent, so it uses nothing up.
#[test]
fn a_refused_order_is_not_counted() {
    let mut gate = Gate::new();
    assert_eq!(gate.verdict("0", buy("0.7", "100")), Err(Denied::Lot));
    assert_eq!(gate.verdict("0", buy("1", "200")), Err(Denied::Collar));
    assert_eq!(gate.sent.orders(), 0);
    assert_eq!(gate.sent.turnover(), Money::ZERO);
    assert_eq!(gate.verdict("0", buy("1", "100")), Ok(()));
}

/// 3 % of 10,000 is 300 a UTC day, over all of its cycles; the next day begins anew.
#[test]
fn increases_stop_at_the_turnover_of_a_day() {
    let limits = limits(|set| set.max_daily_turnover = Some(amount("0.03")));
    let mut gate = Gate::with(spec(), limits);
    let beyond = Err(Denied::MaxDailyTurnover);
    gate.sent.begin_cycle(amount("2026-11-22T08:00:00.000Z"));
    assert_eq!(gate.verdict("9", sell("2", "100")), Ok(()));
    gate.sent.begin_cycle(amount("2026-11-22T23:59:59.999Z"));
    assert_eq!(gate.sent.turnover(), Money::ZERO);
    assert_eq!(gate.verdict("9", buy("1.5", "100")), beyond);
    assert_eq!(gate.verdict("9", buy("1", "100")), Ok(()));
    assert_eq!(gate.verdict("9", buy("0.5", "99")), beyond);
    assert_eq!(gate.verdict("9", sell("2", "100")), Ok(()));
    gate.sent.begin_cycle(amount("2026-11-23T00:00:00.000Z"));
    assert_eq!(gate.verdict("9", buy("3", "100")), Ok(()));
    assert_eq!(gate.verdict("9", buy("0.5", "100")), beyond);
}

/// Two orders in any 60 seconds. The plan waits until one may leave; an increase that comes all the
/// same is refused, a reduction is not.
#[test]
fn increases_stop_at_the_orders_of_a_minute() {
    let limits = limits(|set| set.max_orders_per_minute = Some(2));
    let mut gate = Gate::with(spec(), limits);
    let times = [
        "2026-11-22T00:00:10.000Z",
        "2026-11-22T00:00:30.000Z",
        "2026-11-22T00:01:09.999Z",
        "2026-11-22T00:01:10.000Z",
    ]
    .map(amount);
    gate.at = times[0];
    assert_eq!(gate.verdict("9", sell("1", "100")), Ok(()));
    gate.at = times[1];
    assert_eq!(gate.verdict("9", buy("1", "100")), Ok(()));
    gate.at = times[2];
    assert_eq!(gate.sent.next_free(times[2], 2), Ok(times[3]));
    assert_eq!(
        gate.verdict("9", buy("2", "100")),
        Err(Denied::MaxOrdersPerMinute)
    );
    gate.at = times[3];
    assert_eq!(gate.sent.next_free(times[3], 2), Ok(times[3]));
    assert_eq!(gate.verdict("9", buy("2", "100")), Ok(()));
    assert_eq!(gate.verdict("9", sell("2", "100")), Ok(()), "a reduction");
    // Those of 00:30, 01:10 and 01:10: the last but one is 60 seconds old at 02:10.
    assert_eq!(
        gate.sent.next_free(times[3], 2),
        Ok(amount("2026-11-22T00:02:10.000Z"))
    );
}

/// An unwinding may send until after the next cycle begins: that one waits for what was sent, also
/// where the window at its own beginning looks free.
#[test]
fn a_cycle_that_begins_before_the_last_order_waits_for_it() {
    let limits = limits(|set| set.max_orders_per_minute = Some(2));
    let mut gate = Gate::with(spec(), limits);
    let [begins, last]: [UtcTime; 2] =
        ["2026-11-22T00:00:10.000Z", "2026-11-22T00:20:00.000Z"].map(amount);
    for (at, quantity) in [(begins, "1"), (begins, "2"), (last, "3")] {
        gate.at = at;
        assert_eq!(gate.verdict("9", sell(quantity, "100")), Ok(()));
    }
    assert_eq!(gate.sent.next_free(begins, 2), Ok(last));
    gate.at = begins;
    assert_eq!(
        gate.verdict("9", buy("1", "100")),
        Err(Denied::MaxOrdersPerMinute)
    );
}

/// Three increases of one side within an hour: the next one is refused. Once the asset is closed it
/// stays so however long it waits, reductions leave, and opening it begins the count anew.
#[test]
fn an_increase_that_repeats_too_often_is_refused_until_the_asset_is_opened() {
    let rule = RepeatedExecution {
        max_orders: 3,
        window_s: 3_600,
    };
    let limits = limits(|set| set.repeated_execution = Some(rule));
    let mut gate = Gate::with(spec(), limits);
    let refused = Err(Denied::RepeatedExecution);
    gate.at = amount("2026-11-22T00:00:00.000Z");
    for quantity in ["1", "1.5", "2"] {
        assert_eq!(gate.verdict("9", buy(quantity, "100")), Ok(()));
    }
    assert_eq!(
        gate.verdict("-9", short("1", "100")),
        Ok(()),
        "the other side"
    );
    assert_eq!(gate.verdict("9", buy("2.5", "100")), refused);
    gate.at = amount("2026-11-22T00:59:59.999Z");
    assert_eq!(gate.verdict("9", buy("2.5", "100")), refused);
    gate.at = amount("2026-11-22T01:00:00.000Z");
    assert_eq!(gate.verdict("9", buy("2.5", "100")), Ok(()));
    gate.sent.close(&gate.spec.asset_id);
    gate.at = amount("2026-12-22T00:00:00.000Z");
    assert_eq!(gate.verdict("9", buy("3", "100")), refused);
    assert_eq!(gate.verdict("-9", short("3", "100")), refused);
    assert_eq!(gate.verdict("9", sell("1", "100")), Ok(()));
    for quantities in [["3", "3.5", "4"], ["4.5", "5", "5.5"]] {
        gate.sent.open_all();
        assert!(!gate.sent.is_closed(&gate.spec.asset_id));
        for quantity in quantities {
            assert_eq!(gate.verdict("9", buy(quantity, "100")), Ok(()));
        }
        assert_eq!(gate.verdict("9", buy("6", "100")), refused);
    }
}

/// A sale that reduces is of the same side as one that goes short, and is not counted with it.
#[test]
fn a_reduction_is_no_repeated_execution() {
    let rule = RepeatedExecution {
        max_orders: 1,
        window_s: 3_600,
    };
    let limits = limits(|set| set.repeated_execution = Some(rule));
    let mut gate = Gate::with(spec(), limits);
    assert_eq!(gate.verdict("3", sell("3", "100")), Ok(()));
    assert_eq!(gate.verdict("0", short("1", "100")), Ok(()));
    assert_eq!(gate.verdict("-1", cover("1", "100")), Ok(()));
    assert_eq!(gate.verdict("0", buy("1", "100")), Ok(()));
    let refused = Err(Denied::RepeatedExecution);
    assert_eq!(gate.verdict("0", short("2", "100")), refused);
    assert_eq!(gate.verdict("1", buy("2", "100")), refused);
}

/// IoS-006 changes: the longer window counts what was sent before it, though a shorter one held then.
#[test]
fn a_longer_window_counts_what_a_shorter_one_had_passed() {
    let rule = |window_s| {
        limits(|set| {
            set.repeated_execution = Some(RepeatedExecution {
                max_orders: 2,
                window_s,
            });
        })
    };
    let mut gate = Gate::with(spec(), rule(60));
    gate.at = amount("2026-11-22T00:00:00.000Z");
    assert_eq!(gate.verdict("9", buy("1", "100")), Ok(()));
    gate.at = amount("2026-11-22T00:30:00.000Z");
    assert_eq!(gate.verdict("9", buy("1.5", "100")), Ok(()));
    gate.limits = rule(3_600);
    gate.at = amount("2026-11-22T00:40:00.000Z");
    let refused = Err(Denied::RepeatedExecution);
    assert_eq!(gate.verdict("9", buy("2", "100")), refused);
}
