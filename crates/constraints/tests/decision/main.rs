//! Property tests of the decision, over its public API. Each is written from the steps and the
//! invariants of docs/decision.md, not from the code.

#![expect(
    clippy::unwrap_used,
    reason = "a case that cannot be built fails its test"
)]

mod bindings;
mod cases;
mod fraction;
mod generate;
mod invariants;
mod laws;
mod model;
mod sharing;

use proptest::test_runner::{Config, FileFailurePersistence};

/// 4,000 cases each unless `PROPTEST_CASES` asks otherwise; failures are kept beside the tests.
pub(crate) fn config() -> Config {
    #[expect(
        clippy::disallowed_methods,
        reason = "proptest reads the same variable; it sets how long the tests look, not what they find"
    )]
    let asked = std::env::var_os("PROPTEST_CASES").is_some();
    let default = Config::default();
    let cases = if asked { default.cases } else { 4_000 };
    Config {
        cases,
        max_global_rejects: cases.saturating_mul(16),
        failure_persistence: Some(Box::new(FileFailurePersistence::Direct(concat!(
            env!("CARGO_MANIFEST_DIR"),
            "/tests/decision/regressions.txt"
        )))),
        ..default
    }
}
