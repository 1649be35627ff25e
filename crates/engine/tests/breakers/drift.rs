//! Execution drift: a broker whose account is not what the books and the last decision say.

use ios012_broker::Statement;
use ios012_core::{AssetId, Defcon, Quantity};
use ios012_engine::{Alert, EngineError, StopOrder, StopWatch, Stopped};
use ios012_lineage::{Breaker, CycleOutcome, Record};
use ios012_paper::{Action, Rule, Script};

use crate::desk::{Desk, OPENING, amount, breakers, last_cycle, orders, time};

/// Adds to what the broker says of an asset a fraction of it, in millionths.
fn off(told: &mut Statement, asset: &str, millionths: i128) {
    let rows = told.positions.iter_mut();
    let row = rows.into_iter().find(|(id, _)| id.as_str() == asset);
    let (_, units) = row.expect("it is held");
    *units = Quantity::from_units(units.units() + units.units() * millionths / 1_000_000);
}

fn fact<'a>(breaker: &'a Breaker, name: &str) -> Vec<&'a str> {
    let facts = breaker.evidence.iter();
    let facts = facts.filter(|fact| fact.name.as_str() == name);
    facts.map(|fact| fact.value.as_str()).collect()
}

#[test]
fn a_position_that_differs_halts_and_nothing_is_sent() {
    let mut desk = Desk::open(Script::default(), &[]);
    desk.cycle(&OPENING, &[]).expect("opens");
    desk.lies.tell(|told| off(told, "STK", 1_500));
    let (summary, _) = desk.cycle(&OPENING, &[]).expect("aborts");
    assert_eq!(
        (summary.outcome, summary.orders),
        (CycleOutcome::Aborted, 0)
    );
    let told: Vec<_> = desk.runner.take_alerts().iter().map(Alert::code).collect();
    assert_eq!(told, ["execution_drift:halt"]);
    // Halted, it asks no more and sends nothing, also where the broker is right again.
    desk.lies.end();
    let (summary, _) = desk.cycle(&OPENING, &[]).expect("aborts");
    assert_eq!(
        (summary.outcome, summary.orders),
        (CycleOutcome::Aborted, 0)
    );
    let records = desk.records();
    let trips = breakers(&records);
    assert_eq!(trips.len(), 1);
    assert_eq!(
        (trips[0].action.as_str(), trips[0].level),
        ("halt", Defcon::Black)
    );
    assert_eq!(fact(trips[0], "score"), ["0.185185185186"]);
    assert_eq!(fact(trips[0], "facts"), ["position"]);
    assert_eq!(fact(trips[0], "position"), ["STK books 2000 broker 2003"]);
}

/// The tolerance is 0.1 %: exactly that passes, one quantum more does not.
#[test]
fn a_position_is_tolerated_up_to_a_thousandth() {
    for (quanta, outcome) in [(0, CycleOutcome::Executed), (1, CycleOutcome::Aborted)] {
        let mut desk = Desk::open(Script::default(), &[]);
        desk.cycle(&OPENING, &[]).expect("opens");
        let held = desk.held("MGN").units();
        desk.lies.tell(move |told| {
            let rows = told.positions.iter_mut();
            let row = rows.into_iter().find(|(id, _)| id.as_str() == "MGN");
            let (_, units) = row.expect("it is held");
            *units = Quantity::from_units(held - held / 1_000 - quanta * held.signum());
        });
        let (summary, _) = desk.cycle(&OPENING, &[]).expect("runs");
        assert_eq!(summary.outcome, outcome, "{quanta} beyond");
        assert_eq!(breakers(&desk.records()).len(), usize::from(quanta == 1));
    }
}

