//! Performs effects in order and hands back what happened. It decides nothing.

mod ask;

use std::collections::VecDeque;
use std::sync::Arc;

use crate::heard::Heard;
use crate::sink::LedgerSink;
use crate::stop::{StopWatch, Unwatched};
use crate::{Alert, BrokerAccount, CycleSummary, Effect, Engine, EngineError, Event};
use ios012_broker::{Broker, BrokerError, BrokerEvent};
use ios012_contracts::{CycleInput, Mandate, Market, Refusal, Regimes, Standing};
use ios012_core::UtcTime;
use ios012_governance::AuthorisedCommand;
use ios012_lineage::OrderId;

use ask::{Ask, Either, first};

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
    heard: Heard,
    /// Orders of which it is not known whether they arrived. No end of theirs is told to the engine before the
    /// broker was asked for all that happened to them.
    in_doubt: VecDeque<OrderId>,
    /// Why an open order could not be cancelled. What else a stop asks for comes first.
    not_cancelled: Option<BrokerError>,
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
            heard: Heard::default(),
            in_doubt: VecDeque::new(),
            not_cancelled: None,
            is_stopped: false,
            superseded_at: None,
        })
    }

    /// The same runner, which passes over what the broker told before ([`crate::Resumed::heard`]).
    #[must_use]
    pub fn having_heard(self, heard: Heard) -> Self {
        Self { heard, ..self }
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

    /// Makes durable what a sink that groups cycles holds back: call it where no cycle follows at once.
    ///
    /// # Errors
    /// As for [`LedgerSink::records`].
    pub fn keep(&mut self) -> Result<(), EngineError> {
        self.sink.records(self.engine.chain_mut())
    }

    /// Makes sure that the ledger is still ours to write, where that can be lost: call it well within a lease
    /// wherever no cycle runs.
    ///
    /// # Errors
    /// As for [`LedgerSink::stay_owner`].
    pub fn stay_owner(&mut self) -> Result<(), EngineError> {
        self.sink.stay_owner()
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
        self.is_stopped = false;
        self.watch.limit_patience(false);
        self.broker.learn(input.events());
        loop {
            let asked = first(self.broker.statement(input.as_of()), self.watch.wait());
            match asked.await {
                Either::First(statement) => {
                    let account = BrokerAccount::stated(statement?);
                    return self.perform(Event::Cycle(Box::new(input), account)).await;
                }
                Either::Second(stopped) => {
                    self.queue.clear();
                    self.stop(stopped)?;
                    self.drain().await?;
                    if self.is_stopped {
                        return Err(EngineError::NoStatement);
                    }
                }
            }
        }
    }

    async fn perform(&mut self, event: Event) -> Result<CycleSummary, EngineError> {
        self.queue.clear();
        self.news.clear();
        self.wake_at = None;
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
                self.hear(event)?;
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
            let sends = matches!(self.queue.front(), None | Some(Effect::Submit(_)));
            if sends && self.clear_up().await? {
                continue;
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

    /// Tells the engine what the broker has not told before.
    fn hear(&mut self, event: BrokerEvent) -> Result<(), EngineError> {
        let is_open = self.engine.is_open(event.order_id);
        if self.heard.is_repeat(&event, is_open) {
            return Ok(());
        }
        self.heard.remember(&event);
        self.tell(Event::Broker(event))
    }

    fn tell(&mut self, event: Event) -> Result<(), EngineError> {
        self.engine.handle(event, &mut self.effects)?;
        self.queue.extend(self.effects.drain(..));
        Ok(())
    }
}
