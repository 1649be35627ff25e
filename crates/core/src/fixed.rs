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

/// A quotient fails alike in 128 bits and in 256.
const OVERFLOW: CoreError = CoreError::Overflow {
    operation: "a quotient of products",
};
const BY_ZERO: CoreError = CoreError::DivisionByZero {
    operation: "a quotient of products",
};

/// `a × b / divisor` through a 256-bit intermediate, rounded once in the named direction.
///
/// # Errors
/// [`CoreError::DivisionByZero`], or [`CoreError::Overflow`] if the result leaves `i128`.
#[expect(clippy::arithmetic_side_effects, reason = "128 × 128 bits fit 256")]
pub fn mul_div(a: i128, b: i128, divisor: i128, rounding: Rounding) -> Result<i128, CoreError> {
    if divisor == 0 {
        return Err(BY_ZERO);
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
    let numerator = wide_product(factors).ok_or(OVERFLOW)?;
    let divisor = wide_product(divisors).ok_or(OVERFLOW)?;
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
    let quotient = numerator.checked_div(divisor).ok_or(OVERFLOW)?;
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
    let step = if numerator.is_negative() == divisor.is_negative() {
        1
    } else {
        -1
    };
    quotient.checked_add(step).ok_or(OVERFLOW)
}

#[expect(
    clippy::arithmetic_side_effects,
    reason = "a quotient times its divisor is no larger than the numerator"
)]
fn wide_div(numerator: I256, divisor: I256, rounding: Rounding) -> Result<i128, CoreError> {
    if divisor == I256::ZERO {
        return Err(BY_ZERO);
    }
    let quotient = numerator.checked_div(divisor).ok_or(OVERFLOW)?;
    let rest = numerator - quotient * divisor;
    let away = match rounding {
        Rounding::TowardZero => false,
        Rounding::AwayFromZero => rest != I256::ZERO,
        Rounding::HalfEven => {
            let rest = rest.unsigned_abs();
            let to_next = divisor.unsigned_abs().checked_sub(rest).ok_or(OVERFLOW)?;
            let odd = quotient.checked_rem(I256::new(2)) != Some(I256::ZERO);
            rest > to_next || (rest == to_next && odd)
        }
    };
    let step = match (away, numerator.is_negative() == divisor.is_negative()) {
        (false, _) => I256::ZERO,
        (true, true) => I256::ONE,
        (true, false) => I256::MINUS_ONE,
    };
    let rounded = quotient.checked_add(step).ok_or(OVERFLOW)?;
    i128::try_from(rounded).map_err(|_| OVERFLOW)
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
mod tests;
