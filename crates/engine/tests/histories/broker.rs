//! A broker that does whatever a broker may do: fills in parts and anywhere inside the limit, refuses,
//! lets expire, cancels, answers at once or much later, in any sequence of its orders.

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard};

use ios012_broker::{Broker, BrokerError, BrokerEvent, BrokerFill, News, Statement, Submission};
use ios012_core::sequence::Side;
use ios012_core::{AssetId, BookEvent, BookEventKind, Price, Quantity, Ratio, UtcTime};
use ios012_lineage::{Code, OrderId};

use crate::day::later;

#[derive(Debug)]
pub(crate) struct RandomBroker {
    state: u64,
    /// How often, of 16, an answer comes late, and how often an order does not end well.
    late: u64,
    faults: u64,
    fee: Ratio,
    lots: BTreeMap<AssetId, Quantity>,
    /// The latest time of a fill.
    horizon: UtcTime,
    open: Vec<(OrderId, VecDeque<News>)>,
    /// Units by asset.
    holds: BTreeMap<AssetId, i128>,
}

impl RandomBroker {
    pub(crate) fn new(fee: Ratio, lots: BTreeMap<AssetId, Quantity>) -> Self {
        Self {
            state: 0,
            late: 0,
            faults: 0,
            fee,
            lots,
            horizon: UtcTime::from_unix_milliseconds(0).expect("a time"),
            open: Vec::new(),
            holds: BTreeMap::new(),
        }
    }

    /// Its own account, from its own fills and the events of the snapshot.
    pub(crate) fn statement(&self, as_of: UtcTime) -> Statement {
        let held = self.holds.iter().filter(|(_, units)| **units != 0);
        Statement {
            time: as_of,
            positions: held
                .map(|(id, units)| (id.clone(), Quantity::from_units(*units)))
                .collect(),
            cash: None,
            open_orders: self.open.iter().map(|(id, _)| *id).collect(),
        }
    }

    pub(crate) fn learn(&mut self, events: &[BookEvent]) {
        for event in events {
            match &event.kind {
                BookEventKind::Split {
                    asset_id,
                    numerator,
                    denominator,
                } => {
                    let units = self.holds.entry(asset_id.clone()).or_default();
                    *units = *units * i128::from(*numerator) / i128::from(*denominator);
                }
                BookEventKind::Expiry { asset_id, .. } => drop(self.holds.remove(asset_id)),
                BookEventKind::Roll { asset_id, into, .. }
                | BookEventKind::SymbolChange { asset_id, into } => {
                    let moved = self.holds.remove(asset_id).unwrap_or_default();
                    *self.holds.entry(into.clone()).or_default() += moved;
                }
                _ => {}
            }
        }
    }

    /// What it does until the next day follows from this number.
    pub(crate) fn begin_day(&mut self, seed: u64, horizon: UtcTime) {
        self.state = seed;
        (self.late, self.faults) = (
            seed >> 4 & 15,
            [0, 2, 6, 14][usize::try_from(seed & 3).expect("fits")],
        );
        self.horizon = horizon;
    }

