//! The command: exit codes, and failures that it must see.

#![expect(clippy::expect_used, reason = "a test stops at the first surprise")]

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use ios012_fortress::{Size, Suite, run};

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// One suite in its small form, with these names allowed to be missing.
fn fortress(allowed: &[&str]) -> (Option<i32>, String) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_ios012-fortress"));
    command.args(["--small", "--suite", "transaction_ordering", "--root"]);
    command.arg(root());
    for name in allowed {
        command.args(["--allow-missing", name]);
    }
    let Output { status, stdout, .. } = command.output().expect("starts");
    (status.code(), String::from_utf8(stdout).expect("UTF-8"))
}

/// The last line is what a gate keeps as evidence.
fn last(output: &str) -> &str {
    output.lines().last().unwrap_or_default()
}

#[test]
fn what_is_not_covered_has_its_own_exit_code() {
    let (code, output) = fortress(&[]);
    assert_eq!(code, Some(3), "{output}");
    let missing = "NOT COVERED: execution_drift";
    assert!(last(&output).ends_with(missing), "{output}");

    let (code, output) = fortress(&["execution_drift"]);
    assert_eq!(code, Some(0), "{output}");
    let allowed = "missing and allowed: execution_drift";
    assert!(last(&output).ends_with(allowed), "{output}");
    assert!(
        last(&output).starts_with("1 of 1 suites passed: "),
        "{output}"
    );
}

#[test]
fn an_allowance_that_is_not_needed_fails() {
    for name in ["I5", "split_brain", "no_such_breaker"] {
        let (code, output) = fortress(&["execution_drift", name]);
        assert_eq!(code, Some(1), "{name}: {output}");
        assert!(output.contains(name), "{output}");
    }
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
