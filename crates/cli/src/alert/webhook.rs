//! The webhook: alerts are posted on a thread of their own, so no server holds up the engine.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::time::Duration;

use anyhow::Context as _;
use ios012_secrets::{Address, Https, Roots, SecretsError};
use tokio::runtime::{Builder, Runtime};

use crate::exit::{Exit, Failure};
use crate::output::note;

/// The address. It may hold a token, so no argument takes it: arguments can be seen by others.
const ADDRESS: &str = "IOS012_ALERT_WEBHOOK";
/// A file with root certificates in PEM form, instead of those of the system.
const ROOTS: &str = "IOS012_ALERT_WEBHOOK_ROOTS";

/// How long the end of the program waits for what was not posted yet.
const GRACE: Duration = Duration::from_secs(10);

/// The thread that posts.
pub(crate) struct Webhook {
    queue: Queue,
    ended: Receiver<()>,
}

/// Where alerts wait for it.
#[derive(Clone)]
pub(crate) struct Queue {
    sender: Sender<Option<String>>,
    waiting: Arc<AtomicUsize>,
}

impl Webhook {
    /// The one that the environment names, if it names one.
    pub(crate) fn of_environment() -> anyhow::Result<Option<Self>> {
        let (address, roots) = settings();
        let Some(address) = address else {
            return match roots {
                None => Ok(None),
                Some(_) => Err(Failure::new(
                    Exit::Usage,
                    format!("{ROOTS} is set and {ADDRESS} is not: set both, or neither"),
                )),
            };
        };
        let wrong =
            |name| move |why: SecretsError| Failure::new(Exit::Usage, format!("{name}: {why}"));
        // What is no text is no address either.
        let address = address.into_string().unwrap_or_default();
        let address = Address::parse(address).map_err(wrong(ADDRESS))?;
        let pem = match roots.map(PathBuf::from) {
            None => None,
            Some(path) => Some(
                std::fs::read(&path)
                    .with_context(|| format!("{ROOTS}: cannot read {}", path.display()))?,
            ),
        };
        let roots = pem.as_deref().map_or(Roots::System, Roots::Only);
        let client = Https::new(roots).map_err(wrong(ROOTS))?;
        Self::begin(client, address).map(Some)
    }

    fn begin(client: Https, address: Address) -> anyhow::Result<Self> {
        let runtime = Builder::new_current_thread().enable_all().build()?;
        let (sender, alerts) = channel();
        let (end, ended) = channel();
        let waiting = Arc::new(AtomicUsize::new(0));
        let posted = Arc::clone(&waiting);
        let thread = std::thread::Builder::new().name("webhook".to_owned());
        thread.spawn(move || {
            post_all(&runtime, &client, &address, &alerts, &posted);
            let _ = end.send(());
        })?;
        let queue = Queue { sender, waiting };
        Ok(Self { queue, ended })
    }

    pub(crate) fn queue(&self) -> Queue {
        self.queue.clone()
    }

    /// Waits for what is on its way, and says what did not get there.
    pub(crate) fn finish(self) {
        let _ = self.queue.sender.send(None);
        if self.ended.recv_timeout(GRACE).is_err() {
            let left = self.queue.waiting.load(Ordering::SeqCst);
            note(&format!(
                "{left} alerts were not posted to the webhook within {} s",
                GRACE.as_secs()
            ));
        }
    }
}

impl Queue {
    /// Puts an alert behind those that wait.
    pub(crate) fn post(&self, alert: String) {
        self.waiting.fetch_add(1, Ordering::SeqCst);
        // The thread ends only when it is told to.
        let _ = self.sender.send(Some(alert));
    }
}

#[expect(
    clippy::disallowed_methods,
    reason = "where alerts go comes from the environment; no decision does"
)]
fn settings() -> (Option<std::ffi::OsString>, Option<std::ffi::OsString>) {
    (std::env::var_os(ADDRESS), std::env::var_os(ROOTS))
}

/// Posts each alert once, in order. One that does not arrive is said on standard error, where the
/// alert itself stands already.
fn post_all(
    runtime: &Runtime,
    client: &Https,
    address: &Address,
    alerts: &Receiver<Option<String>>,
    waiting: &AtomicUsize,
) {
    while let Ok(Some(alert)) = alerts.recv() {
        let posted = runtime.block_on(client.post_json(address, alert.into_bytes()));
        if let Err(why) = posted {
            note(&format!("an alert was not posted to the webhook: {why}"));
        }
        waiting.fetch_sub(1, Ordering::SeqCst);
    }
}
