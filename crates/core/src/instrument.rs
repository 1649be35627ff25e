//! What the engine needs to know of an asset to trade and account for it (IoS-001).

use core::fmt;

use crate::fixed::product_div;
use crate::{
    AssetId, ClassId, CoreError, CurrencyCode, Money, Price, Quantity, Ratio, Rounding, UtcTime,
    mul_div,
};

/// The economics of an asset.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Instrument {
    /// Held outright, paid in full.
    Spot,
    /// Bought with borrowed cash, or sold short from borrowed units.
    Margin,
    /// A dated contract, settled daily in variation margin.
    Future,
    /// An undated contract with funding payments.
    Perpetual,
    /// A currency pair with a base and a quote leg.
    Fx,
    /// A token whose own price carries a constant leverage factor.
    LeveragedToken,
}

impl Instrument {
    /// Every instrument, in the order of the published schema.
    pub const ALL: [Self; 6] = [
        Self::Spot,
        Self::Margin,
        Self::Future,
        Self::Perpetual,
        Self::Fx,
        Self::LeveragedToken,
    ];

    /// The text in documents.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Spot => "spot",
            Self::Margin => "margin",
            Self::Future => "future",
            Self::Perpetual => "perpetual",
            Self::Fx => "fx",
            Self::LeveragedToken => "leveraged_token",
        }
    }
}

impl fmt::Display for Instrument {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.pad(self.as_str())
    }
}

/// How the value of a contract follows the price.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub enum Payoff {
    /// Value is quantity × multiplier × price, in the currency of the price.
    #[default]
    Linear,
    /// A contract is worth a fixed amount of the price's currency and settles in the underlying:
    /// its value there is −quantity × multiplier / price.
    Inverse,
}

impl Payoff {
    /// Both, in the order of the published schema.
    pub const ALL: [Self; 2] = [Self::Linear, Self::Inverse];

    /// The text in documents.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Linear => "linear",
            Self::Inverse => "inverse",
        }
    }

    /// The fraction `rate` of the notional of `quantity` contracts at a price, rounded once: a
    /// commission, a funding payment, a margin. It has the sign of quantity × rate.
    ///
    /// # Errors
    /// As [`AssetSpec::value`].
    pub fn fraction_of_notional(
        self,
        contract_multiplier: Ratio,
        quantity: Quantity,
        price: Price,
        rate: Ratio,
        rounding: Rounding,
    ) -> Result<Money, CoreError> {
        let (quantity, rate) = (quantity.units(), rate.units());
        let multiplier = contract_multiplier.units();
        let fraction = match self {
            Self::Linear if contract_multiplier == Ratio::ONE => {
                const SCALE: i128 = Quantity::SCALE * Ratio::SCALE;
                product_div(&[quantity, price.units(), rate], &[SCALE], rounding)
            }
            Self::Linear => product_div(
                &[quantity, multiplier, price.units(), rate],
                &[Quantity::SCALE, Ratio::SCALE, Ratio::SCALE],
                rounding,
            ),
            Self::Inverse => product_div(
                &[quantity, multiplier, Money::SCALE, Price::SCALE, rate],
                &[Quantity::SCALE, Ratio::SCALE, price.units(), Ratio::SCALE],
                rounding,
            ),
        };
        fraction.map(Money::from_units)
    }
}

impl fmt::Display for Payoff {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.pad(self.as_str())
    }
}

/// One asset of the registry, as the decision, the sequencing and the accounts see it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AssetSpec {
    /// Canonical identifier.
    pub asset_id: AssetId,
    /// Class, for class caps.
    pub class: ClassId,
    /// Economics.
    pub instrument: Instrument,
    /// Currency in which it is settled: that of its price, for an inverse contract the underlying.
    pub currency: CurrencyCode,
    /// How its value follows its price.
    pub payoff: Payoff,
    /// Smallest tradable quantity, above zero; every order is a multiple of it.
    pub lot_size: Quantity,
    /// Smallest price step, above zero.
    pub tick_size: Price,
    /// Smallest order value in the asset's currency, zero or above.
    pub min_notional: Money,
    /// Units of the underlying in one contract, above zero (1 for spot).
    pub contract_multiplier: Ratio,
    /// Exposure per unit of value, above zero (1 but for leveraged tokens).
    pub leverage_factor: Ratio,
    /// Initial margin as a fraction of notional, above 0, at most 1 (1 for spot).
    pub initial_margin_rate: Ratio,
    /// Maintenance margin as a fraction of notional, above 0, at most the initial rate.
    pub maintenance_margin_rate: Ratio,
    /// When a future is settled for the last time; nothing else expires.
    pub expiry: Option<UtcTime>,
    /// Whether it may be traded at all.
    pub active: bool,
}

impl Instrument {
    /// Whether what is held is an asset by itself. The others are contracts: they hold nothing but
    /// the variation that is not settled yet.
    pub const fn holds_value(self) -> bool {
        !matches!(self, Self::Future | Self::Perpetual)
    }

    /// Whether a position may be below zero.
    pub const fn may_be_short(self) -> bool {
        !matches!(self, Self::Spot | Self::LeveragedToken)
    }

    /// Whether a position ties up initial margin instead of its whole value.
    pub const fn is_margined(self) -> bool {
        self.may_be_short()
    }
}

