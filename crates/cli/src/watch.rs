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
use tokio::sync::broadcast::error::{RecvError, TryRecvError};
use tokio::sync::broadcast::{self, Receiver, Sender};
use tokio::time::{Instant, timeout_at};

use crate::clock::now;

/// How long a trip file may lie before it is seen.
const EVERY: Duration = Duration::from_millis(20);
/// How long the broker may take, once a stop has left orders open, to tell their end.
const PATIENCE: Duration = Duration::from_secs(5);

/// Orders that are kept for a runner that does not ask. One that misses an order stops for that.
const MOST_UNHEARD: usize = 64;

/// Looks for orders to stop, for as many runners as want to hear of them.
pub(crate) struct Switch {
    seen: Sender<Seen>,
    /// What lies there now, which a runner that begins hears first.
    lying: Arc<Mutex<Option<Seen>>>,
}

/// The receiving end, for one runner.
pub(crate) struct Watch {
    first: Option<Seen>,
    /// What lies there now.
    lying: Arc<Mutex<Option<Seen>>>,
    seen: Receiver<Seen>,
    told: ToldFile,
    /// When the broker has had its time, where it is limited.
    patience_ends: Option<Instant>,
}

/// An order to stop, and the bytes of the trip file if it came by one that can be read.
#[derive(Debug, Clone)]
struct Seen {
    order: StopOrder,
    bytes: Option<Vec<u8>>,
}

/// The bytes of the trip file that the runner was told of last.
#[derive(Debug, Clone, Default)]
pub(crate) struct ToldFile(Arc<Mutex<Option<Vec<u8>>>>);

impl Switch {
    /// Begins to watch the process for SIGUSR1, and a directory, if there is one, for a trip file.
    pub(crate) fn begin(directory: Option<&Path>) -> std::io::Result<Self> {
        let (seen, _) = broadcast::channel(MOST_UNHEARD);
        let mut file = TripFile::at(directory.map(|directory| directory.join(StopFile::NAME)));
        file.tell_change(&seen);
        let lying = Arc::clone(&file.lying);
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_io()
            .enable_time()
            .build()?;
        let signals = {
            let _entered = runtime.enter();
            signal(SignalKind::user_defined1())?
        };
        let sender = seen.clone();
        std::thread::Builder::new()
            .name("stop".to_owned())
            .spawn(move || runtime.block_on(look(file, signals, sender)))?;
        Ok(Self { seen, lying })
    }

    /// A watch for one runner. A trip file that lies there already is told first.
    pub(crate) fn watch(&self) -> Watch {
        // Listening begins before what lies there is read: it may then be told twice, and never not at all.
        let seen = self.seen.subscribe();
        Watch {
            first: get(&self.lying).clone(),
            lying: Arc::clone(&self.lying),
            seen,
            told: ToldFile::default(),
            patience_ends: None,
        }
    }
}

fn get<T>(shared: &Mutex<T>) -> MutexGuard<'_, T> {
    shared.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Watch {
    /// What is told of, for [`clear`].
    pub(crate) fn told(&self) -> ToldFile {
        self.told.clone()
    }

    fn tell(&self, seen: Seen) -> Stopped {
        if let Some(bytes) = seen.bytes {
            *get(&self.told.0) = Some(bytes);
        }
        Stopped::Order(Box::new(seen.order))
    }
}

impl StopWatch for Watch {
    fn poll(&mut self) -> Option<Stopped> {
        let seen = self.first.take().or_else(|| match self.seen.try_recv() {
            Ok(seen) => Some(seen),
            Err(TryRecvError::Lagged(_)) => {
                self.first.clone_from(&get(&self.lying));
                Some(missed())
            }
            Err(TryRecvError::Empty | TryRecvError::Closed) => None,
        });
        if let Some(seen) = seen {
            return Some(self.tell(seen));
        }
        let is_over = self.patience_ends.is_some_and(|end| end <= Instant::now());
        is_over.then(|| {
            self.patience_ends = None;
            Stopped::GiveUp
        })
    }

