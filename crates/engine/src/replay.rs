//! Replay: every decision, order and seal of a ledger is derived again from the ledger alone, by
//! the same engine, and compared byte for byte.
//!
//! What the world said (fills, outcomes, refused documents) is taken from the ledger and told to
//! the engine. Everything else the engine must produce again.

use std::collections::VecDeque;
use std::path::Path;
use std::sync::Arc;

use ios012_broker::{BrokerEvent, BrokerFill, News};
use ios012_constraints::defcon::RedAction;
use ios012_contracts::{
    Constraints, CycleInput, Mandate, Market, Regimes, Registry, Scenario, Standing,
};
use ios012_core::account::OpeningPosition;
use ios012_core::{CurrencyCode, Money};
use ios012_governance::{AuthorisedCommand, Context, authorise_bundle};
use ios012_lineage::ledger::{Documents, LedgerReader, StoredRecord};
use ios012_lineage::{
    Amount, Breaker, Chain, Cycle, Evidence, Fill, Genesis, Governance, Hash, LineageError,
    Outcome, OutcomeState, Record,
};

use crate::engine::{Crash, Differences, Lost};
use crate::event::{BrokerAccount, Said};
use crate::heard::Heard;
use crate::{Effect, Engine, EngineError, Event, StopOrder};

/// What a replay found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReplayReport {
    /// Records compared.
    pub records: u64,
    /// Cycles derived again.
    pub cycles: u64,
    /// Decisions derived again.
    pub decisions: u64,
    /// The first difference; none means zero drift.
    pub difference: Option<Difference>,
    /// What follows from the last record and is not on the ledger, in its order: a crash lost it, or its writer has
    /// not written it yet. Nothing where there is a difference.
    pub lost: Vec<Lost>,
}

/// A record that the engine derives otherwise than it stands on the ledger.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Difference {
    /// The record's place.
    pub seq: u64,
    /// Its kind.
    pub kind: String,
    /// Its canonical JSON on the ledger.
    pub recorded: String,
    /// Its canonical JSON as derived; none if nothing is derived there.
    pub derived: Option<String>,
}

/// Replays a ledger. `progress` is told the number of records after each.
///
/// Returns what was found, and the engine as it stands after the last record and what it derived from that
/// ([`ReplayReport::lost`]). [`Engine::go_on`] lets it continue.
///
/// # Errors
/// A ledger that cannot be read, a document that is missing or refused, or a record of a kind that
/// this version does not derive. Verify the ledger first.
pub fn replay(
    directory: &Path,
    progress: &mut dyn FnMut(u64),
) -> Result<(ReplayReport, Engine), EngineError> {
    let (report, end) = replay_to_end(directory, progress)?;
    Ok((report, end.engine))
}

/// What a replay comes to.
pub(crate) struct ReplayedEnd {
    /// The engine as it stands after the last record.
    pub(crate) engine: Engine,
    /// What it derived beyond the ledger's end.
    pub(crate) crash: Crash,
    /// What the broker told by then.
    pub(crate) heard: Heard,
}

/// A replay, with what is needed to go on from the ledger's end.
pub(crate) fn replay_to_end(
    directory: &Path,
    progress: &mut dyn FnMut(u64),
) -> Result<(ReplayReport, ReplayedEnd), EngineError> {
    let mut records = Ahead::of(LedgerReader::open(directory)?);
    let documents = Documents::open(directory)?;
    let first = records
        .next()
        .transpose()?
        .ok_or(EngineError::Sequence("the ledger is empty"))?;
    let Record::Genesis(genesis) = &first.record else {
        return Err(EngineError::Sequence(
            "the first record is not a genesis record",
        ));
    };
    let mut replay = Replay::begin(&first, genesis, documents)?;
    let mut report = ReplayReport {
        records: 0,
        cycles: 0,
        decisions: 0,
        difference: None,
        lost: Vec::new(),
    };
    let mut stored = Some(first);
    while let Some(record) = stored {
        let differences = match &record.record {
            Record::Cycle(_) => records.differences()?,
            _ => Differences::default(),
        };
        report.difference = replay.step(&record, differences)?;
        if report.difference.is_some() {
            break;
        }
        report.records += 1;
        report.cycles += u64::from(matches!(record.record, Record::Cycle(_)));
        report.decisions += u64::from(matches!(record.record, Record::Decision(_)));
        progress(report.records);
        stored = records.next().transpose()?;
    }
    let crash = replay.crash()?;
    if report.difference.is_none() {
        report.lost.clone_from(&crash.lost);
    }
    let Replay { engine, heard, .. } = replay;
    let end = ReplayedEnd {
        engine,
        crash,
        heard,
    };
    Ok((report, end))
}

