//! Orders to stop: at every step of a cycle, beside a broker that hangs, and outside any cycle.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use ios012_constraints::defcon::RedAction;
use ios012_core::{Defcon, UtcTime};
use ios012_engine::{EngineError, StopOrder, StopWatch, Stopped};
use ios012_lineage::{CycleOutcome, OutcomeState, Record};
use ios012_paper::{Action, Rule, Script};

use crate::desk::{Desk, OPENING, amount, breakers, last_cycle, left, orders, time, wait};

/// Orders a stop at the n-th time that it is asked, or as soon as somebody waits for it from then on.
pub(crate) struct StopAt {
    asked: Arc<AtomicUsize>,
    at: usize,
    level: Defcon,
    red_action: RedAction,
    told: usize,
}

impl StopAt {
    pub(crate) fn new(at: usize, level: Defcon, red_action: RedAction) -> (Self, Arc<AtomicUsize>) {
        let asked = Arc::new(AtomicUsize::new(0));
        let watch = Self {
            asked: Arc::clone(&asked),
            at,
            level,
            red_action,
            told: 0,
        };
        (watch, asked)
    }

    fn tell(&mut self) -> Stopped {
        self.told += 1;
        if self.told > 1 {
            return Stopped::GiveUp;
        }
        Stopped::Order(Box::new(StopOrder {
            level: self.level,
            red_action: self.red_action,
            cause: "fire_drill".parse().expect("a code"),
            evidence: "a test".parse().expect("a text"),
            at: amount::<UtcTime>(&time(3)),
        }))
    }
}

impl StopWatch for StopAt {
    fn poll(&mut self) -> Option<Stopped> {
        let asked = self.asked.fetch_add(1, Ordering::SeqCst);
        (asked == self.at).then(|| self.tell())
    }

    async fn wait(&mut self) -> Stopped {
        if self.asked.load(Ordering::SeqCst) > self.at || self.at == usize::MAX {
            self.tell()
        } else {
            std::future::pending().await
        }
    }
}

pub(crate) fn all(action: Action) -> Script {
    Script::new(vec![Rule {
        asset_id: None,
        side: None,
        as_of: None,
        action,
    }])
}

/// Whatever the step at which the stop comes: it is recorded at once, no order leaves after it, what
/// was to leave is told as left, books and ledger stay whole, and the next cycle only reduces.
#[test]
fn a_stop_at_any_step_lets_no_order_out_after_it() {
    let (watch, asked) = StopAt::new(usize::MAX - 1, Defcon::Red, RedAction::ReduceOnly);
    let mut desk = Desk::watched(Script::default(), &[], watch);
    desk.cycle(&OPENING, &[]).expect("opens");
    let steps = asked.load(Ordering::SeqCst);
    assert!(steps > 10, "{steps}");
    let sent_without = orders(&desk.records()).len();
    for at in 0..steps {
        let (watch, _) = StopAt::new(at, Defcon::Red, RedAction::ReduceOnly);
        let mut desk = Desk::watched(Script::default(), &[], watch);
        desk.cycle(&OPENING, &[]).expect("goes on");
        let (summary, _) = desk.cycle(&OPENING, &[]).expect("goes on");
        assert_eq!(summary.orders, 0, "step {at}");
        let records = desk.records();
        assert_eq!(breakers(&records).len(), 1, "step {at}");
        let trip = records
            .iter()
            .position(|record| matches!(record, Record::Breaker(_)))
            .expect("a trip");
        assert!(orders(&records[trip..]).is_empty(), "step {at}");
        let seals = records[trip..].iter().find_map(|record| match record {
            Record::Seal(seal) => Some(seal),
            _ => None,
        });
        assert_eq!(seals.expect("a seal").defcon, Defcon::Red);
        let filled = records
            .iter()
            .filter(|record| matches!(record, Record::Fill(_)));
        assert!(filled.count() <= sent_without);
    }
}

