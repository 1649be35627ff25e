//! How each type of value stands in a record: its text, written and read.

use ios012_core::sequence::Side;
use ios012_core::{
    AssetId, CurrencyCode, Defcon, Exposure, Mode, Money, PortfolioId, Price, Quantity, UtcTime,
};

use crate::canonical::JsonReader;
use crate::{Hash, JsonWriter, LineageError};

/// A value that stands in a record.
pub(crate) trait Field: Sized {
    /// Appends the value.
    fn write(&self, json: JsonWriter<'_>, memo: &mut Memo);
    /// Reads what [`Self::write`] writes, and nothing else.
    fn read(json: &mut JsonReader<'_>, memo: &mut Memo) -> Result<Self, LineageError>;
}

/// What was converted last: neighbouring records share their portfolio and their times.
#[derive(Debug, Default)]
pub(crate) struct Memo {
    time: Option<(UtcTime, String)>,
    portfolio: Option<PortfolioId>,
}

impl Field for UtcTime {
    fn write(&self, json: JsonWriter<'_>, memo: &mut Memo) {
        if memo.time.as_ref().is_none_or(|(time, _)| time != self) {
            memo.time = Some((*self, self.to_string()));
        }
        if let Some((_, text)) = &memo.time {
            json.plain(|out| out.push_str(text));
        }
    }

    fn read(json: &mut JsonReader<'_>, memo: &mut Memo) -> Result<Self, LineageError> {
        let text = json.plain()?;
        if let Some((time, known)) = &memo.time
            && known == text
        {
            return Ok(*time);
        }
        let time = text.parse()?;
        memo.time = Some((time, text.to_owned()));
        Ok(time)
    }
}

impl Field for PortfolioId {
    fn write(&self, json: JsonWriter<'_>, _: &mut Memo) {
        json.plain(|out| out.push_str(self.as_str()));
    }

    fn read(json: &mut JsonReader<'_>, memo: &mut Memo) -> Result<Self, LineageError> {
        let text = json.plain()?;
        if let Some(portfolio) = &memo.portfolio
            && portfolio.as_str() == text
        {
            return Ok(portfolio.clone());
        }
        let portfolio: Self = text.parse()?;
        memo.portfolio = Some(portfolio.clone());
        Ok(portfolio)
    }
}

impl Field for Hash {
    fn write(&self, json: JsonWriter<'_>, _: &mut Memo) {
        json.plain(|out| self.write_to(out));
    }

    fn read(json: &mut JsonReader<'_>, _: &mut Memo) -> Result<Self, LineageError> {
        json.fixed(64)?.parse()
    }
}

/// A counter: decimal text without leading zeros, up to 2^64 - 1.
impl Field for u64 {
    fn write(&self, json: JsonWriter<'_>, _: &mut Memo) {
        json.plain(|out| out.push_str(itoa::Buffer::new().format(*self)));
    }

    fn read(json: &mut JsonReader<'_>, _: &mut Memo) -> Result<Self, LineageError> {
        const REFUSAL: LineageError = LineageError::TextGrammar {
            what: "a counter",
            grammar: "^(0|[1-9][0-9]*)$, below 2^64",
        };
        let text = json.plain()?;
        let digits = text.bytes().all(|byte| byte.is_ascii_digit());
        let padded = text.len() > 1 && text.starts_with('0');
        if !digits || padded {
            return Err(REFUSAL);
        }
        text.parse().map_err(|_| REFUSAL)
    }
}

/// `null`, or the value.
impl<T: Field> Field for Option<T> {
    fn write(&self, json: JsonWriter<'_>, memo: &mut Memo) {
        match self {
            Some(value) => value.write(json, memo),
            None => json.null(),
        }
    }

    fn read(json: &mut JsonReader<'_>, memo: &mut Memo) -> Result<Self, LineageError> {
        if json.null() {
            return Ok(None);
        }
        T::read(json, memo).map(Some)
    }
}

impl<T: Field> Field for Vec<T> {
    fn write(&self, json: JsonWriter<'_>, memo: &mut Memo) {
        json.array(|array| {
            for value in self {
                value.write(array.element(), memo);
            }
        });
    }

    fn read(json: &mut JsonReader<'_>, memo: &mut Memo) -> Result<Self, LineageError> {
        let mut values = Self::new();
        let mut array = json.array()?;
        while let Some(element) = array.next()? {
            values.push(T::read(element, memo)?);
        }
        Ok(values)
    }
}

macro_rules! decimals {
    ($($name:ident),*) => {$(
        impl Field for $name {
            fn write(&self, json: JsonWriter<'_>, _: &mut Memo) {
                json.plain(|out| self.write_to(out));
            }

            fn read(json: &mut JsonReader<'_>, _: &mut Memo) -> Result<Self, LineageError> {
                Ok(json.plain()?.parse()?)
            }
        }
    )*};
}
decimals!(Exposure, Money, Price, Quantity);

macro_rules! identifiers {
    ($($name:ident),*) => {$(
        impl Field for $name {
            fn write(&self, json: JsonWriter<'_>, _: &mut Memo) {
                json.plain(|out| out.push_str(self.as_str()));
            }

            fn read(json: &mut JsonReader<'_>, _: &mut Memo) -> Result<Self, LineageError> {
                Ok(json.plain()?.parse()?)
            }
        }
    )*};
}
identifiers!(AssetId, CurrencyCode);

macro_rules! enumerations {
    ($($name:ident, $what:literal, $grammar:literal;)*) => {$(
        impl Field for $name {
            fn write(&self, json: JsonWriter<'_>, _: &mut Memo) {
                json.plain(|out| out.push_str(self.as_str()));
            }

            fn read(json: &mut JsonReader<'_>, _: &mut Memo) -> Result<Self, LineageError> {
                let text = json.plain()?;
                let found = Self::ALL.iter().find(|value| value.as_str() == text);
                found.copied().ok_or(LineageError::TextGrammar {
                    what: $what,
                    grammar: $grammar,
                })
            }
        }
    )*};
}
enumerations! {
    Defcon, "Defcon", "one of GREEN YELLOW ORANGE RED BLACK";
    Mode, "Mode", "one of paper live";
    Side, "side", "one of buy sell";
}

#[cfg(test)]
mod tests {
    use super::*;

    /// One text for each number, and nothing that only a lenient parser takes.
    #[test]
    fn a_counter_has_one_text() {
        let read = |text: &str| {
            let json = format!("\"{text}\"");
            u64::read(&mut JsonReader::new(&json), &mut Memo::default()).ok()
        };
        for (text, counter) in [
            ("0", 0),
            ("1", 1),
            ("10", 10),
            ("18446744073709551615", u64::MAX),
        ] {
            assert_eq!(read(text), Some(counter), "{text}");
        }
        for text in [
            "",
            "00",
            "01",
            "+1",
            "-1",
            " 1",
            "1 ",
            "1.0",
            "0x1",
            "18446744073709551616",
        ] {
            assert_eq!(read(text), None, "{text:?} was taken");
        }
    }
}
