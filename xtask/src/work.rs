//! Commands with a log, and what their success proves. Suites and gates are made of these.

use std::fs::{self, File};
use std::path::Path;
use std::process::{Command, ExitStatus};
use std::time::Duration;

use anyhow::{Context as _, Result, ensure};

use crate::clock::Stopwatch;
use crate::project::Project;

/// The end of a failed command's log that is shown at once.
const SHOWN_LINES: usize = 150;

/// One command: program and arguments, and variables beside those of [`Project::command`].
#[derive(Debug)]
pub(crate) struct Step {
    pub(crate) line: &'static [&'static str],
    pub(crate) variables: &'static [(&'static str, &'static str)],
}

/// A command without variables of its own.
pub(crate) const fn step(line: &'static [&'static str]) -> Step {
    Step {
        line,
        variables: &[],
    }
}

/// What shows that commands did their work.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Proof {
    /// Exit code 0.
    ExitCode,
    /// Exit code 0, and at least one test ran and passed: a filter that matches nothing is a
    /// failure.
    Tests,
    /// Exit code 0, and a last line worth keeping.
    LastLine,
}

/// What became of some work.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// It ran and passed; the evidence in a few words.
    Passed(String),
    /// It ran and failed; why.
    Failed(String),
    /// It could not run; why, and what helps.
    NotRun(String),
}

impl Outcome {
    pub(crate) const fn passed(&self) -> bool {
        matches!(self, Self::Passed(_))
    }

    /// `PASS`, `FAIL` or `NOT RUN`.
    pub(crate) const fn word(&self) -> &'static str {
        match self {
            Self::Passed(_) => "PASS",
            Self::Failed(_) => "FAIL",
            Self::NotRun(_) => "NOT RUN",
        }
    }

    /// The evidence or the reason.
    pub(crate) fn detail(&self) -> &str {
        match self {
            Self::Passed(detail) | Self::Failed(detail) | Self::NotRun(detail) => detail,
        }
    }
}

/// Runs the steps one after the other, up to the first that fails; both output streams go to
/// `log`, whose end is shown after a failure.
pub(crate) fn perform(
    project: &Project,
    steps: &[Step],
    proof: Proof,
    log: &Path,
) -> Result<(Outcome, Duration)> {
    let (outcome, time) = perform_quietly(project, steps, proof, log)?;
    if let Outcome::Failed(_) = outcome {
        let text = read_log(log)?;
        let lines: Vec<&str> = text.lines().collect();
        println!("      the end of {}:", log.display());
        for line in &lines[lines.len().saturating_sub(SHOWN_LINES)..] {
            println!("      | {line}");
        }
    }
    Ok((outcome, time))
}

/// The same, and shows nothing: for a failure that is expected.
pub(crate) fn perform_quietly(
    project: &Project,
    steps: &[Step],
    proof: Proof,
    log: &Path,
) -> Result<(Outcome, Duration)> {
    let stopwatch = Stopwatch::start();
    let outcome = perform_steps(project, steps, proof, log)?;
    Ok((outcome, stopwatch.elapsed()))
}

/// A duration as `12.3 s`.
pub(crate) fn seconds(duration: Duration) -> String {
    format!(
        "{}.{} s",
        duration.as_secs(),
        duration.subsec_millis() / 100
    )
}

fn perform_steps(project: &Project, steps: &[Step], proof: Proof, log: &Path) -> Result<Outcome> {
    let file = new_log(log)?;
    for step in steps {
        let Some((program, arguments)) = step.line.split_first() else {
            return Ok(Outcome::NotRun("the command is empty".to_owned()));
        };
        let mut command = project.command(program);
        command.args(arguments).envs(step.variables.iter().copied());
        match run(&mut command, &file) {
            Ok(status) if status.success() => {}
            Ok(status) => {
                return Ok(Outcome::Failed(format!(
                    "`{}`: {status}",
                    step.line.join(" ")
                )));
            }
            Err(error) => {
                return Ok(Outcome::NotRun(format!(
                    "cannot start {program}: {error}; install it"
                )));
            }
        }
    }
    Ok(judge(proof, &read_log(log)?))
}

