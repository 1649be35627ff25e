//! Trading calendars (IoS-001): when a market trades, in UTC, as data. There is no time zone here:
//! where local hours move against UTC, the registry has one row for each part of the year.

use alloc::vec::Vec;

use crate::{CoreError, UtcTime};

const DAY_MS: i64 = 86_400_000;

/// Seconds of a day.
pub const DAY_S: u32 = 86_400;

/// Hours that repeat on one day of the week. Hours past midnight are a row of the next day.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Session {
    /// First day on which it holds.
    pub from: Day,
    /// Last day on which it holds.
    pub until: Day,
    /// Day of the week, 1 is Monday, 7 is Sunday.
    pub weekday: u8,
    /// Second of the day at which trading begins.
    pub open_s: u32,
    /// Second of the day at which it ends, at most [`DAY_S`].
    pub close_s: u32,
}

/// A UTC day, counted from 1970-01-01.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Day(i64);

impl Day {
    /// The day of a time.
    pub const fn of(time: UtcTime) -> Self {
        Self(time.unix_milliseconds().div_euclid(DAY_MS))
    }

    /// Day of the week, 1 is Monday, 7 is Sunday. 1970-01-01 was a Thursday.
    pub fn weekday(self) -> u8 {
        let from_monday = self.0.saturating_add(3).rem_euclid(7);
        u8::try_from(from_monday.saturating_add(1)).unwrap_or(1)
    }

    fn at(self, second: u32) -> Result<UtcTime, CoreError> {
        let overflow = CoreError::Overflow {
            operation: "calendar time",
        };
        let second_ms = i64::from(second).checked_mul(1_000).ok_or(overflow)?;
        let since_epoch = self.0.checked_mul(DAY_MS).ok_or(overflow)?;
        let since_epoch = since_epoch.checked_add(second_ms).ok_or(overflow)?;
        UtcTime::from_unix_milliseconds(since_epoch)
    }

    const fn next(self) -> Self {
        Self(self.0.saturating_add(1))
    }
}

/// When a market trades. [`Calendar::new`] and [`Calendar::always`] are its only makers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Calendar {
    valid: Option<(Day, Day)>,
    /// Ascending by day of the week and opening.
    sessions: Vec<Session>,
    /// Ascending.
    holidays: Vec<Day>,
    /// Ascending by day: nothing trades at or after this second.
    early_closes: Vec<(Day, u32)>,
}

/// Why a calendar is not one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum CalendarError {
    /// It ends before it begins.
    #[error("valid_until is before valid_from")]
    Validity,
    /// A session whose hours or days make no sense.
    #[error("session {row}: from <= until, weekday 1 to 7, open before close, close at most 24:00")]
    Session {
        /// Counts the sessions from 0.
        row: usize,
    },
    /// Two sessions of one day overlap.
    #[error("session {row} overlaps another one")]
    Overlap {
        /// Counts the sessions from 0, ordered by day of the week and opening.
        row: usize,
    },
    /// A holiday or an early close that is listed twice.
    #[error("a holiday or an early close is listed twice")]
    Duplicate,
}

impl Calendar {
    /// Hours that hold from `valid_from` to `valid_until`, both included.
    ///
    /// # Errors
    /// [`CalendarError`].
    pub fn new(
        valid: (Day, Day),
        mut sessions: Vec<Session>,
        mut holidays: Vec<Day>,
        mut early_closes: Vec<(Day, u32)>,
    ) -> Result<Self, CalendarError> {
        if valid.1 < valid.0 {
            return Err(CalendarError::Validity);
        }
        let sound = |session: &Session| {
            session.from <= session.until
                && (1..=7).contains(&session.weekday)
                && session.open_s < session.close_s
                && session.close_s <= DAY_S
        };
        if let Some(row) = sessions.iter().position(|session| !sound(session)) {
            return Err(CalendarError::Session { row });
        }
        sessions.sort_by_key(|session| (session.weekday, session.open_s, session.from));
        for (row, session) in sessions.iter().enumerate() {
            let clashes = |other: &Session| {
                other.weekday == session.weekday
                    && other.open_s < session.close_s
                    && session.open_s < other.close_s
                    && other.from <= session.until
                    && session.from <= other.until
            };
            if sessions.iter().take(row).any(clashes) {
                return Err(CalendarError::Overlap { row });
            }
        }
        holidays.sort_unstable();
        early_closes.sort_unstable();
        let twice = holidays.windows(2).any(|pair| pair.first() == pair.last())
            || early_closes
                .windows(2)
                .any(|pair| pair.first().map(|row| row.0) == pair.last().map(|row| row.0));
        if twice {
            return Err(CalendarError::Duplicate);
        }
        Ok(Self {
            valid: Some(valid),
            sessions,
            holidays,
            early_closes,
        })
    }

    /// A market that never closes.
    pub const fn always() -> Self {
        Self {
            valid: None,
            sessions: Vec::new(),
            holidays: Vec::new(),
            early_closes: Vec::new(),
        }
    }