/// Each position is within its tolerance, and all of them together are 0.11 % of NLV: 0.3 of it through
/// a token of factor 3, whose own value is a third of that.
#[test]
fn small_differences_warn_by_the_exposure_that_they_come_to() {
    const FOUR: [&str; 4] = ["BULL3X", "EURUSD", "GCJ25", "XBTPERP"];
    for (told_off, warns) in [(&FOUR[..], true), (&FOUR[1..], false)] {
        let mut desk = Desk::open(Script::default(), &[]);
        desk.cycle(&OPENING, &[]).expect("opens");
        desk.lies.tell(move |told| {
            for asset in told_off {
                off(told, asset, -1_000);
            }
        });
        let (summary, _) = desk.cycle(&OPENING, &[]).expect("goes on");
        assert_eq!(summary.outcome, CycleOutcome::Executed);
        // It is watched, not stopped, and told as long as it lasts.
        let (summary, _) = desk.cycle(&OPENING, &[]).expect("goes on");
        assert_eq!(summary.outcome, CycleOutcome::Executed);
        let records = desk.records();
        let trips = breakers(&records);
        assert_eq!(trips.len(), if warns { 2 } else { 0 });
        for trip in trips {
            assert_eq!(
                (trip.cause.as_str(), trip.action.as_str()),
                ("warn", "none")
            );
            assert_eq!(trip.level, Defcon::Yellow);
            assert_eq!(fact(trip, "facts"), ["exposure"]);
            assert_eq!(fact(trip, "score"), ["0.092592592593"]);
        }
    }
}

