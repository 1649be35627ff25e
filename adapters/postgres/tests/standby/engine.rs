//! The engine goes on over the standby, and decides what it would have decided.

use std::path::{Path, PathBuf};
use std::time::Duration;

use ios012_contracts::{History, Standing};
use ios012_core::PortfolioId;
use ios012_engine::{Engine, Runner, StoreSink, replay};
use ios012_lineage::store::{FileStore, Store};
use ios012_lineage::{Chain, Hash, LedgerReader, LedgerStatus, Record, verify};
use ios012_paper::{PaperBroker, Script};
use ios012_postgres::{Access, PostgresStore};
use ios012_postgres_cluster::Cluster;

use crate::pair::{parameters, patient, primary, taken_over};

/// Cycles before the primary is killed, of twelve.
const BEFORE: usize = 6;
const LEASE: Duration = Duration::from_secs(7);

#[test]
fn the_engine_goes_on_over_the_standby_and_decides_the_same() {
    let history = History::open(&golden()).expect("a scenario");
    let directory = tempfile::tempdir().expect("a directory");
    let at = |name: &str| directory.path().join(name);
    let portfolio_id = history.standing().scenario().portfolio_id();

    let undisturbed = at("undisturbed");
    let mut files = FileStore::new(&undisturbed, portfolio_id.clone());
    let chain = ios012_conformance::acquired(&mut files);
    let engine = begun(history.standing(), chain);
    drop(run(&history, engine, files, 0..usize::MAX));

    let primary = primary();
    let standby = primary.with_synchronous_standby();
    let mut store = store_at(&primary, portfolio_id);
    let engine = begun(history.standing(), taken_over(&mut store));
    let owner = run(&history, engine, store, 0..BEFORE);
    primary.crash();
    drop(owner);
    standby.promote();
    let mut store = store_at(&standby, portfolio_id);
    let chain = taken_over(&mut store);
    store.export(&at("taken-over")).expect("it works");
    let engine = replayed(&at("taken-over"), BEFORE).go_on(chain);
    let mut store = run(&history, engine, store, BEFORE..usize::MAX);

    store.export(&at("whole")).expect("it works");
    let report = verify(&at("whole"), None).expect("it verifies");
    assert_eq!((report.status, report.epoch), (LedgerStatus::Complete, 2));
    replayed(&at("whole"), 12);
    let expected = decided(&undisturbed);
    assert!(expected.len() > 50, "{}", expected.len());
    for (place, (went_on, expected)) in decided(&at("whole")).iter().zip(&expected).enumerate() {
        assert_eq!(went_on, expected, "{place}");
    }
    assert_eq!(decided(&at("whole")).len(), expected.len());
}

fn golden() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../golden/quickstart")
}

fn store_at(cluster: &Cluster, portfolio_id: &PortfolioId) -> PostgresStore {
    let parameters = parameters(cluster);
    PostgresStore::new(
        parameters,
        patient(LEASE),
        Access::Writer,
        portfolio_id.clone(),
    )
    .expect("a thread")
}

fn begun(standing: &Standing, chain: Chain) -> Engine {
    let scenario = standing.scenario();
    let (currency, cash) = (scenario.base_currency().clone(), scenario.opening_cash());
    Engine::begin(chain, currency, cash, scenario.opening_positions()).expect("it begins")
}

/// The engine as a ledger leaves it, which derives every record of it again.
fn replayed(ledger: &Path, cycles: usize) -> Engine {
    let (report, engine) = replay(ledger, &mut |_| ()).expect("a ledger");
    assert_eq!(report.difference, None);
    assert_eq!(report.cycles, u64::try_from(cycles).expect("a number"));
    engine
}

/// Runs some cycles of the history to their ends, and gives the store back with its ownership.
fn run<S: Store>(history: &History, engine: Engine, store: S, cycles: std::ops::Range<usize>) -> S {
    let standing = history.standing();
    let limits = standing.constraints().limits();
    let positions = engine.accounts().books().positions();
    let positions = positions.map(|held| (held.asset_id().clone(), held.quantity()));
    let broker =
        PaperBroker::new(limits.fee, limits.slippage, Script::default()).holding(positions);
    let mut runner = Runner::new(engine, broker, StoreSink::new(store)).expect("it runs");
    let runtime = tokio::runtime::Builder::new_current_thread()
        .build()
        .expect("a runtime");
    let all = history.cycles().expect("a history");
    for cycle in all.skip(cycles.start).take(cycles.len()) {
        let (mandate, market) = cycle.expect("a cycle");
        let cycle = runner.cycle(standing, None, mandate, market, None);
        runtime.block_on(cycle).expect("a cycle");
    }
    runner.into_sink().into_store()
}

/// Every decision, order and fill, without the names that derive from the record of its cycle: it says the epoch.
fn decided(ledger: &Path) -> Vec<Record> {
    let records = LedgerReader::open(ledger).expect("a ledger");
    let records = records.map(|record| record.expect("a record").record);
    let mut decided: Vec<Record> = records
        .filter(|record| {
            matches!(
                record,
                Record::Decision(_) | Record::Order(_) | Record::Fill(_)
            )
        })
        .collect();
    let no_order = "0".repeat(32).parse().expect("an id");
    for record in &mut decided {
        match record {
            Record::Decision(decision) => {
                decision.lineage_hash = Hash::ZERO;
                decision.metadata.input_state_hash = Hash::ZERO;
            }
            Record::Order(order) => order.order_id = no_order,
            Record::Fill(fill) => fill.order_id = no_order,
            _ => (),
        }
    }
    decided
}
