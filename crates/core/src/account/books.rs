use alloc::vec::Vec;
use core::fmt;

use super::{BookedFill, OpeningPosition, cost_removed, position_value, traded_value};
use crate::{AssetId, CoreError, CurrencyCode, Money, Price, Quantity};

/// An account of the chart. Debits are positive, credits negative.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Account {
    /// Cash in base currency (asset).
    Cash,
    /// Purchase cost of what is held, per asset (asset).
    PositionCost,
    /// Market value less cost of what is held, per asset (asset).
    Revaluation,
    /// What the portfolio started with (equity).
    Opening,
    /// Gains and losses on what was sold, at reference prices (income).
    Realised,
    /// Gains and losses on what is held (income).
    Unrealised,
    /// Commissions (expense).
    Fees,
    /// Fill prices against reference prices (expense).
    Slippage,
}

impl Account {
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
pub enum Balance<'books> {
    /// An account that the portfolio has once.
    Portfolio(Account, Money),
    /// An account that each asset has.
    Asset(Account, &'books AssetId, Money),
}

/// The balance-sheet side: balances after balanced entries, and the value of what is held.
#[derive(Debug, Clone)]
pub struct Books {
    currency: CurrencyCode,
    pub(super) cash: Money,
    opening: Money,
    realised: Money,
    unrealised: Money,
    fees: Money,
    slippage: Money,
    /// Ascending by asset.
    positions: Vec<Position>,
    /// Sum of `value` over `positions`.
    position_value: Money,
}

/// One position. Cost plus revaluation is its market value.
#[derive(Debug, Clone)]
pub struct Position {
    /// The asset.
    pub asset_id: AssetId,
    /// Units held.
    pub quantity: Quantity,
    /// Purchase cost of what is held.
    pub cost: Money,
    /// Market value less cost.
    pub revaluation: Money,
    /// Market value at the last mark.
    pub value: Money,
    /// The last mark.
    price: Option<Price>,
}

impl Books {
    pub(super) const fn new(currency: CurrencyCode) -> Self {
        Self {
            currency,
            cash: Money::ZERO,
            opening: Money::ZERO,
            realised: Money::ZERO,
            unrealised: Money::ZERO,
            fees: Money::ZERO,
            slippage: Money::ZERO,
            positions: Vec::new(),
            position_value: Money::ZERO,
        }
    }

    /// Base currency.
    pub const fn currency(&self) -> &CurrencyCode {
        &self.currency
    }

    /// Cash balance.
    pub const fn cash(&self) -> Money {
        self.cash
    }

    /// What is owed. Spot positions are paid in full, so it is the cash that is overdrawn.
    ///
    /// # Errors
    /// [`CoreError::Overflow`].
    pub fn liabilities(&self) -> Result<Money, CoreError> {
        if self.cash.is_negative() {
            self.cash.checked_neg()
        } else {
            Ok(Money::ZERO)
        }
    }

    /// Commissions paid so far.
    pub const fn fees(&self) -> Money {
        self.fees
    }

    /// Slippage paid so far.
    pub const fn slippage(&self) -> Money {
        self.slippage
    }

    /// Units held of an asset.
    pub fn quantity(&self, asset_id: &AssetId) -> Quantity {
        self.position(asset_id)
            .map_or(Quantity::ZERO, |position| position.quantity)
    }

    /// Market value of an asset at its last mark.
    pub fn value(&self, asset_id: &AssetId) -> Money {
        self.position(asset_id)
            .map_or(Money::ZERO, |position| position.value)
    }

    /// The positions that are not flat, ascending by asset.
    pub fn positions(&self) -> impl Iterator<Item = &Position> {
        self.positions
            .iter()
            .filter(|position| !position.quantity.is_zero())
    }

    /// Cash plus position value less liabilities. Overdrawn cash stands below zero on its own.
    ///
    /// # Errors
    /// [`CoreError::Overflow`].
    pub fn nlv(&self) -> Result<Money, CoreError> {
        self.cash.checked_add(self.position_value)
    }