/// The records of a ledger, of which the next ones can be seen before their turn.
struct Ahead {
    records: LedgerReader,
    seen: VecDeque<StoredRecord>,
}

impl Ahead {
    const fn of(records: LedgerReader) -> Self {
        Self {
            records,
            seen: VecDeque::new(),
        }
    }

    /// What the broker's account is told to have been when the cycle began whose record was given last:
    /// the first record after those of its events tells of it, if it differed from the books.
    fn differences(&mut self) -> Result<Differences, EngineError> {
        while let Some(stored) = self.records.next().transpose()? {
            self.seen.push_back(stored);
            match self.seen.back().map(|stored| &stored.record) {
                Some(Record::Entry(_)) => {}
                Some(Record::Breaker(breaker)) if breaker.breaker.as_str() == "execution_drift" => {
                    return Differences::recorded(breaker);
                }
                _ => break,
            }
        }
        Ok(Differences::default())
    }
}

impl Iterator for Ahead {
    type Item = Result<StoredRecord, LineageError>;

    fn next(&mut self) -> Option<Self::Item> {
        match self.seen.pop_front() {
            Some(stored) => Some(Ok(stored)),
            None => self.records.next(),
        }
    }
}

struct Replay {
    engine: Engine,
    scenario: Scenario,
    documents: Documents,
    standing: Option<(Hash, Hash, Arc<Standing>)>,
    derived: VecDeque<(Hash, String)>,
    /// Whether the last cycle on the ledger has no seal yet.
    cycle_is_open: bool,
    heard: Heard,
    effects: Vec<Effect>,
}

impl Replay {
    fn begin(
        first: &StoredRecord,
        genesis: &Genesis,
        documents: Documents,
    ) -> Result<Self, EngineError> {
        let (cash, positions) = opening(genesis)?;
        let portfolio_id = first.envelope.portfolio_id.clone();
        let currency: CurrencyCode = genesis.base_currency.clone();
        let chain = Chain::new(portfolio_id.clone(), first.envelope.epoch);
        let engine = Engine::begin(chain, currency.clone(), cash, &positions)?;
        let mut replay = Self {
            engine,
            scenario: Scenario::of_ledger(portfolio_id, currency, cash, positions),
            documents,
            standing: None,
            derived: VecDeque::new(),
            cycle_is_open: false,
            heard: Heard::default(),
            effects: Vec::new(),
        };
        replay.collect();
        Ok(replay)
    }

    /// Brings the engine to one record and compares.
    fn step(
        &mut self,
        stored: &StoredRecord,
        differences: Differences,
    ) -> Result<Option<Difference>, EngineError> {
        let envelope = &stored.envelope;
        let recovers = matches!(stored.record, Record::Recovery(_));
        if self.derived.is_empty() || recovers {
            let crash = self.crash()?;
            if envelope.epoch != self.engine.chain().epoch() {
                let portfolio_id = envelope.portfolio_id.clone();
                let chain =
                    Chain::resume(portfolio_id, envelope.epoch, envelope.seq, envelope.prev);
                *self.engine.chain_mut() = chain;
            }
            if let Record::Recovery(recovery) = &stored.record {
                self.engine
                    .recover(recovery.clone(), crash, &mut self.effects)?;
            } else {
                self.tell(&stored.record, differences)?;
            }
            self.collect();
        }
        match stored.record {
            Record::Cycle(_) => self.cycle_is_open = true,
            Record::Seal(_) => self.cycle_is_open = false,
            _ => {}
        }
        let derived = self.derived.pop_front();
        if derived
            .as_ref()
            .is_some_and(|(hash, _)| *hash == stored.hash)
        {
            return Ok(None);
        }
        let mut recorded = String::new();
        stored.record.write(envelope, &mut recorded)?;
        Ok(Some(Difference {
            seq: envelope.seq,
            kind: stored.record.kind().to_owned(),
            recorded,
            derived: derived.map(|(_, json)| json),
        }))
    }

