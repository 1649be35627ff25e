//! What the books say: balances in each currency, and measures in base currency.

use super::super::chart::{Account, Balance};
use super::{Books, Branch, Holding, Position, Sheet};
use crate::fixed::fraction_of;
use crate::{
    AssetId, AssetSpec, CoreError, CurrencyCode, FxRate, Money, Price, Quantity, Ratio, Rounding,
};

impl Position {
    /// The asset.
    pub const fn asset_id(&self) -> &AssetId {
        &self.asset_id
    }

    /// The asset's specification.
    pub fn spec(&self) -> &AssetSpec {
        &self.spec
    }

    /// Units held, below zero if short.
    pub const fn quantity(&self) -> Quantity {
        self.holding.quantity
    }

    /// Cost at reference prices, signed like the value. That of a contract is not on the sheet.
    pub const fn cost(&self) -> Money {
        self.holding.cost
    }

    /// Value at the last mark (see [`AssetSpec::value`]), at cost without one.
    pub const fn value(&self) -> Money {
        self.holding.value
    }

    /// Value less cost: for a contract, the variation that is not settled.
    pub const fn revaluation(&self) -> Money {
        self.holding.revaluation
    }

    /// The last mark.
    pub const fn price(&self) -> Option<Price> {
        self.holding.price
    }

    /// What the position needs to stand behind it, in its currency, rounded up.
    fn margin(&self, rate: Ratio) -> Result<Money, CoreError> {
        let Holding {
            quantity,
            value,
            price,
            ..
        } = self.holding;
        if !self.spec.instrument.is_margined() {
            return value.checked_abs();
        }
        let up = Rounding::AwayFromZero;
        match price {
            Some(price) => {
                let quantity = quantity.checked_abs()?;
                self.spec.fraction_of_notional(quantity, price, rate, up)
            }
            None => fraction_of(value.checked_abs()?, rate, up),
        }
    }
}

impl Books {
    /// The currencies that have a branch, base first, the others ascending.
    pub fn currencies(&self) -> impl Iterator<Item = &CurrencyCode> {
        self.branches.iter().map(|branch| &branch.currency)
    }

    /// Debits less credits of an account of a branch, in its currency.
    pub fn balance(&self, currency: &CurrencyCode, account: Account) -> Money {
        let branch = self
            .branch_of(currency)
            .and_then(|at| self.branches.get(at));
        branch.map_or(Money::ZERO, |branch| branch.sheet.balances.of(account))
    }

    /// Cash plus position value of a branch, in its currency.
    pub fn equity(&self, currency: &CurrencyCode) -> Money {
        let branch = self
            .branch_of(currency)
            .and_then(|at| self.branches.get(at));
        branch.map_or(Money::ZERO, |branch| branch.sheet.equity)
    }

    /// Net liquidation value: the translated equity of every branch.
    ///
    /// # Errors
    /// [`CoreError::NoRate`] or [`CoreError::Overflow`].
    pub fn nlv(&self) -> Result<Money, CoreError> {
        self.nlv_with(None)
    }

    /// The same with another sheet in the place of one branch's.
    pub(super) fn nlv_with(&self, other: Option<(usize, &Sheet)>) -> Result<Money, CoreError> {
        let mut nlv = Money::ZERO;
        for (place, branch) in self.branches.iter().enumerate() {
            let sheet = match other {
                Some((at, sheet)) if at == place => sheet,
                _ => &branch.sheet,
            };
            if branch.rate.is_none() && !sheet.equity.is_zero() {
                return Err(branch.no_rate());
            }
            nlv = nlv.checked_add(sheet.translated)?;
        }
        Ok(nlv)
    }

    /// Base value of the cash that is there: of every branch whose cash is above zero, each
    /// rounded down.
    ///
    /// # Errors
    /// [`CoreError::NoRate`] or [`CoreError::Overflow`].
    pub fn cash(&self) -> Result<Money, CoreError> {
        let mut total = Money::ZERO;
        for branch in &self.branches {
            let cash = branch.sheet.balances.of(Account::Cash);
            if cash.is_positive() {
                total = total.checked_add(branch.to_base(cash, Rounding::TowardZero)?)?;
            }
        }
        Ok(total)
    }

    /// Base value of what is owed: borrowed cash and borrowed units at their last mark, the sum of
    /// each branch rounded up.
    ///
    /// # Errors
    /// [`CoreError::NoRate`] or [`CoreError::Overflow`].
    pub fn liabilities(&self) -> Result<Money, CoreError> {
        self.sum_in_base(
            |branch| {
                let cash = branch.sheet.balances.of(Account::Cash);
                Money::ZERO.max(cash.checked_neg()?).checked_abs()
            },
            |position| {
                let owed = position.spec.instrument.holds_value()
                    && position.holding.quantity.is_negative();
                if owed {
                    position.holding.value.checked_neg()
                } else {
                    Ok(Money::ZERO)
                }
            },
        )
    }

