//! The entries of fills, marks and events.

use super::super::rules::{
    self, Split, Trade, check_fill, dividend, funding, position_value, post_accrued,
};
use super::super::{Account, BookedFill, OpeningPosition};
use super::{Books, Drafted, Holding, NO_HOLDINGS, Position};
use crate::{AssetId, AssetSpec, BookEventKind, CoreError, CurrencyCode, Money, Price, Quantity};

impl Books {
    pub(in super::super) fn opening_cash(
        &mut self,
        currency: &CurrencyCode,
        cash: Money,
    ) -> Result<Drafted, CoreError> {
        let branch = self.branch(currency);
        let lines = [
            (Account::Cash, cash),
            (Account::Opening, cash.checked_neg()?),
        ];
        self.entry(branch, &lines, NO_HOLDINGS)
    }

    pub(in super::super) fn opening_position(
        &mut self,
        spec: &AssetSpec,
        opening: &OpeningPosition,
    ) -> Result<Drafted, CoreError> {
        let place = self.place(spec)?;
        let (position, held) = self.at(place)?;
        check_fill(spec, held.quantity, opening.quantity)?;
        let quantity = held.quantity.checked_add(opening.quantity)?;
        let cost = held.cost.checked_add(opening.cost)?;
        let after = held.with(spec, quantity, cost, held.price)?;
        let paid = after.sheet_cost(spec).checked_sub(held.sheet_cost(spec))?;
        let lines = [(Account::Opening, paid.checked_neg()?)];
        self.entry(position.branch, &lines, [Some((place, after)), None])
    }

    /// Nothing if the asset is not held.
    pub(in super::super) fn mark(
        &mut self,
        asset_id: &AssetId,
        price: Price,
    ) -> Result<Option<Drafted>, CoreError> {
        let Ok(place) = self.find(asset_id) else {
            return Ok(None);
        };
        let (position, held) = self.at(place)?;
        if held.quantity.is_zero() {
            return Ok(None);
        }
        let after = held.with(&position.spec, held.quantity, held.cost, Some(price))?;
        self.entry(position.branch, &[], [Some((place, after)), None])
            .map(Some)
    }

    pub(in super::super) fn fill(
        &mut self,
        spec: &AssetSpec,
        fill: &BookedFill,
    ) -> Result<Drafted, CoreError> {
        let place = self.place(spec)?;
        let (position, held) = self.at(place)?;
        let trade = Trade::measure(spec, held.quantity, held.cost, fill)?;
        let costs = trade.slippage.checked_add(fill.fee)?;
        // What is held outright is paid for; of a contract, only the gain is.
        let gain = trade.cost_change.checked_sub(trade.at_reference)?;
        let received = if spec.instrument.holds_value() {
            trade.at_reference.checked_neg()?
        } else {
            gain
        };
        let lines = [
            (Account::Cash, received.checked_sub(costs)?),
            (Account::Realised, gain.checked_neg()?),
            (Account::Fees, fill.fee),
            (Account::Slippage, trade.slippage),
        ];
        let after = held.with(
            spec,
            held.quantity.checked_add(fill.quantity)?,
            held.cost.checked_add(trade.cost_change)?,
            Some(fill.reference_price),
        )?;
        self.entry(position.branch, &lines, [Some((place, after)), None])
    }

    /// The entry of an event whose instrument and successor were checked.
    pub(in super::super) fn event(
        &mut self,
        kind: &BookEventKind,
        into: Option<&AssetSpec>,
    ) -> Result<Drafted, CoreError> {
        match kind {
            BookEventKind::Transfer { currency, amount } => {
                let branch = self.branch(currency);
                let lines = [
                    (Account::Cash, *amount),
                    (Account::Transfers, amount.checked_neg()?),
                ];
                self.entry(branch, &lines, NO_HOLDINGS)
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
                let into = self.place(into.ok_or(CoreError::NoAccount)?)?;
                self.leave(asset_id, *price, Some((into, *into_price)))
            }
            BookEventKind::Funding {
                asset_id,
                rate,
                price,
            } => {
                let (_, position, held) = self.held(asset_id)?;
                let gain = funding(&position.spec, held.quantity, *rate, *price)?;
                self.payment(position.branch, Account::Funding, gain)
            }
            BookEventKind::Financing { asset_id, .. } => self.financing(asset_id, kind),
            BookEventKind::Dividend { asset_id, per_unit } => {
                let (_, position, held) = self.held(asset_id)?;
                let gain = dividend(held.quantity, *per_unit)?;
                self.payment(position.branch, Account::Dividends, gain)
            }
            BookEventKind::Split {
                asset_id,
                numerator,
                denominator,
            } => self.split(asset_id, (*numerator, *denominator)),
            BookEventKind::SymbolChange { asset_id, .. } => {
                let into = self.place(into.ok_or(CoreError::NoAccount)?)?;
                self.rename(asset_id, into)
            }
        }
    }

