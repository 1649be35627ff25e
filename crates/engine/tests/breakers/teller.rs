//! The paper broker, which says of its account what a test wants.

use std::future::pending;
use std::sync::{Arc, Mutex};

use ios012_broker::{Broker, BrokerError, BrokerEvent, Statement, Submission};
use ios012_core::{BookEvent, UtcTime};
use ios012_lineage::OrderId;
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
}

impl Lies {
    pub(crate) fn tell(&self, lie: impl FnMut(&mut Statement) + Send + 'static) {
        *self.0.lock().expect("one thread") = Telling::Lie(Box::new(lie));
    }

    /// The truth again.
    pub(crate) fn end(&self) {
        *self.0.lock().expect("one thread") = Telling::Truth;
    }

    /// A broker that never answers.
    pub(crate) fn hang(&self) {
        *self.0.lock().expect("one thread") = Telling::Nothing;
    }
}

pub(crate) struct Teller {
    paper: PaperBroker,
    lies: Lies,
}

impl Teller {
    pub(crate) const fn new(paper: PaperBroker, lies: Lies) -> Self {
        Self { paper, lies }
    }
}

impl Broker for Teller {
    async fn submit(
        &mut self,
        submission: &Submission,
        news: &mut Vec<BrokerEvent>,
    ) -> Result<(), BrokerError> {
        self.paper.submit(submission, news).await
    }

    async fn cancel(
        &mut self,
        order_id: OrderId,
        news: &mut Vec<BrokerEvent>,
    ) -> Result<(), BrokerError> {
        self.paper.cancel(order_id, news).await
    }

    async fn poll(&mut self, news: &mut Vec<BrokerEvent>) -> Result<(), BrokerError> {
        self.paper.poll(news).await
    }

    fn learn(&mut self, events: &[BookEvent]) {
        self.paper.learn(events);
    }

    async fn statement(&mut self, as_of: UtcTime) -> Result<Statement, BrokerError> {
        let mut statement = self.paper.statement(as_of).await?;
        let hangs = match &mut *self.lies.0.lock().expect("one thread") {
            Telling::Truth => false,
            Telling::Lie(lie) => {
                lie(&mut statement);
                false
            }
            Telling::Nothing => true,
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
        self.paper.history(order_id).await
    }
}
