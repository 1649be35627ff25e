//! A worker over a database: runs the mandates of its tables as they come, for the portfolios that it owns.
//!
//! One thread does one thing at a time. More workers are more processes; who owns a portfolio is decided by the
//! database alone.

mod desk;

use std::collections::{BTreeMap, BTreeSet};
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::time::Duration;

use anyhow::Context as _;
use ios012_core::PortfolioId;
use ios012_engine::EngineError;
use ios012_postgres::{
    Access, Connection, ConnectionParameters, PostgresError, PostgresInputs, Settings, Told,
};
use tokio::runtime::Runtime;
use tokio::time::Instant;

use crate::args::DaemonArgs;
use crate::exit::{Exit, Failure};
use crate::interrupt::Interrupt;
use crate::output::note;
use crate::portfolio::runtime;
use crate::watch::Switch;

use desk::{Desk, Taken};

/// How long a mandate is waited for before orders to stop, Ctrl-C and leases are looked at again.
const TURN: Duration = Duration::from_millis(200);
/// How long to wait before something that failed is tried again.
const RETRY: Duration = Duration::from_secs(1);
/// How long a question to the database may take, at most; with a short lease, a third of it.
const LONGEST_ANSWER: Duration = Duration::from_secs(5);

/// A worker.
pub(crate) struct Daemon {
    args: DaemonArgs,
    json: bool,
    inputs: PostgresInputs,
    connection: Connection,
    switch: Switch,
    interrupt: Interrupt,
    scratch: tempfile::TempDir,
    runtime: Runtime,
    desks: BTreeMap<PortfolioId, Desk>,
    /// Portfolios at which a person must look before anybody goes on with them.
    given_up: BTreeSet<PortfolioId>,
    /// Portfolios that somebody else owned when they were looked at last.
    held: BTreeSet<PortfolioId>,
    /// Portfolios whose mandates were all run, where that is the end.
    done: BTreeSet<PortfolioId>,
    /// Whether something failed that may pass.
    has_stumbled: bool,
    lease: Duration,
    /// When every portfolio was looked after last.
    kept: Instant,
    /// What the program ends with.
    exit: Exit,
}

/// The parameters of a connection, from a file that nobody but its owner can read.
pub(crate) fn parameters(path: &Path) -> anyhow::Result<ConnectionParameters> {
    let unreadable = || format!("{} cannot be read", path.display());
    let metadata = std::fs::metadata(path).with_context(unreadable)?;
    if metadata.permissions().mode() & 0o077 != 0 {
        let message = format!(
            "{} can be read by others and may hold a password; `chmod 600` it",
            path.display()
        );
        return Err(Failure::new(Exit::Usage, message));
    }
    let text = std::fs::read_to_string(path).with_context(unreadable)?;
    Ok(ConnectionParameters::parse(text)?)
}

impl Daemon {
    /// Prepares a worker. It connects when it runs.
    pub(crate) fn begin(args: &DaemonArgs, json: bool) -> anyhow::Result<Self> {
        let missing = || Failure::new(Exit::Usage, "--daemon needs --database FILE");
        let file = args.database.as_deref().ok_or_else(missing)?;
        let lease = Duration::from_secs(args.lease_s);
        let answer = LONGEST_ANSWER.min(lease / 3);
        let settings = Settings::new(lease, answer)?;
        let settings = if args.require_standby {
            settings.requiring_standby()
        } else {
            settings
        };
        let switch = Switch::begin(args.control.as_deref());
        Ok(Self {
            args: args.clone(),
            json,
            inputs: PostgresInputs::new(parameters(file)?, answer)?,
            connection: Connection::new(parameters(file)?, settings, Access::Writer)?,
            switch: switch.context("orders to stop cannot be watched for")?,
            interrupt: Interrupt::listen()?,
            scratch: tempfile::tempdir().context("no place for copies of ledgers")?,
            runtime: runtime()?,
            desks: BTreeMap::new(),
            given_up: BTreeSet::new(),
            held: BTreeSet::new(),
            done: BTreeSet::new(),
            has_stumbled: false,
            lease,
            kept: Instant::now(),
            exit: Exit::Executed,
        })
    }

