//! Memory does not grow with the number of cycles, nor with the records that are verified.

use std::fmt::Write as _;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

use crate::retold::retell;
use crate::scenario::{Scenario, date};
use crate::support::{Ran, cycle, ios012};
use crate::verify_speed::measured;

const CYCLES: usize = 100;

/// How many records are verified, and of how many cycles of the main job they are.
const VERIFIED: (u64, usize) = match option_env!("IOS012_LONG_LEDGER") {
    None => (200_000, CYCLES),
    Some(_) => (5_000_000, 8_243),
};

/// The same prices and targets ten times, under later dates: only the length differs.
fn ten_times(short: &Scenario) -> Scenario {
    let long = Scenario::golden("sp500-inverse-vol");
    // The last price of a round and the first of the next are far apart.
    long.replace("constraints.json", "\"jump_band\": \"0.75\",", "");
    short.replace("constraints.json", "\"jump_band\": \"0.75\",", "");
    for table in ["prices.csv", "targets.csv"] {
        let text = short.read(table);
        let (header, rows) = text.split_once('\n').unwrap();
        let mut repeated = format!("{header}\n");
        for round in 0..10 {
            for row in rows.lines() {
                let (date, rest) = (date(row), &row[10..]);
                let year: u32 = date[..4].parse().unwrap();
                writeln!(repeated, "{:04}{}{rest}", year + 2 * round, &date[4..]).unwrap();
            }
        }
        long.write(table, &repeated);
    }
    long
}

fn backtest(scenario: &Scenario) -> Command {
    let mut command = ios012(["backtest", "--sync-cycles", "20", "--ledger"]);
    command.arg(scenario.ledger()).arg(scenario.path());
    command
}

fn verify(ledger: &Path) -> Command {
    let mut command = ios012(["verify"]);
    command.arg(ledger);
    command
}

/// The peak of the resident memory in KiB. It is read until the process ends; the last reading
/// comes a millisecond before.
fn peak(mut command: Command) -> u64 {
    command.stdout(Stdio::null()).stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    let status = format!("/proc/{}/status", child.id());
    let mut peak = 0;
    while child.try_wait().unwrap().is_none() {
        let text = std::fs::read_to_string(&status).unwrap_or_default();
        let line = text.lines().find_map(|line| line.strip_prefix("VmHWM:"));
        let kib = line.and_then(|line| line.trim().strip_suffix(" kB"));
        peak = kib.map_or(peak, |kib| kib.parse().unwrap());
        std::thread::sleep(Duration::from_millis(1));
    }
    Ran::of(child.wait_with_output().unwrap()).exits(0);
    peak
}

/// Of two peaks, the second may be a tenth higher.
#[track_caller]
fn is_flat(short: u64, long: u64) {
    assert!(short > 1_000, "{short} KiB was not measured");
    assert!(
        long <= short + short / 10,
        "{short} KiB, ten times as long {long} KiB"
    );
}

#[test]
fn a_history_ten_times_as_long_needs_no_more_memory() {
    let short = Scenario::stocks(CYCLES);
    let long = ten_times(&short);
    let [short, long] = [&short, &long].map(|scenario| peak(backtest(scenario)));
    is_flat(short, long);
}

/// `cargo xtask long-ledger` verifies five million records, and tells how fast.
#[test]
fn verifying_a_ledger_ten_times_as_long_needs_no_more_memory() {
    let (records, cycles) = VERIFIED;
    let scenario = Scenario::stocks(cycles);
    cycle("backtest", &scenario.path(), &scenario.ledger()).exits(0);
    let [short, long] = [records / 10, records].map(|records| {
        // Beside the build: gigabytes may have no place where temporary files have theirs.
        let folder = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
        let ledger = folder.path().join("ledger");
        let records = retell(&scenario.ledger(), &ledger, records);
        let peak = peak(verify(&ledger));
        if option_env!("IOS012_LONG_LEDGER").is_some() {
            let speed = measured(&ledger, records);
            println!("{records} records: {peak} KiB at most; {speed}");
        }
        peak
    });
    is_flat(short, long);
}
