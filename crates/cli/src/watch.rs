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
use tokio::time::{Instant, timeout_at};

use crate::clock::now;

/// How long a trip file may lie before it is seen.
const EVERY: Duration = Duration::from_millis(20);
/// How long the broker may take, once a stop has left orders open, to tell their end.
const PATIENCE: Duration = Duration::from_secs(5);

/// The receiving end, for the runner.
pub(crate) struct Watch {
    seen: UnboundedReceiver<Seen>,
    told: ToldFile,
    /// When the broker has had its time, where it is limited.
    patience_ends: Option<Instant>,
}

/// An order to stop, and the bytes of the trip file if it came by one that can be read.
struct Seen {
    order: StopOrder,
    bytes: Option<Vec<u8>>,
}

/// The bytes of the trip file that the runner was told of last.
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
        let (sender, seen) = unbounded_channel();
        let mut file = TripFile::at(ledger.join(StopFile::NAME));
        file.tell_change(&sender);
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
            .spawn(move || runtime.block_on(look(file, signals, sender)))?;
        Ok(Self {
            seen,
            told: ToldFile::default(),
            patience_ends: None,
        })
    }

    /// What is told of, for [`clear`].
    pub(crate) fn told(&self) -> ToldFile {
        self.told.clone()
    }

    fn tell(&self, seen: Seen) -> Stopped {
        if let Some(bytes) = seen.bytes {
            *self.told.get() = Some(bytes);
        }
        Stopped::Order(Box::new(seen.order))
    }
}

impl StopWatch for Watch {
    fn poll(&mut self) -> Option<Stopped> {
        if let Ok(seen) = self.seen.try_recv() {
            return Some(self.tell(seen));
        }
        let is_over = self.patience_ends.is_some_and(|end| end <= Instant::now());
        is_over.then(|| {
            self.patience_ends = None;
            Stopped::GiveUp
        })
    }

    async fn wait(&mut self) -> Stopped {
        let next = async {
            match self.seen.recv().await {
                Some(seen) => seen,
                // The thread is gone: nobody will ever tell.
                None => std::future::pending().await,
            }
        };
        let Some(end) = self.patience_ends else {
            let seen = next.await;
            return self.tell(seen);
        };
        if let Ok(seen) = timeout_at(end, next).await {
            return self.tell(seen);
        }
        self.patience_ends = None;
        Stopped::GiveUp
    }