    fn interest(&mut self, branch: usize, kind: &BookEventKind) -> Result<Drafted, CoreError> {
        let sheet = &self.branches.get(branch).ok_or(CoreError::NoAccount)?.sheet;
        let accrued = rules::interest(sheet.balances.of(Account::Cash), kind)?;
        let (gain, left) = post_accrued(sheet.interest, accrued)?;
        let lines = [
            (Account::Cash, gain),
            (Account::Interest, gain.checked_neg()?),
        ];
        let drafted = self.entry(branch, &lines, NO_HOLDINGS)?;
        self.draft.sheet.interest = left;
        Ok(drafted)
    }

    fn financing(
        &mut self,
        asset_id: &AssetId,
        kind: &BookEventKind,
    ) -> Result<Drafted, CoreError> {
        let (place, position, held) = self.held(asset_id)?;
        let accrued = rules::financing(&position.spec, held.quantity, kind)?;
        let (gain, left) = post_accrued(held.financing, accrued)?;
        let lines = [
            (Account::Cash, gain),
            (Account::Interest, gain.checked_neg()?),
        ];
        let after = Holding {
            financing: left,
            ..held
        };
        self.entry(position.branch, &lines, [Some((place, after)), None])
    }

    fn settlement(&mut self, asset_id: &AssetId, price: Price) -> Result<Drafted, CoreError> {
        let (place, position, held) = self.held(asset_id)?;
        let value = position_value(&position.spec, held.quantity, price)?;
        let after = held.with(&position.spec, held.quantity, value, Some(price))?;
        let lines = variation(value.checked_sub(held.cost)?)?;
        self.entry(position.branch, &lines, [Some((place, after)), None])
    }

    /// Settles a contract for the last time, and enters the next one if it is rolled.
    fn leave(
        &mut self,
        asset_id: &AssetId,
        price: Price,
        into: Option<(usize, Price)>,
    ) -> Result<Drafted, CoreError> {
        let (place, position, held) = self.held(asset_id)?;
        let value = position_value(&position.spec, held.quantity, price)?;
        let lines = variation(value.checked_sub(held.cost)?)?;
        let flat = held.with(&position.spec, Quantity::ZERO, Money::ZERO, Some(price))?;
        let mut holdings = [Some((place, flat)), None];
        if let Some((into, into_price)) = into {
            let (next, before) = self.at(into)?;
            check_fill(&next.spec, before.quantity, held.quantity)?;
            let cost = position_value(&next.spec, held.quantity, into_price)?;
            let quantity = before.quantity.checked_add(held.quantity)?;
            let cost = before.cost.checked_add(cost)?;
            let after = before.with(&next.spec, quantity, cost, Some(into_price))?;
            holdings = [Some((place, flat)), Some((into, after))];
        }
        self.entry(position.branch, &lines, holdings)
    }

    fn split(&mut self, asset_id: &AssetId, ratio: (u32, u32)) -> Result<Drafted, CoreError> {
        let (place, position, held) = self.held(asset_id)?;
        let spec = &position.spec;
        let split = Split::measure(spec, held.quantity, held.cost, held.price, ratio)?;
        let cost = held.cost.checked_sub(split.cost_out)?;
        let after = held.with(spec, split.quantity, cost, split.price)?;
        let lines = [
            (Account::Cash, split.cash),
            (Account::Realised, split.cost_out.checked_sub(split.cash)?),
        ];
        self.entry(position.branch, &lines, [Some((place, after)), None])
    }

    fn rename(&mut self, asset_id: &AssetId, into: usize) -> Result<Drafted, CoreError> {
        let (place, position, held) = self.held(asset_id)?;
        let (_, next) = self.at(into)?;
        // What is accrued and not posted stays with its asset.
        let after = Holding {
            financing: next.financing,
            ..held
        };
        let flat = Holding {
            financing: held.financing,
            ..Holding::default()
        };
        let holdings = [Some((place, flat)), Some((into, after))];
        self.entry(position.branch, &[], holdings)
    }

    fn payment(
        &mut self,
        branch: usize,
        account: Account,
        gain: Money,
    ) -> Result<Drafted, CoreError> {
        let lines = [(Account::Cash, gain), (account, gain.checked_neg()?)];
        self.entry(branch, &lines, NO_HOLDINGS)
    }

    fn held(&self, asset_id: &AssetId) -> Result<(usize, &Position, Holding), CoreError> {
        let place = self.find(asset_id).map_err(|_| CoreError::NoAccount)?;
        let (position, holding) = self.at(place)?;
        Ok((place, position, holding))
    }

    fn at(&self, place: usize) -> Result<(&Position, Holding), CoreError> {
        let position = self.positions.get(place).ok_or(CoreError::NoAccount)?;
        Ok((position, position.holding))
    }
}

fn variation(gain: Money) -> Result<[(Account, Money); 2], CoreError> {
    Ok([
        (Account::Cash, gain),
        (Account::Realised, gain.checked_neg()?),
    ])
}
