//! The pass over the records.

use ios012_contracts::Constraints;
use ios012_core::{AssetId, CoreError, CurrencyCode, Exposure, Money, PortfolioId, Price, UtcTime};
use ios012_lineage::{
    Amount, Code, Cycle, CycleOutcome, Decision, Entry, Fill, Genesis, Hash, OrderId, OutcomeState,
    Record, Seal, Side, StoredRecord,
};

use super::breach::{BreachCounter, DecidedCycle, LimitTable};
use super::margin::{MarginMetrics, MarginUse};
use super::rates::{Falls, rates};
use super::tally::Counter;
use super::{CycleCounts, Payments, Summary, Trading};
use crate::trade::Terms;
use crate::{DocumentSource, ReportError, format};

/// Sums up records as they come. Memory does not grow with their number.
#[derive(Debug, Default)]
pub struct SummaryBuilder {
    portfolio: Option<(PortfolioId, CurrencyCode)>,
    opening_cash: Money,
    opening_nlv: Money,
    period: Option<(UtcTime, UtcTime)>,
    cycles: CycleCounts,
    /// Cash, liabilities and NLV at the last seal that knows them.
    last: Option<(Money, Money, Money)>,
    falls: Falls,
    /// Sum and number of NLVs after cycles.
    nlv_sum: (Money, u64),
    trading: Trading,
    reasons: Counter<Code>,
    limits: Counter<Code>,
    orders: u64,
    order_ends: Counter<&'static str>,
    residuals: Counter<Code>,
    breaches: BreachCounter,
    margin: MarginMetrics,
    breakers: Counter<String>,
    refusals: Counter<Code>,
    payments: Payments,
    events: Counter<Code>,
    table: Option<LimitTable>,
    terms: Option<Terms>,
    cycle: Option<CycleState>,
    records: u64,
    head: Option<Hash>,
}

/// The last cycle. It stays after its seal: fills may still come in a recovery.
#[derive(Debug, Default)]
struct CycleState {
    cycle_id: u64,
    as_of: Option<UtcTime>,
    sealed: bool,
    /// Place in the table of limits, and exposure after the decision.
    allowed: Vec<(usize, Exposure)>,
    /// Ascending by asset.
    decided: Vec<(AssetId, Price)>,
    /// With the reference price, and the place in `decided`.
    orders: Vec<(OrderId, Side, Price, usize)>,
    /// What stands behind the positions at the marks of the cycle.
    margin: MarginUse,
    next_place: usize,
    next_order: usize,
}

impl SummaryBuilder {
    /// Nothing taken yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Takes the next record. Documents are asked for when a cycle names others than the last.
    ///
    /// # Errors
    /// [`ReportError`]: a document is missing, or a record cannot stand where it does.
    pub fn take(
        &mut self,
        stored: &StoredRecord,
        documents: &mut impl DocumentSource,
    ) -> Result<(), ReportError> {
        self.records += 1;
        self.head = Some(stored.hash);
        match &stored.record {
            Record::Genesis(genesis) => {
                let portfolio = stored.envelope.portfolio_id.clone();
                self.portfolio = Some((portfolio, genesis.base_currency.clone()));
                self.genesis(genesis)?;
            }
            Record::Cycle(cycle) => self.cycle(cycle, documents)?,
            Record::Decision(decision) => {
                self.decision(decision)?
                    .ok_or_else(|| out_of_place(stored))?;
            }
            Record::Order(order) => {
                self.orders += 1;
                let cycle = self.cycle.as_mut();
                let decided = cycle.and_then(|cycle| {
                    let found = cycle
                        .decided
                        .binary_search_by(|row| row.0.cmp(&order.asset_id));
                    let place = found.ok()?;
                    let &(_, price) = cycle.decided.get(place)?;
                    cycle
                        .orders
                        .push((order.order_id, order.side, price, place));
                    Some(())
                });
                decided.ok_or_else(|| out_of_place(stored))?;
            }
            Record::Outcome(outcome) => {
                if outcome.state != OutcomeState::Accepted {
                    let state = outcome.state.as_str();
                    self.order_ends.add(state, || state);
                }
            }
            Record::Fill(fill) => self.fill(fill)?.ok_or_else(|| out_of_place(stored))?,
            Record::Residual(residual) => {
                self.residuals
                    .add(&residual.reason, || residual.reason.clone());
            }
            Record::Breaker(breaker) => {
                let name = format!("{}:{}", breaker.breaker, breaker.cause);
                self.breakers.add(name.as_str(), || name.clone());
            }
            Record::Refusal(refusal) => self.refusals.add(&refusal.code, || refusal.code.clone()),
            Record::Seal(seal) => self.seal(seal)?,
            Record::Entry(entry) => self.entry(entry)?,
            Record::Governance(_) | Record::Recovery(_) | Record::Unknown { .. } => (),
        }
        Ok(())
    }

