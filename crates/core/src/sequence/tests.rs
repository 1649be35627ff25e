use alloc::format;
use alloc::string::ToString;

use proptest::prelude::*;

use super::*;
use crate::fixed::notional;
use crate::{Instrument, Rounding};

mod edges;
mod waves;

/// What a mandate's reductions leave by.
const FREED: ReductionSequence = ReductionSequence::FreedCapital;

fn amount<T: core::str::FromStr<Err = CoreError>>(text: &str) -> T {
    text.parse().expect("a decimal")
}

fn spec(name: &str, lot: &str, tick: &str, min_notional: &str) -> AssetSpec {
    AssetSpec {
        asset_id: name.parse().expect("an id"),
        class: "equity".parse().expect("a class"),
        instrument: Instrument::Spot,
        currency: "USD".parse().expect("a currency"),
        lot_size: amount(lot),
        tick_size: amount(tick),
        min_notional: amount(min_notional),
        contract_multiplier: Ratio::ONE,
        leverage_factor: Ratio::ONE,
        initial_margin_rate: Ratio::ONE,
        maintenance_margin_rate: Ratio::ONE,
        expiry: None,
        payoff: crate::Payoff::Linear,
        active: true,
    }
}

fn step<'a>(
    spec: &'a AssetSpec,
    held: &str,
    price: &str,
    previous: &str,
    allowed: &str,
) -> Move<'a> {
    Move {
        spec,
        held: amount(held),
        reference_price: amount(price),
        rate: FxRate::ONE,
        volatility: None,
        max_order_quantity: None,
        previous: amount(previous),
        allowed: amount(allowed),
    }
}

