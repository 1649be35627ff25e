use thiserror::Error;

use crate::{Money, Quantity};

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
