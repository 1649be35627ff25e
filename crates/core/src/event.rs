//! Events that change the books without an order: settlements, payments and corporate actions
//! (IoS-001; seed 6.1).

use core::fmt;

use crate::{AssetId, CurrencyCode, Money, Price, Ratio, UtcTime};

/// An event that changes the books without an order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BookEvent {
    /// When it took effect.
    pub time: UtcTime,
    /// What happened.
    pub kind: BookEventKind,
}

/// What happened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum BookEventKind {
    /// Daily settlement of a future: variation since the last one moves to cash.
    Settlement {
        /// The contract.
        asset_id: AssetId,
        /// Settlement price.
        price: Price,
    },
    /// Last settlement of a future: variation moves to cash and the position ends.
    Expiry {
        /// The contract.
        asset_id: AssetId,
        /// Final settlement price.
        price: Price,
    },
    /// A position moves from one contract to another of the same size.
    Roll {
        /// The contract that is left.
        asset_id: AssetId,
        /// Price at which it is left.
        price: Price,
        /// The contract that takes its place.
        into: AssetId,
        /// Price at which that is entered.
        into_price: Price,
    },
    /// Funding of a perpetual: longs pay a positive rate to shorts, on the notional.
    Funding {
        /// The contract.
        asset_id: AssetId,
        /// Funding rate of this time, a fraction of notional.
        rate: Ratio,
        /// Price at which the notional is measured.
        price: Price,
    },
    /// Interest on the cash of a currency: a negative balance pays.
    Interest {
        /// The currency.
        currency: CurrencyCode,
        /// Yearly rate, a fraction, on a negative balance.
        debit_rate: Ratio,
        /// Yearly rate, a fraction, on a positive balance.
        credit_rate: Ratio,
        /// Days.
        days: u32,
        /// Days of a year.
        day_count: DayCount,
    },
    /// Interest on the value of a position: the fee for borrowed units of a short, the rollover of
    /// the base leg of an fx position.
    Financing {
        /// The asset.
        asset_id: AssetId,
        /// Yearly rate that a long position pays, a fraction; below zero it receives.
        long_rate: Ratio,
        /// Yearly rate that a short position pays, a fraction; below zero it receives.
        short_rate: Ratio,
        /// Days.
        days: u32,
        /// Days of a year.
        day_count: DayCount,
        /// Price at which the value is measured.
        price: Price,
    },
    /// Cash dividend: a long position receives, a short one pays.
    Dividend {
        /// The asset.
        asset_id: AssetId,
        /// Amount per unit, in the asset's currency.
        per_unit: Price,
    },
    /// Every `denominator` units become `numerator`; what is below a quantum is paid in cash.
    Split {
        /// The asset.
        asset_id: AssetId,
        /// Units after, above zero.
        numerator: u32,
        /// Units before, above zero.
        denominator: u32,
    },
    /// A position goes on under another name.
    SymbolChange {
        /// The old asset.
        asset_id: AssetId,
        /// The new asset.
        into: AssetId,
    },
    /// Cash that comes in, or leaves if below zero.
    Transfer {
        /// The currency.
        currency: CurrencyCode,
        /// The amount, not zero.
        amount: Money,
    },
}

impl BookEventKind {
    /// The text in documents and in `entry` records.
    pub const fn as_str(&self) -> &'static str {
        match self {
            Self::Settlement { .. } => "settlement",
            Self::Expiry { .. } => "expiry",
            Self::Roll { .. } => "roll",
            Self::Funding { .. } => "funding",
            Self::Interest { .. } => "interest",
            Self::Financing { .. } => "financing",
            Self::Dividend { .. } => "dividend",
            Self::Split { .. } => "split",
            Self::SymbolChange { .. } => "symbol_change",
            Self::Transfer { .. } => "transfer",
        }
    }

    /// The asset whose position it changes.
    pub const fn asset_id(&self) -> Option<&AssetId> {
        match self {
            Self::Settlement { asset_id, .. }
            | Self::Expiry { asset_id, .. }
            | Self::Roll { asset_id, .. }
            | Self::Funding { asset_id, .. }
            | Self::Financing { asset_id, .. }
            | Self::Dividend { asset_id, .. }
            | Self::Split { asset_id, .. }
            | Self::SymbolChange { asset_id, .. } => Some(asset_id),
            Self::Interest { .. } | Self::Transfer { .. } => None,
        }
    }

    /// The asset that takes the place of [`BookEventKind::asset_id`].
    pub const fn into_asset(&self) -> Option<&AssetId> {
        match self {
            Self::Roll { into, .. } | Self::SymbolChange { into, .. } => Some(into),
            _ => None,
        }
    }
}

