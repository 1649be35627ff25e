//! The chain in memory: what is pending, what is taken back, and how long a record may be.
#![expect(clippy::expect_used, reason = "a test may stop")]

#[path = "support/records.rs"]
mod records;
mod support;

use std::fs;
use std::path::Path;

use ios012_lineage::{
    Chain, Entry, FailureCode, LedgerReader, LedgerStatus, LedgerWriter, LineageError, Record,
    sha256, verify,
};
use records::{example, json_of, of_length};

/// The longest record of the format page.
const LONGEST: usize = 65_535;

fn chain() -> Chain {
    Chain::new(support::of("example"), 1)
}

#[test]
fn lines_are_pending_and_counted_until_they_are_cleared() {
    let mut chain = chain();
    let records = example();
    for record in &records[..3] {
        chain.append(record).expect("a record");
    }
    assert_eq!(chain.pending_records(), 3);
    assert_eq!(
        chain
            .pending()
            .split_inclusive(|&byte| byte == b'\n')
            .count(),
        3
    );
    chain.clear_pending();
    assert_eq!((chain.pending_records(), chain.pending()), (0, &b""[..]));
    let line = json_of(&records[3], &chain);
    let hash = chain.append(&records[3]).expect("a record");
    assert_eq!(chain.pending_records(), 1);
    assert_eq!(chain.pending(), format!("{hash} {line}\n").as_bytes());
    assert_eq!(chain.head(), (4, hash));
}

#[test]
fn a_roll_back_leaves_the_chain_where_it_was_marked() {
    let records = example();
    let (mut chain, mut straight) = (chain(), chain());
    chain.append(&records[0]).expect("a record");
    let mark = chain.mark();
    for record in &records[1..5] {
        chain.append(record).expect("a record");
    }
    chain.roll_back(mark);
    for record in [&records[0], &records[10]] {
        straight.append(record).expect("a record");
    }
    chain.append(&records[10]).expect("a record");
    assert_eq!(chain.head(), straight.head());
    assert_eq!(chain.pending(), straight.pending());
    assert_eq!(chain.pending_records(), 2);
}

#[test]
fn the_memory_of_a_batch_comes_back_and_takes_no_line_away() {
    let genesis = &example()[0];
    let mut chain = chain();
    chain.append(genesis).expect("a record");
    let memory = chain.pending().as_ptr();
    let batch = chain.take_batch();
    chain.reuse(batch);
    assert_eq!(
        (chain.pending(), chain.pending().as_ptr()),
        (&b""[..], memory)
    );

    chain.append(genesis).expect("a record");
    let batch = chain.take_batch();
    chain.append(genesis).expect("a record");
    let pending = chain.pending().to_owned();
    chain.reuse(batch);
    assert_eq!(
        (chain.pending(), chain.pending_records()),
        (&pending[..], 1)
    );
}

#[test]
fn each_record_keeps_its_own_time() {
    let mut chain = chain();
    let times = ["20T00:00:00.000Z", "21T00:00:00.000Z", "20T00:00:00.000Z"];
    let records = times.map(|time| {
        Record::from(Entry {
            event: support::of("interest"),
            lines: Vec::new(),
            time: support::of(&format!("2026-11-{time}")),
        })
    });
    for record in &records {
        chain.append(record).expect("a record");
    }
    let lines = str::from_utf8(chain.pending()).expect("text");
    let read = lines
        .lines()
        .map(|line| Record::parse(&line[65..]).expect("a record").1);
    assert_eq!(read.collect::<Vec<_>>(), records);
}

#[test]
fn a_record_has_65_535_bytes_at_most() {
    let mut chain = chain();
    chain.append(&of_length(LONGEST, &chain)).expect("it fits");
    let (head, pending) = (chain.head(), chain.pending().to_owned());
    let error = chain.append(&of_length(LONGEST + 1, &chain));
    assert!(matches!(
        error.expect_err("it does not fit"),
        LineageError::RecordTooLong { bytes: 65_536, .. }
    ));
    assert_eq!((chain.head(), chain.pending()), (head, &pending[..]));
}

/// A reader holds to the limit too, whoever wrote the line: with its line feed and without.
#[test]
fn a_longer_record_is_no_line() {
    let directory = tempfile::tempdir().expect("a directory");
    let (mut writer, mut chain) =
        LedgerWriter::create(directory.path(), &support::of("example")).expect("an empty one");
    chain.append(&example()[0]).expect("a record");
    chain.append(&of_length(LONGEST, &chain)).expect("it fits");
    writer.append(&mut chain).expect("a whole disk");
    writer.sync().expect("a whole disk");
    let segment = directory.path().join("000001.ledger");
    let whole = fs::read_to_string(&segment).expect("a segment");
    let verified = |path: &Path| {
        let report = verify(path, None).map_err(|failure| (failure.code, failure.line))?;
        Ok((report.status == LedgerStatus::Complete, report.records))
    };
    assert_eq!(verified(directory.path()), Ok((true, 2)));
    let head = directory.path().join("head");
    let of_two = fs::read_to_string(&head).expect("a head");
    for (bytes, end, uncovered, covered) in [
        (LONGEST, "\n", (true, 3), Ok((true, 3))),
        (
            LONGEST,
            "",
            (false, 2),
            Err((FailureCode::HeadMismatch, None)),
        ),
        (
            LONGEST + 1,
            "\n",
            (false, 2),
            Err((FailureCode::LineForm, Some(3))),
        ),
        (
            LONGEST + 1,
            "",
            (false, 2),
            Err((FailureCode::LineForm, Some(3))),
        ),
    ] {
        let json = json_of(&of_length(bytes, &chain), &chain);
        let hash = sha256(json.as_bytes());
        fs::write(&segment, format!("{whole}{hash} {json}{end}")).expect("a segment");
        // What no head covers may be what a crash left of a batch.
        fs::write(&head, &of_two).expect("a head");
        assert_eq!(verified(directory.path()), Ok(uncovered), "{bytes} {end:?}");
        fs::write(&head, format!("3 {hash}\n")).expect("a head");
        assert_eq!(verified(directory.path()), covered, "{bytes} {end:?}");
        let read: Result<Vec<_>, _> = LedgerReader::open(directory.path())
            .expect("a ledger")
            .collect();
        assert_eq!(read.is_ok(), bytes == LONGEST, "{bytes} {end:?}");
    }
}
