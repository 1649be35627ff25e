//! Exit code 7: a file cannot be read or written, and what was on disk before stays good.

use std::os::unix::fs::symlink;
use std::process::Command;

use crate::ledger::first_segment;
use crate::scenario::{Scenario, copy_tables};
use crate::support::{Ran, cycle, files, on, run};

#[test]
fn paths_that_are_not_what_they_must_be() {
    let scenario = Scenario::golden("quickstart");
    let file = scenario.beside("file");
    std::fs::write(&file, "kept").unwrap();
    let missing = scenario.beside("missing");

    cycle("backtest", &scenario.path(), &file).exits(7);
    cycle("backtest", &scenario.path(), &file.join("below")).exits(7);
    cycle("run", &Scenario::golden("one-cycle").path(), &file).exits(7);
    run(["init", &file.join("below").to_string_lossy()]).exits(7);
    run(["schema", "--all", &file.to_string_lossy()]).exits(7);
    for command in ["verify", "replay", "report"] {
        for path in [&file, &missing] {
            let ran = on(command, path).exits(7);
            assert!(
                ran.stderr.contains("is not a directory"),
                "{command}: {ran:#?}"
            );
        }
    }
    run(["explain", &missing.to_string_lossy(), "1", "KO"]).exits(7);
    assert_eq!(std::fs::read_to_string(&file).unwrap(), "kept");
    assert!(!missing.exists());
}

/// A directory in the place of a file can be read by nobody, root included.
#[test]
fn files_that_cannot_be_read() {
    let scenario = Scenario::golden("quickstart");
    cycle("backtest", &scenario.path(), &scenario.ledger()).exits(0);
    for name in ["head", "documents.pack", "000001.ledger"] {
        let file = scenario.ledger().join(name);
        let bytes = std::fs::read(&file).unwrap();
        std::fs::remove_file(&file).unwrap();
        std::fs::create_dir(&file).unwrap();
        let ran = on("verify", &scenario.ledger()).exits(7);
        assert!(ran.stderr.contains(name), "{name}: {ran:#?}");
        std::fs::remove_dir(&file).unwrap();
        std::fs::write(&file, bytes).unwrap();
    }
    on("verify", &scenario.ledger()).exits(0);

    std::fs::remove_file(scenario.file("prices.csv")).unwrap();
    std::fs::create_dir(scenario.file("prices.csv")).unwrap();
    let ran = cycle("backtest", &scenario.path(), &scenario.beside("new")).exits(7);
    assert!(ran.stderr.contains("prices.csv"), "{ran:#?}");
    assert!(!scenario.beside("new").exists());
}

#[test]
fn a_ledger_has_one_writer() {
    let scenario = Scenario::golden("quickstart");
    let ledger = scenario.ledger();
    cycle("backtest", &scenario.path(), &ledger).exits(0);
    let before = files(&ledger);
    let lock = std::fs::File::options()
        .append(true)
        .open(ledger.join("lock"))
        .unwrap();
    lock.lock().unwrap();
    let ran = cycle("backtest", &scenario.path(), &ledger).exits(7);
    assert!(ran.stderr.contains("locked"), "{ran:#?}");
    let alert = r#"{"action":"halt","alert":"split_brain:second_writer","level":"BLACK"}"#;
    assert_eq!(ran.stderr.lines().filter(|line| *line == alert).count(), 1);
    on("verify", &ledger).exits(0);
    drop(lock);
    assert_eq!(files(&ledger), before);
    cycle("backtest", &scenario.path(), &ledger).exits(0);
}

/// The system takes the first part of a write and refuses the rest, as a disk does that becomes
/// full. Here it is the largest file size that stops the writer, which needs no rights.
#[test]
fn a_write_that_is_cut_off_is_an_error_and_leaves_what_verifies() {
    let scenario = Scenario::stocks(60);
    let ledger = scenario.ledger();
    for blocks in ["0", "1", "300", "1000"] {
        let limited = "trap '' XFSZ; ulimit -f \"$1\"; shift; exec \"$@\"";
        let output = Command::new("sh")
            .args(["-c", limited, "sh", blocks])
            .args([env!("CARGO_BIN_EXE_ios012"), "backtest"])
            .arg(scenario.path())
            .args(["--sync-cycles", "5", "--ledger"])
            .arg(&ledger)
            .output()
            .unwrap();
        let ran = Ran::of(output).exits(7);
        assert!(ran.stderr.contains("cannot write"), "{blocks}: {ran:#?}");
        if ledger.join("head").exists() {
            is_whole_or_incomplete(&on("verify", &ledger));
        }
        std::fs::remove_dir_all(&ledger).unwrap();
    }
}

/// `/dev/full` in the place of the next head answers every write with ENOSPC.
#[test]
fn a_full_disk_while_a_ledger_goes_on_loses_nothing() {
    let scenario = Scenario::stocks(20);
    let ledger = scenario.ledger();
    cycle("backtest", &scenario.path(), &ledger).exits(0);
    let before = std::fs::read(first_segment(&ledger)).unwrap();
    copy_tables(&Scenario::stocks(40), &scenario.path());
    let next = ledger.join("head.next");
    symlink("/dev/full", &next).unwrap();
    let ran = cycle("backtest", &scenario.path(), &ledger).exits(7);
    assert!(ran.stderr.contains("No space left on device"), "{ran:#?}");
    is_whole_or_incomplete(&on("verify", &ledger));
    assert_eq!(std::fs::read(first_segment(&ledger)).unwrap(), before);

    std::fs::remove_file(&next).unwrap();
    cycle("backtest", &scenario.path(), &ledger).exits(0);
    on("replay", &ledger).exits(0);
}

#[track_caller]
fn is_whole_or_incomplete(verified: &Ran) {
    assert!(matches!(verified.code, Some(0 | 6)), "{verified:#?}");
}
