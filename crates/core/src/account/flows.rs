//! The flow side: what came in and what was gained and lost, added up from fills and events.
//!
//! Here gains are above zero and costs below, opening and transfers included, so that every sum of
//! flows is a value of its own.

use alloc::sync::Arc;
use alloc::vec::Vec;

use super::chart::{Account, Amounts};
use super::rules::{Split, Trade, position_value};
use super::{BookedFill, OpeningPosition, rules};
use crate::{
    AssetId, AssetSpec, CoreError, CurrencyCode, FxRate, Money, Price, Quantity, Rounding,
};

mod event;

/// Flows of each currency, and of the base ledger.
#[derive(Debug, Clone)]
pub struct Flows {
    /// Base first.
    branches: Vec<Branch>,
    /// Ascending by asset.
    lots: Vec<Lot>,
    base: Base,
    /// The last change that was made, taken or not. It is kept here so that it is not moved about.
    draft: Change,
}

#[derive(Debug, Clone)]
struct Branch {
    currency: CurrencyCode,
    rate: Option<FxRate>,
    sums: Sums,
}

/// The flows of a branch in its currency.
#[derive(Debug, Clone, Copy, Default)]
struct Sums {
    by_kind: Amounts,
    /// Sum over `by_kind`: what the branch must be worth.
    total: Money,
    /// Cost on the sheet and gain of what is held.
    held: Money,
    /// `total` in base currency; nothing without a rate.
    translated: Money,
    /// Interest that is accrued and not posted.
    interest: i128,
}

/// The flows of all branches in base currency.
#[derive(Debug, Clone, Copy, Default)]
struct Base {
    by_kind: Amounts,
    fx_revaluation: Money,
    rounding: Money,
    roundings: u64,
}

/// What is held of one asset, by average cost.
#[derive(Debug, Clone)]
struct Lot {
    asset_id: AssetId,
    spec: Arc<AssetSpec>,
    branch: usize,
    state: LotState,
}

#[derive(Debug, Clone, Copy, Default)]
struct LotState {
    quantity: Quantity,
    cost: Money,
    /// Value at the last mark less cost.
    gain: Money,
    price: Option<Price>,
    financing: i128,
}

/// What a branch, its lots and the base ledger are once a change is taken.
#[derive(Debug, Clone, Copy, Default)]
struct Change {
    branch: usize,
    sums: Sums,
    base: Base,
    lots: Lots,
}

/// The draft of the flows was checked in full and is not taken yet.
#[derive(Debug)]
#[must_use]
pub(super) struct Drafted(());

/// Lots by their place, as an event leaves them.
type Lots = [Option<(usize, LotState)>; 2];

impl Flows {
    pub(super) fn new(base: CurrencyCode) -> Self {
        let branch = Branch {
            currency: base,
            rate: Some(FxRate::ONE),
            sums: Sums::default(),
        };
        Self {
            branches: Vec::from([branch]),
            lots: Vec::new(),
            base: Base::default(),
            draft: Change::default(),
        }
    }

    /// The flows of a kind in base currency, each translated when it was posted: gains above zero,
    /// costs below.
    pub fn of(&self, account: Account) -> Money {
        self.base.by_kind.of(account)
    }

    /// What changes of rates made of the branches, in base currency.
    pub const fn fx_revaluation(&self) -> Money {
        self.base.fx_revaluation
    }

    /// What translation rounded away, in base currency: at most half a quantum of each rounding.
    pub const fn rounding(&self) -> Money {
        self.base.rounding
    }

    /// Net liquidation value from flows.
    ///
    /// # Errors
    /// [`CoreError::NoRate`] or [`CoreError::Overflow`].
    pub fn nlv(&self) -> Result<Money, CoreError> {
        for branch in &self.branches {
            branch.require_rate(&branch.sums)?;
        }
        self.base.nlv()
    }

