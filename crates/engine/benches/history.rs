//! The cost of a decision: 8,243 cycles of twenty stocks, and 1,230 cycles of a mixed portfolio,
//! decided, recorded and hashed in memory, beside the SHA-256 of as many bytes
//! (docs/measurements.md).

#![expect(
    clippy::expect_used,
    reason = "a benchmark stops at the first surprise"
)]

use std::io::{Seek as _, Write as _};
use std::path::Path;

use divan::counter::{BytesCount, ItemsCount};
use ios012_contracts::{History, Mandate, Market};
use ios012_core::CurrencyCode;
use ios012_engine::{Engine, EngineError, FileSink, LedgerSink, MemorySink, Runner};
use ios012_lineage::ledger::{DocumentKind, LedgerWriter};
use ios012_lineage::{Chain, Hash, sha256};
use ios012_paper::{PaperBroker, Script};
use tokio::runtime::{Builder, Runtime};

fn main() {
    divan::main();
}

const STOCKS: &str = "sp500-inverse-vol";
/// Stocks on margin, a perpetual, a pair and futures, with their events.
const MIXED: &str = "mixed-portfolio";

/// Decide, record and hash everything that the ledger would hold, write nothing.
#[divan::bench(sample_count = 5, sample_size = 1)]
fn decide_record_hash(bencher: divan::Bencher<'_, '_>) {
    decide(bencher, STOCKS);
}

/// The same for the mixed portfolio.
#[divan::bench(sample_count = 5, sample_size = 1)]
fn decide_record_hash_mixed(bencher: divan::Bencher<'_, '_>) {
    decide(bencher, MIXED);
}

fn decide(bencher: divan::Bencher<'_, '_>, scenario: &str) {
    let history = history(scenario);
    let decisions = run(&history, cycles(&history), CountingSink::default()).decisions;
    bencher
        .counter(ItemsCount::new(decisions))
        .with_inputs(|| cycles(&history))
        .bench_local_values(|cycles| run(&history, cycles, MemorySink).decisions);
}

/// The floor: the SHA-256 of the same bytes, in lines of the same mean length.
#[divan::bench(sample_count = 5, sample_size = 1)]
fn sha256_floor(bencher: divan::Bencher<'_, '_>) {
    hash(bencher, STOCKS);
}

/// The same for the bytes of the mixed portfolio.
#[divan::bench(sample_count = 5, sample_size = 1)]
fn sha256_floor_mixed(bencher: divan::Bencher<'_, '_>) {
    hash(bencher, MIXED);
}

fn hash(bencher: divan::Bencher<'_, '_>, scenario: &str) {
    let history = history(scenario);
    let ran = run(&history, cycles(&history), CountingSink::default());
    let line = vec![b'x'; usize::try_from(ran.bytes / ran.records).expect("a short line")];
    bencher
        .counter(ItemsCount::new(ran.decisions))
        .counter(BytesCount::new(ran.bytes))
        .bench_local(|| {
            let hash = |_| sha256(divan::black_box(&line)).as_bytes()[0];
            (0..ran.records).map(hash).fold(0_u8, u8::wrapping_add)
        });
}

/// Fifty cycles with every batch of intents on disk before the next step, and every seal with the intents after it.
#[divan::bench(sample_count = 5, sample_size = 1)]
fn sync_every_intent(bencher: divan::Bencher<'_, '_>) {
    let history = history(STOCKS);
    let ran = run(&history, first(&history), CountingSink::default());
    bencher
        .counter(ItemsCount::new(ran.keeps))
        .with_inputs(|| {
            let folder = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).expect("a folder");
            let portfolio_id = history.standing().scenario().portfolio_id().clone();
            let (writer, _) = LedgerWriter::create(folder.path(), &portfolio_id).expect("a ledger");
            let sink = FileSink::new(writer).grouping_cycles();
            (folder, sink, first(&history))
        })
        .bench_local_values(|(folder, sink, cycles)| {
            run(&history, cycles, sink);
            folder
        });
}

