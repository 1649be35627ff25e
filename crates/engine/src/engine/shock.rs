//! Volatility shocks that the cycle survives (ADR-016): the limits block by them in every cycle, the
//! ledger says when they began.

use ios012_contracts::CycleInput;
use ios012_core::AssetId;

use super::Engine;
use super::guard::Trip;
use super::state::NO_CYCLE;
use crate::EngineError;

/// What was above its threshold in the last cycle. It follows from the documents.
#[derive(Debug, Default)]
pub(super) struct Shocks {
    portfolio: bool,
    assets: Vec<AssetId>,
}

/// A shock that begins, and what the limits do.
type Begun = (Trip, &'static str);

impl Engine {
    /// Records each `volatility_shock` that begins with the open cycle. The level stays: a shock ends
    /// by itself, once its score is back.
    pub(super) fn tell_shocks(&mut self) -> Result<(), EngineError> {
        let open = self.open.as_ref().ok_or(NO_CYCLE)?;
        let (now, trips) = shocks(&open.input, &self.shocks)?;
        self.shocks = now;
        for (trip, action) in trips {
            self.tell_trip(&trip, action)?;
        }
        Ok(())
    }
}

/// The shocks of an input, and a trip for each that was none before.
fn shocks(input: &CycleInput, before: &Shocks) -> Result<(Shocks, Vec<Begun>), EngineError> {
    let limits = input.constraints().limits();
    let (mut now, mut trips) = (Shocks::default(), Vec::new());
    if let (Some(score), Some(threshold)) =
        (input.portfolio_shock_score(), limits.soft_shock_threshold)
        && score > threshold
    {
        now.portfolio = true;
        if !before.portfolio {
            let evidence = [
                ("portfolio_shock_score", score.to_string()),
                ("soft_shock_threshold", threshold.to_string()),
            ];
            let trip = Trip::new("volatility_shock", "portfolio_soft", &evidence)?;
            trips.push((trip, "reduce_only"));
        }
    }
    if limits.assets.iter().all(|asset| asset.shock.is_none()) {
        return Ok((now, trips));
    }
    for row in input.rows() {
        let asset_id = &input.asset(row).ok_or(EngineError::NoAsset)?.asset_id;
        let (Some(rule), Some(score)) = (limits.asset(asset_id)?.shock, row.shock_score) else {
            continue;
        };
        if score <= rule.threshold {
            continue;
        }
        if !before.assets.contains(asset_id) {
            let evidence = [
                ("asset_id", asset_id.to_string()),
                ("shock_score", score.to_string()),
                ("shock_threshold", rule.threshold.to_string()),
            ];
            let trip = Trip::new("volatility_shock", "asset", &evidence)?;
            trips.push((trip, rule.block.as_str()));
        }
        now.assets.push(asset_id.clone());
    }
    Ok((now, trips))
}
