//! The binary `ios012`: reads arguments, wires the parts, prints, and ends with a stable exit
//! code (docs/cli.md). It decides nothing.

mod alert;
mod args;
mod clock;
mod command;
#[cfg(feature = "postgres")]
mod daemon;
mod exit;
mod interrupt;
mod output;
mod portfolio;
mod progress;
mod text_file;
mod watch;

use std::process::ExitCode;

use clap::Parser;

use args::{Args, Command};
use exit::{Exit, Failure};

fn main() -> ExitCode {
    let args = match Args::try_parse() {
        Ok(args) => args,
        Err(error) => return not_parsed(&error),
    };
    let json = args.json;
    let alerts = match alert::listen() {
        Ok(alerts) => alerts,
        Err(error) => return failed(&error, json),
    };
    let ended = match args.command {
        Command::Run(args) => command::run::run(&args, json),
        Command::Backtest(args) => command::backtest::backtest(&args, json),
        Command::Verify(args) => command::verify::verify(&args, json),
        Command::Replay(args) => command::replay::replay(&args, json),
        Command::Explain(args) => command::explain::explain(&args, json),
        Command::Report(args) => command::report::report(&args, json),
        Command::Breaker(command) => command::breaker::breaker(&command, json),
        Command::Checkpoint(command) => command::checkpoint::checkpoint(&command, json),
        Command::Prove(args) => command::prove::prove(&args, json),
        Command::VerifyProof(args) => command::prove::verify_proof(&args, json),
        Command::VerifyParent(args) => command::parent::verify_parent(&args, json),
        Command::Database(command) => command::database::database(&command, json),
        Command::Secrets(command) => command::secrets::secrets(&command, json),
        Command::Schema(args) => command::schema::schema(&args, json),
        Command::Init(args) => command::init::init(&args, json),
    };
    let code = match ended {
        Ok(exit) => exit.into(),
        Err(error) => failed(&error, json),
    };
    alerts.finish();
    code
}

fn failed(error: &anyhow::Error, json: bool) -> ExitCode {
    output::error(error, json);
    Failure::exit_of(error).into()
}

/// Help, the version, or what is wrong with the command line; the latter as JSON if that was asked
/// for.
fn not_parsed(error: &clap::Error) -> ExitCode {
    let json = std::env::args_os().any(|argument| argument == "--json");
    if json && error.use_stderr() {
        let text = error.to_string();
        output::error(&Failure::new(Exit::Usage, text.trim_end()), json);
        return Exit::Usage.into();
    }
    error.exit()
}
