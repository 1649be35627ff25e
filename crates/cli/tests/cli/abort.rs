//! Exit code 4: a breaker stops a cycle before it decides.

use crate::ledger::{of_kind, seals};
use crate::scenario::Scenario;
use crate::support::{cycle, on};

/// KO stood at 46.502 in the cycle before; 93.1 is twice that and more than the band of 0.5.
#[test]
fn a_price_beyond_the_jump_band_aborts_its_cycle_only() {
    let scenario = Scenario::golden("quickstart");
    let ledger = scenario.ledger();
    scenario.set_price("2019-12-02", "KO", "93.1");
    cycle("backtest", &scenario.path(), &ledger).exits(4);
    let breakers = of_kind(&ledger, "breaker");
    assert_eq!(breakers.len(), 1);
    assert_eq!(breakers[0]["breaker"], "data_corruption");
    assert_eq!(breakers[0]["cause"], "price_jump");
    let evidence = breakers[0]["evidence"].to_string();
    assert!(
        evidence.contains("KO") && evidence.contains("93.1"),
        "{evidence}"
    );
    let seals = seals(&ledger);
    assert_eq!(seals.len(), 12);
    for (place, seal) in seals.iter().enumerate() {
        let outcome = if place == 5 {
            "aborted 0 0 0"
        } else {
            "executed 5"
        };
        assert!(seal.starts_with(outcome), "{place}: {seal}");
    }
    on("verify", &ledger).exits(0);
    on("replay", &ledger).exits(0);
}

/// The wrong price marks nothing: the cycle before and the aborted one end at the same value.
#[test]
fn an_aborted_cycle_leaves_the_books_alone() {
    let scenario = Scenario::golden("quickstart");
    let ledger = scenario.ledger();
    scenario.set_price("2019-12-02", "KO", "93.1");
    cycle("backtest", &scenario.path(), &ledger).exits(4);
    let seals = of_kind(&ledger, "seal");
    for member in ["nlv_after", "cash"] {
        assert_eq!(seals[4][member], seals[5][member]);
    }
}

/// The portfolio's score of 5 is above the hard threshold of 4.
/// The broker fills the first order and says that it expired. The next cycle finds it, and from then on
/// nothing is sent.
#[test]
fn a_lost_fill_halts_the_backtest() {
    let scenario = Scenario::golden("quickstart");
    scenario.write(
        "broker.json",
        r#"{"schema":"ios012.paper_script.v1","rules":[{"asset_id":"KO","as_of":"2019-07-01T00:00:00.000Z","action":"lost_fill"}]}"#,
    );
    let ledger = scenario.ledger();
    let ran = cycle("backtest", &scenario.path(), &ledger).exits(4);
    let alert = r#"{"action":"halt","alert":"execution_drift:halt","level":"BLACK"}"#;
    let told = ran.stderr.lines().filter(|line| *line == alert);
    assert_eq!(told.count(), 1, "{ran:#?}");
    let trips = of_kind(&ledger, "breaker");
    assert_eq!(trips.len(), 1);
    let evidence = trips[0]["evidence"].to_string();
    assert!(evidence.contains("KO books 0 broker "), "{evidence}");
    let seals = seals(&ledger);
    assert!(seals[0].starts_with("executed 5"), "{seals:?}");
    let later = seals[1..].iter();
    assert!(
        later.clone().count() > 3 && later.clone().all(|seal| seal.starts_with("aborted 0 0 0"))
    );
    on("verify", &ledger).exits(0);
    on("replay", &ledger).exits(0);
}

#[test]
fn a_hard_shock_aborts_a_single_cycle() {
    let scenario = Scenario::golden("one-cycle");
    let score = "\"portfolio_shock_score\": ";
    scenario.replace(
        "market.json",
        &format!("{score}\"1\""),
        &format!("{score}\"5\""),
    );
    let ledger = scenario.ledger();
    cycle("run", &scenario.path(), &ledger).exits(4);
    let breakers = of_kind(&ledger, "breaker");
    assert_eq!(breakers.len(), 1);
    assert_eq!(breakers[0]["breaker"], "volatility_shock");
    assert_eq!(of_kind(&ledger, "decision").len(), 0);
    assert_eq!(of_kind(&ledger, "order").len(), 0);
    on("verify", &ledger).exits(0);
    on("replay", &ledger).exits(0);
}
