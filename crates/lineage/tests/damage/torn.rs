//! What a crash leaves is legal where it may stand, and damage elsewhere.

use std::fs;

use ios012_lineage::{FailureCode, LedgerStatus};

use crate::{HEAD, Ledger, PACK, SEGMENT};

#[test]
fn crash_states_are_incomplete() {
    let torn = Ledger::new();
    let whole = torn.read(SEGMENT);
    let lines = torn.lines(SEGMENT);
    let open: usize = lines[..9].iter().map(|line| line.len() + 1).sum();
    let first: usize = lines[0].len() + 1;
    for (length, unsealed, torn_bytes) in
        [(open, true, 0), (open + 5, true, 5), (first + 1, false, 1)]
    {
        torn.write(SEGMENT, &whole[..length]);
        let head = format!("1 {}\n", &lines[0][..64]);
        torn.write(HEAD, head);
        let report = torn.verify().expect("a legal crash state");
        let LedgerStatus::Incomplete(incomplete) = report.status else {
            panic!("cut at {length} is complete");
        };
        assert_eq!(
            (incomplete.unsealed, incomplete.torn_record_bytes),
            (unsealed, torn_bytes)
        );
    }
    let pack = Ledger::new();
    let mut bytes = pack.read(PACK);
    bytes.extend_from_slice(b"0123");
    pack.write(PACK, bytes);
    let report = pack.verify().expect("a legal crash state");
    assert!(matches!(
        report.status,
        LedgerStatus::Incomplete(open) if open.torn_document_bytes == 4
    ));
}

#[test]
fn segments_are_counted_without_gaps() {
    let ledger = Ledger::new();
    fs::rename(
        ledger.path().join(SEGMENT),
        ledger.path().join("000002.ledger"),
    )
    .expect("renamed");
    assert_eq!(ledger.failure().0, FailureCode::SegmentNumbers);
    let ledger = Ledger::new();
    let lines = ledger.lines(SEGMENT);
    ledger.set_lines(SEGMENT, &lines[..10]);
    ledger.set_lines("000002.ledger", &lines[10..]);
    assert_eq!(ledger.failure(), (FailureCode::SegmentSize, Some(1)));
    let ledger = Ledger::new();
    for name in ["000002.ledger", "000003.ledger"] {
        fs::write(ledger.path().join(name), "").expect("an empty segment");
    }
    assert_eq!(ledger.failure(), (FailureCode::SegmentSize, None));
}

/// Only the last segment may end in the middle of a line.
#[test]
fn a_torn_line_in_an_earlier_segment_is_no_line() {
    let ledger = Ledger::new();
    let mut segment = ledger.read(SEGMENT);
    segment.extend(b"0123");
    ledger.write(SEGMENT, segment);
    assert!(ledger.verify().is_ok(), "a legal crash state");
    ledger.write("000002.ledger", "");
    let failure = ledger.verify().expect_err("it is not the last");
    assert_eq!(
        (failure.code, failure.file.as_str()),
        (FailureCode::LineForm, SEGMENT)
    );
    assert_eq!((failure.line, failure.seq), (Some(13), Some(12)));
}

/// A document of which a crash left half a line is none, and is counted as none.
#[test]
fn a_torn_document_is_not_counted() {
    let ledger = Ledger::new();
    let whole = ledger.verify().expect("it verifies").documents;
    assert!(whole > 0);
    let mut pack = ledger.read(PACK);
    pack.extend(b"0123");
    ledger.write(PACK, &pack);
    let report = ledger.verify().expect("a legal crash state");
    assert_eq!(report.documents, whole);
    assert!(matches!(report.status, LedgerStatus::Incomplete(_)));
}

/// Beyond the head a crash can have left a hole anywhere: the rest is torn from the line that it broke. Under
/// the head, or too far from the end, it is damage.
#[test]
fn a_hole_in_what_no_head_covers_is_torn() {
    let ledger = Ledger::new();
    let whole = ledger.read(SEGMENT);
    let lines = ledger.lines(SEGMENT);
    let start: usize = lines[..6].iter().map(|line| line.len() + 1).sum();
    let mut holed = whole.clone();
    holed[start + 70..start + 100].fill(0);
    ledger.write(SEGMENT, &holed);
    assert_eq!(ledger.failure(), (FailureCode::RecordHash, Some(7)));
    let head = |records: usize| format!("{records} {}\n", &lines[records - 1][..64]);
    ledger.write(HEAD, head(7));
    assert_eq!(ledger.failure(), (FailureCode::RecordHash, Some(7)));
    ledger.write(HEAD, head(6));
    let report = ledger.verify().expect("a legal crash state");
    let LedgerStatus::Incomplete(open) = report.status else {
        panic!("a hole is no end");
    };
    assert_eq!(report.records, 6);
    assert_eq!(open.torn_record_bytes, (whole.len() - start) as u64);

    let limit = 1 << 20;
    holed.resize(start + limit, 0);
    ledger.write(SEGMENT, &holed);
    assert!(ledger.verify().is_ok(), "as far from the end as it may be");
    holed.push(0);
    ledger.write(SEGMENT, &holed);
    assert_eq!(ledger.failure(), (FailureCode::RecordHash, Some(7)));
}
