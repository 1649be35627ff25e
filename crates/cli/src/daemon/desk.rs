//! One portfolio that this worker owns.

use std::ops::ControlFlow;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use ios012_contracts::{Market, Refusal, Scenario, Standing};
use ios012_core::{PortfolioId, UtcTime};
use ios012_engine::{CycleSummary, Engine, Heard, Runner, StoreSink, Takeover, take_over};
use ios012_lineage::Record;
use ios012_lineage::store::Store as _;
use ios012_paper::{PaperBroker, Script};
use ios012_postgres::{CycleDocuments, PostgresError, PostgresInputs, PostgresStore};
use tokio::time::Instant;

use crate::exit::{Exit, Failure};
use crate::output::{note, print, print_json};
use crate::portfolio::{is_opening_of, tell_recovery};
use crate::watch::Watch;

/// A portfolio with its engine.
pub(crate) struct Desk {
    runner: Runner<PaperBroker, StoreSink<PostgresStore>, Watch>,
    /// The time of the mandate that was run or refused last.
    after: Option<UtcTime>,
    renewed: Instant,
}

/// What became of wanting a portfolio.
pub(crate) enum Taken {
    Desk(Box<Desk>),
    /// Somebody else owns it.
    Held,
}

impl Desk {
    /// Becomes the owner of a portfolio, and goes on with its ledger or begins it.
    pub(crate) async fn take(
        standing: &Standing,
        mut store: PostgresStore,
        scratch: &Path,
        watch: Watch,
    ) -> anyhow::Result<Taken> {
        let scenario = standing.scenario();
        refuse_other_opening(scenario, &mut store)?;
        let limits = standing.constraints().limits();
        let mut broker = PaperBroker::new(limits.fee, limits.slippage, Script::default());
        let (engine, sink, heard) = match take_over(store, scratch, &mut broker).await? {
            Takeover::Held(_) => return Ok(Taken::Held),
            Takeover::Empty(chain, sink) => {
                let currency = scenario.base_currency().clone();
                let (cash, positions) = (scenario.opening_cash(), scenario.opening_positions());
                let engine = Engine::begin(*chain, currency, cash, positions)?;
                (engine, sink, Heard::default())
            }
            Takeover::Resumed(resumed) => {
                for alert in resumed.alerts {
                    alert.tell();
                }
                if let Some(recovery) = resumed.recovery {
                    tell_recovery(&recovery);
                }
                (resumed.engine, resumed.writer, resumed.heard)
            }
        };
        note(&format!(
            "{}: owned from record {} on",
            scenario.portfolio_id(),
            engine.chain().head().0
        ));
        let after = engine.last_refused();
        let after = after.max(engine.last_accepted().map(|last| last.as_of));
        let positions = engine.accounts().books().positions();
        let positions = positions.map(|held| (held.asset_id().clone(), held.quantity()));
        let broker = broker.holding(positions);
        let runner = Runner::watched(engine, broker, sink, watch)?.having_heard(heard);
        Ok(Taken::Desk(Box::new(Self {
            runner,
            after,
            renewed: Instant::now(),
        })))
    }

    /// Runs the oldest mandate that waits, or records why it is refused. Returns whether there was one.
    pub(crate) async fn next(
        &mut self,
        inputs: &mut PostgresInputs,
        id: &PortfolioId,
        json: bool,
    ) -> anyhow::Result<bool> {
        self.runner.heed().await?;
        let read = read(inputs, id, self.after);
        let (summary, refusal, as_of) = match read {
            Ok(None) => return Ok(false),
            Ok(Some(Waiting {
                standing,
                documents,
                superseded_at,
            })) => {
                let as_of = documents.mandate.as_of();
                let CycleDocuments {
                    regimes,
                    mandate,
                    market,
                } = documents;
                let cycle = self
                    .runner
                    .cycle(&standing, regimes, mandate, market, superseded_at);
                let (summary, refusal) = cycle.await?;
                (summary, refusal, Some(as_of))
            }
            Err(PostgresError::Document(refusal)) => {
                let as_of = refusal.as_of;
                // A mandate that is refused never keeps a portfolio from going to cash. What that needs is read before
                // the refusal is recorded: where it cannot be, the whole is tried again.
                let market = if self.runner.engine().must_unwind() {
                    snapshot(inputs, id, as_of)?
                } else {
                    None
                };
                let mut summary = self.runner.refuse(refusal.clone()).await?;
                if let Some((standing, market)) = market {
                    tell(id, &summary, None, json);
                    summary = self.runner.unwind(&standing, market).await?.0;
                }
                (summary, Some(refusal), as_of)
            }
            Err(error) => return Err(error.into()),
        };
        self.renewed = Instant::now();
        tell(id, &summary, refusal.as_ref(), json);
        if as_of.is_none() {
            // The same rows would be read again, and refused again, for ever.
            let message = "its documents are refused whatever the mandate; mend the tables";
            return Err(Failure::new(Exit::Refused, message));
        }
        self.after = as_of;
        Ok(true)
    }

