//! The tables, as docs/postgres.md lists them.

use ios012_contracts::DocumentKind;

use super::table::{Cell, Column, Table};

/// Every table.
pub(crate) const ALL: [&Table; 18] = [
    &PORTFOLIO,
    &PORTFOLIO_POSITIONS,
    &REGISTRY,
    &ASSETS,
    &SYMBOLS,
    &FX_PAIRS,
    &CALENDAR_DAYS,
    &CONSTRAINTS,
    &GROUP_MEMBERS,
    &REGIME_DOCUMENT,
    &REGIMES,
    &MANDATE,
    &TARGETS,
    &CLAIMS,
    &MARKET,
    &PRICES,
    &FX,
    &EVENTS,
];

macro_rules! columns {
    ($($cell:ident: $($name:literal)*;)*) => {
        &[$($(Column { name: $name, cell: Cell::$cell },)*)*]
    };
}

const OF_PORTFOLIO: &[Column] = columns! { Text: "portfolio_id"; };
const OF_REGISTRY: &[Column] = columns! { Text: "registry_version"; };
const OF_CONSTRAINTS: &[Column] = columns! { Text: "constraints_version"; };
const OF_TIME: &[Column] = columns! { Time: "as_of"; };
/// Of a portfolio's mandate or market snapshot.
const OF_CYCLE: &[Column] = columns! { Text: "portfolio_id"; Time: "as_of"; };

pub(crate) const PORTFOLIO: Table = Table {
    name: "portfolio",
    document: DocumentKind::Scenario,
    of: OF_PORTFOLIO,
    is_ordered: false,
    key: &[],
    columns: columns! {
        Text: "title" "description" "base_currency" "signatures" "roles_sha256" "registry_version"
            "constraints_version";
        Decimal: "opening_cash";
    },
};

pub(crate) const PORTFOLIO_POSITIONS: Table = Table {
    name: "portfolio_positions",
    document: DocumentKind::Scenario,
    of: OF_PORTFOLIO,
    is_ordered: false,
    key: &["asset_id"],
    columns: columns! { Text: "asset_id"; Decimal: "quantity" "cost"; },
};

pub(crate) const REGISTRY: Table = Table {
    name: "ios001_document",
    document: DocumentKind::Registry,
    of: OF_REGISTRY,
    is_ordered: false,
    key: &[],
    columns: columns! { Text: "issuer" "base_currency" "key_id" "signature"; },
};

pub(crate) const ASSETS: Table = Table {
    name: "ios001_assets",
    document: DocumentKind::Registry,
    of: OF_REGISTRY,
    is_ordered: false,
    key: &["asset_id"],
    columns: columns! {
        Text: "asset_id" "class" "instrument" "currency" "exchange" "calendar" "payoff";
        Decimal: "lot_size" "tick_size" "min_notional" "contract_multiplier" "leverage_factor"
            "initial_margin_rate" "maintenance_margin_rate";
        Flag: "active";
        Time: "expiry";
        Counter: "funding_interval_s";
    },
};

pub(crate) const SYMBOLS: Table = Table {
    name: "ios001_symbols",
    document: DocumentKind::Registry,
    of: OF_REGISTRY,
    is_ordered: true,
    key: &["asset_id", "venue"],
    columns: columns! { Text: "asset_id" "venue" "symbol"; },
};

pub(crate) const FX_PAIRS: Table = Table {
    name: "ios001_fx_pairs",
    document: DocumentKind::Registry,
    of: OF_REGISTRY,
    is_ordered: true,
    key: &["pair"],
    columns: columns! { Text: "pair" "base" "quote"; },
};

pub(crate) const CALENDAR_DAYS: Table = Table {
    name: "calendar_days",
    document: DocumentKind::Registry,
    of: OF_REGISTRY,
    is_ordered: true,
    key: &[
        "calendar",
        "kind",
        "from_day",
        "until_day",
        "weekdays",
        "open",
    ],
    columns: columns! {
        Text: "calendar" "kind";
        Day: "from_day" "until_day";
        Texts: "weekdays";
        Clock: "open" "close";
    },
};