impl fmt::Display for BookEventKind {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.pad(self.as_str())
    }
}

/// How days become a part of a year.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DayCount {
    /// Actual days over 360.
    Act360,
    /// Actual days over 365.
    Act365,
}

impl DayCount {
    /// Both, in the order of the published schema.
    pub const ALL: [Self; 2] = [Self::Act360, Self::Act365];

    /// The text in documents.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Act360 => "act_360",
            Self::Act365 => "act_365",
        }
    }

    /// Days of a year.
    pub const fn days_of_year(self) -> i128 {
        match self {
            Self::Act360 => 360,
            Self::Act365 => 365,
        }
    }
}

#[cfg(test)]
mod tests {
    use alloc::string::ToString;

    use super::*;

    /// One event of each kind, of the asset A and into the asset B.
    fn events() -> [BookEventKind; 10] {
        let asset_id: AssetId = "A".parse().expect("an id");
        let into: AssetId = "B".parse().expect("an id");
        let currency: CurrencyCode = "USD".parse().expect("a currency");
        let (price, into_price, per_unit) = (Price::ONE, Price::ONE, Price::ONE);
        let (rate, long_rate, short_rate) = (Ratio::ONE, Ratio::ONE, Ratio::ONE);
        let (days, day_count) = (1, DayCount::Act360);
        let of = || asset_id.clone();
        [
            BookEventKind::Settlement {
                asset_id: of(),
                price,
            },
            BookEventKind::Expiry {
                asset_id: of(),
                price,
            },
            BookEventKind::Roll {
                asset_id: of(),
                price,
                into: into.clone(),
                into_price,
            },
            BookEventKind::Funding {
                asset_id: of(),
                rate,
                price,
            },
            BookEventKind::Interest {
                currency: currency.clone(),
                debit_rate: rate,
                credit_rate: rate,
                days,
                day_count,
            },
            BookEventKind::Financing {
                asset_id: of(),
                long_rate,
                short_rate,
                days,
                day_count,
                price,
            },
            BookEventKind::Dividend {
                asset_id: of(),
                per_unit,
            },
            BookEventKind::Split {
                asset_id: of(),
                numerator: 2,
                denominator: 1,
            },
            BookEventKind::SymbolChange {
                asset_id: of(),
                into,
            },
            BookEventKind::Transfer {
                currency,
                amount: Money::ONE,
            },
        ]
    }

    /// The kinds of docs/documents.md, which are those of `entry` in docs/lineage-format.md, and
    /// which assets each of them names.
    #[test]
    fn events_keep_their_texts_and_assets() {
        let found = events().map(|kind| {
            let is = |id: Option<&AssetId>, name| id.is_some_and(|id| id.as_str() == name);
            let names = (is(kind.asset_id(), "A"), is(kind.into_asset(), "B"));
            (kind.to_string(), names)
        });
        let expected = [
            ("settlement", (true, false)),
            ("expiry", (true, false)),
            ("roll", (true, true)),
            ("funding", (true, false)),
            ("interest", (false, false)),
            ("financing", (true, false)),
            ("dividend", (true, false)),
            ("split", (true, false)),
            ("symbol_change", (true, true)),
            ("transfer", (false, false)),
        ];
        assert_eq!(
            found,
            expected.map(|(text, names)| (text.to_string(), names))
        );
    }

    #[test]
    fn a_day_count_names_the_days_of_its_year() {
        let counts = DayCount::ALL.map(|count| (count.as_str(), count.days_of_year()));
        assert_eq!(counts, [("act_360", 360), ("act_365", 365)]);
    }
}
