//! Steps 5 and 6: increases.

use ios012_core::Instrument;

use super::{Row, Rules, WIDE, check, margined, row};

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

/// 0.1 is free, A's sale gives back 0.05 and the cover 0.3: 0.45 for wishes of 0.2 and 0.3, nine
/// tenths of each. The short sale uses capital as the long does, and its proceeds give no credit.
#[test]
fn step_5_a_short_uses_capital_and_a_cover_gives_it_back() {
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
            ("0.18", &["cash 0.2 -> 0.18"]),
            ("-0.27", &["cash -0.3 -> -0.27"]),
            ("0", &[]),
        ],
    );
}

/// All of NLV is free. At a margin of a half that is enough for 2, that is 200 for an NLV of 100.
#[test]
fn step_5_capital_at_a_half_carries_an_exposure_of_two() {
    let rules = Rules {
        cash_headroom: "1",
        ..WIDE
    };
    let half = |target| margined(Instrument::Margin, "0.5", row("A", "0", target));
    check(&rules, &[half("2")], &[("2", &[])]);
    check(&rules, &[half("2.5")], &[("2", &["cash 2.5 -> 2"])]);
    check(&rules, &[half("-2.5")], &[("-2", &["cash -2.5 -> -2"])]);
}

/// The stock wants 0.2 of capital, the future 0.1 × 1: with 0.3 both are made, with 0.15 a half of
/// each.
#[test]
fn step_5_spot_and_future_share_free_capital() {
    let rows = [
        row("STOCK", "0", "0.2"),
        margined(Instrument::Future, "0.1", row("FUTURE", "0", "1")),
    ];
    let rules = Rules {
        cash_headroom: "0.3",
        ..WIDE
    };
    check(&rules, &rows, &[("0.2", &[]), ("1", &[])]);
    let rules = Rules {
        cash_headroom: "0.15",
        ..WIDE
    };
    check(
        &rules,
        &rows,
        &[("0.1", &["cash 0.2 -> 0.1"]), ("0.5", &["cash 1 -> 0.5"])],
    );
}

/// A token of factor 2 is paid in full, so an exposure of 0.4 costs 0.2. From nothing free, the sale
/// of 0.1 of a stock carries an exposure of 0.2.
#[test]
fn step_5_a_token_needs_its_price_and_not_its_exposure() {
    let token = Row {
        factor: "2",
        max_leverage: "2",
        instrument: Instrument::LeveragedToken,
        ..row("TOKEN", "0", "0.4")
    };
    let rules = Rules {
        cash_headroom: "0",
        ..WIDE
    };
    check(
        &rules,
        &[row("STOCK", "0.3", "0.2"), token],
        &[("0.2", &[]), ("0.2", &["cash 0.4 -> 0.2"])],
    );
}

/// Capital 0.3, to be shared at 0.1 + 0.5 × 1 = 0.6: the factor would be a half. Gross 0.44 is full
/// at 0.4 of 1.1. Of two limits the one that the factor reaches first is named, whatever their units.
#[test]
fn step_5_capital_and_gross_are_compared_by_their_factor() {
    let rows = [
        row("STOCK", "0", "0.1"),
        margined(Instrument::Future, "0.5", row("FUTURE", "0", "1")),
    ];
    let rules = |gross| Rules {
        gross,
        cash_headroom: "0.3",
        ..WIDE
    };
    check(
        &rules("0.44"),
        &rows,
        &[
            ("0.04", &["gross 0.1 -> 0.04"]),
            ("0.4", &["gross 1 -> 0.4"]),
        ],
    );
    check(
        &rules("0.55"),
        &rows,
        &[
            ("0.05", &["gross 0.1 -> 0.05"]),
            ("0.5", &["gross 1 -> 0.5"]),
        ],
    );
    check(
        &rules("0.56"),
        &rows,
        &[("0.05", &["cash 0.1 -> 0.05"]), ("0.5", &["cash 1 -> 0.5"])],
    );
}

/// Net would be 0.4 + 0.2 − 0.3 = 0.3 with a limit of 0.15: the longs' 0.6 come down to 0.45,
/// three quarters of each; the short is the lighter side.
/// Net is 0.4 at its limit of 0.4, which is not beyond it: A may grow as far as the short makes room.
/// A limit that is just reached is not broken, so a small reduction in it is still too small to make. A quantum
/// lower the limit is broken, and the reduction is made.
#[test]
fn step_6_a_limit_that_is_just_reached_is_not_broken() {
    let dropped: &[(&str, &[&str])] = &[("0.4", &["dead_band 0.38 -> 0.4"])];
    let made: &[(&str, &[&str])] = &[("0.38", &[])];
    for (limit, expected) in [("0.4", dropped), ("0.399999999999", made)] {
        let net = Rules {
            net: limit,
            dead_band: "0.05",
            ..WIDE
        };
        check(&net, &[row("A", "0.4", "0.38")], expected);
        let gross = Rules {
            gross: limit,
            dead_band: "0.05",
            ..WIDE
        };
        check(&gross, &[row("A", "0.4", "0.38")], expected);
    }
}

/// L can only come down to 0.4 in this step, so net is above 0.2 and M may not grow. The short may:
/// it brings net from 0.4 to zero and on to the limit on the other side, −0.2.
/// In quanta: long +1 against short −1 and −1, net limit 0. The shorts' 2 come down to 1, half a
/// quantum each, which is rounded to nothing. Now the long is the heavier side: its 1 goes too.
/// The shorts' 3 quanta come down to the longs' 2, two thirds of each, which leaves 1 and nothing. So
/// the longs give up one more, and it is D's: A only stays, and B is the lighter side.
/// Net is beyond its limit by what cannot trade: there is no increase to trim, and nothing to decide.
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
