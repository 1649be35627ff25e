//! Orders at the edges of what they are held to: exactly the largest order, exactly the smallest one,
//! exposures that stay, and sizes of every payoff by hand.

use super::*;
use crate::Payoff;

fn units(plan: &Plan) -> Vec<Quantity> {
    plan.orders.iter().map(|order| order.quantity).collect()
}

fn left(plan: &Plan) -> Vec<(Quantity, ResidualReason)> {
    let left = plan.residuals.iter();
    left.map(|rest| (rest.quantity, rest.reason)).collect()
}

fn amounts<T: core::str::FromStr<Err = CoreError>>(texts: &[&str]) -> Vec<T> {
    texts.iter().map(|text| amount(text)).collect()
}

/// NLV 10,000 at 10 a unit, so that 10 units are 0.01. What is held does not always agree with what
/// it was marked at; the exposures alone say whether a move gives up or adds.
#[test]
fn a_move_goes_one_way_or_stays() {
    let spec = AssetSpec {
        instrument: Instrument::Margin,
        ..spec("A", "1", "0.01", "0")
    };
    let nlv = amount("10000");
    let mut plan = Plan::default();
    for (held, previous, allowed, given_up, added) in [
        ("60", "0.05", "0.05", None, None),
        ("40", "0.05", "0.05", None, None),
        ("70", "0.05", "0.06", None, None),
        ("40", "0.06", "0.05", None, None),
        ("-5", "0", "0.01", None, None),
        ("50", "0.05", "0.08", None, Some((Side::Buy, "30"))),
        ("-50", "-0.05", "-0.08", None, Some((Side::Sell, "30"))),
        ("50", "0.05", "0.03", Some((Side::Sell, "20")), None),
        ("-50", "-0.05", "-0.03", Some((Side::Buy, "20")), None),
    ] {
        let moves = [step(&spec, held, "10", previous, allowed)];
        let only = |plan: &Plan| {
            let orders = plan.orders.iter();
            let orders = orders.map(|order| (order.side, order.quantity));
            orders.collect::<Vec<_>>()
        };
        let expect = |order: Option<(Side, &str)>| {
            let order = order.map(|(side, units)| (side, amount(units)));
            order.into_iter().collect::<Vec<_>>()
        };
        plan_reductions(&moves, nlv, costs("0", "0"), FREED, &mut plan).expect("plans");
        assert_eq!(only(&plan), expect(given_up), "{held} {previous} {allowed}");
        plan_increases(&moves, nlv, nlv, costs("0", "0"), &mut plan).expect("plans");
        assert_eq!(only(&plan), expect(added), "{held} {previous} {allowed}");
    }
}

/// Slices of at most 25 units at 10 a unit where an order has to be worth 150: of 60 units the last
/// 10 are worth 100, and stay, unless nothing may stay.
#[test]
fn the_last_slice_of_a_part_is_worth_the_minimum() {
    let spec = spec("A", "1", "0.01", "150");
    let bounds = OrderBounds {
        max_order_notional: Some(amount("250")),
        ..costs("0", "0")
    };
    let small = (amount("10"), ResidualReason::BelowMinNotional);
    let (two, three) = (["25", "25"], ["25", "25", "10"]);
    let rows: [(_, _, &[&str], &[_]); 2] =
        [("100", "0.04", &two, &[small]), ("60", "0", &three, &[])];
    for (held, allowed, sizes, rest) in rows {
        let mut plan = Plan::default();
        let moves = [step(&spec, held, "10", "0.1", allowed)];
        plan_reductions(&moves, amount("10000"), bounds, FREED, &mut plan).expect("plans");
        assert_eq!(units(&plan), amounts(sizes));
        assert_eq!(left(&plan), rest);
    }
}

