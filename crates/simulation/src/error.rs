use std::io;

use ios012_contracts::Refusal;
use ios012_core::CoreError;
use ios012_engine::EngineError;
use ios012_lineage::{LineageError, VerifyFailure};
use thiserror::Error;

/// Why a simulation ended before its end.
#[derive(Debug, Error)]
pub enum SimulationError {
    /// The machine's own disk.
    #[error("the real disk: {0}")]
    Io(#[from] io::Error),
    /// A document that the simulation made is refused.
    #[error("a document: {0}")]
    Refused(#[from] Refusal),
    /// The ledger does not verify.
    #[error("the ledger does not verify: {0}")]
    Verify(#[from] Box<VerifyFailure>),
    /// The engine stopped for a reason that nobody gave it.
    #[error("the engine: {0}")]
    Engine(#[from] EngineError),
    /// The ledger cannot be read, or be written for a reason that nobody gave it.
    #[error("the ledger: {0}")]
    Ledger(#[from] LineageError),
    /// The books do not balance.
    #[error("the books: {0}")]
    Books(#[from] CoreError),
    /// An invariant does not hold.
    #[error("{0}")]
    Broken(String),
}

/// An error that tells what is broken, unless it holds.
pub(crate) fn ensure(holds: bool, broken: impl FnOnce() -> String) -> Result<(), SimulationError> {
    if holds {
        Ok(())
    } else {
        Err(SimulationError::Broken(broken()))
    }
}
