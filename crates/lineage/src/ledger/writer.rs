//! The one writer of a ledger.

use std::fs::{self, File, OpenOptions, TryLockError};
use std::io;
use std::path::{Path, PathBuf};

use ios012_core::PortfolioId;

use super::files::{replace, sync_data, sync_directory, write_once};
use super::{DOCUMENT_LIMIT, DocumentKind, Head, LOCK, PACK, segment_path, segments};
use crate::chain::Batch;
use crate::verify::{LedgerStatus, VerifyReport, verify};
use crate::{Chain, Hash, LineageError};

/// The exclusive writer of one ledger, for as long as it lives.
///
/// Documents are synced before the records that name them are written; records are synced before
/// the head that covers them. The first I/O error ends it: no call after it does anything.
#[derive(Debug)]
pub struct LedgerWriter {
    directory: PathBuf,
    _lock: File,
    pack: File,
    pack_buffer: Vec<u8>,
    pack_unsynced: bool,
    last_of_kind: [Option<Hash>; DocumentKind::COUNT],
    segment: Option<File>,
    next_segment: u32,
    written: Head,
    synced: Head,
    poisoned: bool,
}

impl LedgerWriter {
    /// Begins a ledger in a directory, which is made if it is missing.
    ///
    /// # Errors
    /// [`LineageError::LedgerExists`] if it holds a ledger or a part of one,
    /// [`LineageError::Locked`], [`LineageError::Io`].
    pub fn create(
        directory: &Path,
        portfolio_id: &PortfolioId,
    ) -> Result<(Self, Chain), LineageError> {
        fs::create_dir_all(directory)
            .map_err(|error| LineageError::io("create", directory, error))?;
        let lock = lock(directory)?;
        refuse_existing(directory)?;
        let pack = create_file(&directory.join(PACK))?;
        let writer = Self::over(directory, lock, pack, 1, Head::EMPTY);
        writer.write_head()?;
        sync_directory(directory)?;
        if let Some(parent) = directory.parent().filter(|parent| parent.is_dir()) {
            sync_directory(parent)?;
        }
        Ok((writer, Chain::new(portfolio_id.clone(), 1)))
    }

    /// Continues a complete ledger, in a new epoch and a new segment, after verifying all of it.
    ///
    /// # Errors
    /// [`LineageError::Locked`], [`LineageError::Verification`], [`LineageError::Incomplete`],
    /// [`LineageError::Io`].
    pub fn open(directory: &Path) -> Result<(Self, Chain, VerifyReport), LineageError> {
        let lock = lock(directory)?;
        let report = verify(directory, None).map_err(Box::new)?;
        if let LedgerStatus::Incomplete(open) = &report.status {
            return Err(LineageError::Incomplete {
                what: open.to_string(),
            });
        }
        let Some(portfolio_id) = report.portfolio_id.clone() else {
            return Err(LineageError::Incomplete {
                what: "no genesis record".to_owned(),
            });
        };
        let path = directory.join(PACK);
        let pack = OpenOptions::new()
            .append(true)
            .open(&path)
            .map_err(|error| LineageError::io("open", &path, error))?;
        let head = Head {
            records: report.records,
            hash: report.head,
        };
        let next_segment = next_segment(directory)?;
        let writer = Self::over(directory, lock, pack, next_segment, head);
        let chain = Chain::resume(portfolio_id, report.epoch + 1, head.records, head.hash);
        Ok((writer, chain, report))
    }

    /// Takes a document, unless it equals the last of its kind. `hash` is the digest of
    /// `canonical_json`, as the cycle record will name it.
    ///
    /// # Errors
    /// [`LineageError::DocumentTooLong`], [`LineageError::Poisoned`].
    pub fn write_document(
        &mut self,
        kind: DocumentKind,
        hash: Hash,
        canonical_json: &str,
    ) -> Result<(), LineageError> {
        self.refuse_poisoned()?;
        if self.last_of_kind[kind.index()] == Some(hash) {
            return Ok(());
        }
        if canonical_json.len() > DOCUMENT_LIMIT {
            return Err(LineageError::DocumentTooLong {
                bytes: canonical_json.len(),
            });
        }
        self.pack_buffer.extend_from_slice(&hash.to_hex());
        self.pack_buffer.push(b' ');
        self.pack_buffer
            .extend_from_slice(canonical_json.as_bytes());
        self.pack_buffer.push(b'\n');
        self.last_of_kind[kind.index()] = Some(hash);
        Ok(())
    }

    /// Writes the chain's pending lines in one write call (one for each segment), and clears them.
    /// Documents taken before are on disk by then. The lines are durable after [`Self::sync`].
    ///
    /// # Errors
    /// [`LineageError::Io`], [`LineageError::Poisoned`].
    pub fn append(&mut self, chain: &mut Chain) -> Result<(), LineageError> {
        let (lines, segment_ends) = (chain.pending(), chain.segment_ends());
        self.append_lines(lines, segment_ends, chain.head())?;
        chain.clear_pending();
        Ok(())
    }

    /// Writes lines that were taken from the chain, like [`Self::append`].
    ///
    /// # Errors
    /// [`LineageError::Io`], [`LineageError::Poisoned`].
    pub fn append_batch(&mut self, batch: &Batch) -> Result<(), LineageError> {
        self.append_lines(&batch.lines, &batch.segment_ends, batch.head)
    }

