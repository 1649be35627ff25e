//! Performs effects in order and hands back what happened. It decides nothing.

use std::collections::VecDeque;
use std::future::{Future, poll_fn};
use std::pin::pin;
use std::sync::Arc;
use std::task::Poll;

use crate::resume::history_of;
use crate::sink::LedgerSink;
use crate::stop::{StopWatch, Stopped, Unwatched};
use crate::{Alert, BrokerAccount, CycleSummary, Effect, Engine, EngineError, Event};
use ios012_broker::{Broker, BrokerError, BrokerEvent, News, Submission};
use ios012_contracts::{CycleInput, Mandate, Market, Refusal, Regimes, Standing};
use ios012_core::{Defcon, UtcTime};
use ios012_governance::AuthorisedCommand;
use ios012_lineage::{Code, OrderId};

/// News that is remembered, at most.
const MOST_REMEMBERED: usize = 4_096;

/// An engine with its broker and its ledger.
#[derive(Debug)]
pub struct Runner<B, S, W = Unwatched> {
    engine: Engine,
    broker: B,
    sink: S,
    watch: W,
    /// Alerts that were told and have not been taken.
    told: Vec<Alert>,
    effects: Vec<Effect>,
    queue: VecDeque<Effect>,
    news: Vec<BrokerEvent>,
    wake_at: Option<UtcTime>,
    /// The last news of orders that were asked for by their ids: a broker may tell it once more.
    resolved: VecDeque<BrokerEvent>,
    /// Whether the open cycle was stopped.
    is_stopped: bool,
    superseded_at: Option<UtcTime>,
}

impl<B: Broker, S: LedgerSink> Runner<B, S> {
    /// A runner that nobody stops.
    ///
    /// # Errors
    /// [`EngineError::Ledger`].
    pub fn new(engine: Engine, broker: B, sink: S) -> Result<Self, EngineError> {
        Self::watched(engine, broker, sink, Unwatched)
    }
}

impl<B: Broker, S: LedgerSink, W: StopWatch> Runner<B, S, W> {
    /// Keeps what the engine has pending (the genesis record of a new ledger).
    ///
    /// # Errors
    /// [`EngineError::Ledger`].
    pub fn watched(
        mut engine: Engine,
        broker: B,
        mut sink: S,
        watch: W,
    ) -> Result<Self, EngineError> {
        sink.records(engine.chain_mut())?;
        Ok(Self {
            engine,
            broker,
            sink,
            watch,
            told: Vec::new(),
            effects: Vec::new(),
            queue: VecDeque::new(),
            news: Vec::new(),
            wake_at: None,
            resolved: VecDeque::new(),
            is_stopped: false,
            superseded_at: None,
        })
    }

    /// The same runner, which passes over this news if the broker tells it once more: a recovery has asked for it
    /// ([`crate::Resumed::heard`]).
    #[must_use]
    pub fn having_heard(mut self, heard: impl IntoIterator<Item = BrokerEvent>) -> Self {
        for event in heard {
            self.remember(event);
        }
        self
    }

    fn remember(&mut self, event: BrokerEvent) {
        self.resolved.push_back(event);
        if self.resolved.len() > MOST_REMEMBERED {
            self.resolved.pop_front();
        }
    }

    /// The engine.
    pub const fn engine(&self) -> &Engine {
        &self.engine
    }

    /// Where records go.
    pub const fn sink(&self) -> &S {
        &self.sink
    }

    /// Runs one cycle to its seal. Time is data: an order that waits leaves when everything before
    /// its time has happened. What is planned for `superseded_at` or later, the time of the next
    /// mandate if there is one, does not leave. An input that does not fit the portfolio's state is recorded
    /// as a refusal and returned beside the summary.
    ///
    /// # Errors
    /// What halts the engine. The ledger then ends in an open cycle.
    pub async fn cycle(
        &mut self,
        standing: &Arc<Standing>,
        regimes: Option<Arc<Regimes>>,
        mandate: Mandate,
        market: Market,
        superseded_at: Option<UtcTime>,
    ) -> Result<(CycleSummary, Option<Refusal>), EngineError> {
        self.heed().await?;
        let last = self.engine.last_accepted();
        let held = self.engine.held();
        let snapshot = self.engine.must_unwind().then(|| market.clone());
        match CycleInput::check(standing, regimes, mandate, market, last, held) {
            Ok(input) => Ok((self.begin(input, superseded_at).await?, None)),
            Err(refusal) => {
                let refused = self.refuse(refusal.clone()).await?;
                // A mandate that does not fit never keeps a portfolio from going to cash.
                match snapshot {
                    Some(market) => self.unwind(standing, market).await,
                    None => Ok((refused, Some(refusal))),
                }
            }
        }
    }

