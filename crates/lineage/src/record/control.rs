//! The records of control: refusals, breakers, governance and recovery.

use ios012_core::UtcTime;

use super::macros::{object, record};
use super::trade::{Defcon, OutcomeState};
use crate::derive::OrderId;
use crate::{Code, Hash, PlainText};

object! {
    /// One measured or stated fact.
    Evidence {
        /// What it is.
        name: Code,
        /// Its value.
        value: PlainText,
    }
}

record! {
    /// A trip or reset of a breaker, or a change of level (ADR-016).
    Breaker = "breaker" {
        /// What it did: `none`, `abort`, `freeze`, `reduce`, `reduce_only`, `to_cash`, `halt` or `reset`.
        action: Code,
        /// The breaker.
        breaker: Code,
        /// What made it move.
        cause: Code,
        = epoch,
        /// What was seen.
        evidence: Vec<Evidence>,
        = kind,
        /// The level after it.
        level: Defcon,
        = portfolio_id,
        = prev,
        = schema,
        = seq,
    }
}

record! {
    /// A change of limits, a certificate, a signature or a revocation.
    Governance = "governance" {
        /// The document that caused it.
        document_hash: Option<Hash>,
        = epoch,
        /// What happened.
        event: Code,
        /// What was seen.
        evidence: Vec<Evidence>,
        = kind,
        = portfolio_id,
        = prev,
        = schema,
        = seq,
    }
}

record! {
    /// An input that was refused, outside any cycle.
    Refusal = "refusal" {
        /// The input's time, where it could be read.
        as_of: Option<UtcTime>,
        /// The stable code of the refusal.
        code: Code,
        /// The kind of document.
        document: Code,
        = epoch,
        = kind,
        /// Where in the document.
        path: PlainText,
        = portfolio_id,
        = prev,
        /// Of the bytes as they came in.
        received_sha256: Hash,
        /// The rule that was broken.
        rule: PlainText,
        = schema,
        = seq,
    }
}

object! {
    /// Where a torn end of the ledger was moved.
    SideFile {
        /// Its length.
        bytes: u64,
        /// The seq that its first record would have had.
        first_seq: u64,
        /// Its name in the directory.
        name: Code,
        /// Of its bytes.
        sha256: Hash,
    }
}

object! {
    /// What the broker said of an open order.
    ResolvedOrder {
        /// The order.
        order_id: OrderId,
        /// Its state.
        state: OutcomeState,
    }
}

record! {
    /// What was found when a ledger was opened after a crash.
    Recovery = "recovery" {
        = epoch,
        /// What was found.
        found: Code,
        = kind,
        /// The orders without a final outcome.
        orders: Vec<ResolvedOrder>,
        = portfolio_id,
        = prev,
        = schema,
        = seq,
        /// Where the torn part was moved, if there was one.
        side_file: Option<SideFile>,
    }
}
