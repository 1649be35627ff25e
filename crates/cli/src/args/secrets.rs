//! The command line of what concerns keys.

use std::path::PathBuf;

use clap::{Args as ClapArgs, Subcommand};

#[derive(Debug, Subcommand)]
pub(crate) enum SecretsCommand {
    /// Logs in to Vault, reads each key, holds it against its policy, and ends the token again. Prints states and
    /// ages, never a value. It uses up the wrapping token: give it one of its own.
    #[command(after_help = "\
Examples:
  ios012 secrets check secrets.json
  ios012 --json secrets check /etc/ios012/secrets.json

docs/secrets.md describes the settings. Exit code 3 if a key or the login is refused, 7 if Vault cannot be
reached or is sealed, 2 if the settings are wrong.")]
    Check(CheckArgs),
}

#[derive(Debug, ClapArgs)]
pub(crate) struct CheckArgs {
    /// The settings: where Vault is, and which keys are read. They hold no secret.
    #[arg(value_name = "SETTINGS")]
    pub(crate) settings: PathBuf,
}
