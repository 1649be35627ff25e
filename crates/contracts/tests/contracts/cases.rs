//! The kinds of bad document of docs/bad-input.md.

use ios012_contracts::RefusalCode;

mod agreement;
mod breakers;
mod events;
mod form;
mod instruments;
mod limits;
mod mixed_tables;
mod schedules;
mod signatures;
mod tables;
mod values;

pub(crate) use agreement::AGREEMENT;
pub(crate) use breakers::BREAKERS;
pub(crate) use events::EVENTS;
pub(crate) use form::FORM;
pub(crate) use instruments::INSTRUMENTS;
pub(crate) use limits::LIMIT_RULES;
pub(crate) use mixed_tables::MIXED_TABLES;
pub(crate) use schedules::SCHEDULES;
pub(crate) use signatures::SIGNATURES;
pub(crate) use tables::TABLES;
pub(crate) use values::VALUES;

/// One kind of bad document: a good set with one change.
pub(crate) struct Case {
    pub(crate) what: &'static str,
    pub(crate) change: Change,
    pub(crate) code: RefusalCode,
    /// The place that the message must name.
    pub(crate) at: &'static str,
    /// The value that the message must show, without quotes.
    pub(crate) value: &'static str,
}

pub(crate) enum Change {
    /// In a JSON document: file, from, to.
    Json(&'static str, &'static str, &'static str),
    /// In a signed mandate, after it was signed.
    Signed(&'static str, &'static str, &'static str),
    /// In a table of a history: file, from, to.
    Csv(&'static str, &'static str, &'static str),
    /// In JSON documents of the set of six instruments: each file, from, to.
    Mixed(&'static [(&'static str, &'static str, &'static str)]),
    /// In a table of the set of six instruments: file, from, to.
    MixedCsv(&'static str, &'static str, &'static str),
    /// Bytes before those of a file.
    Before(&'static str, &'static [u8]),
    /// So many spaces after a file.
    Spaces(&'static str, usize),
    /// No such file.
    Without(&'static str),
    /// The ledger has accepted a mandate: this one, or another one of a later time.
    Accepted(LastCycle),
    /// The books hold an asset.
    Held(&'static str),
    /// A folder without, or with, a file.
    Folder(&'static str, bool),
}

pub(crate) enum LastCycle {
    This,
    Later,
}

const fn case(
    what: &'static str,
    change: Change,
    code: RefusalCode,
    at: &'static str,
    value: &'static str,
) -> Case {
    Case {
        what,
        change,
        code,
        at,
        value,
    }
}

const MANDATE: &str = "mandate.json";
const MARKET: &str = "market.json";
const REGISTRY: &str = "registry.json";
const LIMITS: &str = "constraints.json";
const REGIMES: &str = "regimes.json";
const SCENARIO: &str = "scenario.json";
const KEYS: &str = "keys.json";
const PRICES: &str = "prices.csv";
const TARGETS: &str = "targets.csv";
const SCORES: &str = "shock_scores.csv";
