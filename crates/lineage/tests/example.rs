//! The worked example of the format page is what the code writes, and both verify.
#![expect(clippy::expect_used, reason = "a test may stop")]

mod support;

use std::fs;
use std::path::Path;

use ios012_lineage::{
    DocumentKind, Documents, ExpectedHead, FailureCode, LedgerReader, LedgerStatus, LedgerWriter,
    LineageError, sha256, verify,
};

const PAGE: &str = include_str!("../../../docs/lineage-format.md");

/// The lines of the page's block that follows the sentence naming a file.
fn on_page(file: &str) -> String {
    let fence = format!("```text {file}\n");
    let start = PAGE.find(&fence).expect("the page shows the file") + fence.len();
    let end = start + PAGE[start..].find("```\n").expect("the block ends");
    PAGE[start..end].to_owned()
}

fn read(directory: &Path, file: &str) -> String {
    fs::read_to_string(directory.join(file)).expect("the file")
}

#[test]
fn the_page_shows_what_the_code_writes() {
    let directory = tempfile::tempdir().expect("a directory");
    support::write_example(directory.path());
    for file in ["000001.ledger", "documents.pack", "head"] {
        assert_eq!(read(directory.path(), file), on_page(file), "{file}");
    }
}

/// The page's bytes alone make a ledger.
#[test]
fn the_page_verifies() {
    let directory = tempfile::tempdir().expect("a directory");
    for file in ["000001.ledger", "documents.pack", "head"] {
        fs::write(directory.path().join(file), on_page(file)).expect("a file");
    }
    let report = verify(directory.path(), None).expect("it verifies");
    assert_eq!(report.status, LedgerStatus::Complete);
    assert_eq!(
        (report.records, report.cycles, report.decisions),
        (12, 1, 2)
    );
    assert_eq!((report.orders, report.fills, report.refusals), (1, 1, 1));
    assert_eq!((report.documents, report.epoch), (5, 1));
    assert_eq!(report.proven_records, None);
    let kept = ExpectedHead {
        records: report.records,
        hash: report.head,
    };
    let proven = verify(directory.path(), Some(kept)).expect("it verifies");
    assert_eq!(proven.proven_records, Some(12));
}

/// The page's formulas, over the page's lines.
#[test]
fn the_page_derives_its_hashes() {
    let state = on_page("input_state");
    let state = sha256(state.trim_end().as_bytes()).to_string();
    let ledger = on_page("000001.ledger");
    let decision = ledger.lines().nth(2).expect("the first decision");
    assert!(decision.contains(&format!(r#""input_state_hash":"{state}""#)));
    let derived = on_page("lineage");
    let (formula, lineage) = derived.trim_end().split_once("\n= ").expect("two lines");
    let parts: String = formula.split('"').skip(1).step_by(2).collect();
    assert!(parts.starts_with(&state));
    assert_eq!(sha256(parts.as_bytes()).to_string(), lineage);
    assert!(decision.contains(&format!(r#""lineage_hash":"{lineage}""#)));
}

#[test]
fn every_failure_code_is_on_the_page() {
    for code in FailureCode::ALL {
        assert!(PAGE.contains(&format!("| `{code}` |")), "{code} is missing");
    }
}

#[test]
fn a_reader_gets_every_record() {
    let directory = tempfile::tempdir().expect("a directory");
    let (records, head) = support::write_example(directory.path());
    let stored: Vec<_> = LedgerReader::open(directory.path())
        .expect("a ledger")
        .collect::<Result<_, _>>()
        .expect("whole records");
    assert_eq!(stored.len() as u64, records);
    assert_eq!(stored.last().map(|last| last.hash), Some(head));
}

#[test]
fn one_writer_at_a_time_and_no_second_beginning() {
    let directory = tempfile::tempdir().expect("a directory");
    let portfolio = support::of("example");
    let (writer, _) = LedgerWriter::create(directory.path(), &portfolio).expect("an empty one");
    assert!(matches!(
        LedgerWriter::create(directory.path(), &portfolio),
        Err(LineageError::Locked { .. })
    ));
    drop(writer);
    // Nothing was recorded, so nothing goes on, and it is begun anew.
    assert!(matches!(
        LedgerWriter::open(directory.path()),
        Err(LineageError::Incomplete { .. })
    ));
    drop(LedgerWriter::create(directory.path(), &portfolio).expect("a false start"));
    support::write_example(directory.path());
    assert!(matches!(
        LedgerWriter::create(directory.path(), &portfolio),
        Err(LineageError::LedgerExists { .. })
    ));
}

#[test]
fn a_new_epoch_goes_on_in_a_new_segment() {
    let directory = tempfile::tempdir().expect("a directory");
    let (records, head) = support::write_example(directory.path());
    let (mut writer, mut chain, _) = LedgerWriter::open(directory.path()).expect("complete");
    assert_eq!((chain.head(), chain.epoch()), ((records, head), 2));
    let governance = ios012_lineage::Governance {
        document_hash: None,
        event: support::of("paper_start"),
        evidence: Vec::new(),
    };
    chain.append(&governance.into()).expect("a record");
    writer.append(&mut chain).expect("a whole disk");
    writer.sync().expect("a whole disk");
    drop(writer);
    let report = verify(directory.path(), None).expect("it verifies");
    assert_eq!((report.records, report.epoch), (records + 1, 2));
    assert_eq!(read(directory.path(), "000002.ledger").lines().count(), 1);
}

#[test]
fn documents_are_kept_once_and_found_by_hash() {
    let directory = tempfile::tempdir().expect("a directory");
    let (mut writer, _) =
        LedgerWriter::create(directory.path(), &support::of("example")).expect("an empty one");
    let documents = [r#"{"a":"1"}"#, r#"{"a":"2"}"#].map(|json| (sha256(json.as_bytes()), json));
    // Only what differs from the last of its kind is written: 1, 2 and 1 again.
    for at in [0, 0, 1, 1, 0] {
        let (hash, json) = documents[at];
        let taken = writer.write_document(DocumentKind::Market, hash, json);
        taken.expect("a document");
    }
    writer.sync().expect("a whole disk");
    assert_eq!(read(directory.path(), "documents.pack").lines().count(), 3);
    let pack = Documents::open(directory.path()).expect("a pack");
    assert_eq!(pack.len(), 2);
    for (hash, json) in documents {
        assert_eq!(pack.get(&hash).expect("readable").as_deref(), Some(json));
    }
    assert_eq!(pack.get(&sha256(b"other")).expect("readable"), None);
}
