//! The binary `ios012`: reads arguments, wires the parts, prints, and ends with a stable exit
//! code (docs/cli.md). It decides nothing.

mod args;
mod command;
mod exit;
mod interrupt;
mod output;
mod portfolio;
mod progress;

use std::process::ExitCode;

use clap::Parser;

use args::{Args, Command};
use exit::Failure;

fn main() -> ExitCode {
    let args = Args::parse();
    let json = args.json;
    let ended = match args.command {
        Command::Run(args) => command::run::run(&args, json),
        Command::Backtest(args) => command::backtest::backtest(&args, json),
        Command::Verify(args) => Ok(command::verify::verify(&args, json)),
        Command::Replay(args) => command::replay::replay(&args, json),
        Command::Explain(args) => command::explain::explain(&args, json),
        Command::Report(args) => command::report::report(&args, json),
        Command::Schema(args) => command::schema::schema(&args),
        Command::Init(args) => command::init::init(&args, json),
    };
    match ended {
        Ok(exit) => exit.into(),
        Err(error) => {
            output::error(&error, json);
            Failure::exit_of(&error).into()
        }
    }
}
