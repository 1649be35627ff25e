//! Ctrl-C (exit code 130) and a killed process.

use std::path::Path;
use std::process::{Child, Command};
use std::time::Duration;

use crate::ledger::{first_segment, seals};
use crate::scenario::Scenario;
use crate::support::{Ran, cycle, files, ios012, on, spawn};

/// How many cycles the tests interrupt: about a second of work for a debug build.
const CYCLES: usize = 500;

/// Bytes of the first segment at which the signal is sent. Where a signal comes too late, which a
/// busy machine can bring about, the next try sends it earlier.
const TRIES: [u64; 5] = [500_000, 100_000, 1, 1, 1];

fn begin(scenario: &Path, ledger: &Path) -> Child {
    let mut command = ios012(["backtest", "--sync-cycles", "10", "--ledger"]);
    spawn(command.arg(ledger).arg(scenario))
}

/// Waits until the condition holds or the process has ended.
fn wait_until(child: &mut Child, mut condition: impl FnMut() -> bool) {
    while !condition() && child.try_wait().unwrap().is_none() {
        std::thread::sleep(Duration::from_millis(1));
    }
}

fn signal(child: &Child, name: &str) {
    // The process was not waited for, so its id is still its own.
    let command = format!("kill -{name} {}", child.id());
    let status = Command::new("sh").args(["-c", &command]).status().unwrap();
    assert!(status.success(), "{command}");
}

fn length(ledger: &Path) -> u64 {
    std::fs::metadata(first_segment(ledger)).map_or(0, |file| file.len())
}

/// Interrupts a run between its first and its last cycle.
fn interrupted(scenario: &Scenario) -> Ran {
    for bytes in TRIES {
        let ledger = scenario.ledger();
        let mut child = begin(&scenario.path(), &ledger);
        wait_until(&mut child, || length(&ledger) >= bytes);
        signal(&child, "INT");
        let ran = Ran::of(child.wait_with_output().unwrap());
        if ran.code != Some(0) {
            return ran;
        }
        std::fs::remove_dir_all(&ledger).unwrap();
    }
    panic!("every signal came after the last cycle");
}

#[test]
fn ctrl_c_ends_after_a_cycle_and_the_same_command_goes_on() {
    let scenario = Scenario::stocks(CYCLES);
    let ledger = scenario.ledger();
    let ran = interrupted(&scenario).exits(130);
    assert!(
        ran.stderr.contains("the same command goes on from there"),
        "{ran:#?}"
    );
    let verified = on("verify", &ledger).exits(0);
    assert!(verified.stdout.starts_with("COMPLETE"), "{verified:#?}");
    let done = seals(&ledger).len();
    assert!(0 < done && done < CYCLES, "{done}");
    let told = format!("Interrupted after {done} of {CYCLES} cycles");
    assert!(ran.stderr.contains(&told), "{told}: {ran:#?}");

    cycle("backtest", &scenario.path(), &ledger).exits(0);
    let whole = scenario.beside("whole");
    cycle("backtest", &scenario.path(), &whole).exits(0);
    assert_eq!(seals(&ledger), seals(&whole));
    assert_eq!(seals(&whole).len(), CYCLES);
    let replayed = on("replay", &ledger).exits(0);
    assert!(replayed.stdout.starts_with("ZERO DRIFT"), "{replayed:#?}");
}

/// Nothing is left to do, so nothing is written.
#[test]
fn a_finished_history_run_again_changes_nothing() {
    let scenario = Scenario::golden("quickstart");
    let ledger = scenario.ledger();
    cycle("backtest", &scenario.path(), &ledger).exits(0);
    let before = files(&ledger);
    cycle("backtest", &scenario.path(), &ledger).exits(0);
    assert_eq!(files(&ledger), before);
}

/// A killed process: what is there is whole or INCOMPLETE, at whatever moment it came, and goes on.
#[test]
fn a_kill_leaves_a_ledger_that_goes_on() {
    let scenario = Scenario::stocks(CYCLES);
    let ledger = scenario.ledger();
    let mut cut = 0;
    for bytes in [0, 1, 400_000] {
        let mut child = begin(&scenario.path(), &ledger);
        wait_until(&mut child, || {
            ledger.join("head").exists() && length(&ledger) >= bytes
        });
        child.kill().unwrap();
        let ended = child.wait_with_output().unwrap();
        cut += u32::from(ended.status.code().is_none());
        let before = whole_lines(&ledger);
        let verified = on("verify", &ledger);
        let begun = before.iter().any(|line| line.contains("\"genesis\""));
        let expected = if begun { [0, 6] } else { [6, 6] };
        let is_legal = verified.code.is_some_and(|code| expected.contains(&code));
        assert!(is_legal, "{bytes}: {verified:#?}");
        cycle("backtest", &scenario.path(), &ledger).exits(0);
        let after = whole_lines(&ledger);
        assert_eq!(after[..before.len()], before, "nothing is lost");
        let cycles = after
            .iter()
            .filter(|line| line.contains("\"kind\":\"cycle\""));
        assert_eq!(cycles.count(), CYCLES);
        on("replay", &ledger).exits(0);
        std::fs::remove_dir_all(&ledger).unwrap();
    }
    assert!(cut > 0, "every process ended before it was killed");
}

/// The lines of all segments that have a line feed; none where there is no ledger yet.
fn whole_lines(ledger: &Path) -> Vec<String> {
    let segments = files(ledger).into_iter();
    let segments = segments.filter(|(name, _)| name.ends_with(".ledger"));
    let texts = segments.map(|(_, bytes)| String::from_utf8(bytes).unwrap());
    let whole = |text: String| {
        let lines = text
            .split_inclusive('\n')
            .filter(|line| line.ends_with('\n'));
        lines.map(str::to_owned).collect::<Vec<_>>()
    };
    texts.flat_map(whole).collect()
}
