use alloc::string::ToString;

use super::*;

fn amount<T: core::str::FromStr<Err = CoreError>>(text: &str) -> T {
    text.parse().expect("a decimal")
}

fn opened(name: &str, currency: &str) -> AssetSpec {
    let currency = currency.parse().expect("a currency");
    AssetSpec::opened(name.parse().expect("an id"), currency).expect("a spec")
}

/// Documents and records of every version have these texts.
#[test]
fn instruments_and_payoffs_keep_their_texts() {
    let texts = Instrument::ALL.map(Instrument::as_str);
    let expected = [
        "spot",
        "margin",
        "future",
        "perpetual",
        "fx",
        "leveraged_token",
    ];
    assert_eq!(texts, expected);
    let shown = Instrument::ALL.map(|instrument| instrument.to_string());
    assert_eq!(shown, expected);
    let payoffs = ["linear", "inverse"];
    assert_eq!(Payoff::ALL.map(Payoff::as_str), payoffs);
    assert_eq!(Payoff::ALL.map(|payoff| payoff.to_string()), payoffs);
}

/// A future and a perpetual are contracts, which hold no value. Spot and leveraged tokens are paid
/// in full, so they are never short and tie up no margin.
#[test]
fn instruments_differ_in_what_a_position_is() {
    let kinds = Instrument::ALL.map(|instrument| {
        let holds_value = instrument.holds_value();
        (
            holds_value,
            instrument.may_be_short(),
            instrument.is_margined(),
        )
    });
    let expected = [
        (true, false, false),
        (true, true, true),
        (false, true, true),
        (false, true, true),
        (true, true, true),
        (true, false, false),
    ];
    assert_eq!(kinds, expected);
}

/// A margin of 20 % is a leverage of 5. A token of factor 3 that is paid in full ties up a third of
/// its exposure. Whatever has no end is rounded up.
#[test]
fn rates_are_per_unit_of_exposure() {
    for (factor, initial, maintenance, capital, kept, leverage) in [
        ("1", "1", "1", "1", "1", "1"),
        ("1", "0.2", "0.1", "0.2", "0.1", "5"),
        ("3", "1", "1", "0.333333333334", "0.333333333334", "3"),
        ("1", "0.3", "0.15", "0.3", "0.15", "3.333333333334"),
    ] {
        let spec = AssetSpec {
            leverage_factor: amount(factor),
            initial_margin_rate: amount(initial),
            maintenance_margin_rate: amount(maintenance),
            ..opened("A", "USD")
        };
        assert_eq!(spec.capital_rate(), Ok(amount(capital)));
        assert_eq!(spec.maintenance_rate(), Ok(amount(kept)));
        assert_eq!(spec.leverage_multiplier(), Ok(amount(leverage)));
    }
}

/// 10^12 units at 10^10 are 10^22, more than 128 bits of quanta by quanta; a billionth of that
/// is 10^13, whether a contract is one unit or two. Nothing of the most there can be is nothing.
#[test]
fn a_fraction_is_as_large_as_its_result_may_be() {
    let toward = Rounding::TowardZero;
    for (multiplier, rate) in [("1", "0.000000001"), ("2", "0.0000000005")] {
        let (quantity, price) = (amount("1000000000000"), amount("10000000000"));
        let multiplier = amount(multiplier);
        let linear = Payoff::Linear;
        let found = linear.fraction_of_notional(multiplier, quantity, price, amount(rate), toward);
        assert_eq!(found, Ok(amount("10000000000000")));
    }
    let (quantity, price) = (
        Quantity::from_units(i128::MAX),
        Price::from_units(i128::MAX),
    );
    let linear = Payoff::Linear;
    let found = linear.fraction_of_notional(Ratio::ONE, quantity, price, Ratio::ZERO, toward);
    assert_eq!(found, Ok(Money::ZERO));
}

/// 10 bps of 3 × 7 is 0.021; of a billionth of a unit it is rounded up to a quantum; of five
/// contracts of 50 at 7 it is 1.75; of 1000 inverse ones at 40,000, 0.000025 of the coin.
#[test]
fn a_commission_is_rounded_up_once() {
    let up = Rounding::AwayFromZero;
    let rate = amount("0.001");
    for (payoff, multiplier, quantity, price, expected) in [
        (Payoff::Linear, "1", "3", "7", "0.021"),
        (Payoff::Linear, "1", "0.000000001", "7", "0.00000001"),
        (Payoff::Linear, "1", "0", "7", "0"),
        (Payoff::Linear, "50", "5", "7", "1.75"),
        (Payoff::Inverse, "1", "1000", "40000", "0.000025"),
        (Payoff::Inverse, "1", "1000", "30000", "0.00003334"),
    ] {
        let (quantity, price) = (amount(quantity), amount(price));
        let found = payoff.fraction_of_notional(amount(multiplier), quantity, price, rate, up);
        assert_eq!(found, Ok(amount(expected)), "{payoff} {quantity} {price}");
    }
}

/// An inverse contract rises for a long position, and a quantity comes back from its notional.
#[test]
fn an_inverse_value_rises_with_the_price() {
    let spec = AssetSpec {
        payoff: Payoff::Inverse,
        contract_multiplier: amount("100"),
        ..opened("P", "BTC")
    };
    let toward = Rounding::TowardZero;
    let value = |price: &str| spec.value(amount("8"), amount(price), toward);
    assert_eq!(value("10000"), Ok(amount("-0.08")));
    assert_eq!(value("12500"), Ok(amount("-0.064")));
    let quantity = spec.quantity_of(amount("0.064"), amount("12500"), toward);
    assert_eq!(quantity, Ok(amount("8")));
    let refused = spec.value(amount("8"), Price::ZERO, toward);
    assert!(matches!(refused, Err(CoreError::DivisionByZero { .. })));
}
