//! One life of the process: it opens the ledger, or begins it, and runs cycles until it ends or is ended.

use std::cell::Cell;
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;

use ios012_contracts::Standing;
use ios012_core::Quantity;
use ios012_engine::{Engine, EngineError, FileSink, Heard, Resumed, Runner, resume};
use ios012_lineage::ledger::is_begun;
use ios012_lineage::{
    Amount, CycleOutcome, Defcon, LedgerReader, LedgerWriter, LineageError, Record, Side,
    StoredRecord,
};

use crate::SimulationError;
use crate::broker::Venue;
use crate::disk::SimulatedDisk;
use crate::error::ensure;
use crate::journal::{Journal, NotedSink};
use crate::story::Plant;
use crate::world::Day;

/// What outlives a process, and what watches it.
#[derive(Debug)]
pub(crate) struct Portfolio {
    pub(crate) directory: PathBuf,
    pub(crate) disk: SimulatedDisk,
    pub(crate) venue: Venue,
    pub(crate) journal: Journal,
    pub(crate) standing: Arc<Standing>,
    /// Whether anything may go wrong in this life: an error is then no defect.
    pub(crate) disk_fails: bool,
    pub(crate) venue_fails: bool,
    /// The highest level at which a cycle was sealed or a recovery ended. Nobody loosens it here.
    pub(crate) level: Cell<Defcon>,
    /// Whether the end of a cycle is kept with the next one.
    pub(crate) groups_cycles: bool,
    /// A process with a bug that must be found.
    pub(crate) plant: Option<Plant>,
}

/// How a life ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Ended {
    /// By itself, between two cycles.
    Finished,
    /// At an operation of the disk.
    Crashed,
    /// The engine halted at a fault of the disk or of the venue.
    Halted,
}

/// What a life did.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Lived {
    pub(crate) cycles: u64,
    pub(crate) refused: u64,
    pub(crate) aborted: u64,
    pub(crate) recoveries: u64,
    pub(crate) side_files: u64,
}

impl Portfolio {
    /// Lives through these days.
    pub(crate) async fn live(
        &self,
        days: impl Iterator<Item = Result<Day, SimulationError>>,
    ) -> Result<(Ended, Lived), SimulationError> {
        let mut lived = Lived::default();
        let ended = self.run(days, &mut lived).await;
        let ended = match ended {
            Ok(()) => Ended::Finished,
            Err(SimulationError::Engine(error)) if self.is_given(&error) => self.cut(),
            Err(SimulationError::Ledger(error)) if self.is_given_by_disk(&error) => self.cut(),
            Err(error) => return Err(error),
        };
        Ok((ended, lived))
    }

    async fn run(
        &self,
        days: impl Iterator<Item = Result<Day, SimulationError>>,
        lived: &mut Lived,
    ) -> Result<(), SimulationError> {
        let (engine, writer, heard) = self.open(lived).await?;
        let sink = NotedSink::new(
            FileSink::new(writer),
            self.journal.clone(),
            self.groups_cycles,
        );
        let mut runner = Runner::new(engine, self.venue.clone(), sink)?.having_heard(heard);
        self.refuse_takeover()?;
        for day in days {
            let Day { mandate, market } = day?;
            let cycle = runner.cycle(&self.standing, None, mandate, market, None);
            let (summary, refusal) = cycle.await?;
            lived.cycles += 1;
            lived.refused += u64::from(refusal.is_some());
            lived.aborted += u64::from(summary.outcome == CycleOutcome::Aborted);
            runner.engine().accounts().audit()?;
            self.holds_what_the_books_say(runner.engine())?;
            self.keeps_its_level(runner.engine())?;
        }
        runner.finish()?;
        Ok(())
    }

    async fn open(
        &self,
        lived: &mut Lived,
    ) -> Result<(Engine, LedgerWriter, Heard), SimulationError> {
        let disk = Arc::new(self.disk.clone());
        let scenario = self.standing.scenario();
        if !is_begun(&self.directory)? {
            let id = scenario.portfolio_id();
            let (writer, chain) = LedgerWriter::create_on(disk, &self.directory, id)?;
            let currency = scenario.base_currency().clone();
            let engine = Engine::begin(
                chain,
                currency,
                scenario.opening_cash(),
                scenario.opening_positions(),
            )?;
            self.journal.begin(Vec::new());
            return Ok((engine, writer, Heard::default()));
        }
        self.journal.resume();
        let (writer, chain, opened) = LedgerWriter::open_on(disk, &self.directory)?;
        let mut venue = self.venue.clone();
        let found = opened.found;
        let Resumed {
            engine,
            writer,
            recovery,
            heard,
            ..
        } = resume(&self.directory, (writer, chain, found), &mut venue).await?;
        lived.recoveries += u64::from(recovery.is_some());
        lived.side_files += u64::from(
            recovery
                .as_ref()
                .is_some_and(|told| told.side_file.is_some()),
        );
        self.is_as_promised(&engine)?;
        Ok((engine, writer, heard))
    }

