//! A venue that outlives the process, and does to it whatever a venue may do.
//!
//! It fills in parts, refuses, lets expire, fills after a cancel was asked for, tells twice and out of order, loses
//! requests, answers and connections, and lets a request arrive long after it was given up. It keeps to one
//! promise, that of [`Broker::history`]: what it does not know of then never arrives.

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard};

use ios012_broker::{Broker, BrokerError, BrokerEvent, BrokerFill, News, Statement, Submission};
use ios012_core::sequence::Side;
use ios012_core::{AssetId, Price, Quantity, Ratio, UtcTime};
use ios012_lineage::{Code, OrderId};

use crate::disk::SimulatedDisk;
use crate::random::Random;

/// What a venue did of which the engine must have been the cause.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[expect(missing_docs, reason = "each is a count of what it is called")]
pub struct Tally {
    pub orders: u64,
    pub fills: u64,
    pub lost_requests: u64,
    pub late_requests: u64,
    pub lost_answers: u64,
    pub repeated_news: u64,
    pub fills_after_cancel: u64,
    pub disconnects: u64,
}

impl Tally {
    /// With what another venue did.
    #[must_use]
    pub const fn and(self, other: &Self) -> Self {
        Self {
            orders: self.orders + other.orders,
            fills: self.fills + other.fills,
            lost_requests: self.lost_requests + other.lost_requests,
            late_requests: self.late_requests + other.late_requests,
            lost_answers: self.lost_answers + other.lost_answers,
            repeated_news: self.repeated_news + other.repeated_news,
            fills_after_cancel: self.fills_after_cancel + other.fills_after_cancel,
            disconnects: self.disconnects + other.disconnects,
        }
    }
}

/// The venue, of which each process has a connection.
#[derive(Debug, Clone)]
pub(crate) struct Venue {
    state: Arc<Mutex<State>>,
}

#[derive(Debug)]
struct State {
    random: Random,
    disk: SimulatedDisk,
    fee: Ratio,
    /// How often of a hundred each fault comes; none at all where zero.
    faults: u64,
    /// A plant: a request without an answer is sent again.
    retries: bool,
    orders: BTreeMap<OrderId, Placed>,
    /// The same, in the order in which they arrived.
    latest: Vec<OrderId>,
    /// Requests that were given up, and are still on their way.
    on_the_way: Vec<Submission>,
    /// News that the process has not heard.
    untold: VecDeque<BrokerEvent>,
    holds: BTreeMap<AssetId, i128>,
    tally: Tally,
    /// The first thing that must not be.
    broken: Option<String>,
}

#[derive(Debug)]
struct Placed {
    submission: Submission,
    /// What happened.
    history: Vec<News>,
    /// What will happen.
    plan: VecDeque<News>,
}

impl Venue {
    pub(crate) fn new(random: Random, disk: SimulatedDisk, fee: Ratio) -> Self {
        let state = State {
            random,
            disk,
            fee,
            faults: 0,
            retries: false,
            orders: BTreeMap::new(),
            latest: Vec::new(),
            on_the_way: Vec::new(),
            untold: VecDeque::new(),
            holds: BTreeMap::new(),
            tally: Tally::default(),
            broken: None,
        };
        Self {
            state: Arc::new(Mutex::new(state)),
        }
    }

    /// A new process is connected. What the one before had not heard is told to nobody, or to this one, and with
    /// faults it hears again what was told before.
    pub(crate) fn begin_life(&self, faults: u64) {
        let mut state = self.lock();
        state.faults = faults;
        if state.random.percent(50) {
            state.untold.clear();
        }
        if state.strikes(8) {
            state.repeat_history();
        }
    }

    /// Sends a request again where it has no answer: a bug that must be found.
    pub(crate) fn retry(&self) {
        self.lock().retries = true;
    }

    pub(crate) fn tally(&self) -> Tally {
        self.lock().tally
    }

    /// The first thing that must not be.
    pub(crate) fn broken(&self) -> Option<String> {
        self.lock().broken.clone()
    }

    /// Units of each asset that is held.
    pub(crate) fn holds(&self) -> Vec<(AssetId, Quantity)> {
        self.lock().positions()
    }

    /// Orders that can still have an effect.
    pub(crate) fn open_orders(&self) -> Vec<OrderId> {
        let state = self.lock();
        let waiting = state.on_the_way.iter().map(|sent| sent.order_id);
        state.working().into_iter().chain(waiting).collect()
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner)
    }
}

impl State {
    fn strikes(&mut self, weight: u64) -> bool {
        self.faults > 0
            && self
                .random
                .percent(self.faults.saturating_mul(weight).min(60))
    }

    fn disconnects(&mut self) -> Result<(), BrokerError> {
        if self.strikes(1) {
            self.tally.disconnects += 1;
            return Err(unreachable("disconnected"));
        }
        Ok(())
    }