    async fn wait(&mut self) -> Stopped {
        if let Some(seen) = self.first.take() {
            return self.tell(seen);
        }
        let (first, lying) = (&mut self.first, &self.lying);
        let next = async {
            match self.seen.recv().await {
                Ok(seen) => seen,
                Err(RecvError::Lagged(_)) => {
                    first.clone_from(&get(lying));
                    missed()
                }
                // Nobody looks any more: nobody will ever tell.
                Err(RecvError::Closed) => std::future::pending().await,
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
        Ok(bytes) if get(&told.0).as_ref() == Some(&bytes) => std::fs::remove_file(&path),
        Ok(_) => Ok(()),
        Err(error) => Err(error),
    };
    match cleared {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

/// Orders that came faster than a runner heard them. What lies there still is told after it.
fn missed() -> Seen {
    Seen {
        order: order("stop_orders_missed", "more orders to stop than are kept"),
        bytes: None,
    }
}

/// Looks for as long as the process lives: a second order may ask for more than the first.
async fn look(mut file: TripFile, mut signals: Signal, sender: Sender<Seen>) {
    loop {
        let signalled = tokio::time::timeout(EVERY, signals.recv()).await;
        if matches!(signalled, Ok(Some(()))) {
            // Nobody may be there to listen.
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
    path: Option<PathBuf>,
    last: Lying,
    lying: Arc<Mutex<Option<Seen>>>,
}

/// What lies where a trip file may lie.
#[derive(PartialEq, Eq)]
enum Lying {
    Nothing,
    Unreadable,
    Bytes(Vec<u8>),
}

impl TripFile {
    fn at(path: Option<PathBuf>) -> Self {
        Self {
            path,
            last: Lying::Nothing,
            lying: Arc::default(),
        }
    }

    /// Tells of the trip file if it is another than before. One that can't be read stops all the same.
    fn tell_change(&mut self, sender: &Sender<Seen>) {
        let Some(path) = &self.path else {
            return;
        };
        let lying = match std::fs::read(path) {
            Ok(bytes) => Lying::Bytes(bytes),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Lying::Nothing,
            Err(_) => Lying::Unreadable,
        };
        if lying == self.last {
            return;
        }
        self.last = lying;
        let seen = match &self.last {
            Lying::Nothing => None,
            Lying::Unreadable => Some(Seen {
                order: order("trip_file_unreadable", "the trip file cannot be read"),
                bytes: None,
            }),
            Lying::Bytes(bytes) => Some(Seen {
                order: stop_order(bytes),
                bytes: Some(bytes.clone()),
            }),
        };
        get(&self.lying).clone_from(&seen);
        if let Some(seen) = seen {
            // Nobody may be there to listen; who comes later finds it lying.
            let _ = sender.send(seen);
        }
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
        sender: Sender<Seen>,
        watch: Watch,
    }

    impl Bench {
        fn new() -> Self {
            let ledger = tempfile::tempdir().unwrap();
            let (sender, seen) = broadcast::channel(MOST_UNHEARD);
            Self {
                file: TripFile::at(Some(ledger.path().join(StopFile::NAME))),
                ledger,
                sender,
                watch: Watch {
                    first: None,
                    lying: Arc::default(),
                    seen,
                    told: ToldFile::default(),
                    patience_ends: None,
                },
            }
        }

        fn path(&self) -> PathBuf {
            self.ledger.path().join(StopFile::NAME)
        }

        fn write(&mut self, text: &str) {
            std::fs::write(self.path(), text).unwrap();
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
        assert!(bench.path().exists(), "nobody was told of it");
        assert_eq!(bench.orders(), 1);
        bench.write("second");
        bench.file.tell_change(&bench.sender);
        bench.clear();
        assert!(bench.path().exists(), "it was seen, and told to nobody");
        bench.write("first");
        bench.clear();
        assert!(!bench.path().exists());
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
        std::fs::remove_file(bench.path()).unwrap();
        std::fs::create_dir(bench.path()).unwrap();
        assert_eq!((bench.orders(), bench.orders()), (1, 0), "it can't be read");
    }

    /// A runner that begins later hears of the file that lies there; one that hears nothing for long stops.
    #[test]
    fn nobody_misses_an_order() {
        let mut bench = Bench::new();
        bench.write("first");
        assert_eq!(bench.orders(), 1);
        let switch = Switch {
            seen: bench.sender.clone(),
            lying: Arc::clone(&bench.file.lying),
        };
        let mut later = switch.watch();
        assert!(matches!(later.poll(), Some(Stopped::Order(_))));
        assert!(later.poll().is_none(), "it is told once");
        std::fs::remove_file(bench.path()).unwrap();
        assert_eq!(bench.orders(), 0);
        assert!(switch.watch().poll().is_none(), "it was taken away");
        let black = r#"{"schema":"ios012.stop.v1","level":"BLACK"}"#;
        bench.write(black);
        bench.file.tell_change(&bench.sender);
        let lying = get(&bench.file.lying).clone();
        for _ in 0..=MOST_UNHEARD {
            let signal = order("signal", "SIGUSR1");
            let seen = Seen {
                order: signal,
                bytes: None,
            };
            bench.sender.send(seen).unwrap();
        }
        let mut heard = std::iter::from_fn(|| match later.poll() {
            Some(Stopped::Order(order)) => Some(*order),
            _ => None,
        });
        assert_eq!(heard.next().unwrap().cause.as_str(), "stop_orders_missed");
        // The file that was pushed out of what is kept is told all the same.
        assert_eq!(heard.next(), lying.map(|seen| seen.order));
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
