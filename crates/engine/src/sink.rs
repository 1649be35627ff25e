//! Where records and documents go.

mod background;
mod file;

use ios012_lineage::ledger::DocumentKind;
use ios012_lineage::{Chain, Hash};

use crate::EngineError;

pub use background::BackgroundSink;
pub use file::FileSink;

/// Where records and documents are kept.
pub trait LedgerSink {
    /// Takes a document that the next records name.
    ///
    /// # Errors
    /// Whatever keeps it from being kept; nothing may be sent after it.
    fn document(
        &mut self,
        kind: DocumentKind,
        hash: Hash,
        canonical: &str,
    ) -> Result<(), EngineError>;

    /// Takes the chain's pending records before an order leaves, or at a seal.
    ///
    /// # Errors
    /// Whatever keeps them from being kept; nothing may be sent after it.
    fn records(&mut self, chain: &mut Chain) -> Result<(), EngineError>;

    /// Is told that a cycle has ended.
    ///
    /// # Errors
    /// As for [`LedgerSink::records`].
    fn cycle_ended(&mut self, chain: &mut Chain) -> Result<(), EngineError>;

    /// Makes everything durable.
    ///
    /// # Errors
    /// As for [`LedgerSink::records`].
    fn finish(&mut self, chain: &mut Chain) -> Result<(), EngineError>;
}

/// Keeps nothing: for measurements of the decision alone.
#[derive(Debug, Default)]
pub struct MemorySink;

impl LedgerSink for MemorySink {
    fn document(&mut self, _: DocumentKind, _: Hash, _: &str) -> Result<(), EngineError> {
        Ok(())
    }

    fn records(&mut self, _: &mut Chain) -> Result<(), EngineError> {
        Ok(())
    }

    fn cycle_ended(&mut self, chain: &mut Chain) -> Result<(), EngineError> {
        chain.clear_pending();
        Ok(())
    }

    fn finish(&mut self, chain: &mut Chain) -> Result<(), EngineError> {
        chain.clear_pending();
        Ok(())
    }
}
