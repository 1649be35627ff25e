//! Ledgers with any records, whose hashes hold: the verifier and the readers never panic and agree
//! with each other, and what verifies is written again as the same bytes.
//!
//! The input's first byte says how much is mended; the rest is the JSON lines of segments and,
//! last, of the pack, with a zero byte between files. Without mending, no change would get past
//! the hashes.
#![no_main]

use ios012_fuzz::ledger::{Files, line};
use ios012_lineage::{
    Chain, Decision, Documents, ExpectedHead, Hash, LedgerReader, LedgerStatus, OrderId, Record,
    VerifyReport, input_state_hash, lineage_hash, order_id, sha256, verify,
};
use libfuzzer_sys::fuzz_target;
use tempfile::TempDir;

/// Bits of the first byte.
const MEND_PREV: u8 = 1;
const MEND_DERIVED: u8 = 2;
/// The head covers only the first record.
const SHORT_HEAD: u8 = 4;

fuzz_target!(|text: &str| {
    let mut characters = text.chars();
    let mode = characters.next().map_or(0, |first| first as u8);
    let mut files: Vec<&str> = characters.as_str().split('\0').collect();
    let pack = files.pop().unwrap_or_default();
    let mut mender = Mender::new(mode);
    let ledger = Files {
        segments: files
            .iter()
            .map(|records| mender.segment(records))
            .collect(),
        pack: file_of(
            pack.split_inclusive('\n')
                .map(|document| line(document.trim_end_matches('\n')).0 + newline(document)),
        ),
        head: mender.head().into_bytes(),
    };
    let folder = ledger.write();
    if let Ok(report) = verify(folder.path(), None) {
        check_kept_heads(&folder, &report);
        check_records(&folder, &ledger, &report);
        check_documents(&folder, &report, pack);
    }
});

/// The report's own head proves it; any other one does not.
fn check_kept_heads(folder: &TempDir, report: &VerifyReport) {
    let kept = |records, hash| verify(folder.path(), Some(ExpectedHead { records, hash }));
    let proven = kept(report.records, report.head).expect("its own head");
    assert_eq!(proven.proven_records, Some(report.records));
    assert_eq!(proven.status, report.status);
    assert!(kept(report.records, sha256(b"another")).is_err());
    assert!(kept(report.records + 1, report.head).is_err());
}

/// The reader gives the records that were counted, and the chain writes them as they stand.
fn check_records(folder: &TempDir, ledger: &Files, report: &VerifyReport) {
    let records: Vec<_> = LedgerReader::open(folder.path())
        .expect("a ledger that verifies")
        .collect::<Result<_, _>>()
        .expect("records that verify");
    assert_eq!(records.len() as u64, report.records);
    assert_eq!(
        records.last().map_or(Hash::ZERO, |last| last.hash),
        report.head
    );
    let count = |kind: &str| {
        records
            .iter()
            .filter(|stored| stored.record.kind() == kind)
            .count() as u64
    };
    assert_eq!(count("cycle"), report.cycles);
    assert_eq!(count("decision"), report.decisions);
    assert_eq!(count("order"), report.orders);
    assert_eq!(count("fill"), report.fills);
    assert_eq!(count("refusal"), report.refusals);
    assert!(
        report.status != LedgerStatus::Complete
            || records
                .first()
                .is_some_and(|first| first.record.kind() == "genesis")
    );
    if records
        .iter()
        .any(|stored| matches!(stored.record, Record::Unknown { .. }))
    {
        return;
    }
    let mut written = Vec::new();
    let mut chain: Option<Chain> = None;
    for stored in &records {
        let envelope = &stored.envelope;
        let chain = match &mut chain {
            Some(same) if same.epoch() == envelope.epoch => same,
            other => other.insert(Chain::resume(
                envelope.portfolio_id.clone(),
                envelope.epoch,
                envelope.seq,
                envelope.prev,
            )),
        };
        assert_eq!(chain.append(&stored.record).ok(), Some(stored.hash));
        written.extend_from_slice(chain.pending());
        chain.clear_pending();
    }
    assert!(ledger.segments.concat().starts_with(&written));
}

