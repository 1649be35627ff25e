//! Which servers and users are refused, and what a store holds on to.

use std::time::Duration;

use ios012_conformance::records::{document, notes, portfolio};
use ios012_conformance::{Place as _, acquired, lines};
use ios012_lineage::DocumentKind;
use ios012_lineage::store::{Acquire, Append, Document, Settle, Store as _};
use ios012_postgres::{Access, PostgresError, PostgresStore, Settings, migrate};
use ios012_postgres_cluster::{Cluster, LOCKED_ROLE};

use crate::place::{Database, cluster, parse, settings};

const PASSWORD: &str = "correct-horse-7";

fn store_at(parameters: String) -> PostgresStore {
    PostgresStore::new(parse(parameters), settings(), Access::Writer, portfolio())
        .expect("a thread")
}

fn refused(parameters: String) -> PostgresError {
    store_at(parameters)
        .acquire()
        .expect_err("it must be refused")
}

#[test]
fn a_commit_that_may_be_lost_is_refused() {
    for (value, is_good) in [
        ("off", false),
        ("local", false),
        ("remote_write", false),
        ("on", true),
        ("remote_apply", true),
    ] {
        let database = Database::new();
        let user = database.user();
        database.sql(&format!(
            "ALTER ROLE {user} SET synchronous_commit = {value}"
        ));
        let answer = database.store(portfolio()).acquire();
        if is_good {
            assert!(matches!(answer, Ok(Acquire::Acquired(..))), "{value}");
            continue;
        }
        let error = answer.expect_err(value).to_string();
        let expected = format!("synchronous_commit is {value}; set it to `on`");
        assert!(error.starts_with(&expected), "{error}");
    }
}

/// The server's settings change while it runs; those of the session were checked.
#[test]
fn a_session_keeps_the_settings_that_were_checked() {
    // Of its own: the settings are those of all databases.
    let cluster = Cluster::start();
    let name = cluster.new_database();
    let parameters = cluster.parameters(&name, "postgres");
    migrate(&parse(parameters.clone())).expect("an empty database");
    let sql = |database: &str, sql: &str| cluster.sql(database, sql).expect("good SQL");
    sql(
        &name,
        "CREATE TABLE seen (setting text, value text);
         CREATE FUNCTION see() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER AS $$
         BEGIN
             INSERT INTO public.seen SELECT name, current_setting(name) FROM unnest(ARRAY[
                 'synchronous_commit', 'transaction_isolation', 'role']) AS name;
             RETURN NULL;
         END $$;
         CREATE TRIGGER see AFTER INSERT ON ios012.record_line EXECUTE FUNCTION see();
         ALTER ROLE postgres SET default_transaction_isolation = serializable",
    );
    let mut store = store_at(parameters);
    let mut chain = acquired(&mut store);
    sql("postgres", "ALTER SYSTEM SET synchronous_commit = local");
    sql("postgres", "SELECT pg_reload_conf()");
    std::thread::sleep(Duration::from_millis(500));
    assert_eq!(sql(&name, "SHOW synchronous_commit"), "local");
    let answer = store.append(&[], &notes(&mut chain, &["one"]));
    assert_eq!(answer.expect("it works"), Append::Appended);
    assert_eq!(
        sql(&name, "SELECT * FROM seen ORDER BY setting"),
        "role|ios012_writer\nsynchronous_commit|on\ntransaction_isolation|read committed"
    );
}

#[test]
fn a_server_that_does_not_sync_is_refused_and_one_that_crashes_loses_nothing() {
    let mut cluster = Cluster::start();
    let name = cluster.new_database();
    let parameters = cluster.parameters(&name, "postgres");
    migrate(&parse(parameters.clone())).expect("an empty database");
    let mut store = store_at(parameters.clone());
    let mut chain = acquired(&mut store);
    let first = notes(&mut chain, &["one"]);
    let kept = [document(DocumentKind::Market, "prices")];
    assert_eq!(
        store.append(&kept, &first).expect("it works"),
        Append::Appended
    );
    cluster.crash_and_restart();
    assert_eq!(
        lines(&mut store_at(parameters.clone()), 0).as_bytes(),
        first.lines()
    );
    let second = notes(&mut chain, &["two"]);
    let mut answer = store.append(&[], &second).expect("an answer");
    if answer == Append::Unknown {
        assert_eq!(store.settle().expect("it works"), Settle::Missing);
        answer = store.append(&[], &second).expect("it works");
    }
    assert_eq!(answer, Append::Appended);
    for setting in ["fsync", "full_page_writes"] {
        cluster.configure(&format!("{setting} = off\n"));
        let error = refused(parameters.clone()).to_string();
        assert!(
            error.starts_with(&format!("{setting} is off; set it to `on`")),
            "{error}"
        );
        cluster.configure(&format!("{setting} = on\n"));
    }
}

