//! Exact decimals with a fixed quantum, and the one product-and-quotient that serves them all.
//!
//! Each type is a count of its quantum in an `i128`. `rust_decimal` reads text at the door; it is
//! not used for arithmetic, because it rounds silently past 28 digits (docs/adr/0001).

use alloc::string::String;
use core::cmp::Ordering;
use core::fmt;
use core::str::FromStr;

use ethnum::I256;
use rust_decimal::Decimal;

use crate::CoreError;

/// Direction in which a product or quotient that has no exact result is rounded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Rounding {
    /// Drop the fraction: decisions, credits and quantities.
    TowardZero,
    /// Go to the next quantum: measurements and costs.
    AwayFromZero,
    /// Go to the nearest quantum, from halfway to the even one: translation between currencies.
    HalfEven,
}

/// `a × b / divisor` through a 256-bit intermediate, rounded once in the named direction.
///
/// # Errors
/// [`CoreError::DivisionByZero`], or [`CoreError::Overflow`] if the result leaves `i128`.
#[expect(clippy::arithmetic_side_effects, reason = "128 × 128 bits fit 256")]
pub fn mul_div(a: i128, b: i128, divisor: i128, rounding: Rounding) -> Result<i128, CoreError> {
    if divisor == 0 {
        return Err(CoreError::DivisionByZero {
            operation: "mul_div",
        });
    }
    match a.checked_mul(b) {
        Some(product) => narrow_div(product, divisor, rounding),
        None => wide_div(I256::from(a) * I256::from(b), I256::from(divisor), rounding),
    }
}

/// The product of `factors` over the product of `divisors` through 256 bits, rounded once in the
/// named direction.
///
/// # Errors
/// [`CoreError::DivisionByZero`], or [`CoreError::Overflow`] if a product leaves 256 bits or the
/// result leaves `i128`.
pub fn product_div(
    factors: &[i128],
    divisors: &[i128],
    rounding: Rounding,
) -> Result<i128, CoreError> {
    // Most products fit 128 bits, which are divided many times faster.
    if let (Some(numerator), Some(divisor)) = (narrow_product(factors), narrow_product(divisors))
        && divisor != 0
    {
        return narrow_div(numerator, divisor, rounding);
    }
    let overflow = CoreError::Overflow {
        operation: "product_div",
    };
    let numerator = wide_product(factors).ok_or(overflow)?;
    let divisor = wide_product(divisors).ok_or(overflow)?;
    wide_div(numerator, divisor, rounding)
}

/// How `left[0] × left[1]` compares with `right[0] × right[1]`, exactly. It takes 256 bits where 128
/// are too few, so it can't fail.
#[expect(clippy::arithmetic_side_effects, reason = "128 × 128 bits fit 256")]
pub fn compare_products(left: [i128; 2], right: [i128; 2]) -> Ordering {
    let narrow = |[a, b]: [i128; 2]| a.checked_mul(b);
    if let (Some(left), Some(right)) = (narrow(left), narrow(right)) {
        return left.cmp(&right);
    }
    let wide = |[a, b]: [i128; 2]| I256::from(a) * I256::from(b);
    wide(left).cmp(&wide(right))
}

/// The product, if it and what leads to it fit 128 bits.
fn narrow_product(parts: &[i128]) -> Option<i128> {
    let mut parts = parts.iter();
    parts.try_fold(1_i128, |product, &part| product.checked_mul(part))
}

/// The product, if it and what leads to it fit 256 bits.
#[expect(clippy::arithmetic_side_effects, reason = "128 × 128 bits fit 256")]
fn wide_product(parts: &[i128]) -> Option<I256> {
    // A checked product of 256 bits is a division; two halves that fit 128 bits need no check.
    let (first, second) = parts.split_at_checked(parts.len() / 2)?;
    if let (Some(first), Some(second)) = (narrow_product(first), narrow_product(second)) {
        return Some(I256::from(first) * I256::from(second));
    }
    let mut parts = parts.iter().map(|&part| I256::from(part));
    parts.try_fold(I256::ONE, I256::checked_mul)
}

