//! The chain in memory: each record names the one before it. No I/O.

use ios012_core::PortfolioId;

use crate::field::Memo;
use crate::hash::sha256;
use crate::{Envelope, Hash, LineageError, Record};

/// The longest record, in bytes of JSON: the limit of a `tlog-tiles` entry.
pub const RECORD_LIMIT: usize = 65_535;

/// One write and one sync take so many bytes of records at most: what a crash tears begins so near the end.
pub(crate) const BATCH_LIMIT: usize = 1 << 20;

/// A segment ends after the first seal that brings it past this many bytes.
pub const SEGMENT_LIMIT: u64 = 64 << 20;

/// Lines taken from a chain, for a writer on another thread or a store.
#[derive(Debug)]
pub struct Batch {
    pub(crate) portfolio_id: PortfolioId,
    pub(crate) epoch: u64,
    pub(crate) base: (u64, Hash),
    pub(crate) lines: Vec<u8>,
    pub(crate) segment_ends: Vec<usize>,
    pub(crate) head: (u64, Hash),
}

impl Batch {
    /// The portfolio of its records.
    pub const fn portfolio_id(&self) -> &PortfolioId {
        &self.portfolio_id
    }

    /// The epoch of its records.
    pub const fn epoch(&self) -> u64 {
        self.epoch
    }

    /// Records before it, and the hash of the last of them.
    pub const fn base(&self) -> (u64, Hash) {
        self.base
    }

    /// Records with it, and the hash of the last.
    pub const fn head(&self) -> (u64, Hash) {
        self.head
    }

    /// Its whole lines, as a segment holds them.
    pub fn lines(&self) -> &[u8] {
        &self.lines
    }
}

/// A place in a chain whose later records nobody has seen yet.
#[derive(Debug)]
pub struct Mark {
    envelope: Envelope,
    pending: usize,
    pending_records: u64,
    segment_bytes: u64,
    segment_ends: usize,
}

/// A hash chain and the lines that a ledger has not taken yet.
#[derive(Debug)]
pub struct Chain {
    envelope: Envelope,
    memo: Memo,
    json: String,
    pending: Vec<u8>,
    pending_records: u64,
    /// The hash of the last record before the pending ones.
    taken: Hash,
    segment_bytes: u64,
    segment_ends: Vec<usize>,
    /// Whether nothing may come before a recovery record.
    recovery_is_due: bool,
}

impl Chain {
    /// An empty chain.
    pub fn new(portfolio_id: PortfolioId, epoch: u64) -> Self {
        Self::resume(portfolio_id, epoch, 0, Hash::ZERO)
    }

    /// A chain that goes on after `next_seq` records, the last of which has the hash `prev`, in a
    /// new segment.
    pub fn resume(portfolio_id: PortfolioId, epoch: u64, next_seq: u64, prev: Hash) -> Self {
        Self {
            envelope: Envelope {
                portfolio_id,
                seq: next_seq,
                prev,
                epoch,
            },
            memo: Memo::default(),
            json: String::with_capacity(RECORD_LIMIT),
            pending: Vec::new(),
            pending_records: 0,
            taken: prev,
            segment_bytes: 0,
            segment_ends: Vec::new(),
            recovery_is_due: false,
        }
    }

    /// Takes nothing before a recovery record: a crash left something that it must tell of.
    pub const fn demand_recovery(&mut self) {
        self.recovery_is_due = true;
    }

    /// Appends a record and returns its hash.
    ///
    /// # Errors
    /// [`LineageError::RecordTooLong`], [`LineageError::RecoveryDue`]; the chain is as before.
    pub fn append(&mut self, record: &Record) -> Result<Hash, LineageError> {
        if self.recovery_is_due && !matches!(record, Record::Recovery(_)) {
            return Err(LineageError::RecoveryDue);
        }
        self.json.clear();
        record.write_with(&self.envelope, &mut self.json, &mut self.memo)?;
        if self.json.len() > RECORD_LIMIT {
            return Err(LineageError::RecordTooLong {
                kind: record.kind().to_owned(),
                bytes: self.json.len(),
            });
        }
        self.recovery_is_due = false;
        let hash = sha256(self.json.as_bytes());
        let before = self.pending.len();
        self.pending.extend_from_slice(&hash.to_hex());
        self.pending.push(b' ');
        self.pending.extend_from_slice(self.json.as_bytes());
        self.pending.push(b'\n');
        self.pending_records += 1;
        self.envelope.seq += 1;
        self.envelope.prev = hash;
        self.segment_bytes += (self.pending.len() - before) as u64;
        if matches!(record, Record::Seal(_)) && self.segment_bytes > SEGMENT_LIMIT {
            self.segment_ends.push(self.pending.len());
            self.segment_bytes = 0;
        }
        Ok(hash)
    }

    /// Records so far, and the hash of the last one.
    pub const fn head(&self) -> (u64, Hash) {
        (self.envelope.seq, self.envelope.prev)
    }

    /// The portfolio.
    pub const fn portfolio_id(&self) -> &PortfolioId {
        &self.envelope.portfolio_id
    }

    /// The epoch of the records that are appended.
    pub const fn epoch(&self) -> u64 {
        self.envelope.epoch
    }

    /// The lines since [`Self::clear_pending`].
    pub fn pending(&self) -> &[u8] {
        &self.pending
    }

    /// How many lines are pending.
    pub const fn pending_records(&self) -> u64 {
        self.pending_records
    }

    /// Where in the pending lines a segment ends, ascending.
    pub(crate) fn segment_ends(&self) -> &[usize] {
        &self.segment_ends
    }

    /// Where the chain stands now, for [`Self::roll_back`].
    pub fn mark(&self) -> Mark {
        Mark {
            envelope: self.envelope.clone(),
            pending: self.pending.len(),
            pending_records: self.pending_records,
            segment_bytes: self.segment_bytes,
            segment_ends: self.segment_ends.len(),
        }
    }

    /// Forgets every record appended since the mark. Nothing may have been taken or cleared since.
    pub fn roll_back(&mut self, mark: Mark) {
        self.envelope = mark.envelope;
        self.pending.truncate(mark.pending);
        self.pending_records = mark.pending_records;
        self.segment_bytes = mark.segment_bytes;
        self.segment_ends.truncate(mark.segment_ends);
    }

    /// Takes the pending lines away.
    pub fn take_batch(&mut self) -> Batch {
        let batch = Batch {
            portfolio_id: self.envelope.portfolio_id.clone(),
            epoch: self.envelope.epoch,
            base: (self.envelope.seq - self.pending_records, self.taken),
            lines: std::mem::take(&mut self.pending),
            segment_ends: std::mem::take(&mut self.segment_ends),
            head: self.head(),
        };
        self.clear_pending();
        batch
    }

    /// Gives the memory of a batch that was written back to the chain, if it has none of its own:
    /// fresh memory costs a page fault for every page.
    pub fn reuse(&mut self, batch: Batch) {
        if self.pending.capacity() == 0 {
            self.pending = batch.lines;
            self.pending.clear();
        }
    }

    /// Forgets the pending lines and keeps their memory. [`crate::LedgerWriter::append`] does it.
    pub fn clear_pending(&mut self) {
        self.pending.clear();
        self.pending_records = 0;
        self.taken = self.envelope.prev;
        self.segment_ends.clear();
    }
}
