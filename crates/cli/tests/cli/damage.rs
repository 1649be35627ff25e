//! Exit code 5, verification failed, and 6, incomplete.

use std::path::Path;

use crate::ledger::{first_segment, forge, keep_records, lines, records, rewrite};
use crate::scenario::Scenario;
use crate::support::{cycle, files, on, run};

/// A scenario and its ledger, of one segment.
fn example() -> Scenario {
    let scenario = Scenario::golden("quickstart");
    cycle("backtest", &scenario.path(), &scenario.ledger()).exits(0);
    scenario
}

fn flip_last_digit(file: &Path, text: &str) {
    let bytes = std::fs::read_to_string(file).unwrap();
    let place = bytes.rfind(text).expect("the text") + text.len();
    let mut bytes = bytes.into_bytes();
    bytes[place] = if bytes[place] == b'1' { b'2' } else { b'1' };
    std::fs::write(file, bytes).unwrap();
}

#[test]
fn one_flipped_byte_is_found_by_every_reader_and_stops_the_writer() {
    let scenario = example();
    let ledger = scenario.ledger();
    flip_last_digit(&first_segment(&ledger), "\"allowed_exposure\":\"0.");
    let before = files(&ledger);
    let ran = on("verify", &ledger).exits(5);
    assert!(ran.stderr.contains("000001.ledger line "), "{ran:#?}");
    assert!(ran.stderr.contains("record_hash"), "{ran:#?}");
    on("replay", &ledger).exits(5);
    on("report", &ledger).exits(5);
    run(["explain", &ledger.to_string_lossy(), "12", "XOM"]).exits(5);
    let ran = cycle("backtest", &scenario.path(), &ledger).exits(5);
    let alert = r#"{"action":"halt","alert":"lineage_mismatch:record_hash","level":"BLACK"}"#;
    assert_eq!(ran.stderr.lines().filter(|line| *line == alert).count(), 1);
    assert_eq!(files(&ledger), before);
}

#[test]
fn a_flipped_byte_in_a_document_is_found() {
    let scenario = example();
    let ledger = scenario.ledger();
    flip_last_digit(&ledger.join("documents.pack"), "\"target_exposure\":\"0.");
    let ran = on("verify", &ledger).exits(5);
    assert!(ran.stderr.contains("documents.pack"), "{ran:#?}");
}

/// Every hash fits again, so only the derivation can tell, or a head that somebody kept.
#[test]
fn a_forged_decision_with_a_whole_chain_is_found_by_replay_and_by_the_kept_head() {
    let scenario = example();
    let ledger = scenario.ledger();
    let head = std::fs::read_to_string(ledger.join("head")).unwrap();
    let (count, hash) = head.trim_end().split_once(' ').unwrap();
    let kept = |ledger: &Path| {
        run([
            "verify",
            &ledger.to_string_lossy(),
            "--records",
            count,
            "--head",
            hash,
        ])
    };
    let proven = kept(&ledger).exits(0);
    assert!(
        proven
            .stdout
            .contains(&format!("proven up to record {count}")),
        "{proven:#?}"
    );

    let mut lines = lines(&ledger);
    let decision = lines
        .iter()
        .rposition(|line| line.contains("\"kind\":\"decision\""))
        .unwrap();
    let cost = "\"transition_cost\":\"";
    forge(&mut lines, decision, cost, &format!("{cost}9"));
    rewrite(&ledger, &lines);

    on("verify", &ledger).exits(0);
    let ran = kept(&ledger).exits(5);
    assert!(ran.stderr.contains("tail_cut_or_rewritten"), "{ran:#?}");
    let ran = on("replay", &ledger).exits(5);
    assert!(
        ran.stdout
            .contains(&format!("DRIFT at record {decision} (decision)")),
        "{ran:#?}"
    );
    cycle("backtest", &scenario.path(), &ledger).exits(5);
}

/// What a crash leaves: no head covers the last line, and the line is torn.
#[test]
fn a_torn_last_line_is_incomplete_and_under_a_head_it_is_damage() {
    let scenario = example();
    let ledger = scenario.ledger();
    let whole = lines(&ledger);
    let torn = format!(
        "{}\n{}",
        whole[..whole.len() - 1].join("\n"),
        &whole[whole.len() - 1][..90]
    );
    std::fs::write(first_segment(&ledger), &torn).unwrap();
    let ran = on("verify", &ledger).exits(5);
    assert!(ran.stderr.contains("head_mismatch"), "{ran:#?}");

    keep_records(&ledger, whole.len() - 1);
    std::fs::write(first_segment(&ledger), &torn).unwrap();
    is_incomplete(&scenario);
}

#[test]
fn a_ledger_cut_inside_a_cycle_is_incomplete() {
    let scenario = example();
    let ledger = scenario.ledger();
    let kinds = records(&ledger);
    let inside = kinds
        .iter()
        .rposition(|record| record["kind"] == "order")
        .unwrap();
    keep_records(&ledger, inside);
    is_incomplete(&scenario);
}

/// A tail cut at a seal, with a head that fits, looks complete: only a kept head can tell.
#[test]
fn a_tail_cut_at_a_seal_is_found_by_the_kept_head_only() {
    let scenario = example();
    let ledger = scenario.ledger();
    let head = std::fs::read_to_string(ledger.join("head")).unwrap();
    let (count, hash) = head.trim_end().split_once(' ').unwrap();
    let kinds = records(&ledger);
    let end = kinds.len() - 1;
    let seal = kinds[..end]
        .iter()
        .rposition(|record| record["kind"] == "seal")
        .unwrap();
    keep_records(&ledger, seal + 1);
    let ran = on("verify", &ledger).exits(0);
    assert!(ran.stdout.contains("tail not proven"), "{ran:#?}");
    run([
        "verify",
        &ledger.to_string_lossy(),
        "--records",
        count,
        "--head",
        hash,
    ])
    .exits(5);
}

/// Readers say so, and the same command goes on from there: what was whole stays, what was torn is kept aside.
fn is_incomplete(scenario: &Scenario) {
    let ledger = scenario.ledger();
    let whole = std::fs::read(first_segment(&ledger)).unwrap();
    let kept = whole.iter().rposition(|byte| *byte == b'\n').unwrap() + 1;
    let ran = on("verify", &ledger).exits(6);
    assert!(ran.stdout.starts_with("INCOMPLETE"), "{ran:#?}");
    on("replay", &ledger).exits(6);
    let ran = cycle("backtest", &scenario.path(), &ledger).exits(0);
    assert!(ran.stderr.contains("Recovered from a crash"), "{ran:#?}");
    assert_eq!(
        std::fs::read(first_segment(&ledger)).unwrap(),
        whole[..kept]
    );
    let aside = files(&ledger)
        .into_iter()
        .find(|(name, _)| name.contains(".torn-"));
    let aside = aside.map_or_else(Vec::new, |(_, bytes)| bytes);
    assert_eq!(aside, whole[kept..]);
    let told = records(&ledger)
        .iter()
        .filter(|record| record["kind"] == "recovery")
        .count();
    assert_eq!(told, 1);
    on("verify", &ledger).exits(0);
    let replayed = on("replay", &ledger).exits(0);
    assert!(replayed.stdout.starts_with("ZERO DRIFT"), "{replayed:#?}");
}
