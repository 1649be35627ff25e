//! The limits of one IoS-006 document, checked against each other.

use alloc::collections::BTreeSet;
use alloc::string::ToString;
use alloc::vec::Vec;
use core::ops::Deref;

use ios012_core::{
    AssetId, ClassId, CurrencyCode, Exposure, GroupId, Money, Quantity, Ratio, Rounding, Schedule,
    mul_div,
};

use crate::{BreakerLimits, ConstraintsError};

/// What an asset may still do. The later variant beats the earlier one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub enum Block {
    /// Trade within its limits.
    #[default]
    None,
    /// Move toward zero, never away from it, never across it.
    ReduceOnly,
    /// Go to zero.
    Flatten,
}

impl Block {
    /// The text in documents and in the list of binding limits.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::ReduceOnly => "reduce_only",
            Self::Flatten => "flatten",
        }
    }
}

/// Blocks an asset whose volatility shock score is above a threshold.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ShockRule {
    /// Highest score that does not block.
    pub threshold: Ratio,
    /// The block above it.
    pub block: Block,
}

/// The limits of one asset.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AssetLimits {
    /// The asset.
    pub asset_id: AssetId,
    /// Lowest exposure, `−max_exposure ..= 0`.
    pub min_exposure: Exposure,
    /// Highest exposure, zero or above.
    pub max_exposure: Exposure,
    /// Largest change of exposure in one transition, above zero.
    pub max_delta_exposure: Exposure,
    /// Highest leverage multiplier.
    pub max_leverage: Ratio,
    /// Block that holds whatever the market does.
    pub block: Block,
    /// Block that a volatility shock sets.
    pub shock: Option<ShockRule>,
    /// Most units of one order.
    pub max_order_quantity: Option<Quantity>,
}

/// The repeated-execution throttle (RTS 6, article 15(3)): an asset whose increases of one side were
/// sent `max_orders` times within `window_s` takes no increase any more, until an authorised person
/// opens it again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RepeatedExecution {
    /// Orders of one asset and side, at least 1.
    pub max_orders: u32,
    /// Seconds, at least 1.
    pub window_s: u32,
}

impl RepeatedExecution {
    /// Longest window, in seconds: a week.
    pub const LONGEST_WINDOW_S: u32 = 604_800;
}

/// A cap on the sum of absolute exposures of a class or a currency.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cap<Id> {
    /// What is capped.
    pub id: Id,
    /// Highest sum of absolute exposures.
    pub cap: Exposure,
}

/// A cap on the sum of absolute exposures of named assets.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GroupCap {
    /// The group.
    pub id: GroupId,
    /// Its members.
    pub members: Vec<AssetId>,
    /// Highest sum of absolute exposures.
    pub cap: Exposure,
}

/// Everything that IoS-006 says, before its rules have been checked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LimitSet {
    /// One row per asset.
    pub assets: Vec<AssetLimits>,
    /// Caps on groups.
    pub groups: Vec<GroupCap>,
    /// Caps on classes.
    pub classes: Vec<Cap<ClassId>>,
    /// Caps on currencies.
    pub currencies: Vec<Cap<CurrencyCode>>,
    /// Highest sum of absolute exposures of the portfolio.
    pub gross: Exposure,
    /// Highest absolute sum of signed exposures.
    pub net: Exposure,
    /// Lowest cash, as a fraction of NLV, at most 1.
    pub cash_floor: Exposure,
    /// Moves smaller than this are not made.
    pub dead_band: Exposure,
    /// Cycles over which a move is spread; 1 moves at once.
    pub ramp_steps: u32,
    /// Commission as a fraction of notional.
    pub fee: Ratio,
    /// Expected slippage as a fraction of price.
    pub slippage: Ratio,
    /// Farthest an order's limit may be from the reference price, as a fraction of it.
    pub collar: Ratio,
    /// Largest value of one order in base currency.
    pub max_order_notional: Option<Money>,
    /// How the orders of a cycle are spread over time.
    pub schedule: Schedule,
    /// Most orders in one cycle; reductions count, but are never refused for it.
    pub max_orders_per_cycle: Option<u32>,
    /// Largest turnover of one cycle, the value of all orders sent over NLV; reductions count, but
    /// are never refused for it.
    pub max_turnover: Option<Exposure>,
    /// Largest turnover of one UTC day, counted like that of a cycle.
    pub max_daily_turnover: Option<Exposure>,
    /// Most orders in any 60 seconds; every order beyond waits for its turn.
    pub max_orders_per_minute: Option<u32>,
    /// Closes an asset for increases that were sent too often.
    pub repeated_execution: Option<RepeatedExecution>,
    /// What trips the breakers, and what they do (ADR-016).
    pub breakers: BreakerLimits,
    /// Portfolio shock score above which every asset is reduce-only.
    pub soft_shock_threshold: Option<Ratio>,
    /// Portfolio shock score above which the cycle is aborted.
    pub hard_shock_threshold: Option<Ratio>,
    /// Largest relative change of a reference price between two cycles.
    pub jump_band: Option<Ratio>,
    /// Oldest reference price of an open market, in seconds.
    pub max_price_age_s: Option<u64>,
}

/// A [`LimitSet`] whose rules hold. [`Limits::new`] is its only maker.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Limits(LimitSet);

