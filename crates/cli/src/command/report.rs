//! `ios012 report`: what a ledger comes to.

use std::path::Path;

use ios012_lineage::verify;
use ios012_report::{Summary, VerifyLine, render_text, to_json};

use crate::args::LedgerArgs;
use crate::exit::{Exit, Failure, of_verification, require_directory};
use crate::output::print;

pub(crate) fn report(args: &LedgerArgs, json: bool) -> anyhow::Result<Exit> {
    print_summary(&args.ledger, json)
}

/// Verifies a ledger and sums it up, each from its own reading, on two threads.
pub(crate) fn print_summary(ledger: &Path, json: bool) -> anyhow::Result<Exit> {
    require_directory(ledger)?;
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
