//! The breakers that can stop a cycle before it decides (ADR-016; docs/decision.md, Jump band).

use ios012_contracts::CycleInput;
use ios012_core::{CoreError, Price, Ratio, Rounding, mul_div};
use ios012_lineage::{Breaker, Code, Defcon, Evidence, PlainText};

use super::{Engine, plain};
use crate::EngineError;

/// A breaker that tripped.
#[derive(Debug)]
pub(super) struct Trip {
    breaker: Code,
    cause: Code,
    evidence: Vec<Evidence>,
}

impl Trip {
    pub(super) fn new(
        breaker: &'static str,
        cause: &'static str,
        evidence: &[(&'static str, String)],
    ) -> Result<Self, EngineError> {
        Self::of(breaker, cause.parse()?, evidence)
    }

    pub(super) fn of(
        breaker: &'static str,
        cause: Code,
        evidence: &[(&'static str, String)],
    ) -> Result<Self, EngineError> {
        let evidence = evidence.iter().map(|(name, value)| {
            let value: PlainText = plain(value)?;
            Ok::<_, EngineError>(Evidence {
                name: name.parse()?,
                value,
            })
        });
        Ok(Self {
            breaker: breaker.parse()?,
            cause,
            evidence: evidence.collect::<Result<_, _>>()?,
        })
    }

    pub(super) fn record(&self, action: Code, level: Defcon) -> Breaker {
        Breaker {
            action,
            breaker: self.breaker.clone(),
            cause: self.cause.clone(),
            evidence: self.evidence.clone(),
            level,
        }
    }
}

impl Engine {
    /// `data_corruption`: the rows whose price moved further than the band since the last price that
    /// a cycle accepted. It is judged before the books are marked, so a wrong price marks nothing.
    pub(super) fn price_trips(
        &self,
        input: &CycleInput,
    ) -> Result<Vec<(usize, Trip)>, EngineError> {
        let mut trips = Vec::new();
        let Some(band) = input.constraints().limits().jump_band else {
            return Ok(trips);
        };
        for (index, row) in input.rows().iter().enumerate() {
            let spec = input.asset(row).ok_or(EngineError::NoAsset)?;
            let Some(&last) = self.prices.get(&spec.asset_id) else {
                continue;
            };
            let jump = relative_change(last, row.reference_price)?;
            if jump > band {
                let evidence = [
                    ("asset_id", spec.asset_id.to_string()),
                    ("last_price", last.to_string()),
                    ("reference_price", row.reference_price.to_string()),
                    ("jump", jump.to_string()),
                    ("jump_band", band.to_string()),
                ];
                let trip = Trip::new("data_corruption", "price_jump", &evidence)?;
                trips.push((index, trip));
            }
        }
        Ok(trips)
    }

    /// `economic_safety` where the market took NLV below the maintenance margin, or cash below zero
    /// where nothing lends it. Where IoS-006 names no response the cycle goes on: free margin is below
    /// zero then, so the decision adds nothing and shrinks every position until the initial margin is
    /// covered again.
    pub(super) fn margin_trip(&self) -> Result<Option<Trip>, EngineError> {
        let books = self.accounts.books();
        let (nlv, maintenance) = (self.accounts.nlv()?, books.maintenance_margin()?);
        if nlv < maintenance {
            let evidence = [
                ("nlv", nlv.to_string()),
                ("maintenance_margin", maintenance.to_string()),
                ("initial_margin", books.initial_margin()?.to_string()),
            ];
            return Trip::new("economic_safety", "maintenance_margin", &evidence).map(Some);
        }
        Ok(None)
    }

    /// `economic_safety` where nothing is left to trade with, and `volatility_shock` beyond the
    /// hard threshold.
    pub(super) fn portfolio_trip(&self) -> Result<Option<Trip>, EngineError> {
        let nlv = self.accounts.nlv()?;
        if !nlv.is_positive() {
            let evidence = [("nlv", nlv.to_string())];
            return Trip::new("economic_safety", "nlv_not_positive", &evidence).map(Some);
        }
        let Some(open) = &self.open else {
            return Ok(None);
        };
        let limits = open.input.constraints().limits();
        match (
            open.input.portfolio_shock_score(),
            limits.hard_shock_threshold,
        ) {
            (Some(score), Some(threshold)) if score > threshold => {
                let evidence = [
                    ("portfolio_shock_score", score.to_string()),
                    ("hard_shock_threshold", threshold.to_string()),
                ];
                Trip::new("volatility_shock", "portfolio_hard", &evidence).map(Some)
            }
            _ => Ok(None),
        }
    }
}

/// `abs(after − before) / before`, rounded up.
fn relative_change(before: Price, after: Price) -> Result<Ratio, CoreError> {
    let change = after.checked_sub(before)?.checked_abs()?;
    mul_div(
        change.units(),
        Ratio::SCALE,
        before.units(),
        Rounding::AwayFromZero,
    )
    .map(Ratio::from_units)
}
