//! Out versus in: what leaves is held against what was decided, by arithmetic that shares nothing
//! with the planning of orders (SEC 15c3-5; docs/decision.md). A difference halts the engine.

use ios012_constraints::discrepancy::PER_MILLE;
use ios012_core::fixed::value_of;
use ios012_core::sequence::Intent;
use ios012_core::{
    AssetSpec, CoreError, Exposure, FxRate, Money, Price, Quantity, Ratio, Rounding, mul_div,
};

/// Quanta of money by which two ways of rounding one value may differ.
const ROUNDINGS: Money = Money::from_units(8);

/// One asset at the moment an order for it is about to leave.
#[derive(Debug, Clone, Copy)]
pub(super) struct Leaving<'a> {
    pub(super) spec: &'a AssetSpec,
    pub(super) price: Price,
    pub(super) rate: FxRate,
    pub(super) nlv: Money,
    /// What the decision allows.
    pub(super) allowed: Exposure,
    /// Units held now, and once everything that is out is filled, this order included.
    pub(super) held: Quantity,
    pub(super) after: Quantity,
}

impl Leaving<'_> {
    /// Whether the orders that are out carry out the decision: a reduction ends between what was
    /// held and what is allowed, and never on the other side of zero; an increase ends on the side
    /// of what is allowed, and not beyond it. One lot and the roundings of the two ways are let
    /// pass.
    pub(super) fn agrees(&self, intent: Intent) -> Result<bool, CoreError> {
        let allowed = self.units(self.allowed)?;
        let slack = self.spec.lot_size.checked_add(self.rounding()?)?;
        let (held, after) = (self.held.units(), self.after.units());
        Ok(match intent {
            Intent::Reduce => {
                let same_side = held.signum() == self.allowed.units().signum();
                let floor = if same_side { allowed } else { Quantity::ZERO };
                let reached = self.after.checked_abs()?.checked_add(slack)?;
                let nearer = after.unsigned_abs() < held.unsigned_abs();
                let crosses = after != 0 && after.signum() != held.signum();
                nearer && !crosses && reached >= floor
            }
            Intent::Increase => {
                let side = self.allowed.units().signum();
                let most = allowed.checked_add(slack)?;
                after.signum() == side && self.after.checked_abs()? <= most
            }
        })
    }

    /// Whether a position is between what was held and what is allowed. One lot, the roundings and
    /// 0.1 % of the larger end are let pass (ADR-010).
    pub(super) fn is_between(&self) -> Result<bool, CoreError> {
        let allowed = self.units(self.allowed)?;
        let allowed = if self.allowed.is_negative() {
            allowed.checked_neg()?
        } else {
            allowed
        };
        let larger = allowed.checked_abs()?.max(self.held.checked_abs()?);
        let tolerance = Quantity::from_units(larger.units() / PER_MILLE);
        let slack = self.spec.lot_size.checked_add(self.rounding()?)?;
        let slack = slack.checked_add(tolerance)?;
        let low = allowed.min(self.held).checked_sub(slack)?;
        let high = allowed.max(self.held).checked_add(slack)?;
        Ok(low <= self.after && self.after <= high)
    }

    /// Units whose exposure is that large, without a sign.
    fn units(&self, exposure: Exposure) -> Result<Quantity, CoreError> {
        let down = Rounding::TowardZero;
        self.units_of(value_of(exposure.checked_abs()?, self.nlv, down)?)
    }

    /// Units that roundings of money may come to.
    fn rounding(&self) -> Result<Quantity, CoreError> {
        let units = self.units_of(ROUNDINGS)?;
        units
            .checked_add(Quantity::QUANTUM)?
            .checked_add(Quantity::QUANTUM)
    }

    fn units_of(&self, value: Money) -> Result<Quantity, CoreError> {
        let down = Rounding::TowardZero;
        let local = self.rate.from_base(value, down)?;
        let factor = self.spec.leverage_factor.units();
        let notional = mul_div(local.units(), Ratio::SCALE, factor, down)?;
        self.spec
            .quantity_of(Money::from_units(notional), self.price, down)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of<T: std::str::FromStr<Err = CoreError>>(text: &str) -> T {
        text.parse().expect("a decimal")
    }

    /// NLV 10,000 at 10 a unit in lots of 1: an exposure of 0.1 is 100 units.
    fn agrees(intent: Intent, allowed: &str, held: &str, after: &str) -> bool {
        let spec = AssetSpec::opened(of("A"), of("USD")).expect("a spec");
        let spec = AssetSpec {
            lot_size: Quantity::ONE,
            ..spec
        };
        let leaving = Leaving {
            spec: &spec,
            price: of("10"),
            rate: FxRate::ONE,
            nlv: of("10000"),
            allowed: of(allowed),
            held: of(held),
            after: of(after),
        };
        leaving.agrees(intent).expect("sums")
    }

    #[test]
    fn a_reduction_ends_between_what_is_held_and_what_is_allowed() {
        use Intent::Reduce;
        assert!(agrees(Reduce, "0.1", "150", "100"));
        assert!(agrees(Reduce, "0.1", "150", "140"), "a part of it");
        assert!(agrees(Reduce, "0.1", "150", "99"), "a lot");
        assert!(!agrees(Reduce, "0.1", "150", "98.9"));
        assert!(!agrees(Reduce, "0.1", "150", "150"), "nothing");
        assert!(!agrees(Reduce, "0.1", "150", "160"), "the wrong side");
        assert!(
            agrees(Reduce, "-0.1", "150", "0"),
            "the first leg of a flip"
        );
        assert!(!agrees(Reduce, "-0.1", "150", "-1"));
        assert!(agrees(Reduce, "-0.1", "-150", "-100"));
        assert!(!agrees(Reduce, "-0.1", "-150", "-98.9"));
    }

    #[test]
    fn a_position_is_between_what_was_held_and_what_is_allowed() {
        let between = |allowed: &str, held: &str, after: &str| {
            let spec = AssetSpec::opened(of("A"), of("USD")).expect("a spec");
            let leaving = Leaving {
                spec: &AssetSpec {
                    lot_size: Quantity::ONE,
                    ..spec
                },
                price: of("10"),
                rate: FxRate::ONE,
                nlv: of("1000000"),
                allowed: of(allowed),
                held: of(held),
                after: of(after),
            };
            leaving.is_between().expect("sums")
        };
        assert!(between("0.1", "2000", "10000"));
        assert!(between("0.1", "2000", "2000"));
        assert!(between("0.1", "2000", "10011"), "a lot and 10 of 10,000");
        assert!(!between("0.1", "2000", "10011.1"));
        assert!(!between("0.1", "2000", "1988.9"));
        assert!(between("-0.1", "2000", "-10011"));
        assert!(!between("-0.1", "2000", "2011.1"));
    }

    #[test]
    fn an_increase_does_not_pass_what_is_allowed() {
        use Intent::Increase;
        assert!(agrees(Increase, "0.1", "0", "100"));
        assert!(agrees(Increase, "0.1", "50", "101"), "a lot");
        assert!(!agrees(Increase, "0.1", "50", "101.1"));
        assert!(!agrees(Increase, "0.1", "0", "-1"), "the wrong side");
        assert!(!agrees(Increase, "0", "0", "1"), "nothing was allowed");
        assert!(agrees(Increase, "-0.1", "0", "-100"));
        assert!(!agrees(Increase, "-0.1", "0", "-101.1"));
    }
}