    /// A number below `end`, by `SplitMix64`.
    fn below(&mut self, end: u64) -> u64 {
        self.state = self.state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.state;
        mixed = (mixed ^ mixed >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ mixed >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
        (mixed ^ mixed >> 31) % end
    }

    pub(crate) fn submit(&mut self, submission: &Submission, news: &mut Vec<BrokerEvent>) {
        let order_id = submission.order_id;
        let answer = self.answer(submission);
        if self.below(16) < self.late {
            self.open.push((order_id, answer));
        } else {
            news.extend(
                answer
                    .into_iter()
                    .map(|news| BrokerEvent { order_id, news }),
            );
        }
    }

    pub(crate) fn poll(&mut self, news: &mut Vec<BrokerEvent>) {
        if self.open.is_empty() {
            return;
        }
        let orders = u64::try_from(self.open.len()).expect("fits");
        let at = usize::try_from(self.below(orders)).expect("fits");
        let several = 1 + self.below(2);
        let (order_id, queue) = &mut self.open[at];
        for _ in 0..several {
            news.extend(queue.pop_front().map(|news| BrokerEvent {
                order_id: *order_id,
                news,
            }));
        }
        if queue.is_empty() {
            self.open.swap_remove(at);
        }
    }

    fn answer(&mut self, submission: &Submission) -> VecDeque<News> {
        let mut news = VecDeque::new();
        if self.below(3) == 0 {
            news.push_back(News::Accepted);
        }
        let fails = self.below(16) < self.faults;
        let parts = if fails {
            self.below(3)
        } else {
            1 + self.below(3)
        };
        let mut left = submission.order.quantity();
        for part in 1..=parts {
            let is_last = part == parts && !fails;
            let quantity = if is_last {
                left
            } else {
                self.part(submission, left)
            };
            if quantity.is_zero() || (fails && quantity == left) {
                continue;
            }
            left = left.checked_sub(quantity).expect("fits");
            let held = self.holds.entry(submission.order.asset_id().clone());
            *held.or_default() += match submission.order.side() {
                Side::Buy => quantity.units(),
                Side::Sell => -quantity.units(),
            };
            news.push_back(News::Filled(self.fill(submission, quantity, part)));
        }
        if !left.is_zero() {
            news.push_back(match self.below(3) {
                0 => News::Expired(Code::literal("limit_not_reached")),
                1 => News::Cancelled,
                _ => News::Rejected(Code::literal("venue_closed")),
            });
        }
        news
    }

    /// Some whole lots; now and then, as a venue with smaller ones would, any units.
    fn part(&mut self, submission: &Submission, left: Quantity) -> Quantity {
        let share = i128::from(self.below(17));
        let units = left.units() * share / 16;
        let lot = self.lots[submission.order.asset_id()].units();
        let odd = self.below(24) == 0;
        Quantity::from_units(if odd { units } else { units / lot * lot })
    }

    /// From half the collar on the better side to the limit itself.
    fn fill(&mut self, submission: &Submission, quantity: Quantity, part: u64) -> BrokerFill {
        let order = &submission.order;
        let (limit, reference) = (order.limit_price().units(), order.reference_price().units());
        let step = i128::from(self.below(25)) - 8;
        let price = reference + (limit - reference) * step / 16;
        let price = Price::from_units(match order.side() {
            Side::Buy => price.min(limit),
            Side::Sell => price.max(limit),
        });
        let delay = [0, 0, 0, 0, 0, 700, 5_000, 60_000, 3_600_000]
            [usize::try_from(self.below(9)).expect("fits")];
        let time = later(submission.not_before, delay).min(self.horizon);
        let fee = order.commission(quantity, price, self.fee).expect("fits");
        BrokerFill {
            fill_id: part.to_string().parse().expect("a code"),
            quantity,
            price,
            fee,
            currency: order.currency().clone(),
            time: time.max(submission.not_before),
        }
    }
}

/// The broker of a runner, told of each day from outside.
#[derive(Debug, Clone)]
pub(crate) struct Shared(Arc<Mutex<RandomBroker>>);

impl Shared {
    pub(crate) fn new(broker: RandomBroker) -> Self {
        Self(Arc::new(Mutex::new(broker)))
    }

    pub(crate) fn get(&self) -> MutexGuard<'_, RandomBroker> {
        self.0.lock().expect("one thread")
    }
}

impl Broker for Shared {
    async fn submit(
        &mut self,
        submission: &Submission,
        news: &mut Vec<BrokerEvent>,
    ) -> Result<(), BrokerError> {
        self.get().submit(submission, news);
        Ok(())
    }

    async fn cancel(&mut self, _: OrderId, _: &mut Vec<BrokerEvent>) -> Result<(), BrokerError> {
        Ok(())
    }

    async fn poll(&mut self, news: &mut Vec<BrokerEvent>) -> Result<(), BrokerError> {
        self.get().poll(news);
        Ok(())
    }

    fn learn(&mut self, events: &[BookEvent]) {
        self.get().learn(events);
    }

    async fn statement(&mut self, as_of: UtcTime) -> Result<Statement, BrokerError> {
        Ok(self.get().statement(as_of))
    }

    async fn open_orders(&mut self) -> Result<Vec<OrderId>, BrokerError> {
        Ok(self.get().open.iter().map(|(id, _)| *id).collect())
    }

    async fn history(&mut self, _: OrderId) -> Result<Vec<BrokerEvent>, BrokerError> {
        Ok(Vec::new())
    }
}
