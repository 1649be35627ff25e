//! The chain and the pack, kept by the database also where the writer's own rights are used without the
//! driver.

use ios012_conformance::lines;
use ios012_conformance::records::notes;
use ios012_lineage::store::{Append, Store as _};
use ios012_lineage::{Batch, Chain, Hash, sha256};

use crate::place::cluster;
use crate::schema::{state_of, written};

/// One row of a batch as the driver would insert it, with changes.
struct Row {
    seq: i64,
    epoch: i64,
    prev: String,
    hash: String,
    json: String,
}

impl Row {
    fn of(batch: &Batch) -> Self {
        let text = std::str::from_utf8(batch.lines()).expect("text");
        let (hash, json) = text.trim_end().split_once(' ').expect("a line");
        let base = batch.base();
        Self {
            seq: i64::try_from(base.0).expect("a small number"),
            epoch: i64::try_from(batch.epoch()).expect("a small number"),
            prev: base.1.to_string(),
            hash: hash.to_owned(),
            json: json.to_owned(),
        }
    }

    fn insert(&self) -> String {
        let Self {
            seq,
            epoch,
            prev,
            hash,
            json,
        } = self;
        format!(
            "INSERT INTO ios012.record_line (portfolio_id, seq, epoch, prev, record_hash, json)
             VALUES ('example', {seq}, {epoch}, '\\x{prev}', '\\x{hash}', convert_to('{json}', 'UTF8'));"
        )
    }

    fn advance(&self) -> String {
        format!(
            "UPDATE ios012.chain SET records = {}, head = '\\x{}', epoch = {}
             WHERE portfolio_id = 'example';",
            self.seq + 1,
            self.hash,
            self.epoch
        )
    }
}

/// The record that stands next at a place.
fn next_at(portfolio: &str, epoch: u64, seq: u64, prev: Hash) -> Row {
    let id = portfolio.parse().expect("an id");
    Row::of(&notes(&mut Chain::resume(id, epoch, seq, prev), &["next"]))
}

/// Statements that would leave another chain than the format's, after this head.
fn broken_chains((records, head): (u64, Hash)) -> Vec<(&'static str, String)> {
    let good = || next_at("example", 1, records, head);
    let both = |row: &Row| format!("{}{}", row.advance(), row.insert());
    // The good one's columns with the text of another.
    let saying = |other: Row| {
        both(&Row {
            json: other.json,
            hash: other.hash,
            ..good()
        })
    };
    let forked = || next_at("example", 1, records, sha256(b"another"));
    let far = || next_at("example", 1, 9, head);
    let new = next_at("example", 2, records, head);
    let back = next_at("example", 1, records + 1, new.hash.parse().expect("a hash"));
    let early = Row { epoch: 2, ..good() };
    vec![
        ("a line that the chain does not count", good().insert()),
        ("a count without its line", good().advance()),
        (
            "a head that is not its line",
            forked().advance() + &good().insert(),
        ),
        (
            "an epoch that is not its line's",
            early.advance() + &good().insert(),
        ),
        ("another line before", both(&forked())),
        ("another line before in the text", saying(forked())),
        ("a gap", both(&far())),
        (
            "a new beginning",
            both(&next_at("example", 1, 9, Hash::ZERO)),
        ),
        ("another number in the text", saying(far())),
        (
            "two epochs at once",
            both(&next_at("example", 3, records, head)),
        ),
        (
            "an epoch that ends again",
            back.advance() + &new.insert() + &back.insert(),
        ),
        (
            "another epoch in the text",
            saying(next_at("example", 2, records, head)),
        ),
        (
            "another portfolio in the text",
            saying(next_at("other", 1, records, head)),
        ),
        (
            "an acquisition that appends",
            both(&good()).replace("SET records", "SET fence = fence + 1, records"),
        ),
    ]
}

/// What breaks the chain is refused also where the writer's own rights are used without the driver.
#[test]
fn the_chain_is_kept_by_the_database_too() {
    let (database, mut store, mut chain) = written();
    let as_writer = |sql: &str| {
        let sql = format!("BEGIN; {sql} COMMIT;");
        cluster().sql_as(&database.user(), &database.name, &sql)
    };
    let head = chain.head();
    for (what, sql) in broken_chains(head) {
        assert_eq!(state_of(as_writer(&sql)), "IO002", "{what}");
    }
    let good = || next_at("example", 1, head.0, head.1);
    let hash = "0".repeat(64);
    let json = good().json + " ";
    for (what, row, state) in [
        ("another hash", Row { hash, ..good() }, "23514"),
        ("another text", Row { json, ..good() }, "23514"),
        ("a place that is taken", Row { seq: 1, ..good() }, "23505"),
    ] {
        let sql = if row.seq == 1 {
            row.insert()
        } else {
            format!("{}{}", row.advance(), row.insert())
        };
        assert_eq!(state_of(as_writer(&sql)), state, "{what}");
    }
    assert_eq!(lines(&mut store, 0).lines().count(), 3);
    let row = good();
    as_writer(&format!("{}{}", row.advance(), row.insert())).expect("the good one is taken");
    // The store had that record in mind too.
    let same = notes(&mut chain, &["next"]);
    assert_eq!(
        store.append(&[], &same).expect("it works"),
        Append::Duplicate
    );
}

