//! Mutation testing of the crates that decide, keep books and hash: each mutant is a small defect that
//! the tests of its own package must find (`docs/mutants.md`).

use std::collections::BTreeMap;
use std::fs;

use anyhow::{Context as _, Result, ensure};
use clap::Args;
use serde::Deserialize;

use crate::project::Project;

/// The packages that are mutated.
const PACKAGES: [&str; 3] = ["ios012-core", "ios012-constraints", "ios012-lineage"];

/// Mutants that no test can find, or that nobody has killed yet, each with its reason.
const EXPLAINED: &str = "xtask/mutants.toml";

/// Cases of a property test that has no number of its own.
const CASES: &str = "64";

/// Which mutants.
#[derive(Debug, Args)]
pub(crate) struct MutantsArguments {
    /// One part of several, such as 0/8: every eighth mutant. All of them take hours
    #[arg(long, value_name = "K/N", default_value = "0/1")]
    shard: String,
    /// Only this package; may be given again
    #[arg(long, value_name = "NAME")]
    package: Vec<String>,
    /// Only mutants in files whose path fits this glob; may be given again
    #[arg(long, value_name = "GLOB")]
    file: Vec<String>,
    /// Only what a diff touches
    #[arg(long, value_name = "FILE")]
    in_diff: Option<String>,
    /// Only what the last run of the same packages did not find
    #[arg(long)]
    iterate: bool,
    /// How many at once
    #[arg(long, default_value_t = 2)]
    jobs: u32,
}

/// `xtask/mutants.toml`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Explanations {
    #[serde(default)]
    mutant: Vec<Explanation>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Explanation {
    /// Its name without line and column.
    name: String,
    /// Why no test finds it.
    why: String,
}

/// `outcomes.json` of cargo-mutants, as far as it is read.
#[derive(Debug, Default, Deserialize)]
struct Outcomes {
    outcomes: Vec<Outcome>,
}

#[derive(Debug, Deserialize)]
struct Outcome {
    scenario: Scenario,
    summary: String,
}

#[derive(Debug, Deserialize)]
enum Scenario {
    Baseline,
    Mutant(Mutant),
}

#[derive(Debug, Deserialize)]
struct Mutant {
    name: String,
}

/// Runs the mutants. True if every viable one was found or is explained.
pub(crate) fn run(project: &Project, arguments: &MutantsArguments) -> Result<bool> {
    let explained = explanations(project)?;
    let chosen = arguments.package.iter().map(String::as_str);
    let chosen: Vec<&str> = if arguments.package.is_empty() {
        PACKAGES.to_vec()
    } else {
        chosen.collect()
    };
    let mut score = Score::default();
    for package in chosen {
        score.add(&outcomes(project, arguments, package)?, &explained);
    }
    for name in &score.unexplained {
        println!("NOT FOUND  {name}");
    }
    println!("{}", score.says());
    Ok(score.unexplained.is_empty() && score.viable() > 0)
}

/// Runs the mutants of one package: each has its own way to build them fast.
fn outcomes(project: &Project, arguments: &MutantsArguments, package: &str) -> Result<Outcomes> {
    let output = project.made("mutants").join(package);
    fs::create_dir_all(&output).with_context(|| output.display().to_string())?;
    let mut command = project.command("cargo");
    command.args(["mutants", "--no-shuffle", "--sharding=round-robin"]);
    command.args(["--shard", &arguments.shard]);
    command.args(["--colors=never", "--no-times", "--minimum-test-timeout=60"]);
    command.arg("--output").arg(&output);
    command.arg(format!("--jobs={}", arguments.jobs));
    command.args(["--package", package]);
    for glob in &arguments.file {
        command.args(["--file", glob]);
    }
    if let Some(diff) = &arguments.in_diff {
        command.args(["--in-diff", diff]);
    }
    if arguments.iterate {
        command.arg("--iterate");
    }
    command.args([
        "--cargo-arg=--locked",
        "--cargo-arg=--config=profile.dev.debug=0",
    ]);
    // Core is built for each mutant and its tests are short; elsewhere its speed is needed.
    if package == "ios012-core" {
        command.arg("--cargo-arg=--config=profile.dev.package.ios012-core.opt-level=0");
    }
    // Without doc tests: each compiles a program of its own.
    command.args(["--", "--lib", "--tests"]);
    command.env("PROPTEST_CASES", CASES);
    let status = command.status().context("cannot start cargo-mutants")?;
    // 0: all found; 2: some missed; 3: some timed out. Anything else is no result.
    ensure!(
        matches!(status.code(), Some(0 | 2 | 3)),
        "cargo-mutants ended with {status}"
    );
    let path = output.join("mutants.out/outcomes.json");
    if !path.exists() {
        // The package has none of the mutants that were asked for.
        return Ok(Outcomes::default());
    }
    let json = fs::read_to_string(&path).with_context(|| path.display().to_string())?;
    serde_json::from_str(&json).context("outcomes.json")
}

