//! The writer: what it keeps, where it goes on, and how it stops.
#![expect(clippy::expect_used, reason = "a test may stop")]

#[path = "support/records.rs"]
mod records;
mod support;

use std::fs::{self, File};
use std::os::fd::AsRawFd;
use std::os::unix::fs::symlink;
use std::path::Path;

use ios012_lineage::{
    Chain, DocumentKind, Documents, LedgerReader, LedgerStatus, LedgerWriter, LineageError, sha256,
    verify,
};
use records::{example, json_of, of_length};

const SEGMENT: &str = "000001.ledger";

fn begin(directory: &Path) -> (LedgerWriter, Chain) {
    LedgerWriter::create(directory, &support::of("example")).expect("an empty directory")
}

/// A document is written when it differs from the last of its own kind.
#[test]
fn each_kind_has_its_own_last_document() {
    use DocumentKind::{Account, Command, Constraints, Mandate, Market, Regime, Registry};
    let directory = tempfile::tempdir().expect("a directory");
    let (mut writer, _) = begin(directory.path());
    assert!(
        Documents::open(directory.path())
            .expect("a pack")
            .is_empty()
    );
    let kinds = [
        Account,
        Command,
        Constraints,
        Mandate,
        Market,
        Regime,
        Registry,
    ];
    let documents = [r#"{"a":"1"}"#, r#"{"a":"2"}"#];
    for json in [documents[0], documents[0], documents[1], documents[1]] {
        for kind in kinds {
            let taken = writer.write_document(kind, sha256(json.as_bytes()), json);
            taken.expect("a document");
        }
    }
    writer.sync().expect("a whole disk");
    let pack = fs::read_to_string(directory.path().join("documents.pack")).expect("a pack");
    let lines = documents.map(|json| format!("{} {json}\n", sha256(json.as_bytes())).repeat(7));
    assert_eq!(pack, lines.concat());
    let pack = Documents::open(directory.path()).expect("a pack");
    assert_eq!((pack.len(), pack.is_empty()), (2, false));
}

#[test]
fn a_document_has_16_mib_at_most() {
    const LONGEST: usize = 16_777_216;
    let directory = tempfile::tempdir().expect("a directory");
    let (mut writer, _) = begin(directory.path());
    let longest = format!("\"{}\"", "x".repeat(LONGEST - 2));
    let hash = sha256(longest.as_bytes());
    let mut take = |json: &str| writer.write_document(DocumentKind::Market, hash, json);
    assert!(matches!(
        take(&format!("{longest} ")),
        Err(LineageError::DocumentTooLong { bytes: 16_777_217 })
    ));
    take(&longest).expect("it fits");
    writer.sync().expect("a whole disk");
    let pack = Documents::open(directory.path()).expect("a pack");
    assert!(pack.get(&hash).expect("readable") == Some(longest));
}

#[test]
fn a_batch_is_written_like_the_chain_it_was_taken_from() {
    let directories = [(), ()].map(|()| tempfile::tempdir().expect("a directory"));
    let heads = [false, true].map(|as_batch| {
        let directory = directories[usize::from(as_batch)].path();
        let (mut writer, mut chain) = begin(directory);
        for records in example().chunks(5) {
            // The cycle's documents are not what this is about.
            for record in records {
                chain.append(record).expect("a record");
            }
            if as_batch {
                let batch = chain.take_batch();
                writer.append_batch(&batch).expect("a whole disk");
                chain.reuse(batch);
            } else {
                writer.append(&mut chain).expect("a whole disk");
            }
        }
        writer.sync().expect("a whole disk");
        assert_eq!(writer.durable_head(), chain.head());
        chain.head()
    });
    assert_eq!(heads[0], heads[1]);
    for file in [SEGMENT, "head"] {
        let [chain, batch] = directories
            .each_ref()
            .map(|directory| fs::read_to_string(directory.path().join(file)).expect("the file"));
        assert_eq!(chain, batch, "{file}");
    }
}

/// A crash between the making of a segment and its first line leaves it empty.
#[test]
fn the_next_writer_uses_an_empty_segment() {
    let directory = tempfile::tempdir().expect("a directory");
    support::write_example(directory.path());
    let empty = directory.path().join("000002.ledger");
    fs::write(&empty, "").expect("a segment");
    let (mut writer, mut chain, _) = LedgerWriter::open(directory.path()).expect("complete");
    let record = of_length(1_000, &chain);
    let line = json_of(&record, &chain).len() as u64 + 66;
    chain.append(&record).expect("a record");
    writer.append(&mut chain).expect("a whole disk");
    writer.sync().expect("a whole disk");
    assert_eq!(fs::metadata(&empty).expect("a segment").len(), line);
    assert!(!directory.path().join("000003.ledger").exists());
    let report = verify(directory.path(), None).expect("it verifies");
    assert_eq!(report.status, LedgerStatus::Complete);
    let read = LedgerReader::open(directory.path()).expect("a ledger");
    assert_eq!(
        read.last().expect("records").expect("a record").record,
        record
    );
}

/// An I/O error ends the writer: nothing is tried again.
#[test]
fn an_io_error_poisons_the_writer() {
    let directory = tempfile::tempdir().expect("a directory");
    let (mut writer, mut chain) = begin(directory.path());
    // Something stands where the first segment belongs.
    fs::write(directory.path().join(SEGMENT), "x").expect("a file");
    chain.append(&example()[0]).expect("a record");
    assert!(matches!(
        writer.append(&mut chain),
        Err(LineageError::Io { .. })
    ));
    fs::remove_file(directory.path().join(SEGMENT)).expect("a file");
    assert!(matches!(
        writer.append(&mut chain),
        Err(LineageError::Poisoned)
    ));
    assert!(matches!(writer.sync(), Err(LineageError::Poisoned)));
}

/// A device takes the place of the first segment: on `/dev/full` every write fails, on `/dev/null`
/// every sync. The error names the file, the head stays, and nothing is tried again.
#[test]
fn a_write_or_sync_that_fails_moves_no_head() {
    for (device, expected) in [("/dev/full", "write"), ("/dev/null", "sync")] {
        let directory = tempfile::tempdir().expect("a directory");
        let (mut writer, mut chain) = begin(directory.path());
        let segment = directory.path().join(SEGMENT);
        symlink(device, &segment).expect("a link");
        chain.append(&example()[0]).expect("a record");
        let head = || fs::read(directory.path().join("head")).expect("a head");
        let before = (writer.durable_head(), head());
        let error = writer.append(&mut chain).and_then(|()| writer.sync());
        match error.expect_err(device) {
            LineageError::Io {
                operation, path, ..
            } => {
                assert_eq!((operation, path), (expected, segment));
            }
            other => panic!("{device}: {other}"),
        }
        assert_eq!((writer.durable_head(), head()), before, "{device}");
        assert!(matches!(writer.sync(), Err(LineageError::Poisoned)));
    }
}

/// No directory of `/proc` can be synced; the name of a descriptor in it leads to a true one.
#[test]
fn a_directory_that_cannot_be_synced_begins_no_ledger() {
    let directory = tempfile::tempdir().expect("a directory");
    let open = File::open(directory.path()).expect("the directory");
    let descriptors = Path::new("/proc/self/fd");
    let through = descriptors.join(open.as_raw_fd().to_string());
    match LedgerWriter::create(&through, &support::of("example")).expect_err("it stays unsynced") {
        LineageError::Io {
            operation, path, ..
        } => {
            assert_eq!((operation, path.as_path()), ("sync", descriptors));
        }
        other => panic!("{other}"),
    }
}
