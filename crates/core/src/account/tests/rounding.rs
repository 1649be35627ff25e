//! Every amount is rounded once, and against the portfolio.

use super::*;
use crate::Payoff;
use crate::account::rules::{self, Split, Trade, position_value};

/// Of a unit at 1, a quantum of quantity is a tenth of a quantum of money. An inverse contract of 1
/// at 3 is worth a third, with the other sign than its quantity.
#[test]
fn a_value_is_rounded_down_and_a_price_paid_up() {
    let spec = |payoff| AssetSpec {
        payoff,
        ..spec("A", Instrument::Perpetual, "USD")
    };
    for (payoff, quantity, price, held, traded) in [
        (Payoff::Linear, "0.000000001", "1", "0", "0.00000001"),
        (Payoff::Linear, "-0.000000001", "1", "-0.00000001", "0"),
        (Payoff::Inverse, "1", "3", "-0.33333334", "-0.33333333"),
        (Payoff::Inverse, "-1", "3", "0.33333333", "0.33333334"),
    ] {
        let spec = spec(payoff);
        let value = position_value(&spec, amount(quantity), amount(price));
        assert_eq!(value, Ok(amount(held)), "{payoff} {quantity}");
        let fill = buy(quantity, price, price, "0");
        let trade = Trade::measure(&spec, Quantity::ZERO, Money::ZERO, &fill);
        let at_reference = trade.expect("measures").at_reference;
        assert_eq!(at_reference, amount(traded), "{payoff} {quantity}");
    }
}

/// A tenth of a quantum is a whole one where it is paid and none where it is received.
#[test]
fn a_payment_is_rounded_up_and_a_receipt_down() {
    let perpetual = spec("P", Instrument::Perpetual, "USD");
    let (long, short): (Quantity, Quantity) = (amount("0.000000001"), amount("-0.000000001"));
    let (paid, received): (Money, Money) = (amount("-0.00000001"), Money::ZERO);
    for (quantity, rate, expected) in [
        (long, "1", paid),
        (long, "-1", received),
        (short, "1", received),
        (short, "-1", paid),
    ] {
        let gain = rules::funding(&perpetual, quantity, amount(rate), Price::ONE);
        assert_eq!(gain, Ok(expected), "{quantity} at {rate}");
        // A dividend goes the other way: longs receive it.
        let quantity = quantity.checked_neg().expect("fits");
        let gain = rules::dividend(quantity, amount(rate));
        assert_eq!(gain, Ok(expected), "{quantity} at {rate}");
    }
}

/// Three quanta become one and a half, or minus one and a half: of the half one, at a new price of 1,
/// a twentieth of a quantum of money is received as none or paid as one. A third of the cost of 9 is
/// that of the fraction.
#[test]
fn a_split_rounds_what_it_pays_in_cash() {
    let margin = spec("M", Instrument::Margin, "USD");
    let price = Some(amount("0.5"));
    for (held, cost, quantity, cash, cost_out) in [
        ("0.000000003", "9", "0.000000001", "0", "3"),
        ("-0.000000003", "-9", "-0.000000001", "-0.00000001", "-3"),
    ] {
        let split = Split::measure(&margin, amount(held), amount(cost), price, (1, 2));
        let split = split.expect("measures");
        assert_eq!(split.quantity, amount(quantity));
        assert_eq!(
            (split.cash, split.cost_out),
            (amount(cash), amount(cost_out))
        );
        assert_eq!(split.price, Some(Price::ONE));
    }
}
