//! A crash after every operation of the disk, and after each every way in which the power can go.

use ios012_core::Defcon;

use crate::SimulationError;
use crate::disk::{Survivors, Trouble};
use crate::life::Ended;
use crate::story::Story;

/// What was gone through.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct EveryCrash {
    /// Operations of the life that was cut.
    pub operations: u64,
    /// Ends that were recovered from.
    pub ends: u64,
}

/// Days of the life that is cut.
const DAYS: u64 = 3;
/// Random choices of survivors at each operation.
const CHOICES: u64 = 16;

/// The first seeds, from one on, in whose lives a breaker latches: what a crash may lose then matters most.
///
/// # Errors
/// As [`every_crash`].
pub fn latching_seeds(first: u64, seeds: usize) -> Result<Vec<u64>, SimulationError> {
    let mut found = Vec::new();
    let mut seed = first;
    while found.len() < seeds {
        let mut story = Story::begin(seed, None)?;
        story.live(Trouble::None, 0, DAYS)?;
        if story.portfolio.level.get() >= Defcon::Red {
            found.push(seed);
        }
        seed += 1;
    }
    Ok(found)
}

/// Cuts a life of a seed after each of its operations, under each choice of survivors, and goes on.
///
/// # Errors
/// The first end after which an invariant does not hold.
pub fn every_crash(seed: u64) -> Result<EveryCrash, SimulationError> {
    let mut gone = EveryCrash::default();
    let mut story = Story::begin(seed, None)?;
    story.live(Trouble::None, 0, DAYS)?;
    gone.operations = story.portfolio.disk.operations();
    for operation in 0..gone.operations {
        let unsynced = cut(seed, operation)?.portfolio.disk.unsynced();
        let firsts = (1..unsynced).map(Survivors::First);
        let holes = (0..unsynced).map(Survivors::AllBut);
        let choices = (0..CHOICES).map(Survivors::Some);
        let all = [Survivors::None, Survivors::All].into_iter();
        for survivors in all.chain(firsts).chain(holes).chain(choices) {
            recover(seed, operation, survivors).map_err(|error| {
                SimulationError::Broken(format!(
                    "seed {seed}, cut after operation {operation}, {survivors:?}: {error}"
                ))
            })?;
            gone.ends += 1;
        }
    }
    Ok(gone)
}

fn cut(seed: u64, operation: u64) -> Result<Story, SimulationError> {
    let mut story = Story::begin(seed, None)?;
    match story.live(Trouble::Crash(operation), 0, DAYS)? {
        Ended::Crashed => Ok(story),
        ended => Err(SimulationError::Broken(format!("the cut life {ended:?}"))),
    }
}

fn recover(seed: u64, operation: u64, survivors: Survivors) -> Result<(), SimulationError> {
    let story = cut(seed, operation)?;
    story.portfolio.disk.lose_power(survivors)?;
    story.survives()?;
    story.end().map(|_| ())
}