    /// Works until it is asked to end, or until nothing is left to do where that is asked for, and gives back what
    /// it owns.
    pub(crate) fn run(mut self) -> anyhow::Result<Exit> {
        let worked = self.work_on();
        self.end();
        worked?;
        Ok(self.exit)
    }

    fn work_on(&mut self) -> anyhow::Result<()> {
        let mut held_since = None;
        let mut next_look = Instant::now();
        while !self.interrupt.is_asked() {
            let told = match self.inputs.wait(self.patience(next_look)) {
                Ok(told) => told,
                Err(error) => {
                    self.keep();
                    self.unreachable(&error)?;
                    continue;
                }
            };
            let is_new = told == Told::Anew;
            // What is to end once it is idle looks again at once.
            if is_new || self.args.until_idle || next_look <= Instant::now() {
                next_look = Instant::now() + self.lease / 2;
                let all = self.portfolios()?;
                let worked = self.turn(all);
                if self.args.until_idle && !worked && !is_new && self.is_idle(&mut held_since) {
                    break;
                }
            } else if let Told::Of(portfolios) = told {
                let wanted = |id: &PortfolioId| self.is_wanted(id);
                let portfolios = portfolios.into_iter().filter(wanted).collect();
                self.turn(portfolios);
            }
            self.keep();
            if std::mem::take(&mut self.has_stumbled) {
                if self.args.until_idle {
                    return Err(Failure::new(
                        Exit::Io,
                        "not every mandate that waits could be run; the lines above say why",
                    ));
                }
                std::thread::sleep(RETRY);
            }
        }
        Ok(())
    }

    /// Whether nothing is left to do. A portfolio that somebody else owns is waited for, in case its owner has died.
    fn is_idle(&mut self, held_since: &mut Option<Instant>) -> bool {
        if self.held.is_empty() {
            return true;
        }
        let since = *held_since.get_or_insert_with(Instant::now);
        if since.elapsed() < self.lease + self.lease / 2 {
            std::thread::sleep(TURN);
            return false;
        }
        for id in &self.held {
            note(&format!(
                "{id}: another worker owns it, and its mandates were left"
            ));
        }
        self.exit = Exit::Incomplete;
        true
    }

    /// How long to wait for a mandate.
    fn patience(&self, next_look: Instant) -> Duration {
        if self.args.until_idle {
            return Duration::from_millis(1);
        }
        TURN.min(next_look.saturating_duration_since(Instant::now()))
            .max(Duration::from_millis(1))
    }

    fn is_wanted(&self, id: &PortfolioId) -> bool {
        self.args.portfolios.is_empty() || self.args.portfolios.contains(id)
    }

    /// Every portfolio that this worker may work for. A database that cannot be read has none for now.
    fn portfolios(&mut self) -> anyhow::Result<Vec<PortfolioId>> {
        match self.inputs.portfolios() {
            Ok(all) => Ok(all.into_iter().filter(|id| self.is_wanted(id)).collect()),
            Err(error) => {
                self.unreachable(&error)?;
                Ok(Vec::new())
            }
        }
    }

    /// Takes what nobody owns, and works off what waits. Returns whether there was anything.
    fn turn(&mut self, portfolios: Vec<PortfolioId>) -> bool {
        let mut worked = false;
        self.held.clear();
        for id in portfolios {
            if self.interrupt.is_asked() {
                break;
            }
            if self.given_up.contains(&id) || self.done.contains(&id) {
                continue;
            }
            let most = self.args.most.unwrap_or(usize::MAX);
            if !self.desks.contains_key(&id) && self.desks.len() < most {
                match self.take(&id) {
                    Ok(Taken::Desk(desk)) => {
                        worked = true;
                        self.desks.insert(id.clone(), *desk);
                    }
                    Ok(Taken::Held) => drop(self.held.insert(id.clone())),
                    Err(error) => self.fail(&id, &error),
                }
            }
            worked |= self.work(&id);
            if self.args.until_idle && !self.interrupt.is_asked() {
                self.give_back(&id);
            }
            self.keep();
        }
        worked
    }

    fn take(&mut self, id: &PortfolioId) -> anyhow::Result<Taken> {
        let snapshot = self.inputs.snapshot(id)?;
        let standing = snapshot.standing(None)?;
        drop(snapshot);
        let watch = self.switch.watch();
        let store = self.connection.store(id.clone());
        let scratch = tempfile::tempdir_in(self.scratch.path())?;
        let taking = Desk::take(&standing, store, scratch.path(), watch);
        self.runtime.block_on(taking)
    }