/// ORANGE means paper only, and this portfolio is on paper: it trades on, under the level that its seals
/// and its alert show.
#[test]
fn at_orange_a_paper_portfolio_trades_on() {
    let mut desk = Desk::open(Script::default(), &[]);
    desk.cycle(&OPENING, &[]).expect("opens");
    let undisturbed = orders(&desk.records()).len();
    let (watch, _) = StopAt::new(0, Defcon::Orange, RedAction::ReduceOnly);
    let mut desk = Desk::watched(Script::default(), &[], watch);
    let (summary, _) = desk.cycle(&OPENING, &[]).expect("goes on");
    assert_eq!(summary.outcome, CycleOutcome::Executed);
    let alerts = desk.runner.take_alerts();
    assert_eq!(alerts.len(), 1);
    assert_eq!(
        (alerts[0].action.as_str(), alerts[0].level),
        ("none", Defcon::Orange)
    );
    let records = desk.records();
    assert_eq!(orders(&records).len(), undisturbed);
    let last = records.iter().rev().find_map(|record| match record {
        Record::Seal(seal) => Some(seal.defcon),
        _ => None,
    });
    assert_eq!(last, Some(Defcon::Orange));
}

/// Orders that rest at the broker are cancelled, and the cycle ends when the broker has confirmed.
#[test]
fn open_orders_are_cancelled_and_the_end_is_confirmed() {
    let (watch, _) = StopAt::new(usize::MAX, Defcon::Black, RedAction::ReduceOnly);
    let mut desk = Desk::watched(all(Action::Rest), &[], watch);
    let (summary, _) = desk.cycle(&OPENING, &[]).expect("goes on");
    assert_eq!(summary.outcome, CycleOutcome::Aborted);
    let alerts = desk.runner.take_alerts();
    let codes: Vec<_> = alerts
        .iter()
        .map(|alert| (alert.code(), alert.level))
        .collect();
    assert_eq!(codes, [("operator:fire_drill".to_owned(), Defcon::Black)]);
    // StopAt BLACK a mandate gets no decision at all.
    let (summary, _) = desk.cycle(&OPENING, &[]).expect("goes on");
    assert_eq!(
        (summary.outcome, summary.decisions),
        (CycleOutcome::Aborted, 0)
    );
    let records = desk.records();
    let sent = orders(&records).len();
    let cancelled = records.iter().filter(|record| {
        matches!(record, Record::Outcome(outcome) if outcome.state == OutcomeState::Cancelled)
    });
    assert!(sent > 0);
    assert_eq!(cancelled.count(), sent);
    assert_eq!(breakers(&records).len(), 1);
    assert!(left(last_cycle(&records)).is_empty());
}

/// The broker never answers. The stop is recorded all the same, before the broker is asked again, and
/// nothing is called closed that the broker has not confirmed.
#[test]
fn a_hanging_broker_does_not_keep_the_stop_from_the_ledger() {
    let (watch, _) = StopAt::new(usize::MAX, Defcon::Red, RedAction::ToCash);
    let mut desk = Desk::watched(all(Action::Hang), &[], watch);
    desk.mishaps.calls().hanging_questions = u32::MAX;
    let ended = desk.cycle(&OPENING, &[]);
    assert!(
        matches!(ended, Err(EngineError::Unresolved { orders: 1 })),
        "{ended:?}"
    );
    assert!(desk.runner.engine().must_unwind());
    let pending = desk.runner.engine().chain().pending();
    assert!(pending.is_empty(), "the trip waits for a sync");
}

/// A stop that comes while nothing runs is recorded before the next cycle, which obeys it.
#[test]
fn a_stop_outside_a_cycle_is_recorded_before_the_next() {
    let (watch, _) = StopAt::new(0, Defcon::Black, RedAction::ReduceOnly);
    let mut desk = Desk::watched(Script::default(), &[], watch);
    wait(desk.runner.heed()).expect("goes on");
    let (summary, _) = desk.cycle(&OPENING, &[]).expect("goes on");
    assert_eq!(
        (summary.outcome, summary.orders),
        (CycleOutcome::Aborted, 0)
    );
    let records = desk.records();
    assert!(matches!(records[1], Record::Breaker(_)));
}
