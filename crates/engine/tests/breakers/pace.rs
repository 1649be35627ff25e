//! Orders by the minute, and what repeats too often, in the real loop.

use ios012_core::UtcTime;
use ios012_lineage::{Defcon, Record};
use ios012_paper::Script;

use crate::desk::{Desk, Row, amount, breakers, last_cycle, left, orders, time};

const ORDERS: &str = r#""price_collar_bps": "20""#;

/// Two orders a minute: of six, two leave at once, two a minute later, two after that; to cash too.
/// The reductions of the next cycle wait in the same way, and no order is lost.
#[test]
fn a_rate_limit_delays_and_refuses_nothing() {
    let limits = format!(
        r#"{ORDERS}, "max_orders_per_minute": "2"}}, "breakers": {{"drawdown": {{"limit": "0.05", "response": "to_cash"}}"#
    );
    let mut desk = Desk::open(Script::default(), &[(ORDERS, &limits)]);
    desk.cycle(&crate::desk::OPENING, &[]).expect("opens");
    let low = Row {
        price: Some("60"),
        ..Row::default()
    };
    desk.cycle(&crate::desk::OPENING, &[("STK", low)])
        .expect("trips");
    for (id, _) in crate::desk::OPENING {
        assert!(desk.held(id).is_zero(), "{id}");
    }
    let records = desk.records();
    assert_eq!(left(&records), []);
    for (day, cycle) in [(3, &records[..]), (4, last_cycle(&records))] {
        let start: UtcTime = amount(&time(day));
        let minutes: Vec<_> = orders(cycle)
            .iter()
            .take(6)
            .map(|order| {
                let after = order.not_before.unix_milliseconds() - start.unix_milliseconds();
                after / 60_000
            })
            .collect();
        assert_eq!(minutes, [0, 0, 1, 1, 2, 2], "day {day}");
    }
    let mut times: Vec<_> = orders(&records)
        .iter()
        .map(|order| order.not_before.unix_milliseconds())
        .collect();
    times.sort_unstable();
    assert!(times.windows(3).all(|three| three[2] - three[0] >= 60_000));
}

/// Two increases of STK within a week; the third one is refused, the breaker is on the ledger once,
/// and a reduction still leaves. Another asset is not concerned.
#[test]
fn what_repeats_too_often_is_closed_for_increases() {
    let limits =
        format!(r#"{ORDERS}, "repeated_execution": {{"max_orders": "2", "window_s": "604800"}}"#);
    let mut desk = Desk::open(Script::default(), &[(ORDERS, &limits)]);
    for target in ["0.05", "0.1", "0.15", "0.2", "0.05"] {
        desk.cycle(&[("STK", target), ("MGN", "0.1")], &[])
            .expect("goes on");
    }
    assert_eq!(desk.held("STK"), amount("500"));
    assert_eq!(desk.held("MGN"), amount("2000"));
    let records = desk.records();
    let tripped = breakers(&records);
    assert_eq!(tripped.len(), 1);
    let trip = tripped[0];
    assert_eq!(
        (trip.cause.as_str(), trip.action.as_str(), trip.level),
        ("repeated_execution", "reduce_only", Defcon::Yellow)
    );
    let refused: Vec<_> = left(&records)
        .iter()
        .map(|(id, quantity, reason)| format!("{id} {quantity} {reason}"))
        .collect();
    assert_eq!(
        refused,
        [
            "STK 500 denied_repeated_execution",
            "STK 1000 denied_repeated_execution"
        ]
    );
    assert!(matches!(records.last(), Some(Record::Seal(_))));
}

/// The second of two slices is refused when its time comes: the ledger tells no order then, and replays all
/// the same ([`Desk::records`]).
#[test]
fn what_is_refused_at_its_time_replays() {
    let repeated = r#""repeated_execution": {"max_orders": "1", "window_s": "604800"}"#;
    for (limit, reason) in [
        (
            r#""max_orders_per_cycle": "1""#,
            "denied_max_orders_per_cycle",
        ),
        (repeated, "denied_repeated_execution"),
    ] {
        let twap = r#""schedule": {"kind": "twap", "slices": "2", "interval_s": "60"}"#;
        let limits = format!("{ORDERS}, {limit}, {twap}");
        let mut desk = Desk::open(Script::default(), &[(ORDERS, &limits)]);
        desk.cycle(&[("STK", "0.05")], &[]).expect("goes on");
        let records = desk.records();
        let refused: Vec<_> = left(&records)
            .iter()
            .map(|(id, quantity, reason)| format!("{id} {quantity} {reason}"))
            .collect();
        assert_eq!(refused, [format!("STK 250 {reason}")]);
    }
}
