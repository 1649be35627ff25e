//! Events of the books in a market snapshot: their raw form, and the rules that need no other
//! document.

mod texts;

use std::collections::BTreeSet;

use ios012_core::{
    AssetId, BookEvent, BookEventKind, CurrencyCode, DayCount, Money, Price, Ratio, UtcTime,
};
use schemars::JsonSchema;
use serde::Deserialize;

pub(crate) use self::texts::texts;
use crate::reader::{Reader, with_fault};
use crate::text::{Readable, Text};
use crate::{Place, Refusal, RefusalCode};

/// Most units that a split may name.
const LARGEST_SPLIT: u32 = 1_000_000;
/// Most days of interest in one event.
const LONGEST_DAYS: u32 = 366;

macro_rules! kinds {
    ($($name:ident $text:literal: $($member:ident)*;)*) => {
        /// What an event is, as documents write it.
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub(crate) enum EventKind {
            $($name,)*
        }

        impl EventKind {
            pub(crate) const ALL: [Self; 10] = [$(Self::$name,)*];

            pub(crate) const fn as_str(self) -> &'static str {
                match self { $(Self::$name => $text,)* }
            }

            /// The members that it has beside `kind` and `time`.
            const fn members(self) -> &'static [&'static str] {
                match self { $(Self::$name => &[$(stringify!($member)),*],)* }
            }
        }
    };
}

kinds! {
    Settlement "settlement": asset_id price;
    Expiry "expiry": asset_id price;
    Roll "roll": asset_id price into into_price;
    Funding "funding": asset_id rate price;
    Interest "interest": currency debit_rate credit_rate days day_count;
    Financing "financing": asset_id long_rate short_rate days day_count price;
    Dividend "dividend": asset_id per_unit;
    Split "split": asset_id numerator denominator;
    SymbolChange "symbol_change": asset_id into;
    Transfer "transfer": currency amount;
}

macro_rules! raw_event {
    ($($member:ident: $type:ty,)*) => {
        /// An event before its members are held against its kind.
        #[derive(Deserialize, JsonSchema)]
        #[serde(deny_unknown_fields)]
        #[schemars(
            rename = "event_row",
            description = "an event of the books, with exactly the members of its kind"
        )]
        pub(crate) struct RawEvent {
            kind: Text<EventKind>,
            time: Text<UtcTime>,
            $($member: Option<Text<$type>>,)*
        }

        impl RawEvent {
            /// Every member but `kind` and `time`.
            pub(crate) const MEMBERS: &'static [&'static str] = &[$(stringify!($member),)*];

            /// From the cells of a table, where decimals may end in zeros.
            pub(crate) fn of_cells<'cell>(
                kind: &str,
                time: UtcTime,
                cell: impl Fn(&'static str) -> Option<&'cell str>,
            ) -> Self {
                Self {
                    kind: Text::new(kind),
                    time: Text::new(&time.to_string()),
                    $($member: cell(stringify!($member))
                        .map(|text| Text::new(&<$type>::canonical(text))),)*
                }
            }

            /// The members that are there.
            fn given(&self) -> impl Iterator<Item = (&'static str, &str)> {
                [$((stringify!($member), self.$member.as_ref().map(Text::as_str)),)*]
                    .into_iter()
                    .filter_map(|(member, text)| Some((member, text?)))
            }
        }
    };
}

raw_event! {
    asset_id: AssetId,
    into: AssetId,
    currency: CurrencyCode,
    price: Price,
    into_price: Price,
    rate: Ratio,
    debit_rate: Ratio,
    credit_rate: Ratio,
    long_rate: Ratio,
    short_rate: Ratio,
    days: u32,
    day_count: DayCount,
    per_unit: Price,
    numerator: u32,
    denominator: u32,
    amount: Money,
}

