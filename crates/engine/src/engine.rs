//! The state machine of the cycle.

mod alarm;
mod compare;
mod corruption;
mod decide;
mod drift;
mod guard;
mod open;
mod plan;
mod reconcile;
mod recover;
mod safety;
mod send;
mod shock;
mod stability;
mod state;
mod trade;
mod unwind;

use std::collections::BTreeMap;

use ios012_constraints::defcon::Alarm;
use ios012_constraints::{AssetState, Decisions, Sent, TargetHistory, Universe};
use ios012_contracts::{LastAccepted, Refusal};
use ios012_core::account::{OpeningPosition, Position};
use ios012_core::sequence::Plan;
use ios012_core::{Accounts, AssetId, CurrencyCode, Exposure, Money, PortfolioId, Price, UtcTime};
use ios012_lineage::ledger::DocumentKind;
use ios012_lineage::{
    Amount, Chain, Code, CycleOutcome, EngineIdentity, Format, Genesis, Hash, Mode, Opening,
    OrderId, PlainText, Record, Refusal as RefusalRecord, Seal,
};

use crate::{Alert, CycleSummary, Effect, EngineError, Event};
use decide::LimitCodes;
pub(crate) use reconcile::Differences;
pub use recover::Lost;
pub(crate) use recover::{Crash, Unresolved};
use safety::Safety;
use shock::Shocks;
use state::OpenCycle;

/// The version of the rules of decision and accounting: a ledger replays only under its own.
pub(crate) const RULES: Code = Code::literal("1");

/// The engine of one portfolio: books, ledger chain and at most one open cycle.
#[derive(Debug)]
pub struct Engine {
    chain: Chain,
    accounts: Accounts,
    mode: Mode,
    alarm: Alarm,
    /// What was recorded and not told yet.
    alerts: Vec<Alert>,
    /// The last command with its signatures and the roles file, as a document.
    bundle: Option<(Hash, String)>,
    cycle_id: u64,
    last: Option<LastAccepted>,
    last_refused: Option<UtcTime>,
    held: Vec<AssetId>,
    /// The last price that a cycle accepted, for the jump band.
    prices: BTreeMap<AssetId, Price>,
    ramps: BTreeMap<AssetId, Ramp>,
    /// The orders in the aggregate, for the controls.
    sent: Sent,
    safety: Safety,
    /// What the last mandates asked, where IoS-006 bounds it.
    targets: TargetHistory,
    shocks: Shocks,
    universe: Option<CachedUniverse>,
    /// The registry whose terms the books have.
    registry: Option<Hash>,
    open: Option<OpenCycle>,
    /// The last cycle, until the next begins: its documents may still have to be kept.
    sealed: Option<OpenCycle>,
    halted: bool,
    /// Whether the open cycle has a record that must not wait for the next one.
    holds_grave: bool,
    buffers: Buffers,
}

/// Where an asset is on its way to a target.
#[derive(Debug, Clone, Copy)]
struct Ramp {
    target: Exposure,
    remaining: u32,
}

/// Limits resolved against the assets of the last cycle, with what they were resolved from.
#[derive(Debug)]
struct CachedUniverse {
    constraints: Hash,
    registry: Hash,
    assets: Vec<usize>,
    universe: Universe,
}

/// Memory that every cycle uses again.
#[derive(Debug, Default)]
struct Buffers {
    account: String,
    codes: LimitCodes,
    states: Vec<AssetState>,
    decisions: Decisions,
    plan: Plan,
}

impl Engine {
    /// A new engine over an empty chain; the genesis record is pending.
    ///
    /// # Errors
    /// [`EngineError::Accounts`] or [`EngineError::Ledger`].
    pub fn begin(
        chain: Chain,
        base_currency: CurrencyCode,
        cash: Money,
        positions: &[OpeningPosition],
    ) -> Result<Self, EngineError> {
        let mut engine = Self {
            accounts: Accounts::open(&base_currency, cash, positions)?,
            chain,
            mode: Mode::Paper,
            alarm: Alarm::begin(UtcTime::FIRST),
            alerts: Vec::new(),
            bundle: None,
            cycle_id: 0,
            last: None,
            last_refused: None,
            held: Vec::new(),
            prices: BTreeMap::new(),
            ramps: BTreeMap::new(),
            sent: Sent::default(),
            safety: Safety::default(),
            targets: TargetHistory::default(),
            shocks: Shocks::default(),
            universe: None,
            registry: None,
            open: None,
            sealed: None,
            halted: false,
            holds_grave: false,
            buffers: Buffers::default(),
        };
        engine.write(genesis(base_currency, cash, positions)?)?;
        engine.refresh_held();
        Ok(engine)
    }

