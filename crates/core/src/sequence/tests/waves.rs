//! Longs and shorts of every instrument: flips, closes, waves, and I10 over random executions.

use alloc::vec::Vec;

use super::*;
use crate::Payoff;
use crate::fixed::{exposure_of, fraction_of, value_of};

fn margined(name: &str) -> AssetSpec {
    AssetSpec {
        instrument: Instrument::Margin,
        initial_margin_rate: amount("0.5"),
        maintenance_margin_rate: amount("0.25"),
        ..spec(name, "1", "0.01", "0")
    }
}

fn sizes(plan: &Plan) -> Vec<(usize, Side, Intent, Quantity)> {
    let orders = plan.orders.iter();
    orders
        .map(|order| (order.index, order.side, order.intent, order.quantity))
        .collect()
}

/// NLV 10,000 at 10 a unit: 100 short is −0.1. Half of it is bought back: 50. From 0.1 long to
/// −0.05 all 100 are sold, and 50 are sold short when they are gone, but not while one is held.
#[test]
fn a_flip_is_two_legs() {
    let spec = margined("A");
    let nlv = amount("10000");
    let mut plan = Plan::default();
    let cover = [step(&spec, "-100", "10", "-0.1", "-0.05")];
    plan_reductions(&cover, nlv, costs("0", "0"), FREED, &mut plan).expect("plans");
    assert_eq!(sizes(&plan), [(0, Side::Buy, Intent::Reduce, amount("50"))]);
    let flip = [step(&spec, "100", "10", "0.1", "-0.05")];
    plan_reductions(&flip, nlv, costs("0", "0"), FREED, &mut plan).expect("plans");
    assert_eq!(
        sizes(&plan),
        [(0, Side::Sell, Intent::Reduce, amount("100"))]
    );
    let closed = [step(&spec, "0", "10", "0.1", "-0.05")];
    plan_increases(&closed, nlv, nlv, costs("0", "0"), &mut plan).expect("plans");
    assert_eq!(
        sizes(&plan),
        [(0, Side::Sell, Intent::Increase, amount("50"))]
    );
    let still_held = [step(&spec, "1", "10", "0.1", "-0.05")];
    plan_increases(&still_held, nlv, nlv, costs("0", "0"), &mut plan).expect("plans");
    assert_eq!(plan.orders, []);
    assert_eq!(plan.residuals[0].reason, ResidualReason::FlipNotClosed);
}

/// Dust below the minimum notional can be left (freqtrade issues 10649 and 8091).
#[test]
fn a_close_may_be_below_the_minimum_notional() {
    let spec = spec("A", "1", "0.01", "1000");
    let mut plan = Plan::default();
    let close = [step(&spec, "3", "10", "0.003", "0")];
    plan_reductions(&close, amount("10000"), costs("0", "0"), FREED, &mut plan).expect("plans");
    assert_eq!(sizes(&plan), [(0, Side::Sell, Intent::Reduce, amount("3"))]);
    let part = [step(&spec, "3", "10", "0.003", "0.001")];
    plan_reductions(&part, amount("10000"), costs("0", "0"), FREED, &mut plan).expect("plans");
    assert_eq!(plan.orders, []);
    assert_eq!(plan.residuals[0].reason, ResidualReason::BelowMinNotional);
}

/// Net limit 1000, NLV 10,000, at 10 a unit. Longs of 3000 and shorts of 3000 leave in turn: 100
/// units long, 200 short, 200 long, 100 short. What the next wave may be depends on what was
/// really filled of the last one (LEAN issue 9231).
#[test]
fn longs_and_shorts_alternate_within_the_net_limit() {
    let (long, short) = (margined("L"), margined("S"));
    let moves = [
        step(&long, "0", "10", "0", "0.3"),
        step(&short, "0", "10", "0", "-0.3"),
    ];
    let nlv = amount("10000");
    let limit = amount("1000");
    let mut increases = Increases::begin(&moves, nlv, nlv, costs("0", "0")).expect("begins");
    let mut plan = Plan::default();
    let mut net = Money::ZERO;
    let mut waves = Vec::new();
    while !increases.is_done() {
        increases.next_wave(net, limit, &mut plan).expect("plans");
        for (index, side, _, quantity) in sizes(&plan) {
            let value = notional(quantity, amount("10"), Rounding::TowardZero).expect("fits");
            net = match side {
                Side::Buy => net.checked_add(value),
                Side::Sell => net.checked_sub(value),
            }
            .expect("fits");
            waves.push((index, quantity));
        }
    }
    let expected = [(0, "100"), (1, "200"), (0, "200"), (1, "100")];
    assert_eq!(waves, expected.map(|(index, units)| (index, amount(units))));
    assert_eq!(net, Money::ZERO);
}

