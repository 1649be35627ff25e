use alloc::sync::Arc;
use alloc::vec::Vec;

use super::chart::{Account, Amounts};
use super::rules::{self, position_value};
use super::{Posted, PostedLine};
use crate::{
    AssetId, AssetSpec, CoreError, CurrencyCode, FxRate, Money, Price, Quantity, Rounding,
};

mod audit;
mod post;
mod query;

/// The balance-sheet side: one branch of balances for each currency, and the value of what is
/// held. The base ledger holds the translated equity of each branch.
#[derive(Debug, Clone)]
pub struct Books {
    /// Base first, the others ascending.
    branches: Vec<Branch>,
    /// Ascending by asset.
    positions: Vec<Position>,
    /// The last entry that was made, posted or not. It is kept here so that it is not moved about.
    draft: Entry,
}

/// The books of one currency. They balance by themselves.
#[derive(Debug, Clone)]
struct Branch {
    currency: CurrencyCode,
    rate: Option<FxRate>,
    sheet: Sheet,
}

/// The balances of a branch.
#[derive(Debug, Clone, Copy, Default)]
struct Sheet {
    balances: Amounts,
    /// Sum of what its positions are worth on the sheet.
    position_value: Money,
    /// Cash plus position value.
    equity: Money,
    /// Equity in base currency; nothing without a rate.
    translated: Money,
    /// Interest that is accrued and not posted, from zero to below a quantum.
    interest: i128,
}

/// One position, in the currency that its asset is settled in.
#[derive(Debug, Clone)]
pub struct Position {
    asset_id: AssetId,
    spec: Arc<AssetSpec>,
    branch: usize,
    holding: Holding,
}

/// What changes of a position.
#[derive(Debug, Clone, Copy, Default)]
struct Holding {
    quantity: Quantity,
    cost: Money,
    value: Money,
    /// Value less cost.
    revaluation: Money,
    /// The last mark; valued at cost without one.
    price: Option<Price>,
    /// Financing that is accrued and not posted, from zero to below a quantum.
    financing: i128,
}

/// What a branch and its positions are once an entry is posted.
#[derive(Debug, Clone, Copy, Default)]
struct Entry {
    branch: usize,
    sheet: Sheet,
    holdings: Holdings,
}

/// The draft of the books balances, was checked in full, and is not posted yet.
#[derive(Debug)]
#[must_use]
pub(super) struct Drafted(());

/// Positions by their place, as an entry leaves them.
type Holdings = [Option<(usize, Holding)>; 2];

const NO_HOLDINGS: Holdings = [None, None];

impl Books {
    pub(super) fn new(base: CurrencyCode) -> Self {
        let mut branch = Branch::new(base);
        branch.rate = Some(FxRate::ONE);
        Self {
            branches: Vec::from([branch]),
            positions: Vec::new(),
            draft: Entry::default(),
        }
    }

    /// Posts the draft. It was checked when it was made.
    pub(super) fn commit(&mut self, _: Drafted) {
        let entry = &self.draft;
        if let Some(branch) = self.branches.get_mut(entry.branch) {
            branch.sheet = entry.sheet;
        }
        for (place, holding) in entry.holdings.iter().flatten() {
            if let Some(position) = self.positions.get_mut(*place) {
                position.holding = *holding;
            }
        }
    }

    /// The equity of its branch and the net liquidation value that the draft leads to.
    pub(super) fn outcome(&self, _: &Drafted) -> (Money, Result<Money, CoreError>) {
        let Entry { branch, sheet, .. } = &self.draft;
        (sheet.equity, self.nlv_with(Some((*branch, sheet))))
    }

    /// The lines of the draft, those of the branch first.
    pub(super) fn lines(&self, _: &Drafted) -> Result<Option<Posted>, CoreError> {
        let entry = &self.draft;
        let branch = self
            .branches
            .get(entry.branch)
            .ok_or(CoreError::NoAccount)?;
        let mut lines = Vec::new();
        let mut push = |account, asset_id, amount: Money| {
            if !amount.is_zero() {
                lines.push(PostedLine {
                    account,
                    asset_id,
                    amount,
                });
            }
        };
        for (account, after) in entry.sheet.balances.iter() {
            let before = branch.sheet.balances.of(account);
            push(account, None, after.checked_sub(before)?);
        }
        for (place, after) in entry.holdings.iter().flatten() {
            let position = self.positions.get(*place).ok_or(CoreError::NoAccount)?;
            let (spec, before) = (&position.spec, &position.holding);
            let cost = after
                .sheet_cost(spec)
                .checked_sub(before.sheet_cost(spec))?;
            let revaluation = after.revaluation.checked_sub(before.revaluation)?;
            let id = || Some(position.asset_id.clone());
            push(Account::PositionCost, id(), cost);
            push(Account::Revaluation, id(), revaluation);
        }
        let currency = branch.currency.clone();
        Ok((!lines.is_empty()).then_some(Posted { currency, lines }))
    }

