//! Limits resolved against the assets of one cycle.

use alloc::vec::Vec;

use ios012_core::{AssetSpec, Exposure, Ratio};

use crate::limits::unique;
use crate::{AssetLimits, Block, BlockCause, ConstraintsError, Limit, Limits, ShockRule};

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
}

/// The limits of one asset, in quanta of exposure.
#[derive(Debug, Clone)]
pub(crate) struct AssetRow {
    pub(crate) min: i128,
    pub(crate) max: i128,
    pub(crate) max_delta: i128,
    pub(crate) block: Block,
    pub(crate) shock: Option<ShockRule>,
    /// Whether the asset's leverage factor is above its bound.
    pub(crate) over_leverage: bool,
    pub(crate) active: bool,
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
    /// [`ConstraintsError::NoLimits`] for an asset without a row, and
    /// [`ConstraintsError::Duplicate`] for one that is listed twice: it could hold its limit twice.
    pub fn new(limits: &Limits, assets: &[&AssetSpec]) -> Result<Self, ConstraintsError> {
        unique(assets.iter().map(|spec| &spec.asset_id))?;
        let rows = assets
            .iter()
            .map(|spec| {
                limits
                    .asset(&spec.asset_id)
                    .map(|row| AssetRow::new(row, spec))
            })
            .collect::<Result<Vec<_>, _>>()?;
        let mut by_name: Vec<usize> = (0..assets.len()).collect();
        by_name.sort_by_key(|&index| assets.get(index).map(|spec| &spec.asset_id));
        Ok(Self {
            assets: rows,
            caps: caps(limits, assets),
            by_name,
            net: limits.net.units(),
            dead_band: limits.dead_band.units(),
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
    fn new(limits: &AssetLimits, spec: &AssetSpec) -> Self {
        Self {
            min: limits.min_exposure.units(),
            max: limits.max_exposure.units(),
            max_delta: limits.max_delta_exposure.units(),
            block: limits.block,
            shock: limits.shock,
            over_leverage: spec.leverage_factor > limits.max_leverage,
            active: spec.active,
        }
    }

    /// The block that holds now, and its cause: flatten beats reduce-only, then the earlier cause.
    pub(crate) fn block_now(
        &self,
        shock_score: Option<Ratio>,
        portfolio: Block,
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
            (BlockCause::PortfolioShock, portfolio),
        ] {
            if other.1 > strongest.1 {
                strongest = other;
            }
        }
        (strongest.1 != Block::None).then_some(strongest)
    }
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