    /// The summary of everything taken; nothing if that holds no genesis record.
    ///
    /// # Errors
    /// [`ReportError::Arithmetic`].
    pub fn finish(mut self) -> Result<Option<Summary>, ReportError> {
        let (Some((portfolio_id, base_currency)), Some(head)) = (self.portfolio, self.head) else {
            return Ok(None);
        };
        self.cycles.open = u64::from(self.cycle.as_ref().is_some_and(|cycle| !cycle.sealed));
        let (final_cash, final_liabilities, final_nlv) =
            self.last
                .unwrap_or((self.opening_cash, Money::ZERO, self.opening_nlv));
        let gain = final_nlv.checked_sub(self.opening_nlv)?;
        let rounding = format::against_us(gain.is_positive());
        let total_return = format::ratio(gain.units(), self.opening_nlv.units(), rounding)?;
        Ok(Some(Summary {
            portfolio_id,
            base_currency,
            period: self.period,
            cycles: self.cycles,
            opening_cash: self.opening_cash,
            opening_nlv: self.opening_nlv,
            final_nlv,
            final_cash,
            final_liabilities,
            total_return,
            drawdown: self.falls.worst,
            payments: self.payments,
            events: self.events.into_tally(),
            trading: rates(self.trading, self.nlv_sum, self.period)?,
            decisions: self.reasons.into_tally(),
            limits: self.limits.into_counts(),
            orders: self.orders,
            order_ends: self.order_ends.into_counts(),
            residuals: self.residuals.into_tally(),
            breaches: self.breaches.finish(),
            margin: self.margin.told(),
            breakers: self.breakers.into_tally(),
            refusals: self.refusals.into_tally(),
            records: self.records,
            head,
        }))
    }

    fn genesis(&mut self, genesis: &Genesis) -> Result<(), CoreError> {
        for opening in &genesis.opening {
            if let Amount::Cash(_, money) = &opening.quantity {
                self.opening_nlv = self.opening_nlv.checked_add(*money)?;
                if opening.account.as_str() == "cash" {
                    self.opening_cash = self.opening_cash.checked_add(*money)?;
                }
            }
        }
        Ok(())
    }

    fn cycle(
        &mut self,
        cycle: &Cycle,
        documents: &mut impl DocumentSource,
    ) -> Result<(), ReportError> {
        let hashes = (cycle.constraints_hash, cycle.registry_hash);
        let known = self
            .table
            .as_ref()
            .map(|table| (table.constraints, table.registry));
        let terms = Terms::read(self.terms.take(), cycle, documents)?;
        if known != Some(hashes) {
            let constraints = documents.document("constraints", cycle.constraints_hash)?;
            let constraints = Constraints::parse("constraints", constraints.as_bytes())?;
            self.table = Some(LimitTable::new(hashes, &constraints, terms.registry())?);
        }
        self.terms = Some(terms);
        let first = self.period.map_or(cycle.as_of, |(first, _)| first);
        self.period = Some((first, cycle.as_of));
        let mut state = self.cycle.take().unwrap_or_default();
        state.allowed.clear();
        state.decided.clear();
        state.orders.clear();
        self.cycle = Some(CycleState {
            cycle_id: cycle.cycle_id,
            as_of: Some(cycle.as_of),
            sealed: false,
            margin: MarginUse::default(),
            next_place: 0,
            next_order: 0,
            ..state
        });
        Ok(())
    }

    fn decision(&mut self, decision: &Decision) -> Result<Option<()>, ReportError> {
        let (Some(cycle), Some(table)) = (self.cycle.as_mut(), &self.table) else {
            return Ok(None);
        };
        let metadata = &decision.metadata;
        self.reasons
            .add(&metadata.reason, || metadata.reason.clone());
        for (place, binding) in metadata.binding.iter().enumerate() {
            let before = metadata.binding.iter().take(place);
            if !before.clone().any(|other| other.limit == binding.limit) {
                self.limits.add(&binding.limit, || binding.limit.clone());
            }
        }
        let place = table.place(&decision.asset_id, cycle.next_place);
        let place = place.ok_or_else(|| ReportError::NoRow {
            cycle_id: cycle.cycle_id,
            asset_id: decision.asset_id.clone(),
            document: "constraints",
        })?;
        cycle.next_place = place + 1;
        if metadata.transition > 0 {
            // A later transition of an asset takes the place of the one before.
            let found = cycle.allowed.binary_search_by_key(&place, |row| row.0);
            let row = found.ok().and_then(|at| cycle.allowed.get_mut(at));
            return Ok(row.map(|row| row.1 = decision.allowed_exposure));
        }
        cycle.allowed.push((place, decision.allowed_exposure));
        cycle
            .margin
            .take(table, place, decision.previous_exposure)?;
        cycle
            .decided
            .push((decision.asset_id.clone(), metadata.reference_price));
        Ok(Some(()))
    }