    /// Whether the market trades at a time; nothing where the calendar does not reach.
    pub fn is_open(&self, time: UtcTime) -> Option<bool> {
        let Some((first, last)) = self.valid else {
            return Some(true);
        };
        let day = Day::of(time);
        if day < first || last < day {
            return None;
        }
        let second_ms = time.unix_milliseconds().rem_euclid(DAY_MS);
        let within = |(open_s, close_s): (u32, u32)| {
            let open_ms = i64::from(open_s).saturating_mul(1_000);
            let close_ms = i64::from(close_s).saturating_mul(1_000);
            (open_ms..close_ms).contains(&second_ms)
        };
        Some(self.hours(day).any(within))
    }

    /// The first time at or after `time` at which the market trades; nothing where the calendar
    /// ends before that.
    ///
    /// # Errors
    /// [`CoreError::Overflow`] at the end of time.
    pub fn next_open(&self, time: UtcTime) -> Result<Option<UtcTime>, CoreError> {
        let Some((_, last)) = self.valid else {
            return Ok(Some(time));
        };
        if self.is_open(time) == Some(true) {
            return Ok(Some(time));
        }
        let mut day = Day::of(time);
        while day <= last {
            if self.is_open(day.at(0)?).is_some() {
                for (open_s, _) in self.hours(day) {
                    let opens = day.at(open_s)?;
                    if opens >= time {
                        return Ok(Some(opens));
                    }
                }
            }
            day = day.next();
        }
        Ok(None)
    }

    /// The hours of one day, ascending, cut by an early close.
    fn hours(&self, day: Day) -> impl Iterator<Item = (u32, u32)> {
        let closed = self.holidays.binary_search(&day).is_ok();
        let early = self.early_closes.binary_search_by_key(&day, |row| row.0);
        let ends_s = early
            .ok()
            .and_then(|at| self.early_closes.get(at))
            .map_or(DAY_S, |row| row.1);
        let weekday = day.weekday();
        self.sessions
            .iter()
            .filter(move |session| {
                !closed
                    && session.weekday == weekday
                    && (session.from..=session.until).contains(&day)
            })
            .map(move |session| (session.open_s, session.close_s.min(ends_s)))
            .filter(|(open_s, close_s)| open_s < close_s)
    }
}

#[cfg(test)]
mod tests {
    use alloc::vec;

    use super::*;

    fn time(text: &str) -> UtcTime {
        text.parse().expect("a time")
    }

    fn day(text: &str) -> Day {
        Day::of(UtcTime::from_date(text).expect("a date"))
    }

    const fn hm(hour: u32, minute: u32) -> u32 {
        hour * 3_600 + minute * 60
    }

    fn weekdays(
        range: core::ops::RangeInclusive<u8>,
        from: &str,
        until: &str,
        open_s: u32,
        close_s: u32,
    ) -> Vec<Session> {
        let (from, until) = (day(from), day(until));
        range
            .map(|weekday| Session {
                from,
                until,
                weekday,
                open_s,
                close_s,
            })
            .collect()
    }

    /// New York Stock Exchange, autumn 2026: 9:30 to 16:00 local, which is UTC−4 until 31 October
    /// and UTC−5 from 1 November; closed on Thanksgiving (26 November), until 13:00 the day after
    /// (nyse.com, Holidays & Trading Hours).
    fn new_york() -> Calendar {
        let mut sessions = weekdays(1..=5, "2026-03-08", "2026-10-31", hm(13, 30), hm(20, 0));
        sessions.extend(weekdays(
            1..=5,
            "2026-11-01",
            "2027-03-13",
            hm(14, 30),
            hm(21, 0),
        ));
        let valid = (day("2026-03-08"), day("2027-03-13"));
        let early = vec![(day("2026-11-27"), hm(18, 0))];
        Calendar::new(valid, sessions, vec![day("2026-11-26")], early).expect("a calendar")
    }

    #[test]
    fn the_days_of_the_week_are_right() {
        for (date, expected) in [
            ("1970-01-01", 4),
            ("2026-11-22", 7),
            ("2026-11-23", 1),
            ("1969-12-31", 3),
            ("2024-02-29", 4),
        ] {
            assert_eq!(day(date).weekday(), expected, "{date}");
        }
    }

    #[test]
    fn hours_holidays_and_early_closes() {
        let calendar = new_york();
        for (at, expected) in [
            ("2026-10-30T13:29:59.999Z", Some(false)),
            ("2026-10-30T13:30:00.000Z", Some(true)),
            ("2026-10-30T19:59:59.999Z", Some(true)),
            ("2026-10-30T20:00:00.000Z", Some(false)),
            ("2026-11-02T14:00:00.000Z", Some(false)),
            ("2026-11-02T20:30:00.000Z", Some(true)),
            ("2026-11-22T16:00:00.000Z", Some(false)),
            ("2026-11-26T16:00:00.000Z", Some(false)),
            ("2026-11-27T17:59:59.999Z", Some(true)),
            ("2026-11-27T18:00:00.000Z", Some(false)),
            ("2027-03-13T00:00:00.000Z", Some(false)),
            ("2027-03-14T00:00:00.000Z", None),
            ("2026-03-07T23:59:59.999Z", None),
        ] {
            assert_eq!(calendar.is_open(time(at)), expected, "{at}");
        }
    }