    /// Every account whose balance is not zero: those of the portfolio, then those of each asset.
    pub fn trial_balance(&self) -> impl Iterator<Item = Balance<'_>> {
        let portfolio = [
            (Account::Cash, self.cash),
            (Account::Opening, self.opening),
            (Account::Realised, self.realised),
            (Account::Unrealised, self.unrealised),
            (Account::Fees, self.fees),
            (Account::Slippage, self.slippage),
        ];
        let portfolio = portfolio
            .into_iter()
            .map(|(account, money)| Balance::Portfolio(account, money));
        let assets = self.positions.iter().flat_map(|position| {
            let id = &position.asset_id;
            [
                Balance::Asset(Account::PositionCost, id, position.cost),
                Balance::Asset(Account::Revaluation, id, position.revaluation),
            ]
        });
        portfolio.chain(assets).filter(|balance| match balance {
            Balance::Portfolio(_, money) | Balance::Asset(_, _, money) => !money.is_zero(),
        })
    }

    pub(super) fn post_opening(
        &mut self,
        cash: Money,
        positions: &[OpeningPosition],
    ) -> Result<(), CoreError> {
        self.post(
            None,
            &[
                (Account::Cash, cash),
                (Account::Opening, cash.checked_neg()?),
            ],
        )?;
        for opening in positions {
            let place = self.place(&opening.asset_id);
            let lines = [
                (Account::PositionCost, opening.cost),
                (Account::Opening, opening.cost.checked_neg()?),
            ];
            self.post(Some(place), &lines)?;
            self.add_units(place, opening.quantity)?;
            self.set_value(place, opening.cost)?;
        }
        Ok(())
    }

    pub(super) fn post_mark(&mut self, asset_id: &AssetId, price: Price) -> Result<(), CoreError> {
        let Ok(place) = self.find(asset_id) else {
            return Ok(());
        };
        if let Some(position) = self.positions.get_mut(place) {
            position.price = Some(price);
        }
        self.revalue(place)
    }

    pub(super) fn post_fill(
        &mut self,
        asset_id: &AssetId,
        fill: &BookedFill,
    ) -> Result<(), CoreError> {
        let place = self.place(asset_id);
        let paid = traded_value(fill.quantity, fill.price)?;
        let at_reference = traded_value(fill.quantity, fill.reference_price)?;
        let (held, cost) = self
            .positions
            .get(place)
            .map_or((Quantity::ZERO, Money::ZERO), |position| {
                (position.quantity, position.cost)
            });
        let cost_change = if fill.quantity.is_positive() {
            at_reference
        } else {
            let sold = fill.quantity.checked_neg()?;
            if sold > held {
                return Err(CoreError::Oversold { sold, held });
            }
            cost_removed(cost, sold, held)?.checked_neg()?
        };
        let lines = [
            (Account::Cash, paid.checked_add(fill.fee)?.checked_neg()?),
            (Account::PositionCost, cost_change),
            (Account::Realised, at_reference.checked_sub(cost_change)?),
            (Account::Fees, fill.fee),
            (Account::Slippage, paid.checked_sub(at_reference)?),
        ];
        self.post(Some(place), &lines)?;
        self.add_units(place, fill.quantity)?;
        if let Some(position) = self.positions.get_mut(place) {
            position.price = Some(fill.reference_price);
        }
        self.revalue(place)
    }

