//! A worker dies in the middle of a cycle, and another one takes its portfolio over. Each case gets a new place.

mod elsewhere;
mod venue;

use std::collections::BTreeSet;
use std::future::Future;
use std::path::Path;
use std::pin::pin;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};

use ios012_contracts::{History, Mandate, Market, Standing};
use ios012_engine::{Engine, EngineError, Resumed, Runner, StoreSink, Takeover, replay, take_over};
use ios012_lineage::store::Store;
use ios012_lineage::{
    CycleOutcome, LedgerReader, LedgerStatus, OrderId, OutcomeState, Record, StoredRecord, verify,
};
use tempfile::TempDir;

use crate::Place;
use elsewhere::{Elsewhere, copy};
pub use venue::Loses;
use venue::Venue;

/// Makes the tests of one driver from its [`Place`]: an owned ledger, and each way in which a worker can end.
#[macro_export]
macro_rules! takeover {
    ($place:expr) => {
        #[test]
        fn an_order_that_was_filled_and_not_recorded_is_found() {
            $crate::takeover::a_worker_dies(&$place, $crate::takeover::Loses::Answer);
        }

        #[test]
        fn an_order_that_never_arrived_is_not_sent_again() {
            $crate::takeover::a_worker_dies(&$place, $crate::takeover::Loses::Order);
        }

        #[test]
        fn a_ledger_that_nobody_left_open_goes_on_without_a_recovery() {
            $crate::takeover::a_worker_ends(&$place);
        }

        #[test]
        fn a_worker_that_lost_the_ledger_while_it_read_asks_the_broker_nothing() {
            $crate::takeover::a_reader_is_fenced(&$place);
        }

        #[test]
        fn a_ledger_that_is_not_as_it_was_acquired_is_a_conflict() {
            $crate::takeover::another_ledger_is_read(&$place);
        }
    };
}

type Worker<S> = Runner<Venue, StoreSink<S>>;

/// Twelve cycles, and what a worker needs for them.
struct Story {
    standing: Arc<Standing>,
    cycles: Vec<(Mandate, Market)>,
    scratch: TempDir,
}

impl Story {
    fn open() -> Self {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../golden/quickstart");
        let history = History::open(&folder).expect("a scenario");
        let cycles = history.cycles().expect("a history");
        Self {
            cycles: cycles.collect::<Result<_, _>>().expect("cycles"),
            standing: Arc::clone(history.standing()),
            scratch: tempfile::tempdir().expect("a directory"),
        }
    }

    fn venue(&self, loses: Option<(usize, Loses)>) -> Venue {
        let limits = self.standing.constraints().limits();
        Venue::new((limits.fee, limits.slippage), loses)
    }

    fn take_over<P: Place>(&self, place: &P, venue: &Venue) -> Takeover<P::Store> {
        self.try_take_over(self.store(place), venue)
            .expect("it works")
    }

    fn try_take_over<S: Store>(&self, store: S, venue: &Venue) -> Result<Takeover<S>, EngineError> {
        let scratch = tempfile::tempdir_in(self.scratch.path()).expect("a directory");
        now(take_over(
            store,
            &scratch.path().join("copy"),
            &mut venue.clone(),
        ))
    }

    fn store<P: Place>(&self, place: &P) -> P::Store {
        place.store(self.standing.scenario().portfolio_id().clone())
    }

    /// The first worker, over an empty ledger.
    fn begin<P: Place>(&self, place: &P, venue: &Venue) -> Worker<P::Store> {
        let Takeover::Empty(chain, sink) = self.take_over(place, venue) else {
            panic!("nobody was here before");
        };
        let scenario = self.standing.scenario();
        let (currency, cash) = (scenario.base_currency().clone(), scenario.opening_cash());
        let engine = Engine::begin(*chain, currency, cash, scenario.opening_positions());
        Runner::new(engine.expect("it begins"), venue.clone(), sink).expect("it runs")
    }

    async fn run<S: Store>(
        &self,
        worker: &mut Worker<S>,
        cycles: std::ops::Range<usize>,
    ) -> Result<(), EngineError> {
        for (mandate, market) in &self.cycles[cycles] {
            let (mandate, market) = (mandate.clone(), market.clone());
            worker
                .cycle(&self.standing, None, mandate, market, None)
                .await?;
        }
        Ok(())
    }

    /// All records of the ledger, which is complete and replays without a difference.
    fn records<P: Place>(&self, place: &P) -> Vec<StoredRecord> {
        let scratch = self.scratch.path().join("end");
        let directory = self.store(place).directory(&scratch).expect("a directory");
        let report = verify(&directory, None).expect("it verifies");
        assert_eq!(report.status, LedgerStatus::Complete);
        let (report, _) = replay(&directory, &mut |_| ()).expect("it replays");
        assert_eq!(report.difference, None);
        let records = LedgerReader::open(&directory).expect("a ledger");
        records.collect::<Result<_, _>>().expect("records")
    }
}