    /// Drafts an entry of these lines and what it makes of positions; their cost, revaluation and
    /// unrealised gain are posted with it. It must balance.
    fn entry(
        &mut self,
        branch: usize,
        lines: &[(Account, Money)],
        holdings: Holdings,
    ) -> Result<Drafted, CoreError> {
        let before = self.branches.get(branch).ok_or(CoreError::NoAccount)?;
        self.draft = Entry {
            branch,
            sheet: before.sheet,
            holdings,
        };
        let Entry {
            sheet, holdings, ..
        } = &mut self.draft;
        let mut difference = Money::ZERO;
        for (account, amount) in lines {
            difference = difference.checked_add(*amount)?;
            sheet.balances.add(*account, *amount)?;
        }
        for (place, after) in holdings.iter().flatten() {
            let position = self.positions.get(*place).ok_or(CoreError::NoAccount)?;
            let (spec, before) = (&position.spec, &position.holding);
            let cost = after
                .sheet_cost(spec)
                .checked_sub(before.sheet_cost(spec))?;
            let revaluation = after.revaluation.checked_sub(before.revaluation)?;
            let gain = revaluation.checked_neg()?;
            sheet.balances.add(Account::Unrealised, gain)?;
            let change = cost.checked_add(revaluation)?;
            difference = difference.checked_add(gain)?.checked_add(change)?;
            sheet.position_value = sheet.position_value.checked_add(change)?;
        }
        if !difference.is_zero() {
            return Err(CoreError::Unbalanced { difference });
        }
        sheet.close(before.rate)?;
        Ok(Drafted(()))
    }

    fn branch_of(&self, currency: &CurrencyCode) -> Option<usize> {
        self.branches
            .iter()
            .position(|branch| &branch.currency == currency)
    }

    /// The place of a currency's branch, made if it is the first time.
    fn branch(&mut self, currency: &CurrencyCode) -> usize {
        self.branch_of(currency).unwrap_or_else(|| {
            let foreign = self.branches.iter().skip(1);
            let place = foreign
                .take_while(|branch| branch.currency.cmp(currency).is_lt())
                .count()
                .saturating_add(1);
            self.branches.insert(place, Branch::new(currency.clone()));
            for position in &mut self.positions {
                if position.branch >= place {
                    position.branch = position.branch.saturating_add(1);
                }
            }
            place
        })
    }

    fn find(&self, asset_id: &AssetId) -> Result<usize, usize> {
        self.positions
            .binary_search_by(|position| position.asset_id.cmp(asset_id))
    }

    /// The place of an asset's position, made if it is the first time. The terms of what is held
    /// must be those of `spec`.
    fn place(&mut self, spec: &AssetSpec) -> Result<usize, CoreError> {
        let found = self.find(&spec.asset_id);
        if let Ok(place) = found
            && let Some(position) = self.positions.get(place)
        {
            match rules::changed_term(&position.spec, spec) {
                None => return Ok(place),
                Some(term) if !position.holding.quantity.is_zero() => {
                    return Err(CoreError::TermsChanged { term });
                }
                Some(_) => {}
            }
        }
        let position = Position {
            asset_id: spec.asset_id.clone(),
            branch: self.branch(&spec.currency),
            spec: Arc::new(spec.clone()),
            holding: Holding::default(),
        };
        match found {
            Ok(place) => {
                if let Some(slot) = self.positions.get_mut(place) {
                    *slot = position;
                }
                Ok(place)
            }
            Err(place) => {
                self.positions.insert(place, position);
                Ok(place)
            }
        }
    }

    /// Takes the registry's new specification of an asset.
    pub(super) fn define(&mut self, spec: &AssetSpec) -> Result<(), CoreError> {
        if self.find(&spec.asset_id).is_ok() {
            let place = self.place(spec)?;
            if let Some(position) = self.positions.get_mut(place) {
                position.spec = Arc::new(spec.clone());
            }
        }
        Ok(())
    }

    /// What a rate makes of a branch; it is made if it is the first time.
    pub(super) fn rate_entry(
        &mut self,
        currency: &CurrencyCode,
        rate: FxRate,
    ) -> Result<Drafted, CoreError> {
        let place = self.branch(currency);
        let drafted = self.entry(place, &[], NO_HOLDINGS)?;
        self.draft.sheet.close(Some(rate))?;
        Ok(drafted)
    }

    pub(super) fn commit_rate(&mut self, drafted: Drafted, rate: FxRate) {
        self.commit(drafted);
        if let Some(branch) = self.branches.get_mut(self.draft.branch) {
            branch.rate = Some(rate);
        }
    }
}

impl Branch {
    fn new(currency: CurrencyCode) -> Self {
        Self {
            currency,
            rate: None,
            sheet: Sheet::default(),
        }
    }
}

impl Sheet {
    /// Adds up what the branch is worth, and translates it once.
    fn close(&mut self, rate: Option<FxRate>) -> Result<(), CoreError> {
        let cash = self.balances.of(Account::Cash);
        self.equity = cash.checked_add(self.position_value)?;
        self.translated = match rate {
            Some(rate) => rate.to_base(self.equity, Rounding::HalfEven)?,
            None => Money::ZERO,
        };
        Ok(())
    }
}

impl Holding {
    /// The same with another quantity, cost and mark.
    fn with(
        self,
        spec: &AssetSpec,
        quantity: Quantity,
        cost: Money,
        price: Option<Price>,
    ) -> Result<Self, CoreError> {
        let value = match price {
            Some(price) => position_value(spec, quantity, price)?,
            None => cost,
        };
        Ok(Self {
            quantity,
            cost,
            value,
            revaluation: value.checked_sub(cost)?,
            price,
            financing: self.financing,
        })
    }

    /// Cost on the balance sheet: nothing was paid for a contract.
    fn sheet_cost(&self, spec: &AssetSpec) -> Money {
        if spec.instrument.holds_value() {
            self.cost
        } else {
            Money::ZERO
        }
    }
}