impl Limits {
    /// Sorts every table by its key and checks the rules of IoS-006 (docs/documents.md, constraints).
    ///
    /// # Errors
    /// The first rule that does not hold.
    pub fn new(mut set: LimitSet) -> Result<Self, ConstraintsError> {
        set.assets.sort_by(|a, b| a.asset_id.cmp(&b.asset_id));
        set.groups.sort_by(|a, b| a.id.cmp(&b.id));
        set.groups.iter_mut().for_each(|group| group.members.sort());
        set.classes.sort_by(|a, b| a.id.cmp(&b.id));
        set.currencies.sort_by(|a, b| a.id.cmp(&b.id));
        check_keys(&set)?;
        check_signs(&set)?;
        for asset in &set.assets {
            check_asset(asset, set.dead_band)?;
        }
        check_portfolio(&set)?;
        Ok(Self(set))
    }

    /// The row of an asset.
    ///
    /// # Errors
    /// [`ConstraintsError::NoLimits`]: an asset without limits may not be traded.
    pub fn asset(&self, asset_id: &AssetId) -> Result<&AssetLimits, ConstraintsError> {
        self.0
            .assets
            .binary_search_by(|row| row.asset_id.cmp(asset_id))
            .ok()
            .and_then(|index| self.0.assets.get(index))
            .ok_or_else(|| ConstraintsError::NoLimits {
                asset_id: asset_id.clone(),
            })
    }
}

impl Deref for Limits {
    type Target = LimitSet;

    fn deref(&self) -> &LimitSet {
        &self.0
    }
}

fn check_keys(set: &LimitSet) -> Result<(), ConstraintsError> {
    unique(set.assets.iter().map(|row| &row.asset_id))?;
    unique(set.groups.iter().map(|row| &row.id))?;
    for group in &set.groups {
        unique(group.members.iter())?;
    }
    unique(set.classes.iter().map(|row| &row.id))?;
    unique(set.currencies.iter().map(|row| &row.id))
}

pub(crate) fn unique<'a, Id: Ord + ToString + 'a>(
    ids: impl Iterator<Item = &'a Id>,
) -> Result<(), ConstraintsError> {
    let mut seen = BTreeSet::new();
    for id in ids {
        if !seen.insert(id) {
            return Err(ConstraintsError::Duplicate {
                what: id.to_string(),
            });
        }
    }
    Ok(())
}

fn check_signs(set: &LimitSet) -> Result<(), ConstraintsError> {
    let negative = |field| Err(ConstraintsError::Negative { field });
    let caps = set.groups.iter().map(|row| row.cap);
    let caps = caps.chain(set.classes.iter().map(|row| row.cap));
    let caps = caps.chain(set.currencies.iter().map(|row| row.cap));
    if caps.into_iter().any(Exposure::is_negative) {
        return negative("cap");
    }
    for (field, value) in [
        ("gross", set.gross),
        ("net", set.net),
        ("cash_floor", set.cash_floor),
        ("dead_band", set.dead_band),
    ] {
        if value.is_negative() {
            return negative(field);
        }
    }
    for (field, value) in [
        ("fee_bps", Some(set.fee)),
        ("slippage_bps", Some(set.slippage)),
        ("price_collar_bps", Some(set.collar)),
        ("soft_shock_threshold", set.soft_shock_threshold),
        ("hard_shock_threshold", set.hard_shock_threshold),
        ("jump_band", set.jump_band),
    ] {
        if value.is_some_and(Ratio::is_negative) {
            return negative(field);
        }
    }
    if set.max_order_notional.is_some_and(Money::is_negative) {
        return negative("max_order_notional");
    }
    if set.max_turnover.is_some_and(Exposure::is_negative) {
        return negative("max_turnover");
    }
    if set.max_daily_turnover.is_some_and(Exposure::is_negative) {
        return negative("max_daily_turnover");
    }
    set.breakers.check()?;
    Ok(())
}

fn check_asset(asset: &AssetLimits, dead_band: Exposure) -> Result<(), ConstraintsError> {
    let asset_id = || asset.asset_id.clone();
    let lowest = asset.max_exposure.checked_neg()?;
    let bounds_hold = lowest <= asset.min_exposure
        && asset.min_exposure <= Exposure::ZERO
        && !asset.max_exposure.is_negative();
    if !bounds_hold {
        return Err(ConstraintsError::ExposureBounds {
            asset_id: asset_id(),
        });
    }
    if !asset.max_delta_exposure.is_positive() {
        return Err(ConstraintsError::MaxDelta {
            asset_id: asset_id(),
        });
    }
    if dead_band > asset.max_delta_exposure {
        return Err(ConstraintsError::DeadBand {
            asset_id: asset_id(),
        });
    }
    if asset.max_leverage.is_negative() {
        return Err(ConstraintsError::Negative {
            field: "max_leverage",
        });
    }
    if asset.max_order_quantity.is_some_and(Quantity::is_negative) {
        return Err(ConstraintsError::Negative {
            field: "max_order_quantity",
        });
    }
    if asset.shock.is_some_and(|rule| rule.threshold.is_negative()) {
        return Err(ConstraintsError::Negative {
            field: "shock_threshold",
        });
    }
    Ok(())
}

fn check_portfolio(set: &LimitSet) -> Result<(), ConstraintsError> {
    if set.cash_floor > Exposure::ONE {
        return Err(ConstraintsError::CashFloor);
    }
    if set.ramp_steps == 0 {
        return Err(ConstraintsError::RampSteps);
    }
    let worst = set.collar.checked_add(set.fee)?;
    let at_risk = mul_div(
        set.gross.units(),
        worst.units(),
        Ratio::SCALE,
        Rounding::AwayFromZero,
    )?;
    if at_risk >= Exposure::SCALE {
        return Err(ConstraintsError::CollarTooWide);
    }
    match (set.soft_shock_threshold, set.hard_shock_threshold) {
        (Some(soft), Some(hard)) if soft > hard => Err(ConstraintsError::ShockThresholds),
        _ => Ok(()),
    }
}
