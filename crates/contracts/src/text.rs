//! The texts of documents: their grammar, their schema, and the types that they become.

use std::borrow::Cow;
use std::fmt;
use std::marker::PhantomData;
use std::sync::Arc;

use ios012_constraints::{Block, BreakerResponse};
use ios012_core::calendar::Day;
use ios012_core::{
    AssetId, ClassId, CoreError, CurrencyCode, DayCount, Exposure, GroupId, Instrument, Money,
    Payoff, PortfolioId, Price, Quantity, Ratio, UtcTime,
};
use ios012_lineage::Hash;
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer};

use crate::events::EventKind;
use crate::{DocumentKind, RefusalCode, RegimeLabel, SignaturePolicy};

/// A text of a raw document that is to become a `T`.
pub(crate) struct Text<T>(String, PhantomData<fn() -> T>);

impl<T> Text<T> {
    pub(crate) fn new(text: &str) -> Self {
        Self(text.to_owned(), PhantomData)
    }

    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }
}

/// A type that a document writes as a string.
pub(crate) trait Readable: Sized {
    /// Name of the type in JSON Schemas.
    const NAME: &'static str;

    /// Reads the canonical text.
    fn read(text: &str) -> Result<Self, Fault>;

    /// What the JSON Schema says.
    fn schema() -> Schema;

    /// The canonical text of a cell of CSV; the cell itself where it is no value.
    fn canonical(cell: &str) -> String {
        cell.to_owned()
    }
}

/// Why a text is not a value of its type.
pub(crate) struct Fault {
    pub(crate) code: RefusalCode,
    pub(crate) rule: Option<String>,
    pub(crate) remedy: Option<String>,
}

impl Fault {
    pub(crate) const fn of(code: RefusalCode) -> Self {
        Self {
            code,
            rule: None,
            remedy: None,
        }
    }

    fn with_rule(code: RefusalCode, rule: impl Into<String>) -> Self {
        Self {
            rule: Some(rule.into()),
            ..Self::of(code)
        }
    }
}

impl From<CoreError> for Fault {
    fn from(error: CoreError) -> Self {
        let rule = error.to_string();
        match error {
            CoreError::DecimalGrammar { rule } => Self::with_rule(RefusalCode::Decimal, rule),
            CoreError::TooManyDecimals { decimals } => Self::with_rule(
                RefusalCode::DecimalDigits,
                format!("at most {decimals} digits after the point"),
            ),
            CoreError::Identifier { .. } => Self::with_rule(RefusalCode::Identifier, rule),
            CoreError::TimeGrammar => Self::of(RefusalCode::Time),
            // Of the rest, parsing gives only `DecimalRange`.
            _ => Self::of(RefusalCode::DecimalRange),
        }
    }
}

impl<'de, T> Deserialize<'de> for Text<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer).map(|text| Self(text, PhantomData))
    }
}

impl<T: Readable> JsonSchema for Text<T> {
    fn schema_name() -> Cow<'static, str> {
        T::NAME.into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        T::schema()
    }
}

fn pattern(pattern: &str, description: &str) -> Schema {
    json_schema!({ "type": "string", "pattern": pattern, "description": description })
}

macro_rules! decimal {
    ($($type:ty, $name:literal, $description:literal;)*) => {$(
        impl Readable for $type {
            const NAME: &'static str = $name;

            fn read(text: &str) -> Result<Self, Fault> {
                text.parse().map_err(|error| {
                    let mut fault = Fault::from(error);
                    if let Ok(value) = Self::parse_padded(text) {
                        fault.remedy = Some(format!("write {value}"));
                    }
                    fault
                })
            }

            fn schema() -> Schema {
                let short = Self::DECIMALS.saturating_sub(1);
                let fraction = format!("[0-9]{{0,{short}}}[1-9]");
                pattern(
                    &format!("^(0|-?(0\\.{fraction}|[1-9][0-9]*(\\.{fraction})?))$"),
                    $description,
                )
            }

            fn canonical(cell: &str) -> String {
                Self::parse_padded(cell).map_or_else(|_| cell.to_owned(), |value| value.to_string())
            }
        }
    )*};
}

decimal! {
    Money, "money", "an amount of money, at most 8 digits after the point";
    Price, "price", "a price per unit, at most 8 digits after the point";
    Quantity, "quantity", "a number of units, at most 9 digits after the point";
    Exposure, "exposure", "a fraction of net liquidation value, at most 12 digits after the point";
    Ratio, "ratio", "a pure number, at most 12 digits after the point";
}

macro_rules! identifier {
    ($($type:ty, $name:literal, $description:literal;)*) => {$(
        impl Readable for $type {
            const NAME: &'static str = $name;

            fn read(text: &str) -> Result<Self, Fault> {
                Ok(text.parse()?)
            }

            fn schema() -> Schema {
                pattern(Self::GRAMMAR, $description)
            }
        }
    )*};
}

