//! Canonical bytes, hashes, records, the ledger and its verifier (docs/lineage-format.md).

pub mod canonical;
pub mod chain;
pub mod checkpoint;
pub mod derive;
mod error;
mod field;
pub mod hash;
pub mod ledger;
pub mod proof;
pub mod record;
pub mod store;
pub mod text;
pub mod tree;
pub mod verify;

pub use canonical::{JsonWriter, check_canonical};
pub use chain::{Batch, Chain, Mark};
pub use checkpoint::{Checkpoint, CheckpointSigner, Cosignature, VerifierKey, WitnessKey};
pub use derive::{OrderId, input_state_hash, lineage_hash, order_id};
pub use error::LineageError;
pub use hash::{Hash, sha256};
pub use ledger::{DocumentKind, Documents, LedgerReader, LedgerWriter, StoredRecord};
pub use proof::{ProvenRecord, RecordProof};
pub use record::{
    Amount, Binding, Breaker, Cycle, CycleOutcome, Decision, Defcon, EngineIdentity, Entry,
    EntryLine, Envelope, Evidence, Fill, Format, Genesis, Governance, Metadata, Mode, Opening,
    Order, Outcome, OutcomeState, Record, Recovery, Refusal, Residual, ResolvedOrder, Seal, Side,
    SideFile,
};
pub use text::{Code, PlainText};
pub use verify::{
    ExpectedHead, FailureCode, Incomplete, LedgerStatus, VerifyFailure, VerifyReport, verify,
    verify_checkpoint,
};
