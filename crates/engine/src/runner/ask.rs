//! Questions to the broker, the doubt that a lost answer leaves, and orders to stop that come meanwhile.

use std::collections::VecDeque;
use std::future::{Future, poll_fn};
use std::pin::pin;
use std::task::Poll;

use ios012_broker::{Broker, BrokerError, BrokerEvent, News, Submission};
use ios012_core::Defcon;
use ios012_lineage::{Code, OrderId};

use super::Runner;
use crate::resume::history_of;
use crate::sink::LedgerSink;
use crate::stop::{StopWatch, Stopped};
use crate::{Effect, EngineError, Event};

/// Why it is not known whether an order arrived that a stop cut off on its way.
const CUT_OFF: Code = Code::literal("cut_off");

/// A call to the broker.
pub(super) enum Ask {
    Submit(Submission),
    Cancel(OrderId),
    Poll,
}

impl<B: Broker, S: LedgerSink, W: StopWatch> Runner<B, S, W> {
    /// Asks the broker, for as long as nobody orders a stop. A submission without an answer leaves its order in
    /// doubt.
    pub(super) async fn ask(&mut self, ask: Ask) -> Result<(), EngineError> {
        // A cancellation waits for nobody.
        if !matches!(ask, Ask::Cancel(_)) {
            self.sink.stay_owner()?;
        }
        let Self {
            broker,
            watch,
            news,
            ..
        } = self;
        let call = async {
            match &ask {
                Ask::Submit(submission) => broker.submit(submission, news).await,
                Ask::Cancel(order_id) => broker.cancel(*order_id, news).await,
                Ask::Poll => broker.poll(news).await,
            }
        };
        let answer = first(call, watch.wait()).await;
        match (ask, answer) {
            (_, Either::First(Ok(()))) => Ok(()),
            (
                Ask::Submit(Submission { order_id, .. }),
                Either::First(Err(
                    BrokerError::Unreachable { code } | BrokerError::Malformed { code },
                )),
            ) => self.doubt(order_id, code),
            (Ask::Cancel(_), Either::First(Err(error))) => {
                self.not_cancelled.get_or_insert(error);
                Ok(())
            }
            (_, Either::First(Err(error))) => Err(error.into()),
            (Ask::Submit(Submission { order_id, .. }), Either::Second(stopped)) => {
                self.doubt(order_id, CUT_OFF)?;
                self.stop(stopped)
            }
            (_, Either::Second(stopped)) => self.stop(stopped),
        }
    }

    /// Before anything new is sent, and before the broker's news are taken: what could not be asked is told, and an
    /// order in doubt is asked for by its id. Returns whether something was done.
    pub(super) async fn clear_up(&mut self) -> Result<bool, EngineError> {
        if let Some(error) = self.not_cancelled.take() {
            return Err(error.into());
        }
        let Some(&order_id) = self.in_doubt.front() else {
            return Ok(false);
        };
        self.sink.stay_owner()?;
        let asked = first(history_of(&mut self.broker, order_id), self.watch.wait());
        match asked.await {
            Either::First(history) => {
                let history = history?;
                self.in_doubt.pop_front();
                for event in history {
                    self.hear(event)?;
                }
            }
            // The doubt stays, and is asked for once what the stop asks for is done.
            Either::Second(stopped) => self.stop(stopped)?,
        }
        Ok(true)
    }

    /// Stops: what has not been sent never is, open orders are cancelled before anything else, and
    /// the trip is recorded. Records wait for the documents that they name.
    pub(super) fn stop(&mut self, stopped: Stopped) -> Result<(), EngineError> {
        let Stopped::Order(order) = stopped else {
            let orders = self.engine.open_orders();
            return if self.is_stopped && orders > 0 {
                Err(EngineError::Unresolved { orders })
            } else {
                Ok(())
            };
        };
        let stops = order.level >= Defcon::Red;
        self.is_stopped |= stops;
        let mut unsent = Vec::new();
        let mut kept = VecDeque::new();
        for effect in self.queue.drain(..) {
            match effect {
                Effect::Submit(submission) if stops => unsent.push(submission.order_id),
                other => kept.push_back(other),
            }
        }
        self.engine.handle(Event::Stop(order), &mut self.effects)?;
        let is_sent = |id: &OrderId| !unsent.contains(id);
        let mut later = Vec::new();
        for effect in self.effects.drain(..) {
            match effect {
                Effect::Cancel(id) if is_sent(&id) => self.queue.push_back(Effect::Cancel(id)),
                Effect::Cancel(_) => {}
                Effect::Alert(alert) => self.queue.push_back(Effect::Alert(alert)),
                other => later.push(other),
            }
        }
        self.queue.extend(kept);
        self.queue.extend(later);
        for order_id in unsent {
            let news = News::Cancelled;
            self.tell(Event::Broker(BrokerEvent { order_id, news }))?;
        }
        if stops && self.engine.open_orders() > 0 {
            self.watch.limit_patience(true);
        }
        Ok(())
    }

    /// It is not known whether an order arrived. That is recorded, and the order is asked for by its id before
    /// anything new is sent; it is never sent again. A broker that cannot say ends the engine, with the order open
    /// on the ledger.
    fn doubt(&mut self, order_id: OrderId, code: Code) -> Result<(), EngineError> {
        let news = News::Unknown(code);
        self.tell(Event::Broker(BrokerEvent { order_id, news }))?;
        self.queue.push_front(Effect::KeepRecords);
        self.in_doubt.push_back(order_id);
        Ok(())
    }
}

/// Which of two was ready first.
pub(super) enum Either<A, B> {
    First(A),
    Second(B),
}

/// The first of two to be ready; of both, the first. The other one is dropped.
pub(super) async fn first<A, B>(
    first: impl Future<Output = A>,
    second: impl Future<Output = B>,
) -> Either<A, B> {
    let (mut first, mut second) = (pin!(first), pin!(second));
    poll_fn(|context| {
        if let Poll::Ready(ready) = first.as_mut().poll(context) {
            return Poll::Ready(Either::First(ready));
        }
        second.as_mut().poll(context).map(Either::Second)
    })
    .await
}
