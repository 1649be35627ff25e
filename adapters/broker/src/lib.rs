//! What the engine and a broker say to each other.
//!
//! Adapters translate and sign; they decide nothing. The engine hands them orders that passed
//! every control, each under an id that is derived from its decision, and never sends one id for
//! two orders.

use std::future::Future;

use ios012_constraints::ApprovedOrder;
use ios012_core::{AssetId, BookEvent, CurrencyCode, Money, Price, Quantity, UtcTime};
use ios012_lineage::{Code, OrderId};
use thiserror::Error;

/// An approved order on its way to a broker.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Submission {
    /// The id under which the broker must know it.
    pub order_id: OrderId,
    /// Earliest time at which it may leave; in a cycle without a schedule, the cycle's `as_of`.
    pub not_before: UtcTime,
    /// The order.
    pub order: ApprovedOrder,
}

/// News of one order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BrokerEvent {
    /// The order.
    pub order_id: OrderId,
    /// What happened.
    pub news: News,
}

/// What can happen to an order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum News {
    /// The broker has it and works it.
    Accepted,
    /// The broker will not work it. The code is ours, not the venue's text.
    Rejected(Code),
    /// A part of it, or all, was traded.
    Filled(BrokerFill),
    /// It was cancelled; what was not traded by now never will be.
    Cancelled,
    /// Its time ended; what was not traded by now never will be.
    Expired(Code),
    /// Whether the broker has it is not known: the answer was cut off, or there was none. The code is
    /// ours. It stays open, and is resolved by its id ([`Broker::history`]) before anything new is sent.
    Unknown(Code),
}

/// One trade.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BrokerFill {
    /// The broker's id of the trade, unique within the order.
    pub fill_id: Code,
    /// Units, above zero.
    pub quantity: Quantity,
    /// Price per unit.
    pub price: Price,
    /// Commission in `currency`, zero or above.
    pub fee: Money,
    /// Currency of price and fee.
    pub currency: CurrencyCode,
    /// When it was made.
    pub time: UtcTime,
}

/// What a broker says that the account holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Statement {
    /// When it was true, by the broker's clock.
    pub time: UtcTime,
    /// Units of each asset that is held, below zero for a short position; ascending by id.
    pub positions: Vec<(AssetId, Quantity)>,
    /// Cash of each currency, ascending; none from a venue that keeps no cash.
    pub cash: Option<Vec<(CurrencyCode, Money)>>,
    /// Orders that it still works, ascending.
    pub open_orders: Vec<OrderId>,
}

/// Why a broker could not be asked. The outcome of what was asked is then unknown, and is
/// resolved by the order's id before anything new is sent.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum BrokerError {
    /// No answer, or half of one.
    #[error("the broker did not answer: {code}")]
    Unreachable {
        /// Our code of the cause.
        code: Code,
    },
    /// An answer that can't be true.
    #[error("the broker's answer makes no sense: {code}")]
    Malformed {
        /// Our code of the cause.
        code: Code,
    },
    /// An order under an id that was used before with other content.
    #[error("order {order_id} was sent before with other content")]
    IdReused {
        /// The id.
        order_id: OrderId,
    },
}

/// A venue, or a simulation of one.
///
/// News may come at once, into `news`, or later through [`Broker::poll`]. The same news may come again: it is
/// recognised by the order's id and the fill's.
///
/// Any call may be dropped before it is done, when somebody orders a stop. What it had to tell and did not put into
/// `news` is told by a later call, and a submission that was dropped is asked for by [`Broker::history`].
pub trait Broker: Send {
    /// Sends an order. Sending the same submission again has no further effect.
    fn submit(
        &mut self,
        submission: &Submission,
        news: &mut Vec<BrokerEvent>,
    ) -> impl Future<Output = Result<(), BrokerError>> + Send;

    /// Asks for the end of an order. Only [`News::Cancelled`] says that it has ended.
    fn cancel(
        &mut self,
        order_id: OrderId,
        news: &mut Vec<BrokerEvent>,
    ) -> impl Future<Output = Result<(), BrokerError>> + Send;

    /// Waits for further news of open orders.
    fn poll(
        &mut self,
        news: &mut Vec<BrokerEvent>,
    ) -> impl Future<Output = Result<(), BrokerError>> + Send;

    /// Hears of events that a real venue knows by itself, such as a split. Only a simulated one takes
    /// note of them.
    fn learn(&mut self, _events: &[BookEvent]) {}

    /// What the account holds, asked before a cycle of that time begins.
    fn statement(
        &mut self,
        as_of: UtcTime,
    ) -> impl Future<Output = Result<Statement, BrokerError>> + Send;

    /// The orders that the broker still works, ascending by id.
    fn open_orders(&mut self) -> impl Future<Output = Result<Vec<OrderId>, BrokerError>> + Send;

    /// Everything that the broker knows of one order, in the order in which it happened; empty if
    /// it never saw the id and never will: an adapter waits for as long as a request can still be on its
    /// way (a venue's receive window), or fails. Of an order that it has, and to which nothing has happened yet,
    /// it says [`News::Accepted`].
    fn history(
        &mut self,
        order_id: OrderId,
    ) -> impl Future<Output = Result<Vec<BrokerEvent>, BrokerError>> + Send;
}
