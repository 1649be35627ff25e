//! Programs of this workspace that judge it: built with optimisation and run here.

use std::process::ExitCode;

use anyhow::{Context as _, Result};

use crate::project::Project;

/// The suites of ADR-011, over this workspace.
pub(crate) fn fortress(project: &Project, arguments: &[String]) -> Result<ExitCode> {
    let root = ["--root".to_owned(), project.root().display().to_string()];
    run(project, "ios012-fortress", &[&root, arguments].concat())
}

/// Seeded lives through crashes and faults.
pub(crate) fn simulation(project: &Project, arguments: &[String]) -> Result<ExitCode> {
    run(project, "ios012-simulation", arguments)
}

/// Its exit code is handed on.
fn run(project: &Project, package: &str, arguments: &[String]) -> Result<ExitCode> {
    let mut command = project.command("cargo");
    command.args(["run", "--quiet", "--release", "--locked"]);
    command.args(["--package", package, "--"]).args(arguments);
    let status = command.status().context("cannot start cargo")?;
    let code = status.code().and_then(|code| u8::try_from(code).ok());
    Ok(code.map_or(ExitCode::FAILURE, ExitCode::from))
}