    /// The running total of position values against the positions themselves, cost plus
    /// revaluation against value, and the trial balance against zero.
    pub(super) fn audit(&self) -> Result<(), CoreError> {
        let mut total = Money::ZERO;
        let mut trial = Money::ZERO;
        for position in &self.positions {
            total = total.checked_add(position.value)?;
            trial = trial
                .checked_add(position.cost)?
                .checked_add(position.revaluation)?;
            if let Some(price) = position.price {
                let value = position_value(position.quantity, price)?;
                if value != position.value {
                    return Err(CoreError::Unbalanced {
                        difference: value.checked_sub(position.value)?,
                    });
                }
            }
        }
        if total != self.position_value || trial != total {
            return Err(CoreError::Unbalanced {
                difference: total.checked_sub(trial)?,
            });
        }
        for balance in [
            self.cash,
            self.opening,
            self.realised,
            self.unrealised,
            self.fees,
            self.slippage,
        ] {
            trial = trial.checked_add(balance)?;
        }
        if trial.is_zero() {
            Ok(())
        } else {
            Err(CoreError::Unbalanced { difference: trial })
        }
    }

    /// Posts one entry, whose lines must sum to zero; nothing is posted otherwise.
    fn post(&mut self, place: Option<usize>, lines: &[(Account, Money)]) -> Result<(), CoreError> {
        let mut difference = Money::ZERO;
        for (_, amount) in lines {
            difference = difference.checked_add(*amount)?;
        }
        if !difference.is_zero() {
            return Err(CoreError::Unbalanced { difference });
        }
        for (account, amount) in lines {
            let balance = self
                .balance_mut(*account, place)
                .ok_or(CoreError::NoAccount)?;
            *balance = balance.checked_add(*amount)?;
        }
        Ok(())
    }

    fn balance_mut(&mut self, account: Account, place: Option<usize>) -> Option<&mut Money> {
        let position = place.and_then(|place| self.positions.get_mut(place));
        match account {
            Account::Cash => Some(&mut self.cash),
            Account::Opening => Some(&mut self.opening),
            Account::Realised => Some(&mut self.realised),
            Account::Unrealised => Some(&mut self.unrealised),
            Account::Fees => Some(&mut self.fees),
            Account::Slippage => Some(&mut self.slippage),
            Account::PositionCost => position.map(|position| &mut position.cost),
            Account::Revaluation => position.map(|position| &mut position.revaluation),
        }
    }

    /// Posts the change of a position's value as unrealised gain, so that cost plus revaluation
    /// is the value.
    fn revalue(&mut self, place: usize) -> Result<(), CoreError> {
        let Some(position) = self.positions.get(place) else {
            return Ok(());
        };
        let Some(price) = position.price else {
            return Ok(());
        };
        let value = position_value(position.quantity, price)?;
        let change = value
            .checked_sub(position.cost)?
            .checked_sub(position.revaluation)?;
        let lines = [
            (Account::Revaluation, change),
            (Account::Unrealised, change.checked_neg()?),
        ];
        self.post(Some(place), &lines)?;
        self.set_value(place, value)
    }

    fn set_value(&mut self, place: usize, value: Money) -> Result<(), CoreError> {
        if let Some(position) = self.positions.get_mut(place) {
            self.position_value = self
                .position_value
                .checked_sub(position.value)?
                .checked_add(value)?;
            position.value = value;
        }
        Ok(())
    }

    fn add_units(&mut self, place: usize, quantity: Quantity) -> Result<(), CoreError> {
        if let Some(position) = self.positions.get_mut(place) {
            position.quantity = position.quantity.checked_add(quantity)?;
        }
        Ok(())
    }

    fn position(&self, asset_id: &AssetId) -> Option<&Position> {
        self.find(asset_id)
            .ok()
            .and_then(|place| self.positions.get(place))
    }

    fn find(&self, asset_id: &AssetId) -> Result<usize, usize> {
        self.positions
            .binary_search_by(|position| position.asset_id.cmp(asset_id))
    }

    fn place(&mut self, asset_id: &AssetId) -> usize {
        self.find(asset_id).unwrap_or_else(|place| {
            let position = Position {
                asset_id: asset_id.clone(),
                quantity: Quantity::ZERO,
                cost: Money::ZERO,
                revaluation: Money::ZERO,
                value: Money::ZERO,
                price: None,
            };
            self.positions.insert(place, position);
            place
        })
    }
}
