//! A decision is proven to somebody who has the proof and the key, and nothing else.

use std::path::PathBuf;

use crate::checkpoint::{begun, sign};
use crate::ledger::of_kind;
use crate::scenario::Scenario;
use crate::support::{Ran, cycle, ios012, run};

fn prove(scenario: &Scenario, key: &str, what: &[&str], out: &str) -> (Ran, PathBuf) {
    let out = scenario.beside(out);
    let mut command = ios012(["prove", "--verifier-key", key, "--out"]);
    command.arg(&out).arg(scenario.ledger()).args(what);
    (Ran::of(command.output().unwrap()), out)
}

#[test]
fn a_decision_is_proven_without_its_ledger() {
    let (scenario, key) = begun("run", "one-cycle");
    sign(&scenario).exits(0);
    let (made, file) = prove(&scenario, &key, &["1", "BBB"], "bbb.tlog-proof");
    let made = made.exits(0);
    let decisions = of_kind(&scenario.ledger(), "decision");
    let decision = decisions.iter().find(|row| row["asset_id"] == "BBB");
    let decision = decision.unwrap().clone();
    std::fs::remove_dir_all(scenario.ledger()).unwrap();

    let file = file.to_str().unwrap();
    let checked = run(["verify-proof", file, "--verifier-key", &key]).exits(0);
    assert_eq!(checked.stdout, made.stdout + "  UNWITNESSED\n");
    let seq = decision["seq"].as_str().unwrap();
    let says =
        format!("PROVEN: fund.example/stocks has signed this as record {seq} of its first 18\n");
    assert!(checked.stdout.starts_with(&says), "{checked:#?}");
    for member in ["target_exposure", "allowed_exposure", "lineage_hash"] {
        let value = decision[member].as_str().unwrap();
        assert!(checked.stdout.contains(value), "{member}: {checked:#?}");
    }
    let object = run(["verify-proof", "--json", file, "--verifier-key", &key]);
    let object = object.exits(0).object();
    let record: serde_json::Value =
        serde_json::from_str(object["record"].as_str().unwrap()).unwrap();
    assert_eq!(record, decision);
    assert_eq!(
        (&object["index"], &object["records"]),
        (&decision["seq"], &"18".into())
    );

    // Another key of the same name, a changed record, no text, no file.
    let mut command = ios012(["checkpoint", "new-key", "fund.example/stocks", "--key"]);
    let other = command.arg(scenario.beside("other")).output().unwrap();
    let other = Ran::of(other).exits(0).stdout;
    let ran = run(["verify-proof", file, "--verifier-key", other.trim()]).exits(5);
    assert!(ran.stderr.contains("the key has not signed it"), "{ran:#?}");
    let good = std::fs::read_to_string(file).unwrap();
    let bad = good.replacen("index ", "index 1", 1);
    std::fs::write(file, bad).unwrap();
    let ran = run(["verify-proof", file, "--verifier-key", &key]).exits(5);
    assert!(
        ran.stderr.contains("does not lead to the signed root"),
        "{ran:#?}"
    );
    std::fs::write(file, [0xff]).unwrap();
    run(["verify-proof", file, "--verifier-key", &key]).exits(5);
    std::fs::remove_file(file).unwrap();
    run(["verify-proof", file, "--verifier-key", &key]).exits(7);
    run([
        "verify-proof",
        file,
        "--verifier-key",
        "fund.example/stocks",
    ])
    .exits(2);
}

/// What is not there, not signed, or not the ledger's is not proven, and nothing is written.
#[test]
fn nothing_is_proven_that_was_not_signed() {
    let (scenario, key) = begun("run", "one-cycle");
    let refused = |what: &[&str], code, says: &str| {
        let (ran, file) = prove(&scenario, &key, what, "none");
        let ran = ran.exits(code);
        assert!(ran.stderr.contains(says), "{ran:#?}");
        assert!(!file.exists());
    };
    refused(&["1", "AAA"], 2, "has no checkpoint: sign one");
    let signed = sign(&scenario).exits(0).stdout;
    refused(&["1", "ZZZ"], 2, "it decided on AAA");
    refused(&["9", "AAA"], 2, "there is no cycle 9");
    refused(
        &["1", "AAA", "--transition", "1"],
        2,
        "the transitions 0 to 0",
    );

    // A checkpoint that was kept before the cycle.
    let segment = scenario.ledger().join("000001.ledger");
    let text = std::fs::read_to_string(&segment).unwrap();
    let changed = text.replacen("\"USD\"", "\"EUR\"", 1);
    let hashed = |line: &str| format!("{} {}\n", ios012_lineage::sha256(line.as_bytes()), line);
    let first = hashed(&changed.lines().next().unwrap()[65..]);
    let end = changed.find('\n').unwrap() + 1;
    std::fs::write(&segment, first + &changed[end..]).unwrap();
    refused(&["1", "AAA"], 5, "");
    std::fs::write(&segment, text).unwrap();
    let (_, file) = prove(&scenario, &key, &["1", "AAA"], "a");
    let proof = std::fs::read(&file).unwrap();
    // A proof is not overwritten.
    let (again, _) = prove(&scenario, &key, &["1", "BBB"], "a");
    again.exits(7);
    assert_eq!(std::fs::read(&file).unwrap(), proof);

    // A kept checkpoint proves what it covers.
    let kept = scenario.beside("kept");
    std::fs::write(&kept, signed).unwrap();
    std::fs::remove_file(scenario.ledger().join("checkpoint")).unwrap();
    let kept = kept.to_str().unwrap();
    let (ran, _) = prove(&scenario, &key, &["1", "BBB", "--checkpoint", kept], "b");
    ran.exits(0);
}

/// An unwinding moves an asset more than once: which move is proven is asked for.
#[test]
fn each_move_of_an_asset_has_its_own_proof() {
    let (scenario, key) = begun("run", "one-cycle");
    let ledger = scenario.ledger();
    // What was bought in one step goes in several.
    let constraints = scenario.read("constraints.json");
    let narrow = constraints.replace(
        r#""max_delta_exposure": "0.3""#,
        r#""max_delta_exposure": "0.1""#,
    );
    assert_ne!(narrow, constraints);
    scenario.write("constraints.json", &narrow);
    let market = scenario.read("market.json");
    let later = market.replace("2026-11-20T21:00:00.000Z", "2026-11-21T21:00:00.000Z");
    scenario.write("market.json", &later);
    let trip = [
        "breaker",
        "trip",
        "--level",
        "to-cash",
        "--reason",
        "drill",
        "--evidence",
        "x",
    ];
    let mut command = ios012(trip);
    Ran::of(command.arg(&ledger).output().unwrap()).exits(0);
    cycle("run", &scenario.path(), &ledger).exits(0);
    sign(&scenario).exits(0);
    let decisions = of_kind(&ledger, "decision").into_iter();
    let mut moved = decisions.filter(|row| row["metadata"]["transition"] == "1");
    let asset = moved.next_back().unwrap()["asset_id"]
        .as_str()
        .unwrap()
        .to_owned();
    let (ran, _) = prove(&scenario, &key, &["2", &asset], "which");
    let ran = ran.exits(2);
    assert!(
        ran.stderr.contains("name one with --transition"),
        "{ran:#?}"
    );
    for transition in ["0", "1"] {
        let what = ["2", &asset, "--transition", transition];
        let (ran, _) = prove(&scenario, &key, &what, transition);
        let told = format!("Transition      {transition}\n");
        assert!(ran.exits(0).stdout.contains(&told));
    }
}