    fn break_with(&mut self, what: String) {
        self.broken.get_or_insert(what);
    }

    fn submit(&mut self, submission: &Submission) -> Result<(), BrokerError> {
        let order_id = submission.order_id;
        if !self.disk.holds_durably(&order_id.to_string()) {
            self.break_with(format!(
                "order {order_id} left before its intent was durable"
            ));
        }
        let sent = self.request(submission);
        if self.retries && sent.is_err() {
            return self.request(submission);
        }
        sent
    }

    fn request(&mut self, submission: &Submission) -> Result<(), BrokerError> {
        if self.strikes(2) {
            let lost = self.random.below(4);
            if lost == 0 {
                self.tally.lost_requests += 1;
                return Err(unreachable("no_answer"));
            }
            if lost == 1 {
                self.tally.late_requests += 1;
                self.on_the_way.push(submission.clone());
                return Err(unreachable("no_answer"));
            }
            self.arrive(submission.clone());
            self.tally.lost_answers += 1;
            return Err(if lost == 2 {
                unreachable("no_answer")
            } else {
                BrokerError::Malformed {
                    code: Code::literal("half_an_answer"),
                }
            });
        }
        self.arrive(submission.clone());
        Ok(())
    }

    fn arrive(&mut self, submission: Submission) {
        let order_id = submission.order_id;
        self.tally.orders += 1;
        if self.orders.contains_key(&order_id) {
            self.break_with(format!("order {order_id} was sent twice"));
            return;
        }
        let plan = self.plan(&submission);
        let placed = Placed {
            submission,
            history: Vec::new(),
            plan,
        };
        self.orders.insert(order_id, placed);
        self.latest.push(order_id);
        if self.random.percent(50) {
            self.happen(order_id, 3);
        }
    }

    /// Everything that is on its way arrives.
    fn deliver(&mut self) {
        for submission in std::mem::take(&mut self.on_the_way) {
            self.arrive(submission);
        }
    }

    fn plan(&mut self, submission: &Submission) -> VecDeque<News> {
        let mut plan = VecDeque::new();
        if self.random.percent(40) {
            plan.push_back(News::Accepted);
        }
        let fails = self.random.percent(25);
        let parts = if fails {
            self.random.below(3)
        } else {
            1 + self.random.below(3)
        };
        let mut left = submission.order.quantity().units();
        for part in 1..=parts {
            let is_last = part == parts && !fails;
            let share = i128::from(self.random.below(17));
            let units = if is_last { left } else { left * share / 16 };
            if units <= 0 || (fails && units == left) {
                continue;
            }
            left -= units;
            match self.fill(submission, Quantity::from_units(units), part) {
                Some(fill) => plan.push_back(News::Filled(fill)),
                None => self.break_with("a fill cannot be computed".to_owned()),
            }
        }
        if left > 0 {
            plan.push_back(match self.random.below(3) {
                0 => News::Expired(Code::literal("limit_not_reached")),
                1 => News::Cancelled,
                _ => News::Rejected(Code::literal("venue_closed")),
            });
        }
        plan
    }

    /// Between the reference price and the limit, and at a time that the venue's clock says, which jumps.
    fn fill(
        &mut self,
        submission: &Submission,
        quantity: Quantity,
        part: u64,
    ) -> Option<BrokerFill> {
        let order = &submission.order;
        let (limit, reference) = (order.limit_price().units(), order.reference_price().units());
        let step = i128::from(self.random.below(17));
        let price = reference + (limit - reference) * step / 16;
        let price = Price::from_units(match order.side() {
            Side::Buy => price.min(limit),
            Side::Sell => price.max(limit),
        });
        let shift = self
            .random
            .one_of([0, 0, 0, 700, 5_000, 60_000, -86_400_000, 90_000]);
        let time = submission.not_before.unix_milliseconds() + shift;
        Some(BrokerFill {
            fill_id: part.to_string().parse().ok()?,
            quantity,
            price,
            fee: order.commission(quantity, price, self.fee).ok()?,
            currency: order.currency().clone(),
            time: UtcTime::from_unix_milliseconds(time).ok()?,
        })
    }

    /// Some of what was planned for an order happens, and will be told.
    fn happen(&mut self, order_id: OrderId, most: usize) {
        for _ in 0..most {
            let Some(placed) = self.orders.get_mut(&order_id) else {
                return;
            };
            let Some(news) = placed.plan.pop_front() else {
                return;
            };
            if let News::Filled(fill) = &news {
                let order = &placed.submission.order;
                let held = self.holds.entry(order.asset_id().clone()).or_default();
                *held += match order.side() {
                    Side::Buy => fill.quantity.units(),
                    Side::Sell => -fill.quantity.units(),
                };
                self.tally.fills += 1;
            }
            placed.history.push(news.clone());
            self.untold.push_back(BrokerEvent { order_id, news });
        }
    }

