//! `ios012 report`: what a ledger comes to, and the table that `ios012 run` prints.

use std::path::Path;

use ios012_core::{Exposure, Money};
use ios012_lineage::{Decision, LedgerReader, Record, Seal, verify};
use ios012_report::{Summary, VerifyLine, render_text, to_json};

use crate::args::LedgerArgs;
use crate::exit::{Exit, Failure, of_verification};
use crate::output::print;

pub(crate) fn report(args: &LedgerArgs, json: bool) -> anyhow::Result<Exit> {
    print_summary(&args.ledger, json)
}

/// Verifies a ledger and sums it up, each from its own reading, on two threads.
pub(crate) fn print_summary(ledger: &Path, json: bool) -> anyhow::Result<Exit> {
    let (summary, verified) = std::thread::scope(|scope| {
        let verified = scope.spawn(|| verify(ledger, None));
        (Summary::read(ledger), verified.join())
    });
    let verified =
        verified.map_err(|_| Failure::new(Exit::Internal, "the verification stopped"))?;
    let exit = match &verified {
        Ok(report) if report.status == ios012_lineage::LedgerStatus::Complete => Exit::Executed,
        Ok(_) => Exit::Incomplete,
        Err(failure) => of_verification(failure),
    };
    // A damaged ledger can keep the summary from being made; the damage is then what is told.
    let summary = match (summary, &verified) {
        (Ok(summary), _) => summary,
        (Err(_), Err(failure)) => return Err(failure.clone().into()),
        (Err(error), Ok(_)) => return Err(error.into()),
    };
    let line = VerifyLine::from(verified);
    print(&if json {
        to_json(&summary, &line)
    } else {
        render_text(&summary, &line)
    });
    Ok(exit)
}

/// One row per decision of a cycle, and what the cycle came to.
pub(crate) fn print_cycle(ledger: &Path, cycle_id: u64) -> anyhow::Result<()> {
    let mut in_cycle = false;
    let mut rows = Vec::new();
    for stored in LedgerReader::open(ledger)? {
        match stored?.record {
            Record::Cycle(cycle) => in_cycle = cycle.cycle_id == cycle_id,
            Record::Decision(decision) if in_cycle => rows.push(row(&decision)),
            Record::Seal(seal) if in_cycle => {
                print_table(&rows);
                print(&footer(cycle_id, &seal));
            }
            _ => {}
        }
    }
    Ok(())
}

fn row(decision: &Decision) -> [String; 5] {
    let limits = decision
        .metadata
        .binding
        .iter()
        .map(|binding| binding.limit.to_string());
    [
        decision.asset_id.to_string(),
        percent(decision.previous_exposure),
        percent(decision.target_exposure),
        percent(decision.allowed_exposure),
        limits.collect::<Vec<_>>().join(", "),
    ]
}

fn print_table(rows: &[[String; 5]]) {
    print(&format!(
        "{:<10} {:>10} {:>10} {:>10}  bound by",
        "asset", "previous", "target", "allowed"
    ));
    for [asset, previous, target, allowed, limits] in rows {
        let line = format!("{asset:<10} {previous:>10} {target:>10} {allowed:>10}  {limits}");
        print(line.trim_end());
    }
}

fn footer(cycle_id: u64, seal: &Seal) -> String {
    let known = |money: Option<Money>| {
        money.map_or_else(|| "unknown".to_owned(), |money| money.to_string())
    };
    format!(
        "cycle {cycle_id}: {}, {} decisions, {} orders, {} fills; NLV {} to {}, cash {}",
        seal.outcome,
        seal.decisions,
        seal.orders,
        seal.fills,
        known(seal.nlv_before),
        known(seal.nlv_after),
        known(seal.cash)
    )
}

/// An exposure in percent with two digits, rounded toward zero.
fn percent(exposure: Exposure) -> String {
    const HUNDREDTHS: i128 = Exposure::SCALE / 10_000;
    let hundredths = exposure.units() / HUNDREDTHS;
    let sign = if exposure.is_negative() && hundredths != 0 {
        "-"
    } else {
        ""
    };
    let size = hundredths.unsigned_abs();
    format!("{sign}{}.{:02} %", size / 100, size % 100)
}
