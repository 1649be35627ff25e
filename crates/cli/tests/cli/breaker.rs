//! The kill switch, the status and the signed reset, from outside the process.

use std::path::{Path, PathBuf};
use std::process::{Child, Command};
use std::time::Duration;

use serde_json::Value;

use crate::ledger::{first_segment, of_kind};
use crate::scenario::Scenario;
use crate::support::{Ran, cycle, ios012, on, run, spawn};

/// Every order stays open at the broker.
const REST: &str = r#"{"schema":"ios012.paper_script.v1","rules":[{"action":"rest"}]}"#;
/// The broker answers nothing.
const HANG: &str = r#"{"schema":"ios012.paper_script.v1","rules":[{"action":"hang"}]}"#;

fn one_cycle(script: Option<&str>) -> Scenario {
    let scenario = Scenario::golden("one-cycle");
    if let Some(script) = script {
        scenario.write("broker.json", script);
    }
    scenario
}

/// A run whose first order is at the broker.
fn begun(scenario: &Scenario, ledger: &Path) -> Child {
    let mut command = ios012(["run", "--ledger"]);
    let mut child = spawn(command.arg(ledger).arg(scenario.path()));
    let is_sent = || {
        let text = std::fs::read_to_string(first_segment(ledger)).unwrap_or_default();
        text.contains(r#""kind":"order""#)
    };
    while !is_sent() && child.try_wait().unwrap().is_none() {
        std::thread::sleep(Duration::from_millis(1));
    }
    child
}

fn trip(ledger: &Path, level: &str) -> Ran {
    let mut command = ios012([
        "breaker",
        "trip",
        "--reason",
        "fire_drill",
        "--evidence",
        "a test",
    ]);
    command.args(["--level", level]).arg(ledger);
    Ran::of(command.output().unwrap())
}

fn status(ledger: &Path) -> Value {
    let mut command = ios012(["breaker", "status", "--json"]);
    Ran::of(command.arg(ledger).output().unwrap())
        .exits(0)
        .object()
}

/// Open orders are cancelled, the cycle is sealed as aborted, people are told once, and what holds
/// is latched: the next run only reduces.
#[test]
fn a_trip_from_another_process_stops_a_running_engine() {
    let scenario = one_cycle(Some(REST));
    let ledger = scenario.ledger();
    let child = begun(&scenario, &ledger);
    trip(&ledger, "reduce-only").exits(0);
    let ran = Ran::of(child.wait_with_output().unwrap()).exits(4);
    let alerts: Vec<_> = ran
        .stderr
        .lines()
        .filter(|line| line.contains("\"alert\":\"operator:"))
        .collect();
    assert_eq!(
        alerts,
        [r#"{"action":"reduce_only","alert":"operator:fire_drill","level":"RED"}"#]
    );
    assert!(!ledger.join("trip").exists(), "it is on the ledger");
    on("verify", &ledger).exits(0);
    on("replay", &ledger).exits(0);
    let outcomes = of_kind(&ledger, "outcome");
    let cancelled = outcomes
        .iter()
        .filter(|outcome| outcome["state"] == "cancelled");
    assert_eq!(cancelled.count(), of_kind(&ledger, "order").len());
    let told = status(&ledger);
    assert_eq!(told["level"], "RED");
    assert_eq!(told["red_action"], "reduce_only");
    assert_eq!(told["reset"]["to"], "ORANGE");
    assert_eq!(
        told["causes"][0]["cause"],
        "operator:fire_drill reduce_only"
    );
    assert_eq!(told["trip_pending"], false);
}

/// The broker's call never returns. The trip is on the ledger within the broker's time, and a higher one that comes
/// after it too. The ledger says INCOMPLETE: what became of the order is not known, and nobody calls it closed.
#[test]
fn a_hanging_broker_does_not_hold_the_kill_switch() {
    let scenario = one_cycle(Some(HANG));
    let ledger = scenario.ledger();
    let mut child = begun(&scenario, &ledger);
    for (trips, level) in [(1, "reduce-only"), (2, "halt")] {
        trip(&ledger, level).exits(0);
        let is_recorded = || {
            let text = std::fs::read_to_string(first_segment(&ledger)).unwrap();
            text.matches(r#""breaker":"operator""#).count() == trips
        };
        // Long before the program gives up on the broker, which takes five seconds.
        for _ in 0..2_000 {
            if is_recorded() || child.try_wait().unwrap().is_some() {
                break;
            }
            std::thread::sleep(Duration::from_millis(1));
        }
        assert!(is_recorded(), "{level}");
    }
    let ran = Ran::of(child.wait_with_output().unwrap()).exits(6);
    assert!(
        ran.stderr.contains("has not confirmed the end of 1 orders"),
        "{ran:#?}"
    );
    let alerts: Vec<_> = ran
        .stderr
        .lines()
        .filter(|line| line.contains("\"alert\":\"operator:"))
        .collect();
    assert_eq!(
        alerts,
        [
            r#"{"action":"reduce_only","alert":"operator:fire_drill","level":"RED"}"#,
            r#"{"action":"halt","alert":"operator:fire_drill","level":"BLACK"}"#,
        ]
    );
    on("verify", &ledger).exits(6);
    assert_eq!(status(&ledger)["level"], "BLACK");
}

/// Where no file can be written, a signal stops.
#[test]
fn a_signal_stops_like_a_trip_file() {
    let scenario = one_cycle(Some(REST));
    let ledger = scenario.ledger();
    let child = begun(&scenario, &ledger);
    let kill = format!("kill -USR1 {}", child.id());
    assert!(
        Command::new("sh")
            .args(["-c", &kill])
            .status()
            .unwrap()
            .success()
    );
    Ran::of(child.wait_with_output().unwrap()).exits(4);
    let trips = of_kind(&ledger, "breaker");
    let ordered: Vec<_> = trips
        .iter()
        .filter(|trip| trip["breaker"] == "operator")
        .collect();
    assert_eq!(ordered.len(), 1);
    assert_eq!(ordered[0]["cause"], "signal");
    on("verify", &ledger).exits(0);
}

/// A trip file that nobody can read stops all the same.
#[test]
fn a_trip_file_of_another_form_stops_too() {
    let scenario = one_cycle(None);
    let ledger = scenario.ledger();
    std::fs::create_dir(&ledger).unwrap();
    std::fs::write(ledger.join("trip"), "stop!").unwrap();
    let ran = cycle("run", &scenario.path(), &ledger).exits(0);
    assert!(
        ran.stderr.contains("operator:trip_file_unreadable"),
        "{ran:#?}"
    );
    let breakers = of_kind(&ledger, "breaker");
    assert_eq!(breakers[0]["level"], "RED");
    let orders = of_kind(&ledger, "order");
    assert!(
        orders.iter().all(|order| order["side"] == "sell"),
        "only reductions"
    );
}

/// A trip to cash needs no mandate: the next run takes what is held to cash, and later ones too.
#[test]
fn a_trip_to_cash_runs_without_a_mandate() {
    let scenario = one_cycle(None);
    let ledger = scenario.ledger();
    cycle("run", &scenario.path(), &ledger).exits(0);
    let mandate = scenario.file("mandate.json");
    std::fs::remove_file(&mandate).unwrap();
    let later = |from: &str, to: &str| {
        let text = scenario.read("market.json").replace(from, to);
        scenario.write("market.json", &text);
    };
    later("2026-11-20T21:00:00.000Z", "2026-11-21T21:00:00.000Z");
    let ran = cycle("run", &scenario.path(), &ledger).exits(3);
    assert!(
        ran.stderr.contains("no breaker of this portfolio unwinds"),
        "{ran:#?}"
    );
    trip(&ledger, "to-cash").exits(0);
    cycle("run", &scenario.path(), &ledger).exits(0);
    let cycles = of_kind(&ledger, "cycle");
    assert_eq!(cycles[1]["mandate_hash"], Value::Null);
    let sold = of_kind(&ledger, "order")
        .iter()
        .filter(|order| order["side"] == "sell")
        .count();
    assert!(sold > 0);
    on("verify", &ledger).exits(0);
    on("replay", &ledger).exits(0);
}

/// Officers with keys of `ssh-keygen`, and the roles file that gives them their rights.
struct Fund {
    folder: PathBuf,
}

impl Fund {
    fn make(folder: PathBuf) -> Self {
        std::fs::create_dir(&folder).unwrap();
        let mut persons = Vec::new();
        for (person, role) in [("officer-b", "VEGA"), ("officer-c", "STIG")] {
            let key = folder.join(person);
            let mut keygen = Command::new("ssh-keygen");
            keygen
                .args(["-q", "-t", "ed25519", "-N", "", "-C", "", "-f"])
                .arg(&key);
            assert!(keygen.status().expect("ssh-keygen starts").success());
            let public = std::fs::read_to_string(folder.join(format!("{person}.pub"))).unwrap();
            let public = public.trim();
            let period = r#""valid_from":"2026-01-01T00:00:00.000Z","valid_until":"2126-01-01T00:00:00.000Z""#;
            persons.push(format!(
                r#"{{"person_id":"{person}","roles":["{role}"],"may":["tighten","loosen_yellow","loosen_orange","loosen_red"],
                "keys":[{{"public_key":"{public}",{period}}}],{period}}}"#
            ));
        }
        persons.push(
            r#"{"person_id":"officer-a","roles":["CEO"],"may":["loosen_black"],"keys":[],
            "valid_from":"2026-01-01T00:00:00.000Z","valid_until":"2126-01-01T00:00:00.000Z"}"#
                .to_owned(),
        );
        let thresholds: Vec<_> = [
            ("tighten", 1),
            ("loosen_yellow", 1),
            ("loosen_orange", 1),
            ("loosen_red", 2),
            ("loosen_black", 1),
        ]
        .map(|(action, persons)| format!(r#"{{"action":"{action}","persons":"{persons}"}}"#))
        .to_vec();
        let roles = format!(
            r#"{{"schema":"ios012.roles.v1","persons":[{}],"thresholds":[{}]}}"#,
            persons.join(","),
            thresholds.join(",")
        );
        std::fs::write(folder.join("roles.json"), roles).unwrap();
        Self { folder }
    }

    /// Signs a command as each of these officers.
    fn sign(&self, command: &str, officers: &[&str]) -> (PathBuf, Vec<PathBuf>) {
        let path = self.folder.join("command.json");
        std::fs::write(&path, command).unwrap();
        let sign = |officer: &&str| {
            let made = self.folder.join("command.json.sig");
            let _ = std::fs::remove_file(&made);
            let mut keygen = Command::new("ssh-keygen");
            keygen.args(["-q", "-Y", "sign", "-n", "command@ios-012", "-f"]);
            keygen.arg(self.folder.join(officer)).arg(&path);
            assert!(keygen.status().expect("ssh-keygen starts").success());
            let kept = self.folder.join(format!("{officer}.sig"));
            std::fs::rename(made, &kept).unwrap();
            kept
        };
        let signatures = officers.iter().map(sign).collect();
        (path, signatures)
    }
}

fn draft(ledger: &Path, to: &str) -> String {
    let mut command = ios012(["breaker", "draft", "--to", to, "--issuer", "officer-b"]);
    command.args(["--reason", "drill_over", "--evidence", "the drill is over"]);
    Ran::of(command.arg(ledger).output().unwrap())
        .exits(0)
        .stdout
}

fn reset(scenario: &Scenario, fund: &Fund, command: &str, officers: &[&str]) -> Ran {
    let (path, signatures) = fund.sign(command, officers);
    let mut program = ios012(["breaker", "reset", "--ledger"]);
    program.arg(scenario.ledger()).arg(scenario.path());
    program.arg("--roles").arg(fund.folder.join("roles.json"));
    program.arg("--command").arg(path);
    for signature in signatures {
        program.arg("--signature").arg(signature);
    }
    Ran::of(program.output().unwrap())
}

/// From RED down: not without a pinned roles file, not by one officer, not before the cool-down, not
/// by a command for another record; by two officers, one step, and a replay judges it again.
#[test]
fn only_officers_lower_the_level_and_the_ledger_keeps_how() {
    let scenario = one_cycle(None);
    let ledger = scenario.ledger();
    let fund = Fund::make(scenario.beside("fund"));
    cycle("run", &scenario.path(), &ledger).exits(0);
    trip(&ledger, "reduce-only").exits(0);
    let market = scenario.read("market.json");
    let refused = cycle("run", &scenario.path(), &ledger).exits(3);
    assert!(
        refused.stderr.contains("operator:fire_drill"),
        "{refused:#?}"
    );
    assert_eq!(market, scenario.read("market.json"));
    let command = draft(&ledger, "ORANGE");

    let both = ["officer-b", "officer-c"];
    let unpinned = reset(&scenario, &fund, &command, &both).exits(3);
    assert!(unpinned.stderr.contains("pins none"), "{unpinned:#?}");
    let hash = unpinned.stderr.split("has the hash ").nth(1).unwrap();
    let hash = hash.split(',').next().unwrap();
    scenario.replace(
        "scenario.json",
        r#""policy": {"#,
        &format!(r#""policy": {{ "roles_sha256": "{hash}","#),
    );
    let one = reset(&scenario, &fund, &command, &["officer-b"]).exits(3);
    assert!(
        one.stderr.contains("loosen_red needs 2 persons"),
        "{one:#?}"
    );
    let early = reset(&scenario, &fund, &command, &both).exits(3);
    assert!(early.stderr.contains("does not allow it now"), "{early:#?}");
    let steps = of_kind(&ledger, "governance");
    let fact = |step: &Value, name: &str| {
        let facts = step["evidence"].as_array().unwrap();
        let found = facts.iter().find(|fact| fact["name"] == name);
        found.map(|fact| fact["value"].as_str().unwrap().to_owned())
    };
    assert_eq!(steps[0]["event"], "refused");
    assert_eq!(
        fact(&steps[0], "refused").as_deref(),
        Some("loosen_cool_down")
    );
    assert_eq!(status(&ledger)["level"], "RED");

    on("verify", &ledger).exits(0);
    on("replay", &ledger).exits(0);
}

/// The whole way down from RED, one step at a time, in a portfolio whose trips are long past.
#[test]
fn the_level_comes_down_one_step_at_a_time() {
    let scenario = one_cycle(None);
    let ledger = scenario.ledger();
    let fund = Fund::make(scenario.beside("fund"));
    std::fs::create_dir(&ledger).unwrap();
    std::fs::write(
        ledger.join("trip"),
        r#"{"at":"2026-01-05T00:00:00.000Z","evidence":"old","level":"RED","reason":"old_drill","red_action":"to_cash","schema":"ios012.stop.v1"}"#,
    )
    .unwrap();
    cycle("run", &scenario.path(), &ledger).exits(0);
    let probe = reset(&scenario, &fund, &draft(&ledger, "ORANGE"), &["officer-b"]).exits(3);
    let hash = probe.stderr.split("has the hash ").nth(1).unwrap();
    let hash = hash.split(',').next().unwrap();
    scenario.replace(
        "scenario.json",
        r#""policy": {"#,
        &format!(r#""policy": {{ "roles_sha256": "{hash}","#),
    );
    let command = draft(&ledger, "ORANGE");
    let done = reset(&scenario, &fund, &command, &["officer-b", "officer-c"]).exits(0);
    assert_eq!(done.stdout.trim(), "ORANGE");
    let again = reset(&scenario, &fund, &command, &["officer-b", "officer-c"]).exits(3);
    assert!(
        again.stderr.contains("does not allow it now"),
        "no command twice: {again:#?}"
    );
    let next = reset(&scenario, &fund, &draft(&ledger, "YELLOW"), &["officer-b"]).exits(3);
    assert!(
        next.stderr.contains("does not allow it now"),
        "cool-down: {next:#?}"
    );
    let steps = of_kind(&ledger, "governance");
    let events: Vec<_> = steps
        .iter()
        .map(|step| step["event"].as_str().unwrap())
        .collect();
    assert_eq!(events, ["loosened", "refused", "refused"]);
    on("verify", &ledger).exits(0);
    let replayed = on("replay", &ledger).exits(0);
    assert!(replayed.stdout.starts_with("ZERO DRIFT"), "{replayed:#?}");
    assert_eq!(status(&ledger)["level"], "ORANGE");
    assert!(
        run(["breaker", "--help"])
            .exits(0)
            .stdout
            .contains("status")
    );
}