    /// Takes one event. The effects are appended in the order in which they must be performed.
    ///
    /// # Errors
    /// Any error halts the engine: it takes no further event. An input that fails leaves neither
    /// a record nor an effect, so the ledger ends at the seal before it. News that fail leave the
    /// cycle open: its orders are out.
    pub fn handle(&mut self, event: Event, effects: &mut Vec<Effect>) -> Result<(), EngineError> {
        if self.halted {
            return Err(EngineError::Halted);
        }
        let (mark, performed) = (self.chain.mark(), effects.len());
        let is_input = matches!(event, Event::Cycle(..) | Event::Refused(_));
        let handled = match event {
            Event::Broker(news) => self.take_news(news, effects),
            Event::Cycle(input, account) => self.open_cycle(*input, account, effects),
            Event::Time(time) => self.take_time(time, effects),
            Event::Superseded => self.supersede(effects),
            Event::Stop(stop) => self.take_stop(*stop, effects),
            Event::Command(command) => self.take_command(&command, effects),
            Event::Refused(refusal) => {
                refusal_record(&refusal).and_then(|record| self.record_refusal(&record, effects))
            }
        };
        self.halted = handled.is_err();
        if self.halted && is_input {
            self.chain.roll_back(mark);
            effects.truncate(performed);
        }
        handled
    }

    /// The portfolio.
    pub const fn portfolio_id(&self) -> &PortfolioId {
        self.chain.portfolio_id()
    }

    /// The books.
    pub const fn accounts(&self) -> &Accounts {
        &self.accounts
    }

    /// The mandate that the next one must come after.
    pub const fn last_accepted(&self) -> Option<LastAccepted> {
        self.last
    }

    /// The time of the input that was refused last, if it had one.
    pub const fn last_refused(&self) -> Option<UtcTime> {
        self.last_refused
    }

    /// The assets that the next mandate must name, ascending.
    pub fn held(&self) -> &[AssetId] {
        &self.held
    }

    /// When the mandate of the open cycle expires, and its plan with it.
    pub(crate) fn plan_ends(&self) -> Option<UtcTime> {
        self.open.as_ref()?.ends()
    }

    /// Orders whose end the broker has not told.
    pub fn open_orders(&self) -> usize {
        let open = self.open.iter().flat_map(|open| &open.working);
        open.filter(|order| !order.is_final).count()
    }

    /// Whether an order has left, or is about to, and has not ended.
    pub(crate) fn is_open(&self, order_id: OrderId) -> bool {
        let mut open = self.open.iter().flat_map(|open| &open.working);
        open.any(|order| order.order_id == order_id && !order.is_final)
    }

    /// Whether no cycle is open and another may begin.
    pub const fn is_between_cycles(&self) -> bool {
        self.open.is_none() && !self.halted
    }

    /// The time for which the open cycle waits.
    pub(crate) fn wakes_at(&self) -> Option<UtcTime> {
        Some(self.open.as_ref()?.waiting.front()?.not_before)
    }

    /// The chain, with the records that have not been kept yet.
    pub const fn chain(&self) -> &Chain {
        &self.chain
    }

    /// The chain, to be given to the writer of the ledger.
    pub const fn chain_mut(&mut self) -> &mut Chain {
        &mut self.chain
    }

    /// The documents that the cycle names which is open or was the last to be sealed, and that of the last
    /// command, each with its hash and canonical JSON.
    pub fn documents(&self) -> impl Iterator<Item = (DocumentKind, Hash, &str)> {
        let bundle = self.bundle.iter();
        let bundle = bundle.map(|(hash, text)| (DocumentKind::Command, *hash, text.as_str()));
        let cycle = self.open.iter().chain(&self.sealed).flat_map(|open| {
            let input = &open.input;
            let regime = input
                .regime_document()
                .map(|document| (DocumentKind::Regime, document));
            let mandate = input
                .mandate_document()
                .map(|document| (DocumentKind::Mandate, document));
            let documents = [
                (DocumentKind::Registry, input.registry().document()),
                (DocumentKind::Constraints, input.constraints().document()),
                (DocumentKind::Market, input.market_document()),
            ];
            let account = (
                DocumentKind::Account,
                open.account_hash,
                self.buffers.account.as_str(),
            );
            let documents = documents.into_iter().chain(mandate).chain(regime);
            documents
                .map(|(kind, document)| (kind, document.hash(), document.canonical()))
                .chain([account])
        });
        cycle.chain(bundle)
    }

