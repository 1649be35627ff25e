//! The evidence of a gate: an in-toto Statement, version 1, as canonical JSON.
//!
//! It holds strings, arrays and objects only, so the compact form of `serde_json` with sorted
//! keys is
//! the form of RFC 8785.

use std::fs;
use std::path::PathBuf;

use anyhow::{Context as _, Result};
use base16ct::lower::encode_string as hex;
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use super::{Checked, Gate, worst};
use crate::clock;
use crate::project::Project;

const STATEMENT: &str = "https://in-toto.io/Statement/v1";
const PREDICATE: &str = "urn:ios-012:gate:v1";

/// What the evidence is about, and who made it when.
struct Circumstances {
    timestamp: String,
    actor: String,
    commit: String,
    tree: String,
    lock_sha256: String,
}

/// Writes `target/gates/GATE.json` and returns its path, relative to the workspace.
pub(super) fn write(project: &Project, gate: Gate, results: &[Checked]) -> Result<PathBuf> {
    let git = |arguments: &[&str]| {
        project
            .output("git", arguments)
            .map(|text| text.trim_end().to_owned())
    };
    let lock = fs::read(project.root().join("Cargo.lock")).context("cannot read Cargo.lock")?;
    let circumstances = Circumstances {
        timestamp: clock::now()?.to_string(),
        actor: git(&["config", "user.name"]).unwrap_or_else(|_| "unknown".to_owned()),
        commit: git(&["rev-parse", "HEAD"])?,
        tree: git(&["rev-parse", "HEAD^{tree}"])?,
        lock_sha256: hex(&Sha256::digest(&lock)),
    };
    let name = format!("{gate:?}").to_lowercase();
    let path = PathBuf::from("target/gates").join(format!("{name}.json"));
    let text = statement(&name, &path.to_string_lossy(), &circumstances, results).to_string();
    let file = project.root().join(&path);
    fs::create_dir_all(project.made("gates"))?;
    fs::write(&file, text + "\n").with_context(|| format!("cannot write {}", path.display()))?;
    Ok(path)
}

fn statement(gate: &str, path: &str, about: &Circumstances, results: &[Checked]) -> Value {
    let checks: Vec<Value> = results
        .iter()
        .map(|result| {
            json!({
                "id": result.check.id,
                "source": format!("seed {}", result.check.source),
                "command": result.check.command(),
                "error_class": format!("{:?}", result.check.class),
                "result": result.outcome.word(),
                "evidence": result.evidence(),
                "log": format!("target/gates/{gate}-{}.log", result.check.id),
            })
        })
        .collect();
    let failed: Vec<&str> = results
        .iter()
        .filter(|result| !result.outcome.passed())
        .map(|result| result.check.id)
        .collect();
    let notes = if failed.is_empty() {
        "all checks ran and passed".to_owned()
    } else {
        format!("not passed: {}", failed.join(", "))
    };
    json!({
        "_type": STATEMENT,
        "subject": [
            { "name": "commit", "digest": { "gitCommit": about.commit } },
            { "name": "tree", "digest": { "gitTree": about.tree } },
            { "name": "Cargo.lock", "digest": { "sha256": about.lock_sha256 } },
        ],
        "predicateType": PREDICATE,
        "predicate": {
            "actor": about.actor,
            "checks": checks,
            "error_class": worst(results).map_or("none".to_owned(), |class| format!("{class:?}")),
            "event_type": format!("gate_{gate}_{}", if failed.is_empty() { "passed" } else { "failed" }),
            "evidence_path": path,
            "notes": notes,
            "timestamp": about.timestamp,
        },
    })
}

#[cfg(test)]
mod tests {
    use super::super::g1;
    use super::*;
    use crate::work::Outcome;

    fn evidence(outcome: Outcome) -> Value {
        let results = [Checked {
            check: &g1::CHECKS[0],
            outcome,
        }];
        let about = Circumstances {
            timestamp: "2026-01-02T03:04:05Z".to_owned(),
            actor: "somebody".to_owned(),
            commit: "c".to_owned(),
            tree: "t".to_owned(),
            lock_sha256: "l".to_owned(),
        };
        statement("g1", "target/gates/g1.json", &about, &results)
    }

    #[test]
    fn keys_are_sorted_and_nothing_is_a_number() {
        let text = evidence(Outcome::Passed("x".to_owned())).to_string();
        let start = r#"{"_type":"https://in-toto.io/Statement/v1","predicate":{"actor":"somebody","checks":[{"#;
        assert!(text.starts_with(start), "{text}");
        assert!(text.contains(r#""error_class":"none","event_type":"gate_g1_passed""#));
        assert!(!text.contains(": "), "{text}");
    }

    #[test]
    fn a_check_that_did_not_run_is_in_the_evidence() {
        let failed = evidence(Outcome::NotRun("no git".to_owned()));
        let predicate = &failed["predicate"];
        assert_eq!(predicate["event_type"], "gate_g1_failed");
        assert_eq!(predicate["error_class"], "B");
        assert_eq!(predicate["notes"], "not passed: clean-tree");
        assert_eq!(predicate["checks"][0]["result"], "NOT RUN");
    }

    /// FIPS 180-4, the example of an empty message.
    #[test]
    fn digests_are_lower_case_hexadecimal() {
        assert_eq!(
            hex(&Sha256::digest(b"")),
            "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
        );
    }
}
