use ios012_broker::{BrokerEvent, Statement, Submission};
use ios012_constraints::defcon::RedAction;
use ios012_contracts::{CycleInput, Refusal};
use ios012_core::{Defcon, Money, UtcTime};
use ios012_governance::AuthorisedCommand;
use ios012_lineage::{Code, CycleOutcome, OrderId, PlainText};

use crate::Alert;
use crate::engine::Differences;

/// What the engine can be told.
#[derive(Debug)]
pub enum Event {
    /// The input of the next cycle, checked against the engine's own state, and what the broker says
    /// that the account holds.
    Cycle(Box<CycleInput>, BrokerAccount),
    /// An input that was refused.
    Refused(Box<Refusal>),
    /// News of an order.
    Broker(BrokerEvent),
    /// It is at least this time, while a cycle is open.
    Time(UtcTime),
    /// A newer mandate is there, while a cycle is open: what has not left never will.
    Superseded,
    /// Somebody orders a stop, inside a cycle or outside: nobody needs a signature for that.
    Stop(Box<StopOrder>),
    /// A command whose signatures were verified, outside a cycle.
    Command(Box<AuthorisedCommand>),
}

/// What the broker says that the account holds when a cycle begins. No cycle begins without it.
#[derive(Debug)]
pub struct BrokerAccount(pub(crate) Said);

/// Who says it.
#[derive(Debug)]
pub(crate) enum Said {
    Stated(Box<Statement>),
    /// The record of the cycle, in a replay.
    Recorded(Differences),
}

impl BrokerAccount {
    /// As the broker stated it.
    pub fn stated(statement: Statement) -> Self {
        Self(Said::Stated(Box::new(statement)))
    }
}

/// An order to stop: a trip file, a signal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StopOrder {
    /// The level, at least.
    pub level: Defcon,
    /// What is done with positions, where that is RED.
    pub red_action: RedAction,
    /// Why, as a code.
    pub cause: Code,
    /// What was seen, in one line.
    pub evidence: PlainText,
    /// When it was ordered.
    pub at: UtcTime,
}

/// What the engine asks of the world, to be performed in order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Effect {
    /// Keep the documents of the open cycle ([`crate::Engine::documents`]).
    KeepDocuments,
    /// Keep the pending records ([`crate::Engine::chain_mut`]); they must be durable before any
    /// later [`Effect::Submit`] is performed, where a broker outlives the process.
    KeepRecords,
    /// Send an order.
    Submit(Submission),
    /// Ask the broker to end an order. It needs no durable record.
    Cancel(OrderId),
    /// Tell people, once.
    Alert(Alert),
    /// Tell [`Event::Time`] when it is this time: an order waits for it. The last one holds.
    WakeAt(UtcTime),
    /// The cycle has ended; its last record is pending.
    Sealed(CycleSummary),
}

/// How a cycle ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CycleSummary {
    /// Counts cycles from 1; 0 for a refusal, which is outside any cycle.
    pub cycle_id: u64,
    /// Time of the cycle; none for a refusal whose time is unknown.
    pub as_of: Option<UtcTime>,
    /// Outcome.
    pub outcome: CycleOutcome,
    /// Decisions made.
    pub decisions: u64,
    /// Orders sent.
    pub orders: u64,
    /// Fills booked.
    pub fills: u64,
    /// Net liquidation value after the cycle, in base currency.
    pub nlv_after: Money,
}
