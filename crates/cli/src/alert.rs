//! Alerts: what people are told at once, each as one line of canonical JSON on standard error and, if
//! asked for, as the body of a POST (docs/cli.md, breaker).

mod webhook;

use std::fmt::{Debug, Write as _};
use std::io::IsTerminal as _;

use ios012_core::Defcon;
use ios012_engine::{Alert, EngineError};
use ios012_lineage::{Code, JsonWriter, LineageError, VerifyFailure};
use tracing::field::{Field, Visit};
use tracing::{Event, Metadata, Subscriber};
use tracing_subscriber::layer::{Context, Layer, SubscriberExt as _};

use crate::output::note;
use webhook::Webhook;

/// Begins to tell alerts; to be kept until the program ends.
///
/// # Errors
/// What is wrong with the webhook that the environment asks for.
pub(crate) fn listen() -> anyhow::Result<Alerts> {
    let webhook = Webhook::of_environment()?;
    let queue = webhook.as_ref().map(Webhook::queue);
    let listener = listener(move |alert| tell(alert, queue.as_ref()));
    tracing::subscriber::set_global_default(listener)?;
    Ok(Alerts(webhook))
}

/// Where alerts go.
pub(crate) struct Alerts(Option<Webhook>);

impl Alerts {
    /// Waits until the webhook has what was told, for a while.
    pub(crate) fn finish(self) {
        if let Some(webhook) = self.0 {
            webhook.finish();
        }
    }
}

/// The targets that are heard, by their whole names. Nothing widens the list: no variable, no option.
const HEARD: [&str; 1] = [Alert::TARGET];

/// Hears what is on the list and nothing else: no library's own log comes through.
fn listener(tell: impl Fn(String) + Send + Sync + 'static) -> impl Subscriber + Send + Sync {
    tracing_subscriber::registry().with(Teller { tell })
}

struct Teller<T> {
    tell: T,
}

impl<S: Subscriber, T: Fn(String) + 'static> Layer<S> for Teller<T> {
    fn enabled(&self, metadata: &Metadata<'_>, _: Context<'_, S>) -> bool {
        HEARD.contains(&metadata.target())
    }

    fn on_event(&self, event: &Event<'_>, _: Context<'_, S>) {
        let mut told = Told::default();
        event.record(&mut told);
        let mut text = String::new();
        JsonWriter::new(&mut text).object(|object| {
            object.member("action").string(&told.action);
            object.member("alert").string(&told.alert);
            object.member("level").string(&told.level);
        });
        (self.tell)(text);
    }
}

fn tell(alert: String, webhook: Option<&webhook::Queue>) {
    // A progress bar may stand in the line.
    let clear = if std::io::stderr().is_terminal() {
        "\r\x1b[2K"
    } else {
        ""
    };
    note(&format!("{clear}{alert}"));
    if let Some(webhook) = webhook {
        webhook.post(alert);
    }
}

/// The fields of [`Alert::tell`].
#[derive(Default)]
struct Told {
    action: String,
    alert: String,
    level: String,
}

impl Visit for Told {
    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        let text = match field.name() {
            "action" => &mut self.action,
            "alert" => &mut self.alert,
            "level" => &mut self.level,
            _ => return,
        };
        let _ = write!(text, "{value:?}");
    }
}

/// Tells why a ledger was not opened for writing, where that is a breach of governance: another
/// writer, or bytes that do not follow from each other. Nothing can be recorded there, so each
/// attempt is refused until a person has found the cause.
pub(crate) fn tell_closed(error: &anyhow::Error) {
    if let Some((breaker, cause)) = error.chain().find_map(breach) {
        let alert = Alert {
            breaker,
            cause,
            action: Code::literal("halt"),
            level: Defcon::Black,
        };
        alert.tell();
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
    if let Some(failure) = cause.downcast_ref::<VerifyFailure>() {
        return mismatch(failure.code.to_string().parse().ok()?);
    }
    match cause.downcast_ref::<EngineError>() {
        Some(EngineError::Ledger(error)) => of_lineage(error),
        Some(EngineError::ReplayDiffers { .. }) => mismatch(Code::literal("replay_differs")),
        _ => cause.downcast_ref::<LineageError>().and_then(of_lineage),
    }
}

#[cfg(test)]
mod tests {
    use std::sync::{Arc, Mutex};

    use super::*;

    #[test]
    fn only_targets_on_the_list_are_heard() {
        let told = Arc::new(Mutex::new(Vec::new()));
        let heard = Arc::clone(&told);
        let listener = listener(move |alert| heard.lock().expect("no panic").push(alert));
        tracing::subscriber::with_default(listener, || {
            let alert = "a:b";
            tracing::error!(target: "reqwest", %alert);
            tracing::error!(target: "vaultrs", %alert);
            tracing::error!(target: "rustify", %alert);
            tracing::error!(target: "hyper", %alert);
            tracing::error!(target: "rustls", %alert);
            tracing::error!(target: "ios012", %alert);
            tracing::error!(target: "ios012::alert::more", %alert);
            tracing::error!(target: "ios012::alerts", %alert);
            tracing::error!(%alert);
            let span = tracing::error_span!(target: "vaultrs", "a span", alert);
            span.in_scope(|| tracing::error!(target: "rustify", alert));
            let alert = Alert {
                breaker: Code::literal("execution_drift"),
                cause: Code::literal("halt"),
                action: Code::literal("halt"),
                level: Defcon::Black,
            };
            alert.tell();
        });
        let own = r#"{"action":"halt","alert":"execution_drift:halt","level":"BLACK"}"#;
        assert_eq!(*told.lock().expect("no panic"), [own]);
    }
}
