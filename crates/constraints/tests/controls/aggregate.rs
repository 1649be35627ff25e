//! The orders of one cycle together.

use ios012_constraints::Denied;
use ios012_core::{FxRate, Money};

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
