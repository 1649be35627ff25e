//! How many units an exposure, a value or a limit is, and at which price they may trade.

use alloc::vec::Vec;

use super::{
    Intent, Move, OrderBounds, PlannedOrder, Residual, ResidualReason, Side, tick_above, tick_below,
};
use crate::fixed::{fraction_of, product_div};
use crate::{
    AssetSpec, CoreError, Exposure, FxRate, Money, Payoff, Price, Quantity, Ratio, Rounding,
    mul_div,
};

/// An asset at its reference price.
#[derive(Debug, Clone, Copy)]
pub(super) struct Terms<'a> {
    pub(super) spec: &'a AssetSpec,
    pub(super) reference_price: Price,
    pub(super) rate: FxRate,
}

/// One leg of a move, before it is cut to what can be ordered.
#[derive(Debug, Clone, Copy)]
pub(super) struct Leg {
    pub(super) side: Side,
    pub(super) intent: Intent,
    /// Units, not yet whole lots.
    pub(super) wanted: Quantity,
    /// Whether it gives up all that is held.
    pub(super) closes: bool,
}

impl<'a> Move<'a> {
    pub(super) const fn terms(&self) -> Terms<'a> {
        Terms {
            spec: self.spec,
            reference_price: self.reference_price,
            rate: self.rate,
        }
    }

    /// What the move gives up. A change of sign gives up all of it, and no move more than is held.
    pub(super) fn reduction(&self, nlv: Money) -> Result<Option<Leg>, CoreError> {
        let (before, after) = (self.previous.units(), self.allowed.units());
        let closes = before.signum() != after.signum();
        let shrinks = closes || after.unsigned_abs() < before.unsigned_abs();
        if before == 0 || !shrinks {
            return Ok(None);
        }
        let (side, held) = if self.previous.is_negative() {
            (Side::Buy, self.held.checked_neg()?)
        } else {
            (Side::Sell, self.held)
        };
        let wanted = if closes {
            held
        } else {
            held.checked_sub(self.allowed_units(nlv, Rounding::AwayFromZero)?)?
        };
        Ok(Some(Leg {
            side,
            intent: Intent::Reduce,
            wanted,
            closes,
        }))
    }

    /// What the move adds, seen from what is held on the same side; and whether the other side is
    /// still held, so that it may not.
    pub(super) fn increase(&self, nlv: Money) -> Result<Option<(Leg, bool)>, CoreError> {
        let (before, after) = (self.previous.units(), self.allowed.units());
        let grows =
            before.signum() != after.signum() || after.unsigned_abs() > before.unsigned_abs();
        if after == 0 || !grows {
            return Ok(None);
        }
        let (side, held) = if self.allowed.is_negative() {
            (Side::Sell, self.held.checked_neg()?)
        } else {
            (Side::Buy, self.held)
        };
        let target = self.allowed_units(nlv, Rounding::TowardZero)?;
        let leg = Leg {
            side,
            intent: Intent::Increase,
            wanted: target.checked_sub(held.max(Quantity::ZERO))?,
            closes: false,
        };
        Ok(Some((leg, held.is_negative())))
    }

    /// The largest order in whole lots by value and by units, and which of the two is the tighter.
    pub(super) fn largest_order(
        &self,
        bounds: OrderBounds,
    ) -> Result<Option<(Quantity, ResidualReason)>, CoreError> {
        let by_value = match bounds.max_order_notional {
            Some(most) => {
                let most = self.rate.from_base(most, Rounding::TowardZero)?;
                let units =
                    self.spec
                        .quantity_of(most, self.reference_price, Rounding::TowardZero)?;
                Some((units, ResidualReason::AboveMaxOrderNotional))
            }
            None => None,
        };
        let by_units = self
            .max_order_quantity
            .map(|units| (units, ResidualReason::AboveMaxOrderQuantity));
        let tighter = by_value
            .into_iter()
            .chain(by_units)
            .min_by_key(|(units, _)| *units);
        match tighter {
            Some((units, reason)) => Ok(Some((whole_lots(units, self.spec.lot_size)?, reason))),
            None => Ok(None),
        }
    }

    fn allowed_units(&self, nlv: Money, rounding: Rounding) -> Result<Quantity, CoreError> {
        self.terms()
            .units_at(self.allowed.checked_abs()?, nlv, rounding)
    }

    /// The order for a leg: whole lots, a price on the tick, at least the smallest order value.
    /// A close may be smaller, so that no position is too small to leave. What can't be ordered
    /// goes to the residuals; a lot not filled up is one only where nothing may stay.
    pub(super) fn order(
        &self,
        index: usize,
        leg: Leg,
        collar: Ratio,
        residuals: &mut Vec<Residual>,
    ) -> Result<Option<PlannedOrder>, CoreError> {
        if !leg.wanted.is_positive() {
            return Ok(None);
        }
        let mut leave = |quantity, reason| {
            residuals.push(Residual {
                index,
                side: leg.side,
                quantity,
                reason,
            });
        };
        let quantity = whole_lots(leg.wanted, self.spec.lot_size)?;
        let limit_price = self.limit_price(leg.side, collar)?;
        if quantity.is_zero() {
            leave(leg.wanted, ResidualReason::BelowLot);
        } else if !leg.closes && !self.terms().reaches_minimum(quantity)? {
            leave(leg.wanted, ResidualReason::BelowMinNotional);
        } else if !limit_price.is_positive() {
            leave(leg.wanted, ResidualReason::NoPrice);
        } else {
            if leg.closes && quantity < leg.wanted {
                leave(leg.wanted.checked_sub(quantity)?, ResidualReason::BelowLot);
            }
            return Ok(Some(PlannedOrder {
                index,
                side: leg.side,
                intent: leg.intent,
                quantity,
                limit_price,
            }));
        }
        Ok(None)
    }

    /// The farthest price of the collar, on the tick inside it: a buy's is rounded down, a sale's
    /// up.
    fn limit_price(&self, side: Side, collar: Ratio) -> Result<Price, CoreError> {
        let reference = self.reference_price.units();
        let width = mul_div(
            reference,
            collar.units(),
            Ratio::SCALE,
            Rounding::TowardZero,
        )?;
        let width = Price::from_units(width);
        match side {
            Side::Buy => tick_below(
                self.reference_price.checked_add(width)?,
                self.spec.tick_size,
            ),
            Side::Sell => tick_above(
                self.reference_price.checked_sub(width)?,
                self.spec.tick_size,
            ),
        }
    }
}