/// 25 units at 10 are 250: exactly the largest order, by units or by value, is still one.
#[test]
fn the_largest_order_may_be_ordered() {
    let spec = spec("A", "1", "0.01", "0");
    let nlv = amount("10000");
    let by_units = Move {
        max_order_quantity: Some(amount("25")),
        ..step(&spec, "0", "10", "0", "0.025")
    };
    let by_value = OrderBounds {
        max_order_notional: Some(amount("250")),
        ..costs("0", "0")
    };
    let mut plan = Plan::default();
    for (step, bounds) in [
        (by_units, costs("0", "0")),
        (step(&spec, "0", "10", "0", "0.025"), by_value),
    ] {
        plan_increases(&[step], nlv, nlv, bounds, &mut plan).expect("plans");
        assert_eq!((units(&plan), left(&plan)), (amounts(&["25"]), [].into()));
        let more = [Move {
            allowed: amount("0.026"),
            ..step
        }];
        plan_increases(&more, nlv, nlv, bounds, &mut plan).expect("plans");
        assert_eq!((units(&plan), plan.residuals.len()), ([].into(), 1));
    }
}

/// 50 units at 10 are wanted. Capital of 200 is 20 units, which is exactly the smallest order; a
/// quantum less makes 19, and those are not traded. No capital makes no order of no units.
#[test]
fn what_capital_makes_too_small_is_left() {
    let nlv = amount("10000");
    for (minimum, capital, sizes, rest) in [
        ("200", "200", ["20"].as_slice(), "30"),
        ("200", "199.99999999", &[], "50"),
        ("0", "0", &[], "50"),
    ] {
        let spec = spec("A", "1", "0.01", minimum);
        let moves = [step(&spec, "0", "10", "0", "0.05")];
        let mut plan = Plan::default();
        plan_increases(&moves, nlv, amount(capital), costs("0", "0"), &mut plan).expect("plans");
        assert_eq!(units(&plan), amounts(sizes), "{capital}");
        assert_eq!(left(&plan), [(amount(rest), ResidualReason::NoCash)]);
    }
}

/// Ten units at 7.4 with half of it as margin, on a tick of 1: a buy at 7 is cheaper by 4 where it is
/// paid in full; a sale at 8 brings 6 more, which nobody counts on. A buy at 8 costs 6 more, a sale
/// at 7 brings 4 less. The fee is 10 % of what is traded.
#[test]
fn only_what_is_paid_in_full_is_cheaper_below_its_reference() {
    let of = |instrument, margin| AssetSpec {
        instrument,
        initial_margin_rate: amount(margin),
        ..spec("A", "1", "1", "0")
    };
    let spot = of(Instrument::Spot, "1");
    let margin = of(Instrument::Margin, "0.5");
    for (spec, side, limit, expected) in [
        (&spot, Side::Buy, "7", "77"),
        (&spot, Side::Buy, "8", "88"),
        (&spot, Side::Sell, "8", "82"),
        (&margin, Side::Buy, "7", "44"),
        (&margin, Side::Buy, "8", "51"),
        (&margin, Side::Sell, "8", "45"),
        (&margin, Side::Sell, "7", "48"),
    ] {
        let order = PlannedOrder {
            index: 0,
            side,
            intent: Intent::Increase,
            quantity: amount("10"),
            limit_price: amount(limit),
        };
        let step = step(spec, "0", "7.4", "0", "0.01");
        let need = capital_need(&step, &order, costs("0.1", "0"));
        assert_eq!(need, Ok(amount(expected)), "{side:?} at {limit}");
    }
}

