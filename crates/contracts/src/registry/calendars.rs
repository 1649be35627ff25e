//! The trading calendars of a registry, in UTC.

use ios012_core::Calendar;
use ios012_core::calendar::{CalendarError, Day, Session};
use schemars::JsonSchema;
use serde::Deserialize;

use super::Listing;
use crate::reader::Reader;
use crate::text::{Clock, Text, Weekday};
use crate::{Place, Refusal, RefusalCode, Token};

/// A calendar and its name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct NamedCalendar {
    pub(crate) name: Token,
    pub(crate) calendar: Calendar,
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "calendar_row")]
pub(super) struct RawCalendar {
    calendar: Text<Token>,
    #[serde(default)]
    always_open: bool,
    valid_from: Option<Text<Day>>,
    valid_until: Option<Text<Day>>,
    #[serde(default)]
    sessions: Vec<RawSession>,
    #[serde(default)]
    holidays: Vec<Text<Day>>,
    #[serde(default)]
    early_closes: Vec<RawEarlyClose>,
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "session_row")]
struct RawSession {
    weekdays: Vec<Text<Weekday>>,
    open: Text<Clock>,
    close: Text<Clock>,
    from: Option<Text<Day>>,
    until: Option<Text<Day>>,
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "early_close_row")]
struct RawEarlyClose {
    date: Text<Day>,
    close: Text<Clock>,
}

/// Reads the calendars, in the order of their names. Where there are any, each asset has one.
pub(super) fn read_calendars(
    reader: &Reader<'_>,
    rows: &[RawCalendar],
    listings: &[Listing],
) -> Result<Vec<NamedCalendar>, Refusal> {
    let mut calendars = rows
        .iter()
        .enumerate()
        .map(|(row, raw)| read_calendar(reader, row, raw))
        .collect::<Result<Vec<_>, Refusal>>()?;
    reader.unique(calendars.iter().map(|row| &row.name), |row| {
        format!("calendars[{row}].calendar")
    })?;
    calendars.sort_by(|a, b| a.name.cmp(&b.name));
    let known = |name: &Token| calendars.binary_search_by(|row| row.name.cmp(name)).is_ok();
    if let Some(listing) = listings.iter().find(|listing| !known(&listing.calendar))
        && !calendars.is_empty()
    {
        let refusal = reader.refuse(RefusalCode::UnknownCalendar, Place::path("calendars"));
        return Err(refusal.value(&listing.calendar));
    }
    Ok(calendars)
}

fn read_calendar(
    reader: &Reader<'_>,
    row: usize,
    raw: &RawCalendar,
) -> Result<NamedCalendar, Refusal> {
    let name = reader.read(&raw.calendar, format_args!("calendars[{row}].calendar"))?;
    let refuse = |rule: String| {
        let refusal = reader.refuse(
            RefusalCode::Calendar,
            Place::path(format!("calendars[{row}]")),
        );
        Err(refusal.value(&name).rule(rule))
    };
    let has_hours = raw.valid_from.is_some()
        || raw.valid_until.is_some()
        || !raw.sessions.is_empty()
        || !raw.holidays.is_empty()
        || !raw.early_closes.is_empty();
    let calendar = match (raw.always_open, &raw.valid_from, &raw.valid_until) {
        (true, ..) if has_hours => {
            return refuse("a calendar that is always open has no hours".to_owned());
        }
        (true, ..) => Calendar::always(),
        (false, Some(from), Some(until)) => {
            let from = reader.read(from, format_args!("calendars[{row}].valid_from"))?;
            let until = reader.read(until, format_args!("calendars[{row}].valid_until"))?;
            match read_hours(reader, row, raw, (from, until))? {
                Ok(calendar) => calendar,
                Err(error) => return refuse(error.to_string()),
            }
        }
        _ => return refuse("it has valid_from and valid_until, or is always_open".to_owned()),
    };
    Ok(NamedCalendar { name, calendar })
}

fn read_hours(
    reader: &Reader<'_>,
    row: usize,
    raw: &RawCalendar,
    valid: (Day, Day),
) -> Result<Result<Calendar, CalendarError>, Refusal> {
    let mut sessions = Vec::new();
    for (at, session) in raw.sessions.iter().enumerate() {
        let path = format!("calendars[{row}].sessions[{at}]");
        let from = reader.read_optional(session.from.as_ref(), format_args!("{path}.from"))?;
        let until = reader.read_optional(session.until.as_ref(), format_args!("{path}.until"))?;
        let open = reader.read(&session.open, format_args!("{path}.open"))?;
        let close = reader.read(&session.close, format_args!("{path}.close"))?;
        for (day, weekday) in session.weekdays.iter().enumerate() {
            let weekday = reader.read(weekday, format_args!("{path}.weekdays[{day}]"))?;
            sessions.push(Session {
                from: from.unwrap_or(valid.0),
                until: until.unwrap_or(valid.1),
                weekday: weekday.number(),
                open_s: open.seconds(),
                close_s: close.seconds(),
            });
        }
    }
    let mut holidays = Vec::new();
    for (at, holiday) in raw.holidays.iter().enumerate() {
        holidays.push(reader.read(holiday, format_args!("calendars[{row}].holidays[{at}]"))?);
    }
    let mut early_closes = Vec::new();
    for (at, early) in raw.early_closes.iter().enumerate() {
        let path = format!("calendars[{row}].early_closes[{at}]");
        let date = reader.read(&early.date, format_args!("{path}.date"))?;
        let close = reader.read(&early.close, format_args!("{path}.close"))?;
        early_closes.push((date, close.seconds()));
    }
    Ok(Calendar::new(valid, sessions, holidays, early_closes))
}
