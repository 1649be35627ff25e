//! One fact has one source (ADR-013): a second row for one key is refused in every table, whatever the
//! database keeps unique.

use ios012_conformance::{Place as _, lines};
use ios012_contracts::{DocumentKind, RefusalCode};

use crate::engine::{runner, runtime};

use super::load::{Inputs, refusal};

/// Each table, its document, a column that two sources may disagree on and what the second says, and
/// whether the row can be found by a key of its own.
const TABLES: [(&str, DocumentKind, &str); 18] = [
    ("portfolio", DocumentKind::Scenario, "opening_cash = 1"),
    ("portfolio_positions", DocumentKind::Scenario, "cost = 1"),
    (
        "ios001_document",
        DocumentKind::Registry,
        "issuer = 'other'",
    ),
    ("ios001_assets", DocumentKind::Registry, "lot_size = 2"),
    ("ios001_symbols", DocumentKind::Registry, "symbol = 'other'"),
    ("ios001_fx_pairs", DocumentKind::Registry, "place = 9"),
    ("calendar_days", DocumentKind::Registry, "close = '01:00'"),
    (
        "ios006_constraints",
        DocumentKind::Constraints,
        "value = '0.01'",
    ),
    (
        "ios006_group_members",
        DocumentKind::Constraints,
        "place = 9",
    ),
    (
        "ios003_document",
        DocumentKind::Regimes,
        "version = 'other'",
    ),
    ("ios003_regimes", DocumentKind::Regimes, "label = 'BEAR'"),
    ("ios004_document", DocumentKind::Mandate, "cash_weight = 0"),
    (
        "ios004_targets",
        DocumentKind::Mandate,
        "target_exposure = 0",
    ),
    ("ios004_regimes", DocumentKind::Mandate, "label = 'BEAR'"),
    (
        "market_document",
        DocumentKind::Market,
        "portfolio_shock_score = 2",
    ),
    (
        "market_snapshot",
        DocumentKind::Market,
        "reference_price = 1",
    ),
    ("market_fx", DocumentKind::Market, "rate = 1"),
    ("market_events", DocumentKind::Market, "amount = 1"),
];

/// One cycle, and a row in each table that it leaves empty.
fn full() -> Inputs {
    let (inputs, cycle) = Inputs::one_cycle();
    let (version, as_of) = (cycle.standing.registry().version(), cycle.mandate.as_of());
    let days = ["mon", "tue"].map(|day| {
        format!(
            "('{version}', 'hours', 'session', NULL, '{{{day}}}'::text[], '00:00'::time, '24:00'::time)"
        )
    });
    inputs.sql(&format!(
        "INSERT INTO ios012_input.ios001_fx_pairs VALUES ('{version}', 1, 'EURUSD', 'EUR', 'USD');
        INSERT INTO ios012_input.calendar_days (registry_version, calendar, kind, from_day, weekdays, open, close)
            VALUES {};
        INSERT INTO ios012_input.calendar_days (registry_version, calendar, kind, from_day, until_day)
            VALUES ('{version}', 'hours', 'valid', '2020-01-01', '2030-01-01');
        UPDATE ios012_input.ios001_assets SET calendar = 'hours';
        UPDATE ios012_input.market_snapshot SET market_open = false;
        INSERT INTO ios012_input.market_fx VALUES ('one-cycle', '{as_of}', 1, 'EURUSD', 1.1, '{as_of}');
        INSERT INTO ios012_input.market_events (portfolio_id, as_of, \"time\", kind, currency, amount)
            VALUES ('one-cycle', '{as_of}', '{as_of}', 'transfer', 'USD', 5)",
        days.map(|day| day.replace("NULL", "NULL::date")).join(", ")
    ));
    inputs
}

#[test]
fn a_second_row_for_one_key_is_refused_in_every_table() {
    let inputs = full();
    let (_, cycle) = inputs.read().expect("one row for each key");
    assert_eq!(cycle.expect("a mandate").market.events().len(), 1);
    for (table, document, change) in TABLES {
        let rows = inputs.sql(&format!("SELECT count(*) FROM ios012_input.{table}"));
        assert!(rows.parse::<u32>().expect("a number") > 0, "{table}");
        // The same row again, and one for the same key that says something else.
        for other in ["", change] {
            let (column, value) = other.split_once(" = ").unwrap_or_default();
            let second = inputs.sql(&format!(
                "SELECT string_agg(CASE attname WHEN '{column}' THEN $${value}$$ ELSE quote_ident(attname) END, ', '
                    ORDER BY attnum)
                FROM pg_attribute WHERE attrelid = 'ios012_input.{table}'::regclass AND attnum > 0"
            ));
            inputs.replace(
                table,
                &format!("SELECT * FROM {{t}} UNION ALL (SELECT {second} FROM {{t}} LIMIT 1)"),
            );
            let refused = refusal(inputs.read());
            assert_eq!(
                (refused.code, refused.document, refused.file.as_str()),
                (RefusalCode::DuplicateRow, document, table),
                "{other}"
            );
            assert!(refused.rule.contains("(ADR-013)"), "{refused}");
            assert!(refused.place.to_string().starts_with(table), "{refused}");
            assert!(refused.value.is_some(), "{refused}");
            inputs.restore(table);
        }
    }
    inputs.read().expect("one row for each key");
}