    /// Runs the mandates that wait for a portfolio, the oldest first.
    fn work(&mut self, id: &PortfolioId) -> bool {
        let mut worked = false;
        while !self.interrupt.is_asked() {
            let Some(desk) = self.desks.get_mut(id) else {
                break;
            };
            let ran = self
                .runtime
                .block_on(desk.next(&mut self.inputs, id, self.json));
            match ran {
                Ok(true) => {
                    worked = true;
                    // A long backlog of one portfolio costs no other one its owner.
                    if self.kept.elapsed() >= self.lease / 4 {
                        self.keep();
                    }
                }
                Ok(false) => break,
                // Only the documents could not be read: the portfolio is ours still.
                Err(error) if error.is::<PostgresError>() => {
                    self.fail(id, &error);
                    break;
                }
                Err(error) => {
                    self.desks.remove(id);
                    self.fail(id, &error);
                }
            }
        }
        worked
    }

    /// Gives a portfolio back for which nothing waits any more, so that there is room for another.
    fn give_back(&mut self, id: &PortfolioId) {
        if self.has_stumbled {
            return;
        }
        if let Some(desk) = self.desks.remove(id) {
            match self.runtime.block_on(desk.finish()) {
                Ok(()) => drop(self.done.insert(id.clone())),
                Err(error) => self.fail(id, &error),
            }
        }
    }

    /// Stays the owner of what has been idle for a while, and takes orders to stop that came meanwhile.
    fn keep(&mut self) {
        self.kept = Instant::now();
        let due = self.lease / 4;
        let mut failed = Vec::new();
        for (id, desk) in &mut self.desks {
            if let Err(error) = self.runtime.block_on(desk.keep(due)) {
                failed.push((id.clone(), error));
            }
        }
        for (id, error) in failed {
            self.desks.remove(&id);
            self.fail(&id, &error);
        }
    }

    /// A portfolio cannot be gone on with: for now, or until a person has looked.
    fn fail(&mut self, id: &PortfolioId, error: &anyhow::Error) {
        let passes = match error.downcast_ref::<EngineError>() {
            Some(EngineError::Fenced { .. }) => {
                note(&format!("{id}: another worker has taken it over"));
                return;
            }
            Some(EngineError::InDoubt { .. }) => true,
            Some(EngineError::Store(cause)) => cause.downcast_ref().is_some_and(passes),
            Some(_) => false,
            None => error.downcast_ref().is_some_and(passes),
        };
        if passes {
            self.has_stumbled = true;
            note(&format!("{id}: {error:#}; it is tried again"));
            return;
        }
        note(&format!(
            "{id}: {error:#}; it is left alone until this worker is started again"
        ));
        self.exit = Failure::exit_of(error);
        self.given_up.insert(id.clone());
    }

    /// The database cannot be asked. What was owned is, for as long as its lease runs.
    fn unreachable(&self, error: &PostgresError) -> anyhow::Result<()> {
        if self.args.until_idle {
            anyhow::bail!("the database cannot be read: {error}");
        }
        note(&format!(
            "the database cannot be read: {error}; it is tried again"
        ));
        std::thread::sleep(TURN);
        Ok(())
    }

    /// Gives every portfolio back, so that the next worker need not wait.
    fn end(&mut self) {
        for (id, desk) in std::mem::take(&mut self.desks) {
            if let Err(error) = self.runtime.block_on(desk.finish()) {
                self.fail(&id, &error);
            }
        }
    }
}

/// Whether it may go by itself. Anything else is for a person.
const fn passes(error: &PostgresError) -> bool {
    matches!(
        error,
        PostgresError::Unreachable { .. }
            | PostgresError::Unanswered { .. }
            | PostgresError::Warned
            | PostgresError::ReadOnly
            | PostgresError::InRecovery
            | PostgresError::NoStandby { .. }
            | PostgresError::NoSpace { .. }
            | PostgresError::Server { .. }
            | PostgresError::InputTable { .. }
            | PostgresError::NotPermitted { .. }
    )
}
