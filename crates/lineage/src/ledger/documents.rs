//! The documents that cycles name by hash.

use std::fs::File;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};

use super::{DOCUMENT_LIMIT, Line, LineReader, PACK, split_line};
use crate::hash::sha256;
use crate::{Hash, LineageError};

/// The kinds of document that records name. A document is written when it differs from the last
/// of its kind.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum DocumentKind {
    /// The trial balance before a cycle.
    Account,
    /// A signed command, with the roles file by which it was judged.
    Command,
    /// IoS-006.
    Constraints,
    /// IoS-004.
    Mandate,
    /// The market snapshot of IoS-001.
    Market,
    /// IoS-003.
    Regime,
    /// IoS-001.
    Registry,
}

impl DocumentKind {
    pub(crate) const COUNT: usize = 7;

    pub(crate) const fn index(self) -> usize {
        match self {
            Self::Account => 0,
            Self::Constraints => 1,
            Self::Mandate => 2,
            Self::Market => 3,
            Self::Regime => 4,
            Self::Registry => 5,
            Self::Command => 6,
        }
    }
}

/// An index over `documents.pack`: 48 bytes a document.
#[derive(Debug)]
pub struct Documents {
    path: PathBuf,
    file: File,
    places: Vec<(Hash, u64, usize)>,
}

impl Documents {
    /// Reads the pack of a ledger once.
    ///
    /// # Errors
    /// [`LineageError::Io`], or [`LineageError::Member`] for a line that has not the form of one.
    pub fn open(directory: &Path) -> Result<Self, LineageError> {
        let path = directory.join(PACK);
        let mut lines = LineReader::open(&path, DOCUMENT_LIMIT)?;
        let mut places = Vec::new();
        loop {
            let start = lines.bytes;
            match lines.next()? {
                // What follows a line that is none was torn by a crash, and no record names it.
                Line::Whole(line) => match split_line(line) {
                    Some((hash, json)) => places.push((hash, start + 65, json.len())),
                    None => break,
                },
                Line::TooLong | Line::Torn(_) | Line::End => break,
            }
        }
        places.sort_unstable();
        places.dedup_by_key(|place| place.0);
        let file = File::open(&path).map_err(|error| LineageError::io("open", &path, error))?;
        Ok(Self { path, file, places })
    }

    /// The canonical JSON of a document, checked against its hash; nothing if the pack lacks it.
    ///
    /// # Errors
    /// [`LineageError::Io`], or [`LineageError::Member`] if its bytes are not what was hashed.
    pub fn get(&self, hash: &Hash) -> Result<Option<String>, LineageError> {
        let Ok(found) = self.places.binary_search_by_key(hash, |place| place.0) else {
            return Ok(None);
        };
        let (_, start, length) = self.places[found];
        let mut bytes = vec![0; length];
        self.file
            .read_exact_at(&mut bytes, start)
            .map_err(|error| LineageError::io("read", &self.path, error))?;
        if sha256(&bytes) != *hash {
            return Err(damaged());
        }
        String::from_utf8(bytes).map(Some).map_err(|_| damaged())
    }

    /// How many different documents the pack holds.
    pub const fn len(&self) -> usize {
        self.places.len()
    }

    /// Whether the pack holds none.
    pub const fn is_empty(&self) -> bool {
        self.places.is_empty()
    }
}

fn damaged() -> LineageError {
    LineageError::Member {
        member: PACK.to_owned(),
        rule: "a line is damaged; verify the ledger".to_owned(),
    }
}
