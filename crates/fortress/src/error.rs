use std::io;
use std::path::{Path, PathBuf};

use ios012_contracts::{ContractsError, Refusal};
use ios012_core::CoreError;
use ios012_engine::EngineError;
use ios012_lineage::{LineageError, VerifyFailure};
use ios012_paper::ScriptError;
use ios012_report::ReportError;
use thiserror::Error;

/// Why a part of a suite did not hold, or could not be run.
#[derive(Debug, Error)]
pub enum FortressError {
    /// A file cannot be read or written.
    #[error("{}: {source}", path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// What the system says.
        source: io::Error,
    },
    /// A scenario cannot be read.
    #[error("a scenario: {0}")]
    Contracts(#[from] ContractsError),
    /// A document that a suite made is refused.
    #[error("a document: {0}")]
    Refused(#[from] Refusal),
    /// The engine stopped.
    #[error("the engine: {0}")]
    Engine(#[from] EngineError),
    /// A ledger cannot be written or read.
    #[error("a ledger: {0}")]
    Ledger(#[from] LineageError),
    /// A ledger does not verify.
    #[error("a ledger does not verify: {0}")]
    Verify(#[from] Box<VerifyFailure>),
    /// A ledger cannot be summed up.
    #[error("a summary: {0}")]
    Report(#[from] ReportError),
    /// Exact arithmetic failed, or the books do not agree.
    #[error("the books: {0}")]
    Core(#[from] CoreError),
    /// A golden document is no JSON.
    #[error("JSON: {0}")]
    Json(#[from] serde_json::Error),
    /// The script of a golden scenario cannot be read.
    #[error("a broker's script: {0}")]
    Script(#[from] ScriptError),
    /// The golden data do not have the shape that a suite needs.
    #[error("the golden data: {0}")]
    Data(String),
    /// What the suite is there to find.
    #[error("{0}")]
    Broken(String),
}

impl FortressError {
    pub(crate) fn io(path: &Path) -> impl FnOnce(io::Error) -> Self + '_ {
        move |source| Self::Io {
            path: path.to_owned(),
            source,
        }
    }
}

/// An error that tells what is broken, unless it holds.
pub(crate) fn ensure(holds: bool, broken: impl FnOnce() -> String) -> Result<(), FortressError> {
    if holds {
        Ok(())
    } else {
        Err(FortressError::Broken(broken()))
    }
}
