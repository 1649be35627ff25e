//! What an order that passed carries.

use ios012_core::{AssetSpec, Instrument, Money, Payoff, Price};

use crate::{Gate, amount, buy, limits, spec};

/// At 7 bps. Linear: 3 × 10 units at 99.99 are 2,999.7, of which 2.09979. Inverse: 3 × 10 USD at 99.99 are
/// 0.300030003… of the underlying, of which 0.000210021002… are 0.00021003, rounded up. Half of the
/// order costs half.
#[test]
fn a_commission_is_a_fraction_of_the_notional_rounded_up() {
    for (payoff, instrument, whole, part) in [
        (Payoff::Linear, Instrument::Future, "2.09979", "1.049895"),
        (
            Payoff::Inverse,
            Instrument::Perpetual,
            "0.00021003",
            "0.00010502",
        ),
    ] {
        let contract = AssetSpec {
            payoff,
            instrument,
            contract_multiplier: amount("10"),
            min_notional: Money::ZERO,
            ..spec()
        };
        let mut gate = Gate::with(contract, limits(|set| set.max_order_notional = None));
        let order = gate
            .send("0", buy("3", "100"))
            .expect("inside every control");
        let commission = |quantity: &str| {
            order.commission(amount(quantity), amount::<Price>("99.99"), amount("0.0007"))
        };
        assert_eq!(commission("3"), Ok(amount(whole)), "{payoff}");
        assert_eq!(commission("1.5"), Ok(amount(part)), "{payoff}");
    }
}
