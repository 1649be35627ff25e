//! A ledger's directory, made from the lines that a store gave back.

use std::path::Path;

use ios012_core::PortfolioId;

use crate::chain::{Batch, SEGMENT_LIMIT};
use crate::field::Memo;
use crate::ledger::{DocumentKind, LedgerWriter};
use crate::{Hash, LineageError, Record, sha256};

/// Lines are handed to the writer in pieces of about so many bytes.
const PIECE: usize = 1 << 20;

/// Writes lines that stood somewhere else into a new directory, as the bytes that [`LedgerWriter`] would have
/// written at once: the lines are checked and kept, and where segments end follows from them.
#[derive(Debug)]
pub struct LedgerCopy {
    writer: LedgerWriter,
    piece: Batch,
    segment_bytes: u64,
    memo: Memo,
}

impl LedgerCopy {
    /// Begins a ledger in a directory, which is made if it is missing.
    ///
    /// # Errors
    /// As [`LedgerWriter::create`].
    pub fn create(directory: &Path, portfolio_id: &PortfolioId) -> Result<Self, LineageError> {
        let (writer, mut chain) = LedgerWriter::create(directory, portfolio_id)?;
        Ok(Self {
            writer,
            piece: chain.take_batch(),
            segment_bytes: 0,
            memo: Memo::default(),
        })
    }

    /// Takes the next record.
    ///
    /// # Errors
    /// [`LineageError::Member`] if it is not what was hashed, or does not follow the record before;
    /// [`LineageError::Canonical`]; the writer's.
    pub fn record(&mut self, hash: Hash, json: &str) -> Result<(), LineageError> {
        let (seq, prev) = self.piece.head;
        if sha256(json.as_bytes()) != hash {
            return Err(damaged(seq, "its hash is not that of its JSON"));
        }
        let (envelope, record) = Record::parse_with(json, &mut self.memo)?;
        if envelope.portfolio_id != self.piece.portfolio_id {
            return Err(damaged(seq, "it is of another portfolio"));
        }
        if (envelope.seq, envelope.prev) != (seq, prev) {
            return Err(damaged(seq, "it does not follow the record before it"));
        }
        if envelope.epoch > self.piece.epoch {
            self.end_segment();
            self.piece.epoch = envelope.epoch;
        }
        let before = self.piece.lines.len();
        self.piece.lines.extend_from_slice(&hash.to_hex());
        self.piece.lines.push(b' ');
        self.piece.lines.extend_from_slice(json.as_bytes());
        self.piece.lines.push(b'\n');
        self.piece.head = (seq + 1, hash);
        self.segment_bytes += (self.piece.lines.len() - before) as u64;
        if matches!(record, Record::Seal(_)) && self.segment_bytes > SEGMENT_LIMIT {
            self.end_segment();
        }
        if self.piece.lines.len() >= PIECE {
            self.write()?;
        }
        Ok(())
    }

    /// Takes the next document.
    ///
    /// # Errors
    /// As [`LedgerWriter::write_document`].
    pub fn document(
        &mut self,
        kind: DocumentKind,
        hash: Hash,
        canonical_json: &str,
    ) -> Result<(), LineageError> {
        self.writer.write_document(kind, hash, canonical_json)
    }

    /// Makes all of it durable, and returns the number of records and the hash of the last.
    ///
    /// # Errors
    /// The writer's.
    pub fn finish(mut self) -> Result<(u64, Hash), LineageError> {
        self.write()?;
        self.writer.sync()?;
        Ok(self.writer.durable_head())
    }

    fn end_segment(&mut self) {
        self.segment_bytes = 0;
        self.piece.segment_ends.push(self.piece.lines.len());
    }

    fn write(&mut self) -> Result<(), LineageError> {
        self.writer.append_batch(&self.piece)?;
        self.piece.lines.clear();
        self.piece.segment_ends.clear();
        self.piece.base = self.piece.head;
        Ok(())
    }
}

fn damaged(seq: u64, rule: &str) -> LineageError {
    LineageError::Member {
        member: format!("record {seq}"),
        rule: rule.to_owned(),
    }
}