    /// What happened to the orders of the latest cycles will be told once more.
    fn repeat_history(&mut self) {
        const LATEST: usize = 12;
        let latest = std::mem::take(&mut self.latest);
        for order_id in latest.iter().rev().take(LATEST) {
            let history = self.orders.get(order_id).into_iter();
            let history = history.flat_map(|placed| placed.history.iter().cloned());
            let events: Vec<_> = history
                .map(|news| BrokerEvent {
                    order_id: *order_id,
                    news,
                })
                .collect();
            self.tally.repeated_news += events.len() as u64;
            self.untold.extend(events);
        }
        self.latest = latest;
    }

    fn working(&self) -> Vec<OrderId> {
        let working = self.orders.iter();
        let working = working.filter(|(_, placed)| !placed.plan.is_empty());
        working.map(|(&id, _)| id).collect()
    }

    fn positions(&self) -> Vec<(AssetId, Quantity)> {
        let held = self.holds.iter().filter(|(_, units)| **units != 0);
        held.map(|(id, units)| (id.clone(), Quantity::from_units(*units)))
            .collect()
    }

    /// Tells what is untold: in another sequence of the orders now and then, and some of it twice.
    fn tell(&mut self, news: &mut Vec<BrokerEvent>) {
        let repeats = self.strikes(1).then(|| self.untold.front().cloned());
        let mut told: Vec<_> = self.untold.drain(..).collect();
        if self.random.percent(30) {
            told.sort_by_key(|event| event.order_id);
        }
        news.extend(told);
        if let Some(event) = repeats.flatten() {
            self.tally.repeated_news += 1;
            self.untold.push_back(event);
        }
    }

    fn cancel(&mut self, order_id: OrderId) {
        let Some(placed) = self.orders.get(&order_id) else {
            return;
        };
        if placed.plan.is_empty() {
            return;
        }
        let fills_first = matches!(placed.plan.front(), Some(News::Filled(_)));
        if fills_first && self.random.percent(50) {
            self.tally.fills_after_cancel += 1;
            self.happen(order_id, 1);
        }
        if let Some(placed) = self.orders.get_mut(&order_id)
            && !placed.plan.is_empty()
        {
            placed.plan = VecDeque::from([News::Cancelled]);
            self.happen(order_id, 1);
        }
    }

    fn poll(&mut self) {
        let working = self.working();
        let places = working.len() as u64;
        let at = usize::try_from(self.random.below(places)).unwrap_or_default();
        if let Some(&order_id) = working.get(at) {
            let steps = 1 + self.random.below(2);
            self.happen(order_id, usize::try_from(steps).unwrap_or(1));
        }
    }
}

impl Broker for Venue {
    async fn submit(
        &mut self,
        submission: &Submission,
        news: &mut Vec<BrokerEvent>,
    ) -> Result<(), BrokerError> {
        let mut state = self.lock();
        state.submit(submission)?;
        if state.random.percent(50) {
            state.tell(news);
        }
        Ok(())
    }

    async fn cancel(
        &mut self,
        order_id: OrderId,
        news: &mut Vec<BrokerEvent>,
    ) -> Result<(), BrokerError> {
        let mut state = self.lock();
        state.disconnects()?;
        state.deliver();
        state.cancel(order_id);
        state.tell(news);
        state.disconnects()
    }

    async fn poll(&mut self, news: &mut Vec<BrokerEvent>) -> Result<(), BrokerError> {
        let mut state = self.lock();
        state.disconnects()?;
        state.deliver();
        state.poll();
        state.tell(news);
        Ok(())
    }

    async fn statement(&mut self, as_of: UtcTime) -> Result<Statement, BrokerError> {
        let mut state = self.lock();
        state.disconnects()?;
        state.deliver();
        Ok(Statement {
            time: as_of,
            positions: state.positions(),
            cash: None,
            open_orders: state.working(),
        })
    }

    async fn open_orders(&mut self) -> Result<Vec<OrderId>, BrokerError> {
        Ok(self.lock().working())
    }

    async fn history(&mut self, order_id: OrderId) -> Result<Vec<BrokerEvent>, BrokerError> {
        let mut state = self.lock();
        state.disconnects()?;
        state.deliver();
        let Some(placed) = state.orders.get(&order_id) else {
            return Ok(Vec::new());
        };
        let nothing_yet = placed.history.is_empty().then_some(News::Accepted);
        let news = placed.history.iter().cloned().chain(nothing_yet);
        Ok(news.map(|news| BrokerEvent { order_id, news }).collect())
    }
}

fn unreachable(code: &'static str) -> BrokerError {
    // Every code of this file is in the grammar.
    let code = code
        .parse()
        .unwrap_or(const { Code::literal("unreachable") });
    BrokerError::Unreachable { code }
}
