//! Runs scenarios to a ledger in a temporary directory, and reads ledgers back.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use ios012_broker::Broker;
use ios012_contracts::{ContractsError, Mandate, Market, Regimes, Standing};
use ios012_core::{AssetId, Exposure, UtcTime};
use ios012_engine::{
    BackgroundSink, CycleSummary, Engine, EngineError, FileSink, LedgerSink, Runner, replay,
};
use ios012_lineage::{
    CycleOutcome, LedgerReader, LedgerStatus, LedgerWriter, Record, Seal, verify,
};
use ios012_paper::{PaperBroker, Script};
use ios012_report::Summary;
use tempfile::TempDir;
use tokio::runtime::{Builder, Runtime};

use crate::FortressError;
use crate::error::ensure;

/// Cycles between two syncs, for a broker that dies with the process.
const SYNC_CYCLES: u32 = 1_000;

/// An engine on a broker, with its ledger in a temporary directory.
pub(crate) struct Desk<B, S> {
    standing: Arc<Standing>,
    runner: Runner<B, S>,
    runtime: Runtime,
    directory: TempDir,
}

impl<B: Broker> Desk<B, BackgroundSink> {
    pub(crate) fn open(standing: &Arc<Standing>, broker: B) -> Result<Self, FortressError> {
        Self::over(standing, broker, |writer| {
            BackgroundSink::new(writer, SYNC_CYCLES)
        })
    }
}

impl<B: Broker> Desk<B, FileSink> {
    /// A ledger that is durable before every order: what is on it after an error can be read.
    pub(crate) fn durable(standing: &Arc<Standing>, broker: B) -> Result<Self, FortressError> {
        Self::over(standing, broker, |writer| Ok(FileSink::new(writer)))
    }
}

impl<B: Broker, S: LedgerSink> Desk<B, S> {
    fn over(
        standing: &Arc<Standing>,
        broker: B,
        sink: impl FnOnce(LedgerWriter) -> Result<S, EngineError>,
    ) -> Result<Self, FortressError> {
        let directory = temporary()?;
        let scenario = standing.scenario();
        let (writer, chain) = LedgerWriter::create(directory.path(), scenario.portfolio_id())?;
        let engine = Engine::begin(
            chain,
            scenario.base_currency().clone(),
            scenario.opening_cash(),
            scenario.opening_positions(),
        )?;
        Ok(Self {
            standing: Arc::clone(standing),
            runner: Runner::new(engine, broker, sink(writer)?)?,
            runtime: runtime()?,
            directory,
        })
    }

    /// One mandate. It must fit the books: no suite gives one that does not.
    pub(crate) fn cycle(
        &mut self,
        regimes: Option<Arc<Regimes>>,
        mandate: Mandate,
        market: Market,
        next: Option<UtcTime>,
    ) -> Result<CycleSummary, FortressError> {
        let cycle = self
            .runner
            .cycle(&self.standing, regimes, mandate, market, next);
        let (summary, refusal) = self.runtime.block_on(cycle)?;
        self.runner.engine().accounts().audit()?;
        refusal.map_or(Ok(summary), |refusal| Err(refusal.into()))
    }

    /// Every mandate, each superseded by the next one.
    pub(crate) fn cycles(
        &mut self,
        cycles: impl Iterator<Item = Result<(Mandate, Market), ContractsError>>,
    ) -> Result<Counts, FortressError> {
        let mut counts = Counts::default();
        let mut cycles = cycles.peekable();
        while let Some(cycle) = cycles.next() {
            let (mandate, market) = cycle?;
            let next = cycles.peek().and_then(|next| next.as_ref().ok());
            let next = next.map(|(mandate, _)| mandate.as_of());
            let summary = self.cycle(None, mandate, market, next)?;
            counts = counts.and(&summary)?;
        }
        Ok(counts)
    }

    /// Makes the ledger durable and gives its directory.
    pub(crate) fn close(self) -> Result<TempDir, FortressError> {
        self.runner.finish()?;
        Ok(self.directory)
    }

