//! `ios012-fortress`: runs the suites and prints the table QG-F of ADR-011.
#![expect(
    clippy::print_stdout,
    reason = "a command-line tool speaks on its terminal"
)]

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::Parser;
use ios012_fortress::coverage::{self, State};
use ios012_fortress::{FortressError, Outcome, Size, Suite, SuiteReport, run};

/// A suite failed, or a named test does not exist.
const FAILED: u8 = 1;
/// The suites passed, and an invariant or a breaker is not covered.
const NOT_COVERED: u8 = 3;

/// Run the five suites of ADR-011 and show which test covers which invariant.
///
/// Exit codes: 0 all passed; 1 a suite failed, or a named test does not exist; 2 wrong usage; 3 an
/// invariant or a breaker is not covered.
#[derive(Debug, Parser)]
#[command(name = "ios012-fortress")]
struct Arguments {
    /// The workspace's root, which holds golden/ and the sources
    #[arg(long, default_value = ".")]
    root: PathBuf,
    /// Run these suites only; each may be named
    #[arg(long = "suite", value_name = "NAME", value_parser = suite)]
    suites: Vec<Suite>,
    /// A few cycles of each part
    #[arg(long)]
    small: bool,
}

fn suite(name: &str) -> Result<Suite, String> {
    let found = Suite::ALL.into_iter().find(|suite| suite.as_str() == name);
    let names = Suite::ALL.map(Suite::as_str).join(", ");
    found.ok_or_else(|| format!("no such suite; there are {names}"))
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    match fortress(&arguments) {
        Ok(code) => ExitCode::from(code),
        Err(error) => {
            println!("error: {error}");
            ExitCode::from(FAILED)
        }
    }
}

fn fortress(arguments: &Arguments) -> Result<u8, FortressError> {
    let size = if arguments.small {
        Size::Small
    } else {
        Size::Full
    };
    let chosen = if arguments.suites.is_empty() {
        Suite::ALL.to_vec()
    } else {
        arguments.suites.clone()
    };
    let golden = arguments.root.join("golden");
    let reports: Vec<_> = chosen
        .into_iter()
        .map(|suite| run(suite, &golden, size, &mut |part| println!("  {part}")))
        .collect();
    print!("\n{}", parts(&reports));
    print!("\nQG-F (ADR-011)\n\n{}", suites(&reports));
    let covered = coverage(&arguments.root)?;
    let passed = reports.iter().filter(|report| report.passed()).count();
    let cycles: u64 = reports.iter().map(SuiteReport::cycles).sum();
    let decisions: u64 = reports.iter().map(SuiteReport::decisions).sum();
    let of = reports.len();
    println!(
        "{passed} of {of} suites passed: {cycles} cycles, {decisions} decisions; {}",
        covered.says
    );
    Ok(if passed < of || covered.code == FAILED {
        FAILED
    } else {
        covered.code
    })
}

/// Each part with what it shows.
fn parts(reports: &[SuiteReport]) -> String {
    let rows = reports.iter().flat_map(|report| {
        report.parts.iter().map(|part| {
            let (word, what) = match &part.outcome {
                Outcome::Held(shows) => ("held", shows.clone()),
                Outcome::Failed(error) => ("FAILED", error.to_string()),
            };
            [
                report.suite.to_string(),
                part.name.clone(),
                word.to_owned(),
                what,
            ]
        })
    });
    render(
        ["suite", "part", "result", "what"],
        &rows.collect::<Vec<_>>(),
    )
}

/// Each suite with its counts and its first failure.
fn suites(reports: &[SuiteReport]) -> String {
    let rows = reports.iter().map(|report| {
        let failure = report.first_failure();
        let what = failure.map_or_else(String::new, |(part, error)| format!("{part}: {error}"));
        [
            report.suite.to_string(),
            if report.passed() { "PASS" } else { "FAIL" }.to_owned(),
            format!("{} of {}", report.held(), report.parts.len()),
            report.cycles().to_string(),
            report.decisions().to_string(),
            what,
        ]
    });
    let head = [
        "suite",
        "result",
        "parts",
        "cycles",
        "decisions",
        "first failure",
    ];
    render(head, &rows.collect::<Vec<_>>())
}

/// What the second table comes to.
struct Covered {
    code: u8,
    says: String,
}

/// Prints the second table.
fn coverage(root: &Path) -> Result<Covered, FortressError> {
    let found = coverage::check(root)?;
    let mut rows = Vec::new();
    let (mut missing, mut failures) = (Vec::new(), Vec::new());
    for (row, state) in &found {
        let (word, tests) = match state {
            State::Covered => ("covered", row.tests.iter().map(|test| test.name).collect()),
            State::NotCovered => ("NOT COVERED", Vec::new()),
            State::NoSuchTest(names) => ("NO SUCH TEST", names.clone()),
        };
        match state {
            State::Covered => {}
            State::NotCovered => missing.push(row.name),
            State::NoSuchTest(_) => failures.push(format!("{}: no such test", row.name)),
        }
        let mut lines = tests.iter().map(|test| (*test).to_owned());
        let first = lines.next().unwrap_or_default();
        rows.push([
            row.name.to_owned(),
            row.about.to_owned(),
            word.to_owned(),
            first,
        ]);
        rows.extend(lines.map(|line| [String::new(), String::new(), String::new(), line]));
    }
    let head = [
        "invariant or breaker",
        "about",
        "state",
        "tests that fail without it",
    ];
    println!("\n{}", render(head, &rows));
    for failure in &failures {
        println!("{failure}");
    }
    let covered = found.iter().filter(|(_, state)| *state == State::Covered);
    let says = format!(
        "{} of {} invariants and breakers covered",
        covered.count(),
        found.len()
    );
    let says = match missing.as_slice() {
        [] => says,
        names => format!("{says}, NOT COVERED: {}", names.join(", ")),
    };
    let code = match (failures.is_empty(), missing.is_empty()) {
        (false, _) => FAILED,
        (true, false) => NOT_COVERED,
        (true, true) => 0,
    };
    Ok(Covered { code, says })
}

/// Columns as wide as their widest cell; the last one is not padded.
fn render<const COLUMNS: usize>(head: [&str; COLUMNS], rows: &[[String; COLUMNS]]) -> String {
    let width = |column: usize| {
        let cells = rows.iter().map(|row| row[column].chars().count());
        cells.chain([head[column].len()]).max().unwrap_or_default()
    };
    let widths: [usize; COLUMNS] = std::array::from_fn(width);
    let line = |cells: [&str; COLUMNS]| {
        let cells = cells.iter().zip(widths);
        let cells: Vec<_> = cells
            .map(|(cell, width)| format!("{cell:width$}"))
            .collect();
        let text = cells.join("  ");
        text.trim_end().to_owned() + "\n"
    };
    let rule = widths.map(|width| "-".repeat(width));
    let mut text = line(head) + &line(std::array::from_fn(|column| rule[column].as_str()));
    for row in rows {
        text += &line(std::array::from_fn(|column| row[column].as_str()));
    }
    text
}
