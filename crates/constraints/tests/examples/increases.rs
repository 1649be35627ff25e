//! Steps 5 and 6: increases.

use super::{Row, Rules, WIDE, check, row};

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
