//! The beginning and the end of a cycle.

use std::collections::VecDeque;

use ios012_constraints::BreakerResponse;
use ios012_contracts::{CycleInput, CycleRow};
use ios012_core::{AssetId, BookEventKind, CoreError, FxRate, Price, Quantity, Rounding, mul_div};
use ios012_lineage::{Amount, Code, Cycle, CycleOutcome, Entry, EntryLine, Seal, sha256};

use super::guard::Trip;
use super::state::{NO_CYCLE, OpenCycle, Phase};
use super::{Engine, identity};
use crate::account::write_trial_balance;
use crate::event::{BrokerAccount, Said};
use crate::{CycleSummary, Effect, EngineError};

impl Engine {
    /// Begins a cycle: names its documents, checks the breakers, decides, and plans the
    /// reductions. A cycle without orders ends at once.
    pub(super) fn open_cycle(
        &mut self,
        input: CycleInput,
        account: BrokerAccount,
        effects: &mut Vec<Effect>,
    ) -> Result<(), EngineError> {
        if self.open.is_some() {
            return Err(EngineError::Sequence(
                "a cycle was begun while another is open",
            ));
        }
        if input.mandate().is_none() && !self.must_unwind() {
            return Err(EngineError::Sequence(
                "a cycle without a mandate needs a breaker that unwinds",
            ));
        }
        self.buffers.account.clear();
        write_trial_balance(&self.accounts, &mut self.buffers.account);
        let account_hash = sha256(self.buffers.account.as_bytes());
        self.cycle_id += 1;
        let cycle_hash = self.write(Cycle {
            account_hash,
            as_of: input.as_of(),
            constraints_hash: input.constraints().document().hash(),
            cycle_id: self.cycle_id,
            engine: identity(),
            mandate_hash: input
                .mandate_document()
                .map(ios012_contracts::Document::hash),
            market_hash: input.market_document().hash(),
            mode: self.mode,
            regime_hash: input
                .regime_document()
                .map(ios012_contracts::Document::hash),
            registry_hash: input.registry().document().hash(),
        })?;
        self.last = Some(input.as_last_accepted());
        effects.push(Effect::KeepDocuments);
        self.take_terms(&input)?;
        self.book_events(&input)?;
        let differences = match account.0 {
            Said::Stated(statement) => self.differences(&statement, input.as_of()),
            Said::Recorded(differences) => differences,
        };
        let jumps = self.price_trips(&input)?;
        let frozen = self.frozen(&input, &jumps);
        let is_corrupt = !jumps.is_empty() && frozen.is_empty();
        if !is_corrupt {
            self.mark(&input, &frozen)?;
            self.follow_gain(input.as_of())?;
        }
        self.sent.begin_cycle(input.as_of());
        let decided = self.sealed.take();
        self.open = Some(OpenCycle {
            account_hash,
            cycle_hash,
            nlv_before: self.accounts.nlv()?,
            rows: Vec::with_capacity(input.rows().len()),
            frozen,
            cut: None,
            unwinds: false,
            transition: 0,
            phase: Phase::Reducing,
            working: Vec::new(),
            waiting: VecDeque::new(),
            increases: None,
            planned_in_full: true,
            plan_ended: None,
            now: input.as_of(),
            decisions: 0,
            orders: 0,
            fills: 0,
            input,
        });
        self.tell_drift(&differences, decided.as_ref())?;
        if let Some((_, jump)) = jumps.first().filter(|_| is_corrupt) {
            return self.abort(jump, effects);
        }
        self.tell_frozen(&jumps)?;
        if let Some(trip) = self.portfolio_trip()? {
            return self.abort(&trip, effects);
        }
        if let Some(trip) = self.safety()? {
            return self.abort(&trip, effects);
        }
        self.tell_shocks()?;
        self.tell_alerts(effects.len(), effects);
        if self.is_halted_by_level() {
            return self.seal(CycleOutcome::Aborted, effects);
        }
        let unwinds = self.must_unwind();
        self.open.as_mut().ok_or(NO_CYCLE)?.unwinds = unwinds;
        self.decide()?;
        self.send_reductions(effects)?;
        self.advance(effects)
    }

    /// The rows that are neither valued anew nor traded. Only a breaker that unwinds freezes: in any
    /// other cycle a price that is not trusted stops everything.
    fn frozen(&self, input: &CycleInput, jumps: &[(usize, Trip)]) -> Vec<bool> {
        let trusted = |(index, row): (usize, &CycleRow)| {
            row.price_trusted && !jumps.iter().any(|(jumped, _)| *jumped == index)
        };
        let mut rows = input.rows().iter().enumerate();
        if !self.must_unwind() || rows.all(trusted) {
            return Vec::new();
        }
        let rows = input.rows().iter().enumerate();
        rows.map(|row| !trusted(row)).collect()
    }

