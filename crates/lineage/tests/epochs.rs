//! What a ledger may go on with after a crash: the order of records where an epoch begins.
#![expect(clippy::expect_used, reason = "a test may stop")]

mod support;

use std::fs;
use std::path::Path;

use ios012_lineage::{
    Chain, CycleOutcome, Defcon, FailureCode, Governance, LedgerReader, LedgerStatus, Record,
    Recovery, Seal, StoredRecord, VerifyFailure, verify,
};

/// The records of the example, by what they are. It has a cycle and then a refused mandate.
const DECISION: usize = 2;
const ORDER: usize = 5;
const FILL: usize = 7;
const FILLED: usize = 8;
const EXECUTED: usize = 9;
const REFUSAL: usize = 10;
const REFUSED: usize = 11;

/// A record of the second epoch.
#[derive(Debug, Clone, Copy)]
enum Next {
    /// A record of the example.
    Example(usize),
    Governance,
    Recovery,
    /// A seal `recovered`, with its counts of decisions, orders and fills.
    Recovered(u64, u64, u64),
}
use Next::{Example, Recovered};

fn record(next: Next, example: &[StoredRecord]) -> Record {
    match next {
        Example(at) => example[at].record.clone(),
        Next::Governance => Record::from(Governance {
            document_hash: None,
            event: support::of("paper_start"),
            evidence: Vec::new(),
        }),
        Next::Recovery => Record::from(Recovery {
            found: support::of("unsealed"),
            orders: Vec::new(),
            side_file: None,
        }),
        Recovered(decisions, orders, fills) => Record::from(Seal {
            cash: None,
            decisions,
            defcon: Defcon::Green,
            fills,
            liabilities: None,
            nlv_after: None,
            nlv_before: None,
            orders,
            outcome: CycleOutcome::Recovered,
        }),
    }
}

/// The first records of the example, then a second epoch with others.
fn continued(directory: &Path, kept: usize, next: &[Next]) -> Result<LedgerStatus, VerifyFailure> {
    support::write_example(directory);
    let example: Vec<StoredRecord> = LedgerReader::open(directory)
        .expect("a ledger")
        .collect::<Result<_, _>>()
        .expect("whole records");
    let first = directory.join("000001.ledger");
    let lines = fs::read_to_string(&first).expect("a segment");
    let lines: String = lines.split_inclusive('\n').take(kept).collect();
    fs::write(&first, lines).expect("a segment");
    fs::write(directory.join("head"), format!("1 {}\n", example[0].hash)).expect("a head");
    let prev = example[kept - 1].hash;
    let mut chain = Chain::resume(support::of("example"), 2, kept as u64, prev);
    for next in next {
        chain.append(&record(*next, &example)).expect("a record");
    }
    fs::write(directory.join("000002.ledger"), chain.pending()).expect("a segment");
    verify(directory, None).map(|report| report.status)
}

/// docs/lineage-format.md, Order of records: a recovery begins an epoch in which something was
/// left open, and closes it.
#[test]
fn an_epoch_begins_as_the_grammar_says() {
    let all = Recovered(2, 1, 1);
    let nothing = Recovered(0, 0, 0);
    let recovery = Next::Recovery;
    let complete = Ok(true);
    let incomplete = Ok(false);
    let breach = |code, line| Err((code, Some(line)));
    let grammar = |line| breach(FailureCode::CycleGrammar, line);
    let cases: &[(usize, &[Next], _)] = &[
        // Between two cycles nothing needs a recovery, and one may stand.
        (EXECUTED + 1, &[Next::Governance], complete),
        (
            EXECUTED + 1,
            &[Example(REFUSAL), Example(REFUSED)],
            complete,
        ),
        (EXECUTED + 1, &[recovery, nothing], complete),
        // A cycle was left open.
        (FILLED + 1, &[recovery, all], complete),
        (FILLED + 1, &[recovery], incomplete),
        (FILLED + 1, &[recovery, Next::Governance, all], complete),
        (
            FILL,
            &[recovery, Example(FILL), Example(FILLED), all],
            complete,
        ),
        (FILLED + 1, &[Next::Governance], grammar(1)),
        (FILLED + 1, &[Example(EXECUTED)], grammar(1)),
        (FILLED + 1, &[recovery, recovery], grammar(2)),
        (FILLED + 1, &[recovery, Example(EXECUTED)], grammar(2)),
        (
            FILLED + 1,
            &[recovery, nothing],
            breach(FailureCode::Seal, 2),
        ),
        (ORDER, &[recovery, Example(ORDER)], grammar(2)),
        (DECISION, &[recovery, Example(DECISION)], grammar(2)),
        // A refusal was left without its seal.
        (REFUSAL + 1, &[recovery, nothing], complete),
        (REFUSAL + 1, &[Example(REFUSED)], grammar(1)),
        (REFUSAL + 1, &[recovery, Example(REFUSED)], grammar(2)),
        // A recovery is the first record of its epoch.
        (EXECUTED + 1, &[Next::Governance, recovery], grammar(2)),
        (
            EXECUTED + 1,
            &[Example(REFUSAL), Next::Governance],
            grammar(2),
        ),
    ];
    for (kept, next, expected) in cases {
        let directory = tempfile::tempdir().expect("a directory");
        let found = continued(directory.path(), *kept, next)
            .map(|status| status == LedgerStatus::Complete)
            .map_err(|failure| (failure.code, failure.line));
        assert_eq!(found, *expected, "{kept} records, then {next:?}");
    }
}

#[test]
fn a_record_at_the_wrong_place_says_what_is_open() {
    for (kept, next, said) in [
        (EXECUTED + 1, &[Example(EXECUTED)][..], "nothing is open"),
        (
            REFUSAL + 1,
            &[Next::Recovery, Example(REFUSED)],
            "a recovery waits for its seal",
        ),
        (
            EXECUTED + 1,
            &[Example(REFUSAL), Example(EXECUTED)],
            "a refusal waits for its seal",
        ),
    ] {
        let directory = tempfile::tempdir().expect("a directory");
        let failure = continued(directory.path(), kept, next).expect_err(said);
        assert_eq!(failure.code, FailureCode::CycleGrammar);
        assert!(failure.detail.ends_with(said), "{}", failure.detail);
    }
}