fn explanations(project: &Project) -> Result<BTreeMap<String, String>> {
    let path = project.root().join(EXPLAINED);
    let text = fs::read_to_string(&path).with_context(|| path.display().to_string())?;
    let explained: Explanations = toml::from_str(&text).context(EXPLAINED)?;
    let pairs = explained.mutant.into_iter();
    Ok(pairs.map(|mutant| (mutant.name, mutant.why)).collect())
}

/// What became of the mutants.
#[derive(Debug, Default)]
struct Score {
    caught: usize,
    /// Tests that no longer end have found a mutant too.
    timed_out: usize,
    explained: usize,
    unexplained: Vec<String>,
    unviable: usize,
}

impl Score {
    fn add(&mut self, found: &Outcomes, explained: &BTreeMap<String, String>) {
        for outcome in &found.outcomes {
            let Scenario::Mutant(mutant) = &outcome.scenario else {
                continue;
            };
            match outcome.summary.as_str() {
                "CaughtMutant" => self.caught += 1,
                "Timeout" => self.timed_out += 1,
                "Unviable" => self.unviable += 1,
                _ if explained.contains_key(&without_place(&mutant.name)) => self.explained += 1,
                _ => self.unexplained.push(mutant.name.clone()),
            }
        }
    }

    fn viable(&self) -> usize {
        self.caught + self.timed_out + self.explained + self.unexplained.len()
    }

    /// The last line, which a suite keeps. Permille, so that no float is needed.
    fn says(&self) -> String {
        let found = self.caught + self.timed_out;
        let permille = (found * 1_000).checked_div(self.viable()).unwrap_or(0);
        format!(
            "{found} of {} viable mutants found ({}.{} %; {} by a time limit), {} explained, {} not found; {} do not compile",
            self.viable(),
            permille / 10,
            permille % 10,
            self.timed_out,
            self.explained,
            self.unexplained.len(),
            self.unviable,
        )
    }
}

/// `crates/a/src/b.rs:12:5: replace …` as `crates/a/src/b.rs: replace …`: lines move, names stay.
fn without_place(name: &str) -> String {
    let Some((place, what)) = name.split_once(": ") else {
        return name.to_owned();
    };
    let file = place.split(':').next().unwrap_or(place);
    format!("{file}: {what}")
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;

    const OUTCOMES: &str = r#"{"outcomes":[
        {"scenario":"Baseline","summary":"Success","log_path":"x"},
        {"scenario":{"Mutant":{"name":"crates/a/src/b.rs:1:2: replace f with ()","package":"a"}},"summary":"CaughtMutant"},
        {"scenario":{"Mutant":{"name":"crates/a/src/b.rs:3:2: replace < with <= in f"}},"summary":"Timeout"},
        {"scenario":{"Mutant":{"name":"crates/a/src/b.rs:4:2: replace g with ()"}},"summary":"MissedMutant"},
        {"scenario":{"Mutant":{"name":"crates/a/src/b.rs:5:2: replace h with ()"}},"summary":"MissedMutant"},
        {"scenario":{"Mutant":{"name":"crates/a/src/b.rs:6:2: replace i with ()"}},"summary":"Unviable"}]}"#;

    #[test]
    fn only_what_was_found_counts_and_only_what_is_explained_passes() {
        let found: Outcomes = serde_json::from_str(OUTCOMES).unwrap();
        let name = "crates/a/src/b.rs: replace g with ()".to_owned();
        let explained = BTreeMap::from([(name, "why".to_owned())]);
        let mut score = Score::default();
        score.add(&found, &explained);
        assert_eq!(
            score.unexplained,
            ["crates/a/src/b.rs:5:2: replace h with ()"]
        );
        assert_eq!(
            score.says(),
            "2 of 4 viable mutants found (50.0 %; 1 by a time limit), 1 explained, 1 not found; 1 do not compile"
        );
    }

    #[test]
    fn every_explanation_names_a_file_and_a_reason() {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
        let text = fs::read_to_string(root.join(EXPLAINED)).unwrap();
        let explained: Explanations = toml::from_str(&text).unwrap();
        for mutant in explained.mutant {
            let (file, what) = mutant.name.split_once(": ").unwrap();
            assert!(
                root.join(file).is_file() && !what.is_empty(),
                "{}",
                mutant.name
            );
            assert!(mutant.why.len() > 20, "{}", mutant.name);
            assert_eq!(without_place(&mutant.name), mutant.name);
        }
    }
}
