//! Where records and documents go.

mod background;
mod file;
mod store;

use ios012_lineage::ledger::DocumentKind;
use ios012_lineage::{Chain, Hash};

use crate::EngineError;

pub use background::BackgroundSink;
pub use file::FileSink;
pub use store::StoreSink;

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

    /// Takes the chain's pending records, which must be durable before the next step: an order leaves, or a breaker
    /// has tripped.
    ///
    /// # Errors
    /// Whatever keeps them from being kept; nothing may be sent after it.
    fn records(&mut self, chain: &mut Chain) -> Result<(), EngineError>;

    /// Is told that a cycle has ended. Its pending records may be kept with the next ones: until then nothing that
    /// follows from them has left.
    ///
    /// # Errors
    /// As for [`LedgerSink::records`].
    fn cycle_ended(&mut self, chain: &mut Chain) -> Result<(), EngineError>;

    /// Is told before the broker is sent an order or asked for news: a sink whose ownership of the ledger may run
    /// out makes sure of it here. A cancellation asks nobody.
    ///
    /// # Errors
    /// [`EngineError::Fenced`] if somebody else owns the ledger, or what keeps that from being known; nothing may be
    /// sent after it.
    fn stay_owner(&mut self) -> Result<(), EngineError> {
        Ok(())
    }

    /// Makes everything durable. Nothing is kept after it.
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
