//! What is known of a cycle between its first record and its seal.

use std::collections::VecDeque;

use ios012_contracts::CycleInput;
use ios012_core::sequence::{Increases, Intent, PlannedOrder, Side};
use ios012_core::{AssetSpec, CoreError, Exposure, Money, Quantity, UtcTime};
use ios012_lineage::{Code, Hash, OrderId};

use crate::EngineError;

/// A cycle between its first record and its seal.
#[derive(Debug)]
pub(super) struct OpenCycle {
    pub(super) input: CycleInput,
    pub(super) account_hash: Hash,
    pub(super) cycle_hash: Hash,
    pub(super) nlv_before: Money,
    pub(super) rows: Vec<DecidedRow>,
    /// Rows whose price is not trusted: neither valued anew nor traded. As many as rows, or none.
    pub(super) frozen: Vec<bool>,
    /// What cut it short.
    pub(super) cut: Option<Cut>,
    /// Whether a breaker unwinds everything to cash in this cycle.
    pub(super) unwinds: bool,
    /// Counts the transitions of the cycle, from 0. Only an unwinding makes more than one.
    pub(super) transition: u64,
    pub(super) phase: Phase,
    /// The orders that were sent.
    pub(super) working: Vec<WorkingOrder>,
    /// The orders that may not leave yet, by time.
    pub(super) waiting: VecDeque<WaitingOrder>,
    /// The increases that have not left yet, once the reductions are final.
    pub(super) increases: Option<Increases>,
    /// Whether the planned reductions give up all that was decided. Whole lots rarely do.
    pub(super) planned_in_full: bool,
    /// Why the plan ended, if it did before everything had left.
    pub(super) plan_ended: Option<Code>,
    /// As far as the cycle's own clock has come: `as_of`, then the planned times of what was sent
    /// and the times of fills. It follows from the ledger alone.
    pub(super) now: UtcTime,
    pub(super) decisions: u64,
    pub(super) orders: u64,
    pub(super) fills: u64,
}

impl OpenCycle {
    pub(super) const fn as_of(&self) -> UtcTime {
        self.input.as_of()
    }

    /// The number of the next slice of a row: two slices of one size are not the same order.
    pub(super) fn next_slice(&mut self, row: usize) -> Result<u32, EngineError> {
        let row = self.rows.get_mut(row).ok_or(EngineError::NoAsset)?;
        let slice = row.next_slice;
        row.next_slice += 1;
        Ok(slice)
    }

    pub(super) fn spec(&self, row: usize) -> Result<&AssetSpec, EngineError> {
        let row = self.input.rows().get(row).ok_or(EngineError::NoAsset)?;
        self.input.asset(row).ok_or(EngineError::NoAsset)
    }

    /// When the plan ends with its mandate. A breaker action ends when it is done.
    pub(super) fn ends(&self) -> Option<UtcTime> {
        let mandate = self.input.mandate().filter(|_| !self.unwinds);
        mandate.map(ios012_contracts::Mandate::valid_until)
    }

    pub(super) fn is_frozen(&self, row: usize) -> bool {
        self.frozen.get(row).copied().unwrap_or(false)
    }

    /// Whether an order of a row was sent. If none was, its position is still what was decided on.
    pub(super) fn was_ordered(&self, row: usize) -> bool {
        self.working.iter().any(|order| order.row == row)
    }

    /// Whether every order of a row was filled in full.
    pub(super) fn filled_in_full(&self, row: usize) -> bool {
        let mut orders = self.working.iter().filter(|order| order.row == row);
        orders.all(|order| order.left.is_zero())
    }

    /// Whether every reduction was made in full: ordered to the last unit, and filled.
    pub(super) fn reduced_in_full(&self) -> bool {
        let mut reductions = self
            .working
            .iter()
            .filter(|order| order.intent == Intent::Reduce);
        let is_planned = self.planned_in_full && self.plan_ended.is_none();
        is_planned && reductions.all(|order| order.left.is_zero())
    }

    /// A position once every order of it that is out is filled.
    pub(super) fn with_orders_out(
        &self,
        row: usize,
        held: Quantity,
    ) -> Result<Quantity, CoreError> {
        let mut out = self
            .working
            .iter()
            .filter(|sent| sent.row == row && !sent.is_final);
        out.try_fold(held, |position, sent| match sent.side {
            Side::Sell => position.checked_sub(sent.left),
            Side::Buy => position.checked_add(sent.left),
        })
    }

    /// A position less the reductions of it that are out.
    pub(super) fn less_reductions_out(
        &self,
        row: usize,
        held: Quantity,
    ) -> Result<Quantity, CoreError> {
        let out = self
            .working
            .iter()
            .filter(|sent| sent.row == row && !sent.is_final && sent.intent == Intent::Reduce);
        out.map(|sent| (sent.side, sent.left))
            .try_fold(held, |position, (side, left)| match side {
                Side::Sell => position.checked_sub(left),
                Side::Buy => position.checked_add(left),
            })
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
    /// The number of the next slice.
    pub(super) next_slice: u32,
    /// The leg of the first order of this transition.
    pub(super) first_leg: u64,
    /// Whether an unwinding decides on it again in the next transition.
    pub(super) goes_on: bool,
}

/// What cuts a cycle short.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Cut {
    /// An order to stop: it ends as aborted.
    Stop,
    /// A crash left it open: nothing leaves any more, and it ends as recovered.
    Crash,
}

/// Which orders of the cycle are out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Phase {
    /// Reductions: no increase leaves before all of them are final.
    Reducing,
    /// Increases.
    Increasing,
}

/// An order, or a slice of one, that is planned for a time.
#[derive(Debug, Clone, Copy)]
pub(super) struct WaitingOrder {
    pub(super) not_before: UtcTime,
    pub(super) order: PlannedOrder,
    /// Its number among the slices of its order.
    pub(super) slice: u32,
}

/// An order that was sent.
#[derive(Debug, Clone)]
pub(super) struct WorkingOrder {
    pub(super) order_id: OrderId,
    pub(super) row: usize,
    pub(super) side: Side,
    pub(super) intent: Intent,
    pub(super) left: Quantity,
    /// The broker's ids of the fills that were booked.
    pub(super) fill_ids: Vec<Code>,
    pub(super) is_final: bool,
}

pub(super) const NO_CYCLE: EngineError = EngineError::Sequence("no cycle is open");