    /// The ledger as it is on disk after an error.
    pub(crate) fn abandon(self) -> TempDir {
        self.directory
    }
}

/// How many cycles ran, and how they ended.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Counts {
    pub(crate) cycles: u64,
    pub(crate) executed: u64,
    pub(crate) aborted: u64,
    pub(crate) decisions: u64,
}

impl Counts {
    /// With one more cycle, which was carried out or stopped by a breaker.
    pub(crate) fn and(mut self, summary: &CycleSummary) -> Result<Self, FortressError> {
        self.cycles += 1;
        self.decisions += summary.decisions;
        match summary.outcome {
            CycleOutcome::Executed => self.executed += 1,
            CycleOutcome::Aborted => self.aborted += 1,
            CycleOutcome::Refused | CycleOutcome::Recovered => {
                let (cycle, outcome) = (summary.cycle_id, summary.outcome);
                let text = format!("cycle {cycle} ended as {outcome}");
                return Err(FortressError::Broken(text));
            }
        }
        Ok(self)
    }
}

/// The paper broker with the costs of the limits.
pub(crate) fn paper(standing: &Standing, script: Script) -> PaperBroker {
    let limits = standing.constraints().limits();
    let opening = standing.scenario().opening_positions().iter();
    let opening = opening.map(|held| (held.asset_id.clone(), held.quantity));
    PaperBroker::new(limits.fee, limits.slippage, script).holding(opening)
}

/// Runs all cycles on the paper broker to a closed ledger.
pub(crate) fn run(
    standing: &Arc<Standing>,
    cycles: impl Iterator<Item = Result<(Mandate, Market), ContractsError>>,
    script: Script,
) -> Result<(Counts, TempDir), FortressError> {
    let mut desk = Desk::open(standing, paper(standing, script))?;
    let counts = desk.cycles(cycles)?;
    Ok((counts, desk.close()?))
}

pub(crate) fn temporary() -> Result<TempDir, FortressError> {
    tempfile::tempdir().map_err(FortressError::io(Path::new("a temporary directory")))
}

pub(crate) fn runtime() -> Result<Runtime, FortressError> {
    let built = Builder::new_current_thread().build();
    built.map_err(FortressError::io(Path::new("a runtime")))
}

/// Verifies a closed ledger, replays it without drift, and sums it up.
pub(crate) fn judge(directory: &Path) -> Result<Summary, FortressError> {
    let verified = verify(directory, None).map_err(Box::new)?;
    ensure(verified.status == LedgerStatus::Complete, || {
        format!("the ledger is not complete: {:?}", verified.status)
    })?;
    no_drift(directory)?;
    Ok(Summary::read(directory)?)
}

/// Derives every record again.
pub(crate) fn no_drift(directory: &Path) -> Result<(), FortressError> {
    let (report, _) = replay(directory, &mut |_| ())?;
    match report.difference {
        None => Ok(()),
        Some(drift) => Err(FortressError::Broken(format!(
            "record {} ({}) is derived otherwise",
            drift.seq, drift.kind
        ))),
    }
}

/// One decision of a cycle.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Decided {
    pub(crate) previous: Exposure,
    pub(crate) target: Exposure,
    pub(crate) allowed: Exposure,
}

/// What a ledger decided by time and asset, and how each cycle ended.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Told {
    pub(crate) decisions: BTreeMap<(UtcTime, AssetId), Decided>,
    pub(crate) seals: Vec<Seal>,
}

impl Told {
    /// Reads a ledger whose cycles make one transition each.
    pub(crate) fn read(directory: &Path) -> Result<Self, FortressError> {
        let mut told = Self::default();
        for stored in LedgerReader::open(directory)? {
            match stored?.record {
                Record::Decision(decision) => {
                    let decided = Decided {
                        previous: decision.previous_exposure,
                        target: decision.target_exposure,
                        allowed: decision.allowed_exposure,
                    };
                    let key = (decision.timestamp, decision.asset_id);
                    told.decisions.insert(key, decided);
                }
                Record::Seal(seal) => told.seals.push(seal),
                _ => {}
            }
        }
        Ok(told)
    }
}