impl Terms<'_> {
    /// The units whose exposure is `exposure`, by one quotient that is rounded once:
    /// `notional × rate × leverage_factor = exposure × nlv`, solved for the quantity.
    pub(super) fn units_at(
        &self,
        exposure: Exposure,
        nlv: Money,
        rounding: Rounding,
    ) -> Result<Quantity, CoreError> {
        /// Quanta of exposure per quantum of quantity: money and price share their quantum.
        const PER_UNIT: i128 = Exposure::SCALE / Quantity::SCALE;
        /// The quanta of `exposure × nlv / (multiplier × factor × price)` in those of a quantity.
        const LINEAR: i128 = Ratio::SCALE * Ratio::SCALE / PER_UNIT;
        /// The same where the price is above the line.
        const INVERSE: i128 = LINEAR / (Price::SCALE * Price::SCALE);
        let spec = self.spec;
        let (multiplier, factor) = (spec.contract_multiplier, spec.leverage_factor);
        let (exposure, nlv, price) = (exposure.units(), nlv.units(), self.reference_price.units());
        let (rate, rate_divisor) = self.rate.fraction();
        let divisor = [multiplier.units(), factor.units(), rate];
        let units = match spec.payoff {
            Payoff::Linear
                if (multiplier, factor, self.rate) == (Ratio::ONE, Ratio::ONE, FxRate::ONE) =>
            {
                let overflow = CoreError::Overflow {
                    operation: "units of an exposure",
                };
                let per_unit = price.checked_mul(PER_UNIT).ok_or(overflow)?;
                mul_div(exposure, nlv, per_unit, rounding)
            }
            Payoff::Linear => {
                let [multiplier, factor, rate] = divisor;
                product_div(
                    &[exposure, nlv, LINEAR, rate_divisor],
                    &[multiplier, factor, rate, price],
                    rounding,
                )
            }
            Payoff::Inverse => product_div(
                &[exposure, nlv, price, INVERSE, rate_divisor],
                &divisor,
                rounding,
            ),
        };
        units.map(Quantity::from_units)
    }

    /// Size in base currency, rounded twice in one direction: in its currency and translated.
    pub(super) fn base_notional(
        &self,
        quantity: Quantity,
        rounding: Rounding,
    ) -> Result<Money, CoreError> {
        let notional = self
            .spec
            .notional(quantity, self.reference_price, rounding)?;
        self.rate.to_base(notional, rounding)
    }

    /// What a quantity adds to gross exposure, as money of the base currency, rounded up.
    pub(super) fn base_exposure(&self, quantity: Quantity) -> Result<Money, CoreError> {
        let notional = self.base_notional(quantity, Rounding::AwayFromZero)?;
        fraction_of(notional, self.spec.leverage_factor, Rounding::AwayFromZero)
    }

    pub(super) fn reaches_minimum(&self, quantity: Quantity) -> Result<bool, CoreError> {
        let value = self
            .spec
            .notional(quantity, self.reference_price, Rounding::TowardZero)?;
        Ok(value >= self.spec.min_notional)
    }
}

/// The largest multiple of the lot that is not above the quantity.
pub(super) fn whole_lots(quantity: Quantity, lot: Quantity) -> Result<Quantity, CoreError> {
    let rest = quantity.units().checked_rem(lot.units());
    let rest = rest.ok_or(CoreError::DivisionByZero { operation: "lots" })?;
    quantity.checked_sub(Quantity::from_units(rest))
}

/// The most whole lots, at most `quantity`, for which `fits` holds. It must hold for none at all,
/// and for every fewer where it holds for some.
pub(super) fn most_lots(
    quantity: Quantity,
    lot: Quantity,
    fits: impl Fn(Quantity) -> Result<bool, CoreError>,
) -> Result<Quantity, CoreError> {
    let lots = quantity.units().checked_div(lot.units());
    let lots = lots.ok_or(CoreError::DivisionByZero { operation: "lots" })?;
    let units = |lots: i128| {
        let units = lots.checked_mul(lot.units());
        let units = units.ok_or(CoreError::Overflow { operation: "lots" })?;
        Ok(Quantity::from_units(units))
    };
    if fits(units(lots)?)? {
        return units(lots);
    }
    let (mut fitting, mut too_many) = (0_i128, lots);
    while fitting.midpoint(too_many) > fitting {
        let middle = fitting.midpoint(too_many);
        if fits(units(middle)?)? {
            fitting = middle;
        } else {
            too_many = middle;
        }
    }
    units(fitting)
}
