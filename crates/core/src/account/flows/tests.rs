use super::*;
use crate::{Accounts, BookEvent, BookEventKind, Instrument, UtcTime};

fn amount<T: core::str::FromStr<Err = CoreError>>(text: &str) -> T {
    text.parse().expect("a decimal")
}

fn currency(code: &str) -> CurrencyCode {
    code.parse().expect("a currency")
}

fn transfer(accounts: &mut Accounts, code: &str, sum: &str) {
    let event = BookEvent {
        time: UtcTime::from_date("2025-03-04").expect("a date"),
        kind: BookEventKind::Transfer {
            currency: currency(code),
            amount: amount(sum),
        },
    };
    accounts.apply(&event, None).expect("books");
}

/// 5 units at 10 with a fee of 1, marked at the price paid.
fn buy(accounts: &mut Accounts, name: &str, code: &str) {
    let opened = AssetSpec::opened(name.parse().expect("an id"), currency(code));
    let spec = AssetSpec {
        instrument: Instrument::Margin,
        ..opened.expect("a spec")
    };
    let fill = BookedFill {
        quantity: amount("5"),
        price: amount("10"),
        reference_price: amount("10"),
        fee: Money::ONE,
    };
    accounts.fill(&spec, &fill).expect("books");
}

fn accounts() -> Accounts {
    let mut accounts = Accounts::open(&currency("USD"), amount("1000"), &[]).expect("opens");
    let rate = FxRate::direct(amount("1.1"));
    accounts.set_rate(&currency("EUR"), rate).expect("sets");
    buy(&mut accounts, "A", "USD");
    buy(&mut accounts, "B", "EUR");
    accounts
}

/// A quantum that any one of the sums has too much is found.
#[test]
fn an_audit_adds_up_every_sum() {
    let plants: [fn(&mut Flows); 6] = [
        |flows| flows.lots[1].state.gain = Money::QUANTUM,
        |flows| flows.lots[1].state.cost = Money::QUANTUM,
        |flows| flows.lots[1].branch = 0,
        |flows| flows.branches[1].sums.held = Money::QUANTUM,
        |flows| flows.branches[1].sums.total = Money::QUANTUM,
        |flows| {
            let kinds = &mut flows.branches[1].sums.by_kind;
            kinds.add(Account::Fees, Money::QUANTUM).expect("adds");
        },
    ];
    for (place, plant) in plants.into_iter().enumerate() {
        let mut flows = accounts().flows;
        assert_eq!(flows.audit(), Ok(()));
        plant(&mut flows);
        let found = flows.audit();
        assert!(
            matches!(found, Err(CoreError::Unbalanced { .. })),
            "{place}"
        );
    }
}

/// Three roundings of at most half a quantum are at most one and a half.
#[test]
fn rounding_is_at_most_half_a_quantum_each() {
    for (rounding, is_sound) in [(0, true), (1, true), (-1, true), (2, false), (-2, false)] {
        let mut flows = accounts().flows;
        (flows.base.rounding, flows.base.roundings) = (Money::from_units(rounding), 3);
        assert_eq!(flows.audit().is_ok(), is_sound, "{rounding}");
    }
    let mut flows = accounts().flows;
    (flows.base.rounding, flows.base.roundings) = (Money::QUANTUM, 2);
    assert_eq!(flows.audit(), Ok(()));
}

/// A rate translates the branch once. What is booked in another currency is translated by itself and
/// with its branch; base currency is not translated, and neither is a currency without a rate.
#[test]
fn every_translation_is_counted() {
    let mut accounts = Accounts::open(&currency("USD"), amount("1000"), &[]).expect("opens");
    let count = |accounts: &Accounts| accounts.flows.base.roundings;
    buy(&mut accounts, "A", "USD");
    transfer(&mut accounts, "CHF", "5");
    assert_eq!(count(&accounts), 0);
    let rate = FxRate::direct(amount("1.1"));
    accounts.set_rate(&currency("EUR"), rate).expect("sets");
    assert_eq!(count(&accounts), 1);
    transfer(&mut accounts, "EUR", "100");
    assert_eq!(count(&accounts), 3);
    // The fee is its only flow: nothing is gained yet.
    buy(&mut accounts, "B", "EUR");
    assert_eq!(count(&accounts), 5);
}
