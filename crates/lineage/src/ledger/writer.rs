//! The one writer of a ledger.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use ios012_core::PortfolioId;

use super::begin::{clear_false_start, lock, next_segment, open_empty};
use super::disk::{Disk, DiskFile, OpenMode, SystemDisk};
use super::files::{open, replace_on, sync_data, sync_directory_on, write_once};
use super::halt::{self, Reserve};
use super::repair::{Found, repair};
use super::{DOCUMENT_LIMIT, DocumentKind, Head, PACK, segment_path};
use crate::chain::{BATCH_LIMIT, Batch};
use crate::verify::{LedgerStatus, VerifyReport, verify};
use crate::{Chain, Hash, LineageError};

/// The exclusive writer of one ledger, for as long as it lives.
///
/// Documents are synced before the records that name them are written; records are synced before
/// the head that covers them. The first I/O error ends it: it is told in `halt.reserve`, and no call
/// after it does anything.
#[derive(Debug)]
pub struct LedgerWriter {
    disk: Arc<dyn Disk>,
    directory: PathBuf,
    _lock: File,
    reserve: Reserve,
    /// Whether the reserve tells of the writer before, until that is on the ledger.
    reserve_is_told: bool,
    pack: Box<dyn DiskFile>,
    pack_buffer: Vec<u8>,
    pack_unsynced: bool,
    last_of_kind: [Option<Hash>; DocumentKind::COUNT],
    segment: Option<Box<dyn DiskFile>>,
    next_segment: u32,
    written: Head,
    synced: Head,
    poisoned: bool,
}

/// How a ledger was found that was opened again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reopened {
    /// The ledger as far as its records are whole.
    pub report: VerifyReport,
    /// What a crash left. Where it is due, the chain takes nothing before the `recovery` record that tells of it.
    pub found: Found,
}

impl LedgerWriter {
    /// Begins a ledger in a directory, which is made if it is missing. A beginning that a crash cut off before
    /// its first record was whole is begun anew.
    ///
    /// # Errors
    /// [`LineageError::LedgerExists`] if it holds a ledger or a part of one,
    /// [`LineageError::Locked`], [`LineageError::Io`].
    pub fn create(
        directory: &Path,
        portfolio_id: &PortfolioId,
    ) -> Result<(Self, Chain), LineageError> {
        Self::create_on(Arc::new(SystemDisk), directory, portfolio_id)
    }

    /// [`Self::create`] on another disk.
    ///
    /// # Errors
    /// As there.
    pub fn create_on(
        disk: Arc<dyn Disk>,
        directory: &Path,
        portfolio_id: &PortfolioId,
    ) -> Result<(Self, Chain), LineageError> {
        fs::create_dir_all(directory)
            .map_err(|error| LineageError::io("create", directory, error))?;
        let lock = lock(directory)?;
        clear_false_start(&*disk, directory)?;
        // What stopped a false start is no part of the ledger that begins now.
        if halt::read(directory)?.is_some() {
            halt::clear(&*disk, directory)?;
        }
        let pack = open(&*disk, &directory.join(PACK), OpenMode::Append)?;
        let reserve = Reserve::take(&*disk, directory)?;
        let writer = Self::over(disk, directory, lock, reserve, pack, 1, Head::EMPTY);
        writer.write_head()?;
        sync_directory_on(&*writer.disk, directory)?;
        if let Some(parent) = directory.parent().filter(|parent| parent.is_dir()) {
            sync_directory_on(&*writer.disk, parent)?;
        }
        Ok((writer, Chain::new(portfolio_id.clone(), 1)))
    }

    /// Continues a ledger, in a new epoch and a new segment, after verifying all of it. What a crash tore is moved
    /// to side files, and what else it left is told: the chain then begins with a `recovery` record.
    ///
    /// # Errors
    /// [`LineageError::Locked`], [`LineageError::Verification`], [`LineageError::Incomplete`] if it has
    /// no record yet, [`LineageError::Io`].
    pub fn open(directory: &Path) -> Result<(Self, Chain, Reopened), LineageError> {
        Self::open_on(Arc::new(SystemDisk), directory)
    }

