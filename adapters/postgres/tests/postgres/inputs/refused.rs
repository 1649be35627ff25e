//! What is missing or no value is refused as in a file, and names table, row and column.

use ios012_contracts::{Mandate, RefusalCode, SingleCycle};
use ios012_postgres::PostgresError;

use super::load::{Inputs, refusal};

/// A view over one column: `value` in the place of what the row of `key` has.
fn with(inputs: &Inputs, table: &str, column: &str, condition: &str, value: &str) {
    let columns = inputs.sql(&format!(
        "SELECT string_agg(CASE attname WHEN '{column}'
                THEN $$CASE WHEN {condition} THEN {value} ELSE \"{column}\" END AS \"{column}\"$$
                ELSE quote_ident(attname) END, ', ' ORDER BY attnum)
        FROM pg_attribute WHERE attrelid = 'ios012_input.{table}'::regclass AND attnum > 0"
    ));
    inputs.replace(table, &format!("SELECT {columns} FROM {{t}}"));
}

/// Table, column, the rows whose value is replaced, the value; the code, and the place.
const CASES: &str = "\
market_snapshot | reference_price | asset_id = 'BBB' | NULL | missing_field | market_snapshot[BBB].reference_price
market_snapshot | reference_price | asset_id = 'BBB' | 1.123456789 | decimal_digits | market_snapshot[BBB].reference_price
market_snapshot | reference_price | asset_id = 'BBB' | 'NaN'::numeric | decimal | market_snapshot[BBB].reference_price
market_snapshot | reference_price | asset_id = 'BBB' | 'Infinity'::numeric | decimal | market_snapshot[BBB].reference_price
market_snapshot | reference_price | asset_id = 'BBB' | 1e40 | decimal_range | market_snapshot[BBB].reference_price
market_snapshot | reference_price | asset_id = 'BBB' | 0 | out_of_range | market_snapshot[BBB].reference_price
market_snapshot | price_time | asset_id = 'BBB' | as_of + '1 microsecond' | time | market_snapshot[BBB].price_time
market_snapshot | price_time | asset_id = 'BBB' | '-infinity'::timestamptz | time | market_snapshot[BBB].price_time
market_snapshot | market_open | asset_id = 'BBB' | NULL | missing_field | market_snapshot[BBB].market_open
market_snapshot | asset_id | asset_id = 'BBB' | NULL | missing_field | market_snapshot[?].asset_id
market_snapshot | asset_id | asset_id = 'BBB' | 'not an id' | identifier | market_snapshot[?].asset_id
market_snapshot | as_of | asset_id = 'BBB' | NULL | missing_field | market_snapshot[BBB].as_of
market_snapshot | portfolio_id | asset_id = 'BBB' | NULL | missing_field | market_snapshot[BBB].portfolio_id
market_document | currency | true | 'usd' | identifier | market_document[2026-11-20T21:00:00.000Z].currency
ios003_regimes | label | true | 'SIDEWAYS' | unknown_value | ios003_regimes[AAA].label
ios003_regimes | confidence | true | 1.01 | out_of_range | ios003_regimes[AAA].confidence
ios004_regimes | regime_as_of | true | NULL | missing_field | ios004_regimes[AAA].regime_as_of
ios004_targets | target_exposure | asset_id = 'CCC' | 0.0000000000001 | decimal_digits | ios004_targets[CCC].target_exposure
ios004_document | as_of | true | NULL | missing_field | ios004_document.as_of
ios004_document | portfolio_id | true | NULL | missing_field | ios004_document.as_of
ios004_document | issuer | true | NULL | missing_field | ios004_document[2026-11-20T21:00:00.000Z].issuer
ios001_assets | instrument | asset_id = 'CCC' | 'bond' | unknown_value | ios001_assets[CCC].instrument
ios001_assets | expiry | asset_id = 'CCC' | 'infinity'::timestamptz | time | ios001_assets[CCC].expiry
ios001_assets | funding_interval_s | asset_id = 'CCC' | -1 | not_applicable | ios001_assets[CCC].funding_interval_s
ios001_symbols | asset_id | asset_id = 'CCC' | 'ZZZ' | unknown_asset | ios001_symbols[ZZZ, paper].asset_id
ios001_symbols | place | asset_id = 'CCC' | NULL | missing_field | ios001_symbols[CCC, paper].place
ios006_constraints | value | subject = 'BBB' AND member = 'max_exposure' | '0.250' | decimal | ios006_constraints[assets, BBB].max_exposure
ios006_constraints | value | subject = 'BBB' AND member = 'max_exposure' | NULL | missing_field | ios006_constraints[assets, BBB, max_exposure].value
ios006_constraints | member | subject = 'BBB' AND member = 'max_exposure' | 'most' | unknown_field | ios006_constraints[assets, BBB]
ios006_constraints | section | section = 'execution' | 'orders' | unknown_field | the document
ios006_constraints | member | member = 'issuer' | 'version' | duplicate_key | ios006_constraints[document, version].member
portfolio | opening_cash | true | -1 | out_of_range | portfolio[one-cycle].opening_cash
portfolio | registry_version | true | NULL | missing_field | portfolio[one-cycle].registry_version
portfolio | signatures | true | 'never' | unknown_value | portfolio[one-cycle].policy.signatures";