/// Each document of the pack is found by its hash.
fn check_documents(folder: &TempDir, report: &VerifyReport, pack: &str) {
    let documents = Documents::open(folder.path()).expect("a pack that verifies");
    let whole = pack
        .split_inclusive('\n')
        .filter_map(|line| line.strip_suffix('\n'));
    assert_eq!(whole.clone().count() as u64, report.documents);
    for document in whole {
        let found = documents.get(&sha256(document.as_bytes()));
        assert_eq!(found.ok().flatten().as_deref(), Some(document));
    }
}

/// Gives the lines of fuzzed records the hashes that a writer would have given them.
struct Mender {
    mode: u8,
    records: u64,
    prev: Hash,
    first: Hash,
    cycle: Option<(Hash, Hash)>,
    decisions: Vec<Decision>,
    order: Option<OrderId>,
}

impl Mender {
    fn new(mode: u8) -> Self {
        Self {
            mode,
            records: 0,
            prev: Hash::ZERO,
            first: Hash::ZERO,
            cycle: None,
            decisions: Vec::new(),
            order: None,
        }
    }

    fn segment(&mut self, records: &str) -> Vec<u8> {
        file_of(records.split_inclusive('\n').map(|record| {
            let json = self.mended(record.trim_end_matches('\n'));
            let (line, hash) = line(&json);
            if record.ends_with('\n') {
                self.prev = hash;
                self.records += 1;
                if self.records == 1 {
                    self.first = hash;
                }
            }
            line + newline(record)
        }))
    }

    fn head(&self) -> String {
        if self.mode & SHORT_HEAD != 0 && self.records > 0 {
            format!("1 {}\n", self.first)
        } else {
            format!("{} {}\n", self.records, self.prev)
        }
    }

    fn mended(&mut self, json: &str) -> String {
        let Ok((mut envelope, mut record)) = Record::parse(json) else {
            return self.with_prev(json);
        };
        if self.mode & MEND_PREV != 0 {
            envelope.prev = self.prev;
            envelope.seq = self.records;
        }
        if self.mode & MEND_DERIVED != 0 {
            self.derive(&mut record);
        }
        let mut written = String::new();
        if record.write(&envelope, &mut written).is_err() {
            return self.with_prev(json);
        }
        if let Record::Cycle(cycle) = &record {
            self.cycle = Some((sha256(written.as_bytes()), cycle.constraints_hash));
            self.decisions.clear();
        }
        written
    }

    /// Links a text that is no known record.
    fn with_prev(&self, json: &str) -> String {
        const KEY: &str = "\"prev\":\"";
        let digits = json.find(KEY).map(|at| at + KEY.len());
        match digits.and_then(|at| Some((json.get(..at)?, json.get(at + 64..)?))) {
            Some((before, after)) if self.mode & MEND_PREV != 0 => {
                format!("{before}{}{after}", self.prev)
            }
            _ => json.to_owned(),
        }
    }

    fn derive(&mut self, record: &mut Record) {
        match record {
            Record::Decision(decision) => {
                let Some((cycle, constraints)) = self.cycle else {
                    return;
                };
                let input = input_state_hash(
                    &decision.asset_id,
                    cycle,
                    decision.previous_exposure,
                    decision.metadata.reference_price,
                );
                decision.metadata.input_state_hash = input;
                decision.lineage_hash = lineage_hash(input, decision.target_exposure, constraints);
                self.decisions.push(decision.clone());
            }
            Record::Order(order) => {
                let of_asset = |decision: &&Decision| decision.asset_id == order.asset_id;
                if let Some(decision) = self.decisions.iter().rfind(of_asset) {
                    order.order_id = order_id(decision.lineage_hash, order.leg);
                    self.order = Some(order.order_id);
                }
            }
            Record::Outcome(outcome) => outcome.order_id = self.order.unwrap_or(outcome.order_id),
            Record::Fill(fill) => fill.order_id = self.order.unwrap_or(fill.order_id),
            _ => {}
        }
    }
}

fn newline(text: &str) -> &'static str {
    if text.ends_with('\n') { "\n" } else { "" }
}

fn file_of(lines: impl Iterator<Item = String>) -> Vec<u8> {
    lines.collect::<String>().into_bytes()
}