#[expect(
    clippy::arithmetic_side_effects,
    reason = "the checked quotient excludes a divisor of zero and MIN / -1"
)]
fn narrow_div(numerator: i128, divisor: i128, rounding: Rounding) -> Result<i128, CoreError> {
    let overflow = CoreError::Overflow {
        operation: "mul_div",
    };
    let quotient = numerator.checked_div(divisor).ok_or(overflow)?;
    let rest = numerator % divisor;
    let away = match rounding {
        Rounding::TowardZero => false,
        Rounding::AwayFromZero => rest != 0,
        Rounding::HalfEven => {
            // The rest is below the divisor, so the difference can't overflow.
            let rest = rest.unsigned_abs();
            let to_next = divisor.unsigned_abs() - rest;
            rest > to_next || (rest == to_next && quotient % 2 != 0)
        }
    };
    if !away {
        return Ok(quotient);
    }
    let step = if (numerator < 0) == (divisor < 0) {
        1
    } else {
        -1
    };
    quotient.checked_add(step).ok_or(overflow)
}

#[expect(
    clippy::arithmetic_side_effects,
    reason = "a quotient times its divisor is no larger than the numerator"
)]
fn wide_div(numerator: I256, divisor: I256, rounding: Rounding) -> Result<i128, CoreError> {
    if divisor == I256::ZERO {
        return Err(CoreError::DivisionByZero {
            operation: "wide division",
        });
    }
    let overflow = CoreError::Overflow {
        operation: "wide division",
    };
    let quotient = numerator.checked_div(divisor).ok_or(overflow)?;
    let rest = numerator - quotient * divisor;
    let away = match rounding {
        Rounding::TowardZero => false,
        Rounding::AwayFromZero => rest != I256::ZERO,
        Rounding::HalfEven => {
            let rest = rest.unsigned_abs();
            let to_next = divisor.unsigned_abs().checked_sub(rest).ok_or(overflow)?;
            let odd = quotient.checked_rem(I256::new(2)) != Some(I256::ZERO);
            rest > to_next || (rest == to_next && odd)
        }
    };
    let step = match (away, (numerator < I256::ZERO) == (divisor < I256::ZERO)) {
        (false, _) => I256::ZERO,
        (true, true) => I256::ONE,
        (true, false) => I256::MINUS_ONE,
    };
    let rounded = quotient.checked_add(step).ok_or(overflow)?;
    i128::try_from(rounded).map_err(|_| overflow)
}

