//! The sink over a store that answers what a test wants: after a bad answer no order leaves.
#![expect(clippy::expect_used, clippy::panic, reason = "a test may stop")]

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard};

use ios012_broker::{Broker, BrokerError, BrokerEvent, Statement, Submission};
use ios012_contracts::History;
use ios012_core::{BookEvent, UtcTime};
use ios012_engine::{Engine, EngineError, LedgerSink as _, Runner, StoreSink};
use ios012_lineage::store::{Acquire, Append, Document, Renew, Settle, Store, Take};
use ios012_lineage::{Batch, Chain, OrderId};
use ios012_paper::{PaperBroker, Script};
use thiserror::Error;

#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("no disk")]
struct NoDisk;

/// What a fake store says at one place.
#[derive(Debug, Clone, Default)]
struct Fault {
    /// The append that is answered otherwise, counted from 1.
    append: usize,
    /// The answer to it; the records are kept only where a settlement says so.
    answer: Option<Result<Append, NoDisk>>,
    /// What settling says, one after another.
    settles: Vec<Result<Settle, NoDisk>>,
    /// The renewal from which on the answers are these, counted from 1.
    renewal: usize,
    renewals: Vec<Result<Renew, NoDisk>>,
}

/// What happened, in its order.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Step {
    Append(Append),
    Settle,
    Renew,
    Released,
    Asked,
    Submit(OrderId),
}

#[derive(Debug, Default)]
struct State {
    fault: Fault,
    steps: Vec<Step>,
    lines: Vec<u8>,
    documents: Vec<Document>,
    doubt: Option<(Vec<Document>, Vec<u8>)>,
    appends: usize,
    renewals: usize,
}

#[derive(Debug, Clone, Default)]
struct World(Arc<Mutex<State>>);

impl World {
    fn of(fault: Fault) -> Self {
        let world = Self::default();
        world.state().fault = fault;
        world
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().expect("one thread")
    }

    fn kept(&self) -> (Vec<u8>, Vec<Document>) {
        let state = self.state();
        (state.lines.clone(), state.documents.clone())
    }

    fn submissions(&self) -> Vec<OrderId> {
        submissions(&self.state().steps)
    }
}

fn submissions(steps: &[Step]) -> Vec<OrderId> {
    let ids = steps.iter().filter_map(|step| match step {
        Step::Submit(order_id) => Some(*order_id),
        _ => None,
    });
    ids.collect()
}

impl Store for World {
    type Error = NoDisk;

    fn acquire(&mut self) -> Result<Acquire, NoDisk> {
        panic!("the test has a chain");
    }

    fn renew(&mut self) -> Result<Renew, NoDisk> {
        let mut state = self.state();
        state.steps.push(Step::Renew);
        state.renewals += 1;
        if state.renewals >= state.fault.renewal && !state.fault.renewals.is_empty() {
            return state.fault.renewals.remove(0);
        }
        Ok(Renew::Renewed)
    }

    fn append(&mut self, documents: &[Document], batch: &Batch) -> Result<Append, NoDisk> {
        let mut state = self.state();
        state.appends += 1;
        let mut answer = Ok(Append::Appended);
        if state.appends == state.fault.append
            && let Some(planned) = state.fault.answer.take()
        {
            answer = planned;
        }
        if answer == Ok(Append::Unknown) {
            state.doubt = Some((documents.to_vec(), batch.lines().to_vec()));
        }
        if matches!(answer, Ok(Append::Appended | Append::Duplicate)) {
            state.lines.extend_from_slice(batch.lines());
            state.documents.extend_from_slice(documents);
        }
        state.steps.extend(answer.ok().map(Step::Append));
        answer
    }

    fn settle(&mut self) -> Result<Settle, NoDisk> {
        let mut state = self.state();
        state.steps.push(Step::Settle);
        let answer = state.fault.settles.remove(0);
        if answer == Ok(Settle::Appended) {
            let (documents, lines) = state.doubt.take().expect("a doubt");
            state.lines.extend(lines);
            state.documents.extend(documents);
        }
        if answer == Ok(Settle::Missing) && !state.fault.settles.is_empty() {
            // And lost again.
            state.fault.append += 1;
            state.fault.answer = Some(Ok(Append::Unknown));
        }
        answer
    }

