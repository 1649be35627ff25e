//! What a crash left is moved aside, told, and never lost.

#![expect(clippy::expect_used, reason = "a test may stop")]

mod support;

use std::path::Path;
use std::sync::{Arc, Mutex};
use std::{fs, io};

use ios012_lineage::ledger::{Disk, DiskFile, Found, OpenMode, SystemDisk, is_begun};
use ios012_lineage::store::{Acquire, Append, FileStore, Store as _};
use ios012_lineage::{
    Chain, CycleOutcome, Defcon, LedgerStatus, LedgerWriter, LineageError, Record, Recovery, Seal,
    SideFile, sha256, verify,
};
use support::of;

const SEGMENT: &str = "000001.ledger";

fn told(found: &Found) -> Record {
    Recovery {
        found: found.code(),
        orders: Vec::new(),
        side_file: found.side_file.clone(),
    }
    .into()
}

fn sealed(decisions: u64, orders: u64, fills: u64) -> Record {
    Seal {
        cash: None,
        decisions,
        defcon: Defcon::Green,
        fills,
        liabilities: None,
        nlv_after: None,
        nlv_before: None,
        orders,
        outcome: CycleOutcome::Recovered,
    }
    .into()
}

fn go_on(writer: &mut LedgerWriter, chain: &mut Chain, records: &[Record]) {
    for record in records {
        chain.append(record).expect("a record");
    }
    writer.append(chain).expect("a whole disk");
    writer.sync().expect("a whole disk");
}

/// Cuts the example's segment to a length, under a head that covers its first records only.
fn cut(directory: &Path, records: usize, torn: &[u8]) {
    let text = fs::read_to_string(directory.join(SEGMENT)).expect("a segment");
    let kept: Vec<&str> = text.lines().take(records).collect();
    let head = format!("{records} {}\n", &kept[records - 1][..64]);
    let mut bytes = (kept.join("\n") + "\n").into_bytes();
    bytes.extend_from_slice(torn);
    fs::write(directory.join(SEGMENT), bytes).expect("a segment");
    fs::write(directory.join("head"), head).expect("a head");
}

#[test]
fn a_torn_end_is_moved_aside_and_the_ledger_goes_on() {
    let directory = tempfile::tempdir().expect("a directory");
    support::write_example(directory.path());
    let torn = b"0123\0\0 half a line\nand more";
    cut(directory.path(), 9, torn);

    let (mut writer, mut chain, opened) = LedgerWriter::open(directory.path()).expect("recovers");
    let side = SideFile {
        bytes: torn.len() as u64,
        first_seq: 9,
        name: of("000001.ledger.torn-9"),
        sha256: sha256(torn),
    };
    assert_eq!(opened.found.side_file.as_ref(), Some(&side));
    assert!(opened.found.unsealed && opened.found.halt.is_none());
    assert_eq!(opened.found.code().as_str(), "torn+unsealed");
    assert_eq!(chain.head().0, 9);
    assert_eq!(
        fs::read(directory.path().join(side.name.as_str())).expect("kept"),
        torn
    );

    let seal = sealed(2, 1, 1);
    assert!(matches!(
        chain.append(&seal),
        Err(LineageError::RecoveryDue)
    ));
    go_on(&mut writer, &mut chain, &[told(&opened.found), seal]);
    drop(writer);
    let report = verify(directory.path(), None).expect("it verifies");
    assert_eq!(
        (report.status, report.records, report.epoch),
        (LedgerStatus::Complete, 11, 2)
    );
    let (_, _, again) = LedgerWriter::open(directory.path()).expect("complete");
    assert!(!again.found.is_due(), "it was told");
}

/// A store over the same directory hands on what was found, and its chain demands to be told.
#[test]
fn a_store_over_files_tells_of_a_torn_end() {
    let directory = tempfile::tempdir().expect("a directory");
    support::write_example(directory.path());
    cut(directory.path(), 9, b"torn");
    let mut store = FileStore::new(directory.path(), of("example"));
    let Acquire::Acquired(mut chain, found) = store.acquire().expect("it works") else {
        panic!("nobody holds it");
    };
    assert_eq!(found.code().as_str(), "torn+unsealed");
    let seal = sealed(2, 1, 1);
    assert!(matches!(
        chain.append(&seal),
        Err(LineageError::RecoveryDue)
    ));
    for record in [told(&found), seal] {
        chain.append(&record).expect("a record");
    }
    let answer = store.append(&[], &chain.take_batch()).expect("it works");
    assert_eq!(answer, Append::Appended);
    drop(store);
    let report = verify(directory.path(), None).expect("it verifies");
    assert_eq!(
        (report.status, report.records),
        (LedgerStatus::Complete, 11)
    );
}

