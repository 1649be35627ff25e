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
#[cfg(test)]
mod residue;
mod text_file;
mod watch;

use std::alloc::System;
use std::process::ExitCode;

use clap::Parser;
use zeroizing_alloc::ZeroAlloc;

use args::{Args, Command};
use exit::{Exit, Failure};

/// Memory that is given back is overwritten, also the copies that libraries made. The binary alone says so, and no
/// library of the project relies on it.
#[global_allocator]
static ALLOCATOR: ZeroAlloc<System> = ZeroAlloc(System);

fn main() -> ExitCode {
    // Keys from the environment would be taken here, before anything else.
    let _hardened = match ios012_secrets::harden(None) {
        Ok(hardened) => hardened,
        Err(error) => return failed(&error.into(), asks_for_json()),
    };
    std::panic::catch_unwind(run).unwrap_or_else(|_| {
        let defect = Failure::new(Exit::Internal, "the program panicked (a defect)");
        failed(&defect, asks_for_json())
    })
}

fn run() -> ExitCode {
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
    if asks_for_json() && error.use_stderr() {
        let text = error.to_string();
        return failed(&Failure::new(Exit::Usage, text.trim_end()), true);
    }
    error.exit()
}

/// Whether JSON is asked for, where the command line is not read or not right.
fn asks_for_json() -> bool {
    std::env::args_os().any(|argument| argument == "--json")
}

#[cfg(test)]
mod tests {
    use super::residue;

    #[test]
    fn nothing_is_left_of_a_text_that_was_dropped() {
        let left = residue::of_a_dropped_text();
        assert!(left.iter().all(|byte| *byte == 0), "{left:?}");
    }
}
