//! How steadily mandates ask: direction flips, turnover and variance of targets over a window of
//! cycles, and the regimes behind them (ADR-016, strategy instability).

use alloc::collections::VecDeque;
use alloc::vec::Vec;

use ios012_core::{AssetId, CoreError, Exposure, Ratio, Rounding, mul_div};

use crate::{BreakerResponse, ConstraintsError};

/// The bounds on what mandates ask. One that is not set never trips; equal is not passed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct StabilityLimits {
    /// Mandates in the window, 2 to [`StabilityLimits::MAX_WINDOW`].
    pub window_cycles: u32,
    /// Most changes of direction of one asset within the window.
    pub max_flips: Option<u32>,
    /// Largest sum, over assets and cycles, of absolute changes of targets.
    pub max_turnover: Option<Ratio>,
    /// Largest population variance of one asset's targets, in squared exposure.
    pub max_variance: Option<Ratio>,
    /// Most assets with a target whose regime is not confirmed.
    pub max_unconfirmed: Option<u32>,
    /// Lowest confidence in the regime of an asset with a target.
    pub min_confidence: Option<Ratio>,
    /// What happens beyond any of them.
    pub response: BreakerResponse,
}

impl StabilityLimits {
    /// Most mandates in a window.
    pub const MAX_WINDOW: u32 = 1_000;

    /// # Errors
    /// [`ConstraintsError::Window`], [`ConstraintsError::Negative`].
    pub(crate) fn check(&self) -> Result<(), ConstraintsError> {
        if !(2..=Self::MAX_WINDOW).contains(&self.window_cycles) {
            return Err(ConstraintsError::Window {
                cycles: self.window_cycles,
            });
        }
        let limits = [
            ("max_turnover", self.max_turnover),
            ("max_variance", self.max_variance),
            ("min_confidence", self.min_confidence),
        ];
        let mut negative = limits
            .iter()
            .filter(|(_, limit)| limit.is_some_and(Ratio::is_negative));
        match negative.next() {
            Some((field, _)) => Err(ConstraintsError::Negative { field }),
            None => Ok(()),
        }
    }
}

/// What the last mandates asked. An asset that a mandate does not name has the target zero in it.
#[derive(Debug, Clone, Default)]
pub struct TargetHistory {
    mandates: VecDeque<Vec<(AssetId, Exposure)>>,
}

/// What a window of mandates shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Stability {
    /// Most changes of direction of one asset. A zero between two targets is no direction.
    pub flips: u32,
    /// Sum over assets and cycles of the absolute change of the target.
    pub turnover: Ratio,
    /// Largest population variance of one asset's targets, rounded up.
    pub variance: Ratio,
}

impl TargetHistory {
    /// Takes a mandate's targets, one for each asset, and forgets those before the window.
    pub fn push(&mut self, targets: Vec<(AssetId, Exposure)>, window_cycles: u32) {
        self.mandates.push_back(targets);
        while usize::try_from(window_cycles).is_ok_and(|most| self.mandates.len() > most) {
            self.mandates.pop_front();
        }
    }

    /// Measures the window.
    ///
    /// # Errors
    /// [`CoreError::Overflow`].
    pub fn measure(&self) -> Result<Stability, CoreError> {
        let mut assets: Vec<&AssetId> = self.mandates.iter().flatten().map(|row| &row.0).collect();
        assets.sort_unstable();
        assets.dedup();
        let mut stability = Stability::default();
        let mut series = Vec::with_capacity(self.mandates.len());
        for asset in assets {
            series.clear();
            series.extend(self.mandates.iter().map(|mandate| target(mandate, asset)));
            stability.flips = stability.flips.max(flips(&series));
            stability.turnover = stability.turnover.checked_add(turnover(&series)?)?;
            stability.variance = stability.variance.max(variance(&series)?);
        }
        Ok(stability)
    }
}

fn target(mandate: &[(AssetId, Exposure)], asset: &AssetId) -> Exposure {
    let row = mandate.iter().find(|(id, _)| id == asset);
    row.map_or(Exposure::ZERO, |(_, target)| *target)
}

fn flips(series: &[Exposure]) -> u32 {
    let mut directions = series.iter().filter(|target| !target.is_zero());
    let Some(first) = directions.next() else {
        return 0;
    };
    let (_, flips) = directions.fold((first, 0_u32), |(before, flips), target| {
        let flipped = before.is_negative() != target.is_negative();
        (target, flips.saturating_add(u32::from(flipped)))
    });
    flips
}

