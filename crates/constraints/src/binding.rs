//! The names of the limits, and the trace that each leaves on a decision.

use core::fmt;

use ios012_core::{ClassId, CurrencyCode, Exposure, GroupId};

use crate::Block;

/// Who set a block.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BlockCause {
    /// The IoS-006 row of the asset.
    Constraint,
    /// The asset's leverage multiplier is above its bound.
    Leverage,
    /// The asset's volatility shock score.
    AssetShock,
    /// The portfolio's volatility shock score.
    PortfolioShock,
    /// A breaker that tripped, on every asset.
    Breaker,
}

/// A limit that can change what a decision allows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Limit {
    /// Smoothing over several cycles.
    Ramp,
    /// Highest exposure of the asset.
    MaxExposure,
    /// Lowest exposure of the asset.
    MinExposure,
    /// The asset may only reduce, or must go to zero.
    Blocked(BlockCause, Block),
    /// The registry says that the asset is not active.
    Inactive,
    /// The reference price is not trusted, so the asset is neither valued anew nor traded.
    Frozen,
    /// The market is closed.
    MarketClosed,
    /// Cap on a group.
    Group(GroupId),
    /// Cap on a class.
    Class(ClassId),
    /// Cap on a currency.
    Currency(CurrencyCode),
    /// Cap on the sum of absolute exposures.
    Gross,
    /// Capital that is free above the cash floor.
    Cash,
    /// Cap on the absolute sum of signed exposures.
    Net,
    /// Largest change in one transition.
    MaxDelta,
    /// Moves too small to make.
    DeadBand,
}

impl fmt::Display for Limit {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Ramp => formatter.write_str("ramp"),
            Self::MaxExposure => formatter.write_str("max_exposure"),
            Self::MinExposure => formatter.write_str("min_exposure"),
            Self::Blocked(cause, block) => {
                let cause = match cause {
                    BlockCause::Constraint => "block",
                    BlockCause::Leverage => "max_leverage",
                    BlockCause::AssetShock => "shock",
                    BlockCause::PortfolioShock => "portfolio_shock",
                    BlockCause::Breaker => "breaker",
                };
                write!(formatter, "{cause}:{}", block.as_str())
            }
            Self::Inactive => formatter.write_str("inactive"),
            Self::Frozen => formatter.write_str("frozen"),
            Self::MarketClosed => formatter.write_str("market_closed"),
            Self::Group(id) => write!(formatter, "group:{id}"),
            Self::Class(id) => write!(formatter, "class:{id}"),
            Self::Currency(id) => write!(formatter, "currency:{id}"),
            Self::Gross => formatter.write_str("gross"),
            Self::Cash => formatter.write_str("cash"),
            Self::Net => formatter.write_str("net"),
            Self::MaxDelta => formatter.write_str("max_delta"),
            Self::DeadBand => formatter.write_str("dead_band"),
        }
    }
}

/// One limit that bound a decision, with the asset's exposure before and after it.
///
/// Over one decision the entries chain: the first `before` is the target, each `after` is the
/// next `before`, the last `after` is the allowed exposure.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Binding {
    /// The limit.
    pub limit: Limit,
    /// What was wanted before it.
    pub before: Exposure,
    /// What it left.
    pub after: Exposure,
}
