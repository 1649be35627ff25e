//! Everything that one seed brings about, and what must hold through all of it.

use std::cell::Cell;
use std::collections::BTreeSet;
use std::path::Path;

use ios012_core::{Defcon, Exposure};
use ios012_engine::replay;
use ios012_lineage::{
    Decision, LedgerReader, LedgerStatus, OutcomeState, Record, StoredRecord, verify,
};
use tempfile::TempDir;
use tokio::runtime::{Builder, Runtime};

use crate::SimulationError;
use crate::broker::{Tally, Venue};
use crate::disk::{Fault, SimulatedDisk, Survivors, Trouble};
use crate::error::ensure;
use crate::journal::Journal;
use crate::life::{Ended, Lived, Portfolio, lines_of};
use crate::random::Random;
use crate::world::World;

/// A bug that is put in, to see that it is found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Plant {
    /// Segments are not synced.
    SkipSync,
    /// A request without an answer is sent again.
    RetryPost,
    /// A process forgets the level that it finds on the ledger.
    ForgetLatch,
}

impl Plant {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::SkipSync, Self::RetryPost, Self::ForgetLatch];

    /// Its name on a command line.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::SkipSync => "skip-sync",
            Self::RetryPost => "retry-post",
            Self::ForgetLatch => "forget-latch",
        }
    }
}

/// What happened under some seeds.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[expect(missing_docs, reason = "each is a count of what it is called")]
pub struct Told {
    pub seeds: u64,
    pub lives: u64,
    pub crashes: u64,
    pub power_cuts: u64,
    pub halts: u64,
    pub recoveries: u64,
    pub side_files: u64,
    pub cycles: u64,
    pub refused: u64,
    pub aborted: u64,
    pub records: u64,
    pub unknown: u64,
    pub tally: Tally,
}

/// Lives of one portfolio that are cut short, at most, before one that is not.
const LIVES: u64 = 6;

/// Tells the story of a seed.
///
/// # Errors
/// The first invariant that does not hold.
pub fn tell(seed: u64, plant: Option<Plant>) -> Result<Told, SimulationError> {
    let mut story = Story::begin(seed, plant)?;
    for _ in 0..LIVES {
        story.live_and_die()?;
    }
    story.end()
}

/// One portfolio with all that outlives its processes.
pub(crate) struct Story {
    pub(crate) portfolio: Portfolio,
    world: World,
    random: Random,
    runtime: Runtime,
    told: Told,
    _directory: TempDir,
}

impl Story {
    pub(crate) fn begin(seed: u64, plant: Option<Plant>) -> Result<Self, SimulationError> {
        let directory = tempfile::tempdir()?;
        let mut random = Random::new(seed);
        let world = World::new(random.fork())?;
        let disk = SimulatedDisk::new(directory.path());
        let fee = world.standing.constraints().limits().fee;
        let venue = Venue::new(random.fork(), disk.clone(), fee);
        match plant {
            Some(Plant::SkipSync) => disk.skip_syncs(),
            Some(Plant::RetryPost) => venue.retry(),
            Some(Plant::ForgetLatch) | None => {}
        }
        let portfolio = Portfolio {
            directory: directory.path().to_owned(),
            disk,
            venue,
            journal: Journal::default(),
            standing: world.standing.clone(),
            disk_fails: false,
            venue_fails: false,
            level: Cell::new(Defcon::Green),
            groups_cycles: seed.is_multiple_of(2),
            plant,
        };
        Ok(Self {
            portfolio,
            world,
            random,
            runtime: Builder::new_current_thread().build()?,
            told: Told {
                seeds: 1,
                ..Told::default()
            },
            _directory: directory,
        })
    }

    /// One life, in which something may go wrong, and what comes after it.
    fn live_and_die(&mut self) -> Result<(), SimulationError> {
        let operation = self.random.below(120);
        let fault = self.random.one_of([Fault::Eio, Fault::Full, Fault::Short]);
        let trouble = match self.random.below(10) {
            0..=5 => Trouble::Crash(operation),
            6..=7 => Trouble::Fault(operation, fault),
            _ => Trouble::None,
        };
        let faults = self.random.one_of([0, 0, 4, 12]);
        let days = 1 + self.random.below(4);
        let ended = self.live(trouble, faults, days)?;
        if ended != Ended::Finished || self.random.percent(50) {
            self.die()?;
        }
        self.survives()
    }