#[test]
fn the_breach_names_table_key_and_cycle() {
    let (inputs, cycle) = Inputs::one_cycle();
    inputs.replace(
        "market_snapshot",
        "SELECT * FROM {t} UNION ALL SELECT * FROM {t} WHERE asset_id = 'CCC'",
    );
    let refused = refusal(inputs.read());
    assert_eq!(refused.as_of, Some(cycle.mandate.as_of()));
    assert_eq!(
        refused.to_string(),
        "market_snapshot: market refused (duplicate_row)
  cycle   2026-11-20T21:00:00.000Z
  at      market_snapshot[CCC].asset_id = \"CCC\"
  rule    one row of market_snapshot for each portfolio_id, as_of, asset_id (ADR-013)
  remedy  remove one of the two rows"
    );
}

/// What is told of a row goes on the ledger: an identifier may, another text may not.
#[test]
fn a_key_that_is_no_identifier_is_told_to_people_only() {
    let (inputs, _) = Inputs::one_cycle();
    inputs.replace(
        "ios004_targets",
        "SELECT portfolio_id, as_of, 'a secret'::text AS asset_id, target_exposure FROM {t}",
    );
    let refused = refusal(inputs.read());
    assert_eq!(refused.code, RefusalCode::DuplicateRow);
    assert_eq!(refused.value.as_deref(), Some("a secret"));
    assert!(!refused.place.to_string().contains("secret"), "{refused}");
    assert!(!refused.rule.contains("secret"), "{refused}");
}

/// The refusal is an engine's data corruption like that of a file: it stands on the ledger and trips.
#[test]
fn the_breach_trips_the_breaker_of_corrupt_data() {
    let (inputs, cycle) = Inputs::one_cycle();
    inputs.replace(
        "ios004_targets",
        "SELECT * FROM {t} UNION ALL
            SELECT portfolio_id, as_of, asset_id, 0 FROM {t} WHERE asset_id = 'CCC'",
    );
    let refused = refusal(inputs.read());
    let store = || inputs.database.store(cycle.standing.portfolio_id().clone());
    let mut runner = runner(&cycle.standing, store());
    runtime()
        .block_on(runner.refuse(refused))
        .expect("it is recorded");
    runner.finish().expect("it ends");
    let kept = lines(&mut store(), 0);
    let record = |kind: &str| {
        let kind = format!("\"kind\":\"{kind}\"");
        let found = kept.lines().find(|line| line.contains(&kind));
        found
            .unwrap_or_else(|| panic!("no {kind}: {kept}"))
            .to_owned()
    };
    let refusal = record("refusal");
    for part in [
        "\"code\":\"duplicate_row\"",
        "\"path\":\"ios004_targets[CCC].asset_id\"",
        "(ADR-013)",
    ] {
        assert!(refusal.contains(part), "{refusal}");
    }
    let breaker = record("breaker");
    assert!(breaker.contains("data_corruption"), "{breaker}");
}