/// A worker is cut off in the second cycle, after its order is durable, and what becomes of the order is known to the
/// venue alone. Its successor asks for it, ends the cycle, and goes on; the worker itself, if it wakes up, does not.
pub fn a_worker_dies<P: Place>(place: &P, loses: Loses) {
    let story = Story::open();
    // Five in the first cycle.
    let venue = story.venue(Some((7, loses)));
    let mut first = story.begin(place, &venue);
    let mut cycles = Box::pin(story.run(&mut first, 0..12));
    assert!(poll(&mut cycles).is_pending());
    let sent = venue.submitted();
    assert_eq!(sent.len(), 7);
    let held = story.take_over(place, &venue);
    assert!(matches!(held, Takeover::Held(_)), "the first one lives");

    let resumed = if P::LEASED {
        // It sleeps past its lease, and wakes up too late.
        place.outlive_lease();
        let resumed = story.take_over(place, &venue);
        venue.answer();
        let woken = poll(&mut cycles);
        let is_fenced = matches!(woken, Poll::Ready(Err(EngineError::Fenced { .. })));
        assert!(is_fenced, "{woken:?}");
        resumed
    } else {
        drop(cycles);
        drop(first);
        story.take_over(place, &venue)
    };
    assert_eq!(venue.submitted(), sent, "nothing was sent by either");
    let Takeover::Resumed(resumed) = resumed else {
        panic!("there is a ledger");
    };
    let recovery = resumed.recovery.as_ref().expect("a cycle was open");
    assert_eq!(recovery.found.as_str(), "unsealed");
    let state = |order_id: OrderId| {
        let mut orders = recovery.orders.iter();
        orders
            .find(|order| order.order_id == order_id)
            .map(|order| order.state)
    };
    let lost = sent[6];
    assert_eq!(
        state(lost),
        Some(match loses {
            Loses::Answer => OutcomeState::Filled,
            Loses::Order => OutcomeState::Rejected,
        })
    );
    // What was intended after it never left.
    for order in recovery
        .orders
        .iter()
        .filter(|order| !sent.contains(&order.order_id))
    {
        assert_eq!(order.state, OutcomeState::Rejected);
    }

    let mut second = go_on(*resumed, &venue);
    now(story.run(&mut second, 2..12)).expect("it goes on");
    holds_what_the_venue_has(&story, second.engine(), &venue);
    second.finish().expect("it ends");
    no_order_is_sent_twice(&venue);

    let records = story.records(place);
    let recovered = records
        .iter()
        .position(|stored| matches!(stored.record, Record::Recovery(_)));
    let recovered = recovered.expect("a recovery");
    assert_eq!(records[recovered].envelope.epoch, 2);
    assert_eq!(records[recovered - 1].envelope.epoch, 1);
    let seals = records.iter().filter_map(|stored| match &stored.record {
        Record::Seal(seal) => Some(seal.outcome),
        _ => None,
    });
    let seals: Vec<CycleOutcome> = seals.collect();
    let mut expected = vec![CycleOutcome::Executed; 12];
    expected[1] = CycleOutcome::Recovered;
    assert_eq!(seals, expected);
    every_fill_is_recorded(&records, &venue);
}

/// A worker ends between two cycles: its successor has nothing to tell, and is told so.
pub fn a_worker_ends<P: Place>(place: &P) {
    let story = Story::open();
    let venue = story.venue(None);
    let mut first = story.begin(place, &venue);
    now(story.run(&mut first, 0..3)).expect("three cycles");
    first.finish().expect("it ends");
    let Takeover::Resumed(resumed) = story.take_over(place, &venue) else {
        panic!("nobody holds it");
    };
    assert_eq!(resumed.recovery, None);
    let mut second = go_on(*resumed, &venue);
    now(story.run(&mut second, 3..12)).expect("it goes on");
    holds_what_the_venue_has(&story, second.engine(), &venue);
    second.finish().expect("it ends");
    no_order_is_sent_twice(&venue);
    let records = story.records(place);
    let recoveries = records
        .iter()
        .filter(|stored| matches!(stored.record, Record::Recovery(_)));
    assert_eq!(recoveries.count(), 0);
    assert_eq!(records.last().expect("a record").envelope.epoch, 2);
    every_fill_is_recorded(&records, &venue);
}

