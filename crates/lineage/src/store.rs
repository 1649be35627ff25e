//! Where a ledger is kept, whatever keeps it: what a store is asked, and what each of its answers
//! obliges the caller to.
//!
//! The calls block. Whoever keeps records waits for them anyway before an order may leave, a call is
//! made once or twice in a cycle, and a driver that is asynchronous inside can block where a blocking
//! one cannot become asynchronous.

mod copy;
mod files;

pub use copy::LedgerCopy;
pub use files::FileStore;

use std::ops::ControlFlow;
use std::path::{Path, PathBuf};

use crate::chain::Batch;
use crate::hash::sha256;
use crate::ledger::{DOCUMENT_LIMIT, DocumentKind, Found};
use crate::{Chain, Hash, LineageError, check_canonical};

/// A document that a record names: canonical JSON with its digest.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Document {
    kind: DocumentKind,
    hash: Hash,
    json: String,
}

impl Document {
    /// Checks the form of a document and hashes it.
    ///
    /// # Errors
    /// [`LineageError::Canonical`], [`LineageError::DocumentTooLong`].
    pub fn new(kind: DocumentKind, canonical_json: String) -> Result<Self, LineageError> {
        if canonical_json.len() > DOCUMENT_LIMIT {
            return Err(LineageError::DocumentTooLong {
                bytes: canonical_json.len(),
            });
        }
        check_canonical(&canonical_json)?;
        Ok(Self {
            kind,
            hash: sha256(canonical_json.as_bytes()),
            json: canonical_json,
        })
    }

    /// What it is.
    pub const fn kind(&self) -> DocumentKind {
        self.kind
    }

    /// The digest by which records name it.
    pub const fn hash(&self) -> Hash {
        self.hash
    }

    /// Its canonical JSON.
    pub fn json(&self) -> &str {
        &self.json
    }
}

/// The answer to [`Store::acquire`].
#[derive(Debug)]
pub enum Acquire {
    /// This store is the one writer now. The chain goes on after the last record, in the next epoch
    /// (1 if there is no record). Resolve what a crash left open before anything new: what the store has found of
    /// it without a look at the records stands beside the chain, at every acquisition until a `recovery` record tells
    /// of it, and where that is due the chain demands it. A chain that demands nothing is no word that nothing is left
    /// open: a store knows its lines and not what follows from them. Records that were derived and lost, and in a
    /// store that verifies nothing a cycle without a seal, are found by whoever verifies and replays the ledger (the
    /// engine's `take_over` and `resume`), who owes the `recovery` record then.
    Acquired(Box<Chain>, Found),
    /// Somebody else is. Do not write; a database lets another in once the lease has run out, files
    /// once the process that holds the lock has ended.
    Held,
}

/// The answer to [`Store::renew`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Renew {
    /// This store is still the one writer, for a whole lease from now.
    Renewed,
    /// It is not, or never was. Halt: send nothing, append nothing.
    Fenced,
}

/// The answer to [`Store::append`]. But for the first two, no order may leave.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Append {
    /// The documents and the records are durable. Go on.
    Appended,
    /// Exactly these records were there already, durable, under the same ownership. Go on.
    Duplicate,
    /// This store, or the epoch of the records, is not the writer's any more. Nothing was written.
    /// Halt; whoever owns the chain now resolves what is open.
    Fenced,
    /// The records do not continue the chain as it stands, and other ones may stand in their place.
    /// Nothing was written. Halt: this is a defect or damage, and a person has to look.
    Conflict,
    /// The reply was lost: they may be durable or not, and may still become so. Ask
    /// [`Store::settle`]; until then the store answers every append so, and sends nothing.
    Unknown,
}

/// The answer to [`Store::settle`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Settle {
    /// Nothing was in doubt.
    Clear,
    /// What was in doubt is durable. Go on as after [`Append::Appended`].
    Appended,
    /// It is not there and never will be: a copy of it that is still on its way is refused. Append it
    /// again, with its documents, or halt.
    Missing,
    /// Somebody else owns the chain now. As [`Append::Fenced`]; the records may be durable.
    Fenced,
    /// Something else stands there. As [`Append::Conflict`].
    Conflict,
}

/// Takes the hash and the JSON of a line, and says whether to go on.
pub type Take<'taker> = &'taker mut dyn FnMut(Hash, &str) -> ControlFlow<()>;

/// A ledger of one portfolio, kept somewhere.
///
/// An error ends the work of a store: nothing is sent after it, and what is durable then is found out
/// by acquiring the chain again. Only [`Store::settle`], [`Store::renew`] and the reading calls may
/// be repeated after one.
pub trait Store {
    /// What can go wrong beside the answers. It is printed: its text holds no secret and no text of a server.
    type Error: std::error::Error + Send + Sync + 'static;

    /// Becomes the one writer.
    ///
    /// It answers from what the store knows and does not replace a verification and a replay: read the ledger, verify
    /// it, and replay it before going on with it. After an error the chain may be held by nobody for the rest
    /// of a lease.
    ///
    /// # Errors
    /// The driver's.
    fn acquire(&mut self) -> Result<Acquire, Self::Error>;

    /// Stays the one writer. Call it well within a lease wherever nothing was appended meanwhile, and
    /// before sending what was appended earlier.
    ///
    /// # Errors
    /// The driver's.
    fn renew(&mut self) -> Result<Renew, Self::Error>;

    /// Keeps records and the documents that they name: both, durable, or neither. A document that
    /// equals the last of its kind under this ownership is not written again.
    ///
    /// # Errors
    /// The driver's. An error means that nothing more may be sent or appended here.
    fn append(&mut self, documents: &[Document], batch: &Batch) -> Result<Append, Self::Error>;

    /// Finds out what became of the append that was answered with [`Append::Unknown`], by reading
    /// it back.
    ///
    /// # Errors
    /// The driver's; the doubt remains.
    fn settle(&mut self) -> Result<Settle, Self::Error>;

    /// Reads hash and JSON of each whole line from the record with the number `from` on, until there
    /// is none or `take` breaks. Needs no ownership and checks nothing.
    ///
    /// # Errors
    /// The driver's.
    fn read(&mut self, from: u64, take: Take<'_>) -> Result<(), Self::Error>;

    /// Reads the lines of documents like [`Store::read`], in the order in which they were written.
    ///
    /// # Errors
    /// The driver's.
    fn read_documents(&mut self, take: Take<'_>) -> Result<(), Self::Error>;

    /// A directory that the verifier and the replay read: the store's own, or a copy that is made in `scratch`,
    /// which must be empty or missing and is the caller's to remove. Needs no ownership; an owner stays one meanwhile.
    ///
    /// # Errors
    /// The driver's.
    fn directory(&mut self, scratch: &Path) -> Result<PathBuf, Self::Error>;

    /// Gives the ownership up, so that another writer need not wait. Dropping a store may do it too.
    ///
    /// # Errors
    /// The driver's; the ownership ends with the lease.
    fn release(&mut self) -> Result<(), Self::Error>;
}