macro_rules! quantum {
    ($(#[$doc:meta])* $name:ident, $decimals:literal, $scale:literal) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
        pub struct $name(i128);

        impl $name {
            /// Nothing.
            pub const ZERO: Self = Self(0);
            /// One whole unit.
            pub const ONE: Self = Self($scale);
            /// The smallest positive value.
            pub const QUANTUM: Self = Self(1);
            /// Digits after the point.
            pub const DECIMALS: u32 = $decimals;
            /// Quanta in one whole unit.
            pub const SCALE: i128 = $scale;

            /// From a count of quanta.
            pub const fn from_units(units: i128) -> Self {
                Self(units)
            }

            /// The count of quanta.
            pub const fn units(self) -> i128 {
                self.0
            }

            /// Sum, or [`CoreError::Overflow`].
            pub fn checked_add(self, other: Self) -> Result<Self, CoreError> {
                self.0.checked_add(other.0).map(Self)
                    .ok_or(CoreError::Overflow { operation: concat!(stringify!($name), " sum") })
            }

            /// Difference, or [`CoreError::Overflow`].
            pub fn checked_sub(self, other: Self) -> Result<Self, CoreError> {
                self.0.checked_sub(other.0).map(Self)
                    .ok_or(CoreError::Overflow { operation: concat!(stringify!($name), " difference") })
            }

            /// Opposite sign, or [`CoreError::Overflow`].
            pub fn checked_neg(self) -> Result<Self, CoreError> {
                self.0.checked_neg().map(Self)
                    .ok_or(CoreError::Overflow { operation: concat!(stringify!($name), " negation") })
            }

            /// Magnitude, or [`CoreError::Overflow`].
            pub fn checked_abs(self) -> Result<Self, CoreError> {
                self.0.checked_abs().map(Self)
                    .ok_or(CoreError::Overflow { operation: concat!(stringify!($name), " magnitude") })
            }

            /// Whether this is zero.
            pub const fn is_zero(self) -> bool {
                self.0 == 0
            }

            /// Whether this is above zero.
            pub const fn is_positive(self) -> bool {
                self.0 > 0
            }

            /// Whether this is below zero.
            pub const fn is_negative(self) -> bool {
                self.0 < 0
            }

            /// Reads a decimal whose zeros after the point may trail, as CSV files write them.
            pub fn parse_padded(text: &str) -> Result<Self, CoreError> {
                let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
                let trimmed = fraction.trim_end_matches('0');
                if trimmed.len() == fraction.len() {
                    return text.parse();
                }
                let dot = usize::from(!trimmed.is_empty());
                let end = whole.len().saturating_add(dot).saturating_add(trimmed.len());
                let short = text.get(..end).unwrap_or(text);
                if short == "-0" { return Ok(Self::ZERO); }
                short.parse()
            }

            /// Appends the canonical decimal text.
            pub fn write_to(self, out: &mut String) {
                write_decimal(self.0, Self::SCALE.unsigned_abs(), $decimals, out);
            }
        }

        impl FromStr for $name {
            type Err = CoreError;

            fn from_str(text: &str) -> Result<Self, CoreError> {
                parse_units(text, Self::DECIMALS).map(Self)
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                let mut text = String::new();
                self.write_to(&mut text);
                formatter.pad(&text)
            }
        }
    };
}

quantum!(
    /// An amount of one currency, quantum 1e-8.
    Money, 8, 100_000_000
);
quantum!(
    /// A price in the asset's currency per unit, quantum 1e-8.
    Price, 8, 100_000_000
);
quantum!(
    /// A number of units of an asset, signed, quantum 1e-9.
    Quantity, 9, 1_000_000_000
);
quantum!(
    /// A signed fraction of net liquidation value (1 is 100 %), quantum 1e-12.
    Exposure, 12, 1_000_000_000_000
);
quantum!(
    /// A pure number: a rate, a fraction, a score, a threshold, quantum 1e-12.
    Ratio, 12, 1_000_000_000_000
);

impl Ratio {
    /// The ratio of a number of basis points; exact, since a basis point is 1e8 quanta.
    pub fn from_basis_points(basis_points: Self) -> Result<Self, CoreError> {
        mul_div(basis_points.0, 1, 10_000, Rounding::AwayFromZero).map(Self)
    }
}

/// Market value of a quantity at a price: `quantity × price`, signed like the quantity.
pub fn notional(quantity: Quantity, price: Price, rounding: Rounding) -> Result<Money, CoreError> {
    mul_div(quantity.0, price.0, Quantity::SCALE, rounding).map(Money)
}

/// The fraction `rate` of an amount.
pub fn fraction_of(amount: Money, rate: Ratio, rounding: Rounding) -> Result<Money, CoreError> {
    mul_div(amount.0, rate.0, Ratio::SCALE, rounding).map(Money)
}

/// The quantity that a market value buys at a price.
pub fn units_of(value: Money, price: Price, rounding: Rounding) -> Result<Quantity, CoreError> {
    mul_div(value.0, Quantity::SCALE, price.0, rounding).map(Quantity)
}

/// The exposure of a market value: `value / nlv`.
pub fn exposure_of(value: Money, nlv: Money, rounding: Rounding) -> Result<Exposure, CoreError> {
    mul_div(value.0, Exposure::SCALE, nlv.0, rounding).map(Exposure)
}

/// The market value of an exposure: `exposure × nlv`.
pub fn value_of(exposure: Exposure, nlv: Money, rounding: Rounding) -> Result<Money, CoreError> {
    mul_div(exposure.0, nlv.0, Exposure::SCALE, rounding).map(Money)
}

fn parse_units(text: &str, decimals: u32) -> Result<i128, CoreError> {
    check_grammar(text)?;
    let decimal = Decimal::from_str_exact(text).map_err(|_| CoreError::DecimalRange)?;
    let missing = decimals
        .checked_sub(decimal.scale())
        .ok_or(CoreError::TooManyDecimals { decimals })?;
    10_i128
        .checked_pow(missing)
        .and_then(|factor| decimal.mantissa().checked_mul(factor))
        .ok_or(CoreError::DecimalRange)
}

/// Canonical decimal text: optional `-`, no leading zero, no exponent, no trailing zero after the
/// point, zero is `0` (docs/lineage-format.md, Bytes).
fn check_grammar(text: &str) -> Result<(), CoreError> {
    let refuse = |rule| Err(CoreError::DecimalGrammar { rule });
    let magnitude = text.strip_prefix('-').unwrap_or(text);
    let (whole, fraction) = match magnitude.split_once('.') {
        Some((whole, fraction)) => (whole, Some(fraction)),
        None => (magnitude, None),
    };
    let digits = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
    if !digits(whole) || fraction.is_some_and(|part| !digits(part)) {
        return refuse("only digits, one leading minus and one point are allowed");
    }
    if whole.len() > 1 && whole.starts_with('0') {
        return refuse("no leading zeros");
    }
    if fraction.is_some_and(|part| part.ends_with('0')) {
        return refuse("no trailing zeros after the point");
    }
    if text == "-0" {
        return refuse("zero is written 0");
    }
    Ok(())
}

/// Writes all digits at once and sets the point between them. A number below one is written as if
/// it were one larger, which keeps the zeros after the point.
#[expect(
    clippy::arithmetic_side_effects,
    reason = "the sum is below twice the scale"
)]
fn write_decimal(units: i128, scale: u128, decimals: usize, out: &mut String) {
    let magnitude = units.unsigned_abs();
    let is_below_one = magnitude < scale;
    let written = if is_below_one {
        magnitude + scale
    } else {
        magnitude
    };
    let mut buffer = itoa::Buffer::new();
    // Nearly every number fits 64 bits, whose digits are found faster.
    let digits = match u64::try_from(written) {
        Ok(written) => buffer.format(written),
        Err(_) => buffer.format(written),
    };
    let point = digits.len().saturating_sub(decimals);
    let (whole, fraction) = digits.split_at_checked(point).unwrap_or((digits, ""));
    if units < 0 {
        out.push('-');
    }
    if is_below_one {
        out.push('0');
    } else {
        out.push_str(whole);
    }
    let last = fraction.bytes().rposition(|digit| digit != b'0');
    if let Some(kept) = last.and_then(|last| fraction.get(..=last)) {
        out.push('.');
        out.push_str(kept);
    }
}

