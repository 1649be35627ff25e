//! Clippy's bans for the pure crates, with a configuration stricter than the workspace's.

use anyhow::{Context as _, Result};

use super::graph::{Package, of_character};
use super::rules::{CRATES, Character};
use crate::project::Project;

/// The folder of the strict `clippy.toml`.
const CONFIGURATION: &str = "xtask/pure";

/// Runs clippy over the pure crates; every line of an unsuccessful run is returned.
pub(super) fn violations(project: &Project, packages: &[Package]) -> Result<Vec<String>> {
    let mut command = project.command("cargo");
    command.args(["clippy", "--quiet", "--locked", "--lib"]);
    for package in of_character(packages, &CRATES, Character::Pure) {
        command.args(["--package", &package.name]);
    }
    command
        .args(["--", "--deny", "warnings"])
        .args(["--deny", "clippy::disallowed_types"])
        .args(["--deny", "clippy::disallowed_methods"])
        .args(["--deny", "clippy::disallowed_macros"])
        .args(["--deny", "clippy::float_arithmetic"])
        .env("CLIPPY_CONF_DIR", project.root().join(CONFIGURATION));
    let output = command.output().context("cannot start cargo clippy")?;
    let text = String::from_utf8_lossy(&output.stderr);
    // A mistake in the configuration is only a warning, and would switch a ban off.
    if output.status.success() && text.trim().is_empty() {
        return Ok(Vec::new());
    }
    let lines: Vec<String> = text
        .lines()
        .filter(|line| !line.is_empty())
        .map(str::to_owned)
        .collect();
    if lines.is_empty() {
        return Ok(vec![format!("cargo clippy ended with {}", output.status)]);
    }
    Ok(lines)
}
