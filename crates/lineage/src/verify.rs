//! Checking a ledger offline: bytes, chain, grammar, derived hashes, documents and head.
//!
//! One pass, in memory that does not grow with the ledger.

mod cycle;
mod failure;
mod pack;

pub use failure::{FailureCode, VerifyFailure};

use std::fmt;
use std::path::Path;

use ios012_core::PortfolioId;

use crate::chain::{RECORD_LIMIT, SEGMENT_LIMIT};
use crate::checkpoint::Checkpoint;
use crate::field::Memo;
use crate::hash::sha256;
use crate::ledger::{
    Head, Line, LineReader, PACK, can_be_torn, check_tiles, root_of, segment_name, segment_path,
    segments, split_line,
};
use crate::{Envelope, Hash, LineageError, Record};
use cycle::{CycleCheck, Unit};
use failure::Breach;
use pack::PackCursor;

/// A head that somebody kept: only against one does a cut or rewritten tail show.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ExpectedHead {
    /// How many records it covers.
    pub records: u64,
    /// The record hash of the last of them.
    pub hash: Hash,
}

/// A ledger in which nothing is wrong.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VerifyReport {
    /// Whether it ends where a ledger may end.
    pub status: LedgerStatus,
    /// Whose it is; nothing if there is no record yet.
    pub portfolio_id: Option<PortfolioId>,
    /// Whole records.
    pub records: u64,
    /// The hash of the last one.
    pub head: Hash,
    /// The epoch of the last one.
    pub epoch: u64,
    /// Cycle records.
    pub cycles: u64,
    /// Decision records.
    pub decisions: u64,
    /// Order records.
    pub orders: u64,
    /// Fill records.
    pub fills: u64,
    /// Refusal records.
    pub refusals: u64,
    /// Lines of the pack.
    pub documents: u64,
    /// How many records, from the first, the expected head or a checkpoint proves; nothing without
    /// one: the tail is not proven.
    pub proven_records: Option<u64>,
}

/// Whether a ledger ends where a ledger may end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LedgerStatus {
    /// It ends between two cycles, with a whole line.
    Complete,
    /// It was left by a crash: legal, but unfinished.
    Incomplete(Incomplete),
}

/// What a crash left open.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Incomplete {
    /// There is no record yet.
    pub no_genesis: bool,
    /// A cycle, a refusal or a recovery has no seal.
    pub unsealed: bool,
    /// Bytes after the last whole record.
    pub torn_record_bytes: u64,
    /// Bytes after the last whole document.
    pub torn_document_bytes: u64,
}

impl fmt::Display for Incomplete {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut separator = "";
        let mut say = |holds: bool, text: fmt::Arguments<'_>| {
            if holds {
                write!(formatter, "{separator}{text}")?;
                separator = "; ";
            }
            Ok(())
        };
        say(self.no_genesis, format_args!("there is no record yet"))?;
        say(self.unsealed, format_args!("the last cycle has no seal"))?;
        say(
            self.torn_record_bytes > 0,
            format_args!("{} bytes of a torn record", self.torn_record_bytes),
        )?;
        say(
            self.torn_document_bytes > 0,
            format_args!("{} bytes of a torn document", self.torn_document_bytes),
        )
    }
}

/// Checks a whole ledger, and against a head that was kept elsewhere if one is given.
///
/// # Errors
/// The first [`VerifyFailure`], in the order of the records.
pub fn verify(
    directory: &Path,
    expected: Option<ExpectedHead>,
) -> Result<VerifyReport, VerifyFailure> {
    // The head first: while a writer is at work the records only get more.
    let head = read_head(directory)?;
    let numbers = segments(directory).map_err(|error| unreadable(".", &error))?;
    for (number, due) in numbers.iter().zip(1..) {
        if *number != due {
            let breach = Breach::new(
                FailureCode::SegmentNumbers,
                format!("{} is missing", segment_name(due)),
            );
            return Err(breach.at(&segment_name(*number), None, None));
        }
    }
    let pack = PackCursor::open(directory).map_err(|error| {
        Breach::new(FailureCode::NotALedger, error.to_string()).at(PACK, None, None)
    })?;
    let mut verifier = Verifier {
        directory,
        expected,
        head,
        pack,
        check: CycleCheck::new(),
        memo: Memo::default(),
        portfolio_id: None,
        records: 0,
        prev: Hash::ZERO,
        epoch: 0,
        segment_full: false,
        torn: 0,
    };
    for number in &numbers {
        verifier.segment(*number, Some(number) == numbers.last())?;
    }
    verifier.finish()
}