#[cfg(test)]
mod tests {
    use alloc::string::ToString;
    use proptest::prelude::*;

    use super::*;

    fn oracle_text(units: i128, decimals: u32) -> Option<String> {
        let decimal = Decimal::try_from_i128_with_scale(units, decimals).ok()?;
        Some(decimal.normalize().to_string())
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(4_000))]

        /// `rust_decimal` prints the same number; it is another implementation.
        #[test]
        fn text_agrees_with_rust_decimal(units in -79_228_162_514_264_337_593_543_950_335_i128..=79_228_162_514_264_337_593_543_950_335) {
            prop_assert_eq!(Some(Money(units).to_string()), oracle_text(units, 8));
            prop_assert_eq!(Some(Exposure(units).to_string()), oracle_text(units, 12));
        }

        #[test]
        fn small_numbers_agree_with_rust_decimal(units in -2_000_000_000_000_i128..2_000_000_000_000) {
            prop_assert_eq!(Some(Exposure(units).to_string()), oracle_text(units, 12));
            prop_assert_eq!(Some(Quantity(units).to_string()), oracle_text(units, 9));
        }

        #[test]
        fn what_is_written_is_read_back(units in -79_228_162_514_264_337_593_543_950_335_i128..=79_228_162_514_264_337_593_543_950_335) {
            prop_assert_eq!(Money(units).to_string().parse(), Ok(Money(units)));
        }

        /// The law of division with remainder, in 256 bits: `0 <= a b - q d < d` up to sign.
        #[test]
        fn mul_div_obeys_the_division_law(a: i128, b: i128, divisor: i128) {
            prop_assume!(divisor != 0);
            if let Ok(down) = mul_div(a, b, divisor, Rounding::TowardZero) {
                let product = I256::from(a) * I256::from(b);
                let remainder = product - I256::from(down) * I256::from(divisor);
                prop_assert!(remainder.abs() < I256::from(divisor).abs());
                prop_assert!(remainder == 0 || (remainder < 0) == (product < 0));
                if let Ok(up) = mul_div(a, b, divisor, Rounding::AwayFromZero) {
                    let gap = (up - down).abs();
                    prop_assert_eq!(gap, i128::from(remainder != 0));
                }
            }
        }

        /// A common factor changes no quotient, and takes the products past `i128`.
        #[test]
        fn quotients_are_alike_in_any_width(a: i64, b: i64, d: i64, factor in 1_i64..) {
            prop_assume!(d != 0);
            let [a, b, d, factor] = [a, b, d, factor].map(i128::from);
            for rounding in [Rounding::TowardZero, Rounding::AwayFromZero, Rounding::HalfEven] {
                let expected = mul_div(a, b, d, rounding);
                prop_assert_eq!(product_div(&[a, b], &[d], rounding), expected);
                let by_halves = product_div(&[a, factor, b, factor], &[d, factor, factor], rounding);
                prop_assert_eq!(by_halves, expected);
                let part_by_part = product_div(&[a, factor, factor, b, 1, 1], &[factor, d, factor], rounding);
                prop_assert_eq!(part_by_part, expected);
            }
        }

        /// A common factor of 2^120 changes no comparison, and takes the products past `i128`.
        #[test]
        fn products_compare_alike_in_any_width(a: i64, b: i64, c: i64, d: i64) {
            let expected = (i128::from(a) * i128::from(b)).cmp(&(i128::from(c) * i128::from(d)));
            let wide = |value: i64| i128::from(value) << 60;
            prop_assert_eq!(compare_products([a.into(), b.into()], [c.into(), d.into()]), expected);
            prop_assert_eq!(compare_products([wide(a), wide(b)], [wide(c), wide(d)]), expected);
            prop_assert_eq!(compare_products([wide(a), wide(b)], [wide(b), wide(a)]), Ordering::Equal);
        }

        #[test]
        fn mul_div_agrees_with_rust_decimal(a in -1_000_000_i64..1_000_000, b in -1_000_000_i64..1_000_000, divisor in 1_i64..1_000_000) {
            let exact = Decimal::from(a) * Decimal::from(b) / Decimal::from(divisor);
            let down = mul_div(a.into(), b.into(), divisor.into(), Rounding::TowardZero);
            prop_assert_eq!(down.map(Decimal::from), Ok(exact.trunc()));
        }
    }

    #[test]
    fn refuses_every_form_but_the_canonical_one() {
        for text in [
            "", "-", ".", "1.", ".5", "+1", "01", "00", "-0", "0.0", "1.0", "1.50", "1e3", "1E3",
            "1_000", " 1", "1 ", "1,5", "NaN", "inf", "0x1", "--1", "1.2.3", "\u{661}",
        ] {
            assert!(
                matches!(text.parse::<Money>(), Err(CoreError::DecimalGrammar { .. })),
                "{text:?} was taken"
            );
        }
        assert_eq!(
            "0.000000001".parse::<Money>(),
            Err(CoreError::TooManyDecimals { decimals: 8 })
        );
        assert_eq!(
            "99999999999999999999999999999999".parse::<Money>(),
            Err(CoreError::DecimalRange)
        );
    }

    #[test]
    fn csv_decimals_may_end_in_zeros() {
        assert_eq!(Price::parse_padded("218.0"), "218".parse());
        assert_eq!(Price::parse_padded("1.500"), "1.5".parse());
        assert_eq!(Price::parse_padded("-0.00"), Ok(Price::ZERO));
        assert_eq!(Price::parse_padded("100"), Ok(Price(10_000_000_000)));
        assert!(Price::parse_padded("1.").is_err());
        assert!(Price::parse_padded(".0").is_err());
    }

    #[test]
    fn mul_div_refuses_what_it_cannot_hold() {
        assert!(mul_div(1, 1, 0, Rounding::TowardZero).is_err());
        assert!(mul_div(i128::MAX, 2, 1, Rounding::TowardZero).is_err());
        assert!(mul_div(i128::MIN, 1, -1, Rounding::TowardZero).is_err());
        assert!(mul_div(i128::MAX, i128::MAX, i128::MAX - 1, Rounding::AwayFromZero).is_err());
        assert_eq!(
            mul_div(i128::MIN, i128::MIN, i128::MIN, Rounding::TowardZero),
            Ok(i128::MIN)
        );
    }

    /// Ties go to the even neighbour, whatever the signs, through 128 bits and through 256.
    #[test]
    fn half_even_takes_ties_to_the_even_neighbour() {
        let ties = [(1, 0), (3, 2), (5, 2), (7, 4), (9, 4), (11, 6)];
        for (halves, even) in ties {
            for wide in [1, i128::MAX / 2] {
                for sign in [1, -1] {
                    let round = |a, divisor| mul_div(a, wide, divisor, Rounding::HalfEven);
                    assert_eq!(round(sign * halves, 2 * wide), Ok(sign * even));
                    assert_eq!(round(halves, sign * 2 * wide), Ok(sign * even));
                }
            }
        }
        let wide = i128::MAX / 4;
        assert_eq!(mul_div(7, wide, 4 * wide, Rounding::HalfEven), Ok(2));
        assert_eq!(mul_div(5, wide, 4 * wide, Rounding::HalfEven), Ok(1));
    }
}