    /// Runs one cycle without a mandate: a breaker unwinds what is held. A snapshot that does not fit is
    /// recorded as a refusal and returned beside the summary.
    ///
    /// # Errors
    /// What halts the engine: among that, that no breaker unwinds.
    pub async fn unwind(
        &mut self,
        standing: &Arc<Standing>,
        market: Market,
    ) -> Result<(CycleSummary, Option<Refusal>), EngineError> {
        let last = self.engine.last_accepted();
        let held = self.engine.held();
        match CycleInput::check_action(standing, market, last, held) {
            Ok(input) => Ok((self.begin(input, None).await?, None)),
            Err(refusal) => Ok((self.refuse(refusal.clone()).await?, Some(refusal))),
        }
    }

    /// Takes an order to stop that came while no cycle was open.
    ///
    /// # Errors
    /// What halts the engine.
    pub async fn heed(&mut self) -> Result<(), EngineError> {
        self.queue.clear();
        self.drain().await.map(|_| ())
    }

    /// Carries out a signed command. Whether the machine allowed it stands on the ledger.
    ///
    /// # Errors
    /// What halts the engine.
    pub async fn command(&mut self, command: AuthorisedCommand) -> Result<(), EngineError> {
        self.queue.clear();
        self.tell(Event::Command(Box::new(command)))?;
        self.drain().await.map(|_| ())
    }

    /// What was told since the last call ([`Alert::tell`]).
    pub fn take_alerts(&mut self) -> Vec<Alert> {
        std::mem::take(&mut self.told)
    }

    /// Records a document that could not be read.
    ///
    /// # Errors
    /// What halts the engine.
    pub async fn refuse(&mut self, refusal: Refusal) -> Result<CycleSummary, EngineError> {
        self.perform(Event::Refused(Box::new(refusal))).await
    }

    /// Gives up the engine for what was kept of it.
    pub fn into_sink(self) -> S {
        self.sink
    }

    /// Makes everything durable and returns the engine.
    ///
    /// # Errors
    /// [`EngineError::Ledger`].
    pub fn finish(mut self) -> Result<Engine, EngineError> {
        self.sink.finish(self.engine.chain_mut())?;
        Ok(self.engine)
    }

    /// Asks the broker what the account holds, and runs the cycle.
    async fn begin(
        &mut self,
        input: CycleInput,
        superseded_at: Option<UtcTime>,
    ) -> Result<CycleSummary, EngineError> {
        self.superseded_at = superseded_at;
        self.broker.learn(input.events());
        let asked = first(self.broker.statement(input.as_of()), self.watch.wait());
        match asked.await {
            Either::First(statement) => {
                let account = BrokerAccount::stated(statement?);
                self.perform(Event::Cycle(Box::new(input), account)).await
            }
            Either::Second(stopped) => {
                self.queue.clear();
                self.stop(stopped)?;
                self.drain().await?;
                Err(EngineError::NoStatement)
            }
        }
    }

    async fn perform(&mut self, event: Event) -> Result<CycleSummary, EngineError> {
        self.queue.clear();
        self.news.clear();
        self.wake_at = None;
        self.is_stopped = false;
        self.tell(event)?;
        loop {
            if let Some(summary) = self.drain().await? {
                return Ok(summary);
            }
            if self.news.is_empty()
                && let Some(time) = self.wake_at.take()
            {
                let superseded = self.superseded_at.is_some_and(|next| next <= time);
                self.tell(if superseded {
                    Event::Superseded
                } else {
                    Event::Time(time)
                })?;
                continue;
            }
            if self.news.is_empty() {
                self.ask(Ask::Poll).await?;
            }
            if self.news.is_empty() && self.queue.is_empty() {
                if self.is_stopped {
                    let orders = self.engine.open_orders();
                    return Err(EngineError::Unresolved { orders });
                }
                return Err(EngineError::Sequence(
                    "orders are open and the broker has no news",
                ));
            }
            let mut news = std::mem::take(&mut self.news);
            for event in news.drain(..) {
                if !self.resolved.contains(&event) {
                    self.tell(Event::Broker(event))?;
                }
            }
            self.news = news;
        }
    }

