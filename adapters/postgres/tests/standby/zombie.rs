//! A primary that lost its standby: it can commit, and must not be believed.
#![expect(
    clippy::disallowed_types,
    reason = "how long an answer takes is what is tested"
)]

use std::time::{Duration, Instant};

use ios012_conformance::records::{notes, of, portfolio};
use ios012_conformance::{acquired, lines};
use ios012_lineage::Batch;
use ios012_lineage::store::{Acquire, Append, Renew, Settle, Store as _};
use ios012_postgres::{PostgresError, PostgresStore, Settings};
use ios012_postgres_cluster::Cluster;

use crate::pair::{ANSWER, Address, patient, primary, settings, sql, store, taken_over};

/// No answer is given up before somebody has ended its wait.
const LONG: Duration = Duration::from_mins(1);

/// A pair whose standby is killed after a first batch, and a second batch.
struct Story {
    primary: Cluster,
    standby: Cluster,
    address: Address,
    store: PostgresStore,
    first: Batch,
    second: Batch,
}

impl Story {
    fn begin(settings: Settings) -> Self {
        let primary = primary();
        let standby = primary.with_synchronous_standby();
        // They hide the warning, and would end a statement that waits.
        sql(
            &primary,
            "ALTER ROLE engine SET client_min_messages = error;
             ALTER ROLE engine SET statement_timeout = 500",
        );
        let address = Address::of(&primary);
        let mut store = address.store(settings, portfolio());
        let mut chain = acquired(&mut store);
        let first = notes(&mut chain, &["one"]);
        let second = notes(&mut chain, &["two"]);
        assert_eq!(
            store.append(&[], &first).expect("it works"),
            Append::Appended
        );
        standby.crash();
        Self {
            primary,
            standby,
            address,
            store,
            first,
            second,
        }
    }

    fn append_second(&mut self) -> Append {
        let began = Instant::now();
        let answer = self.store.append(&[], &self.second).expect("an answer");
        assert!(
            began.elapsed() < ANSWER + Duration::from_secs(2),
            "it has a limit"
        );
        answer
    }

    /// Records that the primary shows to whoever asks.
    fn shown(&self) -> String {
        sql(&self.primary, "SELECT count(*) FROM ios012.record_line")
    }

    /// The standby is there again, and the doubt ends well.
    fn end(mut self) {
        assert_eq!(self.append_second(), Append::Unknown);
        self.standby.restart();
        assert_eq!(settled_in_time(&mut self.store), Settle::Appended);
        let expected = [self.first.lines(), self.second.lines()].concat();
        assert_eq!(lines(&mut self.store, 0).as_bytes(), expected);
    }
}

/// Asks again while the connection is lost, or the standby not there yet.
fn settled_in_time(store: &mut PostgresStore) -> Settle {
    for _ in 0..100 {
        if let Ok(settle) = store.settle() {
            return settle;
        }
        std::thread::sleep(Duration::from_millis(50));
    }
    unreachable!("a server is there, and the doubt stays")
}

/// Asks while somebody ends the wait of the server's commit, by a function of the server.
fn while_ended<Outcome>(
    server: &Cluster,
    function: &str,
    ask: impl FnOnce() -> Outcome,
) -> Outcome {
    let end = format!("SELECT {function}(pid) FROM pg_stat_activity WHERE wait_event = 'SyncRep'");
    std::thread::scope(|scope| {
        let ended = scope.spawn(|| (0..200).any(|_| sql(server, &end) == "t"));
        let outcome = ask();
        assert!(ended.join().expect("SQL"), "a commit waited and was ended");
        outcome
    })
}

#[test]
fn a_commit_that_waits_for_a_lost_standby_is_in_doubt_until_the_standby_has_it() {
    let mut story = Story::begin(settings());
    assert_eq!(story.append_second(), Append::Unknown);
    assert_eq!(story.shown(), "2");
    let error = story.store.settle().expect_err("no standby");
    assert!(!matches!(error, PostgresError::Warned), "{error}");
    story.end();
}

/// The server answers a statement whose wait was cancelled with success and a warning.
#[test]
fn a_wait_that_was_cancelled_is_no_acknowledgement() {
    let mut story = Story::begin(patient(LONG));
    let (store, second) = (&mut story.store, &story.second);
    let answer = while_ended(&story.primary, "pg_cancel_backend", || {
        store.append(&[], second)
    });
    assert_eq!(answer.expect("an answer"), Append::Unknown);
    assert_eq!(story.shown(), "3", "it stands on the primary alone");
    let (primary, store) = (&story.primary, &mut story.store);
    let error = while_ended(primary, "pg_terminate_backend", || store.settle());
    let error = error.expect_err("no standby");
    assert!(matches!(error, PostgresError::Unanswered { .. }), "{error}");
    let error = while_ended(primary, "pg_cancel_backend", || store.settle());
    let error = error.expect_err("no standby");
    assert!(matches!(error, PostgresError::Warned), "{error}");
    assert!(error.to_string().contains("wait for a standby"), "{error}");
    story.end();
}

/// The old primary starts again, does not know that its standby was promoted, and shows a record that nobody
/// acknowledged.
#[test]
fn the_late_writes_of_an_old_primary_are_fenced() {
    let mut story = Story::begin(settings());
    let mut other_owner = story.address.store(settings(), of("other"));
    story.standby.restart();
    let mut other_chain = acquired(&mut other_owner);
    story.standby.crash();
    assert_eq!(story.append_second(), Append::Unknown);
    story.primary.crash();

    story.standby.restart();
    story.standby.promote();
    let mut next = store(&story.standby);
    let mut next_chain = taken_over(&mut next);
    assert_eq!(
        (next_chain.epoch(), next_chain.head()),
        (2, story.first.head())
    );
    let third = notes(&mut next_chain, &["three"]);
    assert_eq!(
        next.append(&[], &third).expect("it works"),
        Append::Appended
    );

    story.primary.restart();
    assert_eq!(story.shown(), "3", "a restart shows what no standby had");
    for _ in 0..2 {
        story.store.settle().expect_err("no standby");
        assert_eq!(story.append_second(), Append::Unknown);
    }
    story.store.renew().expect_err("no standby");
    // Nor is it a place for one who owns a chain without a doubt, or for a new owner.
    let late = notes(&mut other_chain, &["late"]);
    assert_eq!(
        other_owner.append(&[], &late).expect("an answer"),
        Append::Unknown
    );
    other_owner.settle().expect_err("no standby");
    let acquire = store(&story.primary).acquire();
    assert!(!matches!(acquire, Ok(Acquire::Acquired(..))), "{acquire:?}");

    story.primary.crash();
    story.address.move_to(&story.standby);
    assert_eq!(settled_in_time(&mut story.store), Settle::Fenced);
    assert_eq!(story.append_second(), Append::Fenced);
    assert_eq!(story.store.renew().expect("it works"), Renew::Fenced);
    // Nobody has taken this one over: its owner goes on.
    assert_eq!(settled_in_time(&mut other_owner), Settle::Missing);
    assert_eq!(
        other_owner.append(&[], &late).expect("it works"),
        Append::Appended
    );
    let expected = [story.first.lines(), third.lines()].concat();
    assert_eq!(lines(&mut next, 0).as_bytes(), expected);
}
