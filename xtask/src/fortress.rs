//! The suites of ADR-011, which are a program of their own: built with optimisation and run here.

use std::process::ExitCode;

use anyhow::{Context as _, Result};

use crate::project::Project;

/// Builds and runs `ios012-fortress` over this workspace. Its exit code is handed on.
pub(crate) fn run(project: &Project, arguments: &[String]) -> Result<ExitCode> {
    let mut command = project.command("cargo");
    command.args(["run", "--quiet", "--release", "--locked"]);
    command.args(["--package", "ios012-fortress", "--", "--root"]);
    command.arg(project.root()).args(arguments);
    let status = command.status().context("cannot start cargo")?;
    let code = status.code().and_then(|code| u8::try_from(code).ok());
    Ok(code.map_or(ExitCode::FAILURE, ExitCode::from))
}
