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
fn quotients_refuse_what_they_cannot_hold() {
    let by_zero = [
        mul_div(1, 1, 0, Rounding::TowardZero),
        mul_div(i128::MAX, 2, 0, Rounding::TowardZero),
        product_div(&[1], &[0], Rounding::TowardZero),
        product_div(&[i128::MAX, 2], &[i128::MAX, 2, 0], Rounding::TowardZero),
    ];
    for refused in by_zero {
        assert_eq!(refused, Err(BY_ZERO));
    }
    let (least, wide) = (i128::MIN, 1 << 100);
    for (factors, divisors) in [(&[least, 1], [-1, 1]), (&[least, wide], [-1, wide])] {
        let refused = product_div(factors, &divisors, Rounding::TowardZero);
        assert_eq!(refused, Err(OVERFLOW));
    }
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

/// The quanta at which a text changes its form: around zero, around one, and the ends of the type.
#[test]
fn every_decimal_has_one_text() {
    for (units, expected) in [
        (0, "0"),
        (1, "0.00000001"),
        (-1, "-0.00000001"),
        (99_999_999, "0.99999999"),
        (100_000_000, "1"),
        (-100_000_000, "-1"),
        (100_000_001, "1.00000001"),
        (1_000_000_000, "10"),
        (i128::MAX, "1701411834604692317316873037158.84105727"),
        (i128::MIN, "-1701411834604692317316873037158.84105728"),
    ] {
        assert_eq!(Money(units).to_string(), expected);
    }
}

/// 30 units at 2.5 are worth 75, which is 0.075 of 1000; a third goes the way it is told to.
#[test]
fn a_value_is_a_part_of_the_whole() {
    fn amount<T: FromStr<Err = CoreError>>(text: &str) -> T {
        text.parse().expect("a decimal")
    }

    let (down, up) = (Rounding::TowardZero, Rounding::AwayFromZero);
    let (price, nlv, value): (Price, Money, Money) = (amount("2.5"), amount("1000"), amount("75"));
    for rounding in [down, up] {
        assert_eq!(notional(amount("30"), price, rounding), Ok(value));
        assert_eq!(exposure_of(value, nlv, rounding), Ok(amount("0.075")));
        assert_eq!(value_of(amount("0.075"), nlv, rounding), Ok(value));
        let fraction = fraction_of(value, amount("0.2"), rounding);
        assert_eq!(fraction, Ok(amount("15")));
    }
    for (rounding, exposure, value) in [
        (down, "0.333333333333", "33.33333333"),
        (up, "0.333333333334", "33.33333334"),
    ] {
        let third = exposure_of(Money::ONE, amount("3"), rounding);
        assert_eq!(third, Ok(amount(exposure)));
        let third = value_of(amount("0.333333333333"), amount("100"), rounding);
        assert_eq!(third, Ok(amount(value)));
    }
    for (points, ratio) in [("1", "0.0001"), ("-2.5", "-0.00025"), ("10000", "1")] {
        assert_eq!(Ratio::from_basis_points(amount(points)), Ok(amount(ratio)));
    }
}
