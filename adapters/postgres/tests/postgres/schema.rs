//! What the database itself refuses, whoever asks.

use ios012_conformance::records::{document, genesis, notes, portfolio};
use ios012_conformance::{Place as _, acquired, lines};
use ios012_lineage::store::{Append, Store as _};
use ios012_lineage::{Chain, DocumentKind, sha256};
use ios012_postgres::{Access, PostgresError, PostgresStore, migrate};

use crate::place::{Database, cluster, parse, settings};

const TABLES: [&str; 5] = ["chain", "document", "migration", "pack_line", "record_line"];

/// A database with a ledger of three records and a document.
pub(crate) fn written() -> (Database, PostgresStore, Chain) {
    let database = Database::new();
    let mut store = database.store(portfolio());
    let mut chain = acquired(&mut store);
    let batch = notes(&mut chain, &["one", "two"]);
    let document = document(DocumentKind::Market, "prices");
    let answer = store.append(&[document], &batch);
    assert_eq!(answer.expect("it works"), Append::Appended);
    (database, store, chain)
}

pub(crate) fn state_of(refused: Result<String, String>) -> String {
    let text = refused.expect_err("it must be refused");
    let state = text
        .split("ERROR:  ")
        .nth(1)
        .expect("an error of the server");
    state[..5].to_owned()
}

/// Neither the writer nor the owner nor a superuser, nor one that says it is a replica.
#[test]
fn nothing_is_changed_or_removed() {
    let (database, mut store, _) = written();
    let before = lines(&mut store, 0);
    for table in TABLES {
        for replica in ["", "SET session_replication_role = replica; "] {
            for change in ["DELETE FROM", "TRUNCATE"] {
                let sql = format!("{replica}{change} ios012.{table}");
                let as_owner = cluster().sql(&database.name, &format!("{sql} CASCADE"));
                let as_owner = if change == "TRUNCATE" {
                    as_owner
                } else {
                    cluster().sql(&database.name, &sql)
                };
                assert_eq!(state_of(as_owner), "IO001", "{sql}");
            }
            if table != "chain" {
                let column = if table == "migration" {
                    "name"
                } else {
                    "portfolio_id"
                };
                let sql = format!("{replica}UPDATE ios012.{table} SET {column} = {column}");
                assert_eq!(
                    state_of(cluster().sql(&database.name, &sql)),
                    "IO001",
                    "{sql}"
                );
            }
        }
        for sql in [
            format!("DELETE FROM ios012.{table}"),
            format!("TRUNCATE ios012.{table}"),
            format!("DROP TABLE ios012.{table} CASCADE"),
            format!("ALTER TABLE ios012.{table} DISABLE TRIGGER ALL"),
        ] {
            let refused = cluster().sql_as(&database.user(), &database.name, &sql);
            assert_eq!(state_of(refused), "42501", "{sql}");
        }
    }
    assert_eq!(lines(&mut store, 0), before);
}

/// The rights of each role are these and no others.
#[test]
fn the_roles_have_their_rights_and_no_more() {
    let database = Database::new();
    let rights = |role: &str| {
        database.sql(&format!(
            "SELECT string_agg(table_name || ' ' || privilege_type, ', ' ORDER BY 1)
             FROM (SELECT DISTINCT table_name || '' AS table_name, privilege_type
                   FROM information_schema.role_table_grants
                   WHERE table_schema = 'ios012' AND grantee = '{role}') AS granted"
        ))
    };
    let columns = |role: &str, right: &str| {
        database.sql(&format!(
            "SELECT string_agg(column_name, ', ' ORDER BY column_name)
             FROM information_schema.role_column_grants
             WHERE table_name = 'chain' AND grantee = '{role}' AND privilege_type = '{right}'"
        ))
    };
    let reads = TABLES.map(|table| format!("{table} SELECT")).join(", ");
    assert_eq!(rights("ios012_reader"), reads);
    assert_eq!(
        rights("ios012_writer"),
        "chain SELECT, document INSERT, document SELECT, migration SELECT, pack_line INSERT, \
         pack_line SELECT, record_line INSERT, record_line SELECT"
    );
    assert_eq!(columns("ios012_writer", "INSERT"), "portfolio_id");
    assert_eq!(
        columns("ios012_writer", "UPDATE"),
        "documents, epoch, fence, head, lease, leased_until, records"
    );
    assert_eq!(rights("PUBLIC"), "");
    let attributes = database.sql(
        "SELECT count(*) FROM pg_roles WHERE rolname LIKE 'ios012%' AND (rolcanlogin OR rolsuper)",
    );
    assert_eq!(attributes, "0");
}

