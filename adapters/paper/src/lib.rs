//! The paper broker: every order is answered at once and for good, but where a script says otherwise.
//!
//! A fill is made at the cycle's reference price, moved against the order by the slippage and
//! then to the next tick against the order. An order whose limit does not reach that price
//! expires. A script can reject orders, fill them in part, leave them open, not answer at all, or fill
//! one and say that it expired.
//!
//! It counts the units that it holds from its own fills and the events that it hears of, apart from
//! the books, so that a statement of them can be compared. It keeps no cash.

mod holdings;
mod script;

use std::collections::{BTreeMap, BTreeSet};
use std::future::pending;

use ios012_broker::{Broker, BrokerError, BrokerEvent, BrokerFill, News, Statement, Submission};
use ios012_constraints::ApprovedOrder;
use ios012_core::sequence::{Side, tick_above, tick_below};
use ios012_core::{
    AssetId, BookEvent, CoreError, Price, Quantity, Ratio, Rounding, UtcTime, mul_div,
};
use ios012_lineage::{Code, OrderId};

use holdings::Holdings;
pub use script::{Action, Rule, Script, ScriptError};

/// A broker that lives and dies with the process.
#[derive(Debug, Clone)]
pub struct PaperBroker {
    fee: Ratio,
    slippage: Ratio,
    script: Script,
    /// Kept only while asked for: a backtest of any length must not grow in memory.
    history: BTreeMap<OrderId, Vec<BrokerEvent>>,
    keeps_history: bool,
    /// Orders that rest until they are cancelled.
    resting: BTreeSet<OrderId>,
    /// Orders of which it says nothing, whatever it is asked.
    silent: BTreeSet<OrderId>,
    holdings: Holdings,
}

impl PaperBroker {
    /// A broker that charges `fee` and fills `slippage` away from the reference price, both as
    /// fractions.
    pub const fn new(fee: Ratio, slippage: Ratio, script: Script) -> Self {
        Self {
            fee,
            slippage,
            script,
            history: BTreeMap::new(),
            keeps_history: false,
            resting: BTreeSet::new(),
            silent: BTreeSet::new(),
            holdings: Holdings::new(),
        }
    }

    /// The same broker, holding these units: what a portfolio opens with or goes on from.
    #[must_use]
    pub fn holding(mut self, positions: impl IntoIterator<Item = (AssetId, Quantity)>) -> Self {
        self.holdings = positions.into_iter().collect();
        self
    }

    /// The same broker, which also remembers every order for [`Broker::history`].
    pub const fn with_history(mut self) -> Self {
        self.keeps_history = true;
        self
    }

    fn answer(&self, submission: &Submission) -> Result<Answer, CoreError> {
        let order = &submission.order;
        let action = self
            .script
            .action(order.asset_id(), order.side(), submission.not_before);
        let whole = order.quantity();
        let (quantity, rest) = match action {
            Some(Action::Reject) => return Ok(Answer::Rejected(Code::literal("scripted_reject"))),
            Some(Action::Expire) => return Ok(Answer::Expired(Code::literal("scripted_expire"))),
            Some(Action::Partial(part)) => (
                part_of(whole, part)?,
                Some(Code::literal("scripted_partial")),
            ),
            Some(Action::Rest) => return Ok(Answer::Accepted),
            Some(Action::Hang) => return Ok(Answer::None),
            Some(Action::LostFill) | None => (whole, None),
        };
        let price = self.fill_price(order)?;
        let reaches = match order.side() {
            Side::Buy => price <= order.limit_price(),
            Side::Sell => price >= order.limit_price() && price.is_positive(),
        };
        if !reaches {
            return Ok(Answer::Expired(Code::literal("limit_not_reached")));
        }
        if quantity.is_zero() {
            return Ok(Answer::Expired(Code::literal("scripted_partial")));
        }
        let fill = BrokerFill {
            fill_id: const { Code::literal("1") },
            quantity,
            price,
            fee: order.commission(quantity, price, self.fee)?,
            currency: order.currency().clone(),
            time: submission.not_before,
        };
        Ok(match action {
            Some(Action::LostFill) => Answer::Lost(fill),
            _ => Answer::Filled(fill, rest),
        })
    }

    /// The reference price, moved by the slippage and to the next tick, both against the order.
    fn fill_price(&self, order: &ApprovedOrder) -> Result<Price, CoreError> {
        let reference = order.reference_price();
        let slip = mul_div(
            reference.units(),
            self.slippage.units(),
            Ratio::SCALE,
            Rounding::AwayFromZero,
        )?;
        let slip = Price::from_units(slip);
        match order.side() {
            Side::Buy => tick_above(reference.checked_add(slip)?, order.tick_size()),
            Side::Sell => tick_below(reference.checked_sub(slip)?, order.tick_size()),
        }
    }
}

