//! The long run over damaged ledgers: every value of every byte.

use anyhow::{Context as _, Result};

use crate::project::Project;

/// Changes each byte of a small ledger to each other value, optimised: `crates/lineage/tests/damage/every_byte.rs`, which
/// tries three values in CI.
pub(crate) fn run(project: &Project) -> Result<bool> {
    let mut command = project.command("cargo");
    command.env("IOS012_EVERY_VALUE", "yes");
    command.args([
        "test",
        "--release",
        "--locked",
        "--package",
        "ios012-lineage",
    ]);
    command.args(["--test", "damage", "--", "--nocapture", "every_byte::"]);
    let status = command.status().context("cannot start cargo")?;
    Ok(status.success())
}
