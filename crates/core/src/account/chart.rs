use core::fmt;

use crate::{AssetId, CoreError, CurrencyCode, Money};

/// An account of the chart. Every branch has those up to `Transfers` in its own currency; the last
/// two belong to the base ledger. Debits are positive, credits negative.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Account {
    /// Cash; below zero it is borrowed (asset).
    Cash,
    /// Cost of what is held, per asset (asset). A contract has none on the sheet.
    PositionCost,
    /// Value less cost, per asset (asset). For a contract, variation that is not settled yet.
    Revaluation,
    /// What the portfolio started with (equity).
    Opening,
    /// Gains and losses on what was closed or settled, at reference prices (income).
    Realised,
    /// Gains and losses on what is held (income).
    Unrealised,
    /// Commissions (expense).
    Fees,
    /// Fill prices against reference prices (expense).
    Slippage,
    /// Funding of perpetuals (income).
    Funding,
    /// Interest on cash and financing of positions (income).
    Interest,
    /// Cash dividends (income).
    Dividends,
    /// Cash that came in or left (equity).
    Transfers,
    /// Changes of translated equity with the rates (income).
    FxRevaluation,
    /// What translation rounds away (income).
    Rounding,
}

impl Account {
    /// The accounts that a branch has once, in the order of the trial balance.
    pub(super) const OF_BRANCH: [Self; 10] = [
        Self::Cash,
        Self::Opening,
        Self::Realised,
        Self::Unrealised,
        Self::Fees,
        Self::Slippage,
        Self::Funding,
        Self::Interest,
        Self::Dividends,
        Self::Transfers,
    ];

    /// The text in documents and records.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Cash => "cash",
            Self::PositionCost => "position_cost",
            Self::Revaluation => "revaluation",
            Self::Opening => "opening",
            Self::Realised => "realised",
            Self::Unrealised => "unrealised",
            Self::Fees => "fees",
            Self::Slippage => "slippage",
            Self::Funding => "funding",
            Self::Interest => "interest",
            Self::Dividends => "dividends",
            Self::Transfers => "transfers",
            Self::FxRevaluation => "fx_revaluation",
            Self::Rounding => "rounding",
        }
    }

    /// Its place in [`Account::OF_BRANCH`].
    const fn place(self) -> Option<usize> {
        match self {
            Self::Cash => Some(0),
            Self::Opening => Some(1),
            Self::Realised => Some(2),
            Self::Unrealised => Some(3),
            Self::Fees => Some(4),
            Self::Slippage => Some(5),
            Self::Funding => Some(6),
            Self::Interest => Some(7),
            Self::Dividends => Some(8),
            Self::Transfers => Some(9),
            Self::PositionCost | Self::Revaluation | Self::FxRevaluation | Self::Rounding => None,
        }
    }
}

impl fmt::Display for Account {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.pad(self.as_str())
    }
}

/// One line of the trial balance.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Balance<'books> {
    /// The branch.
    pub currency: &'books CurrencyCode,
    /// The account.
    pub account: Account,
    /// The asset, for an account that each asset has.
    pub asset_id: Option<&'books AssetId>,
    /// Debits less credits, in `currency`.
    pub amount: Money,
}

/// One amount for each of [`Account::OF_BRANCH`].
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Amounts([Money; 10]);

impl Amounts {
    pub(super) fn of(&self, account: Account) -> Money {
        let place = account.place().and_then(|place| self.0.get(place));
        place.copied().unwrap_or_default()
    }

    pub(super) fn add(&mut self, account: Account, amount: Money) -> Result<(), CoreError> {
        let place = account.place().and_then(|place| self.0.get_mut(place));
        let sum = place.ok_or(CoreError::NoAccount)?;
        *sum = sum.checked_add(amount)?;
        Ok(())
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = (Account, Money)> {
        Account::OF_BRANCH.into_iter().zip(self.0)
    }

    pub(super) fn sum(&self) -> Result<Money, CoreError> {
        self.0
            .iter()
            .try_fold(Money::ZERO, |sum, amount| sum.checked_add(*amount))
    }
}

#[cfg(test)]
mod tests {
    use alloc::string::ToString;

    use super::*;

    /// The accounts of docs/documents.md and docs/lineage-format.md.
    #[test]
    fn accounts_keep_their_texts() {
        for (account, text) in [
            (Account::Cash, "cash"),
            (Account::PositionCost, "position_cost"),
            (Account::Revaluation, "revaluation"),
            (Account::Opening, "opening"),
            (Account::Realised, "realised"),
            (Account::Unrealised, "unrealised"),
            (Account::Fees, "fees"),
            (Account::Slippage, "slippage"),
            (Account::Funding, "funding"),
            (Account::Interest, "interest"),
            (Account::Dividends, "dividends"),
            (Account::Transfers, "transfers"),
            (Account::FxRevaluation, "fx_revaluation"),
            (Account::Rounding, "rounding"),
        ] {
            assert_eq!((account.as_str(), account.to_string()), (text, text.into()));
        }
    }
}
