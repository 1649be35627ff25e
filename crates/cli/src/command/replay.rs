//! `ios012 replay`: every decision derived again from the ledger alone.

use ios012_engine::{ReplayReport, replay as replayed};
use ios012_lineage::{LedgerStatus, verify};

use crate::args::LedgerArgs;
use crate::exit::{Exit, require_directory};
use crate::output::{note, print, print_json};
use crate::progress;

pub(crate) fn replay(args: &LedgerArgs, json: bool) -> anyhow::Result<Exit> {
    require_directory(&args.ledger)?;
    let verified = verify(&args.ledger, None)?;
    let bar = progress::bar("records", verified.records, json);
    let result = replayed(&args.ledger, &mut |records| bar.set_position(records));
    bar.finish_and_clear();
    let (report, _engine) = result?;
    tell(&report, json);
    Ok(match (&report.difference, &verified.status) {
        (Some(_), _) => Exit::VerificationFailed,
        (None, LedgerStatus::Incomplete(what)) => {
            note(&format!(
                "INCOMPLETE: {what}. What is there replays without drift."
            ));
            Exit::Incomplete
        }
        (None, LedgerStatus::Complete) => Exit::Executed,
    })
}

fn tell(report: &ReplayReport, json: bool) {
    if json {
        print_json(|object| {
            object.member("cycles").display(report.cycles);
            object.member("decisions").display(report.decisions);
            match &report.difference {
                None => object.member("difference").null(),
                Some(difference) => object.member("difference").object(|object| {
                    match &difference.derived {
                        Some(derived) => object.member("derived").string(derived),
                        None => object.member("derived").null(),
                    }
                    object.member("kind").string(&difference.kind);
                    object.member("recorded").string(&difference.recorded);
                    object.member("seq").display(difference.seq);
                }),
            }
            object.member("records").display(report.records);
        });
        return;
    }
    match &report.difference {
        None => print(&format!(
            "ZERO DRIFT: {} decisions of {} cycles derived again, {} records equal to the byte",
            report.decisions, report.cycles, report.records
        )),
        Some(difference) => print(&format!(
            "DRIFT at record {} ({}), after {} equal records\n  recorded: {}\n  derived:  {}",
            difference.seq,
            difference.kind,
            report.records,
            difference.recorded,
            difference.derived.as_deref().unwrap_or("nothing")
        )),
    }
}
