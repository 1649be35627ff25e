//! Several portfolios over one connection.

use std::sync::mpsc::channel;
use std::thread;

use ios012_conformance::records::{document, line_of, notes, of};
use ios012_conformance::{Place as _, acquired, documents, lines};
use ios012_core::PortfolioId;
use ios012_lineage::store::{Append, Document, Renew, Settle, Store as _};
use ios012_lineage::{Batch, Chain, DocumentKind};
use ios012_postgres::{Access, Connection, PostgresStore};

use crate::place::{Database, parse, settings};
use crate::proxy::{Fault, Proxy};

/// A portfolio, and what its ledger should hold.
struct Portfolio {
    store: PostgresStore,
    chain: Chain,
    written: Vec<u8>,
    document: Document,
}

impl Portfolio {
    fn open(connection: &Connection, name: &str) -> Self {
        let mut store = connection.store(of::<PortfolioId>(name));
        let chain = acquired(&mut store);
        Self {
            store,
            chain,
            written: Vec::new(),
            document: document(DocumentKind::Market, name),
        }
    }

    fn next(&mut self, text: &str) -> Batch {
        let batch = notes(&mut self.chain, &[text]);
        self.written.extend_from_slice(batch.lines());
        batch
    }

    fn append(&mut self, batch: &Batch) -> Append {
        let documents = std::slice::from_ref(&self.document);
        self.store.append(documents, batch).expect("an answer")
    }

    fn settle(&mut self) -> Settle {
        self.store.settle().expect("an answer")
    }

    /// Everything stands there once, and the ledger goes on.
    fn end(mut self) {
        let last = self.next("the last");
        assert_eq!(self.append(&last), Append::Appended);
        assert_eq!(self.settle(), Settle::Clear);
        assert_eq!(self.store.renew().expect("it works"), Renew::Renewed);
        let expected = String::from_utf8(self.written).expect("lines are text");
        assert!(lines(&mut self.store, 0) == expected, "other lines");
        assert_eq!(documents(&mut self.store), line_of(&self.document));
    }
}

/// Two portfolios, of which each has appended once.
struct Story {
    database: Database,
    proxy: Proxy,
    one: Portfolio,
    two: Portfolio,
}

impl Story {
    fn begin() -> Self {
        let (database, proxy) = (Database::new(), Proxy::start());
        let (host, user) = (proxy.directory().display(), database.user());
        let parameters = parse(format!("host={host} dbname={} user={user}", database.name));
        let connection = Connection::new(parameters, settings(), Access::Writer).expect("a thread");
        let mut one = Portfolio::open(&connection, "one");
        let mut two = Portfolio::open(&connection, "two");
        for portfolio in [&mut one, &mut two] {
            let first = portfolio.next("the first");
            assert_eq!(portfolio.append(&first), Append::Appended);
        }
        let story = Self {
            database,
            proxy,
            one,
            two,
        };
        assert_eq!(story.sessions(), "1");
        story
    }

    fn sessions(&self) -> String {
        self.database.sql(&format!(
            "SELECT count(*) FROM pg_stat_activity WHERE usename = '{}'",
            self.database.user()
        ))
    }

    fn end(self) {
        self.one.end();
        self.two.end();
    }
}

#[test]
fn two_portfolios_append_in_turn_over_one_session() {
    let mut story = Story::begin();
    for text in ["a", "b", "c"] {
        for portfolio in [&mut story.one, &mut story.two] {
            let batch = portfolio.next(text);
            assert_eq!(portfolio.append(&batch), Append::Appended);
            assert_eq!(portfolio.append(&batch), Append::Duplicate);
        }
    }
    assert_eq!(story.sessions(), "1");
    story.end();
}

