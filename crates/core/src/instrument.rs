//! What the engine needs to know of an asset to trade and account for it (IoS-001).

use core::fmt;

use crate::{AssetId, ClassId, CurrencyCode, Money, Price, Quantity, Ratio};

/// The economics of an asset.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Instrument {
    /// Held outright, paid in full.
    Spot,
    /// Bought with borrowed cash, or sold short from borrowed units.
    Margin,
    /// A dated contract, settled daily in variation margin.
    Future,
    /// An undated contract with funding payments.
    Perpetual,
    /// A currency pair with a base and a quote leg.
    Fx,
    /// A token whose own price carries a constant leverage factor.
    LeveragedToken,
}

impl Instrument {
    /// Every instrument, in the order of the published schema.
    pub const ALL: [Self; 6] = [
        Self::Spot,
        Self::Margin,
        Self::Future,
        Self::Perpetual,
        Self::Fx,
        Self::LeveragedToken,
    ];

    /// The text in documents.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Spot => "spot",
            Self::Margin => "margin",
            Self::Future => "future",
            Self::Perpetual => "perpetual",
            Self::Fx => "fx",
            Self::LeveragedToken => "leveraged_token",
        }
    }
}

impl fmt::Display for Instrument {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.pad(self.as_str())
    }
}

/// One asset of the registry, as the decision, the sequencing and the accounts see it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AssetSpec {
    /// Canonical identifier.
    pub asset_id: AssetId,
    /// Class, for class caps.
    pub class: ClassId,
    /// Economics.
    pub instrument: Instrument,
    /// Currency of its price.
    pub currency: CurrencyCode,
    /// Smallest tradable quantity, above zero; every order is a multiple of it.
    pub lot_size: Quantity,
    /// Smallest price step, above zero.
    pub tick_size: Price,
    /// Smallest order value in the asset's currency, zero or above.
    pub min_notional: Money,
    /// Units of the underlying in one contract, above zero (1 for spot).
    pub contract_multiplier: Ratio,
    /// Exposure per unit of value, above zero (1 but for leveraged tokens).
    pub leverage_factor: Ratio,
    /// Initial margin as a fraction of notional, above 0, at most 1 (1 for spot).
    pub initial_margin_rate: Ratio,
    /// Maintenance margin as a fraction of notional, above 0, at most the initial rate.
    pub maintenance_margin_rate: Ratio,
    /// Whether it may be traded at all.
    pub active: bool,
}
