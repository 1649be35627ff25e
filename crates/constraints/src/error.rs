use ios012_core::{AssetId, CoreError};
use thiserror::Error;

/// Why a set of limits, or a decision under it, is not acceptable.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum ConstraintsError {
    /// `min_exposure` is outside `−max_exposure ..= 0`, or `max_exposure` is negative.
    #[error("{asset_id}: −max_exposure ≤ min_exposure ≤ 0 ≤ max_exposure does not hold")]
    ExposureBounds {
        /// The asset.
        asset_id: AssetId,
    },
    /// `max_delta_exposure` is zero or negative.
    #[error("{asset_id}: max_delta_exposure must be above 0")]
    MaxDelta {
        /// The asset.
        asset_id: AssetId,
    },
    /// The dead band is wider than the largest step an asset may take, or negative.
    #[error("{asset_id}: 0 ≤ dead_band ≤ max_delta_exposure does not hold")]
    DeadBand {
        /// The asset with the smallest `max_delta_exposure`.
        asset_id: AssetId,
    },
    /// Two rows for one asset, group, class, currency or member.
    #[error("two rows for {what}")]
    Duplicate {
        /// The repeated key.
        what: alloc::string::String,
    },
    /// A limit, rate or threshold is negative.
    #[error("{field} must not be negative")]
    Negative {
        /// The field of the constraints document.
        field: &'static str,
    },
    /// The cash floor is above 1.
    #[error("cash_floor must be at most 1")]
    CashFloor,
    /// The worst fills could cost more than the whole portfolio (docs/documents.md, constraints).
    #[error("gross × (collar + fee) must be below 1")]
    CollarTooWide,
    /// The soft volatility threshold is above the hard one.
    #[error("the soft shock threshold must not be above the hard one")]
    ShockThresholds,
    /// The ramp has no steps.
    #[error("ramp_steps must be at least 1")]
    RampSteps,
    /// An asset is decided on for which IoS-006 has no row.
    #[error("no limits for {asset_id}")]
    NoLimits {
        /// The asset.
        asset_id: AssetId,
    },
    /// The states given to a decision do not fit its universe.
    #[error("{found} asset states for a universe of {expected}")]
    AssetCount {
        /// Assets of the universe.
        expected: usize,
        /// States given.
        found: usize,
    },
    /// A leverage factor or an initial margin rate that is not above zero.
    #[error("{asset_id}: leverage_factor and initial_margin_rate must be above 0")]
    CapitalRate {
        /// The asset.
        asset_id: AssetId,
    },
    /// A window of mandates that shows no change, or is too long to keep.
    #[error("window_cycles is {cycles}, and must be from 2 to 1000")]
    Window {
        /// Mandates in the window.
        cycles: u32,
    },
    /// Exact arithmetic failed.
    #[error(transparent)]
    Arithmetic(#[from] CoreError),
}