/// Both output streams of one command that must succeed, in the order in which they were written.
/// They stay in `log`.
pub(crate) fn transcript(command: &mut Command, log: &Path) -> Result<String> {
    let status = run(command, &new_log(log)?).context("cannot start it")?;
    let text = read_log(log)?;
    ensure!(status.success(), "{command:?}: {status}:\n{text}");
    Ok(text)
}

fn new_log(log: &Path) -> Result<File> {
    if let Some(folder) = log.parent() {
        fs::create_dir_all(folder)?;
    }
    File::create(log).with_context(|| format!("cannot write {}", log.display()))
}

fn run(command: &mut Command, log: &File) -> std::io::Result<ExitStatus> {
    command
        .stdin(std::process::Stdio::null())
        .stdout(log.try_clone()?)
        .stderr(log.try_clone()?)
        .status()
}

pub(crate) fn read_log(log: &Path) -> Result<String> {
    Ok(String::from_utf8_lossy(&fs::read(log)?).into_owned())
}

/// What the log of commands that all ended well proves.
fn judge(proof: Proof, log: &str) -> Outcome {
    match proof {
        Proof::ExitCode => Outcome::Passed(String::new()),
        Proof::Tests => match tests_passed(log) {
            0 => Outcome::Failed("no test ran: does the filter match anything?".to_owned()),
            1 => Outcome::Passed("1 test".to_owned()),
            many => Outcome::Passed(format!("{many} tests")),
        },
        Proof::LastLine => match log.lines().rfind(|line| !line.trim().is_empty()) {
            Some(line) => Outcome::Passed(line.trim().to_owned()),
            None => Outcome::Failed("it said nothing, where evidence was expected".to_owned()),
        },
    }
}

/// Sums the `N passed` of the `test result: ok. N passed; ...` lines of libtest.
pub(crate) fn tests_passed(log: &str) -> u64 {
    log.lines()
        .filter_map(|line| line.strip_prefix("test result: ok. "))
        .filter_map(|rest| rest.split_once(" passed"))
        .filter_map(|(count, _)| count.parse::<u64>().ok())
        .sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Output of `cargo test` over two targets, the second without tests.
    const LOG: &str = "\
running 2 tests
test a::test_result_ok ... ok
test b ... ok

test result: ok. 2 passed; 0 failed; 0 ignored; 0 measured; 5 filtered out; finished in 0.00s

running 0 tests

test result: ok. 0 passed; 0 failed; 0 ignored; 0 measured; 0 filtered out; finished in 0.00s

running 3 tests
test result: ok. 3 passed; 0 failed; 0 ignored; 0 measured; 0 filtered out; finished in 0.00s
";

    #[test]
    fn counts_the_tests_that_passed() {
        assert_eq!(tests_passed(LOG), 5);
        let ignored = "running 1 test\ntest result: ok. 0 passed; 0 failed; 1 ignored;";
        assert_eq!(tests_passed(ignored), 0);
    }

    #[test]
    fn a_filter_that_matches_nothing_fails() {
        assert_eq!(judge(Proof::Tests, LOG).detail(), "5 tests");
        assert!(!judge(Proof::Tests, "running 0 tests\n").passed());
        assert!(judge(Proof::ExitCode, "").passed());
    }

    #[test]
    fn the_last_line_is_the_evidence() {
        assert_eq!(
            judge(Proof::LastLine, "a\n data of 2025 \n\n").detail(),
            "data of 2025"
        );
        assert!(!judge(Proof::LastLine, "\n").passed());
    }

    #[test]
    fn a_missing_program_is_not_run_and_a_failing_one_fails() {
        let root = Path::new(env!("CARGO_MANIFEST_DIR"));
        let project = Project::at(root);
        let log = std::env::temp_dir().join(format!("ios012-work-{}.log", std::process::id()));
        let outcome = |steps: &[Step]| {
            perform(&project, steps, Proof::ExitCode, &log)
                .map(|(outcome, _)| outcome.word())
                .ok()
        };
        assert_eq!(
            outcome(&[step(&["ios012-no-such-program"])]),
            Some("NOT RUN")
        );
        assert_eq!(outcome(&[step(&["cargo", "--no-such-flag"])]), Some("FAIL"));
        assert_eq!(outcome(&[step(&["cargo", "--version"])]), Some("PASS"));
        assert!(fs::remove_file(&log).is_ok());
    }
}
