//! Translation between currencies.

use crate::fixed::product_div;
use crate::{CoreError, Money, Price, Rounding};

/// What one unit of a currency is worth in base currency. A pair that is quoted the other way
/// round stays a quotient, so the rate itself is never rounded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FxRate {
    price: Price,
    inverted: bool,
}

impl FxRate {
    /// The rate of the base currency to itself.
    pub const ONE: Self = Self {
        price: Price::ONE,
        inverted: false,
    };

    /// From a pair that prices the currency in base currency.
    pub const fn direct(price: Price) -> Self {
        Self {
            price,
            inverted: false,
        }
    }

    /// From a pair that prices the base currency in the currency.
    pub const fn inverted(price: Price) -> Self {
        Self {
            price,
            inverted: true,
        }
    }

    /// The rate as numerator and denominator, both above zero.
    pub(crate) const fn fraction(self) -> (i128, i128) {
        if self.inverted {
            (Price::SCALE, self.price.units())
        } else {
            (self.price.units(), Price::SCALE)
        }
    }

    /// Whether the pair's price is above zero, as a rate must be.
    pub const fn is_positive(self) -> bool {
        self.price.is_positive()
    }

    /// Translates an amount of the currency into base currency.
    ///
    /// # Errors
    /// [`CoreError::Overflow`] or [`CoreError::DivisionByZero`].
    pub fn to_base(self, amount: Money, rounding: Rounding) -> Result<Money, CoreError> {
        self.translate(amount, self.inverted, rounding)
    }

    /// Translates an amount of base currency into the currency.
    ///
    /// # Errors
    /// [`CoreError::Overflow`] or [`CoreError::DivisionByZero`].
    pub fn from_base(self, amount: Money, rounding: Rounding) -> Result<Money, CoreError> {
        self.translate(amount, !self.inverted, rounding)
    }

    fn translate(
        self,
        amount: Money,
        divide: bool,
        rounding: Rounding,
    ) -> Result<Money, CoreError> {
        if self == Self::ONE {
            return Ok(amount);
        }
        let (price, scale) = (self.price.units(), Price::SCALE);
        let (factor, divisor) = if divide {
            (scale, price)
        } else {
            (price, scale)
        };
        product_div(&[amount.units(), factor], &[divisor], rounding).map(Money::from_units)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn amount<T: core::str::FromStr<Err = CoreError>>(text: &str) -> T {
        text.parse().expect("a decimal")
    }

    #[test]
    fn a_pair_translates_in_both_quotations() {
        let euro = FxRate::direct(amount("1.1"));
        let yen = FxRate::inverted(amount("150"));
        let cases = [
            (euro.to_base(amount("100"), Rounding::TowardZero), "110"),
            (euro.from_base(amount("110"), Rounding::TowardZero), "100"),
            (yen.to_base(amount("15000"), Rounding::TowardZero), "100"),
            (yen.from_base(amount("100"), Rounding::TowardZero), "15000"),
            (
                yen.to_base(amount("-100"), Rounding::AwayFromZero),
                "-0.66666667",
            ),
            (yen.to_base(amount("100"), Rounding::HalfEven), "0.66666667"),
            (yen.to_base(amount("50"), Rounding::HalfEven), "0.33333333"),
            (FxRate::ONE.to_base(amount("7"), Rounding::HalfEven), "7"),
        ];
        for (found, expected) in cases {
            assert_eq!(found, Ok(amount(expected)), "{expected}");
        }
    }

    #[test]
    fn a_rate_is_above_zero() {
        for (price, expected) in [("-1", false), ("0", false), ("0.00000001", true)] {
            for rate in [
                FxRate::direct(amount(price)),
                FxRate::inverted(amount(price)),
            ] {
                assert_eq!(rate.is_positive(), expected, "{price}");
            }
        }
    }

    /// The fraction is the rate: translating by it is translating.
    #[test]
    fn a_rate_is_its_fraction() {
        for rate in [
            FxRate::direct(amount("1.1")),
            FxRate::inverted(amount("150")),
        ] {
            let (numerator, denominator) = rate.fraction();
            assert!(numerator > 0 && denominator > 0);
            let money: Money = amount("12345.67");
            let units = crate::mul_div(money.units(), numerator, denominator, Rounding::TowardZero);
            let translated = rate.to_base(money, Rounding::TowardZero);
            assert_eq!(translated.map(Money::units), units);
        }
    }
}
