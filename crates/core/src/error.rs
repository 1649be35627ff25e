use core::fmt;

use thiserror::Error;

use crate::{CurrencyCode, Instrument, Money, Quantity};

/// Everything that can go wrong in exact arithmetic and in the vocabulary of this crate.
///
/// Any of these stops the decision that met it (fail closed).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum CoreError {
    /// A result does not fit its type.
    #[error("arithmetic overflow in {operation}")]
    Overflow {
        /// The operation that overflowed.
        operation: &'static str,
    },
    /// A divisor was zero.
    #[error("division by zero in {operation}")]
    DivisionByZero {
        /// The operation that divided.
        operation: &'static str,
    },
    /// A text is not a decimal in canonical form.
    #[error("not a decimal in canonical form: {rule}")]
    DecimalGrammar {
        /// The part of the grammar that was broken.
        rule: &'static str,
    },
    /// A decimal has more digits after the point than its quantum holds.
    #[error("more than {decimals} digits after the point")]
    TooManyDecimals {
        /// Digits that the type holds.
        decimals: u32,
    },
    /// A decimal has too many digits before the point.
    #[error("decimal out of range")]
    DecimalRange,
    /// An identifier breaks its grammar.
    #[error("{what} must match {grammar}")]
    Identifier {
        /// Which identifier.
        what: &'static str,
        /// The grammar as a regular expression.
        grammar: &'static str,
    },
    /// A sale of more than is held, where the position cannot go short.
    #[error("a sale of {sold} where {held} is held")]
    Oversold {
        /// Units sold.
        sold: Quantity,
        /// Units held.
        held: Quantity,
    },
    /// A fill that would turn a long position short, or the other way. That takes two orders.
    #[error("a fill of {change} where {held} is held crosses zero; close first, then open")]
    CrossesZero {
        /// Units held.
        held: Quantity,
        /// Signed units of the fill.
        change: Quantity,
    },
    /// A branch has a balance and no rate to base currency.
    #[error("no rate of {currency} to base currency, and the books hold it; supply its pair")]
    NoRate {
        /// The currency.
        currency: CurrencyText,
    },
    /// A rate that is not above zero, or a rate of the base currency other than one.
    #[error("the rate of {currency} must be {rule}")]
    InvalidRate {
        /// The currency.
        currency: CurrencyText,
        /// What it must be.
        rule: &'static str,
    },
    /// An event that the instrument cannot have.
    #[error("{event} is not an event of the instrument {instrument}; correct the event's asset_id")]
    WrongInstrument {
        /// The event.
        event: &'static str,
        /// The instrument.
        instrument: Instrument,
    },
    /// The asset that takes the place of another does not fit.
    #[error("{event}: the asset named in `into` must {rule}")]
    Successor {
        /// The event.
        event: &'static str,
        /// What it must be.
        rule: &'static str,
    },
    /// The registry changed a term of an asset while it is held.
    #[error("{term} of an asset changed while it is held; close the position first")]
    TermsChanged {
        /// The term.
        term: &'static str,
    },
    /// A position has no mark yet, and the operation needs one.
    #[error("{operation} needs a mark of the position, which has none; mark it first")]
    NoMark {
        /// The operation.
        operation: &'static str,
    },
    /// The rounding of the base ledger is more than its roundings can make.
    #[error("rounding of {rounding} is more than {roundings} roundings of half a quantum can make")]
    RoundingBound {
        /// Balance of `rounding`.
        rounding: Money,
        /// Roundings made.
        roundings: u64,
    },
    /// An entry, or the trial balance, does not sum to zero.
    #[error("the books are out of balance by {difference}")]
    Unbalanced {
        /// What is left over.
        difference: Money,
    },
    /// An entry names an account that the books do not have.
    #[error("an entry names an account that does not exist")]
    NoAccount,
    /// The two computations of net liquidation value differ.
    #[error("accounting identity broken: balance sheet {balance_sheet}, flows {flows}")]
    AccountingIdentity {
        /// Cash plus position value less liabilities.
        balance_sheet: Money,
        /// Opening plus gains less costs.
        flows: Money,
    },
    /// A time is not in the canonical form.
    #[error("a time must be written as 2026-11-22T00:00:00.000Z")]
    TimeGrammar,
}

/// The text of a currency code, held in place so that an error stays `Copy`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CurrencyText([u8; 12]);

impl From<&CurrencyCode> for CurrencyText {
    fn from(currency: &CurrencyCode) -> Self {
        let mut bytes = [0; 12];
        for (byte, &letter) in bytes.iter_mut().zip(currency.as_str().as_bytes()) {
            *byte = letter;
        }
        Self(bytes)
    }
}

impl fmt::Display for CurrencyText {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let length = self.0.iter().take_while(|&&byte| byte != 0).count();
        let letters = self.0.get(..length).unwrap_or_default();
        formatter.pad(core::str::from_utf8(letters).unwrap_or_default())
    }
}

#[cfg(test)]
mod tests {
    use alloc::format;
    use alloc::string::ToString;

    use super::*;

    /// A currency stands in a message as it is written, the shortest and the longest.
    #[test]
    fn a_message_names_its_currency() {
        for text in ["EUR", "ABCDEFGH12"] {
            let code: CurrencyCode = text.parse().expect("a currency");
            let currency = CurrencyText::from(&code);
            assert_eq!(currency.to_string(), text);
            let rule = "above zero";
            let message = CoreError::InvalidRate { currency, rule }.to_string();
            assert_eq!(message, format!("the rate of {text} must be above zero"));
        }
    }
}
