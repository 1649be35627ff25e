//! Decimals: the grammar of docs/lineage-format.md, once more and without `rust_decimal`. A text
//! is taken if and only if it fits, and its value is its digits.
#![no_main]

use ios012_core::{Exposure, Money, Price, Quantity, Ratio};
use libfuzzer_sys::fuzz_target;

/// The greatest number that a decimal's digits may be, without its point.
const GREATEST: i128 = 79_228_162_514_264_337_593_543_950_335;

fuzz_target!(|bytes: &[u8]| {
    if let Ok(text) = std::str::from_utf8(bytes) {
        check_text(text);
    }
    if let Some(units) = bytes.first_chunk() {
        check_units(i128::from_le_bytes(*units));
    }
});

macro_rules! for_each_type {
    ($body:ident, $value:expr) => {
        $body!(Money, $value);
        $body!(Price, $value);
        $body!(Quantity, $value);
        $body!(Exposure, $value);
        $body!(Ratio, $value);
    };
}

fn check_text(text: &str) {
    macro_rules! check {
        ($decimal:ident, $text:expr) => {
            let expected = units_of($text, $decimal::DECIMALS);
            let parsed = $text.parse::<$decimal>().ok();
            assert_eq!(parsed.map($decimal::units), expected, "{:?}", $text);
            if let Some(parsed) = parsed {
                assert_eq!(parsed.to_string(), $text);
            }
            let padded = $decimal::parse_padded($text).ok();
            let expected = units_of(&unpadded($text), $decimal::DECIMALS);
            assert_eq!(padded.map($decimal::units), expected, "padded {:?}", $text);
        };
    }
    for_each_type!(check, text);
}

/// Every number is written as the one text that is taken for it.
fn check_units(units: i128) {
    macro_rules! check {
        ($decimal:ident, $units:expr) => {
            let text = $decimal::from_units($units).to_string();
            match units_of(&text, $decimal::DECIMALS) {
                Some(read) => assert_eq!(read, $units, "{text}"),
                // Out of the grammar's range, and so refused; the digits still are the number's.
                None => {
                    assert!(text.parse::<$decimal>().is_err(), "{text}");
                    assert_eq!(scaled(&text, $decimal::DECIMALS), Some($units), "{text}");
                }
            }
        };
    }
    for_each_type!(check, units);
}

/// The count of quanta of a decimal text; none if it breaks a rule of the page.
fn units_of(text: &str, decimals: u32) -> Option<i128> {
    let magnitude = text.strip_prefix('-').unwrap_or(text);
    let (whole, fraction) = magnitude.split_once('.').unwrap_or((magnitude, ""));
    let all_digits = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
    let fits = !whole.is_empty()
        && all_digits(whole)
        && (whole == "0" || !whole.starts_with('0'))
        && magnitude.contains('.') != fraction.is_empty()
        && all_digits(fraction)
        && !fraction.ends_with('0')
        && fraction.len() <= decimals as usize
        && text != "-0";
    let digits = format!("{whole}{fraction}");
    let significant = digits.trim_start_matches('0');
    let in_range = digits.len() <= 29
        && (significant.is_empty()
            || significant
                .parse::<i128>()
                .is_ok_and(|number| number <= GREATEST));
    (fits && in_range).then(|| scaled(text, decimals)).flatten()
}

/// Digits times the power of ten that the fraction lacks.
fn scaled(text: &str, decimals: u32) -> Option<i128> {
    let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
    let zeros = (decimals as usize).checked_sub(fraction.len())?;
    format!("{whole}{fraction}{}", "0".repeat(zeros))
        .parse()
        .ok()
}

/// Without the zeros that a CSV file may write after the point (docs/scenario.md).
fn unpadded(text: &str) -> String {
    let Some((whole, fraction)) = text.split_once('.') else {
        return text.to_owned();
    };
    let kept = fraction.trim_end_matches('0');
    if kept.len() == fraction.len() {
        return text.to_owned();
    }
    let dot = if kept.is_empty() { "" } else { "." };
    let short = format!("{whole}{dot}{kept}");
    if short == "-0" { "0".to_owned() } else { short }
}