identifier! {
    AssetId, "asset_id", "an asset of the IoS-001 registry";
    ClassId, "class", "an asset class";
    CurrencyCode, "currency", "a currency, ISO 4217 where there is a code";
    GroupId, "group", "a group of assets that share a cap";
    PortfolioId, "portfolio_id", "a portfolio";
}

impl Readable for Hash {
    const NAME: &'static str = "sha256";

    fn read(text: &str) -> Result<Self, Fault> {
        let rule = "a SHA-256 is 64 lower-case hexadecimal digits";
        text.parse()
            .map_err(|_| Fault::with_rule(RefusalCode::Identifier, rule))
    }

    fn schema() -> Schema {
        pattern("^[0-9a-f]{64}$", "a SHA-256, in hexadecimal digits")
    }
}

impl Readable for UtcTime {
    const NAME: &'static str = "time";

    fn read(text: &str) -> Result<Self, Fault> {
        Ok(text.parse()?)
    }

    fn schema() -> Schema {
        pattern(
            "^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}\\.[0-9]{3}Z$",
            "a UTC time with milliseconds",
        )
    }
}

/// A checked name that is not an identifier of the core: an issuer, a version, a model, a key, a
/// venue, a symbol or a calendar. Needs no escape in JSON.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Token(Arc<str>);

impl Token {
    /// The grammar, as a regular expression.
    pub const GRAMMAR: &'static str = "^[A-Za-z0-9][A-Za-z0-9 ._:/@+-]{0,63}$";

    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Token {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.pad(&self.0)
    }
}

impl Readable for Token {
    const NAME: &'static str = "token";

    fn read(text: &str) -> Result<Self, Fault> {
        let rest = |byte: u8| byte.is_ascii_alphanumeric() || b" ._:/@+-".contains(&byte);
        let first = text
            .bytes()
            .next()
            .is_some_and(|byte| byte.is_ascii_alphanumeric());
        if first && text.len() <= 64 && text.bytes().all(rest) {
            return Ok(Self(Arc::from(text)));
        }
        let rule = format!("must match {}", Self::GRAMMAR);
        let mut fault = Fault::with_rule(RefusalCode::Identifier, rule);
        fault.remedy = Some("use letters, digits, spaces and . _ : / @ + - only".to_owned());
        Err(fault)
    }

    fn schema() -> Schema {
        pattern(Self::GRAMMAR, "a name of at most 64 plain characters")
    }
}

/// A market identifier code (ISO 10383).
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Mic(Arc<str>);

impl Mic {
    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl Readable for Mic {
    const NAME: &'static str = "mic";

    fn read(text: &str) -> Result<Self, Fault> {
        let fits = |byte: u8| byte.is_ascii_uppercase() || byte.is_ascii_digit();
        if text.len() == 4 && text.bytes().all(fits) {
            return Ok(Self(Arc::from(text)));
        }
        let mut fault = Fault::with_rule(RefusalCode::Identifier, "must match ^[A-Z0-9]{4}$");
        fault.remedy =
            Some("write the market identifier code (ISO 10383), such as XNYS".to_owned());
        Err(fault)
    }

    fn schema() -> Schema {
        pattern("^[A-Z0-9]{4}$", "a market identifier code (ISO 10383)")
    }
}

/// Text for people: a title or a description.
pub(crate) struct Prose(pub(crate) String);

impl Readable for Prose {
    const NAME: &'static str = "prose";

    fn read(text: &str) -> Result<Self, Fault> {
        let control = |character: char| character.is_control() && character != '\n';
        if text.chars().count() > 2_000 || text.contains(control) {
            return Err(Fault::of(RefusalCode::Text));
        }
        Ok(Self(text.to_owned()))
    }

    fn schema() -> Schema {
        json_schema!({ "type": "string", "maxLength": 2_000, "description": "text for people" })
    }
}

impl Readable for Day {
    const NAME: &'static str = "date";

    fn read(text: &str) -> Result<Self, Fault> {
        UtcTime::from_date(text).map(Self::of).map_err(|_| {
            Fault::with_rule(RefusalCode::Time, "a date is UTC and written 2026-11-22")
        })
    }

    fn schema() -> Schema {
        pattern("^[0-9]{4}-[0-9]{2}-[0-9]{2}$", "a UTC date")
    }
}

/// A time of the day in UTC, from 00:00 to 24:00.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Clock(u32);

impl Clock {
    /// Seconds since midnight.
    pub(crate) const fn seconds(self) -> u32 {
        self.0
    }
}

impl Readable for Clock {
    const NAME: &'static str = "clock";

