//! Calendars and schedules, in the set of six instruments.

use ios012_contracts::RefusalCode::{
    Calendar, CalendarGap, DuplicateRow, MarketHours, MissingField, NotApplicable, OutOfRange,
    Time, UnknownCalendar, UnknownField, UnknownValue,
};

use super::Change::Mixed;
use super::{Case, LIMITS, REGISTRY, case};

/// A registry with calendars, of which that of `us-equities` is given. Its assets are closed at
/// `as_of`, 2026-12-18T21:00, unless it is open then.
macro_rules! us_equities {
    ($hours:literal) => {
        Mixed(&[(
            REGISTRY,
            "\"fx_pairs\"",
            concat!(
                "\"calendars\": [{\"calendar\": \"xetra\", \"always_open\": true}, ",
                "{\"calendar\": \"cme-globex\", \"always_open\": true}, ",
                "{\"calendar\": \"always\", \"always_open\": true}, ",
                "{\"calendar\": \"weekdays\", \"always_open\": true}, ",
                "{\"calendar\": \"us-equities\", ",
                $hours,
                "}], \"fx_pairs\""
            ),
        )])
    };
}

macro_rules! schedule {
    ($schedule:literal) => {
        Mixed(&[(
            LIMITS,
            "\"max_orders_per_cycle\"",
            concat!("\"schedule\": ", $schedule, ", \"max_orders_per_cycle\""),
        )])
    };
}

pub(crate) const SCHEDULES: &[Case] = &[
    case(
        "a calendar that is missing",
        Mixed(&[(
            REGISTRY,
            "\"fx_pairs\"",
            "\"calendars\": [{\"calendar\": \"xetra\", \"always_open\": true}], \"fx_pairs\"",
        )]),
        UnknownCalendar,
        "calendars",
        "always",
    ),
    case(
        "a calendar listed twice",
        us_equities!("\"always_open\": true}, {\"calendar\": \"always\", \"always_open\": true"),
        DuplicateRow,
        "calendars[5].calendar",
        "always",
    ),
    case(
        "a calendar without hours",
        us_equities!("\"valid_from\": \"2026-01-01\""),
        Calendar,
        "calendars[4]",
        "us-equities",
    ),
    case(
        "a calendar that is always open and has hours",
        us_equities!("\"always_open\": true, \"holidays\": [\"2026-12-25\"]"),
        Calendar,
        "calendars[4]",
        "us-equities",
    ),
    case(
        "a calendar that ends before it begins",
        us_equities!("\"valid_from\": \"2026-12-31\", \"valid_until\": \"2026-01-01\""),
        Calendar,
        "calendars[4]",
        "us-equities",
    ),
    case(
        "sessions that overlap",
        us_equities!(
            "\"valid_from\": \"2026-01-01\", \"valid_until\": \"2026-12-31\", \"sessions\": [\
             {\"weekdays\": [\"mon\", \"fri\"], \"open\": \"14:30\", \"close\": \"21:00\"}, \
             {\"weekdays\": [\"fri\"], \"open\": \"20:00\", \"close\": \"22:00\"}]"
        ),
        Calendar,
        "calendars[4]",
        "us-equities",
    ),
    case(
        "an unknown day of the week",
        us_equities!(
            "\"valid_from\": \"2026-01-01\", \"valid_until\": \"2026-12-31\", \"sessions\": [\
             {\"weekdays\": [\"Friday\"], \"open\": \"14:30\", \"close\": \"21:00\"}]"
        ),
        UnknownValue,
        "calendars[4].sessions[0].weekdays[0]",
        "Friday",
    ),
    case(
        "a time of the day after midnight",
        us_equities!(
            "\"valid_from\": \"2026-01-01\", \"valid_until\": \"2026-12-31\", \"sessions\": [\
             {\"weekdays\": [\"fri\"], \"open\": \"14:30\", \"close\": \"24:30\"}]"
        ),
        Time,
        "calendars[4].sessions[0].close",
        "24:30",
    ),
    case(
        "a holiday that is no date",
        us_equities!(
            "\"valid_from\": \"2026-01-01\", \"valid_until\": \"2026-12-31\", \"holidays\": [\"25.12.2026\"]"
        ),
        Time,
        "calendars[4].holidays[0]",
        "25.12.2026",
    ),
    case(
        "a calendar that does not reach the cycle",
        us_equities!("\"valid_from\": \"2026-01-01\", \"valid_until\": \"2026-06-30\""),
        CalendarGap,
        "rows[META].asset_id",
        "META",
    ),
    case(
        "a market that is open where its calendar says closed",
        us_equities!(
            "\"valid_from\": \"2026-01-01\", \"valid_until\": \"2026-12-31\", \"sessions\": [\
             {\"weekdays\": [\"fri\"], \"open\": \"14:30\", \"close\": \"22:00\"}], \
             \"early_closes\": [{\"date\": \"2026-12-18\", \"close\": \"18:00\"}]"
        ),
        MarketHours,
        "rows[META].market_open",
        "true",
    ),
    case(
        "an unknown kind of schedule",
        schedule!("{\"kind\": \"vwap\"}"),
        UnknownValue,
        "execution.schedule.kind",
        "vwap",
    ),
    case(
        "a schedule without its interval",
        schedule!("{\"kind\": \"twap\", \"slices\": \"4\"}"),
        MissingField,
        "execution.schedule.interval_s",
        "",
    ),
    case(
        "an immediate schedule with slices",
        schedule!("{\"kind\": \"immediate\", \"slices\": \"4\"}"),
        NotApplicable,
        "execution.schedule.slices",
        "",
    ),
    case(
        "a schedule of one slice",
        schedule!("{\"kind\": \"twap\", \"slices\": \"1\", \"interval_s\": \"60\"}"),
        OutOfRange,
        "execution.schedule.slices",
        "1",
    ),
    case(
        "a schedule longer than 30 days",
        schedule!("{\"kind\": \"twap\", \"slices\": \"31\", \"interval_s\": \"86400\"}"),
        OutOfRange,
        "execution.schedule.interval_s",
        "86400",
    ),
    case(
        "a schedule with a clock",
        schedule!("{\"kind\": \"twap\", \"at\": \"14:30\"}"),
        UnknownField,
        "execution.schedule, field \"at\"",
        "",
    ),
];
