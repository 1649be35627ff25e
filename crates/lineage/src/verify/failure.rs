//! Why a ledger does not verify.

use std::fmt;

use thiserror::Error;

use crate::text::text_enum;

text_enum! {
    /// The rule that was broken. The texts are stable (docs/lineage-format.md, What a verifier checks).
    FailureCode {
        /// A file cannot be read.
        Unreadable = "unreadable",
        /// The directory lacks a file that every ledger has.
        NotALedger = "not_a_ledger",
        /// Segment numbers are not 1, 2, 3 …
        SegmentNumbers = "segment_numbers",
        /// A segment is empty, too short or too long.
        SegmentSize = "segment_size",
        /// A line is not hash, space, JSON, line feed, or it is too long.
        LineForm = "line_form",
        /// The hash of a line is not the hash of its JSON.
        RecordHash = "record_hash",
        /// The JSON is not in canonical form.
        Canonical = "canonical",
        /// A member of a record is missing, unknown or ill-formed.
        Member = "member",
        /// A record belongs to another portfolio.
        PortfolioId = "portfolio_id",
        /// A record's number is not the next one.
        Seq = "seq",
        /// A record does not name the record before it.
        Prev = "prev",
        /// An epoch is not the one of the segment.
        Epoch = "epoch",
        /// The first record is not genesis, or a later one is.
        Genesis = "genesis",
        /// A record stands where its kind may not stand.
        CycleGrammar = "cycle_grammar",
        /// Cycles are not counted one by one.
        CycleId = "cycle_id",
        /// A decision's time is not its cycle's.
        Timestamp = "timestamp",
        /// Decisions are not in order of asset and transition.
        DecisionOrder = "decision_order",
        /// The limits do not lead from target to allowed.
        Binding = "binding",
        /// An input state hash does not derive.
        InputStateHash = "input_state_hash",
        /// A lineage hash does not derive.
        LineageHash = "lineage_hash",
        /// An order or a residual has no decision in its cycle.
        NoDecision = "no_decision",
        /// An order id does not derive, or is used twice.
        OrderId = "order_id",
        /// A fill or outcome has no order in its cycle.
        NoOrder = "no_order",
        /// A fill is booked twice.
        FillId = "fill_id",
        /// A quantity is not above zero, or fills do not add up.
        Quantity = "quantity",
        /// The lines of an entry do not sum to zero in one of their currencies.
        EntryBalance = "entry_balance",
        /// A seal does not count what it seals, or lacks an amount.
        Seal = "seal",
        /// The hash of a document is not the hash of its JSON.
        DocumentHash = "document_hash",
        /// A document that a cycle names is not in the pack.
        DocumentMissing = "document_missing",
        /// The head file is missing or not in its form.
        HeadForm = "head_form",
        /// The ledger lacks what its head file covers.
        HeadMismatch = "head_mismatch",
        /// The ledger lacks what the expected head covers.
        TailCutOrRewritten = "tail_cut_or_rewritten",
        /// A tile is not that of the records.
        Tile = "tile",
    }
}

/// The first thing in a ledger that is not as it must be.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub struct VerifyFailure {
    /// The rule that was broken.
    pub code: FailureCode,
    /// The file, by its name in the directory.
    pub file: String,
    /// The line, from 1.
    pub line: Option<u64>,
    /// The number that the record has by its place.
    pub seq: Option<u64>,
    /// What was found, and what was expected.
    pub detail: String,
}

impl fmt::Display for VerifyFailure {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}", self.file)?;
        if let Some(line) = self.line {
            write!(formatter, " line {line}")?;
        }
        if let Some(seq) = self.seq {
            write!(formatter, " (seq {seq})")?;
        }
        write!(formatter, ": {}: {}", self.code, self.detail)
    }
}

/// A broken rule, before its place is known.
#[derive(Debug)]
pub(crate) struct Breach {
    pub(crate) code: FailureCode,
    pub(crate) detail: String,
}

impl Breach {
    pub(crate) fn new(code: FailureCode, detail: impl Into<String>) -> Self {
        Self {
            code,
            detail: detail.into(),
        }
    }

    pub(crate) fn at(self, file: &str, line: Option<u64>, seq: Option<u64>) -> VerifyFailure {
        VerifyFailure {
            code: self.code,
            file: file.to_owned(),
            line,
            seq,
            detail: self.detail,
        }
    }
}
