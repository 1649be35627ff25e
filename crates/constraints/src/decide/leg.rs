//! One asset's move while it is being decided.

use alloc::vec::Vec;
use core::cmp::Ordering;

use ios012_core::{CoreError, Exposure};

use crate::{Binding, Limit};

/// The parts of one move. `previous` and `value` are signed, the other parts are magnitudes.
#[derive(Debug, Clone, Default)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "four independent facts about one asset"
)]
pub(crate) struct Leg {
    /// Marked exposure before the cycle.
    pub(crate) previous: i128,
    /// Sign of the bounded target: the side of the kept part and of the increase.
    pub(crate) target_sign: i128,
    /// What stays: same-sign `min(|previous|, |target|)`, less what cures took.
    pub(crate) kept: i128,
    /// The reduction that is made.
    pub(crate) reduction: i128,
    /// The increase that is wanted, at most what `max_delta` leaves.
    pub(crate) wanted_increase: i128,
    /// The increase that is made.
    pub(crate) increase: i128,
    /// The increase at the moment a full limit stopped it, before the net limit.
    pub(crate) shared_increase: i128,
    /// The limit that stopped the increase, by its place among the rooms.
    pub(crate) stopped_by: Option<usize>,
    /// Capital that a quantum of absolute exposure ties up (`AssetRow::capital_weight`).
    pub(crate) capital_weight: i128,
    /// Whether the asset may trade now.
    pub(crate) open: bool,
    /// Whether a block holds.
    pub(crate) blocked: bool,
    /// Whether `previous` is outside the asset's own bounds.
    pub(crate) above_bound: bool,
    /// Whether a portfolio limit of this asset was broken before the cycle, or would be by the
    /// kept parts.
    pub(crate) in_broken_limit: bool,
    /// What the waterfall has come to.
    pub(crate) value: i128,
    /// The limits that bound so far.
    pub(crate) bindings: Vec<Binding>,
}

impl Leg {
    /// The result of the waterfall.
    pub(crate) const fn allowed(&self) -> Exposure {
        Exposure::from_units(self.value)
    }

    /// Sign of the exposure before the cycle.
    pub(crate) const fn previous_sign(&self) -> i128 {
        self.previous.signum()
    }

    /// Magnitude of the exposure before the cycle.
    pub(crate) fn previous_size(&self) -> Result<i128, CoreError> {
        self.previous.checked_abs().ok_or(OVERFLOW)
    }

    /// What the move gives up if nothing slows it.
    pub(crate) fn wanted_reduction(&self) -> Result<i128, CoreError> {
        difference(self.previous_size()?, self.kept)
    }

    /// Magnitude on the side before the cycle once the reduction is made.
    pub(crate) fn reduced_size(&self) -> Result<i128, CoreError> {
        difference(self.previous_size()?, self.reduction)
    }

    /// Capital that a magnitude of this asset ties up, long or short.
    pub(crate) fn capital(&self, size: i128) -> Result<i128, CoreError> {
        // Most magnitudes that are asked for are zero, and a checked product is slow.
        if size == 0 {
            return Ok(0);
        }
        product(size, self.capital_weight)
    }

    /// Signed exposure once the reduction is made.
    pub(crate) fn reduced(&self) -> Result<i128, CoreError> {
        signed(self.reduced_size()?, self.previous_sign())
    }

    /// Notes that `limit` changed what is allowed to `after`, if it did.
    pub(crate) fn bind(&mut self, limit: &Limit, after: i128) {
        if after != self.value {
            self.bindings.push(Binding {
                limit: limit.clone(),
                before: Exposure::from_units(self.value),
                after: Exposure::from_units(after),
            });
            self.value = after;
        }
    }

    /// Shrinks the kept part to `kept` and gives up the increase, because of `limit`.
    pub(crate) fn shrink(&mut self, limit: &Limit, kept: i128) -> Result<(), CoreError> {
        self.kept = kept;
        self.wanted_increase = 0;
        self.in_broken_limit = true;
        let after = signed(self.kept, self.previous_sign())?;
        self.bind(limit, after);
        Ok(())
    }

    /// Makes the reduction, at most `max_delta`, and leaves the increase what remains of it.
    pub(crate) fn make_reduction(
        &mut self,
        wanted: i128,
        max_delta: i128,
    ) -> Result<(), CoreError> {
        self.reduction = wanted.min(max_delta);
        if self.reduction < wanted {
            self.wanted_increase = 0;
            let after = self.reduced()?;
            self.bind(&Limit::MaxDelta, after);
            return Ok(());
        }
        let left = difference(max_delta, self.reduction)?;
        if self.wanted_increase > left {
            self.wanted_increase = left;
            let after = self.with_increase(left)?;
            self.bind(&Limit::MaxDelta, after);
        }
        Ok(())
    }

    /// Signed exposure after the reduction and an increase of the given size.
    pub(crate) fn with_increase(&self, increase: i128) -> Result<i128, CoreError> {
        if increase == 0 {
            return self.reduced();
        }
        sum(self.reduced()?, signed(increase, self.target_sign)?)
    }
}

pub(crate) const OVERFLOW: CoreError = CoreError::Overflow {
    operation: "exposure",
};

pub(crate) fn sum(a: i128, b: i128) -> Result<i128, CoreError> {
    a.checked_add(b).ok_or(OVERFLOW)
}

pub(crate) fn difference(a: i128, b: i128) -> Result<i128, CoreError> {
    a.checked_sub(b).ok_or(OVERFLOW)
}

pub(crate) fn product(a: i128, b: i128) -> Result<i128, CoreError> {
    a.checked_mul(b).ok_or(OVERFLOW)
}

/// A magnitude with a sign of −1, 0 or 1.
pub(crate) fn signed(size: i128, sign: i128) -> Result<i128, CoreError> {
    match sign.cmp(&0) {
        Ordering::Less => size.checked_neg().ok_or(OVERFLOW),
        Ordering::Equal => Ok(0),
        Ordering::Greater => Ok(size),
    }
}