fn turnover(series: &[Exposure]) -> Result<Ratio, CoreError> {
    let mut steps = series.iter().zip(series.iter().skip(1));
    let sum = steps.try_fold(Exposure::ZERO, |sum, (before, after)| {
        sum.checked_add(after.checked_sub(*before)?.checked_abs()?)
    })?;
    Ok(Ratio::from_units(sum.units()))
}

/// `(n × Σ t² − (Σ t)²) / n²`, exact but for one rounding away from zero.
fn variance(series: &[Exposure]) -> Result<Ratio, CoreError> {
    let overflow = CoreError::Overflow {
        operation: "variance of targets",
    };
    let (mut sum, mut squares) = (0_i128, 0_i128);
    for target in series {
        let units = target.units();
        sum = sum.checked_add(units).ok_or(overflow)?;
        let square = units.checked_mul(units).ok_or(overflow)?;
        squares = squares.checked_add(square).ok_or(overflow)?;
    }
    let count = i128::try_from(series.len()).map_err(|_| overflow)?;
    let squares = squares.checked_mul(count).ok_or(overflow)?;
    let square = sum.checked_mul(sum).ok_or(overflow)?;
    let spread = squares.checked_sub(square).ok_or(overflow)?;
    // A square of quanta counts 1e-24; a quantum of the result is 1e-12.
    let divisor = count
        .checked_mul(count)
        .and_then(|n2| n2.checked_mul(Exposure::SCALE));
    let divisor = divisor.ok_or(overflow)?;
    mul_div(spread, 1, divisor, Rounding::AwayFromZero).map(Ratio::from_units)
}

#[cfg(test)]
mod tests {
    use alloc::vec;

    use super::*;

    fn of(text: &str) -> Exposure {
        text.parse().expect("an exposure")
    }

    fn history(window: u32, mandates: &[&[(&str, &str)]]) -> Stability {
        let mut history = TargetHistory::default();
        for mandate in mandates {
            let rows = mandate.iter();
            let rows = rows.map(|(id, target)| (id.parse().expect("an id"), of(target)));
            history.push(rows.collect(), window);
        }
        history.measure().expect("fits")
    }

    /// Flips: long, short, nothing, long are two. Turnover: 0.2 + 0.1 + 0.3. Variance of 0.1, −0.1, 0,
    /// 0.3: squares sum to 0.11, the sum is 0.3, so 0.11 / 4 − 0.09 / 16 = 0.021875.
    #[test]
    fn a_window_is_measured_as_by_hand() {
        let targets = ["0.1", "-0.1", "0", "0.3"].map(|target| [("A", target)]);
        let targets = targets.each_ref().map(<[_; 1]>::as_slice);
        let measured = history(4, &targets);
        assert_eq!(measured.flips, 2);
        assert_eq!(measured.turnover, "0.6".parse().expect("a ratio"));
        assert_eq!(measured.variance, "0.021875".parse().expect("a ratio"));
    }

    /// What lies before the window counts for nothing.
    #[test]
    fn a_window_forgets() {
        let measured = history(2, &[&[("A", "-0.5")], &[("A", "0.2")], &[("A", "0.2")]]);
        assert_eq!(measured, Stability::default());
    }

    /// Flips and variance are those of the worst asset, turnover is that of all; an asset that is not
    /// named any more has gone to zero.
    #[test]
    fn assets_are_measured_together() {
        let measured = history(
            9,
            &[
                &[("A", "0.1"), ("B", "0.4")],
                &[("B", "-0.4")],
                &[("A", "0.1"), ("B", "0.4")],
            ],
        );
        assert_eq!(measured.flips, 2);
        assert_eq!(measured.turnover, "1.8".parse().expect("a ratio"));
        // B: squares 0.48, sum 0.4: 0.16 − 0.16 / 9, rounded up.
        assert_eq!(
            measured.variance,
            "0.142222222223".parse().expect("a ratio")
        );
    }

    #[test]
    fn numbers_at_the_edge_are_refused() {
        let most = Exposure::from_units(i128::MAX);
        let id: AssetId = "A".parse().expect("an id");
        let mut history = TargetHistory::default();
        history.push(vec![(id.clone(), most)], 2);
        history.push(vec![(id, most)], 2);
        assert!(history.measure().is_err());
    }
}
