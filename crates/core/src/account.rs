//! Double-entry accounts of one portfolio, and the identity that every event must keep:
//! balance-sheet NLV equals flow NLV, to the last digit (seed 6.1, invariant I11).
//!
//! The two sides are kept by two structures that never read each other: [`Books`] posts balanced
//! entries and values what is held; [`Flows`] adds up gains and costs from the same events.

mod books;
mod flows;

use crate::{AssetId, CoreError, CurrencyCode, Money, Price, Quantity};

pub use books::{Account, Balance, Books, Position};
pub use flows::Flows;

/// A fill as the accounts see it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BookedFill {
    /// Signed change of the position: above zero is a buy.
    pub quantity: Quantity,
    /// Price paid or received.
    pub price: Price,
    /// Reference price of the cycle: the difference to `price` is slippage.
    pub reference_price: Price,
    /// Commission, zero or above, in base currency.
    pub fee: Money,
}

/// A position that the portfolio starts with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OpeningPosition {
    /// The asset.
    pub asset_id: AssetId,
    /// Units held.
    pub quantity: Quantity,
    /// What they cost.
    pub cost: Money,
}

/// Both sides of the books. Each event goes to both, and must leave them equal.
#[derive(Debug, Clone)]
pub struct Accounts {
    books: Books,
    flows: Flows,
}

impl Accounts {
    /// Accounts with opening cash and positions; positions are valued at cost until marked.
    ///
    /// # Errors
    /// [`CoreError::Overflow`], or [`CoreError::AccountingIdentity`] if the two sides differ.
    pub fn open(
        currency: CurrencyCode,
        cash: Money,
        positions: &[OpeningPosition],
    ) -> Result<Self, CoreError> {
        let mut accounts = Self {
            books: Books::new(currency),
            flows: Flows::default(),
        };
        accounts.books.post_opening(cash, positions)?;
        accounts.flows.opening(cash, positions)?;
        accounts.check()?;
        Ok(accounts)
    }

    /// Values a position at a price.
    ///
    /// # Errors
    /// [`CoreError::Overflow`], or [`CoreError::AccountingIdentity`] if the two sides differ.
    pub fn mark(&mut self, asset_id: &AssetId, price: Price) -> Result<(), CoreError> {
        self.books.post_mark(asset_id, price)?;
        self.flows.mark(asset_id, price)?;
        self.check()
    }

    /// Books a fill and values what is left at the cycle's reference price.
    ///
    /// # Errors
    /// [`CoreError::Oversold`] if it sells more than is held, [`CoreError::Overflow`], or
    /// [`CoreError::AccountingIdentity`] if the two sides differ.
    pub fn fill(&mut self, asset_id: &AssetId, fill: &BookedFill) -> Result<(), CoreError> {
        self.books.post_fill(asset_id, fill)?;
        self.flows.fill(asset_id, fill)?;
        self.check()
    }

    /// The balance-sheet side.
    pub const fn books(&self) -> &Books {
        &self.books
    }

    /// The flow side.
    pub const fn flows(&self) -> &Flows {
        &self.flows
    }

    /// Net liquidation value.
    ///
    /// # Errors
    /// [`CoreError::Overflow`].
    pub fn nlv(&self) -> Result<Money, CoreError> {
        self.books.nlv()
    }

    /// Recomputes both sides from their parts, instead of from running totals, and compares.
    ///
    /// # Errors
    /// [`CoreError::AccountingIdentity`] or [`CoreError::Unbalanced`] with both numbers.
    pub fn audit(&self) -> Result<(), CoreError> {
        self.books.audit()?;
        compare(self.books.nlv()?, self.flows.audited_nlv()?)
    }

    fn check(&self) -> Result<(), CoreError> {
        compare(self.books.nlv()?, self.flows.nlv()?)
    }
}

fn compare(balance_sheet: Money, flows: Money) -> Result<(), CoreError> {
    if balance_sheet == flows {
        Ok(())
    } else {
        Err(CoreError::AccountingIdentity {
            balance_sheet,
            flows,
        })
    }
}

/// Market value of a position, rounded against its owner: a long position down.
fn position_value(quantity: Quantity, price: Price) -> Result<Money, CoreError> {
    let rounding = if quantity.is_negative() {
        crate::Rounding::AwayFromZero
    } else {
        crate::Rounding::TowardZero
    };
    crate::fixed::notional(quantity, price, rounding)
}

/// What a fill moves in cash before its fee: a buy pays it rounded up, a sale receives it rounded
/// down.
fn traded_value(quantity: Quantity, price: Price) -> Result<Money, CoreError> {
    let rounding = if quantity.is_positive() {
        crate::Rounding::AwayFromZero
    } else {
        crate::Rounding::TowardZero
    };
    crate::fixed::notional(quantity, price, rounding)
}

/// The part of a cost that leaves with the units sold; the last sale takes all of it.
fn cost_removed(cost: Money, sold: Quantity, held: Quantity) -> Result<Money, CoreError> {
    let removed = crate::mul_div(
        cost.units(),
        sold.units(),
        held.units(),
        crate::Rounding::TowardZero,
    )?;
    Ok(Money::from_units(removed))
}

#[cfg(test)]
mod tests;
