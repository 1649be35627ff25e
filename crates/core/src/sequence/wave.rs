//! Increases in waves, so that the net limit holds whichever of them are filled (I10).

use alloc::vec::Vec;

use super::increase::residual;
use super::sizing::{Terms, most_lots};
use super::{Increases, MAX_SLICES, Move, Plan, PlannedOrder, Residual, ResidualReason, Side};
use crate::{AssetSpec, CoreError, FxRate, Money, Price, Quantity};

/// What has not left yet of one increase.
#[derive(Debug, Clone)]
pub(super) struct Pending {
    spec: AssetSpec,
    reference_price: Price,
    rate: FxRate,
    order: PlannedOrder,
    /// Exposure of what is left, in base currency, rounded up.
    exposure: Money,
    slices: usize,
}

impl Increases {
    /// Whether everything has left or was told as a residual.
    pub const fn is_done(&self) -> bool {
        self.pending.is_empty() && self.residuals.is_empty()
    }

    /// What has not left and never will, where the plan ends early.
    pub fn into_residuals(self) -> impl Iterator<Item = Residual> {
        let pending = self.pending.into_iter().map(|pending| {
            residual(
                &pending.order,
                pending.order.quantity,
                ResidualReason::NoSafePrefix,
            )
        });
        self.residuals.into_iter().chain(pending)
    }

    /// The next orders, of which any part may be filled in any order: `abs(net)` passes neither
    /// `limit` nor, where it is above that, its value now. Call it again, when all of them are
    /// final, with the net exposure as it is booked then. Nothing is asked for twice: what is not
    /// filled of a wave is over.
    ///
    /// `net` is the signed sum of exposures at reference prices and `limit` the net limit, both as
    /// money of the base currency; [`Money::from_units`]`(i128::MAX)` is no limit.
    ///
    /// Everything leaves at once where that is safe. If not, a wave has one side: that which
    /// brings net toward zero (at zero the longs) or, where it has nothing to send, the other one.
    /// Within a wave, orders leave by asset. Where neither side can send anything, what is left is
    /// a residual.
    ///
    /// # Errors
    /// Arithmetic overflow.
    pub fn next_wave(
        &mut self,
        net: Money,
        limit: Money,
        plan: &mut Plan,
    ) -> Result<(), CoreError> {
        plan.orders.clear();
        plan.residuals.clear();
        plan.residuals.append(&mut self.residuals);
        if self.fits_at_once(net, limit)? {
            let all = self.pending.drain(..).map(|pending| pending.order);
            plan.orders.extend(all);
            return Ok(());
        }
        let sides = if net.is_positive() {
            [Side::Sell, Side::Buy]
        } else {
            [Side::Buy, Side::Sell]
        };
        for side in sides {
            let room = match side {
                Side::Buy => limit.checked_sub(net)?,
                Side::Sell => limit.checked_add(net)?,
            };
            self.send_side(side, room, plan)?;
            if !plan.orders.is_empty() {
                return Ok(());
            }
        }
        for pending in self.pending.drain(..) {
            let (order, reason) = (pending.order, ResidualReason::NoSafePrefix);
            plan.residuals
                .push(residual(&order, order.quantity, reason));
        }
        Ok(())
    }

    /// Whether each side is safe without any fill of the other.
    fn fits_at_once(&self, net: Money, limit: Money) -> Result<bool, CoreError> {
        let (mut longs, mut shorts) = (Money::ZERO, Money::ZERO);
        for pending in &self.pending {
            let side = match pending.order.side {
                Side::Buy => &mut longs,
                Side::Sell => &mut shorts,
            };
            *side = side.checked_add(pending.exposure)?;
        }
        let longs_fit = longs.is_zero() || longs.checked_add(net)? <= limit;
        let shorts_fit = shorts.is_zero() || shorts.checked_sub(net)? <= limit;
        Ok(longs_fit && shorts_fit)
    }

    /// Sends whole orders of one side while they fit into the room, and of the next one what fits.
    fn send_side(&mut self, side: Side, room: Money, plan: &mut Plan) -> Result<(), CoreError> {
        let mut room = room;
        let mut is_full = false;
        let mut kept = Vec::with_capacity(self.pending.len());
        for mut pending in core::mem::take(&mut self.pending) {
            if is_full || pending.order.side != side {
                kept.push(pending);
                continue;
            }
            let quantity = pending.fitting(room)?;
            if quantity.is_positive() {
                room = room.checked_sub(pending.terms().base_exposure(quantity)?)?;
                is_full = quantity < pending.order.quantity;
                plan.orders.push(pending.take(quantity)?);
            }
            if pending.slices >= MAX_SLICES && pending.order.quantity.is_positive() {
                plan.residuals.push(pending.too_many_slices());
            } else if pending.order.quantity.is_positive() {
                kept.push(pending);
            }
        }
        self.pending = kept;
        Ok(())
    }
}

impl Pending {
    pub(super) fn new(step: &Move<'_>, order: PlannedOrder) -> Result<Self, CoreError> {
        Ok(Self {
            spec: step.spec.clone(),
            reference_price: step.reference_price,
            rate: step.rate,
            order,
            exposure: step.terms().base_exposure(order.quantity)?,
            slices: 0,
        })
    }

    const fn terms(&self) -> Terms<'_> {
        Terms {
            spec: &self.spec,
            reference_price: self.reference_price,
            rate: self.rate,
        }
    }

    /// The most whole lots that fit into the room, where they and the rest of the order are both
    /// large enough to trade.
    fn fitting(&self, room: Money) -> Result<Quantity, CoreError> {
        let (left, lot) = (self.order.quantity, self.spec.lot_size);
        if self.exposure <= room {
            return Ok(left);
        }
        if !room.is_positive() {
            return Ok(Quantity::ZERO);
        }
        let most = most_lots(left, lot, |part| {
            let rest = left.checked_sub(part)?;
            Ok(self.terms().base_exposure(part)? <= room && self.terms().reaches_minimum(rest)?)
        })?;
        let is_tradable = most.is_positive() && self.terms().reaches_minimum(most)?;
        Ok(if is_tradable { most } else { Quantity::ZERO })
    }

    /// Takes a part out as an order of its own.
    fn take(&mut self, quantity: Quantity) -> Result<PlannedOrder, CoreError> {
        let part = PlannedOrder {
            quantity,
            ..self.order
        };
        self.order.quantity = self.order.quantity.checked_sub(quantity)?;
        self.exposure = self.terms().base_exposure(self.order.quantity)?;
        self.slices = self.slices.saturating_add(1);
        Ok(part)
    }

    fn too_many_slices(&self) -> Residual {
        let reason = ResidualReason::TooManySlices;
        residual(&self.order, self.order.quantity, reason)
    }
}