    #[test]
    fn the_next_opening_skips_what_is_closed() {
        let calendar = new_york();
        for (at, expected) in [
            ("2026-11-23T15:00:00.000Z", Some("2026-11-23T15:00:00.000Z")),
            ("2026-11-20T21:00:00.000Z", Some("2026-11-23T14:30:00.000Z")),
            ("2026-11-25T21:00:00.000Z", Some("2026-11-27T14:30:00.000Z")),
            ("2026-11-27T18:00:00.000Z", Some("2026-11-30T14:30:00.000Z")),
            ("2026-03-01T00:00:00.000Z", Some("2026-03-09T13:30:00.000Z")),
            ("2027-03-12T21:00:00.000Z", None),
        ] {
            let found = calendar.next_open(time(at)).expect("in range");
            assert_eq!(found, expected.map(time), "{at}");
        }
        let never = Calendar::always();
        let at = time("2026-11-26T16:00:00.000Z");
        assert_eq!(
            (never.is_open(at), never.next_open(at)),
            (Some(true), Ok(Some(at)))
        );
    }

    /// An early close at the time of opening leaves no hours to open for.
    #[test]
    fn a_day_that_closes_as_it_opens_is_skipped() {
        let early_closes = vec![(day("2026-11-27"), hm(14, 30))];
        let calendar = Calendar {
            early_closes,
            ..new_york()
        };
        let found = calendar.next_open(time("2026-11-27T00:00:00.000Z"));
        assert_eq!(found, Ok(Some(time("2026-11-30T14:30:00.000Z"))));
    }

    /// Foreign exchange: Sunday 22:00 to Friday 22:00 UTC without a break at midnight.
    #[test]
    fn five_days_around_the_clock() {
        let (from, until) = ("2026-01-01", "2026-12-31");
        let mut sessions = weekdays(1..=4, from, until, 0, DAY_S);
        sessions.extend(weekdays(5..=5, from, until, 0, hm(22, 0)));
        sessions.extend(weekdays(7..=7, from, until, hm(22, 0), DAY_S));
        let calendar = Calendar::new((day(from), day(until)), sessions, Vec::new(), Vec::new());
        let calendar = calendar.expect("a calendar");
        for (at, expected) in [
            ("2026-11-22T21:59:59.999Z", false),
            ("2026-11-22T22:00:00.000Z", true),
            ("2026-11-22T23:59:59.999Z", true),
            ("2026-11-23T00:00:00.000Z", true),
            ("2026-11-27T21:59:59.999Z", true),
            ("2026-11-27T22:00:00.000Z", false),
            ("2026-11-28T12:00:00.000Z", false),
        ] {
            assert_eq!(calendar.is_open(time(at)), Some(expected), "{at}");
        }
    }

    #[test]
    fn a_calendar_that_makes_no_sense_is_refused() {
        let valid = (day("2026-01-01"), day("2026-12-31"));
        let row = |weekday, open_s, close_s| Session {
            from: valid.0,
            until: valid.1,
            weekday,
            open_s,
            close_s,
        };
        let with =
            |sessions: Vec<Session>| Calendar::new(valid, sessions, Vec::new(), Vec::new()).err();
        assert_eq!(with(vec![row(1, 0, DAY_S)]), None);
        assert_eq!(
            with(vec![row(1, 5, 5)]),
            Some(CalendarError::Session { row: 0 })
        );
        assert_eq!(
            with(vec![row(0, 0, 5)]),
            Some(CalendarError::Session { row: 0 })
        );
        assert_eq!(
            with(vec![row(1, 0, DAY_S + 1)]),
            Some(CalendarError::Session { row: 0 })
        );
        assert_eq!(
            with(vec![row(2, 0, 10), row(1, 0, 10), row(1, 9, 20)]),
            Some(CalendarError::Overlap { row: 1 })
        );
        assert_eq!(with(vec![row(1, 0, 10), row(1, 10, 20)]), None);
        let backwards = Calendar::new((valid.1, valid.0), Vec::new(), Vec::new(), Vec::new());
        assert_eq!(backwards.err(), Some(CalendarError::Validity));
        let twice = Calendar::new(valid, Vec::new(), vec![valid.0, valid.0], Vec::new());
        assert_eq!(twice.err(), Some(CalendarError::Duplicate));
        let twice = Calendar::new(
            valid,
            Vec::new(),
            Vec::new(),
            vec![(valid.0, 5), (valid.0, 6)],
        );
        assert_eq!(twice.err(), Some(CalendarError::Duplicate));
    }
}