    fn fill(&mut self, fill: &Fill) -> Result<Option<()>, ReportError> {
        let (Some(cycle), Some(terms)) = (self.cycle.as_mut(), &self.terms) else {
            return Ok(None);
        };
        // Fills come mostly in the order of their orders, each once.
        let orders = cycle.orders.iter().enumerate();
        let mut from_here = orders.clone().skip(cycle.next_order).chain(orders);
        let Some((place, &(_, side, reference, decided))) =
            from_here.find(|(_, order)| order.0 == fill.order_id)
        else {
            return Ok(None);
        };
        cycle.next_order = place;
        let Some((asset_id, _)) = cycle.decided.get(decided) else {
            return Ok(None);
        };
        let traded = terms.traded(asset_id, fill, reference, side)?;
        let trading = &mut self.trading;
        trading.fills += 1;
        trading.notional = trading.notional.checked_add(traded.value)?;
        trading.fees = trading.fees.checked_add(traded.fee)?;
        trading.slippage = trading.slippage.checked_add(traded.slippage)?;
        Ok(Some(()))
    }

    /// Counts an event, and what it paid.
    fn entry(&mut self, entry: &Entry) -> Result<(), ReportError> {
        self.events.add(&entry.event, || entry.event.clone());
        let Some(terms) = &self.terms else {
            return Ok(());
        };
        for line in &entry.lines {
            let Amount::Cash(currency, credit) = &line.amount else {
                continue;
            };
            let payments = &mut self.payments;
            let sum = match line.account.as_str() {
                "dividends" => &mut payments.dividends,
                "funding" => &mut payments.funding,
                "interest" => &mut payments.interest,
                "transfers" => &mut payments.transfers,
                _ => continue,
            };
            // In the books a gain is a credit, below zero.
            *sum = sum.checked_sub(terms.to_base(currency, *credit)?)?;
        }
        Ok(())
    }

    fn seal(&mut self, seal: &Seal) -> Result<(), ReportError> {
        if let (Some(cash), Some(owed), Some(nlv)) = (seal.cash, seal.liabilities, seal.nlv_after) {
            self.last = Some((cash, owed, nlv));
        }
        // A refusal has no cycle, nor has the recovery of one.
        let open = self.cycle.as_mut().filter(|cycle| !cycle.sealed);
        let Some(cycle) = open.filter(|_| seal.outcome != CycleOutcome::Refused) else {
            return Ok(());
        };
        cycle.sealed = true;
        match seal.outcome {
            CycleOutcome::Executed => self.cycles.executed += 1,
            CycleOutcome::Aborted => self.cycles.aborted += 1,
            CycleOutcome::Recovered | CycleOutcome::Refused => self.cycles.recovered += 1,
        }
        let Some(as_of) = cycle.as_of else {
            return Ok(());
        };
        if let Some(table) = self.table.as_ref().filter(|_| !cycle.allowed.is_empty()) {
            let executed = seal.outcome == CycleOutcome::Executed;
            let decided = DecidedCycle {
                cycle_id: cycle.cycle_id,
                as_of,
                allowed: &cycle.allowed,
                cash: seal.cash.zip(seal.nlv_before).filter(|_| executed),
            };
            self.breaches.take(table, &decided)?;
            if table.is_margined() {
                self.margin.take(cycle.cycle_id, as_of, cycle.margin)?;
            }
        }
        if let Some(nlv) = seal.nlv_after {
            let (sum, number) = self.nlv_sum;
            self.nlv_sum = (sum.checked_add(nlv)?, number + 1);
            self.falls.take(nlv, as_of)?;
        }
        Ok(())
    }
}

fn out_of_place(stored: &StoredRecord) -> ReportError {
    ReportError::OutOfPlace {
        seq: stored.envelope.seq,
        kind: stored.record.kind().to_owned(),
    }
}
