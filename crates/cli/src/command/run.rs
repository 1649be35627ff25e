//! `ios012 run`: one cycle on the paper broker.

use anyhow::Context as _;
use ios012_contracts::{ContractsError, DocumentKind, Refusal, RefusalCode, SingleCycle};
use ios012_engine::{CycleSummary, EngineError, FileSink};
use ios012_lineage::CycleOutcome;
use ios012_report::view_cycle;

use crate::args::{Folders, RunArgs};
use crate::exit::{Exit, Failure};
use crate::output::{note, print, print_json};
use crate::portfolio::{Portfolio, has_ledger, runtime};

pub(crate) fn run(args: &RunArgs, json: bool) -> anyhow::Result<Exit> {
    match args.folders() {
        Some(folders) => one_cycle(folders, json),
        None => super::database::daemon(&args.worker, json),
    }
}

fn one_cycle(args: Folders<'_>, json: bool) -> anyhow::Result<Exit> {
    let opened = match SingleCycle::open(args.scenario) {
        Err(ContractsError::Refused(refusal)) if has_no_mandate(&refusal) => {
            return unwind(args, json, refusal);
        }
        Err(ContractsError::Refused(refusal)) if is_of_the_cycle(&refusal) => {
            record(args, &refusal)?;
            Err(ContractsError::Refused(refusal))
        }
        opened => opened,
    };
    let SingleCycle {
        standing,
        regimes,
        mandate,
        market,
    } = opened.with_context(|| format!("scenario {}", args.scenario.display()))?;
    let sink = |writer| Ok(FileSink::new(writer));
    let mut portfolio = Portfolio::open(args.scenario, &standing, args.ledger, sink)?;
    let runtime = runtime()?;
    let ran = runtime.block_on(
        portfolio
            .runner
            .cycle(&standing, regimes, mandate, market, None),
    );
    tell(args, json, portfolio, ran)
}

/// A folder without a mandate serves a breaker that unwinds to cash, and nothing else.
fn unwind(args: Folders<'_>, json: bool, refusal: Refusal) -> anyhow::Result<Exit> {
    if !has_ledger(args.ledger) {
        return Err(ContractsError::Refused(refusal))
            .with_context(|| format!("scenario {}", args.scenario.display()));
    }
    let (standing, market) = SingleCycle::snapshot(args.scenario)
        .with_context(|| format!("scenario {}", args.scenario.display()))?;
    let sink = |writer| Ok(FileSink::new(writer));
    let mut portfolio = Portfolio::open(args.scenario, &standing, args.ledger, sink)?;
    let runtime = runtime()?;
    runtime.block_on(portfolio.runner.heed())?;
    if !portfolio.runner.engine().must_unwind() {
        portfolio.finish(args.ledger)?;
        let message = format!(
            "{} has no mandate.json, and no breaker of this portfolio unwinds to cash; add the \
             mandate, without one nothing is traded",
            args.scenario.display()
        );
        return Err(Failure::new(Exit::Refused, message));
    }
    let ran = runtime.block_on(portfolio.runner.unwind(&standing, market));
    tell(args, json, portfolio, ran)
}

/// Ends the ledger and tells what became of the cycle.
fn tell(
    args: Folders<'_>,
    json: bool,
    portfolio: Portfolio<FileSink>,
    ran: Result<(CycleSummary, Option<Refusal>), EngineError>,
) -> anyhow::Result<Exit> {
    let kept = portfolio.finish(args.ledger);
    let (sealed, refusal) = ran?;
    let engine = kept?;
    let (records, head) = engine.chain().head();
    if json {
        print_json(|object| {
            object.member("cycle_id").display(sealed.cycle_id);
            object.member("decisions").display(sealed.decisions);
            object.member("fills").display(sealed.fills);
            object.member("head").display(head);
            object.member("nlv_after").display(sealed.nlv_after);
            object.member("orders").display(sealed.orders);
            object.member("outcome").display(sealed.outcome);
            object.member("records").display(records);
        });
    } else if refusal.is_none() {
        print(&view_cycle(args.ledger, sealed.cycle_id)?.render_text());
    }
    if let Some(refusal) = refusal {
        note(&format!(
            "The input is refused, and the refusal is on the ledger:\n{refusal}"
        ));
    }
    Ok(match sealed.outcome {
        CycleOutcome::Executed | CycleOutcome::Recovered => Exit::Executed,
        CycleOutcome::Aborted => Exit::Aborted,
        CycleOutcome::Refused => Exit::Refused,
    })
}

fn has_no_mandate(refusal: &Refusal) -> bool {
    (refusal.code, refusal.document) == (RefusalCode::MissingFile, DocumentKind::Mandate)
}

/// Whether a refusal is about this cycle and not about the portfolio.
fn is_of_the_cycle(refusal: &Refusal) -> bool {
    matches!(
        refusal.document,
        DocumentKind::Mandate | DocumentKind::Market | DocumentKind::Regimes
    )
}

/// Records a refusal on the portfolio's ledger. A portfolio that has not begun has none, and a
/// bad first mandate does not begin one.
fn record(args: Folders<'_>, refusal: &Refusal) -> anyhow::Result<()> {
    let standing = SingleCycle::standing(args.scenario);
    let (Ok(standing), true) = (standing, has_ledger(args.ledger)) else {
        return Ok(());
    };
    let sink = |writer| Ok(FileSink::new(writer));
    let mut portfolio = Portfolio::open(args.scenario, &standing, args.ledger, sink)?;
    let runtime = runtime()?;
    runtime.block_on(portfolio.runner.refuse(refusal.clone()))?;
    portfolio.finish(args.ledger)?;
    note("The refusal is on the ledger.");
    Ok(())
}