/// The floor: the same bytes in as many writes, each with its `fdatasync`, to the same three files: a segment, the
/// pack of documents, and the head.
#[divan::bench(sample_count = 5, sample_size = 1)]
fn raw_sync_floor(bencher: divan::Bencher<'_, '_>) {
    let history = history(STOCKS);
    let ran = run(&history, first(&history), CountingSink::default());
    let part = |bytes: u64, writes: u64| {
        vec![b'x'; usize::try_from(bytes / writes).expect("a small batch")]
    };
    let records = part(ran.bytes - ran.document_bytes, ran.keeps);
    let documents = part(ran.document_bytes, ran.document_keeps);
    let head = [b'x'; 80];
    bencher.counter(ItemsCount::new(ran.keeps)).bench_local(|| {
        let file = || tempfile::tempfile_in(env!("CARGO_TARGET_TMPDIR")).expect("a file");
        let (mut segment, mut pack, mut head_file) = (file(), file(), file());
        let write = |file: &mut std::fs::File, bytes: &[u8]| {
            file.write_all(bytes).expect("writes");
            file.sync_data().expect("syncs");
        };
        for keep in 0..ran.keeps {
            if keep * ran.document_keeps / ran.keeps != (keep + 1) * ran.document_keeps / ran.keeps
            {
                write(&mut pack, &documents);
            }
            write(&mut segment, &records);
            head_file.rewind().expect("rewinds");
            write(&mut head_file, &head);
        }
    });
}

fn first(history: &History) -> Vec<(Mandate, Market)> {
    let mut cycles = cycles(history);
    cycles.truncate(50);
    cycles
}

/// CSV to checked documents, without the engine.
#[divan::bench(sample_count = 5, sample_size = 1)]
fn read_documents(bencher: divan::Bencher<'_, '_>) {
    let history = history(STOCKS);
    bencher
        .counter(ItemsCount::new(8_243_u64 * 20))
        .bench_local(|| cycles(&history).len());
}

/// What a run made.
#[derive(Debug, Default, Clone, Copy)]
struct Ran {
    decisions: u64,
    records: u64,
    bytes: u64,
    document_bytes: u64,
    keeps: u64,
    /// How often there were documents to keep.
    document_keeps: u64,
}

fn history(scenario: &str) -> History {
    let golden = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../golden");
    History::open(&golden.join(scenario)).expect("a golden scenario")
}

fn cycles(history: &History) -> Vec<(Mandate, Market)> {
    let cycles = history.cycles().expect("tables");
    cycles.collect::<Result<_, _>>().expect("good rows")
}

fn run<S: LedgerSink + Counted>(history: &History, cycles: Vec<(Mandate, Market)>, sink: S) -> Ran {
    let standing = history.standing();
    let scenario = standing.scenario();
    let chain = Chain::new(scenario.portfolio_id().clone(), 1);
    let currency: CurrencyCode = scenario.base_currency().clone();
    let engine = Engine::begin(chain, currency, scenario.opening_cash(), &[]).expect("begins");
    let limits = standing.constraints().limits();
    let broker = PaperBroker::new(limits.fee, limits.slippage, Script::default());
    let mut runner = Runner::new(engine, broker, sink).expect("runs");
    let runtime: Runtime = Builder::new_current_thread().build().expect("a runtime");
    let mut ran = Ran::default();
    runtime.block_on(async {
        for (mandate, market) in cycles {
            let cycle = runner.cycle(standing, None, mandate, market, None).await;
            ran.decisions += cycle.expect("the engine goes on").0.decisions;
        }
    });
    let counted = runner.sink().counted();
    Ran {
        decisions: ran.decisions,
        records: runner.engine().chain().head().0,
        ..counted
    }
}

/// What a sink has counted of what it was asked to keep.
trait Counted {
    fn counted(&self) -> Ran {
        Ran::default()
    }
}

impl Counted for MemorySink {}
impl Counted for FileSink {}

/// Counts what the ledger and its documents would hold.
#[derive(Debug, Default)]
struct CountingSink {
    ran: Ran,
    has_documents: bool,
    /// The documents counted last, one of each kind: one that stays is not kept twice.
    last: Vec<(DocumentKind, Hash)>,
    memory: MemorySink,
}

impl Counted for CountingSink {
    fn counted(&self) -> Ran {
        self.ran
    }
}

impl LedgerSink for CountingSink {
    fn document(&mut self, kind: DocumentKind, hash: Hash, text: &str) -> Result<(), EngineError> {
        if !self.last.contains(&(kind, hash)) {
            self.last.retain(|(other, _)| *other != kind);
            self.last.push((kind, hash));
            self.ran.bytes += text.len() as u64;
            self.ran.document_bytes += text.len() as u64;
            self.has_documents = true;
        }
        Ok(())
    }

    fn records(&mut self, chain: &mut Chain) -> Result<(), EngineError> {
        self.ran.bytes += chain.pending().len() as u64;
        chain.clear_pending();
        self.ran.keeps += 1;
        self.ran.document_keeps += u64::from(std::mem::take(&mut self.has_documents));
        Ok(())
    }

    fn cycle_ended(&mut self, _: &mut Chain) -> Result<(), EngineError> {
        Ok(())
    }

    fn finish(&mut self, chain: &mut Chain) -> Result<(), EngineError> {
        self.memory.finish(chain)
    }
}