    /// What the flows of a currency sum to, in that currency.
    pub(super) fn total(&self, currency: &CurrencyCode) -> Money {
        let branch = self
            .branch_of(currency)
            .and_then(|at| self.branches.get(at));
        branch.map_or(Money::ZERO, |branch| branch.sums.total)
    }

    /// Takes the draft. It was checked when it was made.
    pub(super) fn commit(&mut self, _: Drafted) {
        let change = &self.draft;
        if let Some(branch) = self.branches.get_mut(change.branch) {
            branch.sums = change.sums;
        }
        for (place, state) in change.lots.iter().flatten() {
            if let Some(lot) = self.lots.get_mut(*place) {
                lot.state = *state;
            }
        }
        self.base = change.base;
    }

    /// The total of its branch and the net liquidation value that the draft leads to.
    pub(super) fn outcome(&self, _: &Drafted) -> (Money, Result<Money, CoreError>) {
        let change = &self.draft;
        let nlv = || {
            for (at, branch) in self.branches.iter().enumerate() {
                let sums = if at == change.branch {
                    &change.sums
                } else {
                    &branch.sums
                };
                branch.require_rate(sums)?;
            }
            change.base.nlv()
        };
        (change.sums.total, nlv())
    }

    /// Adds up the totals again from their parts, and holds `rounding` against its bound.
    pub(super) fn audit(&self) -> Result<(), CoreError> {
        for (at, branch) in self.branches.iter().enumerate() {
            let (mut gain, mut held) = (Money::ZERO, Money::ZERO);
            for lot in self.lots.iter().filter(|lot| lot.branch == at) {
                gain = gain.checked_add(lot.state.gain)?;
                held = held.checked_add(lot.state.on_sheet(&lot.spec)?)?;
            }
            let sums = &branch.sums;
            equal(gain, sums.by_kind.of(Account::Unrealised))?;
            equal(held, sums.held)?;
            equal(sums.by_kind.sum()?, sums.total)?;
        }
        let Base {
            rounding,
            roundings,
            ..
        } = self.base;
        let doubled = rounding.checked_add(rounding)?.checked_abs()?;
        if doubled.units() > i128::from(roundings) {
            return Err(CoreError::RoundingBound {
                rounding,
                roundings,
            });
        }
        Ok(())
    }

    pub(super) fn opening_cash(
        &mut self,
        currency: &CurrencyCode,
        cash: Money,
    ) -> Result<Drafted, CoreError> {
        let branch = self.branch(currency);
        self.change(branch, &[(Account::Opening, cash)], [None, None])
    }

    pub(super) fn opening_position(
        &mut self,
        spec: &AssetSpec,
        opening: &OpeningPosition,
    ) -> Result<Drafted, CoreError> {
        let place = self.place(spec);
        let (lot, before) = self.at(place)?;
        let after = LotState {
            quantity: before.quantity.checked_add(opening.quantity)?,
            cost: before.cost.checked_add(opening.cost)?,
            ..before
        };
        let came_in = after
            .sheet_cost(spec)
            .checked_sub(before.sheet_cost(spec))?;
        let flows = [(Account::Opening, came_in)];
        self.change(lot.branch, &flows, [Some((place, after)), None])
    }

    /// Nothing if the asset is not held.
    pub(super) fn mark(
        &mut self,
        asset_id: &AssetId,
        price: Price,
    ) -> Result<Option<Drafted>, CoreError> {
        let Ok(place) = self.find(asset_id) else {
            return Ok(None);
        };
        let (lot, before) = self.at(place)?;
        if before.quantity.is_zero() {
            return Ok(None);
        }
        let after = before.marked(&lot.spec, Some(price))?;
        self.change(lot.branch, &[], [Some((place, after)), None])
            .map(Some)
    }

