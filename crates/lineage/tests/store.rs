//! What a store is handed, and the directory that is made from what it gives back.
#![expect(clippy::expect_used, reason = "a test may stop")]

#[path = "support/records.rs"]
mod records;
mod support;

use std::fs;
use std::ops::ControlFlow;
use std::path::Path;

use ios012_lineage::ledger::Found;
use ios012_lineage::store::{Acquire, Append, Document, FileStore, LedgerCopy, Store as _};
use ios012_lineage::{
    Chain, CycleOutcome, DocumentKind, Hash, LedgerWriter, LineageError, Record, Recovery, Seal,
    sha256, verify,
};
use records::{example, of_length};

#[test]
fn a_batch_knows_where_it_begins_and_ends() {
    let prev = sha256(b"a record before");
    let mut chain = Chain::resume(support::of("example"), 3, 7, prev);
    let records = example();
    let empty = chain.take_batch();
    assert_eq!((empty.base(), empty.head()), ((7, prev), (7, prev)));
    let mark = chain.mark();
    chain.append(&records[1]).expect("a record");
    chain.roll_back(mark);
    let first = chain.append(&records[2]).expect("a record");
    let second = chain.append(&records[3]).expect("a record");
    let batch = chain.take_batch();
    assert_eq!((batch.base(), batch.head()), ((7, prev), (9, second)));
    assert_eq!(
        (batch.epoch(), batch.portfolio_id().as_str()),
        (3, "example")
    );
    assert_eq!(batch.lines()[..64], first.to_hex());
    chain.append(&records[4]).expect("a record");
    chain.clear_pending();
    let cleared = chain.head();
    chain.append(&records[5]).expect("a record");
    assert_eq!(chain.take_batch().base(), cleared);
}

