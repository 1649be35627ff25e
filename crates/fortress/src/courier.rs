//! A broker that tells the paper broker's news in another order.

use ios012_broker::{Broker, BrokerError, BrokerEvent, BrokerFill, News, Statement, Submission};
use ios012_core::{BookEvent, CoreError, Money, Quantity, UtcTime};
use ios012_lineage::{Code, OrderId};
use ios012_paper::PaperBroker;

/// How news are told. News of one order keep their order among themselves where nothing else is
/// said.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Telling {
    /// With the answer to each order.
    AsTheyCome,
    /// After all orders were sent.
    InOrder,
    /// The last order's first.
    LastFirst,
    /// The last order's first, one piece at each call.
    OneByOne,
    /// In an order that follows from a number.
    Interleaved(u64),
    /// The first of two fills of an order comes again.
    FirstFillTwice,
    /// The first of two fills of an order comes again, of twice the units.
    FirstFillOtherwise,
    /// The last piece of an order comes again.
    LastTwice,
    /// The last piece of an order comes first.
    EndFirst,
    /// The last piece of an order comes again at the next call.
    Later,
    /// One order's last piece never comes.
    Never,
}

/// The paper broker behind a messenger. Each order is accepted, then filled in two fills.
#[derive(Debug)]
pub(crate) struct Courier {
    paper: PaperBroker,
    telling: Telling,
    /// News that have not been told, in the order in which they happened.
    held: Vec<BrokerEvent>,
    /// The state of the sequence by which news are interleaved.
    state: u64,
    /// What comes again at the next call.
    late: Option<BrokerEvent>,
}

impl Courier {
    pub(crate) const fn new(paper: PaperBroker, telling: Telling) -> Self {
        let state = match telling {
            Telling::Interleaved(seed) => seed,
            _ => 0,
        };
        Self {
            paper,
            telling,
            held: Vec::new(),
            state,
            late: None,
        }
    }

    /// Takes the next piece of an order's news.
    fn take_of(&mut self, order_id: OrderId) -> Option<BrokerEvent> {
        let place = self
            .held
            .iter()
            .position(|event| event.order_id == order_id)?;
        Some(self.held.remove(place))
    }

    fn take_all(
        &mut self,
        news: &mut Vec<BrokerEvent>,
        mut pick: impl FnMut(&mut Self) -> Option<OrderId>,
    ) {
        while let Some(order_id) = pick(self) {
            news.extend(self.take_of(order_id));
        }
    }

    fn last(&mut self) -> Option<OrderId> {
        self.held.last().map(|event| event.order_id)
    }

    /// An order with news, by the multiplier and increment of Knuth's MMIX generator.
    fn any(&mut self) -> Option<OrderId> {
        self.state = self
            .state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        let count = u64::try_from(self.held.len())
            .ok()
            .filter(|&count| count > 0)?;
        let place = usize::try_from((self.state >> 33) % count).ok()?;
        self.held.get(place).map(|event| event.order_id)
    }

    /// Tells what is held, with the lie that this courier is there for.
    fn lie(&mut self, news: &mut Vec<BrokerEvent>) {
        let first = self.held.first().map(|event| event.order_id);
        let is_first = |event: &&BrokerEvent| Some(event.order_id) == first;
        let places: Vec<usize> = (0..self.held.len())
            .filter(|&place| is_first(&&self.held[place]))
            .collect();
        let last = places.last().copied();
        let fill = places
            .iter()
            .copied()
            .find(|&place| matches!(self.held[place].news, News::Filled(_)));
        match (self.telling, fill, last) {
            (Telling::FirstFillTwice, Some(fill), _) => {
                let again = self.held[fill].clone();
                self.held.insert(fill + 1, again);
            }
            (Telling::FirstFillOtherwise, Some(fill), _) => {
                let mut again = self.held[fill].clone();
                if let News::Filled(fill) = &mut again.news {
                    fill.quantity = Quantity::from_units(2 * fill.quantity.units());
                }
                self.held.insert(fill + 1, again);
            }
            (Telling::LastTwice, _, Some(last)) => {
                let again = self.held[last].clone();
                self.held.push(again);
            }
            (Telling::EndFirst, Some(fill), Some(last)) => {
                let end = self.held.remove(last);
                let end = BrokerEvent {
                    news: News::Expired(Code::literal("end")),
                    ..end
                };
                self.held.insert(fill, end);
            }
            (Telling::Later, _, Some(last)) => self.late = Some(self.held[last].clone()),
            (Telling::Never, _, Some(last)) => drop(self.held.remove(last)),
            _ => {}
        }
        news.append(&mut self.held);
    }
}

impl Broker for Courier {
    async fn submit(
        &mut self,
        submission: &Submission,
        news: &mut Vec<BrokerEvent>,
    ) -> Result<(), BrokerError> {
        let order_id = submission.order_id;
        let mut answer = Vec::new();
        self.paper.submit(submission, &mut answer).await?;
        let malformed = |_| BrokerError::Malformed {
            code: Code::literal("arithmetic"),
        };
        let mut told = vec![News::Accepted];
        for event in answer {
            match event.news {
                News::Filled(fill) => told.extend(in_two(fill).map_err(malformed)?),
                other => told.push(other),
            }
        }
        let told = told.into_iter().map(|news| BrokerEvent { order_id, news });
        if self.telling == Telling::AsTheyCome {
            news.extend(told);
        } else {
            self.held.extend(told);
        }
        Ok(())
    }

    async fn cancel(
        &mut self,
        order_id: OrderId,
        news: &mut Vec<BrokerEvent>,
    ) -> Result<(), BrokerError> {
        self.paper.cancel(order_id, news).await
    }

    async fn poll(&mut self, news: &mut Vec<BrokerEvent>) -> Result<(), BrokerError> {
        if let Some(late) = self.late.take() {
            news.push(late);
            return Ok(());
        }
        match self.telling {
            Telling::AsTheyCome | Telling::InOrder => news.append(&mut self.held),
            Telling::LastFirst => self.take_all(news, Self::last),
            Telling::Interleaved(_) => self.take_all(news, Self::any),
            Telling::OneByOne => {
                let last = self.last();
                news.extend(last.and_then(|order_id| self.take_of(order_id)));
            }
            _ => self.lie(news),
        }
        Ok(())
    }

    fn learn(&mut self, events: &[BookEvent]) {
        self.paper.learn(events);
    }

    async fn statement(&mut self, as_of: UtcTime) -> Result<Statement, BrokerError> {
        self.paper.statement(as_of).await
    }

    async fn open_orders(&mut self) -> Result<Vec<OrderId>, BrokerError> {
        self.paper.open_orders().await
    }

    async fn history(&mut self, order_id: OrderId) -> Result<Vec<BrokerEvent>, BrokerError> {
        self.paper.history(order_id).await
    }
}

/// A fill as two of the same price: the first takes half of the units and of the fee, rounded down.
fn in_two(fill: BrokerFill) -> Result<Vec<News>, CoreError> {
    let half = Quantity::from_units(fill.quantity.units() / 2);
    if half.is_zero() {
        return Ok(vec![News::Filled(fill)]);
    }
    let fee = Money::from_units(fill.fee.units() / 2);
    let second = BrokerFill {
        fill_id: Code::literal("2"),
        quantity: fill.quantity.checked_sub(half)?,
        fee: fill.fee.checked_sub(fee)?,
        ..fill.clone()
    };
    let first = BrokerFill {
        quantity: half,
        fee,
        ..fill
    };
    Ok(vec![News::Filled(first), News::Filled(second)])
}
