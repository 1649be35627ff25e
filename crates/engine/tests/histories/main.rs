//! Random histories through the whole loop: documents, engine, a random broker, books, records. An auditor
//! that shares no code with the engine reads every record and looks at the books after every event
//! (docs/decision.md, What always holds: I1 to I6, I8 to I11).

#![expect(clippy::expect_used, reason = "a test stops at the first surprise")]

mod audit;
mod broker;
mod day;
mod documents;
mod drive;
mod plan;
mod world;

use ios012_engine::replay;
use ios012_lineage::{LedgerStatus, verify};
use proptest::prelude::*;
use proptest::test_runner::{Config, FileFailurePersistence};

use documents::Rows;

/// 1,000 histories, or as many as `PROPTEST_CASES` asks.
#[expect(
    clippy::disallowed_methods,
    reason = "how long a test looks is no decision of the engine"
)]
fn config() -> Config {
    let asked = std::env::var("PROPTEST_CASES").ok();
    Config {
        cases: asked.and_then(|cases| cases.parse().ok()).unwrap_or(1_000),
        max_shrink_iters: 3_000,
        failure_persistence: Some(Box::new(FileFailurePersistence::Direct(concat!(
            env!("CARGO_MANIFEST_DIR"),
            "/tests/histories/regressions.txt"
        )))),
        ..Config::default()
    }
}

proptest! {
    #![proptest_config(config())]

    /// Every record of a history is right, and the same documents with their rows in reverse, through
    /// the real runner, give the same bytes. One of twenty also goes to files, is verified, and replays
    /// without drift.
    #[test]
    fn a_history_keeps_every_promise(history in plan::history()) {
        let ran = drive::audited(&history).map_err(TestCaseError::fail)?;
        prop_assert!(ran.events >= 200, "{} events", ran.events);
        let again = drive::again(&ran, Rows::Descending);
        prop_assert!(again == ran.bytes, "another order of rows gives other bytes");
        if history.cycles[0][0] % 20 == 19 {
            let directory = tempfile::tempdir().expect("a directory");
            drive::into_ledger(&ran, directory.path());
            let verified = verify(directory.path(), None).expect("verifies");
            prop_assert_eq!(verified.status, LedgerStatus::Complete);
            let (report, _) = replay(directory.path(), &mut |_| ()).expect("replays");
            prop_assert!(report.difference.is_none(), "{:?}", report.difference);
        }
    }
}
