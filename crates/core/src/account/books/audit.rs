//! The books added up again from their parts.

use super::super::rules::position_value;
use super::{Account, Books, Branch};
use crate::{CoreError, Money, Rounding};

impl Books {
    /// Recomputes the value of every position, the totals of every branch and its translation, and
    /// the trial balance, which must be zero.
    pub(in super::super) fn audit(&self) -> Result<(), CoreError> {
        for (place, branch) in self.branches.iter().enumerate() {
            let mut held = Money::ZERO;
            for position in &self.positions {
                if position.branch != place {
                    continue;
                }
                let holding = &position.holding;
                let value = match holding.price {
                    Some(price) => position_value(&position.spec, holding.quantity, price)?,
                    None => holding.cost,
                };
                equal(value, holding.value)?;
                equal(value, holding.cost.checked_add(holding.revaluation)?)?;
                let cost = holding.sheet_cost(&position.spec);
                held = held.checked_add(cost)?.checked_add(holding.revaluation)?;
            }
            branch.audit(held)?;
        }
        Ok(())
    }
}

impl Branch {
    fn audit(&self, held: Money) -> Result<(), CoreError> {
        let sheet = &self.sheet;
        equal(held, sheet.position_value)?;
        equal(held.checked_add(sheet.balances.sum()?)?, Money::ZERO)?;
        let cash = sheet.balances.of(Account::Cash);
        equal(cash.checked_add(held)?, sheet.equity)?;
        match self.rate {
            Some(rate) => {
                let translated = rate.to_base(sheet.equity, Rounding::HalfEven)?;
                equal(translated, sheet.translated)
            }
            None => equal(Money::ZERO, sheet.translated),
        }
    }
}

fn equal(found: Money, expected: Money) -> Result<(), CoreError> {
    if found == expected {
        return Ok(());
    }
    let difference = found.checked_sub(expected)?;
    Err(CoreError::Unbalanced { difference })
}
