//! Brokers that answer late, twice or not at all: what they did is on the ledger, once, whoever stops meanwhile.

use std::sync::{Arc, Mutex};

use ios012_broker::BrokerError;
use ios012_constraints::defcon::RedAction;
use ios012_core::{Defcon, Quantity};
use ios012_engine::{EngineError, StopOrder, StopWatch, Stopped};
use ios012_lineage::{CycleOutcome, OutcomeState, Record};
use ios012_paper::{Action, Script};

use crate::desk::{Desk, OPENING, amount, breakers, orders, time, wait};
use crate::stop::{StopAt, all};
use crate::teller::Unanswered;

fn stopped_while_waiting() -> StopAt {
    StopAt::new(usize::MAX, Defcon::Red, RedAction::ReduceOnly).0
}

fn outcomes(records: &[Record]) -> Vec<OutcomeState> {
    let outcomes = records.iter().filter_map(|record| match record {
        Record::Outcome(outcome) => Some(outcome.state),
        _ => None,
    });
    outcomes.collect()
}

/// The first order is filled in part, its answer is lost, and a stop comes before anybody could ask for it: the
/// venue tells the end that the stop asked for, and not the fill again. The fill is in the books all the same.
#[test]
fn a_stop_does_not_lose_the_fills_of_an_order_in_doubt() {
    for (answer, hanging_questions) in [(Unanswered::Never, 0), (Unanswered::Unreachable, 1)] {
        let half = all(Action::Partial(amount("0.5")));
        let mut desk = Desk::watched(half, &[], stopped_while_waiting());
        {
            let mut calls = desk.mishaps.calls();
            calls.submit = Some(answer);
            calls.hanging_questions = hanging_questions;
        }
        let (summary, _) = desk.cycle(&OPENING, &[]).expect("goes on");
        assert_eq!((summary.outcome, summary.fills), (CycleOutcome::Aborted, 1));
        let asked = desk.mishaps.calls().cancelled.len();
        assert_eq!(asked, 1, "it was cancelled first");
        let records = desk.records();
        let trades: Vec<_> = records
            .iter()
            .filter_map(|record| match record {
                Record::Fill(fill) => Some(fill.quantity),
                _ => None,
            })
            .collect();
        assert_eq!(trades.len(), 1);
        let sent = orders(&records);
        assert_eq!(sent[0].quantity, sum(trades[0], trades[0]));
        let unsent = sent.len() - 1;
        let states = outcomes(&records);
        assert_eq!(states[0], OutcomeState::Unknown);
        let cancelled = states[1..].iter();
        let cancelled = cancelled.filter(|state| **state == OutcomeState::Cancelled);
        assert_eq!(cancelled.count(), 1 + unsent);
    }
}

fn sum(left: Quantity, right: Quantity) -> Quantity {
    left.checked_add(right).expect("units")
}

/// An order whose cancel fails keeps neither the trip from the ledger nor the others from being cancelled.
#[test]
fn a_cancel_that_fails_is_told_last() {
    let mut desk = Desk::watched(all(Action::Rest), &[], stopped_while_waiting());
    desk.mishaps.calls().cancel_fails = true;
    let error = desk.cycle(&OPENING, &[]).expect_err("an order is open");
    assert!(
        matches!(error, EngineError::Broker(BrokerError::Unreachable { .. })),
        "{error}"
    );
    let calls = desk.mishaps.calls();
    assert!(calls.submitted.len() > 1, "{:?}", calls.submitted);
    assert_eq!(calls.cancelled, calls.submitted);
    let engine = desk.runner.engine();
    assert_eq!(engine.alarm().posture().level(), Defcon::Red);
    assert!(engine.chain().pending().is_empty(), "the trip is kept");
}

/// A broker that tells all that it ever told with whatever it tells leaves the same ledger as one that tells it
/// once, through cycles.
#[test]
fn what_is_told_again_is_taken_once() {
    let run = |repeats| {
        let mut desk = Desk::open(all(Action::Partial(amount("0.5"))), &[]);
        desk.mishaps.calls().repeats = repeats;
        for _ in 0..3 {
            let (summary, _) = desk.cycle(&OPENING, &[]).expect("runs");
            assert!(summary.fills > 0);
        }
        desk.records()
    };
    assert_eq!(run(true), run(false));
}

/// A trade that is told again as another one is no repeat.
#[test]
fn a_contradiction_is_no_repeat() {
    let mut desk = Desk::open(all(Action::Partial(amount("0.5"))), &[]);
    desk.mishaps.calls().contradicts = true;
    let error = desk.cycle(&OPENING, &[]).expect_err("halts");
    assert!(
        matches!(
            error,
            EngineError::UnknownOrder { .. } | EngineError::RepeatedFill { .. }
        ),
        "{error}"
    );
}

/// Tells at each step that the broker's time is over, and notes what it is told.
#[derive(Clone, Default)]
struct Hasty {
    order: Arc<Mutex<Option<StopOrder>>>,
    limits: Arc<Mutex<Vec<bool>>>,
}

impl StopWatch for Hasty {
    fn poll(&mut self) -> Option<Stopped> {
        let order = self.order.lock().expect("one thread").take();
        let order = order.map(Box::new).map(Stopped::Order);
        order.or(Some(Stopped::GiveUp))
    }

    async fn wait(&mut self) -> Stopped {
        std::future::pending().await
    }

    fn limit_patience(&mut self, is_limited: bool) {
        self.limits.lock().expect("one thread").push(is_limited);
    }
}

/// A portfolio goes to cash because of an order that came before the cycle: the broker has all its time for it.
#[test]
fn only_a_stopped_cycle_is_given_up() {
    let watch = Hasty::default();
    let mut desk = Desk::watched(Script::default(), &[], watch.clone());
    let (summary, _) = desk.cycle(&OPENING, &[]).expect("opens");
    assert_eq!(summary.outcome, CycleOutcome::Executed);
    *watch.order.lock().expect("one thread") = Some(StopOrder {
        level: Defcon::Red,
        red_action: RedAction::ToCash,
        cause: "fire_drill".parse().expect("a code"),
        evidence: "a test".parse().expect("a text"),
        at: amount(&time(3)),
    });
    wait(desk.runner.heed()).expect("is recorded");
    let (summary, _) = desk.cycle(&OPENING, &[]).expect("goes to cash");
    assert_eq!(summary.outcome, CycleOutcome::Executed);
    assert!(summary.fills > 0);
    assert_eq!(*watch.limits.lock().expect("one thread"), [false, false]);
    let records = desk.records();
    assert_eq!(breakers(&records).len(), 1);
}
