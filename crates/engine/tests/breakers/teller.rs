//! The paper broker, which says of its account what a test wants, and answers as badly as a test wants.

use std::collections::BTreeMap;
use std::future::pending;
use std::sync::{Arc, Mutex, MutexGuard};

use ios012_broker::{Broker, BrokerError, BrokerEvent, News, Statement, Submission};
use ios012_core::{BookEvent, UtcTime};
use ios012_lineage::{Code, OrderId};
use ios012_paper::PaperBroker;

type Lie = Box<dyn FnMut(&mut Statement) + Send>;

/// What the next statements say instead of the truth.
#[derive(Clone, Default)]
pub(crate) struct Lies(Arc<Mutex<Telling>>);

#[derive(Default)]
enum Telling {
    #[default]
    Truth,
    Lie(Lie),
    Nothing,
    NothingOnce,
}

/// How the next calls fail.
#[derive(Clone, Default)]
pub(crate) struct Mishaps(Arc<Mutex<Calls>>);

/// What is still to fail, and what was called.
#[derive(Default)]
pub(crate) struct Calls {
    /// The next order arrives and is filled in its first part, the rest is worked; and this is its answer.
    pub(crate) submit: Option<Unanswered>,
    /// Questions for an order that have no answer.
    pub(crate) hanging_questions: u32,
    /// The first cancel fails.
    pub(crate) cancel_fails: bool,
    /// All that was told is told again with whatever comes next.
    pub(crate) repeats: bool,
    /// A trade is told again as another.
    pub(crate) contradicts: bool,
    /// Orders of which somebody wanted the end.
    pub(crate) cancelled: Vec<OrderId>,
    /// Orders that were sent.
    pub(crate) submitted: Vec<OrderId>,
    happened: BTreeMap<OrderId, Vec<BrokerEvent>>,
    told: Vec<BrokerEvent>,
}

/// What comes in the place of an answer.
#[derive(Clone, Copy)]
pub(crate) enum Unanswered {
    Never,
    Unreachable,
}

impl Mishaps {
    pub(crate) fn calls(&self) -> MutexGuard<'_, Calls> {
        self.0.lock().expect("one thread")
    }
}

impl Calls {
    fn tell(&mut self, new: Vec<BrokerEvent>, news: &mut Vec<BrokerEvent>) {
        if self.repeats {
            news.extend(self.told.iter().cloned());
        }
        if self.contradicts
            && let Some(mut told) = self.told.first().cloned()
        {
            if let News::Filled(fill) = &mut told.news {
                fill.quantity = fill.quantity.checked_add(fill.quantity).expect("units");
            }
            news.push(told);
        }
        self.told.extend(new.iter().cloned());
        news.extend(new);
    }
}

impl Lies {
    pub(crate) fn tell(&self, lie: impl FnMut(&mut Statement) + Send + 'static) {
        *self.0.lock().expect("one thread") = Telling::Lie(Box::new(lie));
    }

    /// The truth again.
    pub(crate) fn end(&self) {
        *self.0.lock().expect("one thread") = Telling::Truth;
    }

    /// A broker that does not answer the next time.
    pub(crate) fn hang_once(&self) {
        *self.0.lock().expect("one thread") = Telling::NothingOnce;
    }

    /// A broker that never answers.
    pub(crate) fn hang(&self) {
        *self.0.lock().expect("one thread") = Telling::Nothing;
    }
}

pub(crate) struct Teller {
    paper: PaperBroker,
    lies: Lies,
    mishaps: Mishaps,
}

impl Teller {
    pub(crate) const fn new(paper: PaperBroker, lies: Lies, mishaps: Mishaps) -> Self {
        Self {
            paper,
            lies,
            mishaps,
        }
    }
}

impl Broker for Teller {
    async fn submit(
        &mut self,
        submission: &Submission,
        news: &mut Vec<BrokerEvent>,
    ) -> Result<(), BrokerError> {
        let order_id = submission.order_id;
        let answer = {
            let mut calls = self.mishaps.calls();
            calls.submitted.push(order_id);
            calls.submit.take()
        };
        let mut new = Vec::new();
        self.paper.submit(submission, &mut new).await?;
        if answer.is_some() {
            new.truncate(1);
        }
        let happened = new.clone();
        self.mishaps.calls().happened.insert(order_id, happened);
        match answer {
            None => {
                self.mishaps.calls().tell(new, news);
                Ok(())
            }
            Some(Unanswered::Never) => pending().await,
            Some(Unanswered::Unreachable) => Err(unreachable()),
        }
    }

    async fn cancel(
        &mut self,
        order_id: OrderId,
        news: &mut Vec<BrokerEvent>,
    ) -> Result<(), BrokerError> {
        let mut new = Vec::new();
        {
            let mut calls = self.mishaps.calls();
            calls.cancelled.push(order_id);
            if std::mem::take(&mut calls.cancel_fails) {
                return Err(unreachable());
            }
        }
        self.paper.cancel(order_id, &mut new).await?;
        let mut calls = self.mishaps.calls();
        let happened = calls.happened.entry(order_id).or_default();
        if new.is_empty() {
            new.push(BrokerEvent {
                order_id,
                news: News::Cancelled,
            });
        }
        happened.extend(new.iter().cloned());
        calls.tell(new, news);
        Ok(())
    }

    async fn poll(&mut self, news: &mut Vec<BrokerEvent>) -> Result<(), BrokerError> {
        let mut new = Vec::new();
        self.paper.poll(&mut new).await?;
        self.mishaps.calls().tell(new, news);
        Ok(())
    }

    fn learn(&mut self, events: &[BookEvent]) {
        self.paper.learn(events);
    }

    async fn statement(&mut self, as_of: UtcTime) -> Result<Statement, BrokerError> {
        let mut statement = self.paper.statement(as_of).await?;
        let hangs = {
            let mut telling = self.lies.0.lock().expect("one thread");
            match &mut *telling {
                Telling::Truth => false,
                Telling::Lie(lie) => {
                    lie(&mut statement);
                    false
                }
                Telling::Nothing => true,
                Telling::NothingOnce => {
                    *telling = Telling::Truth;
                    true
                }
            }
        };
        if hangs {
            pending::<()>().await;
        }
        Ok(statement)
    }

    async fn open_orders(&mut self) -> Result<Vec<OrderId>, BrokerError> {
        self.paper.open_orders().await
    }

    async fn history(&mut self, order_id: OrderId) -> Result<Vec<BrokerEvent>, BrokerError> {
        let hangs = {
            let mut calls = self.mishaps.calls();
            let hangs = calls.hanging_questions > 0;
            calls.hanging_questions = calls.hanging_questions.saturating_sub(1);
            hangs
        };
        if hangs {
            pending::<()>().await;
        }
        let calls = self.mishaps.calls();
        Ok(calls.happened.get(&order_id).cloned().unwrap_or_default())
    }
}

fn unreachable() -> BrokerError {
    BrokerError::Unreachable {
        code: Code::literal("no_answer"),
    }
}