#[test]
fn a_value_that_is_none_is_refused_with_its_table_row_and_column() {
    let (inputs, _) = Inputs::one_cycle();
    for case in CASES.lines() {
        let parts: Vec<&str> = case.split(" | ").collect();
        let [table, column, condition, value, code, place] = parts[..] else {
            panic!("{case}");
        };
        with(&inputs, table, column, condition, value);
        let refused = refusal(inputs.read());
        let at = refused.place.to_string();
        let told = (refused.code.as_str(), refused.file.as_str(), at.as_str());
        assert_eq!(told, (code, table, place), "{case}: {refused}");
        assert!(!refused.remedy.is_empty());
        inputs.restore(table);
    }
    inputs.read().expect("good rows");
}

#[test]
fn a_calendar_has_only_rows_that_mean_something() {
    let (inputs, cycle) = Inputs::one_cycle();
    let version = cycle.standing.registry().version();
    for (kind, columns, code, column) in [
        (
            "weekend",
            "from_day = '2026-01-01'",
            RefusalCode::UnknownValue,
            "kind",
        ),
        (
            "holiday",
            "from_day = '2026-01-01', close = '12:00'",
            RefusalCode::NotApplicable,
            "close",
        ),
        (
            "always_open",
            "weekdays = '{mon}'",
            RefusalCode::NotApplicable,
            "weekdays",
        ),
        (
            "holiday",
            "place = 1",
            RefusalCode::MissingField,
            "from_day",
        ),
        (
            "session",
            "weekdays = '{mon}', open = '10:00:30', close = '12:00'",
            RefusalCode::Time,
            "open",
        ),
        (
            "session",
            "weekdays = '{mon,NULL}', open = '10:00', close = '12:00'",
            RefusalCode::JsonNull,
            "weekdays[1]",
        ),
        (
            "session",
            "open = '10:00', close = '12:00'",
            RefusalCode::MissingField,
            "weekdays",
        ),
        (
            "valid",
            "from_day = '2026-01-01', until_day = 'infinity'",
            RefusalCode::Time,
            "until_day",
        ),
    ] {
        inputs.sql(&format!(
            "INSERT INTO ios012_input.calendar_days (registry_version, calendar, kind) VALUES ('{version}', 'lme', '{kind}');
            UPDATE ios012_input.calendar_days SET {columns}"
        ));
        if kind == "session" {
            inputs.sql(&format!(
                "INSERT INTO ios012_input.calendar_days (registry_version, calendar, kind, from_day, until_day)
                VALUES ('{version}', 'lme', 'valid', '2026-01-01', '2026-12-31')"
            ));
        }
        let refused = refusal(inputs.read());
        assert_eq!(refused.code, code, "{refused}");
        let place = refused.place.to_string();
        assert!(
            place.starts_with("calendar_days[lme") && place.ends_with(&format!(".{column}")),
            "{refused}"
        );
        inputs.sql("DELETE FROM ios012_input.calendar_days");
    }
}

#[test]
fn a_document_that_is_missing_is_refused() {
    for (table, code, place) in [
        ("portfolio", RefusalCode::NoRows, "portfolio[one-cycle]"),
        ("ios001_document", RefusalCode::NoRows, "ios001_document[1]"),
        ("ios001_assets", RefusalCode::NoRows, "ios001_assets[1]"),
        (
            "ios006_constraints",
            RefusalCode::NoRows,
            "ios006_constraints[1]",
        ),
        (
            "ios003_document",
            RefusalCode::RegimesMissing,
            "ios004_document[2026-11-20T21:00:00.000Z].regimes_as_of",
        ),
        (
            "ios004_targets",
            RefusalCode::NoRows,
            "ios004_targets[2026-11-20T21:00:00.000Z]",
        ),
        (
            "market_document",
            RefusalCode::NoRows,
            "market_document[2026-11-20T21:00:00.000Z]",
        ),
        (
            "market_snapshot",
            RefusalCode::NoRows,
            "market_snapshot[2026-11-20T21:00:00.000Z]",
        ),
    ] {
        let (inputs, _) = Inputs::one_cycle();
        inputs.sql(&format!(
            "DELETE FROM ios012_input.ios001_symbols; DELETE FROM ios012_input.{table}"
        ));
        let refused = refusal(inputs.read());
        assert_eq!(
            (refused.code, refused.place.to_string().as_str()),
            (code, place)
        );
    }
}