    pub(super) fn fill(
        &mut self,
        spec: &AssetSpec,
        fill: &BookedFill,
    ) -> Result<Drafted, CoreError> {
        let place = self.place(spec);
        let (lot, before) = self.at(place)?;
        let trade = Trade::measure(spec, before.quantity, before.cost, fill)?;
        let after = LotState {
            quantity: before.quantity.checked_add(fill.quantity)?,
            cost: before.cost.checked_add(trade.cost_change)?,
            ..before
        };
        let after = after.marked(spec, Some(fill.reference_price))?;
        let flows = [
            (
                Account::Realised,
                trade.cost_change.checked_sub(trade.at_reference)?,
            ),
            (Account::Fees, fill.fee.checked_neg()?),
            (Account::Slippage, trade.slippage.checked_neg()?),
        ];
        self.change(lot.branch, &flows, [Some((place, after)), None])
    }

    /// A new rate changes what a branch is worth in base currency, and nothing else.
    pub(super) fn rate_change(
        &mut self,
        currency: &CurrencyCode,
        rate: FxRate,
    ) -> Result<Drafted, CoreError> {
        let place = self.branch(currency);
        let branch = self.branches.get(place).ok_or(CoreError::NoAccount)?;
        self.draft = Change {
            branch: place,
            sums: branch.sums,
            base: self.base,
            lots: [None, None],
        };
        let Change { sums, base, .. } = &mut self.draft;
        sums.translated = rate.to_base(sums.total, Rounding::HalfEven)?;
        let change = sums.translated.checked_sub(branch.sums.translated)?;
        base.fx_revaluation = base.fx_revaluation.checked_add(change)?;
        base.count(1)?;
        Ok(Drafted(()))
    }

    pub(super) fn commit_rate(&mut self, drafted: Drafted, rate: FxRate) {
        self.commit(drafted);
        if let Some(branch) = self.branches.get_mut(self.draft.branch) {
            branch.rate = Some(rate);
        }
    }

    /// Takes the registry's new specification of an asset: of all of it, flows rely on its terms only.
    pub(super) fn define(&mut self, spec: &AssetSpec) {
        if self.find(&spec.asset_id).is_ok() {
            self.place(spec);
        }
    }

    /// Drafts what these flows and lots make of a branch and of the base ledger. The change of the
    /// lots' gains is unrealised gain.
    fn change(
        &mut self,
        branch: usize,
        flows: &[(Account, Money)],
        lots: Lots,
    ) -> Result<Drafted, CoreError> {
        let before = self.branches.get(branch).ok_or(CoreError::NoAccount)?;
        self.draft = Change {
            branch,
            sums: before.sums,
            base: self.base,
            lots,
        };
        let Change {
            sums, base, lots, ..
        } = &mut self.draft;
        let mut booked = Booked::default();
        for &(account, amount) in flows {
            booked.add(account, amount, before.rate, sums, base)?;
        }
        for (place, after) in lots.iter().flatten() {
            let lot = self.lots.get(*place).ok_or(CoreError::NoAccount)?;
            let gain = after.gain.checked_sub(lot.state.gain)?;
            booked.add(Account::Unrealised, gain, before.rate, sums, base)?;
            let held = after
                .on_sheet(&lot.spec)?
                .checked_sub(lot.state.on_sheet(&lot.spec)?)?;
            sums.held = sums.held.checked_add(held)?;
        }
        sums.total = sums.total.checked_add(booked.local)?;
        booked.close(before, sums, base)?;
        Ok(Drafted(()))
    }

    fn branch_of(&self, currency: &CurrencyCode) -> Option<usize> {
        self.branches
            .iter()
            .position(|branch| &branch.currency == currency)
    }

    fn branch(&mut self, currency: &CurrencyCode) -> usize {
        self.branch_of(currency).unwrap_or_else(|| {
            self.branches.push(Branch {
                currency: currency.clone(),
                rate: None,
                sums: Sums::default(),
            });
            self.branches.len().saturating_sub(1)
        })
    }

    fn find(&self, asset_id: &AssetId) -> Result<usize, usize> {
        self.lots.binary_search_by(|lot| lot.asset_id.cmp(asset_id))
    }