    /// The same engine over another chain: a ledger that a new writer continues.
    #[must_use]
    pub fn go_on(self, chain: Chain) -> Self {
        Self { chain, ..self }
    }

    /// Records an input that was refused: a refusal, a seal that says so, and the trip of a breaker where
    /// it is corrupt. The books stay.
    pub(crate) fn record_refusal(
        &mut self,
        refusal: &RefusalRecord,
        effects: &mut Vec<Effect>,
    ) -> Result<(), EngineError> {
        if self.open.is_some() {
            return Err(EngineError::Sequence(
                "a refusal came while a cycle is open",
            ));
        }
        let as_of = refusal.as_of;
        self.last_refused = as_of.or(self.last_refused);
        self.write(refusal.clone())?;
        let nlv = self.seal_outside(CycleOutcome::Refused)?;
        self.tell_corruption(refusal)?;
        self.tell_alerts(effects.len(), effects);
        effects.push(Effect::KeepRecords);
        effects.push(Effect::Sealed(CycleSummary {
            cycle_id: 0,
            as_of,
            outcome: CycleOutcome::Refused,
            decisions: 0,
            orders: 0,
            fills: 0,
            nlv_after: nlv,
        }));
        Ok(())
    }

    /// Ends what stands outside any cycle: a refusal, or a recovery. Returns the net liquidation value.
    fn seal_outside(&mut self, outcome: CycleOutcome) -> Result<Money, EngineError> {
        let nlv = self.accounts.nlv()?;
        self.write(Seal {
            cash: Some(self.accounts.books().cash()?),
            decisions: 0,
            defcon: self.level(),
            fills: 0,
            liabilities: Some(self.accounts.books().liabilities()?),
            nlv_after: Some(nlv),
            nlv_before: Some(nlv),
            orders: 0,
            outcome,
        })?;
        Ok(nlv)
    }

    fn write(&mut self, record: impl Into<Record>) -> Result<Hash, EngineError> {
        let record = record.into();
        self.holds_grave |= matches!(
            record,
            Record::Breaker(_) | Record::Governance(_) | Record::Recovery(_)
        );
        Ok(self.chain.append(&record)?)
    }

    fn refresh_held(&mut self) {
        let positions = self.accounts.books().positions();
        let unchanged = self.held.iter().eq(positions.map(Position::asset_id));
        if !unchanged {
            let positions = self.accounts.books().positions();
            self.held = positions
                .map(|position| position.asset_id().clone())
                .collect();
        }
    }
}

/// The genesis record of a portfolio: cash, then each position with its cost.
///
/// # Errors
/// [`EngineError::Ledger`] if an asset's name is too long for an account.
pub fn genesis(
    base_currency: CurrencyCode,
    cash: Money,
    positions: &[OpeningPosition],
) -> Result<Genesis, EngineError> {
    let mut opening = vec![Opening {
        account: Code::literal("cash"),
        quantity: Amount::Cash(base_currency.clone(), cash),
    }];
    for position in positions {
        opening.push(Opening {
            account: Code::literal("position"),
            quantity: Amount::Asset(position.asset_id.clone(), position.quantity),
        });
        opening.push(Opening {
            account: format!("cost:{}", position.asset_id).parse()?,
            quantity: Amount::Cash(base_currency.clone(), position.cost),
        });
    }
    Ok(Genesis {
        base_currency,
        format: Format::V1,
        opening,
    })
}

/// What decides, as every cycle record names it.
pub(crate) fn identity() -> EngineIdentity {
    const VERSION: Code = Code::literal(env!("CARGO_PKG_VERSION"));
    EngineIdentity {
        name: Code::literal("ios012"),
        rules: RULES,
        version: VERSION,
    }
}

fn refusal_record(refusal: &Refusal) -> Result<RefusalRecord, EngineError> {
    Ok(RefusalRecord {
        as_of: refusal.as_of,
        code: refusal.code.as_str().parse()?,
        document: refusal.document.as_str().parse()?,
        path: plain(&refusal.place.to_string())?,
        received_sha256: refusal.received.unwrap_or(Hash::ZERO),
        rule: plain(&refusal.rule)?,
    })
}

/// The longest plain text of a record.
const LONGEST: usize = 256;

/// A text of ours as a record takes it: printable ASCII, cut to its longest length.
fn plain(text: &str) -> Result<PlainText, EngineError> {
    let printable = |character: char| {
        if (' '..='~').contains(&character) {
            character
        } else {
            '?'
        }
    };
    let text: String = text.chars().map(printable).take(LONGEST).collect();
    Ok(text.parse()?)
}