    /// Performs what is asked for, one effect after another, until nothing is or the cycle ended.
    async fn drain(&mut self) -> Result<Option<CycleSummary>, EngineError> {
        loop {
            if let Some(stopped) = self.watch.poll() {
                self.stop(stopped)?;
            }
            let Some(effect) = self.queue.pop_front() else {
                return Ok(None);
            };
            match effect {
                Effect::KeepDocuments => {
                    for (kind, hash, canonical) in self.engine.documents() {
                        self.sink.document(kind, hash, canonical)?;
                    }
                }
                Effect::KeepRecords => self.sink.records(self.engine.chain_mut())?,
                Effect::Submit(submission) => self.ask(Ask::Submit(submission)).await?,
                Effect::Cancel(order_id) => self.ask(Ask::Cancel(order_id)).await?,
                Effect::Alert(alert) => {
                    alert.tell();
                    self.told.push(alert);
                }
                Effect::WakeAt(time) => self.wake_at = Some(time),
                Effect::Sealed(summary) => {
                    self.sink.cycle_ended(self.engine.chain_mut())?;
                    return Ok(Some(summary));
                }
            }
        }
    }

    /// Asks the broker, for as long as nobody orders a stop. What the broker made of a call that was
    /// cut off is not known: its order stays open until the broker tells of it.
    async fn ask(&mut self, ask: Ask) -> Result<(), EngineError> {
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
        match first(call, watch.wait()).await {
            Either::First(Ok(())) => Ok(()),
            Either::First(Err(error)) => match (&ask, error) {
                (
                    Ask::Submit(submission),
                    BrokerError::Unreachable { code } | BrokerError::Malformed { code },
                ) => self.resolve(submission, code).await,
                (_, error) => Err(error.into()),
            },
            Either::Second(stopped) => self.stop(stopped),
        }
    }

    /// It is not known whether an order arrived. That is recorded, and the order is asked for by its id
    /// before anything else; it is never sent again. A broker that cannot say ends the engine, with the
    /// order open on the ledger.
    async fn resolve(&mut self, submission: &Submission, code: Code) -> Result<(), EngineError> {
        let order_id = submission.order_id;
        self.news.retain(|event| event.order_id != order_id);
        let news = News::Unknown(code);
        self.tell(Event::Broker(BrokerEvent { order_id, news }))?;
        self.sink.records(self.engine.chain_mut())?;
        let asked = first(history_of(&mut self.broker, order_id), self.watch.wait());
        match asked.await {
            Either::First(history) => {
                for event in history? {
                    self.remember(event.clone());
                    self.tell(Event::Broker(event))?;
                }
                Ok(())
            }
            Either::Second(stopped) => self.stop(stopped),
        }
    }

    /// Stops: what has not been sent never is, open orders are cancelled before anything else, and
    /// the trip is recorded. Records wait for the documents that they name.
    fn stop(&mut self, stopped: Stopped) -> Result<(), EngineError> {
        let Stopped::Order(order) = stopped else {
            let orders = self.engine.open_orders();
            return if orders == 0 {
                Ok(())
            } else {
                Err(EngineError::Unresolved { orders })
            };
        };
        self.is_stopped |= order.level >= Defcon::Red;
        let mut unsent = Vec::new();
        let mut kept = VecDeque::new();
        for effect in self.queue.drain(..) {
            match effect {
                Effect::Submit(submission) if order.level >= Defcon::Red => {
                    unsent.push(submission.order_id);
                }
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
        Ok(())
    }

    fn tell(&mut self, event: Event) -> Result<(), EngineError> {
        self.engine.handle(event, &mut self.effects)?;
        self.queue.extend(self.effects.drain(..));
        Ok(())
    }
}

/// A call to the broker.
enum Ask {
    Submit(Submission),
    Cancel(OrderId),
    Poll,
}

/// Which of two was ready first.
enum Either<A, B> {
    First(A),
    Second(B),
}

/// The first of two to be ready; of both, the first. The other one is dropped.
async fn first<A, B>(
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