    /// [`Self::open`] on another disk.
    ///
    /// # Errors
    /// As there.
    pub fn open_on(
        disk: Arc<dyn Disk>,
        directory: &Path,
    ) -> Result<(Self, Chain, Reopened), LineageError> {
        let lock = lock(directory)?;
        let report = verify(directory, None).map_err(Box::new)?;
        let Some(portfolio_id) = report.portfolio_id.clone() else {
            let what = match &report.status {
                LedgerStatus::Incomplete(open) => open.to_string(),
                LedgerStatus::Complete => "no genesis record".to_owned(),
            };
            return Err(LineageError::Incomplete { what });
        };
        let halt = halt::read(directory)?;
        let reserve_is_told = halt.is_some();
        let mut reserve = Reserve::take(&*disk, directory)?;
        let repaired = repair(&*disk, directory, &report, halt);
        // A sync that fails here counts as one that failed while writing; what was said before stays.
        let found = repaired.inspect_err(|error| {
            if !reserve_is_told {
                reserve.tell(error, report.records);
            }
        })?;
        let pack = open(&*disk, &directory.join(PACK), OpenMode::Append)?;
        let head = Head {
            records: report.records,
            hash: report.head,
        };
        let next_segment = next_segment(directory)?;
        let mut writer = Self::over(disk, directory, lock, reserve, pack, next_segment, head);
        writer.reserve_is_told = reserve_is_told;
        let mut chain = Chain::resume(portfolio_id, report.epoch + 1, head.records, head.hash);
        if found.is_due() {
            chain.demand_recovery();
        }
        Ok((writer, chain, Reopened { report, found }))
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

    /// Writes the chain's pending lines in one write call (one for each segment, and for each MiB), and clears them.
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
        self.or_poison(|writer| {
            writer.sync_documents()?;
            let mut start = 0;
            for &end in segment_ends {
                writer.write_lines(&lines[start..end])?;
                writer.end_segment()?;
                start = end;
            }
            writer.write_lines(&lines[start..])?;
            writer.written = Head { records, hash };
            Ok(())
        })
    }

    /// Makes all that was taken durable: documents, then records, then the head.
    ///
    /// # Errors
    /// [`LineageError::Io`], [`LineageError::Poisoned`].
    pub fn sync(&mut self) -> Result<(), LineageError> {
        self.or_poison(|writer| {
            writer.sync_documents()?;
            if writer.written == writer.synced {
                return Ok(());
            }
            writer.sync_segment()?;
            writer.write_head()?;
            writer.synced = writer.written;
            if writer.reserve_is_told {
                halt::clear(&*writer.disk, &writer.directory)?;
                writer.reserve_is_told = false;
            }
            Ok(())
        })
    }

    /// Records known to be on disk, and the hash of the last.
    pub const fn durable_head(&self) -> (u64, Hash) {
        (self.synced.records, self.synced.hash)
    }

    fn over(
        disk: Arc<dyn Disk>,
        directory: &Path,
        lock: File,
        reserve: Reserve,
        pack: Box<dyn DiskFile>,
        next_segment: u32,
        head: Head,
    ) -> Self {
        Self {
            disk,
            directory: directory.to_owned(),
            _lock: lock,
            reserve,
            reserve_is_told: false,
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

    /// Does a part of the work. The first that fails is the last, and the reserve tells of it.
    fn or_poison(
        &mut self,
        work: impl FnOnce(&mut Self) -> Result<(), LineageError>,
    ) -> Result<(), LineageError> {
        self.refuse_poisoned()?;
        self.poisoned = true;
        match work(self) {
            Ok(()) => {
                self.poisoned = false;
                Ok(())
            }
            Err(error) => {
                self.reserve.tell(&error, self.synced.records);
                Err(error)
            }
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
            write_once(self.pack.as_mut(), &self.pack_buffer, &path)?;
            self.pack_buffer.clear();
            self.pack_unsynced = true;
        }
        if self.pack_unsynced {
            sync_data(self.pack.as_mut(), &path)?;
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
                let path = segment_path(&self.directory, self.next_segment);
                let file = open_empty(&*self.disk, &path)?;
                sync_directory_on(&*self.disk, &self.directory)?;
                self.next_segment += 1;
                none.insert(file)
            }
        };
        let path = segment_path(&self.directory, self.next_segment - 1);
        let mut batches = batches(lines).peekable();
        while let Some(batch) = batches.next() {
            write_once(segment.as_mut(), batch, &path)?;
            if batches.peek().is_some() {
                sync_data(segment.as_mut(), &path)?;
            }
        }
        Ok(())
    }

    fn end_segment(&mut self) -> Result<(), LineageError> {
        self.sync_segment()?;
        self.segment = None;
        Ok(())
    }

    fn sync_segment(&mut self) -> Result<(), LineageError> {
        let path = segment_path(&self.directory, self.next_segment.saturating_sub(1));
        self.segment
            .as_mut()
            .map_or(Ok(()), |segment| sync_data(segment.as_mut(), &path))
    }

    fn write_head(&self) -> Result<(), LineageError> {
        let text = self.written.to_text();
        replace_on(
            &*self.disk,
            &self.directory,
            Head::FILE,
            Head::NEXT,
            text.as_bytes(),
        )
    }
}

/// Whole lines, as many as one batch may have. A line is far shorter.
fn batches(lines: &[u8]) -> impl Iterator<Item = &[u8]> {
    let mut rest = lines;
    std::iter::from_fn(move || {
        let most = rest.get(..BATCH_LIMIT).unwrap_or(rest);
        let end = if most.len() < rest.len() {
            let last = most.iter().rposition(|&byte| byte == b'\n');
            last.map_or(rest.len(), |last| last + 1)
        } else {
            rest.len()
        };
        let (batch, after) = rest.split_at(end);
        rest = after;
        (!batch.is_empty()).then_some(batch)
    })
}