/// All increases under no net limit.
fn plan_increases(
    moves: &[Move<'_>],
    nlv: Money,
    capital: Money,
    bounds: OrderBounds,
    plan: &mut Plan,
) -> Result<(), CoreError> {
    let mut increases = Increases::begin(moves, nlv, capital, bounds)?;
    increases.next_wave(Money::ZERO, Money::from_units(i128::MAX), plan)?;
    assert!(increases.is_done());
    Ok(())
}

fn worst_cost(moves: &[Move<'_>], orders: &[PlannedOrder], fee: Ratio) -> Money {
    orders.iter().fold(Money::ZERO, |total, order| {
        let value = notional(order.quantity, order.limit_price, Rounding::AwayFromZero);
        let value = value.expect("fits");
        let fee = crate::fixed::fraction_of(value, fee, Rounding::AwayFromZero).expect("fits");
        assert_eq!(moves[order.index].spec.instrument, Instrument::Spot);
        let total = total.checked_add(value).expect("fits");
        total.checked_add(fee).expect("fits")
    })
}

fn costs(fee: &str, collar: &str) -> OrderBounds {
    OrderBounds {
        fee: amount(fee),
        collar: amount(collar),
        max_order_notional: None,
    }
}

/// The sides and reasons of docs/lineage-format.md.
#[test]
fn sides_and_reasons_keep_their_texts() {
    let sides: Vec<_> = Side::ALL.iter().map(|side| side.as_str()).collect();
    assert_eq!(sides, ["buy", "sell"]);
    for (reason, text) in [
        (ResidualReason::BelowLot, "below_lot"),
        (ResidualReason::BelowMinNotional, "below_min_notional"),
        (ResidualReason::NoCash, "no_cash"),
        (ResidualReason::NoPrice, "no_price"),
        (
            ResidualReason::AboveMaxOrderNotional,
            "above_max_order_notional",
        ),
        (
            ResidualReason::AboveMaxOrderQuantity,
            "above_max_order_quantity",
        ),
        (ResidualReason::TooManySlices, "too_many_slices"),
        (ResidualReason::NoSafePrefix, "no_safe_prefix"),
        (ResidualReason::FlipNotClosed, "flip_not_closed"),
    ] {
        assert_eq!((reason.as_str(), reason.to_string()), (text, text.into()));
    }
}

/// At most 250 an order at 10 a unit: 60 units leave as 25, 25 and 10; an increase of 60 does not.
#[test]
fn a_large_reduction_is_sliced_and_a_large_increase_is_left() {
    let spec = spec("A", "1", "0.01", "0");
    let bounds = OrderBounds {
        max_order_notional: Some(amount("250")),
        ..costs("0", "0")
    };
    let mut plan = Plan::default();
    let moves = [step(&spec, "60", "10", "0.06", "0")];
    plan_reductions(&moves, amount("10000"), bounds, FREED, &mut plan).expect("plans");
    let slices: Vec<_> = plan
        .orders
        .iter()
        .map(|order| order.quantity.to_string())
        .collect();
    assert_eq!(slices, ["25", "25", "10"]);
    assert_eq!(plan.residuals, []);

    let moves = [step(&spec, "0", "10", "0", "0.06")];
    plan_increases(&moves, amount("10000"), amount("10000"), bounds, &mut plan).expect("plans");
    assert_eq!(plan.orders, []);
    let reason = ResidualReason::AboveMaxOrderNotional;
    assert_eq!(
        plan.residuals,
        [Residual {
            index: 0,
            side: Side::Buy,
            quantity: amount("60"),
            reason
        }]
    );
}

/// NLV 10,000: 5 % is 500, at 7 a unit 71.428…: 71 whole lots. The collar of 1 % is 7.07.
#[test]
fn a_buy_is_cut_to_whole_lots_below_its_limit() {
    let spec = spec("A", "1", "0.05", "0");
    let mut plan = Plan::default();
    let moves = [step(&spec, "0", "7", "0", "0.05")];
    plan_increases(
        &moves,
        amount("10000"),
        amount("10000"),
        costs("0", "0.01"),
        &mut plan,
    )
    .expect("plans");
    assert_eq!(
        plan.orders,
        [PlannedOrder {
            index: 0,
            side: Side::Buy,
            intent: Intent::Increase,
            quantity: amount("71"),
            limit_price: amount("7.05")
        }]
    );
    assert_eq!(plan.residuals, []);
}

/// A sale's collar price is rounded up to the tick: 7 − 0.07 = 6.93, on a 0.05 tick 6.95.
/// Closing sells everything that is held.
#[test]
fn a_close_sells_all_at_or_above_its_limit() {
    let spec = spec("A", "1", "0.05", "0");
    let mut plan = Plan::default();
    let moves = [step(&spec, "71", "7", "0.0497", "0")];
    plan_reductions(
        &moves,
        amount("10000"),
        costs("0", "0.01"),
        FREED,
        &mut plan,
    )
    .expect("plans");
    assert_eq!(
        plan.orders,
        [PlannedOrder {
            index: 0,
            side: Side::Sell,
            intent: Intent::Reduce,
            quantity: amount("71"),
            limit_price: amount("6.95")
        }]
    );
}

/// Half a unit that no lot takes away is named, since nothing may stay. A part that is given up leaves its
/// fraction without a word.
#[test]
fn what_a_close_can_not_take_away_is_named() {
    let spec = spec("A", "1", "0.05", "0");
    let left = |held, allowed| {
        let mut plan = Plan::default();
        let moves = [step(&spec, held, "7", "0.05005", allowed)];
        let bounds = costs("0", "0.01");
        plan_reductions(&moves, amount("10000"), bounds, FREED, &mut plan).expect("plans");
        let left = plan.residuals.iter();
        let left = left.map(|rest| (rest.quantity.to_string(), rest.reason));
        left.collect::<Vec<_>>()
    };
    let half = ("0.5".to_string(), ResidualReason::BelowLot);
    assert_eq!(left("71.5", "0"), [half]);
    assert_eq!(left("71", "0"), []);
    assert_eq!(left("71.5", "0.02"), []);
}

/// Whole lots give up 42 of the 42.4 units that were decided; a close gives up all, and one beside it that
/// can't be ordered does not.
#[test]
fn a_plan_is_exact_if_it_gives_up_all_that_was_decided() {
    let whole = spec("A", "1", "0.05", "0");
    let dear = spec("B", "1", "0.05", "1000");
    let part = step(&whole, "71", "7", "0.0497", "0.02");
    let close = step(&whole, "71", "7", "0.0497", "0");
    let small = step(&dear, "71", "7", "0.0497", "0.02");
    let is_exact = |moves: &[Move<'_>]| {
        let mut plan = Plan::default();
        let bounds = costs("0", "0.01");
        plan_reductions(moves, amount("10000"), bounds, FREED, &mut plan).expect("plans");
        plan.is_exact
    };
    assert!(is_exact(&[]) && is_exact(&[close]));
    assert!(!is_exact(&[part]) && !is_exact(&[close, part]) && !is_exact(&[part, close]));
    assert!(!is_exact(&[small]) && !is_exact(&[close, small]));
}

#[test]
fn what_can_not_be_ordered_is_a_residual_with_its_reason() {
    let coarse = spec("A", "100", "0.01", "0");
    let dear = spec("B", "1", "0.01", "1000");
    let no_price = spec("C", "1", "50", "0");
    let moves = [
        step(&coarse, "0", "7", "0", "0.05"),
        step(&dear, "0", "7", "0", "0.05"),
        step(&no_price, "0", "7", "0", "0.05"),
    ];
    let mut plan = Plan::default();
    plan_increases(
        &moves,
        amount("10000"),
        amount("10000"),
        costs("0", "0"),
        &mut plan,
    )
    .expect("plans");
    assert!(plan.orders.is_empty());
    let reasons: Vec<_> = plan
        .residuals
        .iter()
        .map(|rest| (rest.index, rest.reason))
        .collect();
    assert_eq!(
        reasons,
        [
            (0, ResidualReason::BelowLot),
            (1, ResidualReason::BelowMinNotional),
            (2, ResidualReason::NoPrice)
        ]
    );
    assert_eq!(plan.residuals[0].quantity, amount("71.428571428"));
}

#[test]
fn reductions_leave_by_freed_capital_then_risk_then_asset() {
    let specs = ["D", "C", "B", "A"].map(|name| spec(name, "1", "0.01", "0"));
    let mut moves = specs
        .each_ref()
        .map(|spec| step(spec, "100", "10", "0.1", "0"));
    moves[0].held = amount("200");
    moves[2].volatility = Some(amount("0.5"));
    let mut plan = Plan::default();
    plan_reductions(&moves, amount("10000"), costs("0", "0"), FREED, &mut plan).expect("plans");
    let order: Vec<_> = plan
        .orders
        .iter()
        .map(|order| moves[order.index].spec.asset_id.to_string())
        .collect();
    assert_eq!(order, ["D", "B", "A", "C"]);
}

/// To cash: contracts and tokens first, then what is borrowed for, then spot; the riskier first, one
/// of unknown volatility before all of its turn, and of equal ones the first by asset. The order of
/// the moves changes nothing.
#[test]
fn an_unwind_leaves_by_instrument_then_risk_then_asset() {
    use Instrument::{Future, Fx, LeveragedToken, Margin, Perpetual, Spot};

    let of = |name: &str, instrument| AssetSpec {
        instrument,
        ..spec(name, "1", "0.01", "0")
    };
    let rows = [
        ("SPOT-CALM", Spot, "0.4", Some("0.1")),
        ("SPOT-WILD", Spot, "0.1", Some("0.5")),
        ("EURUSD", Fx, "-0.3", Some("0.1")),
        ("SHORT", Margin, "-0.2", Some("0.15")),
        ("TOKEN", LeveragedToken, "0.1", Some("0.9")),
        ("GOLD", Future, "0.3", Some("0.1")),
        ("PERP", Perpetual, "-0.1", None),
        ("ALSO-SPOT", Spot, "0.5", Some("0.1")),
    ];
    let specs = rows.map(|(name, instrument, ..)| of(name, instrument));
    let mut moves: Vec<_> = specs
        .iter()
        .zip(&rows)
        .map(|(spec, (.., previous, volatility))| Move {
            volatility: volatility.map(amount),
            held: if previous.starts_with('-') {
                amount("-7")
            } else {
                amount("7")
            },
            ..step(spec, "0", "10", previous, "0")
        })
        .collect();
    let expected = [
        "PERP",
        "TOKEN",
        "GOLD",
        "EURUSD",
        "SHORT",
        "ALSO-SPOT",
        "SPOT-WILD",
        "SPOT-CALM",
    ];
    for _ in 0..moves.len() {
        moves.rotate_left(1);
        let mut plan = Plan::default();
        let (nlv, unwind) = (amount("10000"), ReductionSequence::Unwind);
        plan_reductions(&moves, nlv, costs("0", "0"), unwind, &mut plan).expect("plans");
        let order = plan
            .orders
            .iter()
            .map(|order| moves[order.index].spec.asset_id.as_str());
        assert_eq!(order.collect::<Vec<_>>(), expected);
    }
}

/// At most 25 units an order: 60 leave as 25, 25 and 10, an increase of 60 does not leave, and where
/// the largest value is tighter it holds.
#[test]
fn no_order_has_more_units_than_its_largest_quantity() {
    let spec = spec("A", "1", "0.01", "0");
    let bounded = |step| Move {
        max_order_quantity: Some(amount("25.5")),
        ..step
    };
    let mut plan = Plan::default();
    let moves = [bounded(step(&spec, "60", "10", "0.06", "0"))];
    for (most, expected) in [(None, "25 25 10"), (Some(amount("200")), "20 20 20")] {
        let bounds = OrderBounds {
            max_order_notional: most,
            ..costs("0", "0")
        };
        plan_reductions(&moves, amount("10000"), bounds, FREED, &mut plan).expect("plans");
        let sizes = plan.orders.iter().map(|order| order.quantity.to_string());
        assert_eq!(sizes.collect::<Vec<_>>().join(" "), expected);
        assert_eq!(plan.residuals, []);
    }
    let moves = [bounded(step(&spec, "0", "10", "0", "0.06"))];
    let (nlv, bounds) = (amount("10000"), costs("0", "0"));
    plan_increases(&moves, nlv, amount("10000"), bounds, &mut plan).expect("plans");
    assert_eq!(plan.orders, []);
    assert_eq!(plan.residuals.len(), 1);
    assert_eq!(
        plan.residuals[0].reason,
        ResidualReason::AboveMaxOrderQuantity
    );
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    /// The buys never cost more than the cash at their worst prices and fees, use it up to one
    /// lot each, keep their proportions, and do not depend on the order of the moves.
    #[test]
    fn buys_fit_the_cash_by_one_factor(
        rows in proptest::collection::vec((1_i128..500_000_000_000, 1_000_i128..100_000_000_000), 1..8),
        cash in 0_i128..2_000_000_000_000_000,
        fee in 0_i128..20_000_000_000,
        collar in 0_i128..50_000_000_000,
    ) {
        let specs: Vec<_> = (0..rows.len()).map(|index| spec(&format!("A{index}"), "0.000000001", "0.00000001", "0")).collect();
        let moves: Vec<_> = specs.iter().zip(&rows).map(|(spec, &(allowed, price))| Move {
            spec,
            held: Quantity::ZERO,
            reference_price: Price::from_units(price),
            rate: FxRate::ONE,
            volatility: None,
            max_order_quantity: None,
            previous: Exposure::ZERO,
            allowed: Exposure::from_units(allowed),
        }).collect();
        let nlv = amount("10000000");
        let cash = Money::from_units(cash);
        let costs = OrderBounds { fee: Ratio::from_units(fee), collar: Ratio::from_units(collar), max_order_notional: None };
        let mut full = Plan::default();
        plan_increases(&moves, nlv, Money::from_units(i128::from(i64::MAX)), costs, &mut full).expect("plans");
        let mut plan = Plan::default();
        plan_increases(&moves, nlv, cash, costs, &mut plan).expect("plans");

        let cost = worst_cost(&moves, &plan.orders, costs.fee);
        prop_assert!(cost <= cash.max(Money::ZERO));
        let wanted = worst_cost(&moves, &full.orders, costs.fee);
        if wanted > cash {
            // At most one quantum of quantity and a few quanta of money are lost per order.
            let dearest = rows.iter().map(|row| row.1).max().unwrap_or(0);
            let slack = i128::try_from(rows.len()).expect("small") * (dearest / 100_000_000 + 10);
            prop_assert!(cash.units() - cost.units() <= slack, "left {}", cash.units() - cost.units());
        } else {
            prop_assert_eq!(&plan.orders, &full.orders);
        }
        let mut reversed = moves.clone();
        reversed.reverse();
        let mut other = Plan::default();
        plan_increases(&reversed, nlv, cash, costs, &mut other).expect("plans");
        let name = |moves: &[Move<'_>], order: &PlannedOrder| (moves[order.index].spec.asset_id.clone(), order.quantity, order.limit_price);
        let left: Vec<_> = plan.orders.iter().map(|order| name(&moves, order)).collect();
        let right: Vec<_> = other.orders.iter().map(|order| name(&reversed, order)).collect();
        prop_assert_eq!(left, right);
    }

    /// A trade never goes past what the decision allows.
    #[test]
    fn no_order_overshoots(held in 0_i128..1_000_000_000_000, price in 1_000_i128..100_000_000_000, allowed in 0_i128..1_000_000_000_000, lot in 1_i128..5_000_000_000) {
        let mut spec = spec("A", "1", "0.00000001", "0");
        spec.lot_size = Quantity::from_units(lot);
        let nlv = amount("1000000");
        let price = Price::from_units(price);
        let value = notional(Quantity::from_units(held), price, Rounding::AwayFromZero).expect("fits");
        let previous = crate::fixed::exposure_of(value, nlv, Rounding::AwayFromZero).expect("fits");
        let step = Move { spec: &spec, held: Quantity::from_units(held), reference_price: price, rate: FxRate::ONE, volatility: None, max_order_quantity: None, previous, allowed: Exposure::from_units(allowed) };
        let mut plan = Plan::default();
        let costs = costs("0", "0");
        plan_reductions(&[step], nlv, costs, FREED, &mut plan).expect("plans");
        let sold: i128 = plan.orders.iter().map(|order| order.quantity.units()).sum();
        plan_increases(&[step], nlv, Money::from_units(i128::from(i64::MAX)), costs, &mut plan).expect("plans");
        let bought: i128 = plan.orders.iter().map(|order| order.quantity.units()).sum();
        prop_assert!(sold == 0 || bought == 0);
        prop_assert!(sold % lot == 0 && bought % lot == 0);
        // units × price × 1000 compares with exposure × NLV in exact integers.
        let worth = |units: i128| units * price.units() * 1000;
        let wanted = allowed * nlv.units();
        if sold > 0 { prop_assert!(worth(held - sold) >= wanted && worth(held - sold - lot) < wanted); }
        if bought > 0 { prop_assert!(worth(held + bought) <= wanted && worth(held + bought + lot) > wanted); }
    }
}
