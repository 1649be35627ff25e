//! The circuit breaker level of a portfolio, and whether orders can leave the process.

use core::fmt;
use core::str::FromStr;

use crate::CoreError;

/// A closed enumeration with a stable text for each value, which records and documents share.
macro_rules! text_enum {
    ($(#[$doc:meta])* $name:ident, $what:literal {
        $($(#[$value_doc:meta])* $value:ident = $text:literal,)*
    }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum $name { $($(#[$value_doc])* $value,)* }

        impl $name {
            /// All values, in ascending order.
            pub const ALL: &'static [Self] = &[$(Self::$value,)*];

            /// The stable text.
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$value => $text,)* }
            }
        }

        impl FromStr for $name {
            type Err = CoreError;

            fn from_str(text: &str) -> Result<Self, CoreError> {
                match text {
                    $($text => Ok(Self::$value),)*
                    _ => Err(CoreError::Identifier {
                        what: $what,
                        grammar: concat!("one of" $(, " ", $text)*),
                    }),
                }
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.pad(self.as_str())
            }
        }
    };
}

text_enum! {
    /// The circuit breaker level (ADR-016). A greater level is a stricter one.
    Defcon, "level" {
        /// Normal.
        Green = "GREEN",
        /// Watch.
        Yellow = "YELLOW",
        /// Paper only.
        Orange = "ORANGE",
        /// Cancel open orders; reduce only or to cash.
        Red = "RED",
        /// Halted until the CEO resets.
        Black = "BLACK",
    }
}

text_enum! {
    /// Whether orders can leave the process.
    Mode, "mode" {
        /// The paper broker.
        Paper = "paper",
        /// A venue (after G4).
        Live = "live",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_greater_level_is_stricter() {
        let texts: alloc::vec::Vec<_> = Defcon::ALL.iter().map(|level| level.as_str()).collect();
        assert_eq!(texts, ["GREEN", "YELLOW", "ORANGE", "RED", "BLACK"]);
        assert!(Defcon::ALL.is_sorted_by(|less, more| less < more));
    }

    #[test]
    fn one_text_for_one_value() {
        for &level in Defcon::ALL {
            assert_eq!(level.as_str().parse(), Ok(level));
        }
        for &mode in Mode::ALL {
            assert_eq!(mode.as_str().parse(), Ok(mode));
        }
        for text in ["", "red", "RED ", "PURPLE"] {
            assert!(text.parse::<Defcon>().is_err(), "{text:?} was taken");
        }
    }
}