    /// Base value of what positions need to stand behind them: all of the value of what is paid in
    /// full, `rate` of the notional of the others. The sum of each branch is rounded up.
    ///
    /// # Errors
    /// [`CoreError::NoRate`] or [`CoreError::Overflow`].
    pub fn used_margin(&self, rate: impl Fn(&AssetSpec) -> Ratio) -> Result<Money, CoreError> {
        self.sum_in_base(
            |_| Ok(Money::ZERO),
            |position| position.margin(rate(&position.spec)),
        )
    }

    /// [`Books::used_margin`] at the initial rates.
    ///
    /// # Errors
    /// As [`Books::used_margin`].
    pub fn initial_margin(&self) -> Result<Money, CoreError> {
        self.used_margin(|spec| spec.initial_margin_rate)
    }

    /// [`Books::used_margin`] at the maintenance rates.
    ///
    /// # Errors
    /// As [`Books::used_margin`].
    pub fn maintenance_margin(&self) -> Result<Money, CoreError> {
        self.used_margin(|spec| spec.maintenance_margin_rate)
    }

    /// Net liquidation value less initial margin: what a new position may tie up. Of a portfolio
    /// that is paid in full in base currency, this is its cash.
    ///
    /// # Errors
    /// As [`Books::used_margin`].
    pub fn free_margin(&self) -> Result<Money, CoreError> {
        self.nlv()?.checked_sub(self.initial_margin()?)
    }

    /// Units held of an asset.
    pub fn quantity(&self, asset_id: &AssetId) -> Quantity {
        self.position(asset_id)
            .map_or(Quantity::ZERO, |position| position.holding.quantity)
    }

    /// Notional of a position of these books at its last mark, in base currency, with the sign of
    /// its quantity. Notional and translation are each rounded in the named direction. A position
    /// without a mark counts with its cost.
    ///
    /// # Errors
    /// [`CoreError::NoRate`] or [`CoreError::Overflow`].
    pub fn notional(&self, position: &Position, rounding: Rounding) -> Result<Money, CoreError> {
        let Holding {
            quantity,
            cost,
            price,
            ..
        } = position.holding;
        if quantity.is_zero() {
            return Ok(Money::ZERO);
        }
        let local = match price {
            Some(price) => position.spec.notional(quantity, price, rounding)?,
            None if cost.is_negative() == quantity.is_negative() => cost,
            None => cost.checked_neg()?,
        };
        let branch = self.branches.get(position.branch);
        branch.ok_or(CoreError::NoAccount)?.to_base(local, rounding)
    }

    /// The position of an asset, once it was held.
    pub fn position(&self, asset_id: &AssetId) -> Option<&Position> {
        self.find(asset_id)
            .ok()
            .and_then(|place| self.positions.get(place))
    }

    /// The positions that are not flat, ascending by asset.
    pub fn positions(&self) -> impl Iterator<Item = &Position> {
        self.positions
            .iter()
            .filter(|position| !position.holding.quantity.is_zero())
    }

    /// Every account whose balance is not zero, branch by branch: those of the branch, then those
    /// of each asset. The lines of a branch sum to zero.
    pub fn trial_balance(&self) -> impl Iterator<Item = Balance<'_>> {
        let lines = self.branches.iter().enumerate().flat_map(|(at, branch)| {
            let currency = &branch.currency;
            let own = branch.sheet.balances.iter();
            let own = own.map(move |(account, amount)| Balance {
                currency,
                account,
                asset_id: None,
                amount,
            });
            let positions = self.positions.iter();
            let positions = positions.filter(move |position| position.branch == at);
            own.chain(positions.flat_map(move |position| {
                let holding = &position.holding;
                let asset_id = Some(&position.asset_id);
                [
                    (Account::PositionCost, holding.sheet_cost(&position.spec)),
                    (Account::Revaluation, holding.revaluation),
                ]
                .map(|(account, amount)| Balance {
                    currency,
                    account,
                    asset_id,
                    amount,
                })
            }))
        });
        lines.filter(|balance| !balance.amount.is_zero())
    }

    /// Adds up an amount of each branch and of each of its positions, and translates it once, up.
    fn sum_in_base(
        &self,
        of_branch: impl Fn(&Branch) -> Result<Money, CoreError>,
        of_position: impl Fn(&Position) -> Result<Money, CoreError>,
    ) -> Result<Money, CoreError> {
        let mut total = Money::ZERO;
        for (place, branch) in self.branches.iter().enumerate() {
            let mut local = of_branch(branch)?;
            for position in &self.positions {
                if position.branch == place && !position.holding.quantity.is_zero() {
                    local = local.checked_add(of_position(position)?)?;
                }
            }
            total = total.checked_add(branch.to_base(local, Rounding::AwayFromZero)?)?;
        }
        Ok(total)
    }
}

impl Branch {
    pub(super) fn no_rate(&self) -> CoreError {
        let currency = (&self.currency).into();
        CoreError::NoRate { currency }
    }

    fn to_base(&self, amount: Money, rounding: Rounding) -> Result<Money, CoreError> {
        if amount.is_zero() {
            return Ok(amount);
        }
        let rate: FxRate = self.rate.ok_or_else(|| self.no_rate())?;
        rate.to_base(amount, rounding)
    }
}
