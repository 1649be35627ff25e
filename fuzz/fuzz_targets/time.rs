//! Times: a text is taken if and only if it names a date that exists, and its value is what the
//! Gregorian calendar says, counted here day by day of the year.
#![no_main]

use ios012_core::UtcTime;
use libfuzzer_sys::fuzz_target;

const DAY_MS: i64 = 86_400_000;

fuzz_target!(|bytes: &[u8]| {
    if let Ok(text) = std::str::from_utf8(bytes) {
        check_text(text);
    }
    if let Some((step, text)) = bytes.split_first_chunk()
        && let Ok(text) = std::str::from_utf8(text)
        && let Ok(time) = text.parse()
    {
        check_sum(time, i64::from_le_bytes(*step));
    }
});

fn check_text(text: &str) {
    let time = text.parse::<UtcTime>().ok();
    assert_eq!(
        time.map(UtcTime::unix_milliseconds),
        milliseconds(text),
        "{text:?}"
    );
    if let Some(time) = time {
        assert_eq!(time.to_string(), text);
        assert_eq!(time.date_text(), &text[..10]);
    }
    let date = UtcTime::from_date(text).ok();
    let midnight = format!("{text}T00:00:00.000Z");
    assert_eq!(
        date.map(UtcTime::unix_milliseconds),
        milliseconds(&midnight),
        "{text:?}"
    );
}

fn check_sum(time: UtcTime, step: i64) {
    let sum = i128::from(time.unix_milliseconds()) + i128::from(step);
    let first = milliseconds("0001-01-01T00:00:00.000Z").map(i128::from);
    let last = milliseconds("9999-12-31T23:59:59.999Z").map(i128::from);
    match time.checked_add_milliseconds(step) {
        Ok(later) => {
            assert_eq!(i128::from(later.unix_milliseconds()), sum);
            assert_eq!(later.to_string().parse(), Ok(later));
        }
        Err(_) => assert!(Some(sum) < first || Some(sum) > last),
    }
}

/// Milliseconds since 1970 of `YYYY-MM-DDThh:mm:ss.fffZ`.
fn milliseconds(text: &str) -> Option<i64> {
    let shape = text
        .bytes()
        .map(|byte| if byte.is_ascii_digit() { b'd' } else { byte });
    if !shape.eq(*b"dddd-dd-ddTdd:dd:dd.dddZ") {
        return None;
    }
    let number = |from: usize, to: usize| text[from..to].parse::<i64>().ok();
    let (year, month, day) = (number(0, 4)?, number(5, 7)?, number(8, 10)?);
    let (hour, minute, second) = (number(11, 13)?, number(14, 16)?, number(17, 19)?);
    let exists = year >= 1
        && (1..=12).contains(&month)
        && (1..=days_in(year, month)).contains(&day)
        && hour < 24
        && minute < 60
        && second < 60;
    if !exists {
        return None;
    }
    let days = days_before(year) - days_before(1970)
        + (1..month).map(|month| days_in(year, month)).sum::<i64>()
        + day
        - 1;
    Some(days * DAY_MS + ((hour * 60 + minute) * 60 + second) * 1_000 + number(20, 23)?)
}

/// Days of all years from 1 to the one before.
fn days_before(year: i64) -> i64 {
    let years = year - 1;
    years * 365 + years / 4 - years / 100 + years / 400
}

fn days_in(year: i64, month: i64) -> i64 {
    let leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    match month {
        2 if leap => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}