impl AssetSpec {
    /// What a position is worth at a price, in its currency; for a contract, the amount whose
    /// changes are its variation. Rises with the price for a long position, linear or inverse.
    ///
    /// # Errors
    /// [`CoreError::Overflow`]; [`CoreError::DivisionByZero`] for an inverse contract at price 0.
    pub fn value(
        &self,
        quantity: Quantity,
        price: Price,
        rounding: Rounding,
    ) -> Result<Money, CoreError> {
        match self.payoff {
            Payoff::Linear => self.notional(quantity, price, rounding),
            Payoff::Inverse => self.notional(quantity, price, rounding)?.checked_neg(),
        }
    }

    /// Size of a position at a price in its currency, with the sign of the quantity.
    ///
    /// # Errors
    /// As [`AssetSpec::value`].
    pub fn notional(
        &self,
        quantity: Quantity,
        price: Price,
        rounding: Rounding,
    ) -> Result<Money, CoreError> {
        let multiplier = self.contract_multiplier.units();
        match self.payoff {
            Payoff::Linear if self.contract_multiplier == Ratio::ONE => {
                crate::fixed::notional(quantity, price, rounding)
            }
            Payoff::Linear => product_div(
                &[quantity.units(), multiplier, price.units()],
                &[Quantity::SCALE, Ratio::SCALE],
                rounding,
            )
            .map(Money::from_units),
            Payoff::Inverse => product_div(
                &[quantity.units(), multiplier, Money::SCALE, Price::SCALE],
                &[Quantity::SCALE, Ratio::SCALE, price.units()],
                rounding,
            )
            .map(Money::from_units),
        }
    }

    /// [`Payoff::fraction_of_notional`] of this asset.
    ///
    /// # Errors
    /// As [`AssetSpec::value`].
    pub fn fraction_of_notional(
        &self,
        quantity: Quantity,
        price: Price,
        rate: Ratio,
        rounding: Rounding,
    ) -> Result<Money, CoreError> {
        let multiplier = self.contract_multiplier;
        self.payoff
            .fraction_of_notional(multiplier, quantity, price, rate, rounding)
    }

    /// An asset that is paid in full, as far as the books know one that they were opened with: the
    /// registry's own specification takes its place ([`crate::Accounts::define`]).
    ///
    /// # Errors
    /// A class of that name could not be made.
    pub fn opened(asset_id: AssetId, currency: CurrencyCode) -> Result<Self, CoreError> {
        Ok(Self {
            asset_id,
            class: "opening".parse()?,
            instrument: Instrument::Spot,
            currency,
            payoff: Payoff::Linear,
            lot_size: Quantity::QUANTUM,
            tick_size: Price::QUANTUM,
            min_notional: Money::ZERO,
            contract_multiplier: Ratio::ONE,
            leverage_factor: Ratio::ONE,
            initial_margin_rate: Ratio::ONE,
            maintenance_margin_rate: Ratio::ONE,
            expiry: None,
            active: true,
        })
    }

    /// The quantity whose notional at a price is `notional`.
    ///
    /// # Errors
    /// As [`AssetSpec::value`].
    pub fn quantity_of(
        &self,
        notional: Money,
        price: Price,
        rounding: Rounding,
    ) -> Result<Quantity, CoreError> {
        let multiplier = self.contract_multiplier.units();
        let quantity = match self.payoff {
            Payoff::Linear => product_div(
                &[notional.units(), Quantity::SCALE, Ratio::SCALE],
                &[multiplier, price.units()],
                rounding,
            ),
            Payoff::Inverse => product_div(
                &[
                    notional.units(),
                    price.units(),
                    Quantity::SCALE,
                    Ratio::SCALE,
                ],
                &[multiplier, Money::SCALE, Price::SCALE],
                rounding,
            ),
        };
        quantity.map(Quantity::from_units)
    }

    /// Capital that one unit of absolute exposure ties up: all of what is paid in full, the
    /// initial margin of the rest. Rounded up.
    ///
    /// # Errors
    /// [`CoreError::DivisionByZero`] for a leverage factor of zero.
    pub fn capital_rate(&self) -> Result<Ratio, CoreError> {
        mul_div(
            self.initial_margin_rate.units(),
            Ratio::SCALE,
            self.leverage_factor.units(),
            Rounding::AwayFromZero,
        )
        .map(Ratio::from_units)
    }

    /// Margin that one unit of absolute exposure must keep, like [`AssetSpec::capital_rate`]. Rounded
    /// up.
    ///
    /// # Errors
    /// [`CoreError::DivisionByZero`] for a leverage factor of zero.
    pub fn maintenance_rate(&self) -> Result<Ratio, CoreError> {
        mul_div(
            self.maintenance_margin_rate.units(),
            Ratio::SCALE,
            self.leverage_factor.units(),
            Rounding::AwayFromZero,
        )
        .map(Ratio::from_units)
    }

    /// The leverage multiplier that its bound limits: the factor of a leveraged token, notional
    /// over initial margin of a margined instrument (seed 6.2). Rounded up.
    ///
    /// # Errors
    /// [`CoreError::DivisionByZero`] for a margin rate of zero.
    pub fn leverage_multiplier(&self) -> Result<Ratio, CoreError> {
        mul_div(
            self.leverage_factor.units(),
            Ratio::SCALE,
            self.initial_margin_rate.units(),
            Rounding::AwayFromZero,
        )
        .map(Ratio::from_units)
    }
}

#[cfg(test)]
mod tests;
