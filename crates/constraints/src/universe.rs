//! Limits resolved against the assets of one cycle.

use alloc::vec::Vec;

use ios012_core::{AssetSpec, CoreError, Exposure, Ratio};

use crate::limits::unique;
use crate::{
    AssetLimits, Block, BlockCause, ConstraintsError, Limit, Limits, PortfolioState, ShockRule,
};

/// The limits of a list of assets, with each name resolved to a position in that list.
///
/// It depends on the registry and the constraints only, so it serves every cycle until one of
/// them changes.
#[derive(Debug, Clone)]
pub struct Universe {
    pub(crate) assets: Vec<AssetRow>,
    pub(crate) caps: Vec<CapRow>,
    /// Positions of the assets in the order of their `asset_id`.
    pub(crate) by_name: Vec<usize>,
    pub(crate) net: i128,
    pub(crate) dead_band: i128,
    /// What the cash headroom is multiplied by to count in the same parts as
    /// [`AssetRow::capital_weight`].
    pub(crate) capital_scale: i128,
}

/// The limits of one asset, in quanta of exposure.
#[derive(Debug, Clone)]
pub(crate) struct AssetRow {
    pub(crate) min: i128,
    pub(crate) max: i128,
    pub(crate) max_delta: i128,
    pub(crate) block: Block,
    pub(crate) shock: Option<ShockRule>,
    /// Whether the asset's leverage multiplier is above its bound.
    pub(crate) over_leverage: bool,
    pub(crate) active: bool,
    /// Capital that a quantum of absolute exposure ties up, above zero: the capital rate as a
    /// whole number of the parts that all rates of the universe have in common.
    pub(crate) capital_weight: i128,
}

/// A cap on the sum of absolute exposures of some assets.
#[derive(Debug, Clone)]
pub(crate) struct CapRow {
    pub(crate) limit: Limit,
    pub(crate) members: Vec<usize>,
    pub(crate) cap: i128,
}

impl Universe {
    /// Resolves `limits` for `assets`, which the later decisions list in the same order.
    ///
    /// # Errors
    /// [`ConstraintsError::NoLimits`] for an asset without a row,
    /// [`ConstraintsError::Duplicate`] for one that is listed twice: it could hold its limit twice,
    /// and [`ConstraintsError::CapitalRate`] for one that would tie up nothing.
    pub fn new(limits: &Limits, assets: &[&AssetSpec]) -> Result<Self, ConstraintsError> {
        unique(assets.iter().map(|spec| &spec.asset_id))?;
        let mut rows = assets
            .iter()
            .map(|spec| AssetRow::new(limits.asset(&spec.asset_id)?, spec))
            .collect::<Result<Vec<_>, _>>()?;
        let capital_scale = share_capital_parts(&mut rows)?;
        let mut by_name: Vec<usize> = (0..assets.len()).collect();
        by_name.sort_by_key(|&index| assets.get(index).map(|spec| &spec.asset_id));
        Ok(Self {
            assets: rows,
            caps: caps(limits, assets),
            by_name,
            net: limits.net.units(),
            dead_band: limits.dead_band.units(),
            capital_scale,
        })
    }

    /// The number of assets.
    pub const fn len(&self) -> usize {
        self.assets.len()
    }

    /// Whether there are no assets.
    pub const fn is_empty(&self) -> bool {
        self.assets.is_empty()
    }
}

impl AssetRow {
    /// The row with its whole capital rate, in quanta, as its weight.
    fn new(limits: &AssetLimits, spec: &AssetSpec) -> Result<Self, ConstraintsError> {
        let margin = spec.initial_margin_rate;
        if !margin.is_positive() || !spec.leverage_factor.is_positive() {
            return Err(ConstraintsError::CapitalRate {
                asset_id: spec.asset_id.clone(),
            });
        }
        Ok(Self {
            min: limits.min_exposure.units(),
            max: limits.max_exposure.units(),
            max_delta: limits.max_delta_exposure.units(),
            block: limits.block,
            shock: limits.shock,
            over_leverage: spec.leverage_multiplier()? > limits.max_leverage,
            active: spec.active,
            capital_weight: spec.capital_rate()?.units(),
        })
    }