/// No crash tears what was signed.
#[test]
fn what_a_checkpoint_covers_is_not_moved_aside() {
    let directory = tempfile::tempdir().expect("a directory");
    support::write_example(directory.path());
    cut(directory.path(), 9, b"torn");
    let whole = fs::read(directory.path().join(SEGMENT)).expect("a segment");
    let checkpoint = directory.path().join("checkpoint");
    for text in [
        "fund.example\n10\nroot\n\nsignature\n",
        "garbage",
        "",
        "fund.example\n-1\n",
    ] {
        fs::write(&checkpoint, text).expect("a checkpoint");
        assert!(
            matches!(
                LedgerWriter::open(directory.path()),
                Err(LineageError::Checkpoint { .. })
            ),
            "{text}"
        );
        assert_eq!(
            fs::read(directory.path().join(SEGMENT)).expect("a segment"),
            whole
        );
    }
    fs::write(&checkpoint, "fund.example\n9\nroot\n\nsignature\n").expect("a checkpoint");
    let (_, _, opened) = LedgerWriter::open(directory.path()).expect("recovers");
    assert!(opened.found.side_file.is_some());
}

/// A crash between moving and telling loses nothing: the side file is told by the next who opens it.
#[test]
fn a_side_file_is_told_even_if_the_first_recovery_crashed() {
    let directory = tempfile::tempdir().expect("a directory");
    let (records, _) = support::write_example(directory.path());
    let segment = directory.path().join(SEGMENT);
    let mut bytes = fs::read(&segment).expect("a segment");
    bytes.extend_from_slice(b"torn");
    fs::write(&segment, bytes).expect("a segment");
    let (writer, _, first) = LedgerWriter::open(directory.path()).expect("recovers");
    drop(writer);
    let (mut writer, mut chain, second) = LedgerWriter::open(directory.path()).expect("again");
    assert!(first.found.side_file.is_some() && !first.found.unsealed);
    assert_eq!(second.found, first.found);

    // The recovery itself is torn, before a head covers it: a file of its own, in its own segment.
    chain.append(&told(&second.found)).expect("a record");
    writer.append(&mut chain).expect("a whole disk");
    drop(writer);
    let next = directory.path().join("000002.ledger");
    let line = fs::read(&next).expect("a segment");
    fs::write(&next, &line[..line.len() - 1]).expect("a segment");
    let (writer, _, third) = LedgerWriter::open(directory.path()).expect("again");
    let side = third.found.side_file.expect("it was torn");
    assert_eq!(side.name.as_str(), format!("000002.ledger.torn-{records}"));
    drop(writer);

    // The emptied segment is used again, and torn again.
    fs::write(&next, "again").expect("a segment");
    let (_, _, fourth) = LedgerWriter::open(directory.path()).expect("again");
    let side = fourth.found.side_file.expect("it was torn");
    assert_eq!(
        side.name.as_str(),
        format!("000002.ledger.torn-{records}.1")
    );
    assert_eq!(side.sha256, sha256(b"again"));
}

#[test]
fn a_torn_document_is_moved_aside() {
    let directory = tempfile::tempdir().expect("a directory");
    let (records, _) = support::write_example(directory.path());
    let pack = directory.path().join("documents.pack");
    let whole = fs::read(&pack).expect("a pack");
    fs::write(&pack, [&whole[..], b"torn"].concat()).expect("a pack");
    let (_, _, opened) = LedgerWriter::open(directory.path()).expect("recovers");
    assert_eq!(opened.found.code().as_str(), "torn_document");
    assert_eq!(fs::read(&pack).expect("a pack"), whole);
    let aside = directory
        .path()
        .join(format!("documents.pack.torn-{records}"));
    assert_eq!(fs::read(aside).expect("kept"), b"torn");
}

