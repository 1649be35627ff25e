//! Time as data: a UTC instant that came in with a document. Nothing here reads a clock.

use alloc::string::{String, ToString};
use core::fmt;
use core::str::FromStr;

use jiff::SignedDuration;
use jiff::civil::{Date, DateTime, Time};

use crate::CoreError;

/// `jiff::Timestamp` ends a day before year 9999 does, so UTC is reckoned in civil time.
const EPOCH: DateTime = DateTime::constant(1970, 1, 1, 0, 0, 0, 0);
/// 0001-01-01T00:00:00.000Z.
const FIRST: i64 = -62_135_596_800_000;
/// 9999-12-31T23:59:59.999Z.
const LAST: i64 = 253_402_300_799_999;

/// Milliseconds since 1970-01-01T00:00:00Z, years 0001 to 9999.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct UtcTime(i64);

impl UtcTime {
    /// The first time that can be written, the beginning of the year 0001.
    pub const FIRST: Self = Self(FIRST);

    /// Milliseconds since the Unix epoch.
    pub const fn unix_milliseconds(self) -> i64 {
        self.0
    }

    /// The instant so many milliseconds after the Unix epoch, or [`CoreError::Overflow`] outside
    /// years 0001 to 9999.
    pub const fn from_unix_milliseconds(milliseconds: i64) -> Result<Self, CoreError> {
        if FIRST <= milliseconds && milliseconds <= LAST {
            Ok(Self(milliseconds))
        } else {
            Err(CoreError::Overflow {
                operation: "time sum",
            })
        }
    }

    /// Midnight UTC at the start of a date written as `2026-11-22`.
    pub fn from_date(text: &str) -> Result<Self, CoreError> {
        let shape = b"dddd-dd-dd";
        if !has_shape(text, shape) {
            return Err(CoreError::TimeGrammar);
        }
        let date: Date = text.parse().map_err(|_| CoreError::TimeGrammar)?;
        Self::from_civil(date.to_datetime(Time::midnight()))
    }

    /// The time some milliseconds later, or [`CoreError::Overflow`] outside years 0001 to 9999.
    pub fn checked_add_milliseconds(self, milliseconds: i64) -> Result<Self, CoreError> {
        let overflow = CoreError::Overflow {
            operation: "time sum",
        };
        Self::from_unix_milliseconds(self.0.checked_add(milliseconds).ok_or(overflow)?)
    }

    /// The date part, as `2026-11-22`.
    pub fn date_text(self) -> String {
        let mut text = self.to_string();
        text.truncate("2026-11-22".len());
        text
    }

    fn from_civil(time: DateTime) -> Result<Self, CoreError> {
        let since_epoch = time.duration_since(EPOCH).as_millis();
        match i64::try_from(since_epoch) {
            Ok(milliseconds) if (FIRST..=LAST).contains(&milliseconds) => Ok(Self(milliseconds)),
            _ => Err(CoreError::TimeGrammar),
        }
    }
}

impl FromStr for UtcTime {
    type Err = CoreError;

    fn from_str(text: &str) -> Result<Self, CoreError> {
        if !has_shape(text, b"dddd-dd-ddTdd:dd:dd.dddZ") {
            return Err(CoreError::TimeGrammar);
        }
        let civil = text.strip_suffix('Z').unwrap_or_default();
        let time = Self::from_civil(civil.parse().map_err(|_| CoreError::TimeGrammar)?)?;
        // A leap second would be folded into the second before it: what does not come back as it
        // was written is refused.
        if time.to_string() == text {
            Ok(time)
        } else {
            Err(CoreError::TimeGrammar)
        }
    }
}

impl fmt::Display for UtcTime {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let since_epoch = SignedDuration::from_millis(self.0);
        let civil = EPOCH.checked_add(since_epoch).map_err(|_| fmt::Error)?;
        write!(formatter, "{civil:.3}Z")
    }
}

fn has_shape(text: &str, shape: &[u8]) -> bool {
    text.len() == shape.len()
        && text
            .bytes()
            .zip(shape)
            .all(|(byte, &expected)| match expected {
                b'd' => byte.is_ascii_digit(),
                literal => byte == literal,
            })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_back_what_it_writes() {
        for text in [
            "1970-01-01T00:00:00.000Z",
            "1990-04-11T00:00:00.000Z",
            "2024-02-29T23:59:59.999Z",
            "0001-01-01T00:00:00.000Z",
            "9999-12-31T23:59:59.999Z",
        ] {
            assert_eq!(
                text.parse::<UtcTime>().map(|time| time.to_string()),
                Ok(text.to_string())
            );
        }
        assert_eq!(
            UtcTime::from_date("1990-04-11"),
            "1990-04-11T00:00:00.000Z".parse()
        );
        let date = UtcTime::from_date("0001-04-11").map(UtcTime::date_text);
        assert_eq!(date, Ok("0001-04-11".to_string()));
        let evening = "2024-02-29T23:59:59.999Z".parse::<UtcTime>();
        assert_eq!(
            evening.map(UtcTime::date_text),
            Ok("2024-02-29".to_string())
        );
        assert_eq!(
            "2000-01-01T00:00:00.001Z"
                .parse::<UtcTime>()
                .map(UtcTime::unix_milliseconds),
            Ok(946_684_800_001)
        );
    }

    #[test]
    fn adds_milliseconds_within_the_years() {
        let day = 86_400_000;
        let time = |text: &str| text.parse::<UtcTime>();
        assert_eq!(
            time("2024-02-28T23:00:00.000Z").and_then(|time| time.checked_add_milliseconds(day)),
            time("2024-02-29T23:00:00.000Z")
        );
        for (text, milliseconds) in [
            ("0001-01-01T00:00:00.000Z", -1),
            ("9999-12-30T00:00:00.000Z", 2 * day),
            ("9999-12-31T23:59:59.999Z", 1),
            ("2024-01-01T00:00:00.000Z", i64::MAX),
        ] {
            let sum = time(text).and_then(|time| time.checked_add_milliseconds(milliseconds));
            assert!(sum.is_err(), "{text} + {milliseconds}");
        }
    }

    #[test]
    fn refuses_every_other_form() {
        for text in [
            "",
            "2026-11-22",
            "2026-11-22T00:00:00Z",
            "2026-11-22T00:00:00.000+00:00",
            "2026-11-22T00:00:00.000+01:00",
            "2026-11-22 00:00:00.000Z",
            "2026-11-22T00:00:00.0000Z",
            "2026-02-29T00:00:00.000Z",
            "2026-13-01T00:00:00.000Z",
            "2016-12-31T23:59:60.000Z",
            "0000-12-31T23:59:59.999Z",
            "2026-11-22t00:00:00.000z",
        ] {
            assert_eq!(
                text.parse::<UtcTime>(),
                Err(CoreError::TimeGrammar),
                "{text:?}"
            );
        }
        for text in [
            "1990-4-11",
            "1990-02-30",
            "19900411",
            "1990-04-11T00:00:00",
            "+001990-04-11",
        ] {
            let refused = UtcTime::from_date(text);
            assert_eq!(refused, Err(CoreError::TimeGrammar), "{text:?}");
        }
    }
}