/// What the broker says to one order.
enum Answer {
    /// Nothing, ever.
    None,
    Accepted,
    Rejected(Code),
    Expired(Code),
    /// A fill, and the code under which the rest expires if there is one.
    Filled(BrokerFill, Option<Code>),
    /// A fill that is told as an expiry.
    Lost(BrokerFill),
}

impl Answer {
    fn tell(self, order_id: OrderId, news: &mut Vec<BrokerEvent>) {
        let mut push = |what| {
            news.push(BrokerEvent {
                order_id,
                news: what,
            });
        };
        match self {
            Self::None => {}
            Self::Accepted => push(News::Accepted),
            Self::Rejected(code) => push(News::Rejected(code)),
            Self::Expired(code) => push(News::Expired(code)),
            Self::Lost(_) => push(News::Expired(Code::literal("scripted_lost_fill"))),
            Self::Filled(fill, rest) => {
                push(News::Filled(fill));
                if let Some(code) = rest {
                    push(News::Expired(code));
                }
            }
        }
    }
}

impl Broker for PaperBroker {
    async fn submit(
        &mut self,
        submission: &Submission,
        news: &mut Vec<BrokerEvent>,
    ) -> Result<(), BrokerError> {
        let order_id = submission.order_id;
        if self.history.contains_key(&order_id) {
            return Ok(());
        }
        let arithmetic = |_| BrokerError::Malformed {
            code: Code::literal("arithmetic"),
        };
        let answer = self.answer(submission).map_err(arithmetic)?;
        match answer {
            Answer::None => {
                self.silent.insert(order_id);
                return pending().await;
            }
            Answer::Accepted => {
                self.resting.insert(order_id);
            }
            Answer::Rejected(_) | Answer::Expired(_) => {}
            Answer::Filled(ref fill, _) | Answer::Lost(ref fill) => {
                let (asset_id, side) = (submission.order.asset_id(), submission.order.side());
                let traded = self.holdings.trade(asset_id, side, fill.quantity);
                traded.map_err(arithmetic)?;
            }
        }
        let before = news.len();
        answer.tell(order_id, news);
        if self.keeps_history {
            self.history
                .insert(order_id, news.iter().skip(before).cloned().collect());
        }
        Ok(())
    }

    /// Only an order that rests can be cancelled: every other one has ended before.
    async fn cancel(
        &mut self,
        order_id: OrderId,
        news: &mut Vec<BrokerEvent>,
    ) -> Result<(), BrokerError> {
        if self.resting.remove(&order_id) {
            let event = BrokerEvent {
                order_id,
                news: News::Cancelled,
            };
            if self.keeps_history {
                self.history
                    .entry(order_id)
                    .or_default()
                    .push(event.clone());
            }
            news.push(event);
        }
        Ok(())
    }

    /// Everything was told when the order was sent. An order that rests has no news, ever.
    async fn poll(&mut self, _news: &mut Vec<BrokerEvent>) -> Result<(), BrokerError> {
        if self.resting.is_empty() {
            Ok(())
        } else {
            pending().await
        }
    }

    fn learn(&mut self, events: &[BookEvent]) {
        for event in events {
            self.holdings.follow(&event.kind);
        }
    }

    async fn statement(&mut self, as_of: UtcTime) -> Result<Statement, BrokerError> {
        Ok(Statement {
            time: as_of,
            positions: self.holdings.positions(),
            cash: None,
            open_orders: self.resting.iter().copied().collect(),
        })
    }

    async fn open_orders(&mut self) -> Result<Vec<OrderId>, BrokerError> {
        Ok(self.resting.iter().copied().collect())
    }

    async fn history(&mut self, order_id: OrderId) -> Result<Vec<BrokerEvent>, BrokerError> {
        if self.silent.contains(&order_id) {
            return pending().await;
        }
        Ok(self.history.get(&order_id).cloned().unwrap_or_default())
    }
}

/// A part of a quantity, rounded down.
fn part_of(quantity: Quantity, part: Ratio) -> Result<Quantity, CoreError> {
    let units = mul_div(
        quantity.units(),
        part.units(),
        Ratio::SCALE,
        Rounding::TowardZero,
    )?;
    Ok(Quantity::from_units(units))
}

#[cfg(test)]
mod tests;
