//! The worked examples of docs/decision.md: small enough to check by hand, one group per step.

#![expect(
    clippy::unwrap_used,
    reason = "an example that cannot be read fails its test"
)]

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
    active: bool,
    block: Block,
    shock: Option<(&'static str, Block)>,
    score: Option<&'static str>,
    ramp_remaining: u32,
    class: &'static str,
    currency: &'static str,
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
        active: true,
        block: Block::None,
        shock: None,
        score: None,
        ramp_remaining: 1,
        class: "equity",
        currency: "USD",
    }
}

/// The limits of the portfolio.
struct Rules {
    gross: &'static str,
    net: &'static str,
    cash_headroom: &'static str,
    dead_band: &'static str,
    block: Block,
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
        max_leverage: Ratio::ONE,
        block: row.block,
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
        instrument: Instrument::Spot,
        currency: row.currency.parse().unwrap(),
        lot_size: Quantity::QUANTUM,
        tick_size: Price::QUANTUM,
        min_notional: Money::ZERO,
        contract_multiplier: Ratio::ONE,
        leverage_factor: Ratio::ONE,
        initial_margin_rate: Ratio::ONE,
        maintenance_margin_rate: Ratio::ONE,
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
        shock_score: row.score.map(|score| score.parse().unwrap()),
        ramp_remaining: row.ramp_remaining,
    };
    let states: Vec<AssetState> = rows.iter().map(state).collect();
    let portfolio = PortfolioState {
        cash_headroom: exposure(rules.cash_headroom),
        block: rules.block,
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

/// 0.1 + (0.5 − 0.1) / 4 = 0.2.
#[test]
fn step_0_a_ramp_goes_an_equal_share_of_the_way() {
    let ramped = Row {
        ramp_remaining: 4,
        ..row("A", "0.1", "0.5")
    };
    check(&WIDE, &[ramped], &[("0.2", &["ramp 0.5 -> 0.2"])]);
}

/// A third of 0.1, up and down, is rounded toward staying.
#[test]
fn step_0_a_ramp_rounds_toward_staying() {
    let up = Row {
        ramp_remaining: 3,
        ..row("UP", "0", "0.1")
    };
    let down = Row {
        ramp_remaining: 3,
        ..row("DOWN", "0.1", "0")
    };
    check(
        &WIDE,
        &[up, down],
        &[
            ("0.033333333333", &["ramp 0.1 -> 0.033333333333"]),
            ("0.066666666667", &["ramp 0 -> 0.066666666667"]),
        ],
    );
}

/// Half way is 0.3, but the bound is 0.25 and the block is zero: a ramp slows neither.
#[test]
fn step_0_a_ramp_never_slows_a_bound_or_a_flatten() {
    let bounded = Row {
        ramp_remaining: 2,
        min: "0",
        max: "0.25",
        ..row("A", "0.4", "0.2")
    };
    let flat = Row {
        ramp_remaining: 2,
        block: Block::Flatten,
        ..row("B", "0.4", "0.2")
    };
    check(
        &WIDE,
        &[bounded, flat],
        &[
            ("0.25", &["ramp 0.2 -> 0.3", "max_exposure 0.3 -> 0.25"]),
            ("0", &["ramp 0.2 -> 0.3", "block:flatten 0.3 -> 0"]),
        ],
    );
}

#[test]
fn step_1_targets_are_clamped_into_the_bounds() {
    let high = Row {
        min: "0",
        max: "0.3",
        ..row("HIGH", "0.1", "0.5")
    };
    let low = Row {
        min: "-0.1",
        ..row("LOW", "0.1", "-0.2")
    };
    let at = Row {
        min: "0",
        max: "0.3",
        ..row("AT", "0.1", "0.3")
    };
    check(
        &WIDE,
        &[high, low, at],
        &[
            ("0.3", &["max_exposure 0.5 -> 0.3"]),
            ("-0.1", &["min_exposure -0.2 -> -0.1"]),
            ("0.3", &[]),
        ],
    );
}

/// `reduce_only` stays between zero and what is held: it never adds and never flips.
#[test]
fn step_1_reduce_only_stays_between_zero_and_previous() {
    let blocked = |id, target| Row {
        block: Block::ReduceOnly,
        ..row(id, "0.2", target)
    };
    let short = Row {
        block: Block::ReduceOnly,
        ..row("SHORT", "-0.2", "-0.3")
    };
    check(
        &WIDE,
        &[
            blocked("UP", "0.3"),
            blocked("DOWN", "0.1"),
            blocked("FLIP", "-0.1"),
            short,
        ],
        &[
            ("0.2", &["block:reduce_only 0.3 -> 0.2"]),
            ("0.1", &[]),
            ("0", &["block:reduce_only -0.1 -> 0"]),
            ("-0.2", &["block:reduce_only -0.3 -> -0.2"]),
        ],
    );
}

/// The asset's score 3 is above its threshold 2; a score of 2 is not. Without a score the rule
/// cannot be checked: no increase, but a reduction may pass.
#[test]
fn step_1_a_shock_blocks_and_a_missing_score_stops_increases() {
    let scored = |id, score| Row {
        shock: Some(("2", Block::Flatten)),
        score,
        ..row(id, "0.2", "0.3")
    };
    check(
        &WIDE,
        &[
            scored("OVER", Some("3")),
            scored("AT", Some("2")),
            scored("NONE", None),
        ],
        &[
            ("0", &["shock:flatten 0.3 -> 0"]),
            ("0.3", &[]),
            ("0.2", &["shock:reduce_only 0.3 -> 0.2"]),
        ],
    );
}

/// The stronger block is named; of two equal ones the asset's own row.
#[test]
fn step_1_the_strongest_block_wins() {
    let rules = Rules {
        block: Block::ReduceOnly,
        ..WIDE
    };
    let flat = Row {
        block: Block::Flatten,
        ..row("FLAT", "0.2", "0.3")
    };
    let own = Row {
        block: Block::ReduceOnly,
        ..row("OWN", "0.2", "0.3")
    };
    check(
        &rules,
        &[flat, own, row("FREE", "0.2", "0.3")],
        &[
            ("0", &["block:flatten 0.3 -> 0"]),
            ("0.2", &["block:reduce_only 0.3 -> 0.2"]),
            ("0.2", &["portfolio_shock:reduce_only 0.3 -> 0.2"]),
        ],
    );
}

/// What cannot trade stays, whatever its bounds and blocks say.
#[test]
fn step_1_a_closed_market_beats_everything() {
    let closed = Row {
        market_open: false,
        block: Block::Flatten,
        min: "0",
        max: "0.3",
        ..row("CLOSED", "0.4", "0.2")
    };
    let inactive = Row {
        active: false,
        ..row("GONE", "0.4", "0.2")
    };
    check(
        &WIDE,
        &[closed, inactive],
        &[
            ("0.4", &["market_closed 0.2 -> 0.4"]),
            ("0.4", &["inactive 0.2 -> 0.4"]),
        ],
    );
}

/// From 0.2 to −0.3: a reduction of 0.2, then an increase of 0.3. A step of 0.35 leaves 0.15 for
/// the increase; a step of 0.15 does not reach zero, so nothing is added.
#[test]
fn step_2_a_flip_closes_before_it_opens() {
    let far = Row {
        max_delta: "0.35",
        ..row("FAR", "0.2", "-0.3")
    };
    let near = Row {
        max_delta: "0.15",
        ..row("NEAR", "0.2", "-0.3")
    };
    let exact = Row {
        max_delta: "0.2",
        ..row("EXACT", "0.2", "-0.3")
    };
    check(
        &WIDE,
        &[far, near, exact],
        &[
            ("-0.15", &["max_delta -0.3 -> -0.15"]),
            ("0.05", &["max_delta -0.3 -> 0.05"]),
            ("0", &["max_delta -0.3 -> 0"]),
        ],
    );
}

/// Kept: 0.5 + 0.3 = 0.8 above 0.6. Each keeps three quarters; B's increase is given up.
#[test]
fn step_3_a_broken_cap_is_cured_pro_rata() {
    let rules = Rules {
        gross: "0.6",
        ..WIDE
    };
    check(
        &rules,
        &[row("A", "0.5", "0.5"), row("B", "0.3", "0.4")],
        &[
            ("0.375", &["gross 0.5 -> 0.375"]),
            ("0.225", &["gross 0.4 -> 0.225"]),
        ],
    );
}

/// A is closed, so B alone gives up the 0.2. In the second case B's 0.1 is not enough: it goes
/// to zero, the limit stays broken and C may not grow.
#[test]
fn step_3_open_members_cure_for_closed_ones() {
    let closed = Row {
        market_open: false,
        ..row("A", "0.5", "0.5")
    };
    let rules = Rules {
        gross: "0.6",
        ..WIDE
    };
    check(
        &rules,
        &[closed, row("B", "0.3", "0.3")],
        &[("0.5", &[]), ("0.1", &["gross 0.3 -> 0.1"])],
    );
    let rules = Rules {
        gross: "0.4",
        ..WIDE
    };
    check(
        &rules,
        &[closed, row("B", "0.1", "0.1"), row("C", "0", "0.2")],
        &[
            ("0.5", &[]),
            ("0", &["gross 0.1 -> 0"]),
            ("0", &["gross 0.2 -> 0"]),
        ],
    );
}

/// The group of A and B goes from 0.8 to 0.4, a half each. With C's 0.4 that is 0.8: gross 0.6
/// then takes a quarter of each. The class and the currency are wide enough.
#[test]
fn step_3_groups_are_cured_before_gross() {
    let rules = Rules {
        gross: "0.6",
        groups: vec![("tech", vec!["A", "B"], "0.4")],
        classes: vec![("equity", "2")],
        currencies: vec![("USD", "2")],
        ..WIDE
    };
    check(
        &rules,
        &[
            row("A", "0.4", "0.4"),
            row("B", "0.4", "0.4"),
            row("C", "0.4", "0.4"),
        ],
        &[
            ("0.15", &["group:tech 0.4 -> 0.2", "gross 0.2 -> 0.15"]),
            ("0.15", &["group:tech 0.4 -> 0.2", "gross 0.2 -> 0.15"]),
            ("0.3", &["gross 0.4 -> 0.3"]),
        ],
    );
}

/// Cash is 0.1 under its floor. A's own reduction brings 0.02, so 0.08 is missing of the 0.8 that
/// stays long: each long keeps nine tenths. The short brings no cash and gives none.
#[test]
fn step_3_longs_cure_the_cash_floor() {
    let rules = Rules {
        cash_headroom: "-0.1",
        ..WIDE
    };
    check(
        &rules,
        &[
            row("A", "0.42", "0.4"),
            row("B", "0.4", "0.4"),
            row("C", "-0.3", "-0.3"),
        ],
        &[
            ("0.36", &["cash 0.4 -> 0.36"]),
            ("0.36", &["cash 0.4 -> 0.36"]),
            ("-0.3", &[]),
        ],
    );
}

/// Net kept: 0.5 + 0.1 − 0.3 = 0.3, limit 0.12: the longs give up 0.18 of 0.6, so they keep seven
/// tenths. The lighter side keeps what it has.
#[test]
fn step_3_the_heavier_side_cures_net() {
    let rules = Rules {
        net: "0.12",
        ..WIDE
    };
    check(
        &rules,
        &[
            row("A", "0.5", "0.5"),
            row("B", "0.1", "0.2"),
            row("C", "-0.3", "-0.3"),
        ],
        &[
            ("0.35", &["net 0.5 -> 0.35"]),
            ("0.07", &["net 0.2 -> 0.07"]),
            ("-0.3", &[]),
        ],
    );
}

/// The cure asks for zero, the longest step reaches 0.5: that happens to be the target. Both
/// limits are named; the cure goes on in the next cycle.
#[test]
fn step_3_a_cure_may_be_cut_short_at_the_target() {
    let closed = Row {
        market_open: false,
        ..row("A", "-0.6", "-0.6")
    };
    let slow = Row {
        max_delta: "0.1",
        ..row("B", "0.6", "0.5")
    };
    check(
        &Rules {
            gross: "0.5",
            ..WIDE
        },
        &[closed, slow],
        &[
            ("-0.6", &[]),
            ("0.5", &["gross 0.5 -> 0", "max_delta 0 -> 0.5"]),
        ],
    );
}

#[test]
fn step_4_a_reduction_is_at_most_max_delta() {
    let slow = Row {
        max_delta: "0.1",
        ..row("A", "0.5", "0.1")
    };
    check(&WIDE, &[slow], &[("0.4", &["max_delta 0.1 -> 0.4"])]);
}

/// Each wants to give up 0.01, half of the dead band. Only `SMALL` has no reason to.
#[test]
fn step_4_small_reductions_need_a_reason() {
    let rules = Rules {
        dead_band: "0.02",
        groups: vec![("broken", vec!["HELP", "OTHER"], "0.6")],
        ..WIDE
    };
    let blocked = Row {
        block: Block::ReduceOnly,
        ..row("BLOCK", "0.5", "0.49")
    };
    let above = Row {
        min: "0",
        max: "0.49",
        ..row("ABOVE", "0.5", "0.8")
    };
    check(
        &rules,
        &[
            row("SMALL", "0.5", "0.49"),
            row("CLOSE", "0.01", "0"),
            blocked,
            above,
            row("HELP", "0.5", "0.49"),
            row("OTHER", "0.11", "0"),
            row("AT", "0.5", "0.48"),
        ],
        &[
            ("0.5", &["dead_band 0.49 -> 0.5"]),
            ("0", &[]),
            ("0.49", &[]),
            ("0.49", &["max_exposure 0.8 -> 0.49"]),
            ("0.49", &[]),
            ("0", &[]),
            ("0.48", &[]),
        ],
    );
}

/// Cash is 0.01 under its floor, and A's 0.01 is what is missing: it is made although the dead
/// band is 0.02. The short's 0.01 would bring no cash: it has no reason.
#[test]
fn step_4_a_long_helps_a_broken_cash_floor() {
    let rules = Rules {
        cash_headroom: "-0.01",
        dead_band: "0.02",
        ..WIDE
    };
    check(
        &rules,
        &[row("A", "0.5", "0.49"), row("S", "-0.5", "-0.49")],
        &[("0.49", &[]), ("-0.5", &["dead_band -0.49 -> -0.5"])],
    );
}

/// Net is 0.5 − 0.1 = 0.4, above 0.39, and the kept parts would make it 0.485 − 0.095 = 0.39. A is
/// on the heavier side and reduces by its 0.015, under the dead band. The short's 0.005 does not help.
#[test]
fn step_4_the_heavier_side_helps_a_broken_net() {
    let rules = Rules {
        net: "0.39",
        dead_band: "0.02",
        ..WIDE
    };
    check(
        &rules,
        &[row("A", "0.5", "0.485"), row("S", "-0.1", "-0.095")],
        &[("0.485", &[]), ("-0.1", &["dead_band -0.095 -> -0.1"])],
    );
}

/// Net held with 0.5 − 0.4. The cover to −0.1 would make it 0.4, above 0.35, so A gives up 0.05: a
/// cure is made although the dead band is 0.06.
#[test]
fn step_4_a_cure_is_never_too_small() {
    let rules = Rules {
        net: "0.35",
        dead_band: "0.06",
        ..WIDE
    };
    check(
        &rules,
        &[row("A", "0.5", "0.5"), row("S", "-0.4", "-0.1")],
        &[("0.45", &["net 0.5 -> 0.45"]), ("-0.1", &[])],
    );
}

/// Exactly at its bound an asset is not outside.
#[test]
fn step_4_at_the_bound_is_no_reason() {
    let rules = Rules {
        dead_band: "0.02",
        ..WIDE
    };
    let at = Row {
        min: "0",
        max: "0.5",
        ..row("A", "0.5", "0.49")
    };
    check(&rules, &[at], &[("0.5", &["dead_band 0.49 -> 0.5"])]);
}

/// Held 0.3, gross 0.6: 0.3 is left for wishes of 0.4 and 0.2, a half of each.
#[test]
fn step_5_increases_share_by_one_factor() {
    let rules = Rules {
        gross: "0.6",
        ..WIDE
    };
    check(
        &rules,
        &[row("A", "0.1", "0.5"), row("B", "0.2", "0.4")],
        &[
            ("0.3", &["gross 0.5 -> 0.3"]),
            ("0.3", &["gross 0.4 -> 0.3"]),
        ],
    );
}

/// The group is full at the factor 1/2, with A at 0.2 and B at 0.1. C goes on until gross is
/// full: 0.9 − 0.3 = 0.6.
#[test]
fn step_5_members_of_a_full_limit_stop_and_the_others_go_on() {
    let rules = Rules {
        gross: "0.9",
        groups: vec![("tech", vec!["A", "B"], "0.3")],
        ..WIDE
    };
    check(
        &rules,
        &[
            row("A", "0", "0.4"),
            row("B", "0", "0.2"),
            row("C", "0", "0.8"),
        ],
        &[
            ("0.2", &["group:tech 0.4 -> 0.2"]),
            ("0.1", &["group:tech 0.2 -> 0.1"]),
            ("0.6", &["gross 0.8 -> 0.6"]),
        ],
    );
}

/// All of these are full at a half. Of equal limits the first is named: groups, classes and
/// currencies before gross, gross before cash.
#[test]
fn step_5_of_equal_limits_the_first_is_named() {
    let rules = Rules {
        gross: "0.3",
        cash_headroom: "0.3",
        groups: vec![("z", vec!["A"], "0.2")],
        classes: vec![("equity", "0.3")],
        currencies: vec![("USD", "0.3")],
        ..WIDE
    };
    let rows = [row("A", "0", "0.4"), row("B", "0", "0.2")];
    let (a, b) = (("0.2", "0.4 -> 0.2"), ("0.1", "0.2 -> 0.1"));
    let named = |rules: &Rules, first: &str, second: &str| {
        let (first, second) = (format!("{first} {}", a.1), format!("{second} {}", b.1));
        check(rules, &rows, &[(a.0, &[&first]), (b.0, &[&second])]);
    };
    named(&rules, "group:z", "class:equity");
    let rules = Rules {
        groups: Vec::new(),
        ..rules
    };
    named(&rules, "class:equity", "class:equity");
    let rules = Rules {
        classes: Vec::new(),
        ..rules
    };
    named(&rules, "currency:USD", "currency:USD");
    let rules = Rules {
        currencies: Vec::new(),
        ..rules
    };
    named(&rules, "gross", "gross");
    let rules = Rules {
        gross: "0.5",
        ..rules
    };
    named(&rules, "cash", "cash");
}

/// A may give up only 0.1 in this step, so gross 0.5 leaves 0.1 for B.
#[test]
fn step_5_room_counts_the_reductions_really_made() {
    let slow = Row {
        max_delta: "0.1",
        ..row("A", "0.5", "0.1")
    };
    check(
        &Rules {
            gross: "0.5",
            ..WIDE
        },
        &[slow, row("B", "0", "0.3")],
        &[
            ("0.4", &["max_delta 0.1 -> 0.4"]),
            ("0.1", &["gross 0.3 -> 0.1"]),
        ],
    );
}

/// 0.1 of cash and 0.05 from A's sale make 0.15 for B. The short sale and the cover count nothing.
#[test]
fn step_5_only_longs_use_cash_and_shorts_bring_none() {
    let rules = Rules {
        cash_headroom: "0.1",
        ..WIDE
    };
    check(
        &rules,
        &[
            row("A", "0.3", "0.25"),
            row("B", "0", "0.2"),
            row("SHORT", "0", "-0.3"),
            row("COVER", "-0.3", "0"),
        ],
        &[
            ("0.25", &[]),
            ("0.15", &["cash 0.2 -> 0.15"]),
            ("-0.3", &[]),
            ("0", &[]),
        ],
    );
}

/// Net would be 0.4 + 0.2 − 0.3 = 0.3 with a limit of 0.15: the longs' 0.6 come down to 0.45,
/// three quarters of each; the short is the lighter side.
#[test]
fn step_5_net_trims_the_heavier_side() {
    let rules = Rules {
        net: "0.15",
        ..WIDE
    };
    check(
        &rules,
        &[
            row("A", "0", "0.4"),
            row("B", "0", "0.2"),
            row("C", "0", "-0.3"),
        ],
        &[
            ("0.3", &["net 0.4 -> 0.3"]),
            ("0.15", &["net 0.2 -> 0.15"]),
            ("-0.3", &[]),
        ],
    );
}

/// L can only come down to 0.4 in this step, so net is above 0.2 and M may not grow. The short may:
/// it brings net from 0.4 to zero and on to the limit on the other side, −0.2.
#[test]
fn step_5_net_trims_both_sides() {
    let slow = Row {
        max_delta: "0.1",
        ..row("L", "0.5", "0.1")
    };
    let rules = Rules { net: "0.2", ..WIDE };
    check(
        &rules,
        &[slow, row("M", "0", "0.1"), row("S", "0", "-0.9")],
        &[
            ("0.4", &["max_delta 0.1 -> 0.4"]),
            ("0", &["net 0.1 -> 0"]),
            ("-0.6", &["net -0.9 -> -0.6"]),
        ],
    );
}

/// In quanta: long +1 against short −1 and −1, net limit 0. The shorts' 2 come down to 1, half a
/// quantum each, which is rounded to nothing. Now the long is the heavier side: its 1 goes too.
#[test]
fn step_5_rounding_never_lets_net_pass() {
    check(
        &Rules { net: "0", ..WIDE },
        &[
            row("A", "0.000000000002", "0.000000000003"),
            row("B", "0", "-0.000000000001"),
            row("C", "-0.000000000002", "-0.000000000003"),
        ],
        &[
            ("0.000000000002", &["net 0.000000000003 -> 0.000000000002"]),
            ("0", &["net -0.000000000001 -> 0"]),
            (
                "-0.000000000002",
                &["net -0.000000000003 -> -0.000000000002"],
            ),
        ],
    );
}

/// The factor is 1/2: A 0.18, B 0.02. B is under the dead band of 0.03 and is dropped; A then
/// has all of the 0.2.
#[test]
fn step_6_what_is_dropped_goes_to_the_others() {
    let rules = Rules {
        gross: "0.2",
        dead_band: "0.03",
        ..WIDE
    };
    check(
        &rules,
        &[row("A", "0", "0.36"), row("B", "0", "0.04")],
        &[
            ("0.2", &["gross 0.36 -> 0.2"]),
            ("0", &["gross 0.04 -> 0.02", "dead_band 0.02 -> 0"]),
        ],
    );
}

/// An increase of exactly the dead band is made. A flip whose increase is too small still closes.
#[test]
fn step_6_the_dead_band_itself_is_large_enough() {
    let rules = Rules {
        dead_band: "0.03",
        ..WIDE
    };
    check(
        &rules,
        &[
            row("AT", "0.1", "0.13"),
            row("UNDER", "0.1", "0.129"),
            row("FLIP", "0.1", "-0.02"),
        ],
        &[
            ("0.13", &[]),
            ("0.1", &["dead_band 0.129 -> 0.1"]),
            ("0", &["dead_band -0.02 -> 0"]),
        ],
    );
}
