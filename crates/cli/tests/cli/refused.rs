//! Exit code 3: a document is refused. Alone, it leaves no trace; where only the books can tell,
//! the refusal stands on the ledger.

use crate::ledger::{of_kind, seals};
use crate::scenario::Scenario;
use crate::support::{cycle, files, on};

/// A change of a scenario, and what the message must name.
type Case = (&'static str, fn(&Scenario), &'static [&'static str]);

const HISTORY: &[Case] = &[
    (
        "a JSON number",
        |scenario| scenario.replace("scenario.json", "\"100000\"", "100000"),
        &["scenario.json", "opening_cash", "json_number", "remedy"],
    ),
    (
        "an unknown field",
        |scenario| {
            scenario.replace(
                "constraints.json",
                "\"gross\"",
                "\"gros\": \"1\", \"gross\"",
            );
        },
        &["constraints.json", "gros", "unknown_field", "remedy"],
    ),
    (
        "text that is not JSON",
        |scenario| scenario.write("registry.json", "{"),
        &["registry.json", "json_syntax", "remedy"],
    ),
    (
        "a price below zero in the last row",
        |scenario| scenario.set_price("2020-06-01", "KO", "-1"),
        &["prices.csv", "KO", "-1", "remedy"],
    ),
    (
        "a target twice",
        |scenario| {
            let row = "2020-06-01,XOM,0.19\n";
            scenario.replace("targets.csv", row, &row.repeat(2));
        },
        &["targets.csv", "duplicate_row", "remedy"],
    ),
    (
        "a table that is missing",
        |scenario| std::fs::remove_file(scenario.file("prices.csv")).unwrap(),
        &["prices.csv", "missing_file", "remedy"],
    ),
    (
        "two sources of mandates (ADR-013)",
        |scenario| scenario.write("mandate.json", "{}"),
        &["mandate.json", "two_sources", "remedy"],
    ),
    (
        "a broker script that is none",
        |scenario| scenario.write("broker.json", "[]"),
        &["broker.json"],
    ),
];

#[test]
fn a_bad_document_of_a_history_writes_nothing() {
    for (name, change, named) in HISTORY {
        let scenario = Scenario::golden("quickstart");
        change(&scenario);
        let ran = cycle("backtest", &scenario.path(), &scenario.ledger()).exits(3);
        assert_eq!(ran.stdout, "", "{name}");
        for text in *named {
            assert!(ran.stderr.contains(text), "{name}: {text}: {ran:#?}");
        }
        assert!(!scenario.ledger().exists(), "{name}");
    }
}

#[test]
fn a_bad_document_leaves_the_ledger_of_before_as_it_is() {
    for (name, change, _) in HISTORY {
        let scenario = Scenario::golden("quickstart");
        let ledger = scenario.ledger();
        cycle("backtest", &scenario.path(), &ledger).exits(0);
        let before = files(&ledger);
        change(&scenario);
        cycle("backtest", &scenario.path(), &ledger).exits(3);
        assert_eq!(files(&ledger), before, "{name}");
    }
}

#[test]
fn a_bad_document_of_a_single_cycle_writes_nothing() {
    let cases: &[Case] = &[
        (
            "a time that is not UTC",
            |scenario| scenario.replace("mandate.json", "21:00:00.000Z", "21:00:00.000+01:00"),
            &["mandate.json", "as_of", "remedy"],
        ),
        (
            "a row twice",
            |scenario| scenario.replace("market.json", "\"BBB\"", "\"AAA\""),
            &["market.json", "duplicate_row", "remedy"],
        ),
        (
            "a history beside the mandate",
            |scenario| scenario.write("targets.csv", ""),
            &["targets.csv", "two_sources", "remedy"],
        ),
    ];
    for (name, change, named) in cases {
        let scenario = Scenario::golden("one-cycle");
        change(&scenario);
        let ran = cycle("run", &scenario.path(), &scenario.ledger()).exits(3);
        for text in *named {
            assert!(ran.stderr.contains(text), "{name}: {text}: {ran:#?}");
        }
        assert!(!scenario.ledger().exists(), "{name}");
    }
}

/// A portfolio that has begun keeps the refusal of a document that could not even be read.
#[test]
fn a_bad_document_of_a_later_cycle_is_refused_on_the_ledger() {
    let scenario = Scenario::golden("one-cycle");
    let ledger = scenario.ledger();
    cycle("run", &scenario.path(), &ledger).exits(0);
    scenario.replace("mandate.json", "21:00:00.000Z", "21:00:00.000+01:00");
    let ran = cycle("run", &scenario.path(), &ledger).exits(3);
    assert!(
        ran.stderr.contains("The refusal is on the ledger."),
        "{ran:#?}"
    );
    let refusals = of_kind(&ledger, "refusal");
    assert_eq!(refusals.len(), 1);
    assert_eq!(refusals[0]["code"], "time");
    assert_eq!(refusals[0]["document"], "mandate");
    on("verify", &ledger).exits(0);
    on("replay", &ledger).exits(0);
}

/// A snapshot with an asset twice: no cycle, a record, and an alert of one line.
#[test]
fn a_corrupt_snapshot_of_a_later_cycle_trips_and_is_told() {
    let scenario = Scenario::golden("one-cycle");
    let ledger = scenario.ledger();
    cycle("run", &scenario.path(), &ledger).exits(0);
    scenario.replace("market.json", "\"BBB\"", "\"AAA\"");
    let ran = cycle("run", &scenario.path(), &ledger).exits(3);
    let alert = r#"{"action":"abort","alert":"data_corruption:duplicate_row","level":"YELLOW"}"#;
    assert!(ran.stderr.lines().any(|line| line == alert), "{ran:#?}");
    let mut trips = of_kind(&ledger, "breaker");
    trips.retain(|trip| trip["breaker"] == "data_corruption");
    assert_eq!(trips.len(), 1);
    assert_eq!(trips[0]["cause"], "duplicate_row");
    on("verify", &ledger).exits(0);
    on("replay", &ledger).exits(0);
}

/// The books hold KO, and the sixth mandate does not name it. Only the books know that.
#[test]
fn a_mandate_that_does_not_fit_the_books_is_refused_on_the_ledger() {
    let scenario = Scenario::golden("quickstart");
    let ledger = scenario.ledger();
    scenario.replace("targets.csv", "2019-12-02,KO,0.19\n", "");
    let ran = cycle("backtest", &scenario.path(), &ledger).exits(3);
    for text in ["2019-12-02T00:00:00.000Z", "KO", "held_not_named", "remedy"] {
        assert!(ran.stderr.contains(text), "{text}: {ran:#?}");
    }
    let refusals = of_kind(&ledger, "refusal");
    assert_eq!(refusals.len(), 1);
    assert_eq!(refusals[0]["code"], "held_not_named");
    assert_eq!(refusals[0]["as_of"], "2019-12-02T00:00:00.000Z");
    let seals = seals(&ledger);
    assert_eq!(seals.len(), 6);
    assert!(seals[..5].iter().all(|seal| seal.starts_with("executed 5")));
    assert!(seals[5].starts_with("refused 0 0 0"), "{seals:?}");
    on("verify", &ledger).exits(0);
    on("replay", &ledger).exits(0);

    // The document repaired, the same command goes on.
    scenario.replace(
        "targets.csv",
        "2019-12-02,JPM,0.19\n",
        "2019-12-02,JPM,0.19\n2019-12-02,KO,0.19\n",
    );
    cycle("backtest", &scenario.path(), &ledger).exits(0);
    on("verify", &ledger).exits(0);
    on("replay", &ledger).exits(0);
    let whole = scenario.beside("whole");
    cycle("backtest", &scenario.path(), &whole).exits(0);
    let mut executed = crate::ledger::seals(&ledger);
    executed.remove(5);
    assert_eq!(executed, crate::ledger::seals(&whole));
}

/// The same for one cycle: the books hold DDD.
#[test]
fn a_single_mandate_that_does_not_fit_the_books_is_refused_on_the_ledger() {
    let scenario = Scenario::golden("one-cycle");
    let row = "{\n      \"asset_id\": \"DDD\",\n      \"target_exposure\": \"0.1\"\n    },\n    ";
    scenario.replace("mandate.json", row, "");
    scenario.replace(
        "mandate.json",
        "\"cash_weight\": \"0.05\"",
        "\"cash_weight\": \"0.15\"",
    );
    let ran = cycle("run", &scenario.path(), &scenario.ledger()).exits(3);
    assert!(ran.stderr.contains("held_not_named"), "{ran:#?}");
    assert_eq!(of_kind(&scenario.ledger(), "refusal").len(), 1);
    on("verify", &scenario.ledger()).exits(0);
}
