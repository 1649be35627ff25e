//! Strategy instability (ADR-016): what mandates asked lately, and the regimes behind this one.

use ios012_constraints::{BreakerResponse, StabilityLimits, TargetHistory};
use ios012_contracts::{CycleInput, CycleRow};
use ios012_core::{AssetId, Ratio};

use super::Engine;
use super::guard::Trip;
use crate::EngineError;

const BREAKER: &str = "strategy_instability";

impl Engine {
    /// Takes the targets of the open cycle's mandate into the window, and gives the
    /// `strategy_instability` trips with their response. A cycle without a mandate asks nothing.
    pub(super) fn stability_trips(&mut self) -> Result<Vec<(Trip, BreakerResponse)>, EngineError> {
        let Some(open) = &self.open else {
            return Ok(Vec::new());
        };
        let Some(limits) = open.input.constraints().limits().breakers.stability else {
            self.targets = TargetHistory::default();
            return Ok(Vec::new());
        };
        if open.input.mandate().is_none() {
            return Ok(Vec::new());
        }
        let targets = asked(&open.input).map(|(asset_id, row)| (asset_id.clone(), row.target));
        self.targets.push(targets.collect(), limits.window_cycles);
        let mut trips = self.window_trips(&limits)?;
        trips.extend(regime_trips(&open.input, &limits)?);
        let respond = |trip| (trip, limits.response);
        Ok(trips.into_iter().map(respond).collect())
    }

    fn window_trips(&self, limits: &StabilityLimits) -> Result<Vec<Trip>, EngineError> {
        let measured = self.targets.measure()?;
        let ratios = [
            ("turnover", measured.turnover, limits.max_turnover),
            ("variance", measured.variance, limits.max_variance),
        ];
        let ratios = ratios.into_iter().filter_map(|(cause, value, limit)| {
            let limit = limit.filter(|limit| value > *limit)?;
            Some((cause, value.to_string(), limit.to_string()))
        });
        let flips = limits.max_flips.filter(|most| measured.flips > *most);
        let flips = flips.map(|most| ("flips", measured.flips.to_string(), most.to_string()));
        let passed = flips.into_iter().chain(ratios);
        let trips = passed.map(|(cause, value, limit)| {
            let window = ("window_cycles", limits.window_cycles.to_string());
            Trip::new(BREAKER, cause, &[(cause, value), ("limit", limit), window])
        });
        trips.collect()
    }
}

/// The regimes of the assets with a target. An asset without one is not confirmed, and nobody is
/// confident of it.
fn regime_trips(input: &CycleInput, limits: &StabilityLimits) -> Result<Vec<Trip>, EngineError> {
    let mut trips = Vec::new();
    let wanted = || asked(input).filter(|(_, row)| !row.target.is_zero());
    if let Some(most) = limits.max_unconfirmed {
        let is_confirmed = |asset_id| {
            input
                .regime(asset_id)
                .is_some_and(|regime| regime.confirmed)
        };
        let doubtful: Vec<_> = wanted().filter(|(id, _)| !is_confirmed(id)).collect();
        if usize::try_from(most).is_ok_and(|most| doubtful.len() > most) {
            let first = doubtful.first().map(|(asset_id, _)| asset_id.to_string());
            let evidence = [
                ("unconfirmed", doubtful.len().to_string()),
                ("limit", most.to_string()),
                ("asset_id", first.unwrap_or_default()),
            ];
            trips.push(Trip::new(BREAKER, "unconfirmed", &evidence)?);
        }
    }
    let confidence = |asset_id| {
        input
            .regime(asset_id)
            .map_or(Ratio::ZERO, |regime| regime.confidence)
    };
    let lowest = wanted().map(|(id, _)| (confidence(id), id)).min();
    if let (Some(limit), Some((lowest, asset_id))) = (limits.min_confidence, lowest)
        && lowest < limit
    {
        let evidence = [
            ("asset_id", asset_id.to_string()),
            ("confidence", lowest.to_string()),
            ("limit", limit.to_string()),
        ];
        trips.push(Trip::new(BREAKER, "low_confidence", &evidence)?);
    }
    Ok(trips)
}

fn asked(input: &CycleInput) -> impl Iterator<Item = (&AssetId, &CycleRow)> {
    let rows = input.rows().iter();
    rows.filter_map(|row| Some((&input.asset(row)?.asset_id, row)))
}
