//! A ledger in a directory: segments, the pack of documents and the head.

mod begin;
mod disk;
mod documents;
mod files;
mod halt;
mod head;
mod lines;
mod parent;
mod proof;
mod reader;
mod repair;
mod tiles;
mod writer;

pub use begin::is_begun;
pub use disk::{Disk, DiskFile, OpenMode, SystemDisk};
pub use documents::{DocumentKind, Documents};
pub use halt::Halt;
pub use parent::{
    ParentEntry, ParentReport, PortfolioFault, PortfolioFaults, SignedParent, sign_parent,
    verify_parent,
};
pub use proof::{
    CheckpointLock, lock_checkpoint, prove, prove_growth, read_checkpoint, root_of,
    write_checkpoint,
};
pub use reader::{LedgerReader, StoredRecord};
pub use repair::{Found, is_recovery_due};
pub use tiles::write_tiles;
pub use writer::{LedgerWriter, Reopened};

pub(crate) use head::Head;
pub(crate) use lines::{Line, LineReader, can_be_torn, holds_together, split_line};
pub(crate) use tiles::check_tiles;

use std::fs;
use std::path::{Path, PathBuf};

use crate::LineageError;

/// The longest document, in bytes of JSON.
pub const DOCUMENT_LIMIT: usize = 16 << 20;

/// The file of documents.
pub(crate) const PACK: &str = "documents.pack";

const LOCK: &str = "lock";

/// The segments of a ledger in ascending order of their numbers, which may have gaps.
#[expect(
    clippy::disallowed_methods,
    reason = "the names are sorted before they are used"
)]
pub(crate) fn segments(directory: &Path) -> Result<Vec<u32>, LineageError> {
    let list = |error| LineageError::io("list", directory, error);
    let mut numbers = Vec::new();
    for entry in fs::read_dir(directory).map_err(list)? {
        let name = entry.map_err(list)?.file_name();
        numbers.extend(name.to_str().and_then(segment_number));
    }
    numbers.sort_unstable();
    Ok(numbers)
}

pub(crate) fn segment_name(number: u32) -> String {
    format!("{number:06}.ledger")
}

pub(crate) fn segment_path(directory: &Path, number: u32) -> PathBuf {
    directory.join(segment_name(number))
}

/// The number in `^[0-9]{6}\.ledger$`.
fn segment_number(name: &str) -> Option<u32> {
    let digits = name.strip_suffix(".ledger")?;
    let fits = digits.len() == 6 && digits.bytes().all(|byte| byte.is_ascii_digit());
    fits.then(|| digits.parse().ok()).flatten()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_segment_is_six_digits_and_nothing_else() {
        for number in [0, 1, 42, 999_999] {
            assert_eq!(segment_number(&segment_name(number)), Some(number));
        }
        for name in [
            "1.ledger",
            "00001.ledger",
            "0000001.ledger",
            "+00001.ledger",
            "00000a.ledger",
            "000001",
            "000001.ledger.torn-3",
            "x000001.ledger",
            ".ledger",
        ] {
            assert_eq!(segment_number(name), None, "{name}");
        }
    }
}
