//! The flows of events.

use super::super::rules::{self, dividend, funding, position_value, post_accrued};
use super::{Account, Drafted, Flows, Lot, LotState, Split};
use crate::{AssetId, AssetSpec, BookEventKind, CoreError, Money, Price, Quantity};

impl Flows {
    /// The flows of an event whose instrument and successor were checked.
    pub(in super::super) fn event(
        &mut self,
        kind: &BookEventKind,
        into: Option<&AssetSpec>,
    ) -> Result<Drafted, CoreError> {
        match kind {
            BookEventKind::Transfer { currency, amount } => {
                let branch = self.branch(currency);
                self.change(branch, &[(Account::Transfers, *amount)], [None, None])
            }
            BookEventKind::Interest { currency, .. } => {
                let branch = self.branch_of(currency).ok_or(CoreError::NoAccount)?;
                self.interest(branch, kind)
            }
            BookEventKind::Settlement { asset_id, price } => self.settlement(asset_id, *price),
            BookEventKind::Expiry { asset_id, price } => self.leave(asset_id, *price, None),
            BookEventKind::Roll {
                asset_id,
                price,
                into_price,
                ..
            } => {
                let into = self.place(into.ok_or(CoreError::NoAccount)?);
                self.leave(asset_id, *price, Some((into, *into_price)))
            }
            BookEventKind::Funding {
                asset_id,
                rate,
                price,
            } => {
                let (_, lot, state) = self.held(asset_id)?;
                let gain = funding(&lot.spec, state.quantity, *rate, *price)?;
                self.change(lot.branch, &[(Account::Funding, gain)], [None, None])
            }
            BookEventKind::Dividend { asset_id, per_unit } => {
                let (_, lot, state) = self.held(asset_id)?;
                let gain = dividend(state.quantity, *per_unit)?;
                self.change(lot.branch, &[(Account::Dividends, gain)], [None, None])
            }
            BookEventKind::Financing { asset_id, .. } => self.financing(asset_id, kind),
            BookEventKind::Split {
                asset_id,
                numerator,
                denominator,
            } => self.split(asset_id, (*numerator, *denominator)),
            BookEventKind::SymbolChange { asset_id, .. } => {
                let into = self.place(into.ok_or(CoreError::NoAccount)?);
                self.rename(asset_id, into)
            }
        }
    }

    /// Cash is what all flows of the branch come to, less what is held.
    fn interest(&mut self, branch: usize, kind: &BookEventKind) -> Result<Drafted, CoreError> {
        let sums = &self.branches.get(branch).ok_or(CoreError::NoAccount)?.sums;
        let cash = sums.total.checked_sub(sums.held)?;
        let (gain, left) = post_accrued(sums.interest, rules::interest(cash, kind)?)?;
        let drafted = self.change(branch, &[(Account::Interest, gain)], [None, None])?;
        self.draft.sums.interest = left;
        Ok(drafted)
    }

    fn financing(
        &mut self,
        asset_id: &AssetId,
        kind: &BookEventKind,
    ) -> Result<Drafted, CoreError> {
        let (place, lot, state) = self.held(asset_id)?;
        let accrued = rules::financing(&lot.spec, state.quantity, kind)?;
        let (gain, left) = post_accrued(state.financing, accrued)?;
        let after = LotState {
            financing: left,
            ..state
        };
        let flows = [(Account::Interest, gain)];
        self.change(lot.branch, &flows, [Some((place, after)), None])
    }

    fn settlement(&mut self, asset_id: &AssetId, price: Price) -> Result<Drafted, CoreError> {
        let (place, lot, state) = self.held(asset_id)?;
        let value = position_value(&lot.spec, state.quantity, price)?;
        let after = LotState {
            cost: value,
            ..state
        };
        let after = after.marked(&lot.spec, Some(price))?;
        let flows = [(Account::Realised, value.checked_sub(state.cost)?)];
        self.change(lot.branch, &flows, [Some((place, after)), None])
    }

    fn leave(
        &mut self,
        asset_id: &AssetId,
        price: Price,
        into: Option<(usize, Price)>,
    ) -> Result<Drafted, CoreError> {
        let (place, lot, state) = self.held(asset_id)?;
        let value = position_value(&lot.spec, state.quantity, price)?;
        let flows = [(Account::Realised, value.checked_sub(state.cost)?)];
        let flat = LotState {
            quantity: Quantity::ZERO,
            cost: Money::ZERO,
            ..state
        };
        let flat = flat.marked(&lot.spec, Some(price))?;
        let mut lots = [Some((place, flat)), None];
        if let Some((into, into_price)) = into {
            let (next, before) = self.at(into)?;
            let cost = position_value(&next.spec, state.quantity, into_price)?;
            let after = LotState {
                quantity: before.quantity.checked_add(state.quantity)?,
                cost: before.cost.checked_add(cost)?,
                ..before
            };
            let after = after.marked(&next.spec, Some(into_price))?;
            lots = [Some((place, flat)), Some((into, after))];
        }
        self.change(lot.branch, &flows, lots)
    }

    fn split(&mut self, asset_id: &AssetId, ratio: (u32, u32)) -> Result<Drafted, CoreError> {
        let (place, lot, state) = self.held(asset_id)?;
        let split = Split::measure(&lot.spec, state.quantity, state.cost, state.price, ratio)?;
        let after = LotState {
            quantity: split.quantity,
            cost: state.cost.checked_sub(split.cost_out)?,
            ..state
        };
        let after = after.marked(&lot.spec, split.price)?;
        let flows = [(Account::Realised, split.cash.checked_sub(split.cost_out)?)];
        self.change(lot.branch, &flows, [Some((place, after)), None])
    }

    fn rename(&mut self, asset_id: &AssetId, into: usize) -> Result<Drafted, CoreError> {
        let (place, lot, state) = self.held(asset_id)?;
        let (_, next) = self.at(into)?;
        // What is accrued and not posted stays with its asset.
        let after = LotState {
            financing: next.financing,
            ..state
        };
        let flat = LotState {
            financing: state.financing,
            ..LotState::default()
        };
        let lots = [Some((place, flat)), Some((into, after))];
        self.change(lot.branch, &[], lots)
    }

    fn held(&self, asset_id: &AssetId) -> Result<(usize, &Lot, LotState), CoreError> {
        let place = self.find(asset_id).map_err(|_| CoreError::NoAccount)?;
        let (lot, state) = self.at(place)?;
        Ok((place, lot, state))
    }
}