/// A score of 0.0556 for a statement of the day before: a warning, and a halt where the limits say so.
#[test]
fn limits_that_are_tightened_halt_earlier() {
    const TIGHT: &str =
        r#""breakers": {"execution_drift": {"warn": "0.05", "halt": "0.055"}}, "execution": {"#;
    let tight = [(r#""execution": {"#, TIGHT)];
    for (changes, action, level) in [
        (&[][..], "none", Defcon::Yellow),
        (&tight[..], "halt", Defcon::Black),
    ] {
        let mut desk = Desk::open(Script::default(), changes);
        desk.cycle(&OPENING, &[]).expect("opens");
        desk.lies.tell(|told| told.time = amount(&time(3)));
        desk.cycle(&OPENING, &[]).expect("is told");
        let records = desk.records();
        let trip = breakers(&records)[0];
        assert_eq!((trip.action.as_str(), trip.level), (action, level));
    }
}

/// What was held when it was decided, what was allowed, and all between is as good as the decision.
#[test]
fn a_position_beyond_what_was_allowed_is_told_apart() {
    for (units, facts) in [
        ("1500", "position exposure"),
        ("2500", "position allowed exposure"),
        ("-5", "position allowed exposure"),
    ] {
        let mut desk = Desk::open(Script::default(), &[]);
        desk.cycle(&OPENING, &[]).expect("opens");
        desk.lies.tell(move |told| {
            let rows = told.positions.iter_mut();
            let row = rows.into_iter().find(|(id, _)| id.as_str() == "STK");
            row.expect("it is held").1 = amount(units);
        });
        desk.cycle(&OPENING, &[]).expect("aborts");
        let records = desk.records();
        assert_eq!(fact(breakers(&records)[0], "facts"), [facts], "{units}");
    }
}

/// Cash by hand: 1,000,000 less STK 200,000, BULL3X 100,000 and EURUSD 272,000 × 1.1, and 200,000 from
/// the short sale of MGN. The other three pay nothing.
#[test]
fn cash_orders_and_time_are_compared() {
    type Lie = fn(&mut Statement);
    let lies: [(Lie, &str, &str); 4] = [
        (
            |told| told.cash = Some(Vec::new()),
            "cash",
            "cash USD books 600800 broker 0",
        ),
        (
            |told| {
                let unknown = "000000000000000000000000000000ff".parse();
                told.open_orders.push(unknown.expect("an id"));
            },
            "open_orders",
            "open_order 000000000000000000000000000000ff",
        ),
        (
            |told| told.time = amount(&time(3)),
            "stated_at",
            "stated_at 2025-03-03T00:00:00.000Z",
        ),
        (
            |told| {
                let unknown: AssetId = amount("NEW");
                told.positions.push((unknown, Quantity::QUANTUM));
                told.positions.sort();
            },
            "position allowed position_count exposure",
            "position NEW books 0 broker 0.000000001",
        ),
    ];
    for (lie, facts, evidence) in lies {
        let mut desk = Desk::open(Script::default(), &[]);
        desk.cycle(&OPENING, &[]).expect("opens");
        desk.lies.tell(lie);
        desk.cycle(&OPENING, &[]).expect("is told");
        let records = desk.records();
        let trips = breakers(&records);
        assert_eq!(fact(trips[0], "facts"), [facts]);
        let told = trips[0].evidence.iter();
        let told = told.map(|fact| format!("{} {}", fact.name, fact.value.as_str()));
        let told: Vec<_> = told.collect();
        assert!(told.contains(&evidence.to_owned()), "{told:?}");
    }
}

/// A fill that the broker made and told as an expiry: the books are wrong, and the next cycle sees it.
#[test]
fn a_lost_fill_halts_the_next_cycle() {
    let lost = Rule {
        asset_id: Some(amount("STK")),
        side: None,
        as_of: None,
        action: Action::LostFill,
    };
    let mut desk = Desk::open(Script::new(vec![lost]), &[]);
    let (summary, _) = desk.cycle(&OPENING, &[]).expect("opens");
    assert_eq!(summary.outcome, CycleOutcome::Executed);
    let (summary, _) = desk.cycle(&OPENING, &[]).expect("aborts");
    assert_eq!(
        (summary.outcome, summary.orders),
        (CycleOutcome::Aborted, 0)
    );
    let records = desk.records();
    assert!(orders(last_cycle(&records)).is_empty());
    let trip = breakers(&records)[0];
    assert_eq!(fact(trip, "position"), ["STK books 0 broker 2000"]);
    // The order was for what it filled: that much was allowed.
    assert_eq!(fact(trip, "facts"), ["position position_count exposure"]);
}

/// Orders a stop as soon as somebody waits.
struct Impatient {
    level: Defcon,
    told: bool,
}

impl StopWatch for Impatient {
    fn poll(&mut self) -> Option<Stopped> {
        None
    }

    async fn wait(&mut self) -> Stopped {
        if std::mem::replace(&mut self.told, true) {
            std::future::pending::<()>().await;
        }
        Stopped::Order(Box::new(StopOrder {
            level: self.level,
            red_action: ios012_constraints::defcon::RedAction::ReduceOnly,
            cause: amount_code("fire_drill"),
            evidence: "a test".parse().expect("a text"),
            at: amount(&time(3)),
        }))
    }
}

const fn impatient(level: Defcon) -> Impatient {
    Impatient { level, told: false }
}

fn amount_code(text: &str) -> ios012_lineage::Code {
    text.parse().expect("a code")
}

/// Without a statement there is no cycle; the stop is on the ledger.
#[test]
fn a_stop_beside_a_broker_that_says_nothing_begins_no_cycle() {
    let mut desk = Desk::watched(Script::default(), &[], impatient(Defcon::Red));
    desk.lies.hang();
    let error = desk.cycle(&OPENING, &[]).expect_err("begins nothing");
    assert!(matches!(error, EngineError::NoStatement), "{error}");
    let records = desk.records();
    assert!(
        !records
            .iter()
            .any(|record| matches!(record, Record::Cycle(_)))
    );
    assert_eq!(breakers(&records)[0].breaker.as_str(), "operator");
}

/// ORANGE stops nothing on paper: the broker is asked once more, and the cycle runs.
#[test]
fn an_order_that_stops_nothing_keeps_no_cycle_from_its_statement() {
    let mut desk = Desk::watched(Script::default(), &[], impatient(Defcon::Orange));
    desk.lies.hang_once();
    let (summary, _) = desk.cycle(&OPENING, &[]).expect("runs");
    assert_eq!(summary.outcome, CycleOutcome::Executed);
    let records = desk.records();
    assert!(matches!(&records[1], Record::Breaker(trip) if trip.level == Defcon::Orange));
}
