//! A portfolio's ledger, begun or continued, with the engine over it.

use std::path::Path;

use anyhow::Context as _;
use ios012_contracts::{Scenario, Standing};
use ios012_engine::{Engine, EngineError, Heard, LedgerSink, Runner, genesis, resume};
use ios012_lineage::ledger::is_begun;
use ios012_lineage::{LedgerReader, LedgerWriter, Record, Recovery};
use ios012_paper::{PaperBroker, Script};
use tokio::runtime::{Builder, Runtime};

use crate::alert;
use crate::exit::{Exit, Failure};
use crate::output::note;
use crate::watch::{self, Switch, ToldFile, Watch};

/// A runner on the paper broker over the ledger in a directory.
pub(crate) struct Portfolio<S> {
    pub(crate) runner: Runner<PaperBroker, S, Watch>,
    /// Whether the ledger held cycles before.
    pub(crate) continued: bool,
    told: ToldFile,
}

impl<S: LedgerSink> Portfolio<S> {
    /// Begins a ledger, or continues the one that is there: it is verified, recovered if a crash had left
    /// it, and replayed to give the engine its books.
    pub(crate) fn open(
        scenario_folder: &Path,
        standing: &Standing,
        ledger: &Path,
        sink: impl FnOnce(LedgerWriter) -> Result<S, EngineError>,
    ) -> anyhow::Result<Self> {
        let mut broker = broker(scenario_folder, standing)?;
        let scenario = standing.scenario();
        // A process that was killed before its first record was whole has begun nothing.
        let continued = is_begun(ledger)?;
        let opened = if continued {
            go_on(scenario, ledger, &mut broker)
        } else {
            begin(scenario, ledger)
        };
        let (engine, writer, heard) = opened.inspect_err(alert::tell_closed)?;
        let positions = engine.accounts().books().positions();
        let positions = positions.map(|held| (held.asset_id().clone(), held.quantity()));
        let broker = broker.holding(positions);
        let switch = Switch::begin(Some(ledger)).context("orders to stop cannot be watched for")?;
        let watch = switch.watch();
        let told = watch.told();
        let runner = Runner::watched(engine, broker, sink(writer)?, watch)?.having_heard(heard);
        Ok(Self {
            runner,
            continued,
            told,
        })
    }
}

impl<S: LedgerSink> Portfolio<S> {
    /// Makes everything durable, and takes away the trip file whose order is on the ledger now.
    pub(crate) fn finish(self, ledger: &Path) -> anyhow::Result<Engine> {
        let mut runner = self.runner;
        // An order to stop that came after the last cycle is on the ledger before the process ends.
        if runner.engine().is_between_cycles() {
            runtime()?.block_on(runner.heed())?;
        }
        let alerts = runner.take_alerts();
        let stopped = alerts
            .iter()
            .any(|alert| alert.breaker.as_str() == "operator");
        let engine = runner.finish()?;
        if stopped {
            watch::clear(ledger, &self.told)
                .context("the trip file is on the ledger and cannot be removed")?;
        }
        Ok(engine)
    }
}

/// What a runner runs on: its watch has a clock.
pub(crate) fn runtime() -> std::io::Result<Runtime> {
    Builder::new_current_thread().enable_time().build()
}

/// Whether a directory holds a ledger. One that cannot be read is said to be there, so that opening it says why
/// not.
pub(crate) fn has_ledger(directory: &Path) -> bool {
    is_begun(directory).unwrap_or(true)
}

/// An engine with its writer, and what the broker has told by now.
type Opened = (Engine, LedgerWriter, Heard);

fn begin(scenario: &Scenario, ledger: &Path) -> anyhow::Result<Opened> {
    let (writer, chain) = LedgerWriter::create(ledger, scenario.portfolio_id())?;
    let currency = scenario.base_currency().clone();
    let positions = scenario.opening_positions();
    let engine = Engine::begin(chain, currency, scenario.opening_cash(), positions)?;
    Ok((engine, writer, Heard::default()))
}

fn go_on(scenario: &Scenario, ledger: &Path, broker: &mut PaperBroker) -> anyhow::Result<Opened> {
    note(&format!(
        "Continuing the ledger in {}: verifying and replaying it.",
        ledger.display()
    ));
    let (writer, chain, opened) = LedgerWriter::open(ledger)?;
    if chain.portfolio_id() != scenario.portfolio_id() {
        let message = format!(
            "{} holds the ledger of portfolio {}, and the scenario is of {}; choose another \
             directory",
            ledger.display(),
            chain.portfolio_id(),
            scenario.portfolio_id()
        );
        return Err(Failure::new(Exit::Usage, message));
    }
    refuse_other_opening(scenario, ledger)?;
    let resumed = runtime()?.block_on(resume(ledger, (writer, chain, opened.found), broker))?;
    for alert in resumed.alerts {
        alert.tell();
    }
    if let Some(recovery) = resumed.recovery {
        tell_recovery(&recovery);
    }
    Ok((resumed.engine, resumed.writer, resumed.heard))
}

/// What was found after a crash, and what became of it. All of it is on the ledger too.
pub(crate) fn tell_recovery(recovery: &Recovery) {
    let aside = recovery.side_file.as_ref().map(|side| {
        format!(
            " {} bytes of torn records are in {}.",
            side.bytes, side.name
        )
    });
    note(&format!(
        "Recovered from a crash ({}): {} orders had no end and have one now; none was sent again.{}",
        recovery.found,
        recovery.orders.len(),
        aside.unwrap_or_default()
    ));
}

/// A ledger goes on only from what it began with.
fn refuse_other_opening(scenario: &Scenario, ledger: &Path) -> anyhow::Result<()> {
    let first = LedgerReader::open(ledger)?.next().transpose()?;
    if let Some(stored) = first
        && is_opening_of(scenario, &stored.record)?
    {
        return Ok(());
    }
    let message = format!(
        "the ledger in {} began with other cash or positions than scenario.json says; choose another \
         directory, or restore base_currency, opening_cash and opening_positions",
        ledger.display()
    );
    Err(Failure::new(Exit::Usage, message))
}

/// Whether a ledger that begins with this record is one of the scenario.
pub(crate) fn is_opening_of(scenario: &Scenario, first: &Record) -> Result<bool, EngineError> {
    let currency = scenario.base_currency().clone();
    let (cash, positions) = (scenario.opening_cash(), scenario.opening_positions());
    let ours = genesis(currency, cash, positions)?;
    Ok(matches!(first, Record::Genesis(theirs) if *theirs == ours))
}

/// The paper broker with the scenario's costs and, if the folder has one, its script.
fn broker(folder: &Path, standing: &Standing) -> anyhow::Result<PaperBroker> {
    let path = folder.join("broker.json");
    let script = if path.exists() {
        let text = std::fs::read_to_string(&path)
            .with_context(|| format!("{} cannot be read", path.display()))?;
        Script::parse(&text).map_err(|error| Failure::new(Exit::Refused, error.to_string()))?
    } else {
        Script::default()
    };
    let limits = standing.constraints().limits();
    Ok(PaperBroker::new(limits.fee, limits.slippage, script))
}
