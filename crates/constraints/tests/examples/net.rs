//! Step 5: the net limit, last and on the heavier side only.

use super::{Row, Rules, WIDE, check, row};

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

#[test]
fn step_5_net_at_its_limit_is_not_broken() {
    let rules = Rules { net: "0.4", ..WIDE };
    check(
        &rules,
        &[row("A", "0.4", "0.5"), row("S", "0", "-0.2")],
        &[("0.5", &[]), ("-0.2", &[])],
    );
}

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

#[test]
fn step_5_a_quantum_too_many_is_taken_from_an_increase_of_the_heavier_side() {
    check(
        &Rules { net: "0", ..WIDE },
        &[
            row("A", "0.000000000005", "0.000000000005"),
            row("B", "0", "-0.000000000002"),
            row("C", "0", "-0.000000000001"),
            row("D", "0", "0.000000000002"),
            row("E", "-0.000000000005", "-0.000000000005"),
        ],
        &[
            ("0.000000000005", &[]),
            (
                "-0.000000000001",
                &["net -0.000000000002 -> -0.000000000001"],
            ),
            ("0", &["net -0.000000000001 -> 0"]),
            ("0.000000000001", &["net 0.000000000002 -> 0.000000000001"]),
            ("-0.000000000005", &[]),
        ],
    );
}

#[test]
fn step_5_what_stays_may_break_net_alone() {
    let closed = Row {
        market_open: false,
        ..row("A", "0.5", "0.5")
    };
    let rules = Rules { net: "0.4", ..WIDE };
    check(&rules, &[closed], &[("0.5", &[])]);
}
