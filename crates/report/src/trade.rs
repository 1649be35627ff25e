//! The value and the costs of a trade in base currency, rounded as the books round them.

use ios012_contracts::{Market, Registry};
use ios012_core::{
    AssetId, AssetSpec, CoreError, CurrencyCode, FxRate, Money, Price, Quantity, Rounding,
};
use ios012_lineage::{Cycle, Fill, Hash, Side};

use crate::{DocumentSource, ReportError};

/// What the documents of a cycle say of its assets and of its currencies.
#[derive(Debug)]
pub(crate) struct Terms {
    cycle_id: u64,
    document: Hash,
    registry: Registry,
    /// Whether an asset settles in another currency than that of NLV: then rates are needed.
    foreign: bool,
    rates: Vec<(CurrencyCode, FxRate)>,
}

/// A trade in base currency.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Traded {
    /// Size at the fill price, above zero.
    pub(crate) value: Money,
    /// What the fill price cost against the reference price; below zero it was a gain.
    pub(crate) slippage: Money,
    /// Commission.
    pub(crate) fee: Money,
}

impl Terms {
    /// The terms of a cycle. `last` is reused while the registry stays; the market snapshot is read
    /// only where an asset settles in another currency.
    pub(crate) fn read(
        last: Option<Self>,
        cycle: &Cycle,
        documents: &mut impl DocumentSource,
    ) -> Result<Self, ReportError> {
        let known = last.filter(|last| last.document == cycle.registry_hash);
        let mut terms = if let Some(terms) = known {
            terms
        } else {
            let registry = documents.document("registry", cycle.registry_hash)?;
            let registry = Registry::parse("registry", registry.as_bytes())?;
            let base = registry.base_currency();
            let foreign = registry
                .assets()
                .iter()
                .any(|asset| asset.currency != *base);
            Self {
                cycle_id: cycle.cycle_id,
                document: cycle.registry_hash,
                foreign,
                registry,
                rates: Vec::new(),
            }
        };
        terms.cycle_id = cycle.cycle_id;
        if terms.foreign || !terms.registry.fx_pairs().is_empty() {
            let market = documents.document("market", cycle.market_hash)?;
            terms.take_rates(&Market::parse("market", market.as_bytes())?);
        }
        Ok(terms)
    }

    fn take_rates(&mut self, market: &Market) {
        let base = self.registry.base_currency();
        self.rates.clear();
        for quote in market.fx() {
            let pair = self
                .registry
                .fx_pairs()
                .iter()
                .find(|pair| pair.pair == quote.pair);
            match pair {
                Some(pair) if pair.quote == *base => {
                    self.rates
                        .push((pair.base.clone(), FxRate::direct(quote.rate)));
                }
                Some(pair) if pair.base == *base => {
                    self.rates
                        .push((pair.quote.clone(), FxRate::inverted(quote.rate)));
                }
                _ => {}
            }
        }
    }

    /// The registry that the cycle names.
    pub(crate) const fn registry(&self) -> &Registry {
        &self.registry
    }

    /// An amount in base currency at the rates of the cycle, half to even.
    ///
    /// # Errors
    /// [`ReportError::NoRate`] for a currency without a rate.
    pub(crate) fn to_base(
        &self,
        currency: &CurrencyCode,
        amount: Money,
    ) -> Result<Money, ReportError> {
        if currency == self.registry.base_currency() {
            return Ok(amount);
        }
        let rate = self.rates.iter().find(|(known, _)| known == currency);
        let (_, rate) = rate.ok_or_else(|| ReportError::NoRate {
            currency: currency.clone(),
        })?;
        Ok(rate.to_base(amount, Rounding::HalfEven)?)
    }

    /// What a fill traded.
    ///
    /// # Errors
    /// [`ReportError::NoRow`] for an asset that the registry does not know, [`ReportError::NoRate`].
    pub(crate) fn traded(
        &self,
        asset_id: &AssetId,
        fill: &Fill,
        reference: Price,
        side: Side,
    ) -> Result<Traded, ReportError> {
        let place = self.registry.position(asset_id.as_str());
        let spec = place.and_then(|place| self.registry.assets().get(place));
        let spec = spec.ok_or_else(|| ReportError::NoRow {
            cycle_id: self.cycle_id,
            asset_id: asset_id.clone(),
            document: "registry",
        })?;
        let paid = traded_value(spec, fill.quantity, fill.price, side)?;
        let at_reference = traded_value(spec, fill.quantity, reference, side)?;
        let slippage = paid.checked_sub(at_reference)?;
        Ok(Traded {
            value: self.to_base(&spec.currency, paid.checked_abs()?)?,
            slippage: self.to_base(&spec.currency, slippage)?,
            fee: self.to_base(&fill.currency, fill.fee)?,
        })
    }
}

/// The signed value of what is traded, rounded up as the books round: a buy pays a value rounded
/// up, a sale gets one rounded down.
fn traded_value(
    spec: &AssetSpec,
    quantity: Quantity,
    price: Price,
    side: Side,
) -> Result<Money, CoreError> {
    let quantity = match side {
        Side::Buy => quantity,
        Side::Sell => quantity.checked_neg()?,
    };
    let away = spec.value(quantity, price, Rounding::AwayFromZero)?;
    if away.is_negative() {
        spec.value(quantity, price, Rounding::TowardZero)
    } else {
        Ok(away)
    }
}