    fn append_lines(
        &mut self,
        lines: &[u8],
        segment_ends: &[usize],
        (records, hash): (u64, Hash),
    ) -> Result<(), LineageError> {
        self.refuse_poisoned()?;
        self.poisoned = true;
        self.sync_documents()?;
        let mut start = 0;
        for &end in segment_ends {
            self.write_lines(&lines[start..end])?;
            self.end_segment()?;
            start = end;
        }
        self.write_lines(&lines[start..])?;
        self.written = Head { records, hash };
        self.poisoned = false;
        Ok(())
    }

    /// Makes all that was taken durable: documents, then records, then the head.
    ///
    /// # Errors
    /// [`LineageError::Io`], [`LineageError::Poisoned`].
    pub fn sync(&mut self) -> Result<(), LineageError> {
        self.refuse_poisoned()?;
        self.poisoned = true;
        self.sync_documents()?;
        if self.written != self.synced {
            self.sync_segment()?;
            self.write_head()?;
            self.synced = self.written;
        }
        self.poisoned = false;
        Ok(())
    }

    /// Records known to be on disk, and the hash of the last.
    pub const fn durable_head(&self) -> (u64, Hash) {
        (self.synced.records, self.synced.hash)
    }

    fn over(directory: &Path, lock: File, pack: File, next_segment: u32, head: Head) -> Self {
        Self {
            directory: directory.to_owned(),
            _lock: lock,
            pack,
            pack_buffer: Vec::new(),
            pack_unsynced: false,
            last_of_kind: [None; DocumentKind::COUNT],
            segment: None,
            next_segment,
            written: head,
            synced: head,
            poisoned: false,
        }
    }

    const fn refuse_poisoned(&self) -> Result<(), LineageError> {
        if self.poisoned {
            return Err(LineageError::Poisoned);
        }
        Ok(())
    }

    fn sync_documents(&mut self) -> Result<(), LineageError> {
        let path = self.directory.join(PACK);
        if !self.pack_buffer.is_empty() {
            write_once(&mut self.pack, &self.pack_buffer, &path)?;
            self.pack_buffer.clear();
            self.pack_unsynced = true;
        }
        if self.pack_unsynced {
            sync_data(&self.pack, &path)?;
            self.pack_unsynced = false;
        }
        Ok(())
    }

    fn write_lines(&mut self, lines: &[u8]) -> Result<(), LineageError> {
        if lines.is_empty() {
            return Ok(());
        }
        let segment = match &mut self.segment {
            Some(segment) => segment,
            none => {
                let file = open_empty(&segment_path(&self.directory, self.next_segment))?;
                sync_directory(&self.directory)?;
                self.next_segment += 1;
                none.insert(file)
            }
        };
        let path = segment_path(&self.directory, self.next_segment - 1);
        write_once(segment, lines, &path)
    }

    fn end_segment(&mut self) -> Result<(), LineageError> {
        self.sync_segment()?;
        self.segment = None;
        Ok(())
    }

    fn sync_segment(&self) -> Result<(), LineageError> {
        let path = segment_path(&self.directory, self.next_segment.saturating_sub(1));
        self.segment
            .as_ref()
            .map_or(Ok(()), |segment| sync_data(segment, &path))
    }

    fn write_head(&self) -> Result<(), LineageError> {
        let text = self.written.to_text();
        replace(&self.directory, Head::FILE, Head::NEXT, text.as_bytes())
    }
}

fn lock(directory: &Path) -> Result<File, LineageError> {
    let path = directory.join(LOCK);
    let file = OpenOptions::new()
        .create(true)
        .append(true)
        .open(&path)
        .map_err(|error| LineageError::io("open", &path, error))?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => Err(LineageError::Locked {
            directory: directory.to_owned(),
        }),
        Err(TryLockError::Error(error)) => Err(LineageError::io("lock", &path, error)),
    }
}

fn refuse_existing(directory: &Path) -> Result<(), LineageError> {
    let segment = segments(directory)?
        .first()
        .map(|&number| super::segment_name(number));
    let found = segment.or_else(|| {
        [PACK, Head::FILE, Head::NEXT]
            .into_iter()
            .find(|name| directory.join(name).exists())
            .map(str::to_owned)
    });
    match found {
        Some(found) => Err(LineageError::LedgerExists {
            directory: directory.to_owned(),
            found,
        }),
        None => Ok(()),
    }
}

fn create_file(path: &Path) -> Result<File, LineageError> {
    OpenOptions::new()
        .create_new(true)
        .append(true)
        .open(path)
        .map_err(|error| LineageError::io("create", path, error))
}

/// The number of the first segment that holds no record: a crash can leave an empty one.
fn next_segment(directory: &Path) -> Result<u32, LineageError> {
    let Some(&last) = segments(directory)?.last() else {
        return Ok(1);
    };
    let path = segment_path(directory, last);
    let length = fs::metadata(&path)
        .map_err(|error| LineageError::io("examine", &path, error))?
        .len();
    Ok(last + u32::from(length > 0))
}

/// A new segment, or the empty one that a crash left.
fn open_empty(path: &Path) -> Result<File, LineageError> {
    let open = || {
        let file = OpenOptions::new().create(true).append(true).open(path)?;
        if file.metadata()?.len() == 0 {
            Ok(file)
        } else {
            Err(io::Error::from(io::ErrorKind::AlreadyExists))
        }
    };
    open().map_err(|error| LineageError::io("begin", path, error))
}