    /// Takes an order to stop that came while nothing ran, and stays the owner if nothing was done for this long.
    pub(crate) async fn keep(&mut self, due: Duration) -> anyhow::Result<()> {
        self.runner.heed().await?;
        if self.renewed.elapsed() >= due {
            self.runner.stay_owner()?;
            self.renewed = Instant::now();
        }
        Ok(())
    }

    /// Keeps everything, also an order to stop that came since, and gives the portfolio back.
    pub(crate) async fn finish(mut self) -> anyhow::Result<()> {
        if self.runner.engine().is_between_cycles() {
            self.runner.heed().await?;
        }
        self.runner.finish()?;
        Ok(())
    }
}

/// A mandate that waits.
struct Waiting {
    standing: Arc<Standing>,
    documents: CycleDocuments,
    /// The time of the mandate after it, if there is one by now.
    superseded_at: Option<UtcTime>,
}

/// The documents of the oldest mandate after a time, with those that it is judged by: all as of one moment.
fn read(
    inputs: &mut PostgresInputs,
    id: &PortfolioId,
    after: Option<UtcTime>,
) -> Result<Option<Waiting>, PostgresError> {
    let snapshot = inputs.snapshot(id)?;
    let Some(documents) = snapshot.next(after)? else {
        return Ok(None);
    };
    Ok(Some(Waiting {
        standing: snapshot.standing(None)?,
        superseded_at: snapshot.time_after(documents.mandate.as_of())?,
        documents,
    }))
}

/// The market of a mandate that is refused, with what it is judged by. Nothing where they are refused too.
fn snapshot(
    inputs: &mut PostgresInputs,
    id: &PortfolioId,
    as_of: Option<UtcTime>,
) -> Result<Option<(Arc<Standing>, Market)>, PostgresError> {
    let Some(as_of) = as_of else {
        return Ok(None);
    };
    let snapshot = inputs.snapshot(id)?;
    match (snapshot.standing(None), snapshot.market(as_of)) {
        (Ok(standing), Ok(market)) => Ok(Some((standing, market))),
        (Err(PostgresError::Document(_)), _) | (_, Err(PostgresError::Document(_))) => Ok(None),
        (Err(error), _) | (_, Err(error)) => Err(error),
    }
}

/// A ledger goes on only from what it began with.
fn refuse_other_opening(scenario: &Scenario, store: &mut PostgresStore) -> anyhow::Result<()> {
    let mut first = None;
    store.read(0, &mut |_, json| {
        first = Some(Record::parse(json).map(|(_, record)| record));
        ControlFlow::Break(())
    })?;
    let Some(first) = first.transpose()? else {
        return Ok(());
    };
    if is_opening_of(scenario, &first)? {
        return Ok(());
    }
    let message = "its ledger began with other cash or positions than the tables say; restore base_currency, \
                   opening_cash and portfolio_positions";
    Err(Failure::new(Exit::Usage, message))
}

fn tell(id: &PortfolioId, summary: &CycleSummary, refusal: Option<&Refusal>, json: bool) {
    let as_of = summary.as_of.map(|as_of| as_of.to_string());
    let as_of = as_of.as_deref();
    if json {
        print_json(|object| {
            if let Some(as_of) = as_of {
                object.member("as_of").string(as_of);
            }
            object.member("cycle_id").display(summary.cycle_id);
            object.member("decisions").display(summary.decisions);
            object.member("fills").display(summary.fills);
            object.member("nlv_after").display(summary.nlv_after);
            object.member("orders").display(summary.orders);
            object.member("outcome").display(summary.outcome);
            object.member("portfolio_id").display(id);
        });
    } else {
        print(&format!(
            "{id} {} {}: {} decisions, {} orders, {} fills, NLV {}",
            as_of.unwrap_or("without a time"),
            summary.outcome,
            summary.decisions,
            summary.orders,
            summary.fills,
            summary.nlv_after
        ));
    }
    if let Some(refusal) = refusal {
        note(&format!(
            "{id}: the input is refused, and the refusal is on the ledger:\n{refusal}"
        ));
    }
}