    fn tell_frozen(&mut self, jumps: &[(usize, Trip)]) -> Result<(), EngineError> {
        let open = self.open.take().ok_or(NO_CYCLE)?;
        for (_, jump) in jumps {
            self.tell_trip(jump, "freeze")?;
        }
        for (index, row) in open.input.rows().iter().enumerate() {
            if row.price_trusted {
                continue;
            }
            let evidence = [
                ("asset_id", open.spec(index)?.asset_id.to_string()),
                ("reference_price", row.reference_price.to_string()),
                ("price_time", row.price_time.to_string()),
            ];
            let trip = Trip::new("data_corruption", "price_untrusted", &evidence)?;
            self.tell_trip(&trip, "freeze")?;
        }
        self.open = Some(open);
        Ok(())
    }

    /// Lets the breakers of economic safety and of strategy instability respond. A response that
    /// tightens is recorded once and latched; the first one that aborts is returned.
    fn safety(&mut self) -> Result<Option<Trip>, EngineError> {
        let open = self.open.as_ref().ok_or(NO_CYCLE)?;
        let (as_of, limits) = (open.as_of(), open.input.constraints().limits().breakers);
        let mut aborts = None;
        let mut trips = self.safety_trips()?;
        trips.extend(self.stability_trips()?);
        for (trip, response) in trips {
            if response == BreakerResponse::Abort {
                aborts = aborts.or(Some(trip));
            } else {
                self.respond(&trip, response, as_of)?;
            }
        }
        if limits.margin_breach.is_none()
            && let Some(trip) = self.margin_trip()?
        {
            self.trip_watch(&trip, "reduce", as_of)?;
        }
        Ok(aborts)
    }

    /// Posts the events since the last cycle, each with its entries. They are facts of their own:
    /// they stand whether or not the snapshot's prices are trusted.
    fn book_events(&mut self, input: &CycleInput) -> Result<(), EngineError> {
        for event in input.events() {
            let find = |id: &AssetId| {
                let registry = input.registry();
                registry.assets().get(registry.position(id.as_str())?)
            };
            let into = event.kind.into_asset().and_then(find);
            self.supply_rate(input, &event.kind)?;
            let before = self.units_of(&event.kind);
            let posted = self.accounts.apply(event, into)?;
            let after = self.units_of(&event.kind);
            self.follow_prices(&event.kind)?;
            let mut lines = Vec::new();
            if let Some(entry) = posted {
                for line in entry.lines {
                    let account = match line.asset_id {
                        Some(id) => format!("{}:{id}", line.account).parse()?,
                        None => line.account.as_str().parse()?,
                    };
                    let amount = Amount::Cash(entry.currency.clone(), line.amount);
                    lines.push(EntryLine { account, amount });
                }
            }
            for ((id, before), (_, after)) in before.into_iter().zip(after).filter(|(a, b)| a != b)
            {
                lines.push(EntryLine {
                    account: Code::literal("position"),
                    amount: Amount::Asset(id, after.checked_sub(before)?),
                });
            }
            if !lines.is_empty() {
                self.write(Entry {
                    event: event.kind.as_str().parse()?,
                    lines,
                    time: event.time,
                })?;
            }
        }
        Ok(())
    }

    /// Margin rates and leverage of what is held are those of this cycle's registry. A term that the
    /// books rely on cannot change while an asset is held.
    fn take_terms(&mut self, input: &CycleInput) -> Result<(), EngineError> {
        let registry = input.registry();
        let hash = registry.document().hash();
        if self.registry != Some(hash) {
            for spec in registry.assets() {
                self.accounts.define(spec).map_err(|error| match error {
                    CoreError::TermsChanged { term } => EngineError::TermsChanged {
                        asset_id: spec.asset_id.clone(),
                        term,
                    },
                    other => other.into(),
                })?;
            }
            self.registry = Some(hash);
        }
        Ok(())
    }

    /// A currency that the books see for the first time takes the rate of the snapshot; the others
    /// keep theirs until the books are marked.
    fn supply_rate(&mut self, input: &CycleInput, kind: &BookEventKind) -> Result<(), EngineError> {
        if let BookEventKind::Transfer { currency, .. } = kind
            && !self
                .accounts
                .books()
                .currencies()
                .any(|known| known == currency)
            && let Some(rate) = input.rate(currency)
        {
            self.accounts.set_rate(currency, rate)?;
        }
        Ok(())
    }