#[test]
fn of_a_lost_reply_only_its_own_store_is_in_doubt() {
    for (fault, settled) in [
        (Fault::LoseReply, Settle::Appended),
        (Fault::LoseRequest, Settle::Missing),
    ] {
        let mut story = Story::begin();
        let (mine, yours) = (story.one.next("mine"), story.two.next("yours"));
        story.proxy.arm(fault);
        assert_eq!(story.one.append(&mine), Append::Unknown);
        // The other one has heard of nothing, and connects anew.
        assert_eq!(story.two.settle(), Settle::Clear);
        assert_eq!(story.two.append(&yours), Append::Appended);
        assert_eq!(story.one.append(&mine), Append::Unknown);
        assert_eq!(story.one.settle(), settled);
        let again = story.one.append(&mine);
        assert_eq!(again == Append::Appended, settled == Settle::Missing);
        assert_eq!(again == Append::Duplicate, settled == Settle::Appended);
        assert_eq!(story.sessions(), "1");
        story.end();
    }
}

/// The request that was lost arrives after the other portfolio has gone on over the next connection.
#[test]
fn a_late_request_meets_its_own_fence_and_no_other() {
    let mut story = Story::begin();
    let (mine, yours) = (story.one.next("mine"), story.two.next("yours"));
    let (release, released) = channel();
    story.proxy.arm(Fault::Delay(released));
    assert_eq!(story.one.append(&mine), Append::Unknown);
    assert_eq!(story.two.append(&yours), Append::Appended);
    assert_eq!(story.one.settle(), Settle::Missing);
    release.send(()).expect("the proxy waits");
    story.proxy.wait_for_answer();
    assert_eq!(story.one.append(&mine), Append::Appended);
    story.end();
}

/// Both doubts at once, over connections that broke one after the other.
#[test]
fn each_store_settles_its_own_doubt() {
    let mut story = Story::begin();
    let (mine, yours) = (story.one.next("mine"), story.two.next("yours"));
    story.proxy.arm(Fault::LoseReply);
    assert_eq!(story.one.append(&mine), Append::Unknown);
    // It has to connect again, before there is something to lose.
    assert_eq!(story.two.store.renew().expect("it works"), Renew::Renewed);
    story.proxy.arm(Fault::LoseRequest);
    assert_eq!(story.two.append(&yours), Append::Unknown);
    assert_eq!(story.one.settle(), Settle::Appended);
    assert_eq!(story.two.settle(), Settle::Missing);
    assert_eq!(story.two.append(&yours), Append::Appended);
    story.end();
}

/// Many workers at the same time: nobody hears another one's answer.
#[test]
fn stores_on_several_threads_take_turns() {
    let database = Database::new();
    let parameters = parse(database.parameters());
    let connection = Connection::new(parameters, settings(), Access::Writer).expect("a thread");
    let workers: Vec<_> = (0..8)
        .map(|number| {
            let connection = connection.clone();
            thread::spawn(move || {
                let mut portfolio = Portfolio::open(&connection, &format!("portfolio-{number}"));
                for step in 0..20 {
                    let batch = portfolio.next(&format!("{number} {step}"));
                    assert_eq!(portfolio.append(&batch), Append::Appended);
                }
                portfolio.end();
            })
        })
        .collect();
    drop(connection);
    for worker in workers {
        worker.join().expect("no panic");
    }
    let counted = database.sql("SELECT count(*), min(records), max(records) FROM ios012.chain");
    assert_eq!(counted, "8|22|22");
}

/// Who loses a portfolio keeps the others.
#[test]
fn a_fence_holds_for_one_portfolio() {
    let mut story = Story::begin();
    let (mine, yours) = (story.one.next("mine"), story.two.next("yours"));
    story.database.outlive_lease();
    let mut other = story.database.store(of("one"));
    let _ = acquired(&mut other);
    assert_eq!(story.one.append(&mine), Append::Fenced);
    assert_eq!(story.one.store.renew().expect("it works"), Renew::Fenced);
    assert_eq!(story.two.append(&yours), Append::Appended);
    story.two.end();
}
