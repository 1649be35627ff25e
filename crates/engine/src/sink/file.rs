use ios012_lineage::ledger::{DocumentKind, LedgerWriter};
use ios012_lineage::{Chain, Hash};

use super::LedgerSink;
use crate::EngineError;

/// Keeps a ledger in files, and makes the records durable before every order that leaves and at
/// every seal: for a broker that outlives the process.
#[derive(Debug)]
pub struct FileSink {
    writer: LedgerWriter,
}

impl FileSink {
    /// Keeps records with this writer.
    pub const fn new(writer: LedgerWriter) -> Self {
        Self { writer }
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

    /// The seal was kept with the last records.
    fn cycle_ended(&mut self, _: &mut Chain) -> Result<(), EngineError> {
        Ok(())
    }

    fn finish(&mut self, chain: &mut Chain) -> Result<(), EngineError> {
        self.keep(chain)
    }
}