/// A reader's store appends nothing, and one with no role does not even read.
#[test]
fn a_store_works_with_the_rights_of_its_role() {
    let (database, _store, _) = written();
    let user = database.user();
    let new = |user: &str, access| {
        let parameters = parse(cluster().parameters(&database.name, user));
        PostgresStore::new(parameters, settings(), access, portfolio()).expect("a thread")
    };
    let mut reader = new(&user, Access::Reader);
    assert_eq!(lines(&mut reader, 0).lines().count(), 3);
    let error = reader.acquire().expect_err("it may only read");
    assert!(
        matches!(error, PostgresError::NotPermitted { .. }),
        "{error}"
    );
    let stranger = format!("stranger_{}", database.name);
    database.sql(&format!("CREATE ROLE {stranger} LOGIN"));
    for access in [Access::Reader, Access::Writer] {
        let error = new(&stranger, access)
            .acquire()
            .expect_err("it has no role");
        assert!(error.to_string().contains("GRANT ios012_"), "{error}");
    }
    // A superuser has no more than the role either.
    let mut root = new("postgres", Access::Reader);
    let error = root.acquire().expect_err("it may only read");
    assert!(
        matches!(error, PostgresError::NotPermitted { .. }),
        "{error}"
    );
}

#[test]
fn migrations_are_applied_once_and_known_by_their_hash() {
    let name = cluster().new_database();
    let parameters = || parse(cluster().parameters(&name, "postgres"));
    let store = || {
        PostgresStore::new(parameters(), settings(), Access::Writer, portfolio()).expect("a thread")
    };
    let refused = |expected: &str| {
        for error in [
            store()
                .acquire()
                .expect_err("the schema does not fit")
                .to_string(),
            store()
                .read(0, &mut |_, _| panic!("no line"))
                .expect_err("nor now")
                .to_string(),
        ] {
            assert!(error.contains(expected), "{error}");
        }
    };
    refused("the schema has version 0, this program needs 2");
    assert_eq!(
        migrate(&parameters()).expect("an empty database").applied,
        [1, 2]
    );
    let again = migrate(&parameters()).expect("nothing to do");
    assert_eq!((again.version, again.applied), (2, Vec::new()));
    acquired(&mut store());

    let sql = |sql: &str| cluster().sql(&name, sql).expect("good SQL");
    let ledger = sha256(include_bytes!("../../migrations/0001_ledger.sql"));
    let inputs = sha256(include_bytes!("../../migrations/0002_inputs.sql"));
    let kept = sql("SELECT version, name, encode(sha256, 'hex') FROM ios012.migration");
    assert_eq!(kept, format!("1|ledger|{ledger}\n2|inputs|{inputs}"));
    sql("INSERT INTO ios012.migration VALUES (3, 'later', sha256('later'))");
    refused("version 3, this program knows 2");
    let error = migrate(&parameters()).expect_err("a later schema");
    assert!(
        matches!(error, PostgresError::Newer { found: 3, known: 2 }),
        "{error}"
    );

    let other = cluster().new_database();
    let parameters = || parse(cluster().parameters(&other, "postgres"));
    migrate(&parameters()).expect("an empty database");
    let change = "ALTER TABLE ios012.migration DISABLE TRIGGER append_only;
        UPDATE ios012.migration SET sha256 = sha256('other')";
    cluster().sql(&other, change).expect("an owner may");
    let error = migrate(&parameters()).expect_err("another schema");
    assert!(
        matches!(error, PostgresError::Changed { version: 1 }),
        "{error}"
    );
}

/// A failed statement leaves nothing of the append, and is told by its code.
#[test]
fn an_append_is_kept_whole_or_not_at_all() {
    let (database, mut store, mut chain) = written();
    database.sql("REVOKE INSERT ON ios012.record_line FROM ios012_writer");
    let batch = notes(&mut chain, &["three"]);
    let unwritten = [document(DocumentKind::Registry, "unwritten")];
    let error = store.append(&unwritten, &batch).expect_err("no right");
    assert!(
        matches!(error, PostgresError::NotPermitted { .. }),
        "{error}"
    );
    let counts = "SELECT (SELECT count(*) FROM ios012.record_line),
        (SELECT count(*) FROM ios012.document), (SELECT count(*) FROM ios012.pack_line),
        (SELECT records || ' ' || documents FROM ios012.chain)";
    assert_eq!(database.sql(counts), "3|1|1|3 1");
    database.sql("GRANT INSERT ON ios012.record_line TO ios012_writer");
    let answer = store.append(&unwritten, &batch);
    assert_eq!(answer.expect("it works"), Append::Appended);
    assert_eq!(database.sql(counts), "4|2|2|4 2");
}

/// Portfolios share the tables and nothing else.
#[test]
fn portfolios_do_not_meet() {
    let (database, mut store, mut chain) = written();
    let other_id = || "other".parse().expect("an id");
    let mut other = database.store(other_id());
    let mut other_chain = acquired(&mut other);
    assert_eq!((other_chain.epoch(), other_chain.head().0), (1, 0));
    let document = document(DocumentKind::Market, "prices");
    other_chain.append(&genesis()).expect("a record");
    let batch = other_chain.take_batch();
    let answer = other.append(&[document], &batch);
    assert_eq!(answer.expect("it works"), Append::Appended);
    let next = notes(&mut chain, &["three"]);
    assert_eq!(
        store.append(&[], &next).expect("it works"),
        Append::Appended
    );
    assert_eq!(lines(&mut other, 0).as_bytes(), batch.lines());
    assert_eq!(lines(&mut store, 0).lines().count(), 4);
}