    fn read(&mut self, _: u64, _: Take<'_>) -> Result<(), NoDisk> {
        panic!("a sink reads nothing");
    }

    fn read_documents(&mut self, _: Take<'_>) -> Result<(), NoDisk> {
        panic!("a sink reads nothing");
    }

    fn directory(&mut self, _: &Path) -> Result<PathBuf, NoDisk> {
        panic!("a sink reads nothing");
    }

    fn release(&mut self) -> Result<(), NoDisk> {
        self.state().steps.push(Step::Released);
        Ok(())
    }
}

/// The paper broker, which tells when it is asked.
struct Watched {
    paper: PaperBroker,
    world: World,
}

impl Broker for Watched {
    async fn submit(
        &mut self,
        submission: &Submission,
        news: &mut Vec<BrokerEvent>,
    ) -> Result<(), BrokerError> {
        let step = Step::Submit(submission.order_id);
        self.world.state().steps.push(step);
        self.paper.submit(submission, news).await
    }

    async fn cancel(
        &mut self,
        order_id: OrderId,
        news: &mut Vec<BrokerEvent>,
    ) -> Result<(), BrokerError> {
        self.paper.cancel(order_id, news).await
    }

    async fn poll(&mut self, news: &mut Vec<BrokerEvent>) -> Result<(), BrokerError> {
        self.world.state().steps.push(Step::Asked);
        self.paper.poll(news).await
    }

    fn learn(&mut self, events: &[BookEvent]) {
        self.paper.learn(events);
    }

    async fn statement(&mut self, as_of: UtcTime) -> Result<Statement, BrokerError> {
        self.paper.statement(as_of).await
    }

    async fn open_orders(&mut self) -> Result<Vec<OrderId>, BrokerError> {
        self.paper.open_orders().await
    }

    async fn history(&mut self, order_id: OrderId) -> Result<Vec<BrokerEvent>, BrokerError> {
        self.paper.history(order_id).await
    }
}

/// Runs a history of twelve cycles, and goes on after an error as no caller should.
fn run(world: &World) -> Result<(), EngineError> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../golden/quickstart");
    let history = History::open(&folder).expect("a scenario");
    let standing = history.standing();
    let scenario = standing.scenario();
    let chain = Chain::new(scenario.portfolio_id().clone(), 1);
    let (currency, cash) = (scenario.base_currency().clone(), scenario.opening_cash());
    let engine =
        Engine::begin(chain, currency, cash, scenario.opening_positions()).expect("it begins");
    let limits = standing.constraints().limits();
    let paper = PaperBroker::new(limits.fee, limits.slippage, Script::default());
    let world = world.clone();
    let broker = Watched {
        paper,
        world: world.clone(),
    };
    let mut runner = Runner::new(engine, broker, StoreSink::new(world))?;
    let runtime = tokio::runtime::Builder::new_current_thread()
        .build()
        .expect("a runtime");
    let mut first = None;
    for cycle in history.cycles().expect("a history") {
        let (mandate, market) = cycle.expect("a cycle");
        let cycle = runner.cycle(standing, None, mandate, market, None);
        match (runtime.block_on(cycle), &first) {
            (Ok(_), Some(_)) => panic!("it went on after an error"),
            (Err(error), None) => first = Some(error),
            (Ok(_), None) | (Err(_), Some(_)) => {}
        }
    }
    first.map_or_else(|| runner.finish().map(|_| ()), Err)
}

/// What happens when nothing goes wrong.
fn clean() -> World {
    let world = World::default();
    run(&world).expect("nothing is wrong");
    world
}

/// The orders that have left before an append of the clean run.
fn before_append(steps: &[Step], number: usize) -> Vec<OrderId> {
    let appends = steps.iter().enumerate();
    let mut appends = appends.filter(|(_, step)| matches!(step, Step::Append(_)));
    let (at, _) = appends.nth(number - 1).expect("an append");
    submissions(&steps[..at])
}

