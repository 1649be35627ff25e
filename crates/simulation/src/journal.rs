//! What the ledger was given, and what it said is durable, kept outside it.

use std::sync::{Arc, Mutex, MutexGuard};

use ios012_engine::{EngineError, FileSink, LedgerSink};
use ios012_lineage::ledger::DocumentKind;
use ios012_lineage::{Chain, Hash};

/// What a process has written since it began, line for line.
#[derive(Debug, Clone, Default)]
pub(crate) struct Journal {
    state: Arc<Mutex<Written>>,
}

/// The lines of a ledger.
#[derive(Debug, Clone, Default)]
pub(crate) struct Written {
    /// All that were given to the ledger, from its first record on.
    pub(crate) lines: Vec<String>,
    /// How many of them it said are durable.
    pub(crate) acknowledged: usize,
    /// Whether a recovery was begun that has not told what it wrote.
    pub(crate) is_resuming: bool,
}

impl Journal {
    pub(crate) fn get(&self) -> MutexGuard<'_, Written> {
        self.state
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner)
    }

    /// These lines are durable, and nothing else was written yet.
    pub(crate) fn begin(&self, lines: Vec<String>) {
        *self.get() = Written {
            acknowledged: lines.len(),
            lines,
            is_resuming: false,
        };
    }

    /// A recovery may write lines that are told when it has ended.
    pub(crate) fn resume(&self) {
        self.get().is_resuming = true;
    }

    fn give(&self, chain: &Chain) {
        let text = String::from_utf8_lossy(chain.pending());
        let mut written = self.get();
        written.lines.extend(text.lines().map(str::to_owned));
    }

    fn acknowledge(&self) {
        let mut written = self.get();
        written.acknowledged = written.lines.len();
    }
}

/// The product's sink, beside which is noted what it was given and what it acknowledged.
#[derive(Debug)]
pub(crate) struct NotedSink {
    sink: FileSink,
    journal: Journal,
    groups_cycles: bool,
}

impl NotedSink {
    pub(crate) fn new(sink: FileSink, journal: Journal, groups_cycles: bool) -> Self {
        let sink = if groups_cycles {
            sink.grouping_cycles()
        } else {
            sink
        };
        Self {
            sink,
            journal,
            groups_cycles,
        }
    }
}

impl LedgerSink for NotedSink {
    fn document(
        &mut self,
        kind: DocumentKind,
        hash: Hash,
        canonical: &str,
    ) -> Result<(), EngineError> {
        self.sink.document(kind, hash, canonical)
    }

    fn records(&mut self, chain: &mut Chain) -> Result<(), EngineError> {
        self.journal.give(chain);
        self.sink.records(chain)?;
        self.journal.acknowledge();
        Ok(())
    }

    fn cycle_ended(&mut self, chain: &mut Chain) -> Result<(), EngineError> {
        if self.groups_cycles {
            // It takes nothing, and acknowledges nothing.
            return self.sink.cycle_ended(chain);
        }
        self.journal.give(chain);
        self.sink.cycle_ended(chain)?;
        self.journal.acknowledge();
        Ok(())
    }

    fn finish(&mut self, chain: &mut Chain) -> Result<(), EngineError> {
        self.journal.give(chain);
        self.sink.finish(chain)?;
        self.journal.acknowledge();
        Ok(())
    }
}