    /// Tells the engine what the world said at this record.
    fn tell(&mut self, record: &Record, differences: Differences) -> Result<(), EngineError> {
        let event = match record {
            Record::Cycle(cycle) => {
                let account = BrokerAccount(Said::Recorded(differences));
                Event::Cycle(Box::new(self.input(cycle)?), account)
            }
            Record::Order(order) => Event::Time(order.not_before),
            Record::Residual(residual) if residual.reason.as_str() == "superseded" => {
                Event::Superseded
            }
            Record::Residual(residual) if residual.reason.as_str() == "mandate_expired" => {
                let end = self.engine.plan_ends();
                Event::Time(end.ok_or(EngineError::Sequence("a plan ended outside a cycle"))?)
            }
            Record::Breaker(breaker) if breaker.breaker.as_str() == "operator" => {
                Event::Stop(Box::new(stop_order(breaker)?))
            }
            Record::Governance(governance) => Event::Command(Box::new(self.command(governance)?)),
            // An order whose time had come, and that a control refused.
            Record::Residual(_) | Record::Breaker(_) => match self.engine.wakes_at() {
                Some(time) => Event::Time(time),
                None => return Ok(()),
            },
            Record::Fill(fill) => Event::Broker(filled(fill)),
            Record::Outcome(outcome) => Event::Broker(told(outcome)?),
            Record::Refusal(refusal) => {
                return self.engine.record_refusal(refusal, &mut self.effects);
            }
            _ => return Ok(()),
        };
        if let Event::Broker(event) = &event {
            self.heard.remember(event);
        }
        self.engine.handle(event, &mut self.effects)
    }

    /// What the engine has derived and the ledger does not tell: a crash lost it.
    fn crash(&mut self) -> Result<Crash, EngineError> {
        let lost = self.derived.drain(..).map(|(hash, json)| {
            let (_, record) = Record::parse(&json)?;
            Ok(Lost { hash, record })
        });
        Ok(Crash {
            lost: lost.collect::<Result<_, LineageError>>()?,
            cycle_is_open: self.cycle_is_open,
        })
    }

    /// Takes the lines that the engine has written since.
    fn collect(&mut self) {
        let chain = self.engine.chain_mut();
        let lines = chain
            .pending()
            .split(|&byte| byte == b'\n')
            .filter(|line| !line.is_empty());
        let parsed = lines.filter_map(|line| {
            let line = std::str::from_utf8(line).ok()?;
            let (hash, json) = line.split_once(' ')?;
            Some((hash.parse().ok()?, json.to_owned()))
        });
        self.derived.extend(parsed);
        chain.clear_pending();
        self.effects.clear();
    }

    fn input(&mut self, cycle: &Cycle) -> Result<CycleInput, EngineError> {
        let market = self.document(cycle.market_hash)?;
        let market = Market::parse("market", market.as_bytes())?;
        let standing = self.standing(cycle)?;
        let last = self.engine.last_accepted();
        let Some(mandate) = cycle.mandate_hash else {
            let held = self.engine.held();
            return Ok(CycleInput::check_action(&standing, market, last, held)?);
        };
        let mandate = self.document(mandate)?;
        let mandate = Mandate::parse("mandate", mandate.as_bytes())?;
        let regimes = match cycle.regime_hash {
            Some(hash) => {
                let regimes = self.document(hash)?;
                Some(Arc::new(Regimes::parse("regimes", regimes.as_bytes())?))
            }
            None => None,
        };
        let held = self.engine.held();
        Ok(CycleInput::check(
            &standing, regimes, mandate, market, last, held,
        )?)
    }

