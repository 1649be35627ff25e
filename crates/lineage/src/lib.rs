//! Canonical bytes, hashes, records, the ledger and its verifier (docs/lineage-format.md).

pub mod canonical;
pub mod hash;

pub use canonical::JsonWriter;
pub use hash::{Hash, sha256};

mod error;
pub use error::LineageError;
