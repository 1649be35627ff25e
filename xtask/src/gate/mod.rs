//! The gates of ADR-004: named checks, a table, and evidence for the tree they ran on.

mod copy;
mod coverage;
mod evidence;
mod g1;
mod g2;
mod g3;
mod g4;
mod plants;
mod self_test;

use std::time::Duration;

use anyhow::Result;
use clap::{Args, ValueEnum};

use crate::project::Project;
use crate::table;
use crate::tools::Tools;
use crate::work::{Outcome, Proof, Step, perform, seconds};

/// What to do with a gate.
#[derive(Debug, Args)]
pub(crate) struct GateArguments {
    /// The gate
    gate: Gate,
    /// Plant defects in a copy of the tree: for each, exactly the check that it names must fail
    #[arg(long, conflicts_with = "coverage")]
    self_test: bool,
    /// Of the self-test, only the plants of this check; may be given again
    #[arg(long, requires = "self_test", value_name = "CHECK")]
    only: Vec<String>,
    /// See that each test of the gate's packages is run by exactly one check
    #[arg(long)]
    coverage: bool,
}

/// The gates in their order (seed, section 9).
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Gate {
    /// Technical validation
    G1,
    /// Governance validation
    G2,
    /// Integration
    G3,
    /// Constitutional activation
    G4,
}

impl Gate {
    const ALL: [Self; 4] = [Self::G1, Self::G2, Self::G3, Self::G4];

    /// Its checks in their order.
    const fn checks(self) -> &'static [Check] {
        match self {
            Self::G1 => g1::CHECKS,
            Self::G2 => g2::CHECKS,
            Self::G3 => g3::CHECKS,
            Self::G4 => g4::CHECKS,
        }
    }

    /// Packages of which each test belongs to exactly one of its checks.
    const fn whole_packages(self) -> &'static [&'static str] {
        match self {
            Self::G1 => g1::WHOLE_PACKAGES,
            Self::G2 | Self::G3 | Self::G4 => &[],
        }
    }

    /// Its name in files.
    const fn name(self) -> &'static str {
        match self {
            Self::G1 => "g1",
            Self::G2 => "g2",
            Self::G3 => "g3",
            Self::G4 => "g4",
        }
    }
}

/// How grave the failure of a check is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum ErrorClass {
    /// Capital or evidence is at risk: exposure, accounting, limits, lineage.
    A,
    /// The ground that the proofs of class A stand on: purity, layers, dependencies, the tree.
    B,
    /// Readability: format, documentation.
    C,
}

/// One check of a gate.
#[derive(Debug)]
struct Check {
    id: &'static str,
    /// The sections of the seed that ask for it.
    source: &'static str,
    class: ErrorClass,
    /// Names in `tools.toml`.
    needs: &'static [&'static str],
    steps: &'static [Step],
    proof: Proof,
}

/// A check that is not part of this version. It shows NOT RUN, and its gate does not pass.
const fn not_yet(id: &'static str, source: &'static str) -> Check {
    Check {
        id,
        source,
        class: ErrorClass::A,
        needs: &[],
        steps: &[],
        proof: Proof::ExitCode,
    }
}

/// A check and what became of it.
#[derive(Debug)]
struct Checked {
    check: &'static Check,
    outcome: Outcome,
}

/// Does with a gate what is asked for. True if every check passed.
pub(crate) fn run(project: &Project, arguments: &GateArguments) -> Result<bool> {
    let gate = arguments.gate;
    if arguments.self_test {
        return self_test::run(project, gate, &arguments.only);
    }
    if arguments.coverage {
        return coverage::run(project, gate);
    }
    run_checks(project, gate)
}

fn run_checks(project: &Project, gate: Gate) -> Result<bool> {
    let tools = Tools::read(project)?;
    let mut results = Vec::new();
    for check in gate.checks() {
        println!("{}", check.id);
        let log = project
            .made("gates")
            .join(format!("{}-{}.log", gate.name(), check.id));
        let (outcome, time) = match check.hindrance(project, &tools) {
            Some(reason) => (Outcome::NotRun(reason), Duration::ZERO),
            None => perform(project, check.steps, check.proof, &log)?,
        };
        println!("      {} {}", outcome.word(), seconds(time));
        results.push(Checked { check, outcome });
    }
    print!("\n{}", render(&results));
    let path = evidence::write(project, gate, &results)?;
    println!("Evidence: {}", path.display());
    let passed = results.iter().all(|result| result.outcome.passed());
    println!("{gate:?} {}", if passed { "passed" } else { "failed" });
    Ok(passed)
}

impl Checked {
    /// What shows the result, in a few words.
    fn evidence(&self) -> &str {
        match self.outcome.detail() {
            "" => "exit code 0",
            detail => detail,
        }
    }
}

impl Check {
    /// Why it can't run.
    fn hindrance(&self, project: &Project, tools: &Tools) -> Option<String> {
        if self.steps.is_empty() {
            return Some("not part of this version".to_owned());
        }
        let mut needs = self.needs.iter();
        needs.find_map(|need| tools.missing(project, need))
    }

    /// The packages that its commands name.
    fn packages(&self) -> Vec<&'static str> {
        let lines = self.steps.iter().map(|step| step.line);
        lines
            .flat_map(|line| line.windows(2))
            .filter(|pair| pair[0] == "--package")
            .map(|pair| pair[1])
            .collect()
    }

    /// The commands as a person would type them.
    fn command(&self) -> String {
        let lines: Vec<String> = self
            .steps
            .iter()
            .map(|step| {
                let variables = step
                    .variables
                    .iter()
                    .map(|(name, value)| format!("{name}='{value}' "));
                variables.collect::<String>() + &step.line.join(" ")
            })
            .collect();
        lines.join(" && ")
    }
}

fn render(results: &[Checked]) -> String {
    let rows: Vec<[String; 5]> = results
        .iter()
        .map(|result| {
            [
                result.check.id.to_owned(),
                result.check.source.to_owned(),
                format!("{:?}", result.check.class),
                result.outcome.word().to_owned(),
                result.evidence().to_owned(),
            ]
        })
        .collect();
    table::render(["check", "seed", "class", "result", "evidence"], &rows)
}

/// The gravest class among the checks that did not pass.
fn worst(results: &[Checked]) -> Option<ErrorClass> {
    results
        .iter()
        .filter(|result| !result.outcome.passed())
        .map(|result| result.check.class)
        .min()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn checked(class: ErrorClass, outcome: Outcome) -> Checked {
        let check = g1::CHECKS.iter().find(|check| check.class == class);
        Checked {
            check: check.unwrap(),
            outcome,
        }
    }

    #[test]
    fn the_gravest_failure_gives_the_class() {
        let passed = || Outcome::Passed(String::new());
        let not_run = || Outcome::NotRun("no tool".to_owned());
        assert_eq!(worst(&[checked(ErrorClass::A, passed())]), None);
        let results = [
            checked(ErrorClass::A, passed()),
            checked(ErrorClass::C, Outcome::Failed(String::new())),
            checked(ErrorClass::B, not_run()),
        ];
        assert_eq!(worst(&results), Some(ErrorClass::B));
        assert!(render(&results).contains("NOT RUN"));
    }
}
