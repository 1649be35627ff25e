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

#[cfg(test)]
mod tests {
    use super::super::Account;
    use super::*;
    use crate::account::BookedFill;
    use crate::{Accounts, AssetSpec, CurrencyCode, FxRate, Price};

    fn amount<T: core::str::FromStr<Err = CoreError>>(text: &str) -> T {
        text.parse().expect("a decimal")
    }

    /// 5 units at 10 in euros, marked at 11, and a currency that has nothing and no rate.
    fn books() -> Books {
        let currency = |code: &str| code.parse::<CurrencyCode>().expect("a currency");
        let mut accounts = Accounts::open(&currency("USD"), amount("1000"), &[]).expect("opens");
        let rate = FxRate::direct(amount("1.1"));
        accounts.set_rate(&currency("EUR"), rate).expect("sets");
        let spec = AssetSpec::opened("A".parse().expect("an id"), currency("EUR"));
        let fill = BookedFill {
            quantity: amount("5"),
            price: amount("10"),
            reference_price: amount("10"),
            fee: Money::ONE,
        };
        accounts.fill(&spec.expect("a spec"), &fill).expect("books");
        let asset_id = "A".parse().expect("an id");
        accounts.mark(&asset_id, amount("11")).expect("marks");
        let mut books = accounts.books().clone();
        books.branch(&currency("JPY"));
        books
    }

    /// A quantum too much in any one place is found.
    #[test]
    fn an_audit_adds_up_every_sum() {
        let more = |money: &mut Money| *money = money.checked_add(Money::QUANTUM).expect("fits");
        let plants: [fn(&mut Books) -> &mut Money; 8] = [
            |books| &mut books.positions[0].holding.value,
            |books| &mut books.positions[0].holding.revaluation,
            |books| &mut books.positions[0].holding.cost,
            |books| &mut books.branches[1].sheet.position_value,
            |books| &mut books.branches[1].sheet.equity,
            |books| &mut books.branches[0].sheet.translated,
            |books| &mut books.branches[1].sheet.translated,
            |books| &mut books.branches[2].sheet.translated,
        ];
        assert_eq!(books().audit(), Ok(()));
        for (place, plant) in plants.into_iter().enumerate() {
            let mut books = books();
            more(plant(&mut books));
            let found = books.audit();
            assert!(
                matches!(found, Err(CoreError::Unbalanced { .. })),
                "{place}"
            );
        }
        let plants: [fn(&mut Books); 4] = [
            |books| books.positions[0].branch = 0,
            |books| books.positions[0].holding.price = Some(Price::ONE),
            |books| books.branches[1].rate = Some(FxRate::ONE),
            |books| {
                let balances = &mut books.branches[1].sheet.balances;
                balances.add(Account::Fees, Money::QUANTUM).expect("adds");
            },
        ];
        for (place, plant) in plants.into_iter().enumerate() {
            let mut books = books();
            plant(&mut books);
            let found = books.audit();
            assert!(
                matches!(found, Err(CoreError::Unbalanced { .. })),
                "{place}"
            );
        }
    }
}
