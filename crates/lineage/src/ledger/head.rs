//! The file `head`: how much of the ledger is known to be on disk.

use std::path::Path;

use super::files::read_if_there;
use crate::{Hash, LineageError};

/// How many records, and the hash of the last (zeros if there are none).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Head {
    pub(crate) records: u64,
    pub(crate) hash: Hash,
}

impl Head {
    pub(crate) const FILE: &str = "head";
    /// Where the next head is written before it takes the old one's place.
    pub(crate) const NEXT: &str = "head.next";
    pub(crate) const EMPTY: Self = Self {
        records: 0,
        hash: Hash::ZERO,
    };

    /// The exact bytes of the file.
    pub(crate) fn to_text(self) -> String {
        format!("{} {}\n", self.records, self.hash)
    }

    /// Takes [`Self::to_text`] and nothing else.
    pub(crate) fn parse(bytes: &[u8]) -> Option<Self> {
        let text = std::str::from_utf8(bytes).ok()?;
        let (records, hash) = text.strip_suffix('\n')?.split_once(' ')?;
        let head = Self {
            records: records.parse().ok()?,
            hash: hash.parse().ok()?,
        };
        (head.to_text() == text).then_some(head)
    }

    /// The text of a ledger's head file; nothing if there is no such file.
    pub(crate) fn read(directory: &Path) -> Result<Option<Vec<u8>>, LineageError> {
        read_if_there(&directory.join(Self::FILE))
    }
}
