//! A ledger that was kept in the database, as the directory that the files driver writes.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use ios012_conformance::records::{document, note, notes, portfolio};
use ios012_conformance::{Place as _, acquired};
use ios012_lineage::store::{Append, Document, FileStore, Store};
use ios012_lineage::{
    Chain, CycleOutcome, Defcon, DocumentKind, LedgerStatus, Record, Refusal, Seal, sha256, verify,
};
use ios012_postgres::{Access, PostgresError, PostgresStore};

use crate::place::{Database, parse, settings};

/// Names and bytes of a ledger's files. The lock says nothing.
pub(crate) fn files(directory: &Path) -> BTreeMap<String, Vec<u8>> {
    #[expect(clippy::disallowed_methods, reason = "the map sorts them")]
    let entries = fs::read_dir(directory).expect("a directory");
    entries
        .map(|entry| {
            let entry = entry.expect("an entry");
            let name = entry.file_name().into_string().expect("a name");
            (name, fs::read(entry.path()).expect("a file"))
        })
        .collect()
}

/// A refusal and its seal, after which a segment may end.
fn refused() -> [Record; 2] {
    let refusal = Refusal {
        as_of: None,
        code: "json_number".parse().expect("a code"),
        document: "mandate".parse().expect("a code"),
        path: "targets[0].exposure".parse().expect("a text"),
        received_sha256: sha256(b"what came in"),
        rule: "a decimal is a string".parse().expect("a text"),
    };
    let seal = Seal {
        cash: None,
        decisions: 0,
        defcon: Defcon::Green,
        fills: 0,
        liabilities: None,
        nlv_after: None,
        nlv_before: None,
        orders: 0,
        outcome: CycleOutcome::Refused,
    };
    [refusal.into(), seal.into()]
}

/// The same work for any store: two segments, documents of two kinds, one that returns.
fn work<S: Store>(store: &mut S) -> Chain {
    let mut chain = acquired(store);
    let first = notes(&mut chain, &["first"]);
    assert_eq!(
        store.append(&[], &first).expect("it works"),
        Append::Appended
    );
    let long = "x".repeat(50_000);
    for round in 0..70_u32 {
        let text = format!("of {}", round / 3 % 2);
        let documents =
            [DocumentKind::Market, DocumentKind::Command].map(|kind| document(kind, &text));
        for _ in 0..20 {
            chain.append(&note(&long, None)).expect("a record");
        }
        let named = documents.last().map(Document::hash).expect("a document");
        let command = documents.iter().find(|document| document.hash() == named);
        chain.append(&note("named", command)).expect("a record");
        for record in refused() {
            chain.append(&record).expect("a record");
        }
        let batch = chain.take_batch();
        let answer = store.append(&documents, &batch);
        assert_eq!(answer.expect("it works"), Append::Appended);
    }
    chain
}

#[test]
fn an_export_is_byte_for_byte_the_ledger_in_files() {
    let directory = tempfile::tempdir().expect("a directory");
    let (in_files, exported) = (
        directory.path().join("files"),
        directory.path().join("export"),
    );
    let chain = work(&mut FileStore::new(&in_files, portfolio()));
    let database = Database::new();
    assert_eq!(work(&mut database.store(portfolio())).head(), chain.head());
    // A reader's rights are enough.
    let parameters = parse(database.parameters());
    let mut reader =
        PostgresStore::new(parameters, settings(), Access::Reader, portfolio()).expect("a thread");
    assert_eq!(reader.export(&exported).expect("it works"), chain.head());
    let (expected, found) = (files(&in_files), files(&exported));
    let names: Vec<&str> = expected.keys().map(String::as_str).collect();
    assert_eq!(
        names,
        [
            "000001.ledger",
            "000002.ledger",
            "documents.pack",
            "halt.reserve",
            "head",
            "lock"
        ]
    );
    assert_eq!(names, found.keys().collect::<Vec<_>>());
    for (name, bytes) in &expected {
        assert!(found[name] == *bytes, "{name}");
    }
    let report = verify(&exported, None).expect("it verifies");
    assert_eq!(report.status, LedgerStatus::Complete);
    assert_eq!((report.records, report.head), chain.head());
    assert_eq!(report.documents, 48);
    // There is a ledger now.
    assert!(matches!(
        reader.export(&exported),
        Err(PostgresError::Lineage(_))
    ));
}

#[test]
fn a_restart_begins_an_epoch_and_a_segment() {
    let directory = tempfile::tempdir().expect("a directory");
    let (in_files, exported) = (
        directory.path().join("files"),
        directory.path().join("export"),
    );
    let database = Database::new();
    let mut heads = Vec::new();
    for text in ["one", "two", "three"] {
        let mut store = FileStore::new(&in_files, portfolio());
        let batch = notes(&mut acquired(&mut store), &[text]);
        assert_eq!(
            store.append(&[], &batch).expect("it works"),
            Append::Appended
        );
        let mut store = database.store(portfolio());
        let batch = notes(&mut acquired(&mut store), &[text]);
        assert_eq!(
            store.append(&[], &batch).expect("it works"),
            Append::Appended
        );
        heads.push(batch.head());
        store.release().expect("it works");
        // One that acquires and writes nothing leaves no gap between epochs.
        let mut idle = database.store(portfolio());
        acquired(&mut idle);
        idle.release().expect("it works");
    }
    let head = database.store(portfolio()).export(&exported);
    assert_eq!(Some(&head.expect("it works")), heads.last());
    assert_eq!(files(&exported), files(&in_files));
    assert_eq!(verify(&exported, None).expect("it verifies").epoch, 3);
}

#[test]
fn an_empty_ledger_is_exported_as_one() {
    let directory = tempfile::tempdir().expect("a directory");
    let database = Database::new();
    let head = database.store(portfolio()).export(directory.path());
    assert_eq!(head.expect("it works").0, 0);
    let report = verify(directory.path(), None).expect("it verifies");
    assert_ne!(report.status, LedgerStatus::Complete);
}

/// Whoever owns the tables can switch their triggers off. The export still finds what was done.
#[test]
fn an_export_finds_what_an_owner_did() {
    let change = |sql: &str| {
        let database = Database::new();
        let mut store = database.store(portfolio());
        let batch = notes(&mut acquired(&mut store), &["one", "two", "three"]);
        let kept = [document(DocumentKind::Market, "prices")];
        assert_eq!(
            store.append(&kept, &batch).expect("it works"),
            Append::Appended
        );
        database.sql(&format!(
            "ALTER TABLE ios012.record_line DISABLE TRIGGER ALL;
             ALTER TABLE ios012.chain DISABLE TRIGGER ALL; {sql}"
        ));
        let directory = tempfile::tempdir().expect("a directory");
        let error = store.export(directory.path()).expect_err("damaged");
        error.to_string()
    };
    let cut = change("DELETE FROM ios012.record_line WHERE seq = 3");
    assert!(cut.contains("the head of the chain"), "{cut}");
    let hole = change("DELETE FROM ios012.record_line WHERE seq = 1");
    assert!(hole.contains("the numbering of lines"), "{hole}");
    let text = change(
        "UPDATE ios012.record_line SET json = convert_to('{}', 'UTF8'),
         record_hash = sha256(convert_to('{}', 'UTF8')) WHERE seq = 2",
    );
    assert!(text.contains("member"), "{text}");
    let other = change("UPDATE ios012.chain SET head = sha256('other')");
    assert!(other.contains("the head of the chain"), "{other}");
}
