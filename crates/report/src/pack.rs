//! Documents out of a ledger's pack, in one forward pass: memory does not grow with the pack.

use std::fs::File;
use std::io::{self, BufRead, BufReader, Read, Seek};
use std::path::{Path, PathBuf};

use ios012_lineage::ledger::DOCUMENT_LIMIT;
use ios012_lineage::{Hash, LineageError, sha256};

use crate::ReportError;

/// Where documents come from, by their hash.
pub trait DocumentSource {
    /// The canonical JSON of a document.
    ///
    /// # Errors
    /// [`ReportError::NoDocument`], or whatever keeps it from being read.
    fn document(&mut self, kind: &'static str, hash: Hash) -> Result<String, ReportError>;
}

/// The documents of a ledger on disk. A cycle's documents stand close together and cycles are
/// read in order, so a search goes on where the last one ended.
#[derive(Debug)]
pub struct Pack {
    path: PathBuf,
    lines: BufReader<File>,
}

/// A hash and a space.
const PREFIX: usize = 65;

impl Pack {
    /// Opens the pack of a ledger.
    ///
    /// # Errors
    /// [`ReportError::Ledger`] if there is none or it cannot be read.
    pub fn open(directory: &Path) -> Result<Self, ReportError> {
        let path = directory.join("documents.pack");
        let file = File::open(&path).map_err(|source| cannot("open", &path, source))?;
        Ok(Self {
            path,
            lines: BufReader::with_capacity(1 << 16, file),
        })
    }

    /// Searches from here to the end; nothing if the document does not stand there.
    fn search(&mut self, hash: Hash) -> io::Result<Option<Vec<u8>>> {
        let wanted = hash.to_hex();
        loop {
            let mut prefix = Vec::with_capacity(PREFIX);
            let limit = u64::try_from(PREFIX).unwrap_or_default();
            self.lines.by_ref().take(limit).read_to_end(&mut prefix)?;
            if prefix.len() < PREFIX {
                return Ok(None);
            }
            if !prefix.starts_with(&wanted) {
                self.lines.skip_until(b'\n')?;
                continue;
            }
            let longest = u64::try_from(DOCUMENT_LIMIT).unwrap_or(u64::MAX);
            let mut json = Vec::new();
            let mut rest = self.lines.by_ref().take(longest.saturating_add(1));
            rest.read_until(b'\n', &mut json)?;
            return Ok((json.pop() == Some(b'\n')).then_some(json));
        }
    }
}

impl DocumentSource for Pack {
    fn document(&mut self, kind: &'static str, hash: Hash) -> Result<String, ReportError> {
        let path = self.path.clone();
        let failed = |source| cannot("read", &path, source);
        let mut found = self.search(hash).map_err(failed)?;
        if found.is_none() {
            self.lines.rewind().map_err(failed)?;
            found = self.search(hash).map_err(failed)?;
        }
        let json = found.ok_or(ReportError::NoDocument { kind, hash })?;
        let damaged = || LineageError::Member {
            member: "documents.pack".to_owned(),
            rule: "a line is damaged; verify the ledger".to_owned(),
        };
        if sha256(&json) != hash {
            return Err(damaged().into());
        }
        Ok(String::from_utf8(json).map_err(|_| damaged())?)
    }
}

fn cannot(operation: &'static str, path: &Path, source: io::Error) -> ReportError {
    ReportError::Ledger(LineageError::Io {
        operation,
        path: path.to_owned(),
        source,
    })
}