pub(crate) const CONSTRAINTS: Table = Table {
    name: "ios006_constraints",
    document: DocumentKind::Constraints,
    of: OF_CONSTRAINTS,
    is_ordered: true,
    key: &["section", "subject", "member"],
    columns: columns! { Text: "section" "subject" "member" "value"; },
};

pub(crate) const GROUP_MEMBERS: Table = Table {
    name: "ios006_group_members",
    document: DocumentKind::Constraints,
    of: OF_CONSTRAINTS,
    is_ordered: true,
    key: &["group_id", "asset_id"],
    columns: columns! { Text: "group_id" "asset_id"; },
};

pub(crate) const REGIME_DOCUMENT: Table = Table {
    name: "ios003_document",
    document: DocumentKind::Regimes,
    of: OF_TIME,
    is_ordered: false,
    key: &[],
    columns: columns! { Text: "issuer" "version"; },
};

pub(crate) const REGIMES: Table = Table {
    name: "ios003_regimes",
    document: DocumentKind::Regimes,
    of: OF_TIME,
    is_ordered: false,
    key: &["asset_id"],
    columns: columns! {
        Text: "asset_id" "label" "model_id";
        Decimal: "confidence";
        Flag: "confirmed";
    },
};

pub(crate) const MANDATE: Table = Table {
    name: "ios004_document",
    document: DocumentKind::Mandate,
    of: OF_CYCLE,
    is_ordered: false,
    key: &[],
    columns: columns! {
        Time: "valid_until" "regimes_as_of";
        Text: "issuer" "key_id" "signature";
        Decimal: "cash_weight";
    },
};

pub(crate) const TARGETS: Table = Table {
    name: "ios004_targets",
    document: DocumentKind::Mandate,
    of: OF_CYCLE,
    is_ordered: false,
    key: &["asset_id"],
    columns: columns! { Text: "asset_id"; Decimal: "target_exposure"; },
};

/// What the mandate says of regimes.
pub(crate) const CLAIMS: Table = Table {
    name: "ios004_regimes",
    document: DocumentKind::Mandate,
    of: OF_CYCLE,
    is_ordered: false,
    key: &["asset_id"],
    columns: columns! { Text: "asset_id" "label" "model_id"; Time: "regime_as_of"; },
};

pub(crate) const MARKET: Table = Table {
    name: "market_document",
    document: DocumentKind::Market,
    of: OF_CYCLE,
    is_ordered: false,
    key: &[],
    columns: columns! { Text: "currency"; Decimal: "portfolio_shock_score"; },
};

pub(crate) const PRICES: Table = Table {
    name: "market_snapshot",
    document: DocumentKind::Market,
    of: OF_CYCLE,
    is_ordered: false,
    key: &["asset_id"],
    columns: columns! {
        Text: "asset_id";
        Decimal: "reference_price" "volatility" "shock_score";
        Time: "price_time";
        Flag: "market_open";
    },
};

pub(crate) const FX: Table = Table {
    name: "market_fx",
    document: DocumentKind::Market,
    of: OF_CYCLE,
    is_ordered: true,
    key: &["pair"],
    columns: columns! { Text: "pair"; Decimal: "rate"; Time: "rate_time"; },
};

pub(crate) const EVENTS: Table = Table {
    name: "market_events",
    document: DocumentKind::Market,
    of: OF_CYCLE,
    is_ordered: true,
    key: &["time", "kind", "asset_id", "currency"],
    columns: columns! {
        Time: "time";
        Text: "kind" "asset_id" "into" "currency" "day_count";
        Decimal: "price" "into_price" "rate" "debit_rate" "credit_rate" "long_rate" "short_rate"
            "per_unit" "amount";
        Counter: "days" "numerator" "denominator";
    },
};
