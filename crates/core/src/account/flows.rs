use alloc::vec::Vec;

use super::{BookedFill, OpeningPosition, cost_removed, position_value, traded_value};
use crate::{AssetId, CoreError, Money, Price, Quantity};

/// The flow side: opening + realised + unrealised − fees − slippage, added up from events.
#[derive(Debug, Clone, Default)]
pub struct Flows {
    opening: Money,
    realised: Money,
    fees: Money,
    slippage: Money,
    /// Ascending by asset.
    lots: Vec<Lot>,
    /// Sum of `gain` over `lots`.
    unrealised: Money,
}

/// What is held of one asset, by average cost.
#[derive(Debug, Clone)]
struct Lot {
    asset_id: AssetId,
    quantity: Quantity,
    cost: Money,
    gain: Money,
    price: Option<Price>,
}

impl Flows {
    /// Gains and losses on what was sold, at reference prices.
    pub const fn realised(&self) -> Money {
        self.realised
    }

    /// Gains and losses on what is held.
    pub const fn unrealised(&self) -> Money {
        self.unrealised
    }

    /// Net liquidation value from flows.
    ///
    /// # Errors
    /// [`CoreError::Overflow`].
    pub fn nlv(&self) -> Result<Money, CoreError> {
        self.nlv_with(self.unrealised)
    }

    /// The same, with the unrealised gain added up again from the lots.
    pub(super) fn audited_nlv(&self) -> Result<Money, CoreError> {
        let mut unrealised = Money::ZERO;
        for lot in &self.lots {
            unrealised = unrealised.checked_add(lot.gain)?;
        }
        self.nlv_with(unrealised)
    }

    fn nlv_with(&self, unrealised: Money) -> Result<Money, CoreError> {
        let gains = self
            .opening
            .checked_add(self.realised)?
            .checked_add(unrealised)?;
        gains.checked_sub(self.fees)?.checked_sub(self.slippage)
    }

    pub(super) fn opening(
        &mut self,
        cash: Money,
        positions: &[OpeningPosition],
    ) -> Result<(), CoreError> {
        self.opening = self.opening.checked_add(cash)?;
        for opening in positions {
            self.opening = self.opening.checked_add(opening.cost)?;
            let lot = self.lot(&opening.asset_id);
            lot.quantity = lot.quantity.checked_add(opening.quantity)?;
            lot.cost = lot.cost.checked_add(opening.cost)?;
        }
        Ok(())
    }

    pub(super) fn mark(&mut self, asset_id: &AssetId, price: Price) -> Result<(), CoreError> {
        let Some(lot) = self
            .find(asset_id)
            .ok()
            .and_then(|place| self.lots.get_mut(place))
        else {
            return Ok(());
        };
        lot.price = Some(price);
        let (before, after) = lot.revalue()?;
        self.unrealised = self.unrealised.checked_sub(before)?.checked_add(after)?;
        Ok(())
    }

    pub(super) fn fill(&mut self, asset_id: &AssetId, fill: &BookedFill) -> Result<(), CoreError> {
        let paid = traded_value(fill.quantity, fill.price)?;
        let at_reference = traded_value(fill.quantity, fill.reference_price)?;
        self.fees = self.fees.checked_add(fill.fee)?;
        self.slippage = self.slippage.checked_add(paid.checked_sub(at_reference)?)?;
        let lot = self.lot(asset_id);
        let mut gain = Money::ZERO;
        if fill.quantity.is_positive() {
            lot.cost = lot.cost.checked_add(at_reference)?;
        } else {
            let removed = cost_removed(lot.cost, fill.quantity.checked_neg()?, lot.quantity)?;
            lot.cost = lot.cost.checked_sub(removed)?;
            gain = at_reference.checked_neg()?.checked_sub(removed)?;
        }
        lot.quantity = lot.quantity.checked_add(fill.quantity)?;
        lot.price = Some(fill.reference_price);
        let (before, after) = lot.revalue()?;
        self.realised = self.realised.checked_add(gain)?;
        self.unrealised = self.unrealised.checked_sub(before)?.checked_add(after)?;
        Ok(())
    }

    fn find(&self, asset_id: &AssetId) -> Result<usize, usize> {
        self.lots.binary_search_by(|lot| lot.asset_id.cmp(asset_id))
    }

    #[expect(
        clippy::indexing_slicing,
        reason = "the place was found or inserted on the line before"
    )]
    fn lot(&mut self, asset_id: &AssetId) -> &mut Lot {
        let place = self.find(asset_id).unwrap_or_else(|place| {
            let lot = Lot {
                asset_id: asset_id.clone(),
                quantity: Quantity::ZERO,
                cost: Money::ZERO,
                gain: Money::ZERO,
                price: None,
            };
            self.lots.insert(place, lot);
            place
        });
        &mut self.lots[place]
    }
}

impl Lot {
    /// Values what is held at its last price. Returns the gain before and after.
    fn revalue(&mut self) -> Result<(Money, Money), CoreError> {
        let before = self.gain;
        if let Some(price) = self.price {
            self.gain = position_value(self.quantity, price)?.checked_sub(self.cost)?;
        }
        Ok((before, self.gain))
    }
}
