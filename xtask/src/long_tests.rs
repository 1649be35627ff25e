//! The long runs of tests that take less in CI.

use std::io::{BufRead as _, BufReader};
use std::process::Stdio;

use anyhow::{Result, ensure};

use crate::project::Project;
use crate::work::tests_passed;

/// Changes each byte of a small ledger to each other value, optimised: `crates/lineage/tests/damage/every_byte.rs`, which
/// tries three values in CI.
pub(crate) fn damage(project: &Project) -> Result<bool> {
    let test = ["ios012-lineage", "damage", "every_byte::"];
    run(project, "IOS012_EVERY_VALUE", test)
}

/// Verifies five million records with the release binary, and tells its memory, its speed and that of SHA-256 over the same
/// bytes: `crates/cli/tests/cli/memory.rs`, which verifies 200,000 in CI.
pub(crate) fn long_ledger(project: &Project) -> Result<bool> {
    let test = ["ios012-cli", "cli", "memory::verifying_"];
    run(project, "IOS012_LONG_LEDGER", test)
}

/// Runs a test, built with optimisation while `variable` is set, and tells what it prints. That there is none is a failure.
fn run(project: &Project, variable: &str, [package, test, filter]: [&str; 3]) -> Result<bool> {
    let mut command = project.command("cargo");
    command.env(variable, "yes");
    command.args(["test", "--release", "--locked", "--package", package]);
    command.args(["--test", test, "--", "--nocapture", filter]);
    let mut child = command.stdout(Stdio::piped()).spawn()?;
    let mut log = String::new();
    if let Some(printed) = child.stdout.take() {
        for line in BufReader::new(printed).lines() {
            let line = line?;
            println!("{line}");
            log.push_str(&line);
            log.push('\n');
        }
    }
    let ended = child.wait()?;
    if ended.success() {
        ensure!(
            tests_passed(&log) > 0,
            "{package} has no test {filter} in {test}"
        );
    }
    Ok(ended.success())
}