/// Gives each append of the run this answer, and returns the errors, one of each run.
fn fails_everywhere(
    answer: Result<Append, NoDisk>,
    settles: &[Result<Settle, NoDisk>],
) -> Vec<EngineError> {
    let clean = clean();
    let steps = clean.state().steps.clone();
    let appends = clean.state().appends;
    assert!(
        appends > 24 && clean.submissions().len() > 10,
        "{appends} appends"
    );
    let failed = (1..=appends).map(|append| {
        let world = World::of(Fault {
            append,
            answer: Some(answer),
            settles: settles.to_vec(),
            ..Fault::default()
        });
        let error = run(&world).expect_err("a bad answer");
        assert_eq!(
            world.submissions(),
            before_append(&steps, append),
            "{append}"
        );
        assert!(!world.state().steps.contains(&Step::Released));
        assert_eq!(world.state().fault.settles, [], "{append}");
        error
    });
    failed.collect()
}

/// Answers each append of the run with [`Append::Unknown`], and all goes on.
fn goes_on_everywhere(settles: &[Result<Settle, NoDisk>]) {
    let clean = clean();
    let appends = clean.state().appends;
    for append in 1..=appends {
        let world = World::of(Fault {
            append,
            answer: Some(Ok(Append::Unknown)),
            settles: settles.to_vec(),
            ..Fault::default()
        });
        run(&world).expect("the doubt is settled");
        assert!(world.kept() == clean.kept(), "{append}");
        assert_eq!(world.submissions(), clean.submissions(), "{append}");
        assert_eq!(world.state().fault.settles, [], "{append}");
    }
}

#[test]
fn no_order_leaves_after_a_fence() {
    for error in fails_everywhere(Ok(Append::Fenced), &[]) {
        assert!(
            matches!(error, EngineError::Fenced { at: Some(_) }),
            "{error}"
        );
    }
}

#[test]
fn no_order_leaves_after_a_conflict() {
    for error in fails_everywhere(Ok(Append::Conflict), &[]) {
        assert!(matches!(error, EngineError::Conflict { .. }), "{error}");
    }
}

#[test]
fn no_order_leaves_after_an_error_of_the_store() {
    for error in fails_everywhere(Err(NoDisk), &[]) {
        assert_eq!(error.to_string(), "the store of the ledger: no disk");
    }
}

#[test]
fn no_order_leaves_while_records_are_in_doubt() {
    let unknown = Ok(Append::Unknown);
    for error in fails_everywhere(unknown, &[Ok(Settle::Fenced)]) {
        assert!(
            matches!(error, EngineError::Fenced { at: Some(_) }),
            "{error}"
        );
    }
    for error in fails_everywhere(unknown, &[Ok(Settle::Conflict)]) {
        assert!(matches!(error, EngineError::Conflict { .. }), "{error}");
    }
    // A store that knows nothing of the doubt that it has told of.
    for error in fails_everywhere(unknown, &[Ok(Settle::Clear)]) {
        assert!(matches!(error, EngineError::InDoubt { .. }), "{error}");
    }
    for error in fails_everywhere(unknown, &[Err(NoDisk); 5]) {
        assert!(matches!(error, EngineError::Store(_)), "{error}");
    }
    for error in fails_everywhere(unknown, &[Ok(Settle::Missing); 5]) {
        assert!(
            matches!(error, EngineError::InDoubt { questions: 5, .. }),
            "{error}"
        );
    }
}

#[test]
fn a_doubt_that_is_settled_changes_nothing() {
    goes_on_everywhere(&[Ok(Settle::Appended)]);
    goes_on_everywhere(&[Ok(Settle::Missing)]);
    let mut late = vec![Err(NoDisk); 4];
    late.push(Ok(Settle::Appended));
    goes_on_everywhere(&late);
    goes_on_everywhere(&[Ok(Settle::Missing), Err(NoDisk), Ok(Settle::Appended)]);
}

