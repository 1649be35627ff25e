//! The layer rule: who may use whom, and what the pure crates may not touch. It is also the
//! data separation proof of gate G2 (ADR-013): a crate that cannot reach a file, a socket or a
//! clock cannot have a second source of truth.

mod bans;
mod graph;
mod purity;
mod rules;
mod self_test;

use anyhow::Result;
use clap::ValueEnum;

use crate::project::Project;
use crate::table;
use crate::work::Outcome;

pub(crate) use self_test::run as run_self_test;

/// One named check of the layer rule.
#[derive(Debug)]
struct Finding {
    check: &'static str,
    outcome: Outcome,
    /// Every violation, one a line.
    violations: Vec<String>,
}

/// Which checks. The two halves share none, so that one defect fails one of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum)]
pub(crate) enum Part {
    /// Every check
    #[default]
    All,
    /// Who may use whom, runtimes, network, and what the offline crates may not touch
    Arrows,
    /// What the pure crates may not touch
    Purity,
}

impl Part {
    fn has(self, check: &str) -> bool {
        let is_purity = ["pure-dependencies", "pure-sources", "api-bans"].contains(&check);
        match self {
            Self::All => true,
            Self::Arrows => !is_purity,
            Self::Purity => is_purity,
        }
    }
}

/// Checks the workspace and prints a table. True if every check passed.
pub(crate) fn run(project: &Project, part: Part) -> Result<bool> {
    let findings = check(project, part)?;
    for finding in &findings {
        for violation in &finding.violations {
            println!("{}: {violation}", finding.check);
        }
    }
    let rows: Vec<[String; 3]> = findings
        .iter()
        .map(|finding| {
            [
                finding.check.to_owned(),
                finding.outcome.word().to_owned(),
                finding.outcome.detail().to_owned(),
            ]
        })
        .collect();
    print!("{}", table::render(["check", "result", "detail"], &rows));
    let passed = findings
        .iter()
        .filter(|finding| finding.outcome.passed())
        .count();
    println!("{passed} of {} checks passed", findings.len());
    Ok(passed == findings.len())
}

/// The checks of a part in order. The compiler's one runs only over a graph that this part found
/// sound.
fn check(project: &Project, part: Part) -> Result<Vec<Finding>> {
    let packages = graph::read(project)?;
    let mut findings: Vec<Finding> = graph::CHECKS
        .iter()
        .filter(|(check, _)| part.has(check))
        .map(|(check, violations_in)| finding(check, violations_in(&packages, &rules::CRATES)))
        .collect();
    let sound = findings.iter().all(|finding| finding.outcome.passed());
    if part.has("pure-sources") {
        let violations = purity::pure_violations(project, &packages)?;
        findings.push(finding("pure-sources", violations));
    }
    if part.has("offline-sources") {
        let violations = purity::offline_violations(project, &packages)?;
        findings.push(finding("offline-sources", violations));
    }
    if part.has("api-bans") {
        findings.push(if sound {
            finding("api-bans", bans::violations(project, &packages)?)
        } else {
            Finding {
                check: "api-bans",
                outcome: Outcome::NotRun("the dependency graph must pass first".to_owned()),
                violations: Vec::new(),
            }
        });
    }
    Ok(findings)
}

fn finding(check: &'static str, violations: Vec<String>) -> Finding {
    let outcome = if violations.is_empty() {
        Outcome::Passed(String::new())
    } else {
        Outcome::Failed(format!("{} line(s) above", violations.len()))
    };
    Finding {
        check,
        outcome,
        violations,
    }
}
