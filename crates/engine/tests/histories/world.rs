//! The assets of every history: those of `golden/six-instruments`, a spot asset abroad, and a margin
//! asset that another one may be renamed to. What is said of them here is the test's own copy, from
//! which both the documents and the auditor work.

use rust_decimal::Decimal;

/// Assets of a history.
pub(crate) const N: usize = 9;

/// Currencies of a history, base first.
pub(crate) const CURRENCIES: [&str; 3] = ["USD", "BTC", "JPY"];

/// Quanta of a price, and of money.
pub(crate) const PRICE: i128 = 100_000_000;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Spot,
    Margin,
    Future,
    InversePerpetual,
    Fx,
    Token,
}

impl Kind {
    pub(crate) const fn may_be_short(self) -> bool {
        !matches!(self, Self::Spot | Self::Token)
    }
}

#[derive(Debug, Clone, Copy)]
pub(crate) struct Asset {
    pub(crate) id: &'static str,
    pub(crate) class: &'static str,
    pub(crate) kind: Kind,
    /// Place in [`CURRENCIES`].
    pub(crate) currency: usize,
    /// Ten to the minus this many is the tick.
    pub(crate) tick: u32,
    pub(crate) min_notional: i64,
    pub(crate) multiplier: i64,
    pub(crate) factor: i64,
    /// Thousandths.
    pub(crate) initial: i64,
    pub(crate) maintenance: i64,
    /// Quanta of the first price.
    pub(crate) price: i128,
    /// Lots that a history may choose from.
    pub(crate) lots: [&'static str; 3],
}

const fn asset(id: &'static str, class: &'static str, kind: Kind, price: i128) -> Asset {
    Asset {
        id,
        class,
        kind,
        currency: 0,
        tick: 2,
        min_notional: 1,
        multiplier: 1,
        factor: 1,
        initial: 1_000,
        maintenance: 1_000,
        price,
        lots: ["1", "0.001", "40"],
    }
}

/// Ascending by id.
pub(crate) const ASSETS: [Asset; N] = [
    Asset {
        factor: 3,
        ..asset("BULL3X", "token", Kind::Token, 20 * PRICE)
    },
    Asset {
        tick: 5,
        min_notional: 1_000,
        initial: 50,
        maintenance: 30,
        lots: ["1000", "1", "20000"],
        ..asset("EURUSD", "fx", Kind::Fx, 110_000_000)
    },
    Asset {
        tick: 1,
        min_notional: 0,
        multiplier: 10,
        initial: 100,
        maintenance: 80,
        lots: ["1", "1", "2"],
        ..asset("GCJ25", "metal", Kind::Future, 2_000 * PRICE)
    },
    Asset {
        tick: 1,
        min_notional: 0,
        multiplier: 10,
        initial: 100,
        maintenance: 80,
        lots: ["1", "1", "2"],
        ..asset("GCM25", "metal", Kind::Future, 2_020 * PRICE)
    },
    Asset {
        initial: 500,
        maintenance: 250,
        ..asset("MGN", "equity", Kind::Margin, 50 * PRICE)
    },
    Asset {
        initial: 500,
        maintenance: 250,
        ..asset("MGN2", "equity", Kind::Margin, 50 * PRICE)
    },
    asset("STK", "equity", Kind::Spot, 100 * PRICE),
    Asset {
        currency: 2,
        min_notional: 500,
        lots: ["1", "100", "0.01"],
        ..asset("TYO", "equity", Kind::Spot, 3_000 * PRICE)
    },
    Asset {
        currency: 1,
        tick: 1,
        min_notional: 0,
        multiplier: 100,
        initial: 20,
        maintenance: 10,
        lots: ["1", "1", "50"],
        ..asset("XBTPERP", "crypto", Kind::InversePerpetual, 40_000 * PRICE)
    },
];

pub(crate) const GCJ: usize = 2;
pub(crate) const GCM: usize = 3;
pub(crate) const MGN: usize = 4;
pub(crate) const MGN2: usize = 5;
pub(crate) const PERP: usize = 8;

/// When `GCJ25` expires; `GCM25` outlives every history.
pub(crate) const EXPIRY: &str = "2025-03-07T18:00:00.000Z";

/// Seconds between two fundings of `XBTPERP`.
pub(crate) const FUNDING_S: i64 = 28_800;

pub(crate) fn place(id: &str) -> usize {
    let found = ASSETS.iter().position(|asset| asset.id == id);
    found.expect("an asset of the world")
}

/// A number of thousandths.
pub(crate) fn thousandths(value: i64) -> Decimal {
    Decimal::new(value, 3)
}

/// A number as documents write it.
pub(crate) fn text(value: Decimal) -> String {
    value.normalize().to_string()
}

impl Asset {
    pub(crate) const fn is_inverse(&self) -> bool {
        matches!(self.kind, Kind::InversePerpetual)
    }

    pub(crate) fn tick(&self) -> Decimal {
        Decimal::new(1, self.tick)
    }

    /// Size of a unit in the asset's currency.
    pub(crate) fn notional(&self, price: Decimal) -> Decimal {
        let multiplier = Decimal::from(self.multiplier);
        if self.is_inverse() {
            multiplier / price
        } else {
            multiplier * price
        }
    }

    /// What a unit is worth in the asset's currency; of a contract, what its variation is counted
    /// from.
    pub(crate) fn value(&self, price: Decimal) -> Decimal {
        let notional = self.notional(price);
        if self.is_inverse() {
            -notional
        } else {
            notional
        }
    }

    /// Capital that one unit of absolute exposure ties up.
    pub(crate) fn capital_rate(&self) -> Decimal {
        thousandths(self.initial) / Decimal::from(self.factor)
    }
}
