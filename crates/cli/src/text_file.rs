//! Checkpoints and proofs as files.

use std::path::Path;

use anyhow::Context as _;

use crate::exit::{Exit, Failure};

/// The text of a file. One that is no text is no checkpoint and no proof either.
pub(crate) fn read_text(path: &Path, what: &str) -> anyhow::Result<String> {
    let bytes = std::fs::read(path);
    let bytes = bytes.with_context(|| format!("cannot read {what} {}", path.display()))?;
    String::from_utf8(bytes).map_err(|_| {
        let message = format!("FAILED: {} is no text", path.display());
        Failure::new(Exit::VerificationFailed, message)
    })
}