#[test]
fn a_password_is_told_nowhere() {
    let database = Database::new();
    database.sql(&format!(
        "DO $$ BEGIN CREATE ROLE {LOCKED_ROLE} LOGIN PASSWORD '{PASSWORD}'; END $$;
         GRANT ios012_writer TO {LOCKED_ROLE}"
    ));
    let with = |password: &str| {
        format!(
            "{} password={password}",
            cluster().parameters(&database.name, LOCKED_ROLE)
        )
    };
    let mut store = store_at(with(PASSWORD));
    acquired(&mut store);
    let told = format!("{store:?} {:?}", parse(with(PASSWORD)));
    assert!(!told.contains(PASSWORD), "{told}");
    for parameters in [
        with("wrong-horse-8"),
        cluster().parameters(&database.name, LOCKED_ROLE),
    ] {
        let error = refused(parameters);
        let told = format!("{error} {error:?}");
        assert!(
            !told.contains("horse") && !told.contains(LOCKED_ROLE),
            "{told}"
        );
    }
    let error = refused(with("wrong-horse-8"));
    assert!(
        matches!(&error, PostgresError::Denied { code } if code.as_str() == "28P01"),
        "{error}"
    );
}

#[test]
fn each_refusal_says_what_is_wrong() {
    let directory = tempfile::tempdir().expect("a directory");
    let nowhere = format!("host={} dbname=none user=none", directory.path().display());
    let error = refused(nowhere.clone());
    assert!(
        matches!(
            error,
            PostgresError::Unreachable {
                kind: std::io::ErrorKind::NotFound
            }
        ),
        "{error}"
    );
    let error = migrate(&parse(nowhere)).expect_err("no server");
    assert!(
        matches!(error, PostgresError::Unreachable { .. }),
        "{error}"
    );
    let error = refused(cluster().parameters("no_such_database", "postgres"));
    assert!(matches!(error, PostgresError::NoDatabase { .. }), "{error}");

    let database = Database::new();
    let error = database
        .unwritable(portfolio())
        .acquire()
        .expect_err("read-only");
    assert!(matches!(error, PostgresError::ReadOnly), "{error}");

    cluster()
        .sql(
            "postgres",
            "CREATE DATABASE latin ENCODING 'LATIN1' TEMPLATE template0",
        )
        .expect("another encoding");
    let latin = cluster().parameters("latin", "postgres");
    for error in [
        refused(latin.clone()),
        migrate(&parse(latin)).expect_err("another encoding"),
    ] {
        assert!(
            error.to_string().contains("LATIN1; 15 or later with UTF8"),
            "{error}"
        );
    }
    let error = migrate(&parse(database.parameters()));
    assert!(error.is_ok(), "there is nothing to do");
    let fresh = cluster().new_database();
    let error = migrate(&parse(cluster().parameters(&fresh, &database.user())));
    let error = error.expect_err("no right to make a schema");
    assert!(
        matches!(error, PostgresError::NotPermitted { .. }),
        "{error}"
    );
}

/// The engine's runner is asynchronous and its sinks block.
#[test]
fn a_store_may_be_asked_inside_a_runtime() {
    let database = Database::new();
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .expect("a runtime");
    runtime.block_on(async {
        let mut store = database.store(portfolio());
        let batch = notes(&mut acquired(&mut store), &["one"]);
        assert_eq!(
            store.append(&[], &batch).expect("it works"),
            Append::Appended
        );
    });
}

#[test]
fn an_append_that_no_message_holds_is_not_sent() {
    let database = Database::new();
    let mut store = database.store(portfolio());
    let batch = notes(&mut acquired(&mut store), &["one"]);
    let documents: Vec<Document> = (0..17)
        .map(|number| {
            document(
                DocumentKind::Market,
                &format!("{number}{}", "x".repeat(16_000_000)),
            )
        })
        .collect();
    let error = store.append(&documents, &batch).expect_err("too large");
    assert!(matches!(error, PostgresError::TooLarge { .. }), "{error}");
    let answer = store.append(&documents[..2], &batch);
    assert_eq!(answer.expect("it works"), Append::Appended);
}

/// A lease that is renewed is kept.
#[test]
fn a_lease_is_kept_by_renewing_and_by_appending() {
    let database = Database::new();
    let lease = Duration::from_secs(3);
    let short = Settings::new(lease, Duration::from_secs(1)).expect("good times");
    let parameters = parse(database.parameters());
    let mut store =
        PostgresStore::new(parameters, short, Access::Writer, portfolio()).expect("a thread");
    let mut chain = acquired(&mut store);
    let is_held = || {
        let held = database.sql("SELECT leased_until > clock_timestamp() FROM ios012.chain");
        held == "t"
    };
    let left = || {
        database
            .sql("SELECT floor(extract(epoch FROM leased_until - clock_timestamp()) * 1000) FROM ios012.chain")
            .parse::<i64>()
            .expect("milliseconds")
    };
    std::thread::sleep(lease / 2);
    assert!(is_held() && left() < 1_600, "{}", left());
    store.renew().expect("it works");
    assert!(left() > 2_000 && left() <= 3_000, "{}", left());
    std::thread::sleep(lease / 2);
    let batch = notes(&mut chain, &["one"]);
    assert_eq!(
        store.append(&[], &batch).expect("it works"),
        Append::Appended
    );
    assert!(left() > 2_000 && left() <= 3_000, "{}", left());
    store.release().expect("it works");
    assert!(!is_held());
}