/// 0.12 of 10,000 is 1200. In contracts of 10 at 4: 30. In a token of factor 3 at 4: 100. At 1.25 a
/// euro and 4 euros: 240. In inverse contracts of 100 dollars, whatever the price of the coin: 12;
/// if the coin is quoted in euros of 1.25: at 100 euros a contract, 9.6.
#[test]
fn an_exposure_is_units_of_every_payoff() {
    let of = |payoff, multiplier, factor| AssetSpec {
        payoff,
        contract_multiplier: amount(multiplier),
        leverage_factor: amount(factor),
        ..spec("A", "0.1", "0.01", "0")
    };
    let (linear, inverse) = (Payoff::Linear, Payoff::Inverse);
    let direct = |price| FxRate::direct(amount(price));
    for (payoff, multiplier, factor, price, rate, expected) in [
        (linear, "1", "1", "4", FxRate::ONE, "300"),
        (linear, "10", "1", "4", FxRate::ONE, "30"),
        (linear, "1", "3", "4", FxRate::ONE, "100"),
        (linear, "1", "1", "4", direct("1.25"), "240"),
        (
            linear,
            "1",
            "1",
            "4",
            FxRate::inverted(amount("0.8")),
            "240",
        ),
        (inverse, "100", "1", "30000", direct("30000"), "12"),
        (inverse, "100", "1", "24000", direct("30000"), "9.6"),
    ] {
        let spec = of(payoff, multiplier, factor);
        let step = Move {
            rate,
            ..step(&spec, "0", price, "0", "0.12")
        };
        let found = step
            .terms()
            .units_at(step.allowed, amount("10000"), Rounding::TowardZero);
        assert_eq!(
            found,
            Ok(amount(expected)),
            "{payoff} {multiplier} {factor}"
        );
    }
}

/// 10^30 at 10^26 a unit is 10,000 units: what comes out fits, however large what goes in.
#[test]
fn the_largest_portfolio_has_units() {
    let spec = spec("A", "1", "0.01", "0");
    let dear = Move {
        reference_price: Price::from_units(10_i128.pow(34)),
        ..step(&spec, "0", "1", "0", "1")
    };
    let nlv = Money::from_units(10_i128.pow(38));
    let found = dear
        .terms()
        .units_at(dear.allowed, nlv, Rounding::TowardZero);
    assert_eq!(found, Ok(amount("10000")));
}

/// A net limit of 1000 at 10 a unit. A leaves whole with 500, then B leaves what fits of its lots of
/// 40, which is 400. C waits, although 100 are left, and so does all of the other side.
#[test]
fn a_wave_ends_with_the_order_that_fits_in_part() {
    let of = |name, lot| AssetSpec {
        instrument: Instrument::Margin,
        ..spec(name, lot, "0.01", "0")
    };
    let specs = [of("A", "1"), of("B", "40"), of("C", "1"), of("D", "1")];
    let allowed = ["0.05", "0.08", "0.05", "-0.05"];
    let moves = specs.iter().zip(allowed);
    let moves: Vec<_> = moves
        .map(|(spec, allowed)| step(spec, "0", "10", "0", allowed))
        .collect();
    let nlv = amount("10000");
    let mut increases = Increases::begin(&moves, nlv, nlv, costs("0", "0")).expect("begins");
    let mut plan = Plan::default();
    let mut next = |net| {
        let limit = amount("1000");
        increases.next_wave(net, limit, &mut plan).expect("plans");
        let orders = plan.orders.iter();
        let orders = orders.map(|order| (order.index, order.quantity));
        orders.collect::<Vec<_>>()
    };
    assert_eq!(next(Money::ZERO), [(0, amount("50")), (1, amount("40"))]);
    assert_eq!(next(amount("900")), [(3, amount("50"))]);
    let last = [(1, amount("40")), (2, amount("20"))];
    assert_eq!(next(amount("400")), last);
}

/// Room for 20 units at 10, where an order has to be worth 200 or a quantum more. So has what stays
/// of it, for the next wave.
#[test]
fn a_part_of_an_order_is_worth_the_minimum_and_so_is_its_rest() {
    for (minimum, allowed, sizes) in [
        ("200", "0.04", ["20"].as_slice()),
        ("200.00000001", "0.05", &[]),
        ("200", "0.039", &[]),
    ] {
        let spec = spec("A", "1", "0.01", minimum);
        let moves = [step(&spec, "0", "10", "0", allowed)];
        let nlv = amount("10000");
        let mut increases = Increases::begin(&moves, nlv, nlv, costs("0", "0")).expect("begins");
        let mut plan = Plan::default();
        increases
            .next_wave(Money::ZERO, amount("200"), &mut plan)
            .expect("plans");
        assert_eq!(units(&plan), amounts(sizes), "{minimum} {allowed}");
    }
}
