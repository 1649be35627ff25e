//! `ios012 backtest`: a history of cycles on the paper broker.

use std::path::Path;
use std::time::Duration;

use anyhow::Context as _;
use ios012_contracts::{History, HistorySummary, Refusal};
use ios012_engine::{BackgroundSink, CycleSummary};
use ios012_lineage::CycleOutcome;

use crate::args::BacktestArgs;
use crate::command::report::print_summary;
use crate::exit::Exit;
use crate::interrupt::Interrupt;
use crate::output::{note, print_json};
use crate::portfolio::{Portfolio, runtime};
use crate::progress;

/// What became of the history.
struct Ran {
    cycles: u64,
    decisions: u64,
    aborted: u64,
    refusal: Option<Refusal>,
    interrupted: bool,
    elapsed: Duration,
}

pub(crate) fn backtest(args: &BacktestArgs, json: bool) -> anyhow::Result<Exit> {
    let history = History::open(&args.scenario)
        .with_context(|| format!("scenario {}", args.scenario.display()))?;
    let summary = history.check()?;
    let sink = |writer| BackgroundSink::new(writer, args.sync_cycles);
    let portfolio = Portfolio::open(&args.scenario, history.standing(), &args.ledger, sink)?;
    let ran = run(portfolio, &args.ledger, &history, summary, json)?;
    if !json {
        print_rate(&ran);
    }
    if let Some(refusal) = &ran.refusal {
        note(&format!(
            "The history stopped at a mandate that does not fit the books:\n{refusal}"
        ));
    }
    if ran.interrupted {
        note(&format!(
            "Interrupted after {} of {} cycles. What was done is on disk; the same command goes on \
             from there.",
            ran.cycles, summary.cycles
        ));
    }
    let checked = if args.no_verify {
        if json {
            print_counts(&ran);
        }
        Exit::Executed
    } else {
        print_summary(&args.ledger, (None, &[]), json)?
    };
    Ok(if checked == Exit::Executed {
        exit(&ran)
    } else {
        checked
    })
}

fn run(
    mut portfolio: Portfolio<BackgroundSink>,
    ledger: &Path,
    history: &History,
    summary: HistorySummary,
    json: bool,
) -> anyhow::Result<Ran> {
    let interrupt = Interrupt::listen().context("Ctrl-C cannot be listened to")?;
    let runtime = runtime()?;
    let bar = progress::bar("cycles", summary.cycles, json);
    let mut ran = Ran {
        cycles: 0,
        decisions: 0,
        aborted: 0,
        refusal: None,
        interrupted: false,
        elapsed: Duration::ZERO,
    };
    let done = portfolio
        .runner
        .engine()
        .last_accepted()
        .filter(|_| portfolio.continued);
    let started = stopwatch();
    let ended = runtime.block_on(async {
        let mut cycles = history.cycles()?.peekable();
        while let Some(cycle) = cycles.next() {
            let (mandate, market) = cycle?;
            let next = cycles.peek().and_then(|next| next.as_ref().ok());
            let superseded_at = next.map(|(mandate, _)| mandate.as_of());
            ran.cycles += 1;
            bar.inc(1);
            if done.is_some_and(|last| mandate.as_of() <= last.as_of) {
                continue;
            }
            let (sealed, refusal) = portfolio
                .runner
                .cycle(history.standing(), None, mandate, market, superseded_at)
                .await?;
            count(&mut ran, &sealed);
            ran.refusal = refusal;
            ran.interrupted = interrupt.is_asked();
            if ran.refusal.is_some() || ran.interrupted {
                break;
            }
        }
        anyhow::Ok(())
    });
    bar.finish_and_clear();
    // What is sealed is kept even where the history ends in an error.
    let kept = portfolio.finish(ledger);
    ended?;
    kept?;
    ran.elapsed = started();
    Ok(ran)
}

fn count(ran: &mut Ran, sealed: &CycleSummary) {
    ran.decisions += sealed.decisions;
    ran.aborted += u64::from(sealed.outcome == CycleOutcome::Aborted);
}

fn print_rate(ran: &Ran) {
    let milliseconds = ran.elapsed.as_millis().max(1);
    let rate = u128::from(ran.decisions) * 1_000 / milliseconds;
    note(&format!(
        "{} decisions in {}.{:03} s: {rate} a second, recorded and on disk.",
        ran.decisions,
        milliseconds / 1_000,
        milliseconds % 1_000
    ));
}

/// What stands in the place of the summary that was not asked for.
fn print_counts(ran: &Ran) {
    print_json(|object| {
        object.member("aborted").display(ran.aborted);
        object.member("cycles").display(ran.cycles);
        object.member("decisions").display(ran.decisions);
        object.member("exit_code").display(exit(ran).code());
    });
}

const fn exit(ran: &Ran) -> Exit {
    if ran.interrupted {
        Exit::Interrupted
    } else if ran.refusal.is_some() {
        Exit::Refused
    } else if ran.aborted > 0 {
        Exit::Aborted
    } else {
        Exit::Executed
    }
}

/// Elapsed time for the line that tells the rate; nothing is decided by it.
#[expect(
    clippy::disallowed_types,
    reason = "it is printed, and neither decided on nor recorded"
)]
fn stopwatch() -> impl Fn() -> Duration {
    let start = std::time::Instant::now();
    move || start.elapsed()
}
