//! Which servers are refused, and why.

use ios012_conformance::records::{notes, portfolio};
use ios012_conformance::{acquired, lines};
use ios012_lineage::store::{Acquire, Append, Settle, Store as _};
use ios012_postgres::{Access, PostgresError, PostgresStore, migrate};

use crate::pair::{Address, parameters, primary, settings, store, store_with};

#[test]
fn a_standby_is_refused_until_it_is_promoted() {
    let primary = primary();
    let standby = primary.with_synchronous_standby();
    for access in [Access::Writer, Access::Reader] {
        let store = PostgresStore::new(parameters(&standby), settings(), access, portfolio());
        let error = store
            .expect("a thread")
            .read(0, &mut |_, _| panic!("nothing is read"));
        let error = error.expect_err("a standby");
        assert!(matches!(error, PostgresError::InRecovery), "{error}");
        assert!(
            error.to_string().contains("connect to the primary"),
            "{error}"
        );
    }
    let error = migrate(&parameters(&standby)).expect_err("a standby");
    assert!(matches!(error, PostgresError::InRecovery), "{error}");
    primary.crash();
    standby.promote();
    acquired(&mut store(&standby));
}

#[test]
fn a_server_whose_commits_wait_for_nobody_is_refused_where_a_standby_is_required() {
    let primary = primary();
    let strict = settings().requiring_standby();
    let refusal = || {
        let error = store_with(&primary, strict)
            .acquire()
            .expect_err("it must be refused");
        assert!(matches!(error, PostgresError::NoStandby { .. }), "{error}");
        error.to_string()
    };
    assert!(refusal().starts_with("synchronous_standby_names is empty; set it"));
    for names in ["'*'", "'ANY 1 (other, *)'"] {
        primary.set(&format!("synchronous_standby_names = {names}"));
        assert!(
            refusal().starts_with("synchronous_standby_names is *; set it"),
            "{names}"
        );
    }
    let _standby = primary.with_synchronous_standby();
    let answer = store_with(&primary, strict).acquire();
    assert!(matches!(answer, Ok(Acquire::Acquired(..))), "{answer:?}");
    primary.set("synchronous_standby_names = ''");
    refusal();
}

/// Why it can be required: a standby that nobody waits for may lack what was acknowledged.
#[test]
fn what_no_commit_waited_for_is_lost_with_the_primary() {
    let primary = primary();
    let address = Address::of(&primary);
    let mut worker = address.store(settings(), portfolio());
    let mut chain = acquired(&mut worker);
    let batches = ["one", "two", "three"].map(|text| notes(&mut chain, &[text]));
    let [first, second, third] = &batches;
    let mut append = |batch| worker.append(&[], batch).expect("an answer");
    assert_eq!(append(first), Append::Appended);
    let mut standby = primary.with_standby();
    standby.crash();
    assert_eq!(append(second), Append::Appended);
    primary.crash();
    standby.restart();
    standby.promote();
    assert_eq!(lines(&mut store(&standby), 0).as_bytes(), first.lines());
    // The worker sees that the chain went back.
    address.move_to(&standby);
    match append(third) {
        Append::Unknown => {
            assert_eq!(worker.settle().expect("it works"), Settle::Conflict);
        }
        answer => assert_eq!(answer, Append::Conflict),
    }
}
