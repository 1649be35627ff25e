//! The texts of a record: stable codes, plain texts and closed enumerations.

use std::borrow::Cow;
use std::fmt;
use std::str::FromStr;

use crate::canonical::JsonReader;
use crate::field::{Field, Memo};
use crate::{JsonWriter, LineageError};

/// A stable name: a reason, a limit (`max_exposure`, `group:energy`), an account, a venue's id.
///
/// Its grammar leaves no room for the free text of a venue or an error (seed, section 8).
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Code(Cow<'static, str>);

impl Code {
    /// The grammar, as a regular expression.
    pub const GRAMMAR: &'static str = "^[A-Za-z0-9][A-Za-z0-9._:+-]{0,63}$";

    /// A code written in the source, checked when it is compiled as a constant.
    ///
    /// # Panics
    /// If the text breaks the grammar.
    pub const fn literal(text: &'static str) -> Self {
        assert!(is_code(text.as_bytes()), "a code must match Code::GRAMMAR");
        Self(Cow::Borrowed(text))
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

const fn is_code(text: &[u8]) -> bool {
    if text.is_empty() || text.len() > 64 || !text[0].is_ascii_alphanumeric() {
        return false;
    }
    let mut at = 1;
    while at < text.len() {
        let byte = text[at];
        let mark = matches!(byte, b'.' | b'_' | b':' | b'+' | b'-');
        if !byte.is_ascii_alphanumeric() && !mark {
            return false;
        }
        at += 1;
    }
    true
}

impl FromStr for Code {
    type Err = LineageError;

    fn from_str(text: &str) -> Result<Self, LineageError> {
        if is_code(text.as_bytes()) {
            Ok(Self(Cow::Owned(text.to_owned())))
        } else {
            Err(LineageError::TextGrammar {
                what: "a code",
                grammar: Self::GRAMMAR,
            })
        }
    }
}

impl fmt::Display for Code {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.pad(&self.0)
    }
}

impl Field for Code {
    fn write(&self, json: JsonWriter<'_>, _: &mut Memo) {
        json.plain(|out| out.push_str(&self.0));
    }

    fn read(json: &mut JsonReader<'_>, _: &mut Memo) -> Result<Self, LineageError> {
        json.plain()?.parse()
    }
}

/// A short printable text of our own making: a rule, a path in a document, a measured value.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PlainText(Cow<'static, str>);

impl PlainText {
    /// The grammar, as a regular expression: printable ASCII.
    pub const GRAMMAR: &'static str = "^[ -~]{0,256}$";

    /// A text that is written in the source.
    ///
    /// # Panics
    /// If the text breaks the grammar.
    pub const fn literal(text: &'static str) -> Self {
        assert!(
            is_plain(text.as_bytes()),
            "a text must match PlainText::GRAMMAR"
        );
        Self(Cow::Borrowed(text))
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

const fn is_plain(text: &[u8]) -> bool {
    if text.len() > 256 {
        return false;
    }
    let mut rest = text;
    while let [byte, others @ ..] = rest {
        if !matches!(byte, b' '..=b'~') {
            return false;
        }
        rest = others;
    }
    true
}

impl FromStr for PlainText {
    type Err = LineageError;

    fn from_str(text: &str) -> Result<Self, LineageError> {
        if is_plain(text.as_bytes()) {
            Ok(Self(Cow::Owned(text.to_owned())))
        } else {
            Err(LineageError::TextGrammar {
                what: "a plain text",
                grammar: Self::GRAMMAR,
            })
        }
    }
}

impl fmt::Display for PlainText {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.pad(&self.0)
    }
}

impl Field for PlainText {
    fn write(&self, json: JsonWriter<'_>, _: &mut Memo) {
        json.string(&self.0);
    }

    fn read(json: &mut JsonReader<'_>, _: &mut Memo) -> Result<Self, LineageError> {
        json.string()?.parse()
    }
}

/// A closed enumeration with a stable text for each value.
macro_rules! text_enum {
    ($(#[$doc:meta])* $name:ident { $($(#[$value_doc:meta])* $value:ident = $text:literal,)* }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum $name { $($(#[$value_doc])* $value,)* }

        impl $name {
            /// All values.
            pub const ALL: &'static [Self] = &[$(Self::$value,)*];

            /// The stable text.
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$value => $text,)* }
            }
        }

        impl std::str::FromStr for $name {
            type Err = $crate::LineageError;

            fn from_str(text: &str) -> Result<Self, $crate::LineageError> {
                match text {
                    $($text => Ok(Self::$value),)*
                    _ => Err($crate::LineageError::TextGrammar {
                        what: stringify!($name),
                        grammar: concat!("one of" $(, " ", $text)*),
                    }),
                }
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                formatter.pad(self.as_str())
            }
        }

        impl $crate::field::Field for $name {
            fn write(&self, json: $crate::JsonWriter<'_>, _: &mut $crate::field::Memo) {
                json.plain(|out| out.push_str(self.as_str()));
            }

            fn read(
                json: &mut $crate::canonical::JsonReader<'_>,
                _: &mut $crate::field::Memo,
            ) -> Result<Self, $crate::LineageError> {
                json.plain()?.parse()
            }
        }
    };
}
pub(crate) use text_enum;

#[cfg(test)]
mod tests {
    use super::*;

    /// Every ASCII character in every place that the grammar of a code tells apart.
    #[test]
    fn a_code_keeps_to_its_grammar() {
        for character in '\0'..='\u{80}' {
            let first = character.is_ascii_alphanumeric();
            let later = first || "._:+-".contains(character);
            assert_eq!(character.to_string().parse::<Code>().is_ok(), first);
            for text in [format!("a{character}"), format!("a{character}b")] {
                assert_eq!(text.parse::<Code>().is_ok(), later, "{text:?}");
            }
        }
        assert!("".parse::<Code>().is_err());
        assert!("a".repeat(64).parse::<Code>().is_ok());
        assert!("a".repeat(65).parse::<Code>().is_err());
    }

    #[test]
    fn a_plain_text_is_printable_ascii() {
        for character in '\0'..='\u{80}' {
            let printable = (' '..='~').contains(&character);
            for text in [format!("{character}"), format!("a{character}b")] {
                assert_eq!(text.parse::<PlainText>().is_ok(), printable, "{text:?}");
            }
        }
        for (length, fits) in [(0, true), (256, true), (257, false)] {
            let text = "~".repeat(length);
            assert_eq!(text.parse::<PlainText>().is_ok(), fits, "{length}");
        }
    }

    #[test]
    fn texts_are_shown_as_they_are() {
        let (code, text) = (Code::literal("group:energy"), PlainText::literal("a b"));
        assert_eq!((code.as_str(), text.as_str()), ("group:energy", "a b"));
        assert_eq!(format!("{code:>13}|{text:>4}|"), " group:energy| a b|");
    }
}