/// Holds a ledger that was verified against a checkpoint that somebody kept: its first records must be
/// those that the checkpoint covers, and its tiles those of its records. The report then says that they are proven.
///
/// # Errors
/// [`FailureCode::TailCutOrRewritten`], [`FailureCode::Tile`], [`FailureCode::Unreadable`].
pub fn verify_checkpoint(
    directory: &Path,
    report: &mut VerifyReport,
    checkpoint: &Checkpoint,
) -> Result<(), VerifyFailure> {
    let size = checkpoint.size();
    // Only what was verified counts: a root is taken from lines as they are.
    let found = if size <= report.records {
        root_of(directory, size).map_err(|error| unreadable(".", &error))?
    } else {
        None
    };
    checkpoint.is_of(found, report.records)?;
    check_tiles(directory)?;
    let proven = report.proven_records.unwrap_or(0);
    report.proven_records = Some(proven.max(size));
    Ok(())
}

impl Checkpoint {
    /// Holds it against the root of as many records, if there are so many.
    pub(crate) fn is_of(&self, found: Option<Hash>, records: u64) -> Result<(), VerifyFailure> {
        let (size, root) = (self.size(), self.root());
        let differs = match found {
            Some(found) if found == root => return Ok(()),
            Some(found) => {
                format!("the root of the first {size} records is {found}, signed was {root}")
            }
            None => format!("signed were {size} records, there are {records}"),
        };
        let breach = Breach::new(FailureCode::TailCutOrRewritten, differs);
        Err(breach.at(".", None, None))
    }
}

struct Verifier<'ledger> {
    directory: &'ledger Path,
    expected: Option<ExpectedHead>,
    head: Head,
    pack: PackCursor,
    check: CycleCheck,
    memo: Memo,
    portfolio_id: Option<PortfolioId>,
    records: u64,
    prev: Hash,
    epoch: u64,
    segment_full: bool,
    torn: u64,
}

