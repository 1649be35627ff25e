//! Signals of others that are not steady: strategy instability, and volatility shocks.

use ios012_lineage::{CycleOutcome, Defcon};
use ios012_paper::Script;

use crate::desk::{Desk, Row, breakers, decisions, last_cycle, orders};

const EXECUTION: &str = r#""execution": {"#;

fn unsteady(bounds: &str, response: &str) -> String {
    format!(
        r#""breakers": {{"strategy_instability": {{"window_cycles": "3", {bounds}, "response": "{response}"}}}}, {EXECUTION}"#
    )
}

/// Each bound trips above itself and not at it: MGN goes 0.1, 0.1, −0.1 in a window of three, which are
/// one flip, a turnover of 0.2 and a variance of 0.0088888888888…, rounded up.
#[test]
fn an_unsteady_mandate_trips_above_a_bound_and_not_at_it() {
    let bounds = [
        ("max_flips", "flips", "0", "1"),
        ("max_turnover", "turnover", "0.199999999999", "0.2"),
        (
            "max_variance",
            "variance",
            "0.008888888888",
            "0.008888888889",
        ),
    ];
    for (field, cause, trips, holds) in bounds {
        for (limit, expected) in [(trips, Some(cause)), (holds, None)] {
            let limits = unsteady(&format!(r#""{field}": "{limit}""#), "reduce_only");
            let mut desk = Desk::open(Script::default(), &[(EXECUTION, &limits)]);
            for target in ["0.1", "0.1", "-0.1"] {
                desk.cycle(&[("MGN", target)], &[]).expect("goes on");
            }
            let records = desk.records();
            let told: Vec<_> = breakers(&records)
                .iter()
                .map(|trip| (trip.breaker.as_str(), trip.cause.as_str(), trip.level))
                .collect();
            let expected: Vec<_> = expected
                .map(|cause| ("strategy_instability", cause, Defcon::Red))
                .into_iter()
                .collect();
            assert_eq!(told, expected, "{field} {limit}");
        }
    }
}

/// What left the window counts no more.
#[test]
fn a_flip_is_forgotten_with_its_window() {
    let limits = unsteady(r#""max_flips": "0""#, "abort");
    let mut desk = Desk::open(Script::default(), &[(EXECUTION, &limits)]);
    let mut outcomes = Vec::new();
    for target in ["0.1", "-0.1", "-0.1", "-0.1"] {
        let (summary, _) = desk.cycle(&[("MGN", target)], &[]).expect("goes on");
        outcomes.push(summary.outcome);
    }
    let (aborted, executed) = (CycleOutcome::Aborted, CycleOutcome::Executed);
    assert_eq!(outcomes, [executed, aborted, aborted, executed]);
}

/// Regimes count only for assets with a target; one that is missing is neither confirmed nor trusted.
#[test]
fn a_doubtful_regime_trips() {
    let unconfirmed = r#""max_unconfirmed": "1""#;
    let confidence = r#""min_confidence": "0.6""#;
    let cases = [
        (
            unconfirmed,
            vec![("MGN", "0.9", false), ("STK", "0.9", true)],
            None,
        ),
        (
            unconfirmed,
            vec![("MGN", "0.9", false), ("STK", "0.9", false)],
            Some("unconfirmed"),
        ),
        (
            unconfirmed,
            vec![("MGN", "0.9", false)],
            Some("unconfirmed"),
        ),
        (
            confidence,
            vec![
                ("BULL3X", "0", true),
                ("MGN", "0.6", true),
                ("STK", "0.9", true),
            ],
            None,
        ),
        (
            confidence,
            vec![("MGN", "0.599999999999", true), ("STK", "0.9", true)],
            Some("low_confidence"),
        ),
        (
            confidence,
            vec![("MGN", "0.9", true)],
            Some("low_confidence"),
        ),
    ];
    for (bounds, regimes, cause) in cases {
        let limits = unsteady(bounds, "reduce_only");
        let mut desk = Desk::open(Script::default(), &[(EXECUTION, &limits)]);
        desk.regimes = Some(regimes.clone());
        let targets = [("BULL3X", "0"), ("MGN", "0.1"), ("STK", "0.1")];
        desk.cycle(&targets, &[]).expect("goes on");
        let records = desk.records();
        let told: Vec<_> = breakers(&records)
            .iter()
            .map(|trip| trip.cause.as_str())
            .collect();
        assert_eq!(told, cause.into_iter().collect::<Vec<_>>(), "{regimes:?}");
        assert_eq!(orders(&records).is_empty(), cause.is_some(), "{regimes:?}");
    }
}

/// Without the IoS-003 document every regime is missing.
#[test]
fn no_regimes_at_all_are_not_confirmed() {
    let limits = unsteady(r#""max_unconfirmed": "0""#, "reduce_only");
    let mut desk = Desk::open(Script::default(), &[(EXECUTION, &limits)]);
    desk.cycle(&[("STK", "0.1")], &[]).expect("goes on");
    assert_eq!(breakers(&desk.records()).len(), 1);
}

fn shocked(score: &str) -> [(&str, Row<'_>); 1] {
    let row = Row {
        shock: Some(score),
        ..Row::default()
    };
    [("STK", row)]
}

/// An asset above its threshold is blocked in each cycle, and told of once, when it begins; it may
/// begin again.
#[test]
fn a_shock_of_an_asset_is_told_when_it_begins() {
    let bound = r#""asset_id": "STK","#;
    let rule = r#""asset_id": "STK", "shock_threshold": "5", "shock_block": "reduce_only","#;
    let mut desk = Desk::open(Script::default(), &[(bound, rule)]);
    for (score, target) in [
        ("5", "0.2"),
        ("5.1", "0.2"),
        ("6", "0.2"),
        ("5", "0.2"),
        ("7", "0.25"),
    ] {
        desk.cycle(&[("STK", target)], &shocked(score))
            .expect("goes on");
    }
    let records = desk.records();
    let told: Vec<_> = breakers(&records)
        .iter()
        .map(|trip| (trip.cause.as_str(), trip.action.as_str(), trip.level))
        .collect();
    assert_eq!(told, [("asset", "reduce_only", Defcon::Green); 2]);
    let last = decisions(last_cycle(&records));
    assert_eq!(
        last[0].metadata.binding[0].limit.as_str(),
        "shock:reduce_only"
    );
}

/// The portfolio's soft threshold lets nothing increase, and says so once.
#[test]
fn a_soft_shock_of_the_portfolio_is_told_when_it_begins() {
    let floor = r#""cash_floor":"#;
    let soft = r#""soft_shock_threshold": "40", "cash_floor":"#;
    let mut desk = Desk::open(Script::default(), &[(floor, soft)]);
    let mut sent = Vec::new();
    for (score, target) in [("40", "0.1"), ("40.1", "0.2"), ("41", "0.2"), ("40", "0.2")] {
        desk.portfolio_shock = Some(score);
        let (summary, _) = desk.cycle(&[("STK", target)], &[]).expect("goes on");
        sent.push(summary.orders);
    }
    assert_eq!(sent, [1, 0, 0, 1]);
    let records = desk.records();
    let told: Vec<_> = breakers(&records)
        .iter()
        .map(|trip| (trip.cause.as_str(), trip.action.as_str(), trip.level))
        .collect();
    assert_eq!(told, [("portfolio_soft", "reduce_only", Defcon::Green)]);
}
