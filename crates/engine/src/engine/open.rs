//! The beginning and the end of a cycle.

use ios012_contracts::CycleInput;
use ios012_lineage::{Cycle, CycleOutcome, Seal, sha256};

use super::guard::Trip;
use super::state::{NO_CYCLE, OpenCycle, Phase};
use super::{Engine, identity};
use crate::account::write_trial_balance;
use crate::{CycleSummary, Effect, EngineError};

impl Engine {
    /// Begins a cycle: names its documents, checks the breakers, decides, and plans the
    /// reductions. A cycle without orders ends at once.
    pub(super) fn open_cycle(
        &mut self,
        input: CycleInput,
        effects: &mut Vec<Effect>,
    ) -> Result<(), EngineError> {
        if self.open.is_some() {
            return Err(EngineError::Sequence(
                "a cycle was begun while another is open",
            ));
        }
        self.buffers.account.clear();
        write_trial_balance(self.accounts.books(), &mut self.buffers.account);
        let account_hash = sha256(self.buffers.account.as_bytes());
        self.cycle_id += 1;
        let cycle_hash = self.write(Cycle {
            account_hash,
            as_of: input.as_of(),
            constraints_hash: input.constraints().document().hash(),
            cycle_id: self.cycle_id,
            engine: identity(),
            mandate_hash: input.mandate_document().hash(),
            market_hash: input.market_document().hash(),
            mode: self.mode,
            regime_hash: input
                .regime_document()
                .map(ios012_contracts::Document::hash),
            registry_hash: input.registry().document().hash(),
        })?;
        self.last = Some(input.as_last_accepted());
        effects.push(Effect::KeepDocuments);
        let trip = self.price_trip(&input)?;
        if trip.is_none() {
            self.mark(&input)?;
        }
        self.sealed = None;
        self.open = Some(OpenCycle {
            account_hash,
            cycle_hash,
            nlv_before: self.accounts.nlv()?,
            rows: Vec::with_capacity(input.rows().len()),
            phase: Phase::Reducing,
            working: Vec::new(),
            decisions: 0,
            orders: 0,
            fills: 0,
            input,
        });
        let trip = trip.map_or_else(|| self.portfolio_trip(), |trip| Ok(Some(trip)))?;
        if let Some(trip) = trip {
            return self.abort(&trip, effects);
        }
        self.decide()?;
        self.send_reductions(effects)
    }

    /// Values what is held at the snapshot's prices.
    fn mark(&mut self, input: &CycleInput) -> Result<(), EngineError> {
        for row in input.rows() {
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

    fn abort(&mut self, trip: &Trip, effects: &mut Vec<Effect>) -> Result<(), EngineError> {
        self.write(trip.record(self.defcon))?;
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
        let nlv_after = self.accounts.nlv()?;
        self.write(Seal {
            cash: Some(self.accounts.books().cash()),
            decisions: open.decisions,
            defcon: self.defcon,
            fills: open.fills,
            liabilities: Some(self.accounts.books().liabilities()?),
            nlv_after: Some(nlv_after),
            nlv_before: Some(open.nlv_before),
            orders: open.orders,
            outcome,
        })?;
        self.refresh_held();
        effects.push(Effect::KeepRecords);
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