/// A torn document leaves nothing in the ledger but its side file: that is told until it is on the ledger.
#[test]
fn a_torn_document_is_told_even_if_the_first_recovery_crashed() {
    let directory = tempfile::tempdir().expect("a directory");
    let (records, _) = support::write_example(directory.path());
    let pack = directory.path().join("documents.pack");
    let whole = fs::read(&pack).expect("a pack");
    fs::write(&pack, [&whole[..], b"torn"].concat()).expect("a pack");
    let (writer, _, first) = LedgerWriter::open(directory.path()).expect("recovers");
    drop(writer);
    let (writer, mut chain, second) = LedgerWriter::open(directory.path()).expect("again");
    assert!(second.found.torn_document && second.found.side_file.is_none());
    assert_eq!(second.found, first.found);
    let seal = sealed(0, 0, 0);
    assert!(matches!(
        chain.append(&seal),
        Err(LineageError::RecoveryDue)
    ));
    drop(writer);

    // Torn again at the same place, it has a file of its own, and is still told once.
    fs::write(&pack, [&whole[..], b"again"].concat()).expect("a pack");
    let (mut writer, mut chain, third) = LedgerWriter::open(directory.path()).expect("again");
    assert_eq!(third.found, first.found);
    let aside = |end: &str| {
        let name = format!("documents.pack.torn-{records}{end}");
        fs::read(directory.path().join(name)).expect("kept")
    };
    assert_eq!((aside(""), aside(".1")), (b"torn".into(), b"again".into()));
    go_on(&mut writer, &mut chain, &[told(&third.found), seal]);
    drop(writer);
    let (_, _, after) = LedgerWriter::open(directory.path()).expect("complete");
    assert_eq!(after.found, Found::default(), "it was told");
}

/// What a writer said with its last breath stands on the ledger before it is forgotten.
#[test]
fn a_halt_is_told_once() {
    let directory = tempfile::tempdir().expect("a directory");
    support::write_example(directory.path());
    let (mut writer, mut chain, _) = LedgerWriter::open(directory.path()).expect("complete");
    std::os::unix::fs::symlink("/dev/full", directory.path().join("000002.ledger"))
        .expect("a link");
    chain.append(&told(&Found::default())).expect("a record");
    assert!(writer.append(&mut chain).is_err(), "the disk is full");
    drop(writer);
    fs::remove_file(directory.path().join("000002.ledger")).expect("the link");

    let (writer, _, opened) = LedgerWriter::open(directory.path()).expect("recovers");
    let halt = opened.found.halt.clone().expect("it was said");
    assert_eq!(
        (halt.operation.as_str(), halt.file.as_str()),
        ("write", "000002.ledger")
    );
    assert_eq!(opened.found.code().as_str(), "halt:write");
    drop(writer);
    let (mut writer, mut chain, again) = LedgerWriter::open(directory.path()).expect("again");
    assert_eq!(again.found, opened.found, "nobody has told it yet");
    go_on(
        &mut writer,
        &mut chain,
        &[told(&opened.found), sealed(0, 0, 0)],
    );
    drop(writer);
    let (_, _, after) = LedgerWriter::open(directory.path()).expect("complete");
    assert_eq!(after.found, Found::default());

    // Anything else that stands there is told too, once, however long it is.
    let reserve = directory.path().join("halt.reserve");
    for garbled in ["anything".to_owned(), "x".repeat(600)] {
        fs::write(&reserve, &garbled).expect("a reserve");
        let (writer, _, _) = LedgerWriter::open(directory.path()).expect("recovers");
        drop(writer);
        assert_eq!(fs::read_to_string(&reserve).expect("kept"), garbled);
        let (mut writer, mut chain, opened) = LedgerWriter::open(directory.path()).expect("again");
        assert_eq!(opened.found.code().as_str(), "halt:unreadable");
        go_on(
            &mut writer,
            &mut chain,
            &[told(&opened.found), sealed(0, 0, 0)],
        );
        drop(writer);
        assert_eq!(fs::read(&reserve).expect("a reserve"), [0; 512]);
    }
}

