//! A document has one canonical text and one hash, whether it came from a file or from rows.

use ios012_contracts::{Constraints, Document, Registry, SingleCycle};
use serde_json::{Value, json};

use super::load::{Inputs, golden};

/// What a document is to the ledger.
fn kept(document: &Document) -> (&str, String) {
    (document.canonical(), document.hash().to_string())
}

#[test]
fn a_cycle_from_rows_has_the_documents_of_its_files() {
    let (inputs, files) = Inputs::one_cycle();
    let (standing, cycle) = inputs.read().expect("good rows");
    let cycle = cycle.expect("a mandate");
    let pairs = [
        (
            standing.scenario().document(),
            files.standing.scenario().document(),
        ),
        (
            standing.registry().document(),
            files.standing.registry().document(),
        ),
        (
            standing.constraints().document(),
            files.standing.constraints().document(),
        ),
        (cycle.mandate.document(), files.mandate.document()),
        (cycle.market.document(), files.market.document()),
        (
            cycle.regimes.as_ref().expect("regimes").document(),
            files.regimes.as_ref().expect("regimes").document(),
        ),
    ];
    for (from_rows, from_file) in pairs {
        assert_eq!(kept(from_rows), kept(from_file));
    }
}

/// Currency pairs that are not in the order of their names, rates, events of many kinds and symbols too.
#[test]
fn histories_from_rows_have_the_documents_of_their_files_in_order() {
    for (name, cycles) in [("quickstart", 12), ("six-instruments", 0)] {
        let (inputs, history) = Inputs::history(name);
        let mut reader = inputs.reader();
        let snapshot = reader.snapshot().expect("a snapshot");
        let standing = snapshot.standing(None).expect("good rows");
        let expected = history.standing();
        for (from_rows, from_file) in [
            (
                standing.scenario().document(),
                expected.scenario().document(),
            ),
            (
                standing.registry().document(),
                expected.registry().document(),
            ),
            (
                standing.constraints().document(),
                expected.constraints().document(),
            ),
        ] {
            assert_eq!(kept(from_rows), kept(from_file), "{name}");
        }
        let (mut last, mut count) = (None, 0);
        for cycle in history.cycles().expect("a history") {
            let (mandate, market) = cycle.expect("a cycle");
            let found = snapshot.next(last).expect("good rows").expect("a mandate");
            assert_eq!(kept(found.mandate.document()), kept(mandate.document()));
            assert_eq!(kept(found.market.document()), kept(market.document()));
            assert!(found.regimes.is_none());
            if let Some(last) = last {
                let after = snapshot.time_after(last).expect("good rows");
                assert_eq!(after, Some(mandate.as_of()));
            }
            last = Some(mandate.as_of());
            count += 1;
        }
        assert!(count >= cycles && count > 1, "{name}: {count}");
        assert!(snapshot.next(last).expect("good rows").is_none());
        let last = last.expect("a cycle");
        assert_eq!(snapshot.time_after(last).expect("good rows"), None);
    }
}

/// What no golden scenario has: calendars, a schedule, breakers, signatures, groups and members in no order.
#[test]
fn every_member_of_the_standing_documents_comes_back() {
    let folder = golden("one-cycle");
    let files = SingleCycle::open(&folder).expect("a scenario");
    let inputs = Inputs::with(&files.standing);
    let of = |document: &Document| -> Value {
        serde_json::from_str(document.canonical()).expect("JSON")
    };
    let signature = "A".repeat(86) + "==";
    let mut registry = of(files.standing.registry().document());
    for asset in registry["assets"].as_array_mut().expect("assets") {
        asset["calendar"] = json!("us-equities");
    }
    registry["version"] = json!("signed 2");
    registry["key_id"] = json!("key");
    registry["signature"] = json!(signature);
    registry["calendars"] = json!([
        { "calendar": "us-equities", "valid_from": "2026-03-08", "valid_until": "2027-03-13",
          "sessions": [
            { "weekdays": ["mon", "wed", "tue"], "open": "13:30", "close": "20:00", "until": "2026-10-31" },
            { "weekdays": ["fri"], "open": "14:30", "close": "24:00", "from": "2026-11-01" },
            { "weekdays": ["mon"], "open": "09:00", "close": "10:00" } ],
          "holidays": ["2026-12-25", "2026-11-26"],
          "early_closes": [{ "date": "2026-11-27", "close": "18:00" }] },
        { "calendar": "always", "always_open": true }
    ]);
    let mut limits = of(files.standing.constraints().document());
    limits["version"] = json!("2");
    limits["key_id"] = json!("key");
    limits["signature"] = json!(signature);
    limits["groups"] = json!([
        { "group": "z", "cap": "0.9", "members": ["DDD", "AAA", "CCC"] },
        { "group": "a", "cap": "0.8", "members": [] }
    ]);
    limits["execution"]["schedule"] = json!({ "kind": "twap", "slices": "4", "interval_s": "900" });
    limits["execution"]["repeated_execution"] = json!({ "max_orders": "20", "window_s": "3600" });
    limits["breakers"] = json!({
        "margin_breach": "abort",
        "drawdown": { "limit": "0.2", "response": "to_cash" },
        "execution_drift": { "warn": "0.05", "halt": "0.1" },
        "strategy_instability": { "window_cycles": "5", "max_flips": "2", "response": "reduce_only" }
    });
    let registry = registry.to_string();
    let limits = limits.to_string();
    inputs.load_text("registry", &registry, None);
    inputs.load_text("constraints", &limits, None);

    let mut reader = inputs.reader();
    let snapshot = reader.snapshot().expect("a snapshot");
    let standing = snapshot.standing(None).expect("good rows");
    let expected = Registry::parse("registry.json", registry.as_bytes()).expect("a registry");
    assert_eq!(
        kept(standing.registry().document()),
        kept(expected.document())
    );
    let expected = Constraints::parse("constraints.json", limits.as_bytes()).expect("limits");
    assert_eq!(
        kept(standing.constraints().document()),
        kept(expected.document())
    );
}

/// The order of rows says nothing where `place` says nothing, and numbers may carry zeros.
#[test]
fn the_zeros_of_a_number_and_the_order_of_rows_change_nothing() {
    let (inputs, files) = Inputs::one_cycle();
    inputs.replace(
        "market_snapshot",
        "SELECT portfolio_id, as_of AT TIME ZONE 'Asia/Tokyo' AT TIME ZONE 'Asia/Tokyo' AS as_of,
            asset_id::varchar(40) AS asset_id, reference_price::numeric(30, 12), price_time, market_open,
            volatility, shock_score * 1.000 AS shock_score, 'more' AS more
         FROM {t} ORDER BY asset_id DESC",
    );
    let name = &inputs.database.name;
    inputs.sql(&format!(
        "ALTER DATABASE {name} SET TimeZone = 'America/New_York';
        ALTER DATABASE {name} SET DateStyle = 'German'"
    ));
    let (_, cycle) = inputs.read().expect("good rows");
    let market = cycle.expect("a mandate").market;
    assert_eq!(kept(market.document()), kept(files.market.document()));
}
