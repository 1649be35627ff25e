//! A newcomer's way, from an empty folder to a replayed ledger.

use std::ffi::OsStr;
use std::path::Path;
use std::process::Stdio;

use crate::support::{Ran, files, golden, ios012};

/// Runs in a working directory, as a person would.
fn inside<S: AsRef<OsStr>>(folder: &Path, arguments: impl IntoIterator<Item = S>) -> Ran {
    let mut command = ios012(arguments);
    Ran::of(command.current_dir(folder).output().unwrap())
}

#[test]
fn a_history_from_init_to_replay() {
    let folder = tempfile::tempdir().unwrap();
    let told = inside(folder.path(), ["init", "mine"]).exits(0).stdout;
    assert_eq!(files(&folder.path().join("mine")).len(), 5);
    // What init tells to do next is done as it is told.
    let next = told
        .lines()
        .find_map(|line| line.strip_prefix("next: ios012 "));
    let next = next.expect("a next command").split_whitespace();
    let ran = inside(folder.path(), next).exits(0);
    assert!(ran.stderr.contains("60 decisions"), "{ran:#?}");
    let verified = inside(folder.path(), ["verify", "my-ledger"]).exits(0);
    assert!(verified.stdout.starts_with("COMPLETE"), "{verified:#?}");
    let replayed = inside(folder.path(), ["replay", "my-ledger"]).exits(0);
    assert!(
        replayed
            .stdout
            .starts_with("ZERO DRIFT: 60 decisions of 12 cycles"),
        "{replayed:#?}"
    );
}

#[test]
fn one_cycle_from_init_to_replay() {
    let folder = tempfile::tempdir().unwrap();
    let told = inside(folder.path(), ["init", "mine", "--kind", "cycle"])
        .exits(0)
        .stdout;
    let next = told
        .lines()
        .find_map(|line| line.strip_prefix("next: ios012 "));
    inside(
        folder.path(),
        next.expect("a next command").split_whitespace(),
    )
    .exits(0);
    inside(folder.path(), ["verify", "my-ledger"]).exits(0);
    let replayed = inside(folder.path(), ["replay", "my-ledger"]).exits(0);
    assert!(
        replayed
            .stdout
            .starts_with("ZERO DRIFT: 5 decisions of 1 cycle"),
        "{replayed:#?}"
    );
}

/// What init writes are the golden scenarios, which other tests hold.
#[test]
fn init_writes_the_golden_scenarios() {
    for (kind, name) in [("history", "quickstart"), ("cycle", "one-cycle")] {
        let folder = tempfile::tempdir().unwrap();
        inside(folder.path(), ["init", "mine", "--kind", kind]).exits(0);
        let approved = files(&golden(name));
        for (file, bytes) in files(&folder.path().join("mine")) {
            assert_eq!(approved.get(&file), Some(&bytes), "{name}/{file}");
        }
    }
}

#[test]
fn a_second_init_writes_nothing_and_says_why() {
    let folder = tempfile::tempdir().unwrap();
    inside(folder.path(), ["init", "mine"]).exits(0);
    let mine = folder.path().join("mine");
    std::fs::write(mine.join("targets.csv"), "my own work").unwrap();
    std::fs::remove_file(mine.join("prices.csv")).unwrap();
    let before = files(&mine);
    for kind in ["history", "cycle"] {
        let ran = inside(folder.path(), ["init", "mine", "--kind", kind]).exits(2);
        assert!(ran.stderr.contains("scenario.json already"), "{ran:#?}");
        assert!(ran.stderr.contains("nothing was written"), "{ran:#?}");
        assert_eq!(files(&mine), before);
    }
}

/// `ios012 … | head -1` ends quietly.
#[test]
fn a_reader_that_goes_away_is_no_error() {
    let folder = tempfile::tempdir().unwrap();
    inside(folder.path(), ["init", "mine"]).exits(0);
    inside(folder.path(), ["backtest", "mine", "--ledger", "ledger"]).exits(0);
    let commands: [&[&str]; 8] = [
        &["--help"],
        &["schema", "constraints"],
        &["verify", "ledger"],
        &["verify", "ledger", "--json"],
        &["replay", "ledger"],
        &["report", "ledger"],
        &["explain", "ledger", "1", "KO"],
        &["backtest", "mine", "--ledger", "another"],
    ];
    for arguments in commands {
        let mut command = ios012(arguments);
        command.current_dir(folder.path());
        let mut child = command
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        // The pipe has no reader from here on.
        drop(child.stdout.take());
        Ran::of(child.wait_with_output().unwrap()).exits(0);
    }
}
