//! Exact decimals as a person reads them: grouped digits, cut to a few after the point.
//!
//! What is shown is rounded half away from zero: the nearest number of that length. What is
//! recorded or written as JSON is never taken from here.

use ios012_core::{CoreError, Exposure, Money, Ratio, Rounding, mul_div};

/// An amount of money with two digits after the point.
pub(crate) fn money(amount: Money) -> String {
    fixed(amount.units(), Money::DECIMALS, 2)
}

/// The same, with its sign in any case.
pub(crate) fn signed_money(amount: Money) -> String {
    with_sign(money(amount))
}

/// A ratio in percent with two digits after the point.
pub(crate) fn percent(ratio: Ratio) -> String {
    fixed(ratio.units(), Ratio::DECIMALS - 2, 2) + " %"
}

/// An exposure in percent of NLV with four digits after the point.
pub(crate) fn exposure(exposure: Exposure) -> String {
    fixed(exposure.units(), Exposure::DECIMALS - 2, 4) + " %"
}

/// A limit in percent of NLV, exact and without zeros at its end: it was typed by a person.
pub(crate) fn bound(exposure: Exposure) -> String {
    let percent = fixed(
        exposure.units(),
        Exposure::DECIMALS - 2,
        Exposure::DECIMALS - 2,
    );
    percent
        .trim_end_matches('0')
        .trim_end_matches('.')
        .to_owned()
        + " %"
}

/// A ratio in basis points with two digits after the point.
pub(crate) fn basis_points(ratio: Ratio) -> String {
    fixed(ratio.units(), Ratio::DECIMALS - 4, 2) + " bps"
}

/// A ratio as a multiple with two digits after the point.
pub(crate) fn multiple(ratio: Ratio) -> String {
    fixed(ratio.units(), Ratio::DECIMALS, 2) + " x"
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

/// `units` quanta of which `decimals` digits stand after the point, rounded half away from zero
/// to `shown` digits.
fn fixed(units: i128, decimals: u32, shown: u32) -> String {
    let quantum = 10_i128.pow(decimals.saturating_sub(shown));
    let (whole, rest) = (units / quantum, units % quantum);
    let up = i128::from(rest.abs() >= quantum - rest.abs() && rest != 0) * units.signum();
    let cut = whole + up;
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

    fn amount(text: &str) -> Money {
        text.parse().expect("an amount")
    }

    #[test]
    fn groups_and_rounds_half_away_from_zero() {
        for (text, shown) in [
            ("0", "0.00"),
            ("0.00499999", "0.00"),
            ("0.005", "0.01"),
            ("-0.00499999", "0.00"),
            ("-0.005", "-0.01"),
            ("999.99", "999.99"),
            ("999.995", "1,000.00"),
            ("1234567.894", "1,234,567.89"),
            ("-123456", "-123,456.00"),
        ] {
            assert_eq!(money(amount(text)), shown, "{text}");
        }
    }

    #[test]
    fn percent_and_basis_points_move_the_point() {
        let ratio: Ratio = "0.123456".parse().expect("a ratio");
        assert_eq!(percent(ratio), "12.35 %");
        assert_eq!(basis_points(ratio), "1,234.56 bps");
        assert_eq!(multiple(ratio), "0.12 x");
        let limit: Exposure = "0.025".parse().expect("an exposure");
        assert_eq!(bound(limit), "2.5 %");
        assert_eq!(bound(Exposure::ONE), "100 %");
        assert_eq!(exposure(limit), "2.5000 %");
    }

    #[test]
    fn a_sign_stands_before_what_is_not_zero() {
        assert_eq!(signed_money(amount("1")), "+1.00");
        assert_eq!(signed_money(amount("-1")), "-1.00");
        assert_eq!(signed_money(amount("0.004")), "0.00");
        assert_eq!(count(1_234_567), "1,234,567");
        assert_eq!(count(100), "100");
        assert_eq!(decimal("-1234.5"), "-1,234.5");
    }
}
