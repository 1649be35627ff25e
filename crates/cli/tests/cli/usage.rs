//! Exit code 2: the command line is wrong, and nothing is touched.

use crate::scenario::Scenario;
use crate::support::{cycle, files, golden, run};

const HASH: &str = "3a7bd3e2360a3d29eea436fcfb7e44c735d117c42d1c1835420b6b9942dd4f1b";

#[test]
fn wrong_command_lines_are_usage_errors() {
    let cases: &[(&[&str], &str)] = &[
        (&[], "Usage"),
        (&["buy"], "buy"),
        (&["verify"], "LEDGER"),
        (&["verify", "x", "y"], "y"),
        (&["verify", "x", "--head", HASH], "--records"),
        (&["verify", "x", "--records", "1"], "--head"),
        (&["verify", "x", "--records", "1", "--head", "abc"], "64"),
        (&["verify", "x", "--records", "-1", "--head", HASH], "-1"),
        (&["backtest", "x"], "--ledger"),
        (
            &["backtest", "x", "--ledger", "y", "--sync-cycles", "0"],
            "0",
        ),
        (
            &["run", "x", "--ledger", "y", "--sync-cycles", "1"],
            "--sync-cycles",
        ),
        (&["explain", "x", "one", "AAA"], "one"),
        (&["schema"], "DOCUMENT"),
        (&["schema", "everything"], "mandate"),
        (&["init", "x", "--kind", "live"], "history"),
    ];
    let empty = tempfile::tempdir().unwrap();
    for (arguments, named) in cases {
        let mut command = crate::support::ios012(*arguments);
        let output = command.current_dir(empty.path()).output().unwrap();
        let ran = crate::support::Ran::of(output).exits(2);
        assert!(ran.stderr.contains(named), "{arguments:?}: {ran:#?}");
        assert_eq!(ran.stdout, "", "{arguments:?}");
    }
    assert_eq!(files(empty.path()).len(), 0);
    assert!(!empty.path().join("x").exists() && !empty.path().join("y").exists());
}

/// `--json` holds for a wrong command line too.
#[test]
fn a_usage_error_is_json_where_json_is_asked_for() {
    let ran = run(["--json", "verify"]).exits(2);
    let object = ran.object();
    assert_eq!(object["exit_code"], "2");
    assert!(object["error"].as_str().unwrap().contains("LEDGER"));
}

#[test]
fn help_and_version_are_no_errors() {
    assert!(run(["--help"]).exits(0).stdout.contains("Exit codes"));
    let version = run(["--version"]).exits(0).stdout;
    assert_eq!(version, concat!("ios012 ", env!("CARGO_PKG_VERSION"), "\n"));
}

/// A ledger belongs to one portfolio for good.
#[test]
fn the_ledger_of_another_portfolio_is_left_alone() {
    let scenario = Scenario::golden("quickstart");
    let ledger = scenario.ledger();
    cycle("run", &golden("one-cycle"), &ledger).exits(0);
    let before = files(&ledger);
    let ran = cycle("backtest", &scenario.path(), &ledger).exits(2);
    assert!(ran.stderr.contains("one-cycle"), "{ran:#?}");
    assert!(ran.stderr.contains("choose another directory"), "{ran:#?}");
    assert_eq!(files(&ledger), before);
}

/// Its books began with 100,000; a history that begins with more is another one.
#[test]
fn a_ledger_does_not_go_on_from_another_opening() {
    let scenario = Scenario::golden("quickstart");
    let ledger = scenario.ledger();
    cycle("backtest", &scenario.path(), &ledger).exits(0);
    let before = files(&ledger);
    scenario.replace("scenario.json", "\"100000\"", "\"100001\"");
    let ran = cycle("backtest", &scenario.path(), &ledger).exits(2);
    assert!(ran.stderr.contains("opening_cash"), "{ran:#?}");
    assert_eq!(files(&ledger), before);
}
