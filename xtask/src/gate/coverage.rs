//! Which test belongs to which check: each test of a gate's packages to exactly one.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::{Context as _, Result, ensure};

use super::Gate;
use crate::project::Project;
use crate::work::{Proof, transcript};

/// A test by its package and target, and its name.
type Test = (String, String);

/// Lists the tests that each check runs, and those of the packages that must be covered whole.
/// True if each is run by exactly one check. The last line is the evidence.
pub(super) fn run(project: &Project, gate: Gate) -> Result<bool> {
    let mut checks_of: BTreeMap<Test, Vec<&str>> = BTreeMap::new();
    for check in gate.checks() {
        if check.proof != Proof::Tests {
            continue;
        }
        let mut count = 0_usize;
        for step in check.steps {
            for test in list(project, step.line)? {
                checks_of.entry(test).or_default().push(check.id);
                count += 1;
            }
        }
        println!("{}: {count} tests", check.id);
    }
    for package in gate.whole_packages() {
        for test in list(
            project,
            &["cargo", "test", "--locked", "--package", package],
        )? {
            checks_of.entry(test).or_default();
        }
    }
    let faults = faults(&checks_of);
    for fault in &faults {
        println!("{fault}");
    }
    let count = checks_of.len();
    println!(
        "{count} tests, {} not run by exactly one check",
        faults.len()
    );
    Ok(faults.is_empty() && count > 0)
}

fn faults(checks_of: &BTreeMap<Test, Vec<&str>>) -> Vec<String> {
    let wrong = checks_of.iter().filter(|(_, checks)| checks.len() != 1);
    wrong
        .map(|((target, name), checks)| match checks.as_slice() {
            [] => format!("{target}: {name}: no check runs it"),
            many => format!("{target}: {name}: run by {}", many.join(", ")),
        })
        .collect()
}

/// The tests that a `cargo test` command would run, whatever its profile.
fn list(project: &Project, line: &[&str]) -> Result<BTreeSet<Test>> {
    let (program, arguments) = line.split_first().context("an empty command")?;
    let mut command = project.command(program);
    command.args(
        arguments
            .iter()
            .filter(|argument| **argument != "--release"),
    );
    if !arguments.contains(&"--") {
        command.arg("--");
    }
    command.arg("--list");
    let text = transcript(&mut command, &project.made("gates").join("coverage.log"))?;
    let mut package = arguments.iter().skip_while(|word| **word != "--package");
    let tests = tests_in(package.nth(1).copied().unwrap_or_default(), &text)?;
    ensure!(!tests.is_empty(), "`{}` runs no test", line.join(" "));
    Ok(tests)
}

/// Reads what cargo says of each target of a package, and libtest of each test.
fn tests_in(package: &str, text: &str) -> Result<BTreeSet<Test>> {
    let mut target = None;
    let mut tests = BTreeSet::new();
    for line in text.lines() {
        if let Some(running) = line.trim_start().strip_prefix("Running ") {
            target = Some(running.split(" (").next().unwrap_or(running));
        } else if line.trim_start().starts_with("Doc-tests ") {
            target = Some("documentation");
        } else if let Some(name) = line.strip_suffix(": test") {
            let target = target.context("a test without a target")?;
            tests.insert((format!("{package}, {target}"), name.to_owned()));
        }
    }
    Ok(tests)
}

#[cfg(test)]
mod tests {
    use super::*;

    const LISTED: &str = "    Finished `test` profile
     Running unittests src/lib.rs (target/debug/deps/ios012_core-0f3a)
account::tests::a: test
fixed::tests::b: test

2 tests, 0 benchmarks
     Running tests/limits.rs (/elsewhere/debug/deps/limits-99)
a: test
   Doc-tests ios012_core
crates/core/src/control.rs - Order (line 22) - compile fail: test
";

    #[test]
    fn tests_are_known_by_target_and_name() {
        let tests = tests_in("core", LISTED).unwrap();
        let expected = [
            (
                "core, documentation",
                "crates/core/src/control.rs - Order (line 22) - compile fail",
            ),
            ("core, unittests src/lib.rs", "account::tests::a"),
            ("core, unittests src/lib.rs", "fixed::tests::b"),
            ("core, tests/limits.rs", "a"),
        ];
        let expected = expected.map(|(target, name)| (target.to_owned(), name.to_owned()));
        assert_eq!(tests, BTreeSet::from(expected));
        assert!(tests_in("core", "a: test\n").is_err());
    }

    #[test]
    fn a_test_without_a_check_and_one_with_two_are_told() {
        let test = |name: &str| ("t".to_owned(), name.to_owned());
        let checks_of = BTreeMap::from([
            (test("one"), vec!["a"]),
            (test("none"), vec![]),
            (test("two"), vec!["a", "b"]),
        ]);
        assert_eq!(
            faults(&checks_of),
            ["t: none: no check runs it", "t: two: run by a, b"]
        );
    }
}