/// A lot above what the net limit has left on either side: nothing is safe, and it says so.
#[test]
fn what_no_slicing_makes_safe_is_a_residual() {
    let (long, short) = (
        AssetSpec {
            lot_size: amount("200"),
            ..margined("L")
        },
        AssetSpec {
            lot_size: amount("200"),
            ..margined("S")
        },
    );
    let moves = [
        step(&long, "0", "10", "0", "0.2"),
        step(&short, "0", "10", "0", "-0.2"),
    ];
    let nlv = amount("10000");
    let mut increases = Increases::begin(&moves, nlv, nlv, costs("0", "0")).expect("begins");
    let mut plan = Plan::default();
    increases
        .next_wave(Money::ZERO, amount("1000"), &mut plan)
        .expect("plans");
    assert_eq!(plan.orders, []);
    let reasons: Vec<_> = plan
        .residuals
        .iter()
        .map(|rest| (rest.index, rest.quantity, rest.reason))
        .collect();
    let left = |index| (index, amount("200"), ResidualReason::NoSafePrefix);
    assert_eq!(reasons, [left(0), left(1)]);
    assert!(increases.is_done());
}

/// Half margin: 1000 of capital carries 2000, whichever side; the factor is one for both
/// (HKUDS/Vibe-Trading issue 1274).
#[test]
fn one_factor_scales_longs_and_shorts_to_the_capital() {
    let (long, short) = (margined("L"), margined("S"));
    let moves = [
        step(&long, "0", "10", "0", "0.3"),
        step(&short, "0", "10", "0", "-0.1"),
    ];
    let mut plan = Plan::default();
    plan_increases(
        &moves,
        amount("10000"),
        amount("1000"),
        costs("0", "0"),
        &mut plan,
    )
    .expect("plans");
    let expected = [(0, Side::Buy, "150"), (1, Side::Sell, "50")];
    let expected =
        expected.map(|(index, side, units)| (index, side, Intent::Increase, amount(units)));
    assert_eq!(sizes(&plan), expected);
    let lost: Vec<_> = plan
        .residuals
        .iter()
        .map(|rest| (rest.quantity, rest.reason))
        .collect();
    assert_eq!(
        lost,
        [
            (amount("150"), ResidualReason::NoCash),
            (amount("50"), ResidualReason::NoCash)
        ]
    );
}

/// One asset of a random portfolio.
#[derive(Debug, Clone, Copy)]
struct Row {
    kind: u8,
    lot: i128,
    price: i128,
    previous: i128,
    allowed: i128,
    filled: u8,
}

fn row() -> impl Strategy<Value = Row> {
    let exposure = || -1_000_000_000_000_i128..1_000_000_000_000;
    (
        0..5_u8,
        1_i128..2_000_000_000,
        1_000_000_i128..100_000_000_000,
        exposure(),
        exposure(),
        0..=4_u8,
    )
        .prop_map(|(kind, lot, price, previous, allowed, filled)| Row {
            kind,
            lot,
            price,
            previous,
            allowed,
            filled,
        })
}

