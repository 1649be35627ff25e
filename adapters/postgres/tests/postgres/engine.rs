//! Runs of the engine over both stores: the same bytes.

use std::path::{Path, PathBuf};

use ios012_conformance::{Place as _, acquired};
use ios012_contracts::{History, SingleCycle, Standing};
use ios012_engine::{Engine, Runner, StoreSink};
use ios012_lineage::store::{FileStore, Store};
use ios012_lineage::{LedgerStatus, verify};
use ios012_paper::{PaperBroker, Script};
use ios012_postgres::CycleDocuments;

use crate::export::files;
use crate::inputs::load::Inputs;
use crate::place::Database;

fn golden(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../../golden")
        .join(name)
}

pub(crate) fn runner<S: Store>(
    standing: &Standing,
    mut store: S,
) -> Runner<PaperBroker, StoreSink<S>> {
    let scenario = standing.scenario();
    let chain = acquired(&mut store);
    let engine = Engine::begin(
        chain,
        scenario.base_currency().clone(),
        scenario.opening_cash(),
        scenario.opening_positions(),
    )
    .expect("it begins");
    let limits = standing.constraints().limits();
    let positions = engine.accounts().books().positions();
    let positions = positions.map(|held| (held.asset_id().clone(), held.quantity()));
    let broker =
        PaperBroker::new(limits.fee, limits.slippage, Script::default()).holding(positions);
    Runner::new(engine, broker, StoreSink::new(store)).expect("it runs")
}

pub(crate) fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_current_thread()
        .build()
        .expect("a runtime")
}

/// One cycle with every kind of document.
fn one_cycle<S: Store>(store: impl FnOnce(&Standing) -> S) {
    run_cycle(
        SingleCycle::open(&golden("one-cycle")).expect("a scenario"),
        store,
    );
}

/// The same out of tables.
fn one_cycle_from_tables<S: Store>(store: impl FnOnce(&Standing) -> S) {
    let (inputs, _) = Inputs::one_cycle();
    let (standing, cycle) = inputs.read().expect("good rows");
    let CycleDocuments {
        regimes,
        mandate,
        market,
    } = cycle.expect("a mandate");
    let cycle = SingleCycle {
        standing,
        regimes,
        mandate,
        market,
    };
    run_cycle(cycle, store);
}

fn run_cycle<S: Store>(
    SingleCycle {
        standing,
        regimes,
        mandate,
        market,
    }: SingleCycle,
    store: impl FnOnce(&Standing) -> S,
) {
    let mut runner = runner(&standing, store(&standing));
    let cycle = runner.cycle(&standing, regimes, mandate, market, None);
    runtime().block_on(cycle).expect("a cycle");
    runner.finish().expect("it ends");
}

/// A history of cycles.
fn history<S: Store>(store: impl FnOnce(&Standing) -> S) {
    let history = History::open(&golden("quickstart")).expect("a scenario");
    let mut runner = runner(history.standing(), store(history.standing()));
    for cycle in history.cycles().expect("a history") {
        let (mandate, market) = cycle.expect("a cycle");
        let cycle = runner.cycle(history.standing(), None, mandate, market, None);
        runtime().block_on(cycle).expect("a cycle");
    }
    runner.finish().expect("it ends");
}

/// The same out of tables, a snapshot for each cycle.
fn history_from_tables<S: Store>(store: impl FnOnce(&Standing) -> S) {
    let (inputs, _) = Inputs::history("quickstart");
    let mut reader = inputs.reader();
    let first = reader.snapshot().expect("a snapshot");
    let standing = first.standing(None).expect("good rows");
    drop(first);
    let mut runner = runner(&standing, store(&standing));
    let mut last = None;
    loop {
        let snapshot = reader.snapshot().expect("a snapshot");
        let standing = snapshot.standing(None).expect("good rows");
        let Some(cycle) = snapshot.next(last).expect("good rows") else {
            break;
        };
        last = Some(cycle.mandate.as_of());
        let CycleDocuments {
            regimes,
            mandate,
            market,
        } = cycle;
        let cycle = runner.cycle(&standing, regimes, mandate, market, None);
        runtime().block_on(cycle).expect("a cycle");
    }
    runner.finish().expect("it ends");
}

/// Compares what a run leaves in files with what it leaves in the database.
macro_rules! same_bytes {
    ($run:ident) => {{
        let directory = tempfile::tempdir().expect("a directory");
        let (in_files, exported) = (
            directory.path().join("files"),
            directory.path().join("export"),
        );
        $run(|standing| FileStore::new(&in_files, standing.scenario().portfolio_id().clone()));
        let database = Database::new();
        let mut written = None;
        $run(|standing| {
            let portfolio_id = standing.scenario().portfolio_id();
            written = Some(database.store(portfolio_id.clone()));
            database.store(portfolio_id.clone())
        });
        let mut store = written.expect("a store");
        store.export(&exported).expect("it works");
        assert_eq!(files(&exported), files(&in_files));
        let report = verify(&exported, None).expect("it verifies");
        assert_eq!(report.status, LedgerStatus::Complete);
        report
    }};
}

/// Compares what a run from files leaves with what the same from tables does.
macro_rules! same_inputs {
    ($from_files:ident, $from_tables:ident) => {{
        let directory = tempfile::tempdir().expect("a directory");
        let place = |name: &str| directory.path().join(name);
        let store = |path: PathBuf| {
            move |standing: &Standing| FileStore::new(&path, standing.portfolio_id().clone())
        };
        $from_files(store(place("files")));
        $from_tables(store(place("tables")));
        assert_eq!(files(&place("tables")), files(&place("files")));
        let report = verify(&place("tables"), None).expect("it verifies");
        assert_eq!(report.status, LedgerStatus::Complete);
        report
    }};
}

#[test]
fn a_cycle_from_tables_leaves_the_ledger_of_its_files() {
    let report = same_inputs!(one_cycle, one_cycle_from_tables);
    assert!(report.orders > 0 && report.documents == 6, "{report:?}");
}

#[test]
fn a_history_from_tables_leaves_the_ledger_of_its_files() {
    let report = same_inputs!(history, history_from_tables);
    assert!(report.cycles == 12 && report.orders > 10, "{report:?}");
}

#[test]
fn a_cycle_leaves_the_same_bytes_in_both_stores() {
    let report = same_bytes!(one_cycle);
    assert!(report.orders > 0 && report.documents == 6, "{report:?}");
}

#[test]
fn a_history_leaves_the_same_bytes_in_both_stores() {
    let report = same_bytes!(history);
    assert!(report.cycles == 12 && report.orders > 10, "{report:?}");
}
