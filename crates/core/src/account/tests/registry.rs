//! What the registry's specification of an asset changes in the books.

use super::*;
use crate::{DayCount, Ratio, UtcTime};

fn trade(accounts: &mut Accounts, spec: &AssetSpec, quantity: &str) {
    let fill = buy(quantity, "10", "10", "0");
    accounts.fill(spec, &fill).expect("books");
    accounts.audit().expect("balances");
}

/// 5 at 10 are 50. An asset that the books never saw stays unknown.
#[test]
fn a_new_margin_rate_holds_from_its_definition_on() {
    let rate = |initial, maintenance| AssetSpec {
        initial_margin_rate: amount(initial),
        maintenance_margin_rate: amount(maintenance),
        ..spec("M", Instrument::Margin, "USD")
    };
    let mut accounts = Accounts::open(&usd(), amount("100"), &[]).expect("opens");
    accounts.define(&rate("0.2", "0.1")).expect("is no news");
    assert!(accounts.books().position(&id("M")).is_none());
    trade(&mut accounts, &rate("0.2", "0.1"), "5");
    accounts.define(&rate("0.5", "0.4")).expect("defines");
    let books = accounts.books();
    assert_eq!(books.initial_margin(), Ok(amount("25")));
    assert_eq!(books.maintenance_margin(), Ok(amount("20")));
    assert_eq!(books.free_margin(), Ok(amount("75")));
}

/// A listing moves to another exchange while nothing of it is held: what is bought of it later is
/// paid in the new currency. 100 euros at 1.1 come in, 50 of them become 5 units at 10.
#[test]
fn an_asset_may_come_back_in_another_currency() {
    let eur: CurrencyCode = "EUR".parse().expect("a currency");
    let mut accounts = Accounts::open(&usd(), amount("1000"), &[]).expect("opens");
    let rate = FxRate::direct(amount("1.1"));
    accounts.set_rate(&eur, rate).expect("sets");
    trade(&mut accounts, &spot("A"), "5");
    trade(&mut accounts, &spot("A"), "-5");
    let moved = spec("A", Instrument::Spot, "EUR");
    accounts.define(&moved).expect("is defined anew");
    trade(&mut accounts, &moved, "5");
    let cash = |currency| accounts.books().balance(currency, Account::Cash);
    assert_eq!((cash(&usd()), cash(&eur)), (amount("1000"), amount("-50")));
    assert_eq!(accounts.nlv(), Ok(amount("1000")));
}

/// Each day costs half a quantum, rounded down: the first day takes one and leaves a half to the
/// asset. An asset that comes back on other terms, or on those it had before, begins anew.
#[test]
fn what_is_left_of_financing_ends_with_the_terms() {
    let terms = |multiplier| AssetSpec {
        contract_multiplier: amount(multiplier),
        ..spec("M", Instrument::Margin, "USD")
    };
    let (first, other) = (terms("1"), terms("10"));
    let day = BookEvent {
        time: UtcTime::from_date("2025-03-04").expect("a date"),
        kind: BookEventKind::Financing {
            asset_id: id("M"),
            long_rate: amount("0.001"),
            short_rate: Ratio::ZERO,
            days: 1,
            day_count: DayCount::Act360,
            price: amount("0.0018"),
        },
    };
    let mut accounts = Accounts::open(&usd(), amount("1000"), &[]).expect("opens");
    for terms in [&[][..], &[&other, &first]] {
        for spec in terms {
            accounts.define(spec).expect("is defined anew");
        }
        trade(&mut accounts, &first, "1");
        let before = accounts.nlv().expect("has a value").units();
        accounts.apply(&day, None).expect("books");
        let after = accounts.nlv().expect("has a value").units();
        assert_eq!(before - after, 1);
        trade(&mut accounts, &first, "-1");
    }
}
