//! With `--json` every command prints exactly one JSON object on standard output, whether it ends
//! well or not.

use std::ffi::{OsStr, OsString};
use std::path::Path;

use serde_json::Value;

use crate::ledger::{keep_records, records};
use crate::scenario::Scenario;
use crate::support::{golden, run};

fn json(code: i32, arguments: &[&dyn AsRef<OsStr>]) -> Value {
    let arguments = arguments
        .iter()
        .map(|argument| argument.as_ref().to_owned());
    let ran = run(arguments.chain([OsString::from("--json")])).exits(code);
    ran.object()
}

/// What every failure says.
#[track_caller]
fn fails(code: i32, arguments: &[&dyn AsRef<OsStr>]) {
    let object = json(code, arguments);
    assert_eq!(object["exit_code"], code.to_string(), "{object}");
    assert!(
        !object["error"].as_str().unwrap_or("").is_empty(),
        "{object}"
    );
}

#[test]
fn every_command_that_ends_well_prints_one_object() {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name);
    let (history, one, ledger) = (at("history"), at("one"), at("ledger"));

    assert_eq!(
        json(0, &[&"init", &history])["files"]
            .as_array()
            .unwrap()
            .len(),
        5
    );
    json(0, &[&"backtest", &history, &"--ledger", &ledger]);
    json(
        0,
        &[
            &"backtest",
            &history,
            &"--ledger",
            &at("unread"),
            &"--no-verify",
        ],
    );
    let ran = json(0, &[&"run", &golden("one-cycle"), &"--ledger", &one]);
    let verified = json(0, &[&"verify", &one]);
    assert_eq!(ran["head"], verified["head"]);
    assert_eq!(ran["outcome"], "executed");
    assert_eq!(verified["status"], "complete");
    assert_eq!(verified["records"], records(&one).len().to_string());
    let replayed = json(0, &[&"replay", &ledger]);
    assert_eq!(replayed["difference"], Value::Null);
    assert_eq!(replayed["cycles"], "12");
    json(0, &[&"report", &ledger]);
    json(0, &[&"explain", &ledger, &"12", &"KO"]);
    assert_eq!(json(0, &[&"schema", &"mandate"])["type"], "object");
    json(0, &[&"schema", &"--all", &at("schemas")]);
}

#[test]
fn every_command_that_fails_prints_one_object() {
    let scenario = Scenario::golden("quickstart");
    let (folder, ledger) = (scenario.path(), scenario.ledger());
    let missing = scenario.beside("missing");
    json(0, &[&"backtest", &folder, &"--ledger", &ledger]);

    for command in ["verify", "replay", "report"] {
        fails(7, &[&command, &missing]);
    }
    fails(7, &[&"explain", &missing, &"1", &"KO"]);
    fails(2, &[&"explain", &ledger, &"13", &"KO"]);
    fails(2, &[&"explain", &ledger, &"12", &"MSFT"]);
    let key = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW";
    let prove = |cycle: &str, code| {
        let asked: [&dyn AsRef<OsStr>; 4] = [&"prove", &ledger, &cycle, &"KO"];
        let given: [&dyn AsRef<OsStr>; 4] = [&"--verifier-key", &key, &"--out", &missing];
        fails(code, &[asked, given].concat());
    };
    prove("13", 2);
    prove("12", 2);
    fails(7, &[&"verify-proof", &missing, &"--verifier-key", &key]);
    fails(
        5,
        &[
            &"verify-proof",
            &ledger.join("head"),
            &"--verifier-key",
            &key,
        ],
    );
    fails(2, &[&"init", &folder]);
    fails(2, &[&"schema", &"nothing"]);
    fails(2, &[&"backtest", &folder]);
    fails(
        3,
        &[&"backtest", &golden("one-cycle"), &"--ledger", &missing],
    );
    fails(3, &[&"run", &folder, &"--ledger", &missing]);
    assert!(!missing.exists());

    cut(&ledger);
    assert_eq!(json(6, &[&"verify", &ledger])["status"], "incomplete");
    json(6, &[&"replay", &ledger]);
    json(0, &[&"backtest", &folder, &"--ledger", &ledger]);
    assert_eq!(json(0, &[&"verify", &ledger])["status"], "complete");

    std::fs::write(ledger.join("head"), "damaged").unwrap();
    let failed = json(5, &[&"verify", &ledger]);
    assert_eq!(failed["status"], "failed");
    assert_eq!(failed["code"], "head_form");
    for command in ["verify", "replay"] {
        fails(5, &[&command, &ledger]);
    }
    json(5, &[&"report", &ledger]);
    fails(5, &[&"backtest", &folder, &"--ledger", &ledger]);
}

/// A cycle that ends otherwise is told by its outcome and by the exit code.
#[test]
fn refused_and_aborted_cycles_print_one_object() {
    let scenario = Scenario::golden("quickstart");
    scenario.set_price("2019-12-02", "KO", "93.1");
    json(
        4,
        &[
            &"backtest",
            &scenario.path(),
            &"--ledger",
            &scenario.ledger(),
        ],
    );

    let scenario = Scenario::golden("quickstart");
    scenario.replace("targets.csv", "2019-12-02,KO,0.19\n", "");
    json(
        3,
        &[
            &"backtest",
            &scenario.path(),
            &"--ledger",
            &scenario.ledger(),
        ],
    );

    let scenario = Scenario::golden("one-cycle");
    let score = "\"portfolio_shock_score\": ";
    scenario.replace(
        "market.json",
        &format!("{score}\"1\""),
        &format!("{score}\"5\""),
    );
    let ran = json(
        4,
        &[&"run", &scenario.path(), &"--ledger", &scenario.ledger()],
    );
    assert_eq!(ran["outcome"], "aborted");
}

/// Leaves the last cycle open.
fn cut(ledger: &Path) {
    let kinds = records(ledger);
    let inside = kinds.iter().rposition(|record| record["kind"] == "order");
    keep_records(ledger, inside.unwrap());
}