/// A margin asset, an inverse perpetual, a future, a foreign fx pair or a spot asset.
fn asset(index: usize, row: &Row) -> (AssetSpec, FxRate) {
    let base = AssetSpec {
        lot_size: Quantity::from_units(row.lot),
        tick_size: Price::QUANTUM,
        ..margined(&format!("A{index}"))
    };
    match row.kind {
        0 => (base, FxRate::ONE),
        1 => (
            AssetSpec {
                instrument: Instrument::Perpetual,
                payoff: Payoff::Inverse,
                contract_multiplier: amount("100"),
                initial_margin_rate: amount("0.02"),
                currency: "BTC".parse().expect("a currency"),
                ..base
            },
            FxRate::direct(amount("30000")),
        ),
        2 => (
            AssetSpec {
                instrument: Instrument::Future,
                contract_multiplier: amount("10"),
                initial_margin_rate: amount("0.1"),
                ..base
            },
            FxRate::ONE,
        ),
        3 => (
            AssetSpec {
                instrument: Instrument::Fx,
                initial_margin_rate: amount("0.05"),
                currency: "JPY".parse().expect("a currency"),
                ..base
            },
            FxRate::inverted(amount("150")),
        ),
        _ => (
            AssetSpec {
                instrument: Instrument::Spot,
                initial_margin_rate: Ratio::ONE,
                maintenance_margin_rate: Ratio::ONE,
                ..base
            },
            FxRate::ONE,
        ),
    }
}

/// Exposure of a position as money of the base currency, rounded as given.
fn value(step: &Move<'_>, quantity: Quantity, rounding: Rounding) -> Money {
    let local = step
        .spec
        .notional(quantity, step.reference_price, rounding)
        .expect("fits");
    let base = step.rate.to_base(local, rounding).expect("fits");
    fraction_of(base, step.spec.leverage_factor, rounding).expect("fits")
}

