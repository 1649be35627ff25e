//! Alerts: what people are told at once, each as one line of canonical JSON on standard error
//! (docs/cli.md, breaker).

use ios012_core::Defcon;
use ios012_engine::{Alert, EngineError};
use ios012_lineage::{Code, JsonWriter, LineageError, VerifyFailure};

use crate::exit::{Exit, Failure};
use crate::output::note;

/// Tells of a trip.
pub(crate) fn tell(alert: &Alert) {
    let mut text = String::new();
    JsonWriter::new(&mut text).object(|object| {
        object.member("action").display(&alert.action);
        object.member("alert").string(&alert.code());
        object.member("level").display(alert.level);
    });
    note(&text);
}

/// Tells why a ledger was not opened for writing, where that is a breach of governance: another
/// writer, or bytes that do not follow from each other. Nothing can be recorded there, so each
/// attempt is refused until a person has found the cause.
pub(crate) fn tell_closed(error: &anyhow::Error) {
    if let Some((breaker, cause)) = error.chain().find_map(breach) {
        tell(&Alert {
            breaker,
            cause,
            action: Code::literal("halt"),
            level: Defcon::Black,
        });
    }
}

fn breach(cause: &(dyn std::error::Error + 'static)) -> Option<(Code, Code)> {
    let mismatch = |cause| Some((Code::literal("lineage_mismatch"), cause));
    let of_lineage = |error: &LineageError| match error {
        LineageError::Locked { .. } => {
            Some((Code::literal("split_brain"), Code::literal("second_writer")))
        }
        LineageError::Verification(failure) => mismatch(failure.code.to_string().parse().ok()?),
        _ => None,
    };
    if let Some(failure) = cause.downcast_ref::<Failure>() {
        let drifts = failure.exit == Exit::VerificationFailed;
        return drifts.then(|| mismatch(Code::literal("replay_differs")))?;
    }
    if let Some(failure) = cause.downcast_ref::<VerifyFailure>() {
        return mismatch(failure.code.to_string().parse().ok()?);
    }
    match cause.downcast_ref::<EngineError>() {
        Some(EngineError::Ledger(error)) => of_lineage(error),
        _ => cause.downcast_ref::<LineageError>().and_then(of_lineage),
    }
}
