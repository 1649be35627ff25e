//! Orders to stop from outside the process: a trip file in the ledger's directory, and SIGUSR1 where
//! no file can be written. A thread of its own looks for them.

use std::path::{Path, PathBuf};
use std::time::Duration;

use ios012_core::Defcon;
use ios012_engine::{StopOrder, StopWatch, Stopped};
use ios012_governance::StopFile;
use ios012_lineage::Code;
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};

use crate::clock::now;

/// How long a trip file may lie before it is seen.
const EVERY: Duration = Duration::from_millis(20);
/// How long the broker may take to confirm that open orders have ended.
const PATIENCE: Duration = Duration::from_secs(5);

/// The receiving end, for the runner.
pub(crate) struct Watch {
    stopped: UnboundedReceiver<Stopped>,
}

impl Watch {
    /// Begins to watch a ledger's directory. A trip file that lies there already is told first.
    pub(crate) fn begin(ledger: &Path) -> std::io::Result<Self> {
        let (sender, stopped) = unbounded_channel();
        let path = ledger.join(StopFile::NAME);
        let seen = tell_file(&path, &sender);
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_io()
            .enable_time()
            .build()?;
        let signals = {
            let _entered = runtime.enter();
            signal(SignalKind::user_defined1())?
        };
        std::thread::Builder::new()
            .name("stop".to_owned())
            .spawn(move || runtime.block_on(look(path, seen, signals, sender)))?;
        Ok(Self { stopped })
    }
}

impl StopWatch for Watch {
    fn poll(&mut self) -> Option<Stopped> {
        self.stopped.try_recv().ok()
    }

    async fn wait(&mut self) -> Stopped {
        match self.stopped.recv().await {
            Some(stopped) => stopped,
            // The thread is gone: nobody will ever tell.
            None => std::future::pending().await,
        }
    }
}

/// Takes away a trip file whose order is on the ledger.
pub(crate) fn clear(ledger: &Path) -> std::io::Result<()> {
    match std::fs::remove_file(ledger.join(StopFile::NAME)) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

async fn look(
    path: PathBuf,
    mut seen: bool,
    mut signals: Signal,
    sender: UnboundedSender<Stopped>,
) {
    while !seen {
        let signalled = tokio::time::timeout(EVERY, signals.recv()).await;
        if matches!(signalled, Ok(Some(()))) {
            let order = order("signal", "SIGUSR1");
            seen = sender.send(Stopped::Order(Box::new(order))).is_ok();
        }
        seen |= tell_file(&path, &sender);
    }
    tokio::time::sleep(PATIENCE).await;
    // Whether anybody still listens makes no difference.
    let _ = sender.send(Stopped::GiveUp);
}

/// Tells of the trip file, if there is one. One that can't be read stops all the same.
fn tell_file(path: &Path, sender: &UnboundedSender<Stopped>) -> bool {
    let order = match std::fs::read(path) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return false,
        Err(_) => order("trip_file_unreadable", "the trip file cannot be read"),
        Ok(bytes) => match StopFile::parse(&bytes) {
            Ok(stop) => StopOrder {
                level: stop.level,
                red_action: stop.red_action,
                cause: stop.reason,
                evidence: stop.evidence,
                at: stop.at,
            },
            Err(_) => order("trip_file_unreadable", "the trip file has another form"),
        },
    };
    sender.send(Stopped::Order(Box::new(order))).is_ok()
}

/// RED and reduce only, with a cause of ours.
fn order(cause: &'static str, evidence: &'static str) -> StopOrder {
    StopOrder {
        level: Defcon::Red,
        red_action: ios012_constraints::defcon::RedAction::ReduceOnly,
        cause: Code::literal(cause),
        evidence: ios012_lineage::PlainText::literal(evidence),
        at: now(),
    }
}
