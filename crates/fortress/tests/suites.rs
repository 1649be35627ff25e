//! Every suite in its small form, and the coverage table against the sources.

#![expect(clippy::panic, reason = "a test stops at the first surprise")]

use std::path::{Path, PathBuf};

use ios012_fortress::coverage::{State, check};
use ios012_fortress::{Size, Suite, SuiteReport, run};

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

fn holds(suite: Suite, parts: usize) -> SuiteReport {
    let golden = root().join("golden");
    let report = run(suite, &golden, Size::Small, &mut |_| ());
    if let Some((part, error)) = report.first_failure() {
        panic!("{suite}, {part}: {error}");
    }
    assert_eq!(report.held(), parts, "{suite}");
    assert!(report.passed() && report.decisions() > 0);
    report
}

#[test]
fn regression_holds() {
    holds(Suite::Regression, 6);
}

/// Four crashes under six strains, one with 500 assets, and the history with every breaker armed.
#[test]
fn stress_holds() {
    let report = holds(Suite::Stress, 26);
    let crashes = report.parts.iter().take(25);
    let largest = crashes.map(|part| part.decisions).max();
    assert_eq!(largest, Some(9 * 500));
}

#[test]
fn drift_holds() {
    holds(Suite::Drift, 16);
}

#[test]
fn exposure_invariance_holds() {
    holds(Suite::ExposureInvariance, 6);
}

#[test]
fn transaction_ordering_holds() {
    holds(Suite::TransactionOrdering, 12);
}

/// A folder without scenarios is a failure, not an empty success.
#[test]
fn a_suite_without_data_fails() {
    for suite in Suite::ALL {
        let report = run(suite, &root().join("docs"), Size::Small, &mut |_| ());
        assert!(!report.passed(), "{suite}");
        assert!(report.first_failure().is_some(), "{suite}");
    }
}

#[test]
fn every_named_test_is_there() {
    let found = check(&root()).expect("the sources");
    let not_covered: Vec<_> = found
        .iter()
        .filter(|(_, state)| *state != State::Covered)
        .map(|(row, state)| (row.name, state.clone()))
        .collect();
    assert_eq!(not_covered, []);
}