#[test]
fn a_document_is_canonical_and_not_too_long() {
    let made = |text: &str| Document::new(DocumentKind::Market, text.to_owned());
    let good = made(r#"{"a":"1"}"#).expect("canonical JSON");
    // Of `printf '{"a":"1"}' | sha256sum`.
    assert_eq!(
        good.hash().to_string(),
        "9afeb0f2b203f254312ec8ded441d0318b7c34c57f8695ede42d2215a30c0960"
    );
    assert_eq!(
        (good.kind(), good.json()),
        (DocumentKind::Market, r#"{"a":"1"}"#)
    );
    for text in ["", "{ }", r#"{"a":1}"#, r#"{"b":"1","a":"2"}"#] {
        assert!(
            matches!(made(text), Err(LineageError::Canonical { .. })),
            "{text}"
        );
    }
    let of_bytes = |bytes: usize| made(&format!("{{\"a\":\"{}\"}}", "x".repeat(bytes - 8)));
    assert!(of_bytes(16_777_216).is_ok());
    assert!(matches!(
        of_bytes(16_777_217),
        Err(LineageError::DocumentTooLong { bytes: 16_777_217 })
    ));
}

/// Three epochs, the first of which is the worked example, and a rotation in the second by the rule of 64 MiB.
fn long_ledger(directory: &Path) {
    support::write_example(directory);
    let (mut writer, mut chain, _) = LedgerWriter::open(directory).expect("complete");
    let filler = of_length(60_000, &chain);
    let refusal = &example()[10..];
    for bytes in [70 << 20, 1 << 20, 0] {
        while chain.pending().len() < bytes {
            chain.append(&filler).expect("a record");
        }
        for record in refusal {
            chain.append(record).expect("a record");
        }
        writer.append(&mut chain).expect("a whole disk");
    }
    writer.sync().expect("a whole disk");
    drop(writer);
    let (mut writer, mut chain, _) = LedgerWriter::open(directory).expect("complete");
    for record in refusal {
        chain.append(record).expect("a record");
    }
    writer.append(&mut chain).expect("a whole disk");
    writer.sync().expect("a whole disk");
}

fn copied(from: &Path, to: &Path) -> (u64, Hash) {
    let mut store = FileStore::new(from, support::of("example"));
    let mut copy = LedgerCopy::create(to, &support::of("example")).expect("an empty one");
    let mut taken = Ok(());
    let mut record = |hash: Hash, json: &str| {
        taken = copy.record(hash, json);
        if taken.is_ok() {
            ControlFlow::Continue(())
        } else {
            ControlFlow::Break(())
        }
    };
    store.read(0, &mut record).expect("a ledger");
    taken.expect("whole records");
    let mut kinds = [
        DocumentKind::Account,
        DocumentKind::Constraints,
        DocumentKind::Mandate,
        DocumentKind::Market,
        DocumentKind::Registry,
    ]
    .into_iter();
    let mut document = |hash: Hash, json: &str| {
        let kind = kinds.next().expect("five documents");
        copy.document(kind, hash, json).expect("a document");
        ControlFlow::Continue(())
    };
    store.read_documents(&mut document).expect("a pack");
    copy.finish().expect("a whole disk")
}

#[test]
fn a_copy_has_the_bytes_of_the_ledger() {
    let directory = tempfile::tempdir().expect("a directory");
    let (from, to) = (directory.path().join("from"), directory.path().join("to"));
    long_ledger(&from);
    let head = copied(&from, &to);
    let files = ["head", "documents.pack"].map(str::to_owned).into_iter();
    let segments = (1..=4).map(|number| format!("00000{number}.ledger"));
    for file in files.chain(segments) {
        let read = |directory: &Path| fs::read(directory.join(&file)).expect("the file");
        assert!(read(&from) == read(&to), "{file}");
    }
    assert!(!from.join("000005.ledger").exists() && !to.join("000005.ledger").exists());
    let report = verify(&to, None).expect("it verifies");
    assert_eq!(
        (report.records, report.head, report.epoch),
        (head.0, head.1, 3)
    );
}

/// Whoever has seen enough is shown no other segment.
#[test]
fn reading_ends_where_it_is_told_to() {
    let directory = tempfile::tempdir().expect("a directory");
    support::write_example(directory.path());
    let (mut writer, mut chain, _) = LedgerWriter::open(directory.path()).expect("complete");
    for record in &example()[10..] {
        chain.append(record).expect("a record");
    }
    writer.append(&mut chain).expect("a whole disk");
    let mut store = FileStore::new(directory.path(), support::of("example"));
    let mut seen = 0;
    store
        .read(3, &mut |_, _| {
            seen += 1;
            if seen < 2 {
                ControlFlow::Continue(())
            } else {
                ControlFlow::Break(())
            }
        })
        .expect("a ledger");
    assert_eq!(seen, 2);
}

/// When all that is left of a torn end is its side file, the next who asks is told of it like the first.
#[test]
fn each_acquisition_demands_a_recovery_until_it_is_recorded() {
    for (name, code) in [
        ("documents.pack", "torn_document"),
        ("000001.ledger", "torn"),
    ] {
        let directory = tempfile::tempdir().expect("a directory");
        let (records, _) = support::write_example(directory.path());
        let file = directory.path().join(name);
        let whole = fs::read(&file).expect("a file");
        fs::write(&file, [&whole[..], b"torn"].concat()).expect("a file");
        let mut store = FileStore::new(directory.path(), support::of("example"));
        let demanded = |store: &mut FileStore, turn: &str| {
            let (mut chain, found) = acquired(store);
            assert_eq!(found.code().as_str(), code, "{name}, {turn}");
            assert_eq!(fs::read(&file).expect("a file"), whole, "it is aside");
            let other = chain.append(&recovered());
            assert!(
                matches!(other, Err(LineageError::RecoveryDue)),
                "{name}, {turn}: {other:?}"
            );
            (chain, found)
        };
        demanded(&mut store, "first");
        demanded(&mut store, "the same store again");
        drop(store);
        let mut store = FileStore::new(directory.path(), support::of("example"));
        let (mut chain, found) = demanded(&mut store, "another store");
        for record in [recovery(&found), recovered()] {
            chain.append(&record).expect("a record");
        }
        let answer = store
            .append(&[], &chain.take_batch())
            .expect("a whole disk");
        assert_eq!(answer, Append::Appended);
        let (chain, found) = acquired(&mut store);
        assert_eq!((chain.head().0, chain.epoch()), (records + 2, 3));
        assert_eq!(found, Found::default(), "it was told");
    }
}

fn acquired(store: &mut FileStore) -> (Chain, Found) {
    let Acquire::Acquired(chain, found) = store.acquire().expect("it works") else {
        unreachable!("nobody else holds it");
    };
    (*chain, found)
}

fn recovery(found: &Found) -> Record {
    Recovery {
        found: found.code(),
        orders: Vec::new(),
        side_file: found.side_file.clone(),
    }
    .into()
}

fn recovered() -> Record {
    Seal {
        cash: None,
        decisions: 0,
        fills: 0,
        liabilities: None,
        nlv_after: None,
        nlv_before: None,
        orders: 0,
        outcome: CycleOutcome::Recovered,
        ..seal()
    }
    .into()
}

#[test]
fn a_copy_takes_no_line_that_does_not_follow() {
    let directory = tempfile::tempdir().expect("a directory");
    let refused = |name: &str, lines: &[(Hash, String)]| {
        let to = directory.path().join(name);
        let mut copy = LedgerCopy::create(&to, &support::of("example")).expect("an empty one");
        let (last, whole) = lines.split_last().expect("a line");
        for (hash, json) in whole {
            copy.record(*hash, json).expect("a record");
        }
        copy.record(last.0, &last.1).expect_err(name).to_string()
    };
    let line = |portfolio: &str, records: &[Record]| {
        let mut chain = Chain::new(support::of(portfolio), 1);
        let mut made = Vec::new();
        for record in records {
            let json = records::json_of(record, &chain);
            made.push((chain.append(record).expect("a record"), json));
        }
        made
    };
    let records = example();
    let good = line("example", &records[..3]);
    let mut changed = good.clone();
    changed[2].1 = changed[2].1.replace("AAA", "AAB");
    assert!(refused("changed", &changed).contains("hash"));
    let gap = [good[0].clone(), good[2].clone()];
    assert!(refused("gap", &gap).contains("follow"));
    assert!(refused("first", &good[1..2]).contains("follow"));
    assert!(refused("foreign", &line("other", &records[..1])).contains("portfolio"));
    let mut ahead = Chain::resume(support::of("example"), 1, 5, good[0].0);
    let json = records::json_of(&records[1], &ahead);
    let jump = [
        good[0].clone(),
        (ahead.append(&records[1]).expect("a record"), json),
    ];
    assert!(refused("jump", &jump).contains("follow"));
    let other = Seal {
        decisions: 9,
        ..seal()
    };
    let fork = line(
        "example",
        &[records[0].clone(), other.into(), records[2].clone()],
    );
    let forked = [good[0].clone(), good[1].clone(), fork[2].clone()];
    assert!(refused("fork", &forked).contains("follow"));
}

fn seal() -> Seal {
    let seal = example().into_iter().find_map(|record| match record {
        Record::Seal(seal) => Some(seal),
        _ => None,
    });
    seal.expect("the example is sealed")
}