/// Before its first record is whole a ledger has promised nothing, and is begun anew.
#[test]
fn a_false_start_is_begun_anew_and_a_ledger_is_not() {
    let directory = tempfile::tempdir().expect("a directory");
    drop(LedgerWriter::create(directory.path(), &of("example")).expect("an empty directory"));
    let half = "half a genesis\nwhose end came first\n";
    fs::write(directory.path().join(SEGMENT), half).expect("a segment");
    fs::write(directory.path().join("documents.pack"), "a document\n").expect("a pack");
    assert!(!is_begun(directory.path()).expect("readable"));
    let reserve = directory.path().join("halt.reserve");
    fs::write(&reserve, "ios012.halt.v1 write 000001.ledger 0\n").expect("a reserve");
    support::write_example(directory.path());
    let aside = directory.path().join("000001.ledger.torn-0");
    assert_eq!(fs::read_to_string(aside).expect("kept"), half);
    let aside = directory.path().join("documents.pack.torn-0");
    assert_eq!(fs::read_to_string(aside).expect("kept"), "a document\n");
    assert!(verify(directory.path(), None).is_ok());
    assert!(is_begun(directory.path()).expect("readable"));
    assert_eq!(fs::read(&reserve).expect("a reserve"), [0; 512]);

    let much = "0".repeat((1 << 20) + 1);
    for (file, text) in [
        (SEGMENT, much.as_str()),
        (
            "head",
            "1 0000000000000000000000000000000000000000000000000000000000000001\n",
        ),
        ("head", "garbage"),
        ("000002.ledger", ""),
        ("documents.pack", "a document\n"),
    ] {
        let directory = tempfile::tempdir().expect("a directory");
        fs::write(directory.path().join(file), text).expect("a file");
        assert!(
            matches!(
                LedgerWriter::create(directory.path(), &of("example")),
                Err(LineageError::LedgerExists { found, .. }) if found == file
            ),
            "{file}"
        );
        assert_eq!(
            fs::read_to_string(directory.path().join(file)).expect("kept"),
            text
        );
    }
}

/// Every operation that a writer asks for, on the disk of this machine.
#[derive(Debug, Clone, Default)]
struct Watched(Arc<Mutex<Vec<String>>>);

impl Watched {
    fn note(&self, what: String) {
        self.0.lock().expect("one thread").push(what);
    }
}

impl Disk for Watched {
    fn open(&self, path: &Path, mode: OpenMode) -> io::Result<Box<dyn DiskFile>> {
        let file = SystemDisk.open(path, mode)?;
        let name = path.file_name().expect("a name").to_string_lossy();
        Ok(Box::new(WatchedFile(name.into_owned(), file, self.clone())))
    }

    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        SystemDisk.rename(from, to)
    }

    fn sync_directory(&self, directory: &Path) -> io::Result<()> {
        SystemDisk.sync_directory(directory)
    }
}

#[derive(Debug)]
struct WatchedFile(String, Box<dyn DiskFile>, Watched);

impl DiskFile for WatchedFile {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        assert!(bytes.len() <= 1 << 20, "{} bytes at once", bytes.len());
        assert!(
            self.0 != SEGMENT || bytes.ends_with(b"\n"),
            "a part of a line"
        );
        self.2.note(format!("write {}", self.0));
        self.1.write(bytes)
    }

    fn set_length(&mut self, bytes: u64) -> io::Result<()> {
        self.1.set_length(bytes)
    }

    fn sync(&mut self) -> io::Result<()> {
        self.2.note(format!("sync {}", self.0));
        self.1.sync()
    }
}

/// However much is appended at once, what a crash can tear begins within a MiB of the end.
#[test]
fn a_large_batch_is_written_and_synced_in_parts() {
    let directory = tempfile::tempdir().expect("a directory");
    let disk = Watched::default();
    let (mut writer, mut chain) =
        LedgerWriter::create_on(Arc::new(disk.clone()), directory.path(), &of("example"))
            .expect("an empty directory");
    chain.append(&support::opening()[0]).expect("a record");
    while chain.pending().len() < 5 << 19 {
        for record in support::refusal() {
            chain.append(&record).expect("a record");
        }
    }
    let records = chain.head().0;
    writer.append(&mut chain).expect("a whole disk");
    writer.sync().expect("a whole disk");
    let log = disk.0.lock().expect("one thread").clone();
    let of_segment: Vec<_> = log.iter().filter(|what| what.ends_with(SEGMENT)).collect();
    let (write, sync) = (format!("write {SEGMENT}"), format!("sync {SEGMENT}"));
    assert_eq!(of_segment, [&write, &sync, &write, &sync, &write, &sync]);
    drop(writer);
    let report = verify(directory.path(), None).expect("it verifies");
    assert_eq!(
        (report.status, report.records),
        (LedgerStatus::Complete, records)
    );
}