    /// The place of an asset's lot, made if it is the first time.
    fn place(&mut self, spec: &AssetSpec) -> usize {
        let found = self.find(&spec.asset_id);
        if let Ok(place) = found
            && let Some(lot) = self.lots.get(place)
            && rules::changed_term(&lot.spec, spec).is_none()
        {
            return place;
        }
        let lot = Lot {
            asset_id: spec.asset_id.clone(),
            branch: self.branch(&spec.currency),
            spec: Arc::new(spec.clone()),
            state: LotState::default(),
        };
        match found {
            Ok(place) => {
                if let Some(slot) = self.lots.get_mut(place) {
                    *slot = lot;
                }
                place
            }
            Err(place) => {
                self.lots.insert(place, lot);
                place
            }
        }
    }

    fn at(&self, place: usize) -> Result<(&Lot, LotState), CoreError> {
        let lot = self.lots.get(place).ok_or(CoreError::NoAccount)?;
        Ok((lot, lot.state))
    }
}

/// What of one event was booked so far.
#[derive(Debug, Default)]
struct Booked {
    local: Money,
    translated: Money,
    roundings: u64,
}

impl Booked {
    fn add(
        &mut self,
        account: Account,
        amount: Money,
        rate: Option<FxRate>,
        sums: &mut Sums,
        base: &mut Base,
    ) -> Result<(), CoreError> {
        if amount.is_zero() {
            return Ok(());
        }
        sums.by_kind.add(account, amount)?;
        self.local = self.local.checked_add(amount)?;
        if let Some(rate) = rate {
            let translated = rate.to_base(amount, Rounding::HalfEven)?;
            base.by_kind.add(account, translated)?;
            self.translated = self.translated.checked_add(translated)?;
            self.roundings = self
                .roundings
                .saturating_add(u64::from(rate != FxRate::ONE));
        }
        Ok(())
    }

    /// Translates the branch's total once, and books the difference to its translated flows.
    fn close(&self, before: &Branch, sums: &mut Sums, base: &mut Base) -> Result<(), CoreError> {
        let Some(rate) = before.rate else {
            return Ok(());
        };
        if rate == FxRate::ONE {
            sums.translated = sums.total;
            return Ok(());
        }
        sums.translated = rate.to_base(sums.total, Rounding::HalfEven)?;
        let change = sums.translated.checked_sub(before.sums.translated)?;
        let rounding = change.checked_sub(self.translated)?;
        base.rounding = base.rounding.checked_add(rounding)?;
        base.count(self.roundings.saturating_add(1))
    }
}

impl Base {
    fn nlv(&self) -> Result<Money, CoreError> {
        self.by_kind
            .sum()?
            .checked_add(self.fx_revaluation)?
            .checked_add(self.rounding)
    }

    fn count(&mut self, roundings: u64) -> Result<(), CoreError> {
        let sum = self.roundings.checked_add(roundings);
        self.roundings = sum.ok_or(CoreError::Overflow {
            operation: "number of roundings",
        })?;
        Ok(())
    }
}

impl Branch {
    fn require_rate(&self, sums: &Sums) -> Result<(), CoreError> {
        if self.rate.is_some() || sums.total.is_zero() {
            return Ok(());
        }
        let currency = (&self.currency).into();
        Err(CoreError::NoRate { currency })
    }
}

impl LotState {
    /// The same at another mark; valued at cost without one.
    fn marked(self, spec: &AssetSpec, price: Option<Price>) -> Result<Self, CoreError> {
        let gain = match price {
            Some(price) => position_value(spec, self.quantity, price)?.checked_sub(self.cost)?,
            None => Money::ZERO,
        };
        Ok(Self {
            gain,
            price,
            ..self
        })
    }

    fn sheet_cost(&self, spec: &AssetSpec) -> Money {
        if spec.instrument.holds_value() {
            self.cost
        } else {
            Money::ZERO
        }
    }

    fn on_sheet(&self, spec: &AssetSpec) -> Result<Money, CoreError> {
        self.sheet_cost(spec).checked_add(self.gain)
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
mod tests;