#[test]
fn records_that_were_there_already_let_the_cycle_go_on() {
    let clean = clean();
    let world = World::of(Fault {
        append: 2,
        answer: Some(Ok(Append::Duplicate)),
        ..Fault::default()
    });
    run(&world).expect("they are there");
    assert_eq!(world.submissions(), clean.submissions());
}

/// Each order and each question follows an append or a renewal, with nothing between.
#[test]
fn the_broker_is_asked_only_by_the_owner() {
    let steps = clean().state().steps.clone();
    let mut renewals = 0;
    for pair in steps.windows(2) {
        if matches!(pair[1], Step::Submit(_) | Step::Asked) {
            let renewed = [Step::Append(Append::Appended), Step::Renew].contains(&pair[0]);
            assert!(renewed, "{pair:?}");
            renewals += usize::from(pair[0] == Step::Renew);
        }
    }
    assert!(renewals > 3, "{renewals}");
    let in_vain = steps
        .windows(2)
        .any(|pair| pair == [Step::Append(Append::Appended), Step::Renew]);
    assert!(!in_vain, "an append has renewed");
}

#[test]
fn no_order_leaves_after_a_renewal_that_is_fenced() {
    let clean = clean();
    let steps = clean.state().steps.clone();
    let renewals = steps.iter().enumerate();
    let renewals: Vec<usize> = renewals
        .filter(|(_, step)| **step == Step::Renew)
        .map(|(at, _)| at)
        .collect();
    for (number, at) in renewals.iter().enumerate() {
        let fault = |renewals: Vec<_>| Fault {
            renewal: number + 1,
            renewals,
            ..Fault::default()
        };
        let world = World::of(fault(vec![Ok(Renew::Fenced)]));
        let error = run(&world).expect_err("it is fenced");
        assert!(matches!(error, EngineError::Fenced { at: None }), "{error}");
        assert_eq!(world.submissions(), submissions(&steps[..*at]));
        let world = World::of(fault(vec![Err(NoDisk); 5]));
        let error = run(&world).expect_err("nobody knows");
        assert!(matches!(error, EngineError::Store(_)), "{error}");
        assert_eq!(world.submissions(), submissions(&steps[..*at]));
        let world = World::of(fault(vec![Err(NoDisk); 4]));
        run(&world).expect("it is known in the end");
        assert!(world.kept() == clean.kept(), "renewal {number}");
    }
}

/// What differs from cycle to cycle comes once, and what does not too.
#[test]
fn a_document_is_handed_over_once() {
    let (_, documents) = clean().kept();
    let mut hashes: Vec<_> = documents.iter().map(Document::hash).collect();
    assert_eq!(hashes.len(), 2 + 12 * 3);
    hashes.sort_unstable();
    hashes.dedup();
    assert_eq!(hashes.len(), documents.len());
}

#[test]
fn the_ownership_ends_with_the_run() {
    let steps = clean().state().steps.clone();
    let releases: Vec<usize> = (0..steps.len())
        .filter(|&at| steps[at] == Step::Released)
        .collect();
    assert_eq!(releases, [steps.len() - 1]);
}

#[test]
fn a_sink_that_has_failed_takes_nothing_more() {
    let world = World::of(Fault {
        append: 1,
        answer: Some(Ok(Append::Fenced)),
        ..Fault::default()
    });
    let mut sink = StoreSink::new(world.clone());
    let mut chain = Chain::new("example".parse().expect("an id"), 1);
    let cash = "1000".parse().expect("money");
    let usd: ios012_core::CurrencyCode = "USD".parse().expect("a currency");
    let genesis = ios012_engine::genesis(usd, cash, &[]).expect("a record");
    chain.append(&genesis.into()).expect("a record");
    let fenced = sink.records(&mut chain);
    assert!(matches!(fenced, Err(EngineError::Fenced { at: Some(0) })));
    for again in [
        sink.records(&mut chain),
        sink.stay_owner(),
        sink.finish(&mut chain),
    ] {
        assert!(matches!(again, Err(EngineError::Halted)), "{again:?}");
    }
    assert_eq!(world.state().steps, [Step::Append(Append::Fenced)]);
}
