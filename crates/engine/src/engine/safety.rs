//! Economic safety (ADR-012): losses of the portfolio against their limits.

use ios012_constraints::{BreakerResponse, TargetHistory, Trigger};
use ios012_core::account::Account;
use ios012_core::calendar::Day;
use ios012_core::{AssetId, CoreError, Money, Ratio, Rounding, UtcTime, mul_div};

use super::Engine;
use super::guard::Trip;
use crate::EngineError;

/// What the portfolio gained so far: NLV less the capital that came in, so that a transfer is
/// neither a gain nor a loss. All in base currency; it follows from the ledger.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Safety {
    /// The highest gain.
    peak: Money,
    /// The gain at the last seal.
    last: Money,
    /// The UTC day of the last cycle, and the gain before its first cycle.
    day: Option<Day>,
    day_open: Money,
}

impl Engine {
    /// Takes the gain at the marks of a cycle.
    pub(super) fn follow_gain(&mut self, as_of: UtcTime) -> Result<(), CoreError> {
        let gain = self.accounts.nlv()?.checked_sub(self.capital()?)?;
        let day = Some(Day::of(as_of));
        if self.safety.day != day {
            self.safety.day = day;
            self.safety.day_open = self.safety.last;
        }
        self.safety.last = gain;
        self.safety.peak = self.safety.peak.max(gain);
        Ok(())
    }

    /// The `economic_safety` trips at the marks of the cycle, each with its response: the margin,
    /// the loss of the day, the drawdown.
    pub(super) fn safety_trips(&self) -> Result<Vec<(Trip, BreakerResponse)>, EngineError> {
        let Some(open) = &self.open else {
            return Ok(Vec::new());
        };
        let limits = open.input.constraints().limits().breakers;
        let mut trips = Vec::new();
        if let Some(response) = limits.margin_breach
            && let Some(trip) = self.margin_trip()?
        {
            trips.push((trip, response));
        }
        let losses = [
            ("daily_loss", limits.daily_loss, self.safety.day_open),
            ("drawdown", limits.drawdown, self.safety.peak),
        ];
        for (cause, trigger, from) in losses {
            if let Some(trigger) = trigger
                && let Some(trip) = self.loss_trip(cause, trigger, from)?
            {
                trips.push((trip, trigger.response));
            }
        }
        Ok(trips)
    }

    /// Closes an asset for increases that were sent too often, and records it once.
    pub(super) fn close_repeated(
        &mut self,
        asset_id: &AssetId,
        at: UtcTime,
    ) -> Result<(), EngineError> {
        if self.sent.is_closed(asset_id) {
            return Ok(());
        }
        self.sent.close(asset_id);
        let evidence = [("asset_id", asset_id.to_string())];
        let trip = Trip::new("economic_safety", "repeated_execution", &evidence)?;
        self.trip_watch(&trip, "reduce_only", at)
    }

    /// A loss since a gain, as a fraction of NLV then with the capital of now, rounded up.
    fn loss_trip(
        &self,
        cause: &'static str,
        trigger: Trigger,
        from: Money,
    ) -> Result<Option<Trip>, EngineError> {
        let nlv = self.accounts.nlv()?;
        let before = self.capital()?.checked_add(from)?;
        let loss = before.checked_sub(nlv)?;
        if !loss.is_positive() {
            return Ok(None);
        }
        let fraction = mul_div(
            loss.units(),
            Ratio::SCALE,
            before.units(),
            Rounding::AwayFromZero,
        )?;
        let fraction = Ratio::from_units(fraction);
        if fraction <= trigger.limit {
            return Ok(None);
        }
        let evidence = [
            ("nlv", nlv.to_string()),
            ("nlv_before", before.to_string()),
            ("loss", fraction.to_string()),
            ("limit", trigger.limit.to_string()),
        ];
        Trip::new("economic_safety", cause, &evidence).map(Some)
    }

    /// Begins to count losses and the strategy's changes anew, once a person has answered for those before.
    pub(super) fn rebase_safety(&mut self) -> Result<(), EngineError> {
        let gain = self.accounts.nlv()?.checked_sub(self.capital()?)?;
        (self.safety.peak, self.safety.last, self.safety.day_open) = (gain, gain, gain);
        self.targets = TargetHistory::default();
        Ok(())
    }

    /// Opening capital and transfers, in base currency.
    fn capital(&self) -> Result<Money, CoreError> {
        let flows = self.accounts.flows();
        flows
            .of(Account::Opening)
            .checked_add(flows.of(Account::Transfers))
    }
}
