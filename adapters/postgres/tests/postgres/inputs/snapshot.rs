//! Everything is read as it stood at one moment, and by index.

use std::time::Duration;

use ios012_postgres::PostgresError;

use super::load::{Inputs, refusal};

/// The reader holds one snapshot while another connection changes and removes what it has not read yet.
#[test]
fn what_changes_between_two_reads_is_not_seen() {
    let (inputs, files) = Inputs::one_cycle();
    let mut reader = inputs.reader();
    let snapshot = reader.snapshot().expect("a snapshot");
    snapshot.standing(None).expect("good rows");
    inputs.sql(
        "UPDATE ios012_input.market_snapshot SET reference_price = 1;
        UPDATE ios012_input.ios006_constraints SET value = '0' WHERE member = 'max_exposure';
        DELETE FROM ios012_input.ios004_targets WHERE asset_id = 'AAA';
        DELETE FROM ios012_input.ios003_document;
        INSERT INTO ios012_input.ios004_document VALUES ('one-cycle', '2020-01-01', '2021-01-01', 'ios-004')",
    );
    let standing = snapshot.standing(None).expect("good rows");
    let cycle = snapshot.next(None).expect("good rows").expect("a mandate");
    let hashes = [
        (
            standing.constraints().document(),
            files.standing.constraints().document(),
        ),
        (cycle.mandate.document(), files.mandate.document()),
        (cycle.market.document(), files.market.document()),
    ];
    for (old, before) in hashes {
        assert_eq!(old.hash(), before.hash());
    }
    assert!(cycle.regimes.is_some());
    drop(snapshot);

    // The next one sees the mandate that was added, which has no targets.
    let snapshot = reader.snapshot().expect("a snapshot");
    let refused = refusal(snapshot.next(None));
    assert_eq!(refused.code, ios012_contracts::RefusalCode::NoRows);
    let standing = snapshot.standing(None).expect("good rows");
    assert_ne!(
        standing.constraints().document().hash(),
        files.standing.constraints().document().hash()
    );
}

/// A snapshot of PostgreSQL does not hold back TRUNCATE, nor a view that is put in a table's place: the locks do,
/// and they end with the snapshot.
#[test]
fn no_table_is_emptied_or_replaced_while_it_is_read() {
    let (inputs, _) = Inputs::one_cycle();
    inputs.replace("market_snapshot", "SELECT * FROM {t}");
    let mut reader = inputs.reader();
    let snapshot = reader.snapshot().expect("a snapshot");
    let changes = [
        "TRUNCATE ios012_input.ios004_targets",
        "TRUNCATE ios012_input.base",
        "ALTER TABLE ios012_input.market_fx RENAME TO fx",
        "ALTER TABLE ios012_input.ios004_targets ALTER target_exposure TYPE float8",
    ];
    for change in changes {
        let refused = crate::place::cluster().sql(
            &inputs.database.name,
            &format!("SET lock_timeout = '100ms'; {change}"),
        );
        let error = refused.expect_err("it is locked");
        assert!(error.contains("55P03"), "{change}: {error}");
    }
    snapshot.next(None).expect("good rows").expect("a mandate");
    drop(snapshot);
    inputs.sql(&format!("SET lock_timeout = '4s'; {}", changes[0]));
}

#[test]
fn after_a_lost_connection_a_snapshot_goes_no_further() {
    let (inputs, _) = Inputs::one_cycle();
    let mut reader = inputs.reader();
    let snapshot = reader.snapshot().expect("a snapshot");
    snapshot.standing(None).expect("good rows");
    inputs.sql(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity
        WHERE datname = current_database() AND pid <> pg_backend_pid()",
    );
    for _ in 0..2 {
        let error = snapshot.next(None).expect_err("the snapshot is gone");
        assert!(matches!(error, PostgresError::Unanswered { .. }), "{error}");
    }
    drop(snapshot);
    let snapshot = reader.snapshot().expect("another one");
    assert!(snapshot.next(None).expect("good rows").is_some());
}

/// An answer that does not come ends the wait: the view would give its rows in the end, after twice the time.
#[test]
fn a_view_that_never_answers_is_not_waited_for() {
    let (inputs, _) = Inputs::one_cycle();
    inputs.replace("market_fx", "SELECT {t}.* FROM pg_sleep(8), {t}");
    let error = inputs.read().expect_err("it is late");
    assert!(matches!(error, PostgresError::Unanswered { .. }), "{error}");
}

/// A reader has no rights but to read.
#[test]
fn a_view_cannot_write_while_it_is_read() {
    let (inputs, _) = Inputs::one_cycle();
    inputs.sql(
        "CREATE TABLE public.trace (at timestamptz);
        GRANT INSERT ON public.trace TO PUBLIC;
        CREATE FUNCTION public.note() RETURNS integer LANGUAGE sql AS
            'INSERT INTO public.trace VALUES (now()) RETURNING 1'",
    );
    inputs.replace(
        "ios004_targets",
        "SELECT * FROM {t} WHERE public.note() = 1",
    );
    let error = inputs.read().expect_err("it writes");
    assert!(matches!(error, PostgresError::ReadOnly), "{error}");
}

/// PostgreSQL counts the scans of each table: a cycle out of thousands reads none from end to end.
#[test]
fn a_cycle_out_of_thousands_is_found_by_index() {
    let (inputs, files) = Inputs::one_cycle();
    for (table, time) in [
        ("ios004_document", "as_of"),
        ("ios004_targets", "as_of"),
        ("ios004_regimes", "as_of"),
        ("market_document", "as_of"),
        ("market_snapshot", "as_of"),
        ("ios003_document", "as_of"),
        ("ios003_regimes", "as_of"),
    ] {
        inputs.sql(&format!(
            "CREATE TEMPORARY TABLE more AS SELECT * FROM ios012_input.{table};
            INSERT INTO ios012_input.{table} SELECT (jsonb_populate_record(more,
                jsonb_build_object('{time}', more.{time} + number * interval '1 hour'))).*
            FROM more, generate_series(1, 4000) AS number;
            ANALYZE ios012_input.{table};
            SELECT pg_stat_force_next_flush()"
        ));
    }
    let scans = || {
        inputs.sql(
            "SELECT string_agg(relname || ' ' || seq_scan, ', ' ORDER BY relname) FILTER (WHERE n_live_tup > 3000),
                sum(idx_scan)
            FROM pg_stat_user_tables WHERE schemaname = 'ios012_input'",
        )
    };
    let before = scans();
    let read = {
        let mut reader = inputs.reader();
        let snapshot = reader.snapshot().expect("a snapshot");
        let cycle = snapshot.next(None).expect("good rows").expect("a mandate");
        assert_eq!(
            cycle.mandate.document().hash(),
            files.mandate.document().hash()
        );
        let later = snapshot.next(Some(cycle.mandate.as_of()));
        let later = later.expect("good rows").expect("a mandate");
        later.mandate.as_of()
    };
    assert!(read > files.mandate.as_of());
    // A backend tells its counts when it ends.
    let by_index = |counts: &str| counts.split('|').nth(1).map(str::to_owned);
    let after = (0..400)
        .find_map(|_| {
            std::thread::sleep(Duration::from_millis(50));
            let after = scans();
            (by_index(&after) != by_index(&before)).then_some(after)
        })
        .expect("counts");
    let from_end_to_end = |counts: &str| counts.split('|').next().map(str::to_owned);
    assert_eq!(from_end_to_end(&before), from_end_to_end(&after));
    assert_eq!(after.matches(", ").count(), 6, "{after}");
}
