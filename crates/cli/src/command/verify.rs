//! `ios012 verify`: a ledger checked offline.

use ios012_lineage::{
    Checkpoint, ExpectedHead, LedgerStatus, VerifyFailure, VerifyReport, verify as verified,
    verify_checkpoint,
};

use crate::args::VerifyArgs;
use crate::exit::{Exit, Failure, of_verification, require_directory};
use crate::output::{note, print, print_json};
use crate::text_file::read_text;

pub(crate) fn verify(args: &VerifyArgs, json: bool) -> anyhow::Result<Exit> {
    require_directory(&args.ledger)?;
    let expected = match (args.head, args.records) {
        (Some(hash), Some(records)) => Some(ExpectedHead { records, hash }),
        _ => None,
    };
    let checkpoint = kept(args)?;
    let held = verified(&args.ledger, expected).and_then(|mut report| {
        if let Some(checkpoint) = &checkpoint {
            verify_checkpoint(&args.ledger, &mut report, checkpoint)?;
        }
        Ok(report)
    });
    Ok(match held {
        Ok(report) => tell(&report, json),
        Err(failure) => tell_failure(&failure, json),
    })
}

/// The checkpoint that somebody kept, with its signature verified.
fn kept(args: &VerifyArgs) -> anyhow::Result<Option<Checkpoint>> {
    let (Some(path), Some(key)) = (&args.checkpoint, &args.verifier_key) else {
        return Ok(None);
    };
    let text = read_text(path, "the checkpoint")?;
    let opened = Checkpoint::open(&text, key).map_err(|error| {
        let message = format!("{}: {error}", path.display());
        Failure::new(Exit::VerificationFailed, message)
    })?;
    Ok(Some(opened))
}

fn tell(report: &VerifyReport, json: bool) -> Exit {
    let incomplete = match &report.status {
        LedgerStatus::Complete => None,
        LedgerStatus::Incomplete(open) => Some(open.to_string()),
    };
    if json {
        print_json(|object| {
            object.member("cycles").display(report.cycles);
            object.member("decisions").display(report.decisions);
            object.member("documents").display(report.documents);
            object.member("fills").display(report.fills);
            object.member("head").display(report.head);
            object.member("orders").display(report.orders);
            match report.proven_records {
                Some(records) => object.member("proven_records").display(records),
                None => object.member("proven_records").null(),
            }
            object.member("records").display(report.records);
            object.member("refusals").display(report.refusals);
            let status = if incomplete.is_some() {
                "incomplete"
            } else {
                "complete"
            };
            object.member("status").string(status);
        });
    } else {
        print(&status_line(report));
        print(&format!("head {} {}", report.records, report.head));
    }
    match incomplete {
        Some(what) => {
            note(&format!(
                "INCOMPLETE: {what}. Every record before is whole and verified."
            ));
            Exit::Incomplete
        }
        None => Exit::Executed,
    }
}

/// One line on a ledger in which nothing is wrong.
pub(crate) fn status_line(report: &VerifyReport) -> String {
    let status = match &report.status {
        LedgerStatus::Complete => "COMPLETE",
        LedgerStatus::Incomplete(_) => "INCOMPLETE",
    };
    let tail = match report.proven_records {
        Some(records) => format!("proven up to record {records} by what was kept elsewhere"),
        None => "tail not proven (keep the head line elsewhere)".to_owned(),
    };
    format!(
        "{status}: {} records, {} cycles, {} decisions, {} orders, {} fills, {} documents; {tail}",
        report.records,
        report.cycles,
        report.decisions,
        report.orders,
        report.fills,
        report.documents
    )
}

fn tell_failure(failure: &VerifyFailure, json: bool) -> Exit {
    if json {
        print_json(|object| {
            object.member("code").display(failure.code);
            object.member("error").string(&failure.to_string());
            object
                .member("exit_code")
                .display(of_verification(failure).code());
            object.member("status").string("failed");
        });
    } else {
        note(&format!("FAILED: {failure}"));
    }
    of_verification(failure)
}
