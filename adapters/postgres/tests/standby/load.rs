//! The primary is killed while a worker appends, again and again.

use std::time::Duration;

use ios012_conformance::records::{document, genesis, line_of, note};
use ios012_conformance::{documents, lines};
use ios012_lineage::store::{Append, Document, Store as _};
use ios012_lineage::{Batch, Chain, DocumentKind, LedgerStatus, sha256, verify};
use ios012_postgres::{PostgresError, PostgresStore};

use crate::pair::{primary, settings, store_with, taken_over};

const ROUNDS: u32 = 3;

/// What a worker was told, and what it was not.
struct Load {
    acknowledged: Kept,
    batches: u32,
    in_flight: Kept,
    answer: Result<Append, PostgresError>,
}

/// Lines of records and of documents.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
struct Kept {
    records: String,
    documents: String,
}

impl Kept {
    fn with(&self, other: &Self) -> Self {
        Self {
            records: format!("{}{}", self.records, other.records),
            documents: format!("{}{}", self.documents, other.documents),
        }
    }

    fn of(store: &mut PostgresStore) -> Self {
        Self {
            records: lines(store, 0),
            documents: documents(store),
        }
    }
}

#[test]
fn nothing_that_was_acknowledged_is_lost_when_the_primary_is_killed() {
    let mut primary = primary();
    let mut kept = Kept::default();
    let mut epoch = 0;
    for round in 0..ROUNDS {
        let standby = primary.with_synchronous_standby();
        let mut store = store_with(&primary, settings().requiring_standby());
        let mut chain = taken_over(&mut store);
        epoch += 1;
        assert_eq!(chain.epoch(), epoch);
        let load = std::thread::scope(|scope| {
            let load = scope.spawn(|| append_until_it_fails(&mut store, &mut chain));
            std::thread::sleep(moment(round));
            primary.crash();
            load.join().expect("a worker that ends")
        });
        standby.promote();
        let mut reader = store_with(&standby, settings());
        let found = Kept::of(&mut reader);
        kept = kept.with(&load.acknowledged);
        let is_in_flight_there = found != kept;
        if is_in_flight_there {
            // An error says that nothing was written.
            assert!(
                matches!(load.answer, Ok(Append::Unknown)),
                "{:?}",
                load.answer
            );
            kept = kept.with(&load.in_flight);
        }
        assert!(
            found == kept,
            "round {round}: more or less is there than was acknowledged"
        );
        assert!(
            load.batches > 0,
            "round {round}: it was killed before it did anything"
        );
        println!(
            "round {round}: {} batches acknowledged, then {:?}; is the one in flight there: {is_in_flight_there}",
            load.batches, load.answer
        );
        let directory = tempfile::tempdir().expect("a directory");
        let head = reader
            .export(&directory.path().join("export"))
            .expect("it works");
        let report = verify(&directory.path().join("export"), None).expect("it verifies");
        assert_eq!(report.status, LedgerStatus::Complete);
        assert_eq!((report.records, report.head), head);
        primary = standby;
    }
}

/// Between 0.2 and 0.8 seconds, another time in each round and the same in each run.
fn moment(round: u32) -> Duration {
    let hash = sha256(&round.to_be_bytes());
    let [first, second, ..] = *hash.as_bytes();
    Duration::from_millis(200 + u64::from(u16::from_be_bytes([first, second])) % 600)
}

fn append_until_it_fails(store: &mut PostgresStore, chain: &mut Chain) -> Load {
    let mut load = Load {
        acknowledged: Kept::default(),
        batches: 0,
        in_flight: Kept::default(),
        answer: Ok(Append::Appended),
    };
    while load.batches < 100_000 {
        let (document, batch) = work(chain, load.batches);
        load.in_flight = Kept {
            records: String::from_utf8(batch.lines().to_vec()).expect("UTF-8"),
            documents: line_of(&document),
        };
        load.answer = store.append(&[document], &batch);
        if !matches!(load.answer, Ok(Append::Appended)) {
            return load;
        }
        load.acknowledged = load.acknowledged.with(&load.in_flight);
        load.batches += 1;
    }
    unreachable!("a server that was killed takes appends")
}

/// Records, the last of which names a document.
fn work(chain: &mut Chain, number: u32) -> (Document, Batch) {
    let document = document(
        DocumentKind::Command,
        &format!("{} {number}", chain.epoch()),
    );
    if chain.head().0 == 0 {
        chain.append(&genesis()).expect("a record");
    }
    for text in ["first", "second"] {
        chain
            .append(&note(&format!("{text} of {number}"), None))
            .expect("a record");
    }
    chain
        .append(&note("named", Some(&document)))
        .expect("a record");
    (document, chain.take_batch())
}
