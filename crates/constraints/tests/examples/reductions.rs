//! Steps 3 and 4: cures and reductions.

use ios012_constraints::Block;
use ios012_core::Instrument;

use super::{Row, Rules, WIDE, check, margined, row};

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

/// Free capital is 0.1 under its floor. A's own reduction gives back 0.02, so 0.08 is missing of the
/// 0.4 + 0.5 × 0.4 + 0.5 × 0.4 = 0.8 that the kept parts tie up: each keeps nine tenths, longs and
/// shorts alike.
#[test]
fn step_3_every_position_cures_the_cash_floor() {
    let rules = Rules {
        cash_headroom: "-0.1",
        ..WIDE
    };
    check(
        &rules,
        &[
            row("A", "0.42", "0.4"),
            margined(Instrument::Margin, "0.5", row("B", "0.4", "0.4")),
            margined(Instrument::Future, "0.5", row("C", "-0.4", "-0.4")),
        ],
        &[
            ("0.36", &["cash 0.4 -> 0.36"]),
            ("0.36", &["cash 0.4 -> 0.36"]),
            ("-0.36", &["cash -0.4 -> -0.36"]),
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

/// Free capital is 0.01 under its floor, and each 0.01 gives some back: both are made although the
/// dead band is 0.02, the short's too.
#[test]
fn step_4_every_reduction_helps_a_broken_cash_floor() {
    let rules = Rules {
        cash_headroom: "-0.01",
        dead_band: "0.02",
        ..WIDE
    };
    check(
        &rules,
        &[row("A", "0.5", "0.49"), row("S", "-0.5", "-0.49")],
        &[("0.49", &[]), ("-0.49", &[])],
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
