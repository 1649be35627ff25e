//! Data corruption that a refusal tells of: on the ledger, told once, and nothing is traded on it.

use ios012_contracts::{Mandate, Market, Refusal};
use ios012_lineage::{CycleOutcome, Defcon, Record};
use ios012_paper::Script;

use crate::desk::{Desk, OPENING, Row, breakers, orders, wait};

/// What somebody changes in a snapshot, and the cause that the breaker names.
type Case = (&'static str, fn(&str) -> String, &'static str);

const CASES: [Case; 7] = [
    (
        "a row twice",
        |text| edit(text, r#""asset_id":"STK""#, r#""asset_id":"MGN""#),
        "duplicate_row",
    ),
    (
        "a held asset has no row",
        |text| without(text, "STK"),
        "no_price",
    ),
    (
        "a price of zero",
        |text| {
            edit(
                text,
                r#""reference_price":"100""#,
                r#""reference_price":"0""#,
            )
        },
        "out_of_range",
    ),
    (
        "a price that is no number",
        |text| {
            edit(
                text,
                r#""reference_price":"100""#,
                r#""reference_price":"NaN""#,
            )
        },
        "decimal",
    ),
    (
        "no rate",
        |text| {
            edit(
                text,
                r#"{"pair":"BTCUSD","rate":"40000","rate_time":"2025-03-04T00:00:00.000Z"}"#,
                "",
            )
        },
        "no_rate",
    ),
    (
        "pairs that form a loop and do not agree",
        |text| {
            let rates = [("GBPCHF", "1.1"), ("CHFSEK", "12"), ("GBPSEK", "13.3")];
            let rows = rates.map(|(pair, rate)| {
                format!(
                    r#"{{"pair":"{pair}","rate":"{rate}","rate_time":"2025-03-04T00:00:00.000Z"}},"#
                )
            });
            edit(text, r#""fx":["#, &format!(r#""fx":[{}"#, rows.concat()))
        },
        "crossed_fx",
    ),
    (
        "funding is missing",
        |text| {
            let events = text.find(r#""events":["#).expect("events");
            format!(r#"{}"events":[]}}"#, &text[..events])
        },
        "funding_missing",
    ),
];

#[test]
fn a_corrupt_snapshot_trips_and_nothing_is_traded_on_it() {
    for (name, change, cause) in CASES {
        let mut desk = Desk::open(Script::default(), &[]);
        desk.cycle(&OPENING, &[]).expect("opens");
        let held = desk.held("STK");
        let text = change(&desk.text(&[]));
        refuse(&mut desk, &text);
        desk.last -= 1;
        assert_eq!(desk.held("STK"), held, "{name}");
        let told: Vec<_> = desk
            .runner
            .take_alerts()
            .iter()
            .map(ios012_engine::Alert::code)
            .collect();
        assert_eq!(told, [format!("data_corruption:{cause}")], "{name}");
        // Its events come again with the next good snapshot, which is traded on; the level waits for a person.
        let (summary, _) = desk.cycle(&OPENING, &[]).expect("goes on");
        assert_eq!(summary.outcome, CycleOutcome::Executed, "{name}");
        let records = desk.records();
        let trips = breakers(&records);
        assert_eq!(trips.len(), 1, "{name}");
        assert_eq!(
            (trips[0].breaker.as_str(), trips[0].cause.as_str()),
            ("data_corruption", cause),
            "{name}"
        );
        assert_eq!(
            (trips[0].action.as_str(), trips[0].level),
            ("abort", Defcon::Yellow),
            "{name}"
        );
        let levels = records.iter().filter_map(|record| match record {
            Record::Seal(seal) => Some(seal.defcon),
            _ => None,
        });
        assert_eq!(
            levels.collect::<Vec<_>>(),
            [Defcon::Green, Defcon::Green, Defcon::Yellow],
            "{name}"
        );
        assert!(!orders(&records).is_empty(), "{name}");
    }
}

/// A price from after the snapshot, and one that is too old, where the limits bound its age.
#[test]
fn a_price_of_another_time_trips() {
    for (made, cause) in [
        ("2025-03-05T00:00:00.000Z", "future_price"),
        ("2025-03-02T23:59:59.999Z", "stale_price"),
    ] {
        let mut desk = Desk::open(
            Script::default(),
            &[(
                r#""portfolio": {"#,
                r#""portfolio": {"max_price_age_s": "86400","#,
            )],
        );
        desk.cycle(&OPENING, &[]).expect("opens");
        let row = Row {
            made: Some(made),
            ..Row::default()
        };
        let (summary, refusal) = desk.cycle(&OPENING, &[("STK", row)]).expect("goes on");
        assert_eq!(summary.outcome, CycleOutcome::Refused);
        assert_eq!(refusal.expect("refused").code.as_str(), cause);
        let records = desk.records();
        assert_eq!(breakers(&records)[0].cause.as_str(), cause);
    }
}

/// What an author asked wrongly is refused and is no corruption; what contradicts itself is.
#[test]
fn a_mandate_trips_only_where_it_contradicts_itself() {
    let cases = [
        (
            r#"{"schema":"ios012.mandate.v1","schema":"ios012.mandate.v1"}"#,
            Some("duplicate_key"),
        ),
        (
            r#"{"schema":"ios012.mandate.v1","portfolio_id":"six-instruments","as_of":"2025-03-03T00:00:00.000Z",
            "valid_until":"2025-03-04T00:00:00.000Z","issuer":"ios-004","targets":[{"asset_id":"STK","target_exposure":"0"}],"key_id":"k","signature":"AAAA"}"#,
            Some("signature_encoding"),
        ),
        (r#"{"schema":"ios012.mandate.v1","leverage":"2"}"#, None),
    ];
    for (text, cause) in cases {
        let mut desk = Desk::open(Script::default(), &[]);
        let refusal = refusal(Mandate::parse("mandate.json", text.as_bytes()));
        wait(desk.runner.refuse(refusal)).expect("goes on");
        let records = desk.records();
        let causes: Vec<_> = breakers(&records)
            .iter()
            .map(|trip| trip.cause.as_str().to_owned())
            .collect();
        assert_eq!(causes, cause.into_iter().collect::<Vec<_>>());
    }
}

/// Gives a snapshot to the portfolio; it must be refused, by itself or beside the mandate.
fn refuse(desk: &mut Desk, text: &str) {
    match Market::parse("market.json", text.as_bytes()) {
        Err(refusal) => {
            wait(desk.runner.refuse(refusal)).expect("goes on");
        }
        Ok(market) => {
            let (summary, _) = desk.cycle_on(&OPENING, market).expect("goes on");
            assert_eq!(summary.outcome, CycleOutcome::Refused, "{text}");
        }
    }
}

fn refusal<T>(parsed: Result<T, Refusal>) -> Refusal {
    parsed.err().expect("refused")
}

fn edit(text: &str, from: &str, to: &str) -> String {
    assert!(text.contains(from), "{from}");
    text.replace(from, to)
}

fn without(text: &str, id: &str) -> String {
    let start = text
        .find(&format!(r#"{{"asset_id":"{id}""#))
        .expect("a row");
    let end = start + text[start..].find("},").expect("its end") + 2;
    format!("{}{}", &text[..start], &text[end..])
}
