//! A reply that never comes leaves a doubt, which reading resolves.

use std::sync::mpsc::channel;
use std::time::Duration;

use ios012_conformance::records::{document, line_of, notes, portfolio};
use ios012_conformance::{Place as _, acquired, documents, is_held, lines};
use ios012_lineage::store::{Append, Document, Renew, Settle, Store as _};
use ios012_lineage::{Batch, Chain, DocumentKind};
use ios012_postgres::{Access, PostgresStore, Settings};

use crate::place::{Database, parse, settings};
use crate::proxy::{Fault, Proxy};

/// A store behind a proxy that has appended one batch, and a second batch with its document.
struct Story {
    database: Database,
    proxy: Proxy,
    store: PostgresStore,
    chain: Chain,
    first: Batch,
    second: Batch,
    document: Document,
}

impl Story {
    fn begin(settings: Settings) -> Self {
        let (database, proxy) = (Database::new(), Proxy::start());
        let parameters = format!(
            "host={} dbname={} user={}",
            proxy.directory().display(),
            database.name,
            database.user()
        );
        let mut store =
            PostgresStore::new(parse(parameters), settings, Access::Writer, portfolio())
                .expect("a thread");
        let mut chain = acquired(&mut store);
        let first = notes(&mut chain, &["one"]);
        assert_eq!(
            store.append(&[], &first).expect("it works"),
            Append::Appended
        );
        let second = notes(&mut chain, &["two", "three"]);
        Self {
            database,
            proxy,
            store,
            chain,
            first,
            second,
            document: document(DocumentKind::Market, "prices"),
        }
    }

    fn append_second(&mut self) -> Append {
        let documents = std::slice::from_ref(&self.document);
        self.store
            .append(documents, &self.second)
            .expect("an answer")
    }

    /// Everything is there once, and the store goes on.
    fn end(mut self) {
        let third = notes(&mut self.chain, &["four"]);
        let documents_again = std::slice::from_ref(&self.document);
        let answer = self.store.append(documents_again, &third);
        assert_eq!(answer.expect("it works"), Append::Appended);
        let expected = [self.first.lines(), self.second.lines(), third.lines()].concat();
        assert_eq!(lines(&mut self.store, 0).as_bytes(), expected);
        assert_eq!(documents(&mut self.store), line_of(&self.document));
        assert_eq!(self.store.settle().expect("it works"), Settle::Clear);
    }
}

#[test]
fn a_lost_reply_of_a_commit_is_found_by_reading() {
    let mut story = Story::begin(settings());
    story.proxy.arm(Fault::LoseReply);
    assert_eq!(story.append_second(), Append::Unknown);
    // Nothing is tried again on its own, nor if it is asked for.
    assert_eq!(story.append_second(), Append::Unknown);
    assert_eq!(story.store.settle().expect("it works"), Settle::Appended);
    assert_eq!(story.append_second(), Append::Duplicate);
    story.end();
}

#[test]
fn a_lost_request_is_found_missing() {
    let mut story = Story::begin(settings());
    story.proxy.arm(Fault::LoseRequest);
    assert_eq!(story.append_second(), Append::Unknown);
    assert_eq!(story.append_second(), Append::Unknown);
    assert_eq!(story.store.settle().expect("it works"), Settle::Missing);
    assert_eq!(story.append_second(), Append::Appended);
    story.end();
}

/// Of all this is the worst: the request that was found missing arrives after all.
#[test]
fn a_request_that_arrives_after_it_was_found_missing_is_refused() {
    let mut story = Story::begin(settings());
    let (release, released) = channel();
    story.proxy.arm(Fault::Delay(released));
    assert_eq!(story.append_second(), Append::Unknown);
    assert_eq!(story.store.settle().expect("it works"), Settle::Missing);
    release.send(()).expect("the proxy waits");
    story.proxy.wait_for_answer();
    let first = story.first.lines().to_vec();
    assert_eq!(lines(&mut story.store, 0).as_bytes(), first);
    assert_eq!(documents(&mut story.store), "");
    assert_eq!(story.append_second(), Append::Appended);
    story.end();
}

/// And the other way round: it arrives before anybody asks.
#[test]
fn a_request_that_arrives_late_but_before_it_is_missed_counts() {
    let mut story = Story::begin(settings());
    let (release, released) = channel();
    story.proxy.arm(Fault::Delay(released));
    assert_eq!(story.append_second(), Append::Unknown);
    release.send(()).expect("the proxy waits");
    story.proxy.wait_for_answer();
    assert_eq!(story.store.settle().expect("it works"), Settle::Appended);
    story.end();
}

#[test]
fn an_answer_that_does_not_come_in_time_is_lost() {
    let short = Settings::new(Duration::from_mins(1), Duration::from_secs(2));
    let mut story = Story::begin(short.expect("good times"));
    story.proxy.arm(Fault::Silence);
    assert_eq!(story.append_second(), Append::Unknown);
    story.proxy.wait_for_answer();
    assert_eq!(story.store.settle().expect("it works"), Settle::Appended);
    story.end();
}

/// The doubt of one who has lost the chain meanwhile ends with that.
#[test]
fn a_doubt_after_a_takeover_is_fenced() {
    let mut story = Story::begin(settings());
    story.proxy.arm(Fault::LoseReply);
    assert_eq!(story.append_second(), Append::Unknown);
    story.database.outlive_lease();
    let mut other = story.database.store(portfolio());
    let mut other_chain = acquired(&mut other);
    assert_eq!(
        (other_chain.epoch(), other_chain.head()),
        (2, story.second.head())
    );
    assert_eq!(story.store.settle().expect("it works"), Settle::Fenced);
    assert_eq!(story.append_second(), Append::Fenced);
    assert_eq!(story.store.renew().expect("it works"), Renew::Fenced);
    let next = notes(&mut other_chain, &["next"]);
    assert_eq!(
        other.append(&[], &next).expect("it works"),
        Append::Appended
    );
}

/// Settling is a write with a reply of its own, which may be lost as well; it is then asked again.
#[test]
fn a_lost_reply_of_settling_leaves_the_doubt() {
    let mut story = Story::begin(settings());
    story.proxy.arm(Fault::LoseRequest);
    assert_eq!(story.append_second(), Append::Unknown);
    story.proxy.arm(Fault::LoseRequest);
    let error = story.store.settle().expect_err("no connection");
    assert!(
        !error.to_string().contains(&story.database.user()),
        "{error}"
    );
    assert_eq!(story.append_second(), Append::Unknown);
    assert_eq!(story.store.settle().expect("it works"), Settle::Missing);
    assert_eq!(story.append_second(), Append::Appended);
    story.end();
}

/// A lost connection between two calls is no doubt.
#[test]
fn a_connection_that_was_closed_is_made_again() {
    let mut story = Story::begin(settings());
    let ended = story.database.sql(&format!(
        "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE usename = '{}'",
        story.database.user()
    ));
    assert_eq!(ended, "1");
    match story.append_second() {
        // The store had heard of it.
        Append::Appended => (),
        answer => {
            assert_eq!(answer, Append::Unknown);
            assert_eq!(story.store.settle().expect("it works"), Settle::Missing);
            assert_eq!(story.append_second(), Append::Appended);
        }
    }
    let mut other = story.database.store(portfolio());
    assert!(is_held(&mut other));
    story.end();
}
