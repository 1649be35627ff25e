//! The units that the paper broker holds.

use std::collections::BTreeMap;

use ios012_core::sequence::Side;
use ios012_core::{AssetId, BookEventKind, CoreError, Quantity};

/// Units by asset. An asset that is not held is not named.
#[derive(Debug, Clone)]
pub(crate) struct Holdings(BTreeMap<AssetId, Quantity>);

impl FromIterator<(AssetId, Quantity)> for Holdings {
    fn from_iter<I: IntoIterator<Item = (AssetId, Quantity)>>(positions: I) -> Self {
        let held = positions.into_iter().filter(|(_, held)| !held.is_zero());
        Self(held.collect())
    }
}

impl Holdings {
    pub(crate) const fn new() -> Self {
        Self(BTreeMap::new())
    }

    pub(crate) fn positions(&self) -> Vec<(AssetId, Quantity)> {
        let held = self.0.iter();
        held.map(|(asset_id, quantity)| (asset_id.clone(), *quantity))
            .collect()
    }

    /// Takes a fill.
    pub(crate) fn trade(
        &mut self,
        asset_id: &AssetId,
        side: Side,
        quantity: Quantity,
    ) -> Result<(), CoreError> {
        let held = self.of(asset_id);
        let after = match side {
            Side::Buy => held.checked_add(quantity)?,
            Side::Sell => held.checked_sub(quantity)?,
        };
        self.set(asset_id, after);
        Ok(())
    }

    /// Follows a corporate action or the end of a contract. One whose units do not fit a quantity is
    /// left alone: the statement then differs, and that stops the next cycle.
    pub(crate) fn follow(&mut self, kind: &BookEventKind) {
        match kind {
            BookEventKind::Split {
                asset_id,
                numerator,
                denominator,
            } => {
                let units = self.of(asset_id).units().checked_mul((*numerator).into());
                if let Some(units) = units.and_then(|it| it.checked_div((*denominator).into())) {
                    self.set(asset_id, Quantity::from_units(units));
                }
            }
            BookEventKind::Expiry { asset_id, .. } => self.set(asset_id, Quantity::ZERO),
            BookEventKind::Roll { asset_id, into, .. }
            | BookEventKind::SymbolChange { asset_id, into } => {
                if let Ok(after) = self.of(into).checked_add(self.of(asset_id)) {
                    self.set(asset_id, Quantity::ZERO);
                    self.set(into, after);
                }
            }
            BookEventKind::Settlement { .. }
            | BookEventKind::Funding { .. }
            | BookEventKind::Interest { .. }
            | BookEventKind::Financing { .. }
            | BookEventKind::Dividend { .. }
            | BookEventKind::Transfer { .. } => {}
        }
    }

    fn of(&self, asset_id: &AssetId) -> Quantity {
        self.0.get(asset_id).copied().unwrap_or(Quantity::ZERO)
    }

    fn set(&mut self, asset_id: &AssetId, quantity: Quantity) {
        if quantity.is_zero() {
            self.0.remove(asset_id);
        } else if let Some(held) = self.0.get_mut(asset_id) {
            *held = quantity;
        } else {
            self.0.insert(asset_id.clone(), quantity);
        }
    }
}
