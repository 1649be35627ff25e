//! Orders to stop from outside the process: a trip file in the ledger's directory, and SIGUSR1 where
//! no file can be written. A thread of its own looks for them.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
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
    told: ToldFile,
}

/// The bytes of the trip file that was told of.
#[derive(Debug, Clone, Default)]
pub(crate) struct ToldFile(Arc<Mutex<Option<Vec<u8>>>>);

impl ToldFile {
    fn get(&self) -> MutexGuard<'_, Option<Vec<u8>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Watch {
    /// Begins to watch a ledger's directory. A trip file that lies there already is told first.
    pub(crate) fn begin(ledger: &Path) -> std::io::Result<Self> {
        let (sender, stopped) = unbounded_channel();
        let path = ledger.join(StopFile::NAME);
        let told = ToldFile::default();
        let seen = tell_file(&path, &sender, &told);
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_io()
            .enable_time()
            .build()?;
        let signals = {
            let _entered = runtime.enter();
            signal(SignalKind::user_defined1())?
        };
        let telling = told.clone();
        std::thread::Builder::new()
            .name("stop".to_owned())
            .spawn(move || runtime.block_on(look(path, seen, signals, sender, telling)))?;
        Ok(Self { stopped, told })
    }

    /// What is told of, for [`clear`].
    pub(crate) fn told(&self) -> ToldFile {
        self.told.clone()
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

/// Takes away the trip file that was told of, whose order is on the ledger. Another one that took its place since
/// stays, and is told of by the next process.
pub(crate) fn clear(ledger: &Path, told: &ToldFile) -> std::io::Result<()> {
    let path = ledger.join(StopFile::NAME);
    let cleared = match std::fs::read(&path) {
        Ok(bytes) if told.get().as_ref() == Some(&bytes) => std::fs::remove_file(&path),
        Ok(_) => Ok(()),
        Err(error) => Err(error),
    };
    match cleared {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

async fn look(
    path: PathBuf,
    mut seen: bool,
    mut signals: Signal,
    sender: UnboundedSender<Stopped>,
    told: ToldFile,
) {
    while !seen {
        let signalled = tokio::time::timeout(EVERY, signals.recv()).await;
        if matches!(signalled, Ok(Some(()))) {
            let order = order("signal", "SIGUSR1");
            seen = sender.send(Stopped::Order(Box::new(order))).is_ok();
        }
        seen |= tell_file(&path, &sender, &told);
    }
    tokio::time::sleep(PATIENCE).await;
    // Whether anybody still listens makes no difference.
    let _ = sender.send(Stopped::GiveUp);
}

/// Tells of the trip file, if there is one. One that can't be read stops all the same.
fn tell_file(path: &Path, sender: &UnboundedSender<Stopped>, told: &ToldFile) -> bool {
    let bytes = match std::fs::read(path) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return false,
        read => read.ok(),
    };
    let order = match &bytes {
        None => order("trip_file_unreadable", "the trip file cannot be read"),
        Some(bytes) => match StopFile::parse(bytes) {
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
    *told.get() = bytes;
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

#[cfg(test)]
mod tests {
    use super::*;

    /// A second order that came while the first was carried out is not taken away with it.
    #[test]
    fn only_the_file_that_was_told_of_is_taken_away() {
        let ledger = tempfile::tempdir().unwrap();
        let path = ledger.path().join(StopFile::NAME);
        let (sender, mut stopped) = unbounded_channel();
        let told = ToldFile::default();
        assert!(!tell_file(&path, &sender, &told), "there is none");
        std::fs::write(&path, "first").unwrap();
        clear(ledger.path(), &told).unwrap();
        assert!(path.exists(), "nobody was told of it");
        assert!(tell_file(&path, &sender, &told));
        assert!(stopped.try_recv().is_ok());
        std::fs::write(&path, "second").unwrap();
        clear(ledger.path(), &told).unwrap();
        assert_eq!(std::fs::read_to_string(&path).unwrap(), "second");
        std::fs::write(&path, "first").unwrap();
        clear(ledger.path(), &told).unwrap();
        assert!(!path.exists());
        clear(ledger.path(), &told).unwrap();
    }
}
