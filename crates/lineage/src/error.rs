use thiserror::Error;

/// Everything that can go wrong in reading, writing and checking a ledger.
#[derive(Debug, Error)]
pub enum LineageError {
    /// A text is not a SHA-256 digest in lower-case hexadecimal.
    #[error("a hash must be 64 lower-case hexadecimal digits")]
    HashGrammar,
}