    /// What counts is the first stop: another one does not give the broker more time.
    fn limit_patience(&mut self, is_limited: bool) {
        let end = self.patience_ends;
        self.patience_ends = is_limited.then(|| end.unwrap_or_else(|| Instant::now() + PATIENCE));
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

/// Looks for as long as somebody listens: a second order may ask for more than the first.
async fn look(mut file: TripFile, mut signals: Signal, sender: UnboundedSender<Seen>) {
    while !sender.is_closed() {
        let signalled = tokio::time::timeout(EVERY, signals.recv()).await;
        if matches!(signalled, Ok(Some(()))) {
            // That nobody listens any more ends the loop.
            let _ = sender.send(Seen {
                order: order("signal", "SIGUSR1"),
                bytes: None,
            });
        }
        file.tell_change(&sender);
    }
}

/// The trip file, as it was seen last.
struct TripFile {
    path: PathBuf,
    last: Lying,
}

/// What lies where a trip file may lie.
#[derive(PartialEq, Eq)]
enum Lying {
    Nothing,
    Unreadable,
    Bytes(Vec<u8>),
}

impl TripFile {
    const fn at(path: PathBuf) -> Self {
        Self {
            path,
            last: Lying::Nothing,
        }
    }

    /// Tells of the trip file if it is another than before. One that can't be read stops all the same.
    fn tell_change(&mut self, sender: &UnboundedSender<Seen>) {
        let lying = match std::fs::read(&self.path) {
            Ok(bytes) => Lying::Bytes(bytes),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Lying::Nothing,
            Err(_) => Lying::Unreadable,
        };
        if lying == self.last {
            return;
        }
        self.last = lying;
        let seen = match &self.last {
            Lying::Nothing => return,
            Lying::Unreadable => Seen {
                order: order("trip_file_unreadable", "the trip file cannot be read"),
                bytes: None,
            },
            Lying::Bytes(bytes) => Seen {
                order: stop_order(bytes),
                bytes: Some(bytes.clone()),
            },
        };
        // That nobody listens any more is seen by the loop.
        let _ = sender.send(seen);
    }
}

fn stop_order(bytes: &[u8]) -> StopOrder {
    match StopFile::parse(bytes) {
        Ok(stop) => StopOrder {
            level: stop.level,
            red_action: stop.red_action,
            cause: stop.reason,
            evidence: stop.evidence,
            at: stop.at,
        },
        Err(_) => order("trip_file_unreadable", "the trip file has another form"),
    }
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

    struct Bench {
        ledger: tempfile::TempDir,
        file: TripFile,
        sender: UnboundedSender<Seen>,
        watch: Watch,
    }

    impl Bench {
        fn new() -> Self {
            let ledger = tempfile::tempdir().unwrap();
            let (sender, seen) = unbounded_channel();
            Self {
                file: TripFile::at(ledger.path().join(StopFile::NAME)),
                ledger,
                sender,
                watch: Watch {
                    seen,
                    told: ToldFile::default(),
                    patience_ends: None,
                },
            }
        }

        fn write(&mut self, text: &str) {
            std::fs::write(&self.file.path, text).unwrap();
        }

        /// How many orders come of what lies there.
        fn orders(&mut self) -> usize {
            self.file.tell_change(&self.sender);
            std::iter::from_fn(|| self.watch.poll()).count()
        }

        fn clear(&self) {
            clear(self.ledger.path(), &self.watch.told()).unwrap();
        }
    }

    /// A second order that came while the first was carried out is not taken away with it.
    #[test]
    fn only_the_file_that_was_told_of_is_taken_away() {
        let mut bench = Bench::new();
        assert_eq!(bench.orders(), 0, "there is none");
        bench.write("first");
        bench.clear();
        assert!(bench.file.path.exists(), "nobody was told of it");
        assert_eq!(bench.orders(), 1);
        bench.write("second");
        bench.file.tell_change(&bench.sender);
        bench.clear();
        assert!(bench.file.path.exists(), "it was seen, and told to nobody");
        bench.write("first");
        bench.clear();
        assert!(!bench.file.path.exists());
        bench.clear();
    }

    /// A file that stays is one order; one that changes, or comes again, is another.
    #[test]
    fn each_change_of_the_file_is_an_order() {
        let mut bench = Bench::new();
        for (text, orders) in [("first", 1), ("first", 0), ("second", 1)] {
            bench.write(text);
            assert_eq!(bench.orders(), orders, "{text}");
        }
        bench.clear();
        assert_eq!(bench.orders(), 0);
        bench.write("second");
        assert_eq!(bench.orders(), 1);
        std::fs::remove_file(&bench.file.path).unwrap();
        std::fs::create_dir(&bench.file.path).unwrap();
        assert_eq!((bench.orders(), bench.orders()), (1, 0), "it can't be read");
    }

    /// The broker's time begins with the first stop that leaves orders open, whatever came before it or after.
    #[test]
    fn the_broker_has_its_time_from_the_stop_on() {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_time()
            .start_paused(true)
            .build()
            .unwrap();
        runtime.block_on(async {
            let mut watch = Bench::new().watch;
            tokio::time::advance(2 * PATIENCE).await;
            assert!(watch.poll().is_none(), "nothing was stopped");
            watch.limit_patience(true);
            tokio::time::advance(PATIENCE / 2).await;
            watch.limit_patience(true);
            assert!(watch.poll().is_none());
            tokio::time::advance(PATIENCE / 2).await;
            assert_eq!(watch.poll(), Some(Stopped::GiveUp));
            assert!(watch.poll().is_none(), "it is told once");
            watch.limit_patience(true);
            let begun = Instant::now();
            assert_eq!(watch.wait().await, Stopped::GiveUp);
            assert_eq!(begun.elapsed(), PATIENCE);
            watch.limit_patience(true);
            watch.limit_patience(false);
            tokio::time::advance(2 * PATIENCE).await;
            assert!(watch.poll().is_none(), "the next cycle was not stopped");
        });
    }
}
