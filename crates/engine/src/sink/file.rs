use ios012_lineage::ledger::{DocumentKind, LedgerWriter};
use ios012_lineage::{Chain, Hash};

use super::LedgerSink;
use crate::EngineError;

/// Keeps a ledger in files, and makes the records durable before every order that leaves and at
/// every seal: for a broker that outlives the process.
#[derive(Debug)]
pub struct FileSink {
    writer: LedgerWriter,
    groups_cycles: bool,
}

impl FileSink {
    /// Keeps records with this writer.
    pub const fn new(writer: LedgerWriter) -> Self {
        Self {
            writer,
            groups_cycles: false,
        }
    }

    /// The same, but that the end of a cycle may wait for the first order of the next one
    /// ([`crate::Runner::keep`]). What a crash then loses of it is asked for at the broker.
    #[must_use]
    pub fn grouping_cycles(self) -> Self {
        Self {
            groups_cycles: true,
            ..self
        }
    }

    /// Gives the writer back.
    pub fn into_writer(self) -> LedgerWriter {
        self.writer
    }

    fn keep(&mut self, chain: &mut Chain) -> Result<(), EngineError> {
        self.writer.append(chain)?;
        Ok(self.writer.sync()?)
    }
}

impl LedgerSink for FileSink {
    fn document(
        &mut self,
        kind: DocumentKind,
        hash: Hash,
        canonical: &str,
    ) -> Result<(), EngineError> {
        Ok(self.writer.write_document(kind, hash, canonical)?)
    }

    fn records(&mut self, chain: &mut Chain) -> Result<(), EngineError> {
        self.keep(chain)
    }

    fn cycle_ended(&mut self, chain: &mut Chain) -> Result<(), EngineError> {
        if self.groups_cycles {
            Ok(())
        } else {
            self.keep(chain)
        }
    }

    fn finish(&mut self, chain: &mut Chain) -> Result<(), EngineError> {
        self.keep(chain)
    }
}
