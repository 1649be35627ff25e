//! Checks, gates, golden review and the test runner: `cargo xtask help`.
#![expect(
    clippy::print_stdout,
    reason = "a command-line tool speaks on its terminal"
)]

mod checkpoints;
mod clock;
mod deny;
mod determinism;
mod faults;
mod fuzz;
mod gate;
mod golden;
mod layers;
mod lexer;
mod long_tests;
mod mutants;
mod programs;
mod project;
mod reach;
mod readers;
mod readme;
mod suites;
mod table;
mod test_runner;
mod tidy;
mod tools;
mod work;

use std::process::ExitCode;

use anyhow::Result;
use clap::{Parser, Subcommand};

use crate::project::Project;

#[derive(Debug, Parser)]
#[command(name = "cargo xtask", about, disable_help_subcommand = true)]
struct Arguments {
    #[command(subcommand)]
    command: Task,
}

#[derive(Debug, Subcommand)]
enum Task {
    /// Check the layer rule and the purity of the pure crates
    Layers {
        /// Plant violations in a copy of the workspace and see each one found by name
        #[arg(long)]
        self_test: bool,
        /// One half of the checks
        #[arg(long, value_enum, default_value_t)]
        part: layers::Part,
    },
    /// Check advisories, bans, licences and sources of all dependencies
    Deny,
    /// Change every byte of a small ledger to every other value: the long run of a test
    Damage,
    /// Verify a ledger of five million records and measure memory and speed: the long run of a test
    LongLedger,
    /// Run the main job with debug and release builds and compare every byte
    Determinism,
    /// Run the five suites of ADR-011 in release and show which test covers which invariant
    Fortress {
        /// What `ios012-fortress --help` lists
        #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
        arguments: Vec<String>,
    },
    /// Live through crashes and faults in release, seed by seed, and check every invariant
    Simulate {
        /// What `ios012-simulation --help` lists
        #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
        arguments: Vec<String>,
    },
    /// Kill the real binary, fill its disk and let its system calls fail: it must go on without a loss
    Faults(faults::FaultsArguments),
    /// Plant small defects in the pure crates and the ledger: tests must find each
    Mutants(mutants::MutantsArguments),
    /// Run the fuzz targets, each for some seconds
    Fuzz(fuzz::FuzzArguments),
    /// Run the test suites and list each with its result
    Test(test_runner::TestArguments),
    /// Make new golden snapshots for review, or accept the named ones
    Golden(golden::GoldenArguments),
    /// Run a gate's checks and write its evidence, or test the gate itself
    Gate(gate::GateArguments),
    /// Let Go's note and tlog judge checkpoints, and what is made of them
    Checkpoints,
    /// Check both readers of the ledger format on fresh and on damaged ledgers
    Readers,
    /// Check that the commands of README.md print what stands there
    Readme,
    /// Check the cheap rules of the sources: size, leftovers, paths, line ends, lints
    Tidy {
        /// Also demand that everything is committed
        #[arg(long)]
        committed: bool,
    },
}

fn main() -> ExitCode {
    run(Arguments::parse().command).unwrap_or_else(|error| {
        println!("error: {error:#}");
        ExitCode::FAILURE
    })
}

/// Success if what was asked for passed.
fn run(task: Task) -> Result<ExitCode> {
    let project = Project::find()?;
    let passed = match task {
        Task::Fortress { arguments } => return programs::fortress(&project, &arguments),
        Task::Simulate { arguments } => return programs::simulation(&project, &arguments),
        Task::Layers {
            self_test: true,
            part,
        } => layers::run_self_test(&project, part),
        Task::Layers { part, .. } => layers::run(&project, part),
        Task::Deny => deny::run(&project),
        Task::Damage => long_tests::damage(&project),
        Task::LongLedger => long_tests::long_ledger(&project),
        Task::Determinism => determinism::run(&project),
        Task::Mutants(arguments) => mutants::run(&project, &arguments),
        Task::Faults(arguments) => faults::run(&project, &arguments),
        Task::Fuzz(arguments) => fuzz::run(&project, &arguments),
        Task::Test(arguments) => test_runner::run(&project, &arguments),
        Task::Golden(arguments) => golden::run(&project, &arguments),
        Task::Checkpoints => checkpoints::run(&project),
        Task::Readers => readers::run(&project),
        Task::Readme => readme::run(&project),
        Task::Gate(arguments) => gate::run(&project, &arguments),
        Task::Tidy { committed } => tidy::run(&project, committed),
    }?;
    Ok(if passed {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}