#[test]
fn no_mandate_is_no_error() {
    let (inputs, cycle) = Inputs::one_cycle();
    let as_of = cycle.mandate.as_of();
    let mut reader = inputs.reader();
    let snapshot = reader.snapshot().expect("a snapshot");
    assert!(snapshot.next(Some(as_of)).expect("no error").is_none());
    drop(snapshot);
    inputs.sql("DELETE FROM ios012_input.ios004_document");
    let snapshot = reader.snapshot().expect("a snapshot");
    assert!(snapshot.next(None).expect("no error").is_none());
    drop(snapshot);
    // That of another portfolio is none either.
    let (inputs, _) = Inputs::one_cycle();
    inputs.sql("UPDATE ios012_input.ios004_document SET portfolio_id = 'other'");
    let (_, cycle) = inputs.read().expect("no error");
    assert!(cycle.is_none());
}

/// A mandate that the parser of files refuses is refused with the same code, and the cycle is known.
#[test]
fn a_mandate_that_ends_before_it_begins_is_refused_as_in_a_file() {
    let (inputs, cycle) = Inputs::one_cycle();
    let as_of = cycle.mandate.as_of();
    let text = cycle.mandate.document().canonical();
    let text = text.replace(&cycle.mandate.valid_until().to_string(), &as_of.to_string());
    let of_file = Mandate::parse("mandate.json", text.as_bytes()).expect_err("it has ended");
    inputs.sql("UPDATE ios012_input.ios004_document SET valid_until = as_of");
    let of_rows = refusal(inputs.read());
    assert_eq!(of_rows.code, RefusalCode::Expired);
    assert_eq!(
        (of_rows.code, &of_rows.rule, of_rows.received),
        (of_file.code, &of_file.rule, of_file.received)
    );
    assert_eq!(of_rows.as_of, Some(as_of));
}

#[test]
fn rows_of_a_mandate_that_claims_regimes_without_naming_them_are_left_to_the_cycle() {
    let (inputs, SingleCycle { mandate, .. }) = Inputs::one_cycle();
    inputs.sql("UPDATE ios012_input.ios004_document SET regimes_as_of = NULL");
    let (_, cycle) = inputs.read().expect("good rows");
    let cycle = cycle.expect("a mandate");
    assert!(cycle.regimes.is_none());
    assert_eq!(cycle.mandate.document().hash(), mandate.document().hash());
}

/// A column that could have lost something before it is read, or a table that cannot be read.
#[test]
fn a_table_that_is_not_as_the_page_says_is_refused_by_name() {
    let (inputs, _) = Inputs::one_cycle();
    for (query, expected) in [
        (
            "SELECT portfolio_id, as_of, asset_id, target_exposure::float8 FROM {t}",
            "ios004_targets.target_exposure: it must be numeric",
        ),
        (
            "SELECT portfolio_id, as_of, asset_id, target_exposure::text FROM {t}",
            "ios004_targets.target_exposure: it must be numeric",
        ),
        (
            "SELECT portfolio_id, as_of AT TIME ZONE 'UTC' AS as_of, asset_id, target_exposure FROM {t}",
            "ios004_targets.as_of: it must be timestamptz",
        ),
        (
            "SELECT portfolio_id, as_of, asset_id, target_exposure AS target FROM {t}",
            "ios004_targets.target_exposure: it must be there",
        ),
        (
            "SELECT portfolio_id, as_of, asset_id::char(8) AS asset_id, target_exposure FROM {t}",
            "ios004_targets.asset_id: it must be text",
        ),
    ] {
        inputs.replace("ios004_targets", query);
        let told = shape(&inputs);
        assert!(
            told.starts_with(&format!("ios012_input.{expected}")),
            "{told}"
        );
        inputs.restore("ios004_targets");
    }
    for (change, back, expected) in [
        (
            "REVOKE SELECT ON ios012_input.market_fx FROM ios012_reader",
            "GRANT SELECT ON ios012_input.market_fx TO ios012_reader",
            "GRANT SELECT",
        ),
        (
            "ALTER TABLE ios012_input.market_fx RENAME TO fx",
            "ALTER TABLE ios012_input.fx RENAME TO market_fx",
            "it must be there",
        ),
        (
            "ALTER TABLE ios012_input.market_fx RENAME TO fx; CREATE MATERIALIZED VIEW ios012_input.market_fx AS SELECT * FROM ios012_input.fx",
            "DROP MATERIALIZED VIEW ios012_input.market_fx; ALTER TABLE ios012_input.fx RENAME TO market_fx",
            "it must be a table or a view",
        ),
    ] {
        inputs.sql(change);
        let told = shape(&inputs);
        assert!(
            told.starts_with(&format!("ios012_input.market_fx: {expected}")),
            "{told}"
        );
        inputs.sql(back);
    }
    // A domain is what it is over.
    inputs.sql("CREATE DOMAIN exposure AS numeric CHECK (VALUE BETWEEN -9 AND 9)");
    inputs.replace(
        "ios004_targets",
        "SELECT portfolio_id, as_of, asset_id, target_exposure::exposure FROM {t}",
    );
    inputs.read().expect("good rows");
}

fn shape(inputs: &Inputs) -> String {
    let error = inputs.read().expect_err("it must be refused");
    assert!(
        matches!(error, PostgresError::InputTable { .. }),
        "{error:?}"
    );
    error.to_string()
}
