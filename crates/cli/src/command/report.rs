//! `ios012 report`: what a ledger comes to.

use std::path::Path;

use ios012_lineage::{VerifierKey, WitnessKey, verify};
use ios012_report::{CheckpointLine, Summary, VerifyLine, render_text, to_json};

use crate::args::ReportArgs;
use crate::exit::{Exit, Failure, of_verification, require_directory};
use crate::output::print;

pub(crate) fn report(args: &ReportArgs, json: bool) -> anyhow::Result<Exit> {
    let keys = (args.verifier_key.as_ref(), args.witness_keys.as_slice());
    print_summary(&args.ledger, keys, json)
}

/// Verifies a ledger and sums it up, each from its own reading, on two threads. Its checkpoint is judged with the keys
/// that are given.
pub(crate) fn print_summary(
    ledger: &Path,
    (log, witnesses): (Option<&VerifierKey>, &[WitnessKey]),
    json: bool,
) -> anyhow::Result<Exit> {
    require_directory(ledger)?;
    let (summary, verified) = std::thread::scope(|scope| {
        let verified = scope.spawn(|| verify(ledger, None));
        (Summary::read(ledger), verified.join())
    });
    let verified =
        verified.map_err(|_| Failure::new(Exit::Internal, "the verification stopped"))?;
    let checkpoint = match &verified {
        Ok(report) => CheckpointLine::read(ledger, report, log, witnesses)?,
        Err(_) => CheckpointLine::NotJudged,
    };
    let exit = match &verified {
        Ok(_) if matches!(checkpoint, CheckpointLine::Fails(_)) => Exit::VerificationFailed,
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
        to_json(&summary, &line, &checkpoint)
    } else {
        render_text(&summary, &line, &checkpoint)
    });
    Ok(exit)
}