    /// One life of so many days.
    pub(crate) fn live(
        &mut self,
        trouble: Trouble,
        faults: u64,
        days: u64,
    ) -> Result<Ended, SimulationError> {
        self.portfolio.disk.begin_life(trouble);
        self.portfolio.venue.begin_life(faults);
        self.portfolio.disk_fails = matches!(trouble, Trouble::Fault(..));
        self.portfolio.venue_fails = faults > 0;
        let world = &mut self.world;
        let days = (0..days).map(|_| world.next_day());
        let lived = self.runtime.block_on(self.portfolio.live(days));
        if let Some(broken) = self.portfolio.venue.broken() {
            return Err(SimulationError::Broken(broken));
        }
        let (ended, lived) = lived?;
        self.count(ended, lived);
        Ok(ended)
    }

    /// The process is gone, and now and then the power with it.
    fn die(&mut self) -> Result<(), SimulationError> {
        if self.random.percent(25) {
            return Ok(());
        }
        self.told.power_cuts += 1;
        let unsynced = self.portfolio.disk.unsynced() as u64;
        let place = usize::try_from(self.random.below(unsynced + 1)).unwrap_or_default();
        let seed = self.random.below(u64::MAX);
        let survivors = match self.random.below(8) {
            0 => Survivors::None,
            1 => Survivors::All,
            2..=5 => Survivors::First(place),
            6 => Survivors::AllBut(place),
            _ => Survivors::Some(seed),
        };
        Ok(self.portfolio.disk.lose_power(survivors)?)
    }