    fn read(text: &str) -> Result<Self, Fault> {
        let two = |part: &str| {
            let digits = part.len() == 2 && part.bytes().all(|byte| byte.is_ascii_digit());
            part.parse::<u32>().ok().filter(|_| digits)
        };
        let parts = text.split_once(':');
        let parts = parts.and_then(|(hour, minute)| Some((two(hour)?, two(minute)?)));
        match parts {
            Some((hour, minute)) if minute < 60 && hour * 60 + minute <= 24 * 60 => {
                Ok(Self((hour * 60 + minute) * 60))
            }
            _ => Err(Fault::with_rule(
                RefusalCode::Time,
                "a time of the day is UTC and written 00:00 to 24:00",
            )),
        }
    }

    fn schema() -> Schema {
        pattern(
            "^([01][0-9]|2[0-4]):[0-5][0-9]$",
            "a time of the day in UTC",
        )
    }
}

/// A day of the week.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Weekday {
    Monday,
    Tuesday,
    Wednesday,
    Thursday,
    Friday,
    Saturday,
    Sunday,
}

impl Weekday {
    const ALL: [Self; 7] = [
        Self::Monday,
        Self::Tuesday,
        Self::Wednesday,
        Self::Thursday,
        Self::Friday,
        Self::Saturday,
        Self::Sunday,
    ];

    const fn as_str(self) -> &'static str {
        match self {
            Self::Monday => "mon",
            Self::Tuesday => "tue",
            Self::Wednesday => "wed",
            Self::Thursday => "thu",
            Self::Friday => "fri",
            Self::Saturday => "sat",
            Self::Sunday => "sun",
        }
    }

    /// 1 is Monday, 7 is Sunday.
    pub(crate) const fn number(self) -> u8 {
        match self {
            Self::Monday => 1,
            Self::Tuesday => 2,
            Self::Wednesday => 3,
            Self::Thursday => 4,
            Self::Friday => 5,
            Self::Saturday => 6,
            Self::Sunday => 7,
        }
    }
}

/// The kinds of schedule.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ScheduleKind {
    Immediate,
    Twap,
}

impl ScheduleKind {
    const ALL: [Self; 2] = [Self::Immediate, Self::Twap];

    const fn as_str(self) -> &'static str {
        match self {
            Self::Immediate => "immediate",
            Self::Twap => "twap",
        }
    }
}

macro_rules! counter {
    ($($type:ty, $name:literal;)*) => {$(
        impl Readable for $type {
            const NAME: &'static str = $name;

            fn read(text: &str) -> Result<Self, Fault> {
                let digits = text.bytes().all(|byte| byte.is_ascii_digit());
                let needless = text.len() > 1 && text.starts_with('0');
                if !digits || needless {
                    return Err(Fault::of(RefusalCode::Counter));
                }
                text.parse().map_err(|_| {
                    Fault::with_rule(RefusalCode::Counter, format!("a whole number from 0 to {}", Self::MAX))
                })
            }

            fn schema() -> Schema {
                pattern("^(0|[1-9][0-9]{0,18})$", "a whole number, as a string")
            }
        }
    )*};
}

counter! {
    u32, "counter";
    u64, "seconds";
}

macro_rules! fixed_list {
    ($($type:ty, $name:literal, $all:expr;)*) => {$(
        impl Readable for $type {
            const NAME: &'static str = $name;

            fn read(text: &str) -> Result<Self, Fault> {
                let all: &[Self] = &$all;
                all.iter().copied().find(|value| value.as_str() == text).ok_or_else(|| {
                    let list: Vec<_> = all.iter().map(|value| value.as_str()).collect();
                    let rule = format!("must be one of: {}", list.join(", "));
                    Fault::with_rule(RefusalCode::UnknownValue, rule)
                })
            }

            fn schema() -> Schema {
                let all: &[Self] = &$all;
                let list: Vec<_> = all.iter().map(|value| value.as_str()).collect();
                json_schema!({ "type": "string", "enum": list })
            }
        }
    )*};
}

fixed_list! {
    Block, "block", [Self::None, Self::ReduceOnly, Self::Flatten];
    BreakerResponse, "breaker_response", Self::ALL;
    DayCount, "day_count", Self::ALL;
    DocumentKind, "signed_document", [Self::Registry, Self::Constraints, Self::Mandate];
    EventKind, "event_kind", Self::ALL;
    Instrument, "instrument", Self::ALL;
    Payoff, "payoff", Self::ALL;
    RegimeLabel, "regime_label", RegimeLabel::ALL;
    ScheduleKind, "schedule_kind", Self::ALL;
    SignaturePolicy, "signature_policy", [Self::Optional, Self::Required];
    Weekday, "weekday", Self::ALL;
}
