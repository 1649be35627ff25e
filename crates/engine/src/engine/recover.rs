//! Going on after a crash, in the same way in the process that recovers and in every replay.

use ios012_constraints::defcon::RecordId;
use ios012_core::Quantity;
use ios012_lineage::{Code, CycleOutcome, Hash, OrderId, Record, Recovery};

use super::Engine;
use super::state::{Cut, OpenCycle};
use crate::{Alert, Effect, EngineError};

/// A record that the engine derived from the last event of a ledger, and that the crash kept from it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lost {
    /// The hash that it would have had. A recovery writes it under another one, or not at all.
    pub hash: Hash,
    /// What it would have said.
    pub record: Record,
}

/// Where a ledger ends that a crash cut off.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Crash {
    /// What was lost, in its order.
    pub(crate) lost: Vec<Lost>,
    /// Whether its last cycle has no seal.
    pub(crate) cycle_is_open: bool,
}

/// An order of the cycle that a crash left open, whose end is not known.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Unresolved {
    pub(crate) order_id: OrderId,
    /// Units that were ordered and that no fill on the ledger tells of.
    pub(crate) left: Quantity,
    /// The fills that are on the ledger.
    pub(crate) fill_ids: Vec<Code>,
}

impl Engine {
    /// The orders that are on the ledger without an end. Those that were lost with the crash never left:
    /// an intent is durable first.
    pub(crate) fn unresolved(&self, lost: &[Lost]) -> Vec<Unresolved> {
        let open = self.open.iter().flat_map(|open| &open.working);
        let open = open.filter(|order| !order.is_final && !is_lost(lost, order.order_id));
        open.map(|order| Unresolved {
            order_id: order.order_id,
            left: order.left,
            fill_ids: order.fill_ids.clone(),
        })
        .collect()
    }

    /// Writes the record of a recovery, and after it what was lost of the books and the level. Lost decisions
    /// and orders are forgotten: nothing followed from them. The cycle ends, as recovered, once every order
    /// that is on the ledger has its end.
    pub(crate) fn recover(
        &mut self,
        recovery: Recovery,
        Crash {
            lost,
            cycle_is_open,
        }: Crash,
        effects: &mut Vec<Effect>,
    ) -> Result<(), EngineError> {
        self.write(recovery)?;
        if cycle_is_open && self.open.is_none() {
            self.open = self.sealed.take();
        }
        if let Some(open) = &mut self.open {
            open.end_for_recovery(&lost);
        }
        for Lost { hash, record } in lost {
            // Whether people were told before the crash is not known: rather twice than never.
            if let Record::Breaker(breaker) = &record {
                self.alerts.push(Alert::of(breaker));
            }
            match record {
                Record::Entry(_) | Record::Breaker(_) | Record::Governance(_) => {
                    let written = self.write(record)?;
                    let ids = [hash, written].map(|hash| RecordId(*hash.as_bytes()));
                    self.alarm = self.alarm.rewritten(ids[0], ids[1]);
                }
                Record::Outcome(outcome) => {
                    self.write(outcome)?;
                }
                _ => {}
            }
        }
        self.tell_alerts(effects.len(), effects);
        if self.open.is_some() {
            self.end_recovery(effects)
        } else {
            self.seal_outside(CycleOutcome::Recovered)?;
            effects.push(Effect::KeepRecords);
            Ok(())
        }
    }

    /// Ends the cycle that a crash left open, once every order of it is resolved.
    pub(super) fn end_recovery(&mut self, effects: &mut Vec<Effect>) -> Result<(), EngineError> {
        if self.open_orders() > 0 {
            return Ok(());
        }
        self.seal(CycleOutcome::Recovered, effects)
    }
}

impl OpenCycle {
    /// Forgets what was decided and not recorded. Nothing waits any more.
    fn end_for_recovery(&mut self, lost: &[Lost]) {
        self.cut = Some(Cut::Crash);
        self.waiting.clear();
        self.increases = None;
        self.plan_ended
            .get_or_insert(const { Code::literal("recovered") });
        self.working.retain(|order| !is_lost(lost, order.order_id));
        for lost in lost {
            match &lost.record {
                Record::Decision(_) => self.decisions -= 1,
                Record::Order(_) => self.orders -= 1,
                _ => {}
            }
        }
    }
}

fn is_lost(lost: &[Lost], order_id: OrderId) -> bool {
    lost.iter()
        .any(|lost| matches!(&lost.record, Record::Order(order) if order.order_id == order_id))
}
