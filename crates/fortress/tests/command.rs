//! The command: exit codes, and failures that it must see.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use ios012_fortress::coverage::TABLE;
use ios012_fortress::{Size, Suite, run};

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// One suite in its small form over this workspace.
#[test]
fn the_last_line_is_what_a_gate_keeps() {
    let mut command = Command::new(env!("CARGO_BIN_EXE_ios012-fortress"));
    command.args(["--small", "--suite", "transaction_ordering", "--root"]);
    let Output { status, stdout, .. } = command.arg(root()).output().expect("starts");
    let output = String::from_utf8(stdout).expect("UTF-8");
    assert_eq!(status.code(), Some(0), "{output}");
    let last = output.lines().last().unwrap_or_default();
    assert!(last.starts_with("1 of 1 suites passed: "), "{output}");
    let covered = "19 of 19 invariants and breakers covered";
    assert!(last.ends_with(covered), "{output}");
}

/// A workspace whose sources lack the named tests fails, whatever its suites say.
#[test]
fn a_test_that_is_not_there_fails() {
    let other = tempfile::tempdir().expect("a folder");
    let golden = other.path().join("golden");
    std::os::unix::fs::symlink(root().join("golden"), golden).expect("a link");
    for test in TABLE.iter().flat_map(|row| row.tests) {
        let copy = other.path().join(test.file);
        fs::create_dir_all(copy.parent().expect("a folder")).expect("a folder");
        fs::copy(root().join(test.file), copy).expect("a copy");
    }
    let signals = other.path().join("crates/engine/tests/breakers/signals.rs");
    let text = fs::read_to_string(&signals).expect("a source");
    fs::write(
        &signals,
        text.replace("fn a_doubtful_regime_trips", "fn other"),
    )
    .expect("writes");
    let mut command = Command::new(env!("CARGO_BIN_EXE_ios012-fortress"));
    command.args(["--small", "--suite", "transaction_ordering", "--root"]);
    let Output { status, stdout, .. } = command.arg(other.path()).output().expect("starts");
    let output = String::from_utf8(stdout).expect("UTF-8");
    assert_eq!(status.code(), Some(1), "{output}");
    assert!(
        output.contains("strategy_instability: no such test"),
        "{output}"
    );
}

/// A head that a review did not approve is a failure.
#[test]
fn another_head_than_the_approved_one_fails() {
    let golden = tempfile::tempdir().expect("a folder");
    let copy = golden.path().join("one-cycle");
    let original = root().join("golden/one-cycle");
    fs::create_dir_all(copy.join("snapshots")).expect("a folder");
    for name in [
        "constraints",
        "mandate",
        "market",
        "regimes",
        "registry",
        "scenario",
    ] {
        let name = format!("{name}.json");
        fs::copy(original.join(&name), copy.join(&name)).expect("a copy");
    }
    let snapshot = "snapshots/summary.snap";
    let approved = fs::read_to_string(original.join(snapshot)).expect("a summary");
    let regression = |summary: &str| {
        fs::write(copy.join(snapshot), summary).expect("is written");
        run(Suite::Regression, golden.path(), Size::Small, &mut |_| ())
    };
    assert!(regression(&approved).passed());
    let (before, head) = approved.split_once("  Head ").expect("a head");
    let digits = head.trim_start();
    let other = if digits.starts_with('0') { '1' } else { '0' };
    let changed = format!("{before}  Head {other}{}", &digits[1..]);
    let report = regression(&changed);
    let (part, error) = report.first_failure().expect("fails");
    assert_eq!(part, "one-cycle");
    assert!(error.to_string().ends_with("is approved"), "{error}");
}