    /// What must hold between a recovery and the first thing that is new.
    fn is_as_promised(&self, engine: &Engine) -> Result<(), SimulationError> {
        let stored: Vec<StoredRecord> =
            LedgerReader::open(&self.directory)?.collect::<Result<_, _>>()?;
        self.journal.begin(lines_of(&stored)?);
        engine.accounts().audit()?;
        let open = self.venue.open_orders();
        ensure(open.is_empty(), || {
            format!(
                "{} orders can still have an effect after a recovery",
                open.len()
            )
        })?;
        self.holds_what_the_books_say(engine)?;
        cash_follows(&stored, engine)?;
        let latched = stored.iter().filter_map(|stored| match &stored.record {
            Record::Breaker(breaker) => Some(breaker.level),
            _ => None,
        });
        let latched = latched.max().unwrap_or(Defcon::Green);
        self.level.set(self.level.get().max(latched));
        self.keeps_its_level(engine)
    }

    /// What was latched holds, whatever came between.
    fn keeps_its_level(&self, engine: &Engine) -> Result<(), SimulationError> {
        let latched = self.level.get();
        let level = if self.plant == Some(Plant::ForgetLatch) {
            Defcon::Green
        } else {
            engine.alarm().posture().level()
        };
        ensure(level >= latched, || {
            format!("the level was {latched}, and the engine goes on at {level}")
        })?;
        self.level.set(level);
        Ok(())
    }

    fn holds_what_the_books_say(&self, engine: &Engine) -> Result<(), SimulationError> {
        let books = engine.accounts().books().positions();
        let books: Vec<_> = books
            .map(|held| (held.asset_id().clone(), held.quantity()))
            .collect();
        let venue = self.venue.holds();
        ensure(books == venue, || {
            format!("the books hold {books:?}, the venue says {venue:?}")
        })
    }

    /// Nobody else may write while this process lives.
    fn refuse_takeover(&self) -> Result<(), SimulationError> {
        match LedgerWriter::open(&self.directory) {
            Err(LineageError::Locked { .. }) => Ok(()),
            Err(error) => Err(SimulationError::Ledger(error)),
            Ok(_) => Err(SimulationError::Broken("two writers at once".to_owned())),
        }
    }

    fn is_given(&self, error: &EngineError) -> bool {
        match error {
            EngineError::Ledger(error) => self.is_given_by_disk(error),
            EngineError::Broker(_) | EngineError::Unresolved { .. } => self.venue_fails,
            _ => false,
        }
    }

    fn is_given_by_disk(&self, error: &LineageError) -> bool {
        let is_io = matches!(error, LineageError::Io { .. } | LineageError::Poisoned);
        is_io && (self.disk_fails || self.disk.is_dead())
    }

    fn cut(&self) -> Ended {
        if self.disk.is_dead() {
            Ended::Crashed
        } else {
            Ended::Halted
        }
    }
}

/// The cash of the books is what the records come to, added up here once more: the opening, each fill, each entry.
fn cash_follows(stored: &[StoredRecord], engine: &Engine) -> Result<(), SimulationError> {
    let mut cash = 0_i128;
    let mut sides = BTreeMap::new();
    let mut fills = 0;
    for stored in stored {
        match &stored.record {
            Record::Genesis(genesis) => {
                cash += genesis
                    .opening
                    .iter()
                    .map(|line| money(&line.quantity))
                    .sum::<i128>();
            }
            Record::Entry(entry) => {
                let lines = entry.lines.iter();
                let lines = lines.filter(|line| line.account.as_str() == "cash");
                cash += lines.map(|line| money(&line.amount)).sum::<i128>();
            }
            Record::Order(order) => drop(sides.insert(order.order_id, order.side)),
            Record::Fill(fill) => {
                fills += 1;
                let value = fill.price.units() * fill.quantity.units() / Quantity::SCALE;
                cash += match sides.get(&fill.order_id) {
                    Some(Side::Buy) => -value,
                    _ => value,
                } - fill.fee.units();
            }
            _ => {}
        }
    }
    let books = engine.accounts().books();
    let kept = books.cash()?.units();
    // Each fill is rounded once, to a quantum.
    ensure((cash - kept).abs() <= fills, || {
        format!("the records come to {cash} quanta of cash, the books say {kept}")
    })
}

fn money(amount: &Amount) -> i128 {
    match amount {
        Amount::Cash(_, money) => money.units(),
        Amount::Asset(..) => 0,
    }
}

/// Records as the ledger has them, a line each.
pub(crate) fn lines_of(stored: &[StoredRecord]) -> Result<Vec<String>, SimulationError> {
    let lines = stored.iter().map(|stored| {
        let mut json = String::new();
        stored.record.write(&stored.envelope, &mut json)?;
        Ok(format!("{} {json}", stored.hash))
    });
    lines
        .collect::<Result<_, LineageError>>()
        .map_err(SimulationError::from)
}
