//! The same input gives the same bytes, whatever surrounds the process.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::Command;

use crate::scenario::Scenario;
use crate::support::{Ran, difference, files, ios012};

/// What may differ between two runs.
type Change = fn(&mut Command, &Scenario);

const CHANGES: &[(&str, Change)] = &[
    ("nothing", |_, _| {}),
    ("time zone", |command, _| {
        command.env("TZ", "Pacific/Kiritimati");
    }),
    ("language", |command, _| {
        command
            .env("LANG", "de_DE.UTF-8")
            .env("LC_ALL", "tr_TR.UTF-8");
    }),
    ("working directory", |command, scenario| {
        command.current_dir(scenario.path());
    }),
    ("backtraces", |command, _| {
        command
            .env("RUST_BACKTRACE", "full")
            .env("RUST_LOG", "trace");
    }),
    ("an empty environment", |command, _| {
        command.env_clear();
    }),
    ("a sync after each cycle", |command, _| {
        command.args(["--sync-cycles", "1"]);
    }),
    ("one sync", |command, _| {
        command.args(["--sync-cycles", "4000000000"]);
    }),
];

#[test]
fn ledgers_of_one_history_are_equal_to_the_byte() {
    let scenario = Scenario::stocks(300);
    let mut first = None;
    for (place, (name, change)) in CHANGES.iter().enumerate() {
        let ledger = scenario.beside(&format!("ledger-{place}"));
        let mut command = ios012(["backtest"]);
        command.arg(scenario.path()).arg("--ledger").arg(&ledger);
        change(&mut command, &scenario);
        same(name, &mut first, &ended(&mut command, &ledger));
    }
    let ledger = scenario.beside("one-core");
    let mut command = Command::new("taskset");
    command.args(["--cpu-list", &first_allowed_core()]);
    command.args([env!("CARGO_BIN_EXE_ios012"), "backtest"]);
    command.arg(scenario.path()).arg("--ledger").arg(&ledger);
    same("one core", &mut first, &ended(&mut command, &ledger));
}

/// Names as a shell gives them: the ledger's bytes hold no path.
#[test]
fn relative_and_absolute_paths_give_the_same_ledger() {
    let scenario = Scenario::golden("quickstart");
    let mut first = None;
    let absolute = scenario.beside("absolute");
    let mut command = ios012(["backtest"]);
    command.arg(scenario.path()).arg("--ledger").arg(&absolute);
    same("absolute", &mut first, &ended(&mut command, &absolute));
    let mut command = ios012(["backtest", ".", "--ledger", "../relative"]);
    command.current_dir(scenario.path());
    same(
        "relative",
        &mut first,
        &ended(&mut command, &scenario.beside("relative")),
    );
}

fn ended(command: &mut Command, ledger: &Path) -> BTreeMap<String, Vec<u8>> {
    Ran::of(command.output().expect("the program starts")).exits(0);
    let files = files(ledger);
    assert!(files.len() >= 3, "{:?}", files.keys());
    files
}

fn same(
    name: &str,
    first: &mut Option<BTreeMap<String, Vec<u8>>>,
    files: &BTreeMap<String, Vec<u8>>,
) {
    let first = first.get_or_insert_with(|| files.clone());
    assert_eq!(difference(first, files), None, "{name}");
}

/// A container may not have core 0.
fn first_allowed_core() -> String {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let list = status
        .lines()
        .find_map(|line| line.strip_prefix("Cpus_allowed_list:"))
        .unwrap();
    let core: String = list
        .trim()
        .chars()
        .take_while(char::is_ascii_digit)
        .collect();
    assert!(!core.is_empty(), "{list}");
    core
}