/// Refuses a member of an event; the place is the caller's.
pub(crate) type RefuseMember<'call> = &'call dyn Fn(RefusalCode, &'static str) -> Refusal;

/// Reads the events of a market snapshot.
pub(crate) fn read_events(
    reader: &Reader<'_>,
    rows: &[RawEvent],
) -> Result<Vec<BookEvent>, Refusal> {
    let refuse = |row: usize, code, member: &str| {
        reader.refuse(code, Place::path(format_args!("events[{row}].{member}")))
    };
    let events: Vec<BookEvent> = rows
        .iter()
        .enumerate()
        .map(|(row, raw)| read_event(raw, &|code, member| refuse(row, code, member)))
        .collect::<Result<_, Refusal>>()?;
    check_sequence(&events, &refuse)?;
    Ok(events)
}

/// Reads one event: exactly the members of its kind, each in its range.
pub(crate) fn read_event(raw: &RawEvent, refuse: RefuseMember<'_>) -> Result<BookEvent, Refusal> {
    let members = Members { refuse };
    let kind = members.any(Some(&raw.kind), "kind")?;
    let foreign = |member: &&str| !kind.members().contains(member);
    if let Some((member, text)) = raw.given().find(|(member, _)| foreign(member)) {
        let rule = format!(
            "{} has only these members: {}",
            kind.as_str(),
            kind.members().join(", ")
        );
        let refusal = refuse(RefusalCode::NotApplicable, member).value(text);
        return Err(refusal.rule(rule));
    }
    Ok(BookEvent {
        time: members.any(Some(&raw.time), "time")?,
        kind: members.kind(kind, raw)?,
    })
}

/// Events ascend in time, and none stands twice.
pub(crate) fn check_sequence(
    events: &[BookEvent],
    refuse: &dyn Fn(usize, RefusalCode, &str) -> Refusal,
) -> Result<(), Refusal> {
    let mut at_once = BTreeSet::new();
    let mut before: Option<UtcTime> = None;
    for (row, event) in events.iter().enumerate() {
        if let Some(before) = before.filter(|before| event.time < *before) {
            let refusal = refuse(row, RefusalCode::EventOrder, "time").value(event.time);
            return Err(refusal.rule(format!(
                "events must ascend in time; the event before is of {before}"
            )));
        }
        if before != Some(event.time) {
            at_once.clear();
        }
        before = Some(event.time);
        let (member, key) = key_of(&event.kind);
        if !at_once.insert((event.kind.as_str(), key)) {
            let rule = format!("one {} of {key} at a time", event.kind);
            let refusal = refuse(row, RefusalCode::DuplicateRow, member).value(key);
            return Err(refusal.rule(rule).remedy("remove one of the two events"));
        }
    }
    Ok(())
}

/// The member and the name of what an event is about.
fn key_of(kind: &BookEventKind) -> (&'static str, &str) {
    match kind {
        BookEventKind::Interest { currency, .. } | BookEventKind::Transfer { currency, .. } => {
            ("currency", currency.as_str())
        }
        other => ("asset_id", other.asset_id().map_or("", AssetId::as_str)),
    }
}

/// Reads the members of one event.
struct Members<'call> {
    refuse: RefuseMember<'call>,
}

