//! A segment ends after the first seal that brings it past 64 MiB.
#![expect(clippy::expect_used, reason = "a test may stop")]

#[path = "support/records.rs"]
mod records;
mod support;

use std::fs;

use ios012_lineage::{Chain, FailureCode, LedgerStatus, LedgerWriter, Record, verify};
use records::{example, json_of, of_length};

const LIMIT: usize = 67_108_864;

/// Fills the chain's pending lines with records, and ends them with a refusal and its seal after
/// so many bytes.
fn fill(chain: &mut Chain, end: usize, filler: &Record, unit: &[Record]) {
    // The hash, the space and the line feed.
    const FRAME: usize = 66;
    while chain.pending().len() + 120_000 < end {
        chain.append(filler).expect("a record");
    }
    for part in [2, 1] {
        // The seal's number has as many digits as the one that stands next.
        let tail: usize = unit
            .iter()
            .map(|record| json_of(record, chain).len() + FRAME)
            .sum();
        let rest = (end - tail - chain.pending().len()) / part;
        let last = of_length(rest - FRAME, chain);
        chain.append(&last).expect("a record");
    }
    for record in unit {
        chain.append(record).expect("a record");
    }
    assert_eq!(chain.pending().len(), end);
}

#[test]
fn a_segment_ends_with_the_first_seal_past_its_limit() {
    let directory = tempfile::tempdir().expect("a directory");
    let (mut writer, mut chain) =
        LedgerWriter::create(directory.path(), &support::of("example")).expect("an empty one");
    let example = example();
    let unit = &example[10..];
    let filler = of_length(60_000, &chain);
    chain.append(&example[0]).expect("a record");
    // The first segment ends one byte past the limit. The second one reaches it exactly and goes
    // on, to the next seal.
    fill(&mut chain, LIMIT + 1, &filler, unit);
    fill(&mut chain, LIMIT + 1 + LIMIT, &filler, unit);
    for record in unit.iter().chain(unit) {
        chain.append(record).expect("a record");
    }
    let last: usize = unit
        .iter()
        .map(|record| json_of(record, &chain).len() + 66)
        .sum();
    let records = chain.pending_records();
    writer.append(&mut chain).expect("a whole disk");
    writer.sync().expect("a whole disk");
    let path = |number| directory.path().join(format!("00000{number}.ledger"));
    let lengths = [1, 2, 3].map(|number| fs::metadata(path(number)).expect("a segment").len());
    assert_eq!(
        lengths,
        [LIMIT + 1, LIMIT + last, last].map(|length| length as u64)
    );
    assert!(!path(4).exists());
    let report = verify(directory.path(), None).expect("it verifies");
    assert_eq!(
        (report.status, report.records),
        (LedgerStatus::Complete, records)
    );

    // The first segment goes on where it should have ended.
    let mut joined = fs::read(path(1)).expect("a segment");
    let due = joined.split_inclusive(|&byte| byte == b'\n').count() as u64 + 1;
    joined.extend(fs::read(path(2)).expect("a segment"));
    fs::write(path(1), joined).expect("a segment");
    fs::rename(path(3), path(2)).expect("renamed");
    let failure = verify(directory.path(), None).expect_err("it should have ended");
    assert_eq!(
        (failure.code, failure.line),
        (FailureCode::SegmentSize, Some(due))
    );
}
