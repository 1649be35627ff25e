//! Runs the suites and lists each with its result. Nothing is skipped silently.

use std::time::Duration;

use anyhow::{Result, bail};
use clap::Args;

use crate::project::Project;
use crate::suites::{SUITES, Suite};
use crate::table;
use crate::tools::Tools;
use crate::work::{Outcome, perform, seconds};

/// How to run the suites.
#[derive(Debug, Args)]
pub(crate) struct TestArguments {
    /// First install what the suites need: cargo tools into target/tools, Debian packages if root
    #[arg(long, conflicts_with = "hermetic")]
    install: bool,
    /// Only the suites that need no more than Rust and the crate registry
    #[arg(long, conflicts_with = "suites")]
    hermetic: bool,
    /// Only the named suites
    suites: Vec<String>,
}

/// A suite and what became of it.
#[derive(Debug)]
struct Finished {
    name: &'static str,
    outcome: Outcome,
    time: Duration,
}

/// Runs the chosen suites. True if every one passed.
pub(crate) fn run(project: &Project, arguments: &TestArguments) -> Result<bool> {
    let tools = Tools::read(project)?;
    let (chosen, left_out) = choose(arguments)?;
    if arguments.install {
        install(project, &tools, &chosen);
    }
    let mut finished = Vec::new();
    for (position, suite) in chosen.iter().enumerate() {
        let count = chosen.len();
        println!("[{}/{count}] {}: {}", position + 1, suite.name, suite.shows);
        let (outcome, time) = run_suite(project, &tools, suite)?;
        println!("      {} {}", line_of(&outcome), seconds(time));
        finished.push(Finished {
            name: suite.name,
            outcome,
            time,
        });
    }
    print!("\n{}\n{}", render(&finished), summary(&finished));
    if !left_out.is_empty() {
        println!(
            "Left out: {}. For everything run: cargo xtask test --install",
            left_out.join(", ")
        );
    }
    Ok(finished.iter().all(|suite| suite.outcome.passed()))
}

/// The suites to run, and the names of the others.
fn choose(arguments: &TestArguments) -> Result<(Vec<&'static Suite>, Vec<&'static str>)> {
    for name in &arguments.suites {
        if SUITES.iter().all(|suite| suite.name != name) {
            let names: Vec<&str> = SUITES.iter().map(|suite| suite.name).collect();
            bail!("there is no suite {name:?}; there are {}", names.join(", "));
        }
    }
    let (chosen, others): (Vec<_>, Vec<_>) = SUITES.iter().partition(|suite| {
        let named =
            arguments.suites.is_empty() || arguments.suites.iter().any(|name| name == suite.name);
        named && (suite.hermetic || !arguments.hermetic)
    });
    Ok((chosen, others.into_iter().map(|suite| suite.name).collect()))
}

/// Installs each need once. A failure is only told: the suite that needs the tool will say
/// NOT RUN.
fn install(project: &Project, tools: &Tools, chosen: &[&Suite]) {
    let mut needs: Vec<&str> = chosen
        .iter()
        .flat_map(|suite| suite.needs)
        .copied()
        .collect();
    needs.sort_unstable();
    needs.dedup();
    for need in needs {
        if let Err(error) = tools.install(project, need) {
            println!("{need} could not be installed: {error:#}");
        }
    }
}

fn run_suite(project: &Project, tools: &Tools, suite: &Suite) -> Result<(Outcome, Duration)> {
    if let Some(reason) = suite
        .needs
        .iter()
        .find_map(|need| tools.missing(project, need))
    {
        return Ok((Outcome::NotRun(reason), Duration::ZERO));
    }
    let log = project.made("suites").join(format!("{}.log", suite.name));
    perform(project, suite.steps, suite.proof, &log)
}

fn line_of(outcome: &Outcome) -> String {
    match (outcome.word(), outcome.detail()) {
        (word, "") => word.to_owned(),
        (word, detail) => format!("{word}: {detail}"),
    }
}

fn render(finished: &[Finished]) -> String {
    let rows: Vec<[String; 3]> = finished
        .iter()
        .map(|suite| {
            [
                suite.name.to_owned(),
                seconds(suite.time),
                line_of(&suite.outcome),
            ]
        })
        .collect();
    table::render(["suite", "time", "result"], &rows)
}

/// Two lines: which suites did not pass, and the counts. What did not run has failed.
fn summary(finished: &[Finished]) -> String {
    let failed: Vec<String> = finished
        .iter()
        .filter(|suite| !suite.outcome.passed())
        .map(|suite| format!("{} ({})", suite.name, suite.outcome.word()))
        .collect();
    let passed = finished.len() - failed.len();
    let verdict = if failed.is_empty() {
        "Every suite passed.".to_owned()
    } else {
        format!("Not passed: {}.", failed.join(", "))
    };
    format!("{verdict}\n{passed} passed, {} failed\n", failed.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn finished(name: &'static str, outcome: Outcome) -> Finished {
        Finished {
            name,
            outcome,
            time: Duration::from_millis(1_299),
        }
    }

    #[test]
    fn what_did_not_run_counts_as_failed() {
        let suites = [
            finished("a", Outcome::Passed("5 tests".to_owned())),
            finished("b", Outcome::NotRun("no python3; install it".to_owned())),
            finished("c", Outcome::Failed("exit status: 1".to_owned())),
        ];
        assert_eq!(
            summary(&suites),
            "Not passed: b (NOT RUN), c (FAIL).\n1 passed, 2 failed\n"
        );
        let table = render(&suites);
        assert!(table.contains("a      1.2 s  PASS: 5 tests\n"), "{table}");
        assert!(
            table.contains("NOT RUN: no python3; install it\n"),
            "{table}"
        );
    }

    #[test]
    fn all_passed() {
        let suites = [finished("a", Outcome::Passed(String::new()))];
        assert_eq!(
            summary(&suites),
            "Every suite passed.\n1 passed, 0 failed\n"
        );
    }

    #[test]
    fn hermetic_leaves_out_what_it_names() {
        let arguments = TestArguments {
            install: false,
            hermetic: true,
            suites: Vec::new(),
        };
        let (chosen, left_out) = choose(&arguments).unwrap();
        assert!(chosen.iter().all(|suite| suite.hermetic));
        assert!(left_out.contains(&"deny"));
        assert_eq!(chosen.len() + left_out.len(), SUITES.len());
    }

    #[test]
    fn an_unknown_suite_is_refused() {
        let arguments = TestArguments {
            install: false,
            hermetic: false,
            suites: vec!["tset".to_owned()],
        };
        assert!(choose(&arguments).is_err());
    }
}
