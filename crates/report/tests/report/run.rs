//! Runs a golden scenario into a temporary ledger.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use ios012_contracts::{History, Mandate, Market, Regimes, SingleCycle, Standing};
use ios012_core::account::OpeningPosition;
use ios012_engine::{BackgroundSink, Engine, Runner};
use ios012_lineage::LedgerWriter;
use ios012_paper::{PaperBroker, Script};
use tempfile::TempDir;

pub(crate) fn golden(scenario: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../../golden")
        .join(scenario)
}

/// The ledger of `ios012 run` on a scenario folder.
pub(crate) fn single(folder: &Path) -> TempDir {
    let single = SingleCycle::open(folder).expect("a scenario");
    let cycle = (single.regimes, single.mandate, single.market);
    run(&single.standing, std::iter::once(cycle))
}

/// The ledger of `ios012 backtest` on the first cycles of a scenario folder.
pub(crate) fn history(folder: &Path, cycles: usize) -> TempDir {
    let history = History::open(folder).expect("a scenario");
    let inputs = history.cycles().expect("tables").take(cycles);
    let inputs = inputs.map(|cycle| cycle.expect("a cycle"));
    run(
        history.standing(),
        inputs.map(|(mandate, market)| (None, mandate, market)),
    )
}

fn run(
    standing: &Arc<Standing>,
    cycles: impl Iterator<Item = (Option<Arc<Regimes>>, Mandate, Market)>,
) -> TempDir {
    let directory = tempfile::tempdir().expect("a temporary directory");
    let scenario = standing.scenario();
    let ledger = directory.path().join("ledger");
    let (writer, chain) =
        LedgerWriter::create(&ledger, scenario.portfolio_id()).expect("a new ledger");
    let positions: Vec<_> = scenario
        .opening_positions()
        .iter()
        .map(|position| OpeningPosition {
            asset_id: position.asset_id.clone(),
            quantity: position.quantity,
            cost: position.cost,
        })
        .collect();
    let currency = scenario.base_currency().clone();
    let engine = Engine::begin(chain, currency, scenario.opening_cash(), &positions);
    let limits = standing.constraints().limits();
    let held = positions
        .iter()
        .map(|held| (held.asset_id.clone(), held.quantity));
    let broker = PaperBroker::new(limits.fee, limits.slippage, Script::default()).holding(held);
    let sink = BackgroundSink::new(writer, 1_000).expect("a thread");
    let mut runner = Runner::new(engine.expect("begins"), broker, sink).expect("runs");
    let runtime = tokio::runtime::Builder::new_current_thread()
        .build()
        .expect("a runtime");
    for (regimes, mandate, market) in cycles {
        let ran = runtime.block_on(runner.cycle(standing, regimes, mandate, market, None));
        let (_, refusal) = ran.expect("the engine goes on");
        assert_eq!(refusal, None);
    }
    runner.finish().expect("is kept");
    directory
}

pub(crate) fn ledger(directory: &TempDir) -> PathBuf {
    directory.path().join("ledger")
}
