//! Identifiers that have been checked against their grammar. None needs an escape in JSON or CSV.

use alloc::string::String;
use alloc::sync::Arc;
use core::cmp::Ordering;
use core::fmt;
use core::str::FromStr;

use crate::CoreError;

/// Bytes of an identifier that stand in its prefix.
const PREFIX: usize = 8;

/// The first eight bytes as a number that orders as they do. Shorter text is padded with zeros,
/// which no grammar allows.
fn prefix(text: &str) -> u64 {
    let mut bytes = [0; PREFIX];
    for (byte, &first) in bytes.iter_mut().zip(text.as_bytes()) {
        *byte = first;
    }
    u64::from_be_bytes(bytes)
}

macro_rules! identifier {
    ($(#[$doc:meta])* $name:ident, $what:literal, $grammar:literal, $lengths:expr, $first:expr, $rest:expr) => {
        $(#[$doc])*
        #[derive(Debug, Clone)]
        pub struct $name {
            // Compared first. It orders as the text does, and is all of a short text.
            prefix: u64,
            text: Arc<str>,
        }

        impl Ord for $name {
            fn cmp(&self, other: &Self) -> Ordering {
                match self.prefix.cmp(&other.prefix) {
                    Ordering::Equal if self.text.len().max(other.text.len()) > PREFIX => {
                        self.text.cmp(&other.text)
                    }
                    by_prefix => by_prefix,
                }
            }
        }

        impl PartialOrd for $name {
            fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
                Some(self.cmp(other))
            }
        }

        impl PartialEq for $name {
            fn eq(&self, other: &Self) -> bool {
                self.cmp(other) == Ordering::Equal
            }
        }

        impl Eq for $name {}

        impl $name {
            /// The grammar, as a regular expression.
            pub const GRAMMAR: &'static str = $grammar;

            /// The text.
            pub fn as_str(&self) -> &str {
                &self.text
            }
        }

        impl FromStr for $name {
            type Err = CoreError;

            fn from_str(text: &str) -> Result<Self, CoreError> {
                let first: fn(u8) -> bool = $first;
                let rest: fn(u8) -> bool = $rest;
                let mut bytes = text.bytes();
                let fits = $lengths.contains(&text.len())
                    && bytes.next().is_some_and(first)
                    && bytes.all(rest);
                if fits {
                    Ok(Self { prefix: prefix(text), text: Arc::from(text) })
                } else {
                    Err(CoreError::Identifier { what: $what, grammar: $grammar })
                }
            }
        }

        impl TryFrom<String> for $name {
            type Error = CoreError;

            fn try_from(text: String) -> Result<Self, CoreError> {
                text.parse()
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.pad(&self.text)
            }
        }
    };
}

identifier!(
    /// An asset of the IoS-001 registry.
    AssetId, "asset_id", "^[A-Za-z0-9][A-Za-z0-9._:-]{0,31}$", 1..=32,
    |byte| byte.is_ascii_alphanumeric(),
    |byte| byte.is_ascii_alphanumeric() || b"._:-".contains(&byte)
);
identifier!(
    /// A portfolio; also the name of its ledger directory.
    PortfolioId, "portfolio_id", "^[a-z0-9][a-z0-9_-]{0,62}$", 1..=63,
    |byte| byte.is_ascii_lowercase() || byte.is_ascii_digit(),
    |byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b"_-".contains(&byte)
);
identifier!(
    /// A currency: an ISO 4217 code, or a longer code where a venue has one.
    CurrencyCode, "currency", "^[A-Z][A-Z0-9]{2,9}$", 3..=10,
    |byte| byte.is_ascii_uppercase(),
    |byte| byte.is_ascii_uppercase() || byte.is_ascii_digit()
);
identifier!(
    /// A group of assets that IoS-006 caps together.
    GroupId, "group", "^[a-z0-9][a-z0-9_-]{0,31}$", 1..=32,
    |byte| byte.is_ascii_lowercase() || byte.is_ascii_digit(),
    |byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b"_-".contains(&byte)
);
identifier!(
    /// An asset class of the registry.
    ClassId, "class", "^[a-z0-9][a-z0-9_-]{0,31}$", 1..=32,
    |byte| byte.is_ascii_lowercase() || byte.is_ascii_digit(),
    |byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b"_-".contains(&byte)
);

#[cfg(test)]
mod tests {
    use alloc::string::ToString;

    use super::*;

    #[test]
    fn takes_what_the_grammar_takes() {
        for text in ["AAPL", "BRK.B", "binance:BTC-USD", "0700", "a"] {
            assert_eq!(
                text.parse::<AssetId>().map(|id| id.to_string()),
                Ok(text.to_string())
            );
        }
        assert!("USD".parse::<CurrencyCode>().is_ok());
        assert!("sp500-inverse_vol".parse::<PortfolioId>().is_ok());
    }

    #[test]
    fn orders_as_the_text_does() {
        let ordered = [
            "A",
            "A.B",
            "AA",
            "AAAAAAAA",
            "AAAAAAAA.",
            "AAAAAAAAA",
            "AAAAAAAAB",
            "AB",
            "B",
            "a",
        ];
        for (place, first) in ordered.iter().enumerate() {
            for (other_place, other) in ordered.iter().enumerate() {
                let (first, other) = (first.parse::<AssetId>(), other.parse::<AssetId>());
                assert_eq!(
                    first.ok().cmp(&other.ok()),
                    place.cmp(&other_place),
                    "{place} against {other_place}"
                );
            }
        }
    }

    #[test]
    fn refuses_what_the_grammar_refuses() {
        for text in ["", "-A", "A B", "A\"", "A/B", "Ä", "A\n", &"A".repeat(33)] {
            assert!(text.parse::<AssetId>().is_err(), "{text:?} was taken");
        }
        for text in ["", "US", "usd", "U$D", "1SD", "ABCDEFGHIJK"] {
            assert!(text.parse::<CurrencyCode>().is_err(), "{text:?} was taken");
        }
        for text in ["", "_a", "A", "a.b", "..", &"a".repeat(64)] {
            assert!(text.parse::<PortfolioId>().is_err(), "{text:?} was taken");
        }
    }
}
