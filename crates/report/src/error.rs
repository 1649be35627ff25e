use std::path::PathBuf;

use ios012_contracts::Refusal;
use ios012_core::{AssetId, CoreError, CurrencyCode};
use ios012_lineage::{Hash, LineageError};
use thiserror::Error;

/// Why a ledger could not be summed up, or a decision not be explained.
#[derive(Debug, Error)]
pub enum ReportError {
    /// The ledger cannot be read, or a line of it is damaged.
    #[error("the ledger: {0}")]
    Ledger(#[from] LineageError),
    /// Exact arithmetic failed.
    #[error("a sum over the ledger: {0}")]
    Arithmetic(#[from] CoreError),
    /// The ledger holds no record.
    #[error(
        "{} holds no record of a ledger; give the directory that --ledger named when it was made",
        directory.display()
    )]
    NoRecords {
        /// The directory.
        directory: PathBuf,
    },
    /// A document that a cycle names is not in the pack.
    #[error("{kind} {hash} is not in documents.pack; verify the ledger")]
    NoDocument {
        /// What kind of document it is.
        kind: &'static str,
        /// Its hash.
        hash: Hash,
    },
    /// A document of the ledger is refused when it is read again.
    #[error("a document of the ledger: {0}")]
    Document(#[from] Refusal),
    /// An asset was decided on without a row in the cycle's constraints or registry.
    #[error("cycle {cycle_id} decides on {asset_id}, of which its {document} says nothing")]
    NoRow {
        /// The cycle.
        cycle_id: u64,
        /// The asset.
        asset_id: AssetId,
        /// The document.
        document: &'static str,
    },
    /// An amount in a currency for which the cycle's market snapshot has no rate.
    #[error("the market snapshot has no rate of {currency} to base currency")]
    NoRate {
        /// The currency.
        currency: CurrencyCode,
    },
    /// The ledger has no such cycle.
    #[error("there is no cycle {cycle_id}; {cycles}")]
    NoCycle {
        /// The cycle asked for.
        cycle_id: u64,
        /// Which cycles there are.
        cycles: String,
    },
    /// The cycle decided nothing on the asset.
    #[error("cycle {cycle_id} decided nothing on `{asset_id}`; {assets}")]
    NoDecision {
        /// The cycle.
        cycle_id: u64,
        /// The asset asked for.
        asset_id: String,
        /// Which assets it decided on.
        assets: String,
    },
    /// The cycle moved the asset at other times than the one asked for, or more than once and none was
    /// asked for.
    #[error(
        "cycle {cycle_id} decided on {asset_id} in the transitions 0 to {last}; name one with --transition"
    )]
    NoTransition {
        /// The cycle.
        cycle_id: u64,
        /// The asset.
        asset_id: String,
        /// The last transition.
        last: usize,
    },
    /// A record stands where the format does not allow it.
    #[error("record {seq}: a {kind} out of place; verify the ledger")]
    OutOfPlace {
        /// The record.
        seq: u64,
        /// Its kind.
        kind: String,
    },
}
