//! Runs of the engine over both stores: the same bytes.

use std::path::{Path, PathBuf};

use ios012_conformance::{Place as _, acquired};
use ios012_contracts::{History, SingleCycle, Standing};
use ios012_engine::{Engine, Runner, StoreSink};
use ios012_lineage::store::{FileStore, Store};
use ios012_lineage::{LedgerStatus, verify};
use ios012_paper::{PaperBroker, Script};

use crate::export::files;
use crate::place::Database;

fn golden(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../../golden")
        .join(name)
}

fn runner<S: Store>(standing: &Standing, mut store: S) -> Runner<PaperBroker, StoreSink<S>> {
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

fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_current_thread()
        .build()
        .expect("a runtime")
}

/// One cycle with every kind of document.
fn one_cycle<S: Store>(store: impl FnOnce(&Standing) -> S) {
    let SingleCycle {
        standing,
        regimes,
        mandate,
        market,
    } = SingleCycle::open(&golden("one-cycle")).expect("a scenario");
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
