//! A venue that outlives the workers, and loses one order or its answer.

use std::future::poll_fn;
use std::sync::{Arc, Mutex, MutexGuard};
use std::task::Poll;

use ios012_broker::{Broker, BrokerError, BrokerEvent, News, Statement, Submission};
use ios012_core::{AssetId, BookEvent, Quantity, Ratio, UtcTime};
use ios012_lineage::{Code, OrderId};
use ios012_paper::{PaperBroker, Script};

use super::now;

/// What becomes of one order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Loses {
    /// The venue never hears of it.
    Order,
    /// It is carried out, and nobody hears of that.
    Answer,
}

/// One account at a venue, for as many workers as want it.
#[derive(Debug, Clone)]
pub(super) struct Venue(Arc<Mutex<State>>);

#[derive(Debug)]
struct State {
    paper: PaperBroker,
    /// Every submission that was made, in its order.
    submitted: Vec<OrderId>,
    loses: Option<(usize, Loses)>,
    /// How often it was asked for an order, or to cancel one.
    asked: usize,
    /// Whether a worker that waits for an answer gets it now.
    answers: bool,
}

impl Venue {
    /// A venue that loses something of the submission with this number, counted from 1.
    pub(super) fn new((fee, slippage): (Ratio, Ratio), loses: Option<(usize, Loses)>) -> Self {
        Self(Arc::new(Mutex::new(State {
            paper: PaperBroker::new(fee, slippage, Script::default()).with_history(),
            submitted: Vec::new(),
            loses,
            asked: 0,
            answers: false,
        })))
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().expect("one thread")
    }

    pub(super) fn submitted(&self) -> Vec<OrderId> {
        self.state().submitted.clone()
    }

    pub(super) fn asked(&self) -> usize {
        self.state().asked
    }

    /// Lets the worker go on that waits.
    pub(super) fn answer(&self) {
        self.state().answers = true;
    }

    /// What it holds, by its own count.
    pub(super) fn holds(&self, at: UtcTime) -> Vec<(AssetId, Quantity)> {
        let statement = now(self.state().paper.statement(at));
        statement.expect("a statement").positions
    }

    /// The ids of all trades of an order.
    pub(super) fn fills(&self, order_id: OrderId) -> Vec<Code> {
        let history = now(self.state().paper.history(order_id)).expect("a history");
        let fills = history.into_iter().filter_map(|event| match event.news {
            News::Filled(fill) => Some(fill.fill_id),
            _ => None,
        });
        fills.collect()
    }
}

impl Broker for Venue {
    async fn submit(
        &mut self,
        submission: &Submission,
        news: &mut Vec<BrokerEvent>,
    ) -> Result<(), BrokerError> {
        {
            let mut state = self.state();
            state.submitted.push(submission.order_id);
            let number = state.submitted.len();
            match state.loses.filter(|(at, _)| *at == number) {
                None => return now(state.paper.submit(submission, news)),
                Some((_, Loses::Answer)) => {
                    now(state.paper.submit(submission, &mut Vec::new()))?;
                }
                Some((_, Loses::Order)) => {}
            }
        }
        let state = Arc::clone(&self.0);
        poll_fn(move |_| {
            if state.lock().expect("one thread").answers {
                Poll::Ready(())
            } else {
                Poll::Pending
            }
        })
        .await;
        Ok(())
    }

    async fn cancel(
        &mut self,
        order_id: OrderId,
        news: &mut Vec<BrokerEvent>,
    ) -> Result<(), BrokerError> {
        self.state().asked += 1;
        now(self.state().paper.cancel(order_id, news))
    }

    async fn poll(&mut self, news: &mut Vec<BrokerEvent>) -> Result<(), BrokerError> {
        now(self.state().paper.poll(news))
    }

    fn learn(&mut self, events: &[BookEvent]) {
        self.state().paper.learn(events);
    }

    async fn statement(&mut self, as_of: UtcTime) -> Result<Statement, BrokerError> {
        now(self.state().paper.statement(as_of))
    }

    async fn open_orders(&mut self) -> Result<Vec<OrderId>, BrokerError> {
        now(self.state().paper.open_orders())
    }

    async fn history(&mut self, order_id: OrderId) -> Result<Vec<BrokerEvent>, BrokerError> {
        self.state().asked += 1;
        now(self.state().paper.history(order_id))
    }
}