/// What the store gives to read is not what it has acquired: nothing goes on from it.
pub fn another_ledger_is_read<P: Place>(place: &P) {
    let story = Story::open();
    let venue = story.venue(None);
    let mut first = story.begin(place, &venue);
    now(story.run(&mut first, 0..1)).expect("a cycle");
    first.finish().expect("it ends");
    let older = story.scratch.path().join("older");
    copy(
        &story
            .store(place)
            .directory(&story.scratch.path().join("one"))
            .expect("it reads"),
        &older,
    );
    let Takeover::Resumed(resumed) = story.take_over(place, &venue) else {
        panic!("nobody holds it");
    };
    let mut second = go_on(*resumed, &venue);
    now(story.run(&mut second, 1..2)).expect("a cycle");
    second.finish().expect("it ends");
    let sent = venue.submitted();
    let store = Elsewhere {
        store: story.store(place),
        directory: Some(older),
        renewals: u32::MAX,
    };
    let error = story
        .try_take_over(store, &venue)
        .err()
        .expect("a conflict");
    assert!(matches!(error, EngineError::Conflict { .. }), "{error}");
    assert_eq!(venue.submitted(), sent);
}

/// A worker that reads for too long is no owner when it has read: it must not cancel what is not its own.
pub fn a_reader_is_fenced<P: Place>(place: &P) {
    let story = Story::open();
    let venue = story.venue(Some((7, Loses::Answer)));
    let mut first = story.begin(place, &venue);
    let mut cycles = Box::pin(story.run(&mut first, 0..12));
    assert!(poll(&mut cycles).is_pending());
    drop(cycles);
    // As a process does that is killed: it gives nothing up.
    drop(first);
    if P::LEASED {
        place.outlive_lease();
    }
    // After the copy, after the verification, and after the replay.
    for renewals in 0..3 {
        let store = Elsewhere {
            store: story.store(place),
            directory: None,
            renewals,
        };
        let error = story.try_take_over(store, &venue).err();
        let error = error.expect("it is fenced");
        assert!(matches!(error, EngineError::Fenced { at: None }), "{error}");
        assert_eq!(venue.asked(), 0, "after {renewals} renewals");
    }
    let Takeover::Resumed(resumed) = story.take_over(place, &venue) else {
        panic!("nobody holds it");
    };
    assert!(resumed.recovery.is_some() && venue.asked() > 0);
}

fn go_on<S: Store>(resumed: Resumed<StoreSink<S>>, venue: &Venue) -> Worker<S> {
    let Resumed {
        engine,
        writer,
        heard,
        ..
    } = resumed;
    let runner = Runner::new(engine, venue.clone(), writer).expect("it runs");
    runner.having_heard(heard)
}

/// The books and the venue's own count agree.
fn holds_what_the_venue_has(story: &Story, engine: &Engine, venue: &Venue) {
    let held = engine.accounts().books().positions();
    let held = held.map(|position| (position.asset_id().clone(), position.quantity()));
    let (_, market) = story.cycles.last().expect("a cycle");
    let held: Vec<_> = held.filter(|(_, quantity)| !quantity.is_zero()).collect();
    assert_eq!(held, venue.holds(market.as_of()));
    assert!(!held.is_empty());
}

fn no_order_is_sent_twice(venue: &Venue) {
    let submitted = venue.submitted();
    let once: BTreeSet<_> = submitted.iter().collect();
    assert_eq!(once.len(), submitted.len());
    assert!(submitted.len() > 20, "{}", submitted.len());
}

/// Each trade of the venue stands on the ledger once, and no other.
fn every_fill_is_recorded(records: &[StoredRecord], venue: &Venue) {
    let recorded = records.iter().filter_map(|stored| match &stored.record {
        Record::Fill(fill) => Some((fill.order_id, fill.fill_id.clone())),
        _ => None,
    });
    let mut recorded: Vec<_> = recorded.collect();
    let submitted = venue.submitted();
    let made = submitted.iter().flat_map(|&order_id| {
        let fills = venue.fills(order_id);
        fills.into_iter().map(move |fill_id| (order_id, fill_id))
    });
    let mut made: Vec<_> = made.collect();
    recorded.sort_unstable();
    made.sort_unstable();
    assert_eq!(recorded, made);
}

/// What a future says that waits for nothing.
fn now<F: Future>(future: F) -> F::Output {
    match poll(&mut pin!(future)) {
        Poll::Ready(output) => output,
        Poll::Pending => panic!("it waits"),
    }
}

fn poll<F: Future>(
    future: &mut std::pin::Pin<impl std::ops::DerefMut<Target = F>>,
) -> Poll<F::Output> {
    future
        .as_mut()
        .poll(&mut Context::from_waker(Waker::noop()))
}