    /// Units of the assets that an event names.
    fn units_of(&self, kind: &BookEventKind) -> Vec<(AssetId, Quantity)> {
        let ids = kind.asset_id().into_iter().chain(kind.into_asset());
        ids.map(|id| (id.clone(), self.accounts.books().quantity(id)))
            .collect()
    }

    /// The prices that the jump band compares with follow splits and changes of name.
    fn follow_prices(&mut self, kind: &BookEventKind) -> Result<(), EngineError> {
        match kind {
            BookEventKind::Split {
                asset_id,
                numerator,
                denominator,
            } => {
                if let Some(price) = self.prices.get_mut(asset_id) {
                    let (up, down) = (i128::from(*denominator), i128::from(*numerator));
                    let units = mul_div(price.units(), up, down, Rounding::HalfEven)?;
                    *price = Price::from_units(units);
                }
            }
            BookEventKind::SymbolChange { asset_id, into } => {
                if let Some(price) = self.prices.remove(asset_id) {
                    self.prices.insert(into.clone(), price);
                }
            }
            _ => {}
        }
        Ok(())
    }

    /// Values what is held at the snapshot's prices and rates.
    fn mark(&mut self, input: &CycleInput, frozen: &[bool]) -> Result<(), EngineError> {
        for row in input.rows() {
            let spec = input.asset(row).ok_or(EngineError::NoAsset)?;
            if row.rate != FxRate::ONE {
                self.accounts.set_rate(&spec.currency, row.rate)?;
            }
        }
        self.mark_idle_currencies(input)?;
        for (index, row) in input.rows().iter().enumerate() {
            if frozen.get(index) == Some(&true) {
                continue;
            }
            let spec = input.asset(row).ok_or(EngineError::NoAsset)?;
            self.accounts.mark(&spec.asset_id, row.reference_price)?;
            if let Some(price) = self.prices.get_mut(&spec.asset_id) {
                *price = row.reference_price;
            } else {
                self.prices
                    .insert(spec.asset_id.clone(), row.reference_price);
            }
        }
        Ok(())
    }

    /// Currencies of which there is only cash have rates too.
    fn mark_idle_currencies(&mut self, input: &CycleInput) -> Result<(), EngineError> {
        let idle = self.accounts.books().currencies().skip(1).cloned();
        for currency in idle.collect::<Vec<_>>() {
            if let Some(rate) = input.rate(&currency) {
                self.accounts.set_rate(&currency, rate)?;
            }
        }
        Ok(())
    }

    fn abort(&mut self, trip: &Trip, effects: &mut Vec<Effect>) -> Result<(), EngineError> {
        let as_of = self.open.as_ref().ok_or(NO_CYCLE)?.as_of();
        self.trip_abort(trip, as_of)?;
        self.tell_alerts(effects.len(), effects);
        self.seal(CycleOutcome::Aborted, effects)
    }

    /// Ends the open cycle, after both sides of the books were computed anew and compared.
    pub(super) fn seal(
        &mut self,
        outcome: CycleOutcome,
        effects: &mut Vec<Effect>,
    ) -> Result<(), EngineError> {
        let open = self.open.take().ok_or(NO_CYCLE)?;
        self.accounts.audit()?;
        self.follow_gain(open.as_of())?;
        let nlv_after = self.accounts.nlv()?;
        self.write(Seal {
            cash: Some(self.accounts.books().cash()?),
            decisions: open.decisions,
            defcon: self.level(),
            fills: open.fills,
            liabilities: Some(self.accounts.books().liabilities()?),
            nlv_after: Some(nlv_after),
            nlv_before: Some(open.nlv_before),
            orders: open.orders,
            outcome,
        })?;
        self.refresh_held();
        // A cycle in which nothing was out of the ordinary may be kept together with the next one.
        let may_wait = outcome == CycleOutcome::Executed && !self.holds_grave;
        self.holds_grave = false;
        if !may_wait {
            effects.push(Effect::KeepRecords);
        }
        effects.push(Effect::Sealed(CycleSummary {
            cycle_id: self.cycle_id,
            as_of: Some(open.as_of()),
            outcome,
            decisions: open.decisions,
            orders: open.orders,
            fills: open.fills,
            nlv_after,
        }));
        self.sealed = Some(open);
        Ok(())
    }
}