    /// The block that holds now, and its cause: flatten beats reduce-only, then the earlier cause.
    pub(crate) fn block_now(
        &self,
        shock_score: Option<Ratio>,
        portfolio: PortfolioState,
    ) -> Option<(BlockCause, Block)> {
        let shock = match (self.shock, shock_score) {
            (Some(rule), Some(score)) if score > rule.threshold => rule.block,
            // A rule without its score is a rule that cannot be checked: no increase.
            (Some(_), None) => Block::ReduceOnly,
            _ => Block::None,
        };
        let mut strongest = (BlockCause::Constraint, self.block);
        let leverage = if self.over_leverage {
            Block::ReduceOnly
        } else {
            Block::None
        };
        for other in [
            (BlockCause::Leverage, leverage),
            (BlockCause::AssetShock, shock),
            (BlockCause::PortfolioShock, portfolio.block),
            (BlockCause::Breaker, portfolio.breaker),
        ] {
            if other.1 > strongest.1 {
                strongest = other;
            }
        }
        (strongest.1 != Block::None).then_some(strongest)
    }
}

/// Divides the capital rates by what they and 1 have in common, and returns what 1 has become. The
/// sums stay exact and small; where every rate is 1, every weight is 1.
fn share_capital_parts(rows: &mut [AssetRow]) -> Result<i128, CoreError> {
    let rates = rows.iter().map(|row| row.capital_weight);
    let common = rates.fold(Ratio::SCALE, greatest_common_divisor);
    let parts = |rate: i128| {
        rate.checked_div(common).ok_or(CoreError::DivisionByZero {
            operation: "capital weights",
        })
    };
    for row in rows {
        row.capital_weight = parts(row.capital_weight)?;
    }
    parts(Ratio::SCALE)
}

/// Of two numbers above zero (Euclid, Elements, book VII).
fn greatest_common_divisor(mut a: i128, mut b: i128) -> i128 {
    while let Some(rest) = a.checked_rem(b) {
        (a, b) = (b, rest);
    }
    a
}

/// The caps in the order in which they are cured: groups, classes, currencies by id, then gross.
fn caps(limits: &Limits, assets: &[&AssetSpec]) -> Vec<CapRow> {
    let members = |belongs: &dyn Fn(&AssetSpec) -> bool| -> Vec<usize> {
        let assets = assets.iter().enumerate();
        assets
            .filter(|(_, spec)| belongs(spec))
            .map(|(index, _)| index)
            .collect()
    };
    let row = |limit, cap: Exposure, belongs: &dyn Fn(&AssetSpec) -> bool| CapRow {
        limit,
        members: members(belongs),
        cap: cap.units(),
    };
    let mut caps = Vec::new();
    for group in &limits.groups {
        caps.push(row(Limit::Group(group.id.clone()), group.cap, &|spec| {
            group.members.binary_search(&spec.asset_id).is_ok()
        }));
    }
    for class in &limits.classes {
        caps.push(row(Limit::Class(class.id.clone()), class.cap, &|spec| {
            spec.class == class.id
        }));
    }
    for currency in &limits.currencies {
        caps.push(row(
            Limit::Currency(currency.id.clone()),
            currency.cap,
            &|spec| spec.currency == currency.id,
        ));
    }
    caps.push(row(Limit::Gross, limits.gross, &|_| true));
    caps
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Rates in whole numbers of their largest common part. Euclid's own way by hand: 1071 = 2 × 462 +
    /// 147, 462 = 3 × 147 + 21, 147 = 7 × 21.
    #[test]
    fn the_common_part_is_the_largest() {
        for (a, b, largest) in [
            (1_071, 462, 21),
            (462, 1_071, 21),
            (12, 18, 6),
            (7, 9, 1),
            (5, 5, 5),
            (1, 1_000, 1),
            (250_000_000_000, Ratio::SCALE, 250_000_000_000),
        ] {
            assert_eq!(greatest_common_divisor(a, b), largest, "{a} {b}");
        }
    }
}
