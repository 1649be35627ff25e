//! What the level is called, and what may be drafted, where a crash left the ledger.

use std::path::Path;

use crate::ledger::{first_segment, forge, keep_records, lines, of_kind, records, rewrite};
use crate::scenario::Scenario;
use crate::support::{Ran, cycle, files, ios012, on};

const BREAKER: &str = "data_corruption:price_jump abort";

/// A history of which one cycle trips a breaker, in which nothing else happens.
fn tripped() -> Scenario {
    let scenario = Scenario::golden("quickstart");
    scenario.set_price("2019-12-02", "KO", "93.1");
    cycle("backtest", &scenario.path(), &scenario.ledger()).exits(4);
    scenario
}

/// The place of the trip.
fn trip(ledger: &Path) -> usize {
    let records = records(ledger).into_iter();
    let mut kinds = records.map(|record| record["kind"].clone());
    kinds.position(|kind| kind == "breaker").unwrap()
}

fn draft(ledger: &Path) -> Ran {
    let mut command = ios012(["breaker", "draft", "--to", "GREEN", "--issuer", "officer-b"]);
    command.args(["--reason", "looked_at", "--evidence", "a wrong price"]);
    Ran::of(command.arg(ledger).output().unwrap())
}

fn status(ledger: &Path, json: bool) -> Ran {
    let mut command = ios012(["breaker", "status"]);
    command.args(json.then_some("--json"));
    Ran::of(command.arg(ledger).output().unwrap())
}

/// The hash by which a command answers a record, from the ledger's own line.
fn hash_of(ledger: &Path, place: usize) -> String {
    lines(ledger)[place][..64].to_owned()
}

fn is_due(ledger: &Path) -> bool {
    status(ledger, true).exits(0).object()["recovery_due"] == true
}

/// Recovery writes the trip after its own record, so under another hash: a draft that names the one that is derived
/// now could never be carried out.
#[test]
fn nothing_is_drafted_against_a_trip_that_recovery_writes_anew() {
    let scenario = tripped();
    let ledger = scenario.ledger();
    let place = trip(&ledger);
    let never_written = hash_of(&ledger, place);
    keep_records(&ledger, place);
    let before = files(&ledger);
    let refused = draft(&ledger).exits(6);
    assert_eq!(refused.stdout, "", "there is nothing to sign");
    let name = ledger.display().to_string();
    assert!(refused.stderr.contains(&name), "{refused:#?}");
    assert!(refused.stderr.contains("ios012 run"), "{refused:#?}");
    assert_eq!(files(&ledger), before, "it is not touched");

    cycle("backtest", &scenario.path(), &ledger).exits(0);
    let written = hash_of(&ledger, trip(&ledger));
    assert_ne!(written, never_written);
    let drafted = draft(&ledger).exits(0).stdout;
    assert!(drafted.contains(&written), "{drafted}");
    assert!(!drafted.contains(&never_written), "{drafted}");
}

/// The level is the one that will hold, and what brings it about is told apart from what is on the ledger.
#[test]
fn the_status_says_what_a_crash_kept_from_the_ledger() {
    let scenario = tripped();
    let ledger = scenario.ledger();
    let place = trip(&ledger);
    let hash = hash_of(&ledger, place);
    let whole = status(&ledger, true).exits(0).object();
    assert_eq!(whole["recovery_due"], false);
    assert_eq!(whole["answers"], hash.as_str());
    assert_eq!(whole["causes"][0]["seq"], place.to_string());

    keep_records(&ledger, place);
    let told = status(&ledger, true).exits(0).object();
    assert_eq!(told["level"], "YELLOW");
    assert_eq!(told["recovery_due"], true);
    assert_eq!(told["answers"], serde_json::Value::Null);
    assert_eq!(told["causes"][0]["cause"], BREAKER);
    assert_eq!(told["causes"][0]["seq"], serde_json::Value::Null);
    assert_eq!(told["causes"].as_array().unwrap().len(), 1);
    let text = status(&ledger, false).exits(0).stdout;
    assert!(text.contains("due for recovery"), "{text}");
    assert!(text.contains("not recorded"), "{text}");
    assert!(!text.contains(&hash), "{text}");
    assert!(text.contains(&ledger.display().to_string()), "{text}");
}

/// An end that lost nothing of the level is due all the same, and its record to answer is on the ledger.
#[test]
fn a_trip_on_a_ledger_that_is_due_is_shown_and_not_drafted_against() {
    let scenario = tripped();
    let ledger = scenario.ledger();
    let place = trip(&ledger);
    let hash = hash_of(&ledger, place);
    keep_records(&ledger, place + 1);
    let told = status(&ledger, true).exits(0).object();
    assert_eq!(told["recovery_due"], true);
    assert_eq!(told["answers"], hash.as_str());
    assert_eq!(told["causes"][0]["seq"], place.to_string());
    draft(&ledger).exits(6);
}

/// A verifier calls both of these complete.
#[test]
fn what_a_crash_left_beside_whole_records_is_due_too() {
    let scenario = tripped();
    let ledger = scenario.ledger();
    draft(&ledger).exits(0);
    let records = lines(&ledger).len();
    for name in ["documents.pack", "000001.ledger"] {
        let aside = ledger.join(format!("{name}.torn-{records}"));
        std::fs::write(&aside, "torn").unwrap();
        on("verify", &ledger).exits(0);
        assert!(is_due(&ledger), "{name}");
        draft(&ledger).exits(6);
        std::fs::remove_file(aside).unwrap();
    }
    let reserve = ledger.join("halt.reserve");
    let room = std::fs::read(&reserve).unwrap();
    let mut said = b"ios012.halt.v1 sync 000001.ledger 9\n".to_vec();
    said.resize(512, 0);
    std::fs::write(&reserve, said).unwrap();
    on("verify", &ledger).exits(0);
    assert!(is_due(&ledger));
    draft(&ledger).exits(6);
    std::fs::write(&reserve, room).unwrap();
    assert!(!is_due(&ledger));
}

/// A level that is not what the records come to is nobody's to lower.
#[test]
fn a_ledger_that_does_not_replay_has_no_level_and_no_draft() {
    let scenario = tripped();
    let ledger = scenario.ledger();
    let mut forged = lines(&ledger);
    let decision = forged
        .iter()
        .rposition(|line| line.contains("\"kind\":\"decision\""))
        .unwrap();
    let cost = "\"transition_cost\":\"";
    forge(&mut forged, decision, cost, &format!("{cost}9"));
    rewrite(&ledger, &forged);
    on("verify", &ledger).exits(0);
    on("replay", &ledger).exits(5);
    for ran in [
        status(&ledger, true),
        status(&ledger, false),
        draft(&ledger),
    ] {
        let ran = ran.exits(5);
        assert!(!ran.stdout.contains("\"level\""), "{ran:#?}");
        let said = format!("{}{}", ran.stdout, ran.stderr);
        assert!(
            said.contains(&format!("record {decision} (decision)")),
            "{said}"
        );
    }
}

/// Nothing to draft against, and no defect of the program.
#[test]
fn a_ledger_without_a_record_has_no_level_yet() {
    let scenario = tripped();
    let ledger = scenario.ledger();
    std::fs::write(first_segment(&ledger), "").unwrap();
    std::fs::write(ledger.join("documents.pack"), "").unwrap();
    std::fs::write(ledger.join("head"), format!("0 {}\n", "0".repeat(64))).unwrap();
    assert!(of_kind(&ledger, "genesis").is_empty());
    on("verify", &ledger).exits(6);
    status(&ledger, true).exits(6);
    draft(&ledger).exits(6);
}