impl Members<'_> {
    fn kind(&self, kind: EventKind, raw: &RawEvent) -> Result<BookEventKind, Refusal> {
        macro_rules! at {
            ($member:ident, $read:ident) => {
                self.$read(raw.$member.as_ref(), stringify!($member))?
            };
        }
        let asset_id = || self.any(raw.asset_id.as_ref(), "asset_id");
        let currency = || self.any(raw.currency.as_ref(), "currency");
        Ok(match kind {
            EventKind::Settlement => BookEventKind::Settlement {
                asset_id: asset_id()?,
                price: at!(price, price),
            },
            EventKind::Expiry => BookEventKind::Expiry {
                asset_id: asset_id()?,
                price: at!(price, price),
            },
            EventKind::Roll => BookEventKind::Roll {
                asset_id: asset_id()?,
                price: at!(price, price),
                into: at!(into, any),
                into_price: at!(into_price, price),
            },
            EventKind::Funding => BookEventKind::Funding {
                asset_id: asset_id()?,
                rate: at!(rate, rate),
                price: at!(price, price),
            },
            EventKind::Interest => BookEventKind::Interest {
                currency: currency()?,
                debit_rate: at!(debit_rate, rate),
                credit_rate: at!(credit_rate, rate),
                days: self.counter(raw.days.as_ref(), "days", LONGEST_DAYS)?,
                day_count: at!(day_count, any),
            },
            EventKind::Financing => BookEventKind::Financing {
                asset_id: asset_id()?,
                long_rate: at!(long_rate, rate),
                short_rate: at!(short_rate, rate),
                days: self.counter(raw.days.as_ref(), "days", LONGEST_DAYS)?,
                day_count: at!(day_count, any),
                price: at!(price, price),
            },
            EventKind::Dividend => BookEventKind::Dividend {
                asset_id: asset_id()?,
                per_unit: at!(per_unit, price),
            },
            EventKind::Split => BookEventKind::Split {
                asset_id: asset_id()?,
                numerator: self.counter(raw.numerator.as_ref(), "numerator", LARGEST_SPLIT)?,
                denominator: self.counter(
                    raw.denominator.as_ref(),
                    "denominator",
                    LARGEST_SPLIT,
                )?,
            },
            EventKind::SymbolChange => BookEventKind::SymbolChange {
                asset_id: asset_id()?,
                into: at!(into, any),
            },
            EventKind::Transfer => BookEventKind::Transfer {
                currency: currency()?,
                amount: self.within(
                    raw.amount.as_ref(),
                    "amount",
                    "not be 0",
                    |amount: Money| !amount.is_zero(),
                )?,
            },
        })
    }

    fn any<T: Readable>(&self, text: Option<&Text<T>>, member: &'static str) -> Result<T, Refusal> {
        let text = text.ok_or_else(|| (self.refuse)(RefusalCode::MissingField, member))?;
        T::read(text.as_str()).map_err(|fault| {
            let refusal = (self.refuse)(fault.code, member);
            with_fault(refusal, fault, text.as_str())
        })
    }

    fn within<T: Readable + Copy>(
        &self,
        text: Option<&Text<T>>,
        member: &'static str,
        rule: &str,
        holds: impl FnOnce(T) -> bool,
    ) -> Result<T, Refusal> {
        let value = self.any(text, member)?;
        if holds(value) {
            return Ok(value);
        }
        let refusal = (self.refuse)(RefusalCode::OutOfRange, member);
        let text = text.map_or("", Text::as_str);
        Err(refusal.value(text).rule(format!("must {rule}")))
    }

    fn price(&self, text: Option<&Text<Price>>, member: &'static str) -> Result<Price, Refusal> {
        self.within(text, member, "be above 0", Price::is_positive)
    }

    fn rate(&self, text: Option<&Text<Ratio>>, member: &'static str) -> Result<Ratio, Refusal> {
        let one = Ratio::ONE.units();
        self.within(text, member, "be from -1 to 1", |rate: Ratio| {
            (-one..=one).contains(&rate.units())
        })
    }

    fn counter(
        &self,
        text: Option<&Text<u32>>,
        member: &'static str,
        largest: u32,
    ) -> Result<u32, Refusal> {
        let rule = format!("be from 1 to {largest}");
        self.within(text, member, &rule, |count| (1..=largest).contains(&count))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const EACH: [&str; 10] = [
        r#"{"asset_id":"GC","kind":"settlement","price":"4080.1","time":"2026-12-18T18:30:00.000Z"}"#,
        r#"{"asset_id":"GC","kind":"expiry","price":"4080.1","time":"2026-12-18T18:30:00.000Z"}"#,
        r#"{"asset_id":"GC","into":"GD","into_price":"2","kind":"roll","price":"1","time":"2026-12-18T18:30:00.000Z"}"#,
        r#"{"asset_id":"BTC","kind":"funding","price":"90000","rate":"-0.0001","time":"2026-12-18T16:00:00.000Z"}"#,
        r#"{"credit_rate":"-1","currency":"EUR","day_count":"act_360","days":"366","debit_rate":"1","kind":"interest","time":"2026-12-18T00:00:00.000Z"}"#,
        r#"{"asset_id":"FX","day_count":"act_365","days":"3","kind":"financing","long_rate":"0.01","price":"1.17","short_rate":"-0.02","time":"2026-12-18T00:00:00.000Z"}"#,
        r#"{"asset_id":"SAP","kind":"dividend","per_unit":"2.35","time":"2026-12-18T00:00:00.000Z"}"#,
        r#"{"asset_id":"SAP","denominator":"3","kind":"split","numerator":"1000000","time":"2026-12-18T00:00:00.000Z"}"#,
        r#"{"asset_id":"FB","into":"META","kind":"symbol_change","time":"2026-12-18T00:00:00.000Z"}"#,
        r#"{"amount":"-250.5","currency":"USD","kind":"transfer","time":"2026-12-18T00:00:00.000Z"}"#,
    ];

    fn read(text: &str) -> BookEvent {
        let raw: RawEvent = serde_json::from_str(text).expect("an event");
        let refuse = |code: RefusalCode, member: &'static str| -> Refusal {
            panic!("{text}: {code} at {member}")
        };
        read_event(&raw, &refuse).expect("an event")
    }

    /// The texts of a parsed event are those of the document: no member is lost or exchanged.
    #[test]
    fn each_kind_is_read_and_written_whole() {
        for (text, kind) in EACH.into_iter().zip(EventKind::ALL) {
            let event = read(text);
            assert_eq!(event.kind.as_str(), kind.as_str());
            let members: Vec<_> = texts(&event)
                .iter()
                .map(|(member, value)| format!("\"{member}\":\"{value}\""))
                .collect();
            assert_eq!(format!("{{{}}}", members.join(",")), text);
        }
    }
}
