//! `ios012-simulation`: runs seeds, and says which one reproduces a failure.
#![expect(
    clippy::print_stdout,
    reason = "a command-line tool speaks on its terminal"
)]

use std::process::ExitCode;

use clap::Parser;
use ios012_simulation::{Plant, SimulationError, Tally, Told, every_crash, latching_seeds, tell};

/// Seeds where nothing else is said.
const SEEDS: u64 = 200;
/// Seeds between two lines of progress.
const PROGRESS: u64 = 1_000;

/// Live through crashes, faults of the disk and of the venue, and check every invariant.
///
/// Exit codes: 0 nothing was found; 1 an invariant does not hold (with --plant: the bug was found); 2 wrong usage.
#[derive(Debug, Parser)]
#[command(
    name = "ios012-simulation",
    after_help = "Without options: 200 seeds, and one life that is cut everywhere.\n\n\
                  Examples:\n  ios012-simulation --seeds 10000\n  ios012-simulation --seed 4711\n  \
                  ios012-simulation --every-crash 3\n  ios012-simulation --plant skip-sync --seeds 200"
)]
struct Arguments {
    /// How many seeds, from the first one on
    #[arg(long)]
    seeds: Option<u64>,
    /// The first seed
    #[arg(long, default_value_t = 0)]
    first: u64,
    /// This seed only
    #[arg(long, conflicts_with_all = ["seeds", "first"])]
    seed: Option<u64>,
    /// Instead: cut lives of so many seeds, in which a breaker latches, after every operation and in every way
    #[arg(long, value_name = "SEEDS", conflicts_with_all = ["seeds", "seed", "plant"])]
    every_crash: Option<usize>,
    /// Put a bug in: skip-sync, retry-post, forget-latch
    #[arg(long, value_name = "NAME", value_parser = plant)]
    plant: Option<Plant>,
}

fn plant(name: &str) -> Result<Plant, String> {
    let found = Plant::ALL.into_iter().find(|plant| plant.as_str() == name);
    let names = Plant::ALL.map(Plant::as_str).join(", ");
    found.ok_or_else(|| format!("no such plant; there are {names}"))
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let whole = arguments.seeds.is_none() && arguments.seed.is_none() && arguments.plant.is_none();
    let run = match arguments.every_crash {
        Some(lives) => cut(lives),
        None if whole => simulate(&arguments).and_then(|seeds| Ok(format!("{seeds}; {}", cut(1)?))),
        None => simulate(&arguments),
    };
    match run {
        Ok(says) => {
            println!("{says}, 0 violations");
            ExitCode::SUCCESS
        }
        Err(says) => {
            println!("{says}");
            ExitCode::FAILURE
        }
    }
}

fn simulate(arguments: &Arguments) -> Result<String, String> {
    let many = arguments.seeds.unwrap_or(SEEDS).max(1);
    let seeds = match arguments.seed {
        Some(seed) => seed..=seed,
        None => arguments.first..=arguments.first.saturating_add(many - 1),
    };
    let mut told = Told::default();
    for seed in seeds {
        let of_seed = tell(seed, arguments.plant).map_err(|error| failure(seed, &error))?;
        told = told.and(&of_seed);
        if told.seeds.is_multiple_of(PROGRESS) {
            println!("  {} seeds, {} records", told.seeds, told.records);
        }
    }
    println!("{}", render(&told));
    Ok(format!("{} seeds", told.seeds))
}

fn failure(seed: u64, error: &SimulationError) -> String {
    format!("seed {seed}: {error}\nreproduce it with: cargo xtask simulate --seed {seed}")
}

fn cut(seeds: usize) -> Result<String, String> {
    let (mut operations, mut ends) = (0, 0);
    for seed in latching_seeds(0, seeds).map_err(|error| error.to_string())? {
        let gone = every_crash(seed).map_err(|error| error.to_string())?;
        operations += gone.operations;
        ends += gone.ends;
    }
    Ok(format!(
        "{ends} ends after each of {operations} operations recovered"
    ))
}

fn render(told: &Told) -> String {
    let Told {
        lives,
        crashes,
        power_cuts,
        halts,
        recoveries,
        side_files,
        cycles,
        refused,
        aborted,
        records,
        unknown,
        tally,
        ..
    } = told;
    let Tally {
        orders,
        fills,
        lost_requests,
        late_requests,
        lost_answers,
        repeated_news,
        fills_after_cancel,
        disconnects,
    } = tally;
    format!(
        "{lives} lives: {crashes} crashes, {halts} halts, {power_cuts} power cuts; {recoveries} recoveries, \
         {side_files} torn ends\n\
         {cycles} cycles ({refused} refused, {aborted} aborted), {records} records, {orders} orders, {unknown} of an outcome that was \
         not known for a while, {fills} fills\n\
         {lost_requests} lost and {late_requests} late requests, {lost_answers} lost answers, {repeated_news} \
         repeated news, {fills_after_cancel} fills after a cancel, {disconnects} disconnects"
    )
}
