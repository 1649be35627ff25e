//! Steps 0 to 2: the ramp, bounds and blocks, flips.

use ios012_constraints::Block;
use ios012_core::Instrument;

use super::{Row, Rules, WIDE, check, margined, row};

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

/// A margin of 0.25 is a multiplier of 4, a token of factor 3 one of 3: at the bound both may grow, a
/// quantum under it neither.
#[test]
fn step_1_a_multiplier_above_its_bound_is_reduce_only() {
    let margin = |id, max_leverage| Row {
        max_leverage,
        ..margined(Instrument::Margin, "0.25", row(id, "0.1", "0.2"))
    };
    let token = |id, max_leverage| Row {
        instrument: Instrument::LeveragedToken,
        factor: "3",
        max_leverage,
        ..row(id, "0.1", "0.2")
    };
    let held = ("0.1", &["max_leverage:reduce_only 0.2 -> 0.1"] as &[&str]);
    check(
        &WIDE,
        &[
            margin("A", "4"),
            margin("B", "3.999999999999"),
            token("C", "3"),
            token("D", "2.999999999999"),
        ],
        &[("0.2", &[]), held, ("0.2", &[]), held],
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

/// Without a price that is trusted nothing moves, whatever a breaker asks; the market may be open.
#[test]
fn step_1_an_asset_without_a_trusted_price_is_frozen() {
    let frozen = Row {
        price_trusted: false,
        ..row("FROZEN", "0.4", "0.2")
    };
    let both = Row {
        market_open: false,
        ..frozen
    };
    let rules = Rules {
        breaker: Block::Flatten,
        ..WIDE
    };
    check(
        &rules,
        &[frozen, Row { id: "BOTH", ..both }],
        &[
            ("0.4", &["frozen 0.2 -> 0.4"]),
            ("0.4", &["frozen 0.2 -> 0.4"]),
        ],
    );
}

/// A breaker flattens every asset, long and short, each at most `max_delta` in one transition; one
/// that only reduces keeps what the mandate gives up. A block of the asset as strong is named first.
#[test]
fn step_1_a_breaker_blocks_every_asset() {
    let long = Row {
        max_delta: "0.3",
        ..row("LONG", "0.4", "0.6")
    };
    let short = margined(Instrument::Margin, "0.5", row("SHORT", "-0.2", "0.5"));
    let blocked = Row {
        block: Block::Flatten,
        ..row("OWN", "0.1", "0.1")
    };
    let to_cash = Rules {
        breaker: Block::Flatten,
        ..WIDE
    };
    check(
        &to_cash,
        &[long, short, blocked],
        &[
            ("0.1", &["breaker:flatten 0.6 -> 0", "max_delta 0 -> 0.1"]),
            ("0", &["breaker:flatten 0.5 -> 0"]),
            ("0", &["block:flatten 0.1 -> 0"]),
        ],
    );
    let reduce_only = Rules {
        breaker: Block::ReduceOnly,
        ..WIDE
    };
    check(
        &reduce_only,
        &[row("MORE", "0.4", "0.6"), row("LESS", "0.4", "0.1")],
        &[("0.4", &["breaker:reduce_only 0.6 -> 0.4"]), ("0.1", &[])],
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