    fn standing(&mut self, cycle: &Cycle) -> Result<Arc<Standing>, EngineError> {
        let key = (cycle.registry_hash, cycle.constraints_hash);
        if let Some((registry, constraints, standing)) = &self.standing
            && (*registry, *constraints) == key
        {
            return Ok(Arc::clone(standing));
        }
        let registry = self.document(cycle.registry_hash)?;
        let registry = Arc::new(Registry::parse("registry", registry.as_bytes())?);
        let constraints = self.document(cycle.constraints_hash)?;
        let constraints = Arc::new(Constraints::parse("constraints", constraints.as_bytes())?);
        let scenario = self.scenario.clone();
        let standing = Arc::new(Standing::check(scenario, registry, constraints, None)?);
        self.standing = Some((key.0, key.1, Arc::clone(&standing)));
        Ok(standing)
    }

    /// A command is judged again, from its own document.
    fn command(&self, governance: &Governance) -> Result<AuthorisedCommand, EngineError> {
        let unnamed = EngineError::Sequence("a command's record names no document");
        let bundle = self.document(governance.document_hash.ok_or(unnamed)?)?;
        let context = Context {
            portfolio: self.engine.portfolio_id(),
            as_of: fact(&governance.evidence, "at")?,
        };
        Ok(authorise_bundle(&bundle, context)?)
    }

    fn document(&self, hash: Hash) -> Result<String, EngineError> {
        self.documents
            .get(&hash)?
            .ok_or(EngineError::NoDocument { hash })
    }
}

/// What the books of a ledger began with.
fn opening(genesis: &Genesis) -> Result<(Money, Vec<OpeningPosition>), EngineError> {
    let mut cash = Money::ZERO;
    let mut positions: Vec<OpeningPosition> = Vec::new();
    for line in &genesis.opening {
        match (line.account.as_str(), &line.quantity) {
            ("cash", Amount::Cash(_, money)) => cash = *money,
            ("position", Amount::Asset(asset_id, quantity)) => positions.push(OpeningPosition {
                asset_id: asset_id.clone(),
                quantity: *quantity,
                cost: Money::ZERO,
            }),
            (account, Amount::Cash(_, money)) if account.starts_with("cost:") => {
                let last = positions.last_mut();
                let last = last.ok_or(EngineError::Sequence("a cost without its position"))?;
                last.cost = *money;
            }
            _ => {
                return Err(EngineError::Sequence(
                    "an opening account that is not known",
                ));
            }
        }
    }
    Ok((cash, positions))
}

/// The order to stop that a record tells of.
fn stop_order(breaker: &Breaker) -> Result<StopOrder, EngineError> {
    let to_cash = breaker.action.as_str() == RedAction::ToCash.as_str();
    Ok(StopOrder {
        level: fact(&breaker.evidence, "level")?,
        red_action: if to_cash {
            RedAction::ToCash
        } else {
            RedAction::ReduceOnly
        },
        cause: breaker.cause.clone(),
        evidence: fact(&breaker.evidence, "evidence")?,
        at: fact(&breaker.evidence, "at")?,
    })
}

/// A fact of a record that this version writes in each of its kind.
fn fact<T: std::str::FromStr>(evidence: &[Evidence], name: &str) -> Result<T, EngineError> {
    let found = evidence.iter().find(|fact| fact.name.as_str() == name);
    let parsed = found.and_then(|fact| fact.value.as_str().parse().ok());
    parsed.ok_or(EngineError::Sequence(
        "a fact is missing in a record's evidence",
    ))
}

fn filled(fill: &Fill) -> BrokerEvent {
    let news = News::Filled(BrokerFill {
        fill_id: fill.fill_id.clone(),
        quantity: fill.quantity,
        price: fill.price,
        fee: fill.fee,
        currency: fill.currency.clone(),
        time: fill.time,
    });
    BrokerEvent {
        order_id: fill.order_id,
        news,
    }
}

fn told(outcome: &Outcome) -> Result<BrokerEvent, EngineError> {
    let code = outcome.code.clone();
    let news = match outcome.state {
        OutcomeState::Accepted => News::Accepted,
        OutcomeState::Rejected => News::Rejected(code),
        OutcomeState::Cancelled => News::Cancelled,
        OutcomeState::Expired => News::Expired(code),
        // The engine writes it by itself with the last fill.
        OutcomeState::Filled => {
            return Err(EngineError::Sequence(
                "an order is called filled and is not",
            ));
        }
        OutcomeState::Unknown => News::Unknown(code),
    };
    Ok(BrokerEvent {
        order_id: outcome.order_id,
        news,
    })
}
