//! What is known of a cycle between its first record and its seal.

use ios012_contracts::CycleInput;
use ios012_core::sequence::Side;
use ios012_core::{Exposure, Money, Quantity, UtcTime};
use ios012_lineage::{Hash, OrderId};

use crate::EngineError;

/// A cycle between its first record and its seal.
#[derive(Debug)]
pub(super) struct OpenCycle {
    pub(super) input: CycleInput,
    pub(super) account_hash: Hash,
    pub(super) cycle_hash: Hash,
    pub(super) nlv_before: Money,
    pub(super) rows: Vec<DecidedRow>,
    pub(super) phase: Phase,
    pub(super) working: Vec<WorkingOrder>,
    pub(super) decisions: u64,
    pub(super) orders: u64,
    pub(super) fills: u64,
}

impl OpenCycle {
    pub(super) const fn as_of(&self) -> UtcTime {
        self.input.as_of()
    }
}

/// One asset of the open cycle once it has been decided, in the order of the cycle's rows.
#[derive(Debug, Clone, Copy)]
pub(super) struct DecidedRow {
    pub(super) previous: Exposure,
    pub(super) allowed: Exposure,
    pub(super) held: Quantity,
    pub(super) lineage_hash: Hash,
    /// The leg of the next order.
    pub(super) next_leg: u64,
}

/// Which orders of the cycle are out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Phase {
    /// Reductions: no increase leaves before all of them are final.
    Reducing,
    /// Increases.
    Increasing,
}

/// An order that was sent.
#[derive(Debug, Clone)]
pub(super) struct WorkingOrder {
    pub(super) order_id: OrderId,
    pub(super) row: usize,
    pub(super) side: Side,
    pub(super) left: Quantity,
    pub(super) is_final: bool,
}

pub(super) const NO_CYCLE: EngineError = EngineError::Sequence("no cycle is open");