    /// What is on the disk is a legal end of what was written, and holds all that was acknowledged.
    pub(crate) fn survives(&self) -> Result<(), SimulationError> {
        let directory = &self.portfolio.directory;
        let written = self.portfolio.journal.get().clone();
        if written.acknowledged == 0 && !directory.join("head").exists() {
            return Ok(());
        }
        let report = verify(directory, None).map_err(Box::new)?;
        let found: Vec<StoredRecord> = LedgerReader::open(directory)?
            .take(usize::try_from(report.records).unwrap_or(usize::MAX))
            .collect::<Result<_, _>>()?;
        let found = lines_of(&found)?;
        ensure(found.len() >= written.acknowledged, || {
            let (there, said) = (found.len(), written.acknowledged);
            format!("{said} records were acknowledged, {there} are there")
        })?;
        let differs = found.iter().zip(&written.lines).position(|(a, b)| a != b);
        let differs =
            differs.or((found.len() > written.lines.len()).then_some(written.lines.len()));
        // A recovery that was cut off itself has told nobody what it wrote.
        let is_recovery = |at: usize| {
            let recovers = |line: &String| line.contains(r#""kind":"recovery""#);
            written.is_resuming && at >= written.acknowledged && found.get(at).is_some_and(recovers)
        };
        ensure(differs.is_none_or(is_recovery), || {
            let (there, said) = (found.len(), written.lines.len());
            format!(
                "of {said} records written {there} are there, the first other one at {differs:?}"
            )
        })
    }

    /// A last life in which nothing goes wrong, and all that must hold of the whole ledger.
    pub(crate) fn end(mut self) -> Result<Told, SimulationError> {
        self.live(Trouble::None, 0, 2)?;
        let directory = &self.portfolio.directory;
        let report = verify(directory, None).map_err(Box::new)?;
        ensure(report.status == LedgerStatus::Complete, || {
            format!("the ledger is {:?}", report.status)
        })?;
        let (replayed, _) = replay(directory, &mut |_| ())?;
        ensure(replayed.difference.is_none(), || {
            format!("the ledger replays otherwise: {:?}", replayed.difference)
        })?;
        self.told.records = report.records;
        limits_hold(directory)?;
        each_level_is_told(directory)?;
        self.told.unknown = each_order_ends(directory)?;
        Ok(Told {
            tally: self.portfolio.venue.tally(),
            ..self.told
        })
    }

    fn count(&mut self, ended: Ended, lived: Lived) {
        let told = &mut self.told;
        told.lives += 1;
        told.crashes += u64::from(ended == Ended::Crashed);
        told.halts += u64::from(ended == Ended::Halted);
        told.recoveries += lived.recoveries;
        told.side_files += lived.side_files;
        told.cycles += lived.cycles;
        told.refused += lived.refused;
        told.aborted += lived.aborted;
    }
}

/// Each order has one id and one end, and what was not known of it was known by then. Returns how often that was so.
fn each_order_ends(directory: &Path) -> Result<u64, SimulationError> {
    let mut open = BTreeSet::new();
    let mut ids = BTreeSet::new();
    let mut unknown = 0;
    for stored in LedgerReader::open(directory)? {
        match stored?.record {
            Record::Order(order) => {
                let id = order.order_id;
                ensure(ids.insert(id), || format!("order {id} is there twice"))?;
                open.insert(id);
            }
            Record::Outcome(outcome) => {
                let id = outcome.order_id;
                ensure(open.contains(&id), || {
                    format!("order {id} is {} after its end", outcome.state)
                })?;
                match outcome.state {
                    OutcomeState::Accepted => {}
                    OutcomeState::Unknown => unknown += 1,
                    _ => drop(open.remove(&id)),
                }
            }
            _ => {}
        }
    }
    ensure(open.is_empty(), || {
        format!("orders without an end: {open:?}")
    })?;
    Ok(unknown)
}

/// The level of each seal is that of the breakers on the ledger: none is lost, and nobody loosens one here.
fn each_level_is_told(directory: &Path) -> Result<(), SimulationError> {
    let mut told = Defcon::Green;
    for stored in LedgerReader::open(directory)? {
        match stored?.record {
            Record::Breaker(breaker) => told = told.max(breaker.level),
            Record::Seal(seal) => ensure(seal.defcon == told, || {
                format!("a seal says {}, the breakers before it {told}", seal.defcon)
            })?,
            _ => {}
        }
    }
    Ok(())
}

/// No decision takes an asset, or all of them, beyond the limits of the world.
fn limits_hold(directory: &Path) -> Result<(), SimulationError> {
    let mut gross = (Exposure::ZERO, Exposure::ZERO);
    for stored in LedgerReader::open(directory)? {
        match stored?.record {
            Record::Cycle(_) => gross = (Exposure::ZERO, Exposure::ZERO),
            Record::Decision(decision) => {
                asset_limit_holds(&decision)?;
                let previous = decision.previous_exposure.checked_abs()?;
                gross.0 = gross.0.checked_add(previous)?;
                gross.1 = gross
                    .1
                    .checked_add(decision.allowed_exposure.checked_abs()?)?;
                let most: Exposure = "0.9".parse()?;
                ensure(gross.1 <= most.max(gross.0), || {
                    format!("the decisions of a cycle come to {}", gross.1)
                })?;
            }
            _ => {}
        }
    }
    Ok(())
}

fn asset_limit_holds(decision: &Decision) -> Result<(), SimulationError> {
    let (allowed, previous) = (decision.allowed_exposure, decision.previous_exposure);
    let is_inside = allowed <= "0.35".parse()? && allowed >= "-0.25".parse()?;
    let shrinks = allowed.checked_abs()? <= previous.checked_abs()?;
    ensure(is_inside || shrinks, || {
        format!("{} may be {allowed}", decision.asset_id)
    })
}

impl Told {
    /// With what happened under another seed.
    #[must_use]
    pub const fn and(self, other: &Self) -> Self {
        Self {
            seeds: self.seeds + other.seeds,
            lives: self.lives + other.lives,
            crashes: self.crashes + other.crashes,
            power_cuts: self.power_cuts + other.power_cuts,
            halts: self.halts + other.halts,
            recoveries: self.recoveries + other.recoveries,
            side_files: self.side_files + other.side_files,
            cycles: self.cycles + other.cycles,
            refused: self.refused + other.refused,
            aborted: self.aborted + other.aborted,
            records: self.records + other.records,
            unknown: self.unknown + other.unknown,
            tally: self.tally.and(&other.tally),
        }
    }
}