/// The chain's own row goes forward only.
#[test]
fn a_chain_goes_forward_only() {
    let (database, mut store, mut chain) = written();
    let update = |set: &str| {
        let sql = format!("UPDATE ios012.chain SET {set} WHERE portfolio_id = 'example'");
        cluster().sql_as(&database.user(), &database.name, &sql)
    };
    for set in [
        "records = records - 1",
        "records = 0, head = decode(repeat('00', 32), 'hex'), epoch = 0",
        "head = sha256('x')",
        "records = records - 1, head = (SELECT record_hash FROM ios012.record_line WHERE seq = 1)",
        "epoch = epoch - 1",
        "documents = documents - 1",
        "documents = documents + 1",
        "epoch = epoch + 1",
        "lease = lease - 1",
        "fence = fence - 1",
        "fence = fence + 2",
        "lease = lease + 1",
        // Somebody else's lease has not run out.
        "lease = lease + 1, fence = fence + 1",
    ] {
        assert_eq!(state_of(update(set)), "IO002", "{set}");
    }
    let rename = cluster().sql(
        &database.name,
        "UPDATE ios012.chain SET portfolio_id = 'other'",
    );
    assert_eq!(state_of(rename), "IO002");
    let next = notes(&mut chain, &["three"]);
    assert_eq!(
        store.append(&[], &next).expect("it works"),
        Append::Appended
    );
    store.release().expect("it works");
    assert_eq!(state_of(update("lease = lease + 1")), "IO002");
    update("lease = lease + 1, fence = fence + 1").expect("the lease is over");
}

/// A session that says it applies a replica's changes is checked as any other.
#[test]
fn a_replica_breaks_no_chain() {
    let (database, _store, chain) = written();
    let (records, head) = chain.head();
    let row = next_at("example", 1, records, head);
    let line = "INSERT INTO ios012.pack_line
        SELECT portfolio_id, 1, kind, hash FROM ios012.pack_line";
    for sql in [
        row.insert(),
        row.advance(),
        "UPDATE ios012.chain SET records = records - 1".to_owned(),
        line.to_owned(),
    ] {
        let sql = format!("SET session_replication_role = replica; {sql}");
        assert_eq!(
            state_of(cluster().sql(&database.name, &sql)),
            "IO002",
            "{sql}"
        );
    }
}

/// Documents are what was hashed, and their lines have no gaps.
#[test]
fn the_pack_is_kept_by_the_database_too() {
    let (database, _store, _) = written();
    let as_writer = |sql: &str| cluster().sql_as(&database.user(), &database.name, sql);
    let document = "INSERT INTO ios012.document VALUES ('example', sha256('{}'), '{}')";
    let line = |place: i64, kind: &str, hash: &str| {
        format!(
            "INSERT INTO ios012.pack_line VALUES ('example', {place}, '{kind}', sha256('{hash}'))"
        )
    };
    let count = "UPDATE ios012.chain SET documents = documents + 1";
    for (what, sql, state) in [
        (
            "another text",
            "INSERT INTO ios012.document VALUES ('example', sha256('{}'), '[]')".to_owned(),
            "23514",
        ),
        (
            "a line that is not counted",
            format!("{document}; {}", line(1, "market", "{}")),
            "IO002",
        ),
        (
            "no document",
            format!("{count}; {}", line(1, "market", "none")),
            "23503",
        ),
        (
            "a kind",
            format!("{document}; {count}; {}", line(1, "other", "{}")),
            "23514",
        ),
        (
            "a gap",
            format!("{document}; {count} + 1; {}", line(2, "market", "{}")),
            "IO002",
        ),
    ] {
        assert_eq!(state_of(as_writer(&sql)), state, "{what}");
    }
    as_writer(&format!("{document}; {count}; {}", line(1, "market", "{}"))).expect("a good one");
}