fn signed(order: &PlannedOrder, quantity: Quantity) -> Quantity {
    match order.side {
        Side::Buy => quantity,
        Side::Sell => quantity.checked_neg().expect("fits"),
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    /// I10. Reductions never open or flip. Then, wave after wave, where each order is filled in
    /// whole, in part or not at all: net never passes the larger of its limit and what it was, no
    /// asset passes what is allowed (LEAN pull request 5727), nothing is asked for twice, and the
    /// capital that all orders together tie up at their worst prices was there.
    #[test]
    fn i10_every_prefix_is_safe(
        rows in proptest::collection::vec(row(), 1..7),
        limit in 0_i128..2_000_000_000_000,
        capital in 0_i128..3_000_000_000_000_000,
        collar in 0_i128..20_000_000_000,
    ) {
        let nlv: Money = amount("10000000");
        let bounds = OrderBounds { fee: amount("0.001"), collar: Ratio::from_units(collar), max_order_notional: None };
        let specs: Vec<_> = rows.iter().enumerate().map(|(index, row)| asset(index, row)).collect();
        let mut moves: Vec<_> = specs.iter().zip(&rows).map(|((spec, rate), row)| {
            let shorts = spec.instrument.may_be_short();
            let exposure = |units: i128| Exposure::from_units(if shorts { units } else { units.abs() });
            let previous = exposure(row.previous);
            let price = Price::from_units(row.price);
            let worth = value_of(previous, nlv, Rounding::TowardZero).expect("fits");
            let worth = rate.from_base(worth, Rounding::TowardZero).expect("fits");
            let held = spec.quantity_of(worth, price, Rounding::TowardZero).expect("fits");
            let mut step = Move { spec, held, reference_price: price, rate: *rate, volatility: None, max_order_quantity: None, previous, allowed: exposure(row.allowed) };
            step.previous = exposure_of(value(&step, held, Rounding::AwayFromZero), nlv, Rounding::AwayFromZero).expect("fits");
            step
        }).collect();
        let mut plan = Plan::default();
        plan_reductions(&moves, nlv, bounds, FREED, &mut plan).expect("plans");
        for order in &plan.orders {
            let held = &mut moves[order.index].held;
            prop_assert_eq!(order.intent, Intent::Reduce);
            let quantity = order.quantity.units() * i128::from(rows[order.index].filled) / 4;
            let after = held.checked_add(signed(order, Quantity::from_units(quantity))).expect("fits");
            prop_assert!(after.units().abs() <= held.units().abs(), "a reduction grew");
            prop_assert!(after.is_zero() || after.is_negative() == held.is_negative(), "a reduction flipped");
            *held = after;
        }
        let net = |moves: &[Move<'_>]| moves.iter().map(|step| value(step, step.held, Rounding::AwayFromZero).units()).sum::<i128>();
        let limit = value_of(Exposure::from_units(limit), nlv, Rounding::TowardZero).expect("fits");
        let capital = Money::from_units(capital);
        let started = net(&moves);
        let bound = limit.units().max(started.abs());
        // Values are rounded up: one quantum for each asset and each step of it.
        let slack = i128::try_from(rows.len()).expect("small") * 4;
        let mut increases = Increases::begin(&moves, nlv, capital, bounds).expect("begins");
        let (mut ordered, mut needed) = (Vec::from([Quantity::ZERO; 8]), 0);
        let held_before: Vec<_> = moves.iter().map(|step| step.held).collect();
        let mut waves = 0;
        while !increases.is_done() {
            waves += 1;
            prop_assert!(waves < 5_000, "no end");
            increases.next_wave(Money::from_units(net(&moves)), limit, &mut plan).expect("plans");
            for order in plan.orders.clone() {
                prop_assert_eq!(order.intent, Intent::Increase);
                let step = &mut moves[order.index];
                needed += capital_need(step, &order, bounds).expect("fits").units();
                ordered[order.index] = ordered[order.index].checked_add(order.quantity).expect("fits");
                let quantity = order.quantity.units() * i128::from(rows[order.index].filled) / 4;
                step.held = step.held.checked_add(signed(&order, Quantity::from_units(quantity))).expect("fits");
                let now = net(&moves);
                prop_assert!(now.abs() <= bound + slack, "net {now}, limit {limit}, from {started}");
            }
        }
        prop_assert!(needed <= capital.units().max(0), "{needed} of {capital}");
        for ((step, ordered), before) in moves.iter().zip(&ordered).zip(&held_before) {
            let sent = if step.allowed.is_negative() { ordered.checked_neg() } else { Ok(*ordered) };
            let most = before.checked_add(sent.expect("fits")).expect("fits");
            if !ordered.is_zero() {
                let reached = value(step, most, Rounding::TowardZero).units().abs() * Exposure::SCALE;
                prop_assert!(reached <= step.allowed.units().abs() * nlv.units(), "above what is allowed");
            }
        }
    }

    /// The order in which the assets are listed changes no plan.
    #[test]
    fn permutations_change_nothing(
        rows in proptest::collection::vec(row(), 2..6),
        limit in 0_i128..2_000_000_000_000,
        capital in 0_i128..3_000_000_000_000_000,
        turn in 1_usize..5,
    ) {
        let nlv: Money = amount("10000000");
        let bounds = OrderBounds { fee: amount("0.001"), collar: amount("0.01"), max_order_notional: None };
        let specs: Vec<_> = rows.iter().enumerate().map(|(index, row)| asset(index, row)).collect();
        let moves: Vec<_> = specs.iter().zip(&rows).map(|((spec, rate), row)| {
            let shorts = spec.instrument.may_be_short();
            let exposure = |units: i128| Exposure::from_units(if shorts { units } else { units.abs() });
            Move { spec, held: Quantity::ZERO, reference_price: Price::from_units(row.price), rate: *rate, volatility: None, max_order_quantity: None, previous: Exposure::ZERO, allowed: exposure(row.allowed) }
        }).collect();
        let limit = value_of(Exposure::from_units(limit), nlv, Rounding::TowardZero).expect("fits");
        let told = |moves: &[Move<'_>]| {
            let mut lines = Vec::new();
            let mut plan = Plan::default();
            let mut increases = Increases::begin(moves, nlv, Money::from_units(capital), bounds).expect("begins");
            for _ in 0..6 {
                increases.next_wave(Money::ZERO, limit, &mut plan).expect("plans");
                let name = |index: usize| moves[index].spec.asset_id.to_string();
                lines.extend(plan.orders.iter().map(|order| format!("{} {:?} {} {}", name(order.index), order.side, order.quantity, order.limit_price)));
                let mut left: Vec<_> = plan.residuals.iter().map(|rest| format!("{} {} {}", name(rest.index), rest.quantity, rest.reason)).collect();
                left.sort();
                lines.extend(left);
            }
            lines
        };
        let mut turned = moves.clone();
        turned.rotate_left(turn % rows.len());
        prop_assert_eq!(told(&moves), told(&turned));
        turned.reverse();
        prop_assert_eq!(told(&moves), told(&turned));
    }
}
