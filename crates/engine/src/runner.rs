//! Performs effects in order and hands back what happened. It decides nothing.

use std::collections::VecDeque;
use std::sync::Arc;

use crate::sink::LedgerSink;
use crate::{CycleSummary, Effect, Engine, EngineError, Event};
use ios012_broker::{Broker, BrokerEvent};
use ios012_contracts::{CycleInput, Mandate, Market, Refusal, Regimes, Standing};
use ios012_core::UtcTime;

/// An engine with its broker and its ledger.
#[derive(Debug)]
pub struct Runner<B, S> {
    engine: Engine,
    broker: B,
    sink: S,
    effects: Vec<Effect>,
    queue: VecDeque<Effect>,
    news: Vec<BrokerEvent>,
    superseded_at: Option<UtcTime>,
}

impl<B: Broker, S: LedgerSink> Runner<B, S> {
    /// Keeps what the engine has pending (the genesis record of a new ledger).
    ///
    /// # Errors
    /// [`EngineError::Ledger`].
    pub fn new(mut engine: Engine, broker: B, mut sink: S) -> Result<Self, EngineError> {
        sink.records(engine.chain_mut())?;
        Ok(Self {
            engine,
            broker,
            sink,
            effects: Vec::new(),
            queue: VecDeque::new(),
            news: Vec::new(),
            superseded_at: None,
        })
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
        let last = self.engine.last_accepted();
        let held = self.engine.held();
        let snapshot = self.engine.must_unwind().then(|| market.clone());
        match CycleInput::check(standing, regimes, mandate, market, last, held) {
            Ok(input) => {
                self.superseded_at = superseded_at;
                Ok((self.perform(Event::Cycle(Box::new(input))).await?, None))
            }
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
            Ok(input) => {
                self.superseded_at = None;
                Ok((self.perform(Event::Cycle(Box::new(input))).await?, None))
            }
            Err(refusal) => Ok((self.refuse(refusal.clone()).await?, Some(refusal))),
        }
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

    async fn perform(&mut self, event: Event) -> Result<CycleSummary, EngineError> {
        self.queue.clear();
        self.news.clear();
        let mut wake_at = None;
        self.tell(event)?;
        loop {
            while let Some(effect) = self.queue.pop_front() {
                match effect {
                    Effect::KeepDocuments => {
                        for (kind, hash, canonical) in self.engine.documents() {
                            self.sink.document(kind, hash, canonical)?;
                        }
                    }
                    Effect::KeepRecords => self.sink.records(self.engine.chain_mut())?,
                    Effect::Submit(submission) => {
                        self.broker.submit(&submission, &mut self.news).await?;
                    }
                    Effect::WakeAt(time) => wake_at = Some(time),
                    Effect::Sealed(summary) => {
                        self.sink.cycle_ended(self.engine.chain_mut())?;
                        return Ok(summary);
                    }
                }
            }
            if self.news.is_empty()
                && let Some(time) = wake_at.take()
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
                self.broker.poll(&mut self.news).await?;
            }
            if self.news.is_empty() {
                return Err(EngineError::Sequence(
                    "orders are open and the broker has no news",
                ));
            }
            let mut news = std::mem::take(&mut self.news);
            for event in news.drain(..) {
                self.tell(Event::Broker(event))?;
            }
            self.news = news;
        }
    }

    fn tell(&mut self, event: Event) -> Result<(), EngineError> {
        self.engine.handle(event, &mut self.effects)?;
        self.queue.extend(self.effects.drain(..));
        Ok(())
    }
}