impl Verifier<'_> {
    fn segment(&mut self, number: u32, is_last: bool) -> Result<(), VerifyFailure> {
        let name = segment_name(number);
        let path = segment_path(self.directory, number);
        let mut lines =
            LineReader::open(&path, RECORD_LIMIT).map_err(|error| unreadable(&name, &error))?;
        loop {
            let (at, bytes, seq) = (lines.number, lines.bytes, self.records);
            let read = match lines.next().map_err(|error| unreadable(&name, &error))? {
                Line::Whole(line) => {
                    let end = bytes + line.len() as u64 + 1;
                    self.line(line, at == 0, end)?
                }
                Line::End if at > 0 || is_last => return Ok(()),
                Line::End => {
                    let breach = Breach::new(FailureCode::SegmentSize, "an empty segment");
                    return Err(breach.at(&name, None, None));
                }
                Line::Torn(torn) if is_last => {
                    self.torn = torn;
                    return Ok(());
                }
                Line::Torn(_) | Line::TooLong => Err(not_a_line()),
            };
            if let Err(breach) = read {
                let rest = lines.length().map_err(|error| unreadable(&name, &error))? - bytes;
                if is_last && self.is_torn(breach.code, rest) {
                    self.torn = rest;
                    return Ok(());
                }
                return Err(breach.at(&name, Some(at + 1), Some(seq)));
            }
        }
    }

    /// Whether what is left of the last segment from a line that does not hold together is what a crash left of its
    /// last batch: a part of it may be missing anywhere, and no head may cover it.
    const fn is_torn(&self, code: FailureCode, rest: u64) -> bool {
        let is_broken = matches!(code, FailureCode::LineForm | FailureCode::RecordHash);
        is_broken && can_be_torn(self.records, self.head.records, rest)
    }

    /// The outer failure is one of the pack, the inner breach one of this line.
    fn line(
        &mut self,
        line: &[u8],
        begins_segment: bool,
        segment_bytes: u64,
    ) -> Result<Result<(), Breach>, VerifyFailure> {
        let (hash, record) = match self.read(line, begins_segment) {
            Ok(read) => read,
            Err(breach) => return Ok(Err(breach)),
        };
        if let Err(breach) = self.pack.find(&record)? {
            return Ok(Err(breach));
        }
        self.segment_full = matches!(record, Record::Seal(_)) && segment_bytes > SEGMENT_LIMIT;
        self.records += 1;
        self.prev = hash;
        Ok(self.compare_heads())
    }

    fn read(&mut self, line: &[u8], begins_segment: bool) -> Result<(Hash, Record), Breach> {
        let (hash, json) = split_line(line).ok_or_else(not_a_line)?;
        let computed = sha256(json.as_bytes());
        if computed != hash {
            return Err(Breach::new(
                FailureCode::RecordHash,
                format!("the line says {hash}, its JSON hashes to {computed}"),
            ));
        }
        let (envelope, record) =
            Record::parse_with(json, &mut self.memo).map_err(|error| match error {
                LineageError::Canonical { .. } => {
                    Breach::new(FailureCode::Canonical, error.to_string())
                }
                other => Breach::new(FailureCode::Member, other.to_string()),
            })?;
        let begins_epoch = self.envelope(envelope, begins_segment)?;
        if matches!(record, Record::Genesis(_)) != (self.records == 0) {
            return Err(Breach::new(
                FailureCode::Genesis,
                "the first record is the genesis, and no other",
            ));
        }
        self.check.take(hash, &record, begins_epoch)?;
        Ok((hash, record))
    }

    /// Returns whether the record is the first of its epoch.
    fn envelope(&mut self, envelope: Envelope, begins_segment: bool) -> Result<bool, Breach> {
        if envelope.seq != self.records {
            return Err(Breach::new(
                FailureCode::Seq,
                format!("{} where {} is due", envelope.seq, self.records),
            ));
        }
        if envelope.prev != self.prev {
            return Err(Breach::new(
                FailureCode::Prev,
                format!(
                    "it names {}, the record before is {}",
                    envelope.prev, self.prev
                ),
            ));
        }
        match &self.portfolio_id {
            None => self.portfolio_id = Some(envelope.portfolio_id),
            Some(known) if *known == envelope.portfolio_id => (),
            Some(known) => {
                return Err(Breach::new(
                    FailureCode::PortfolioId,
                    format!("{} in the ledger of {known}", envelope.portfolio_id),
                ));
            }
        }
        let rises = begins_segment && envelope.epoch == self.epoch + 1;
        if !rises && (self.records == 0 || envelope.epoch != self.epoch) {
            return Err(Breach::new(
                FailureCode::Epoch,
                format!("{} after {}", envelope.epoch, self.epoch),
            ));
        }
        if self.segment_full != begins_segment && !rises {
            return Err(Breach::new(
                FailureCode::SegmentSize,
                "a segment ends after the first seal past 64 MiB, or with its epoch",
            ));
        }
        self.epoch = envelope.epoch;
        Ok(rises)
    }

    fn compare_heads(&self) -> Result<(), Breach> {
        if self.records == self.head.records && self.prev != self.head.hash {
            return Err(Breach::new(
                FailureCode::HeadMismatch,
                format!(
                    "the head file says {}, this record is {}",
                    self.head.hash, self.prev
                ),
            ));
        }
        match self.expected {
            Some(expected) if self.records == expected.records && self.prev != expected.hash => {
                Err(Breach::new(
                    FailureCode::TailCutOrRewritten,
                    format!(
                        "expected was {}, this record is {}",
                        expected.hash, self.prev
                    ),
                ))
            }
            _ => Ok(()),
        }
    }

    fn finish(mut self) -> Result<VerifyReport, VerifyFailure> {
        let (documents, torn_document_bytes) = self.pack.finish()?;
        if self.head.records > self.records {
            let breach = Breach::new(
                FailureCode::HeadMismatch,
                format!(
                    "it covers {} records, there are {}",
                    self.head.records, self.records
                ),
            );
            return Err(breach.at(Head::FILE, None, None));
        }
        if let Some(expected) = self.expected {
            let nothing = expected.records == 0 && expected.hash != Hash::ZERO;
            if expected.records > self.records || nothing {
                let breach = Breach::new(
                    FailureCode::TailCutOrRewritten,
                    format!(
                        "expected were {} records up to {}, there are {} up to {}",
                        expected.records, expected.hash, self.records, self.prev
                    ),
                );
                return Err(breach.at(".", None, None));
            }
        }
        let open = Incomplete {
            no_genesis: self.records == 0,
            unsealed: self.check.unit != Unit::Idle,
            torn_record_bytes: self.torn,
            torn_document_bytes,
        };
        let complete = !open.no_genesis
            && !open.unsealed
            && open.torn_record_bytes == 0
            && open.torn_document_bytes == 0;
        let totals = self.check.totals;
        Ok(VerifyReport {
            status: if complete {
                LedgerStatus::Complete
            } else {
                LedgerStatus::Incomplete(open)
            },
            portfolio_id: self.portfolio_id,
            records: self.records,
            head: self.prev,
            epoch: self.epoch,
            cycles: totals.cycles,
            decisions: totals.decisions,
            orders: totals.orders,
            fills: totals.fills,
            refusals: totals.refusals,
            documents,
            proven_records: self.expected.map(|expected| expected.records),
        })
    }
}

fn read_head(directory: &Path) -> Result<Head, VerifyFailure> {
    let read = Head::read(directory).map_err(|error| unreadable(Head::FILE, &error))?;
    let breach = |code, detail| Err(Breach::new(code, detail).at(Head::FILE, None, None));
    let Some(bytes) = read else {
        return breach(FailureCode::NotALedger, "there is no head file");
    };
    match Head::parse(&bytes) {
        Some(head) if head.records > 0 || head == Head::EMPTY => Ok(head),
        _ => breach(
            FailureCode::HeadForm,
            "not `<records> <hash>` and a line feed",
        ),
    }
}

pub(crate) fn not_a_line() -> Breach {
    Breach::new(
        FailureCode::LineForm,
        "a line is a hash, a space, JSON of at most the allowed length and a line feed",
    )
}

fn unreadable(file: &str, error: &LineageError) -> VerifyFailure {
    Breach::new(FailureCode::Unreadable, error.to_string()).at(file, None, None)
}
