//! Exact decimals as a person reads them: grouped digits, and each cut with a named rounding.

use ios012_core::{CoreError, Exposure, Money, Ratio, Rounding, mul_div};

/// An amount of money with two digits after the point.
pub(crate) fn money(amount: Money, rounding: Rounding) -> String {
    fixed(amount.units(), Money::DECIMALS, 2, rounding)
}

/// The same, with its sign in any case.
pub(crate) fn signed_money(amount: Money, rounding: Rounding) -> String {
    with_sign(money(amount, rounding))
}

/// A ratio in percent with `digits` after the point.
pub(crate) fn percent(ratio: Ratio, digits: u32, rounding: Rounding) -> String {
    fixed(ratio.units(), Ratio::DECIMALS - 2, digits, rounding) + " %"
}

/// An exposure in percent of NLV with four digits after the point.
pub(crate) fn exposure(exposure: Exposure) -> String {
    let percent = fixed(
        exposure.units(),
        Exposure::DECIMALS - 2,
        4,
        Rounding::TowardZero,
    );
    percent + " %"
}

/// A limit in percent of NLV, without zeros at its end: it was typed by a person.
pub(crate) fn bound(exposure: Exposure) -> String {
    let percent = fixed(
        exposure.units(),
        Exposure::DECIMALS - 2,
        Exposure::DECIMALS - 2,
        Rounding::TowardZero,
    );
    percent
        .trim_end_matches('0')
        .trim_end_matches('.')
        .to_owned()
        + " %"
}

/// A ratio in basis points with two digits after the point.
pub(crate) fn basis_points(ratio: Ratio, rounding: Rounding) -> String {
    fixed(ratio.units(), Ratio::DECIMALS - 4, 2, rounding) + " bps"
}

/// A ratio as a multiple with two digits after the point.
pub(crate) fn multiple(ratio: Ratio, rounding: Rounding) -> String {
    fixed(ratio.units(), Ratio::DECIMALS, 2, rounding)
}

/// A counter.
pub(crate) fn count(count: u64) -> String {
    grouped(&count.to_string())
}

/// A canonical decimal with its digits grouped and nothing cut.
pub(crate) fn decimal(text: &str) -> String {
    grouped(text)
}

/// Puts a plus before what is above zero.
pub(crate) fn with_sign(text: String) -> String {
    let zero = !text.bytes().any(|byte| (b'1'..=b'9').contains(&byte));
    if zero || text.starts_with('-') {
        text
    } else {
        format!("+{text}")
    }
}

/// The rounding that makes a result look no better than it is: gains down, losses up.
pub(crate) const fn against_us(is_gain: bool) -> Rounding {
    if is_gain {
        Rounding::TowardZero
    } else {
        Rounding::AwayFromZero
    }
}

/// `part / whole`, or nothing where there is no whole.
pub(crate) fn ratio(
    part: i128,
    whole: i128,
    rounding: Rounding,
) -> Result<Option<Ratio>, CoreError> {
    if whole == 0 {
        return Ok(None);
    }
    mul_div(part, Ratio::SCALE, whole, rounding).map(|units| Some(Ratio::from_units(units)))
}

/// `units` quanta of which `decimals` digits stand after the point, cut to `shown` digits.
fn fixed(units: i128, decimals: u32, shown: u32, rounding: Rounding) -> String {
    let quantum = 10_i128.pow(decimals.saturating_sub(shown));
    // A quotient by one or more never overflows.
    let cut = mul_div(units, 1, quantum, rounding).unwrap_or(units);
    let width = usize::try_from(shown).unwrap_or_default() + 1;
    let digits = format!("{:0width$}", cut.unsigned_abs());
    let (whole, fraction) = digits.split_at(digits.len() - width + 1);
    let sign = if cut < 0 { "-" } else { "" };
    grouped(&format!("{sign}{whole}.{fraction}"))
}

/// A comma between each three digits before the point.
fn grouped(text: &str) -> String {
    let (sign, magnitude) = match text.strip_prefix('-') {
        Some(magnitude) => ("-", magnitude),
        None => ("", text),
    };
    let (whole, fraction) = match magnitude.find('.') {
        Some(point) => magnitude.split_at(point),
        None => (magnitude, ""),
    };
    let mut out = sign.to_owned();
    for (place, digit) in whole.chars().enumerate() {
        if place > 0 && (whole.len() - place).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out + fraction
}

#[cfg(test)]
mod tests {
    use super::*;

    const DOWN: Rounding = Rounding::TowardZero;
    const UP: Rounding = Rounding::AwayFromZero;

    fn amount(text: &str) -> Money {
        text.parse().expect("an amount")
    }

    #[test]
    fn groups_and_cuts_with_the_named_rounding() {
        for (text, rounding, shown) in [
            ("0", UP, "0.00"),
            ("0.001", DOWN, "0.00"),
            ("0.001", UP, "0.01"),
            ("-0.001", DOWN, "0.00"),
            ("-0.001", UP, "-0.01"),
            ("999.99", UP, "999.99"),
            ("999.991", UP, "1,000.00"),
            ("1234567.899", DOWN, "1,234,567.89"),
            ("-123456", DOWN, "-123,456.00"),
        ] {
            assert_eq!(money(amount(text), rounding), shown, "{text}");
        }
    }

    #[test]
    fn percent_and_basis_points_move_the_point() {
        let ratio: Ratio = "0.123456".parse().expect("a ratio");
        assert_eq!(percent(ratio, 2, DOWN), "12.34 %");
        assert_eq!(percent(ratio, 2, UP), "12.35 %");
        assert_eq!(basis_points(ratio, DOWN), "1,234.56 bps");
        assert_eq!(multiple(ratio, UP), "0.13");
        let limit: Exposure = "0.025".parse().expect("an exposure");
        assert_eq!(bound(limit), "2.5 %");
        assert_eq!(bound(Exposure::ONE), "100 %");
        assert_eq!(exposure(limit), "2.5000 %");
    }

    #[test]
    fn a_sign_stands_before_what_is_not_zero() {
        assert_eq!(signed_money(amount("1"), DOWN), "+1.00");
        assert_eq!(signed_money(amount("-1"), DOWN), "-1.00");
        assert_eq!(signed_money(Money::ZERO, DOWN), "0.00");
        assert_eq!(count(1_234_567), "1,234,567");
        assert_eq!(count(100), "100");
        assert_eq!(decimal("-1234.5"), "-1,234.5");
    }
}
