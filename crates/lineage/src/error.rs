use std::io;
use std::path::{Path, PathBuf};

use ios012_core::CoreError;
use thiserror::Error;

use crate::ledger::PortfolioFaults;
use crate::verify::VerifyFailure;

/// Everything that can go wrong in reading, writing and checking a ledger.
#[derive(Debug, Error)]
pub enum LineageError {
    /// A text is not a SHA-256 digest in lower-case hexadecimal.
    #[error("a hash must be 64 lower-case hexadecimal digits")]
    HashGrammar,
    /// A text breaks the grammar of its type.
    #[error("{what} must match {grammar}")]
    TextGrammar {
        /// The type of text.
        what: &'static str,
        /// The grammar as a regular expression.
        grammar: &'static str,
    },
    /// A decimal, time or identifier breaks its grammar.
    #[error(transparent)]
    Core(#[from] CoreError),
    /// A text is not canonical JSON.
    #[error("not canonical JSON at byte {byte}: {rule}")]
    Canonical {
        /// Bytes before the fault.
        byte: usize,
        /// The rule that was broken.
        rule: &'static str,
    },
    /// A member of a record is missing, unknown or ill-formed.
    #[error("member `{member}`: {rule}")]
    Member {
        /// The member's key.
        member: String,
        /// The rule that was broken.
        rule: String,
    },
    /// A record does not fit a line.
    #[error("a {kind} record of {bytes} bytes; a record has at most 65535 (split its content)")]
    RecordTooLong {
        /// The record's kind.
        kind: String,
        /// Its length.
        bytes: usize,
    },
    /// A document does not fit the pack.
    #[error("a document of {bytes} bytes; a document has at most 16777216")]
    DocumentTooLong {
        /// The document's length.
        bytes: usize,
    },
    /// A checkpoint, or the key to verify it with, is not what it must be.
    #[error("not a good checkpoint: {rule}")]
    Checkpoint {
        /// The rule that was broken.
        rule: &'static str,
    },
    /// A checkpoint covers fewer records than it is asked for.
    #[error(
        "the checkpoint covers {size} records and not record {index} (they count from 0); sign a new one"
    )]
    NotCovered {
        /// The record asked for, from 0.
        index: u64,
        /// Records that it covers.
        size: u64,
    },
    /// A proof of a record is not what it must be, or proves nothing.
    #[error("not a good proof: {rule}")]
    Proof {
        /// The rule that was broken.
        rule: &'static str,
    },
    /// A witness has cosigned more records than there are.
    #[error(
        "ROLLED BACK: {witness} has cosigned {knows} records of this log, and the checkpoint covers {size}: the ledger \
         or its checkpoint has lost what it had. Write nothing to it, and find the records that are gone"
    )]
    WitnessKnowsMore {
        /// The witness.
        witness: String,
        /// Records that it knows.
        knows: u64,
        /// Records that the checkpoint covers.
        size: u64,
    },
    /// A witness knows other records under the same name.
    #[error(
        "FORKED: {witness} has cosigned other records of this log than those that the checkpoint over {size} covers: \
         there are two histories. Stop the portfolio, keep both ledgers and their checkpoints, and find out who has \
         signed the other one"
    )]
    Forked {
        /// The witness.
        witness: String,
        /// Records that the checkpoint covers.
        size: u64,
    },
    /// A parent log is damaged, or is not the one that was signed.
    #[error("not a good parent log: {rule}")]
    Parent {
        /// The rule that was broken.
        rule: &'static str,
    },
    /// Portfolios do not fit the parent log.
    #[error("{0}")]
    Portfolios(PortfolioFaults),
    /// A folder has no portfolio whose checkpoint could be entered.
    #[error(
        "no folder in {} has a checkpoint; give the folder that holds those of the portfolios, and sign each with \
         `ios012 checkpoint sign`",
        directory.display()
    )]
    NoPortfolio {
        /// The folder.
        directory: PathBuf,
    },
    /// A parent log was left by a crash.
    #[error("INCOMPLETE: {what}")]
    NotSigned {
        /// What is not signed.
        what: String,
    },
    /// A witness does not take a request.
    #[error("{witness} has refused with status {status}: {remedy}")]
    WitnessRefuses {
        /// The witness.
        witness: String,
        /// Its answer's status of HTTP.
        status: u16,
        /// What can be done.
        remedy: &'static str,
    },
    /// The operating system refused an operation.
    #[error("cannot {operation} {}: {source}", path.display())]
    Io {
        /// What was tried.
        operation: &'static str,
        /// On which file or directory.
        path: PathBuf,
        /// The system's answer.
        source: io::Error,
    },
    /// The writer met an I/O error before and takes nothing more.
    #[error(
        "the ledger writer stopped at an earlier I/O error; end the process, find the cause, \
         then verify the ledger before it is opened again"
    )]
    Poisoned,
    /// The directory holds a ledger already, or part of one.
    #[error("{} already holds {found}; choose an empty directory or continue the ledger there", directory.display())]
    LedgerExists {
        /// The directory.
        directory: PathBuf,
        /// The first file found.
        found: String,
    },
    /// Another process writes this ledger.
    #[error("locked: another process writes the ledger in {}", directory.display())]
    Locked {
        /// The directory.
        directory: PathBuf,
    },
    /// Another process signs this ledger.
    #[error("locked: another process signs the ledger in {}; try again when it has ended", directory.display())]
    CheckpointLocked {
        /// The directory.
        directory: PathBuf,
    },
    /// The ledger does not verify, so it is not opened for writing.
    #[error("the ledger does not verify and stays closed: {0}")]
    Verification(#[from] Box<VerifyFailure>),
    /// A crash left something in the ledger, and a record was to be appended before the one that tells
    /// of it.
    #[error("the ledger was left by a crash: its next epoch begins with a recovery record")]
    RecoveryDue,
    /// The last cycle did not end, or a line is torn.
    #[error(
        "INCOMPLETE: {what}; continue the ledger with `ios012 run` or `backtest`, which recover it"
    )]
    Incomplete {
        /// What is left open.
        what: String,
    },
}

impl LineageError {
    /// Names the member that an error about a value came from.
    pub(crate) fn in_member(self, key: &str) -> Self {
        match self {
            Self::Member { .. } if key == "record" => self,
            Self::Member { member, rule } => Self::Member {
                member: format!("{key}.{member}"),
                rule,
            },
            Self::Canonical { rule, .. } => Self::Member {
                member: key.to_owned(),
                rule: rule.to_owned(),
            },
            Self::HashGrammar | Self::TextGrammar { .. } | Self::Core(_) => Self::Member {
                member: key.to_owned(),
                rule: self.to_string(),
            },
            other => other,
        }
    }

    pub(crate) fn io(operation: &'static str, path: &Path, source: io::Error) -> Self {
        Self::Io {
            operation,
            path: path.to_owned(),
            source,
        }
    }
}
