//! Reading a ledger's records in order.

use std::path::{Path, PathBuf};

use super::{
    Head, Line, LineReader, can_be_torn, holds_together, segment_path, segments, split_line,
};
use crate::chain::RECORD_LIMIT;
use crate::field::Memo;
use crate::hash::sha256;
use crate::{Envelope, Hash, LineageError, Record};

/// A record with its hash.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredRecord {
    /// The record hash.
    pub hash: Hash,
    /// The members every record has.
    pub envelope: Envelope,
    /// The record.
    pub record: Record,
}

/// An iterator over the records of a ledger, one segment at a time.
///
/// It checks each line's hash and the chain. The cycle grammar, the documents and the derived
/// hashes are [`crate::verify()`]'s. It ends at what a crash tore, as they do.
#[derive(Debug)]
pub struct LedgerReader {
    directory: PathBuf,
    rest: std::vec::IntoIter<u32>,
    lines: Option<LineReader>,
    memo: Memo,
    next: (u64, Hash),
    /// Records that the head covers: a line of them that is broken is damage.
    covered: u64,
}

impl LedgerReader {
    /// Begins at the first record.
    ///
    /// # Errors
    /// [`LineageError::Io`].
    pub fn open(directory: &Path) -> Result<Self, LineageError> {
        let head = Head::read(directory)?;
        let head = head.and_then(|bytes| Head::parse(&bytes));
        Ok(Self {
            covered: head.map_or(u64::MAX, |head| head.records),
            directory: directory.to_owned(),
            rest: segments(directory)?.into_iter(),
            lines: None,
            memo: Memo::default(),
            next: (0, Hash::ZERO),
        })
    }

    fn step(&mut self) -> Result<Option<StoredRecord>, LineageError> {
        loop {
            if let Some(lines) = &mut self.lines {
                let start = lines.bytes;
                let (read, is_broken) = match lines.next()? {
                    Line::Whole(line) => {
                        let read = read_line(line, self.next, &mut self.memo).map(Some);
                        let is_broken = read.is_err() && !holds_together(line);
                        (read, is_broken)
                    }
                    Line::Torn(_) => return Ok(None),
                    Line::TooLong => (Err(damaged(self.next.0)), true),
                    Line::End => (Ok(None), false),
                };
                match read {
                    Ok(None) => (),
                    Ok(Some(stored)) => {
                        self.next = (stored.envelope.seq + 1, stored.hash);
                        return Ok(Some(stored));
                    }
                    Err(error) => {
                        let rest = lines.length()? - start;
                        let is_last = self.rest.as_slice().is_empty();
                        if is_broken && is_last && can_be_torn(self.next.0, self.covered, rest) {
                            return Ok(None);
                        }
                        return Err(error);
                    }
                }
            }
            let Some(number) = self.rest.next() else {
                return Ok(None);
            };
            let path = segment_path(&self.directory, number);
            self.lines = Some(LineReader::open(&path, RECORD_LIMIT)?);
        }
    }
}

impl Iterator for LedgerReader {
    type Item = Result<StoredRecord, LineageError>;

    fn next(&mut self) -> Option<Self::Item> {
        let step = self.step();
        if !matches!(step, Ok(Some(_))) {
            self.lines = None;
            self.rest = Vec::new().into_iter();
        }
        step.transpose()
    }
}

fn read_line(
    line: &[u8],
    (seq, prev): (u64, Hash),
    memo: &mut Memo,
) -> Result<StoredRecord, LineageError> {
    let (hash, json) = split_line(line).ok_or_else(|| damaged(seq))?;
    if sha256(json.as_bytes()) != hash {
        return Err(damaged(seq));
    }
    let (envelope, record) = Record::parse_with(json, memo)?;
    if envelope.seq != seq || envelope.prev != prev {
        return Err(damaged(seq));
    }
    Ok(StoredRecord {
        hash,
        envelope,
        record,
    })
}

fn damaged(seq: u64) -> LineageError {
    LineageError::Member {
        member: format!("record {seq}"),
        rule: "the line is damaged; verify the ledger".to_owned(),
    }
}
