//! Each instrument by hand.

use super::*;
use crate::{DayCount, Payoff, Ratio, UtcTime};

fn event(kind: BookEventKind) -> BookEvent {
    BookEvent {
        time: UtcTime::from_date("2025-03-04").expect("a date"),
        kind,
    }
}

fn apply(accounts: &mut Accounts, kind: BookEventKind) -> Option<Posted> {
    let posted = accounts.apply(&event(kind), None).expect("books");
    accounts.audit().expect("balances");
    posted
}

fn cash(accounts: &Accounts, currency: &str) -> Money {
    let currency = currency.parse().expect("a currency");
    accounts.books().balance(&currency, Account::Cash)
}

fn open(cash: &str) -> Accounts {
    Accounts::open(&usd(), amount(cash), &[]).expect("opens")
}

/// 2 contracts of 10 at 100 with a fee of 1: cash 1000 − 1. Settled at 103: 2 × 10 × 3 = 60.
/// Settled at 101: −40. One sold at 104: 10 × 3 = 30 at once. The other, marked at 105, has 40
/// that is not settled.
#[test]
fn a_future_is_settled_in_variation() {
    let future = AssetSpec {
        contract_multiplier: amount("10"),
        initial_margin_rate: amount("0.1"),
        maintenance_margin_rate: amount("0.08"),
        ..spec("F", Instrument::Future, "USD")
    };
    let mut accounts = open("1000");
    accounts
        .fill(&future, &buy("2", "100", "100", "1"))
        .expect("books");
    assert_eq!(cash(&accounts, "USD"), amount("999"));
    for (price, expected) in [("103", "1059"), ("101", "1019")] {
        let posted = apply(
            &mut accounts,
            BookEventKind::Settlement {
                asset_id: id("F"),
                price: amount(price),
            },
        );
        let lines = posted.expect("an entry").lines;
        let sum: i128 = lines.iter().map(|line| line.amount.units()).sum();
        assert_eq!((sum, cash(&accounts, "USD")), (0, amount(expected)));
    }
    accounts
        .fill(&future, &buy("-1", "104", "104", "0"))
        .expect("books");
    accounts.mark(&id("F"), amount("105")).expect("marks");
    let books = accounts.books();
    assert_eq!(cash(&accounts, "USD"), amount("1049"));
    assert_eq!(accounts.flows().of(Account::Realised), amount("50"));
    assert_eq!(accounts.flows().of(Account::Unrealised), amount("40"));
    assert_eq!(accounts.nlv(), Ok(amount("1089")));
    // 10 × 105 = 1050 of notional; liabilities are none, since nothing is borrowed.
    assert_eq!(books.initial_margin(), Ok(amount("105")));
    assert_eq!(books.maintenance_margin(), Ok(amount("84")));
    assert_eq!(books.free_margin(), Ok(amount("984")));
    assert_eq!(books.liabilities(), Ok(Money::ZERO));
}

/// 1000 contracts of 1 USD, long at 10,000 and worth more at 12,500: 1000 × (1/10,000 − 1/12,500)
/// = 0.02 BTC. Funding of 1 bp on 1000/12,500 = 0.08 BTC costs 0.000008 BTC. At 12,500 USD that
/// makes 250 − 0.1 USD.
#[test]
fn an_inverse_perpetual_gains_and_pays_in_coin() {
    let perpetual = AssetSpec {
        payoff: Payoff::Inverse,
        ..spec("P", Instrument::Perpetual, "BTC")
    };
    let btc: CurrencyCode = "BTC".parse().expect("a currency");
    let mut accounts = open("1000");
    accounts
        .set_rate(&btc, FxRate::direct(amount("10000")))
        .expect("sets");
    accounts
        .fill(&perpetual, &buy("1000", "10000", "10000", "0"))
        .expect("books");
    assert_eq!(accounts.nlv(), Ok(amount("1000")));
    accounts
        .set_rate(&btc, FxRate::direct(amount("12500")))
        .expect("sets");
    accounts.mark(&id("P"), amount("12500")).expect("marks");
    assert_eq!(accounts.books().equity(&btc), amount("0.02"));
    assert_eq!(accounts.nlv(), Ok(amount("1250")));
    apply(
        &mut accounts,
        BookEventKind::Funding {
            asset_id: id("P"),
            rate: amount("0.0001"),
            price: amount("12500"),
        },
    );
    assert_eq!(cash(&accounts, "BTC"), amount("-0.000008"));
    assert_eq!(accounts.nlv(), Ok(amount("1249.9")));
    let books = accounts.books();
    let position = books.position(&id("P")).expect("a position");
    let notional = books.notional(position, crate::Rounding::TowardZero);
    assert_eq!(notional, Ok(amount("1000")));
}

/// Each day costs half a quantum of money, 0.0018 × 0.001 / 360. It is rounded down, so the first day takes
/// a quantum and leaves half of one to the asset. Under its new name the asset begins anew; under the
/// old one that half pays the next day.
#[test]
fn what_is_left_of_financing_stays_with_its_name() {
    let specs = ["M1", "M2"].map(|name| spec(name, Instrument::Margin, "USD"));
    let day = |name| BookEventKind::Financing {
        asset_id: id(name),
        long_rate: amount("0.001"),
        short_rate: Ratio::ZERO,
        days: 1,
        day_count: DayCount::Act360,
        price: amount("0.0018"),
    };
    let rename = |from, to| {
        event(BookEventKind::SymbolChange {
            asset_id: id(from),
            into: id(to),
        })
    };
    let mut accounts = open("1");
    accounts
        .fill(&specs[0], &buy("1", "0.0018", "0.0018", "0"))
        .expect("books");
    let bought = cash(&accounts, "USD");
    let paid = |accounts: &Accounts| bought.units() - cash(accounts, "USD").units();
    apply(&mut accounts, day("M1"));
    assert_eq!(paid(&accounts), 1);
    accounts
        .apply(&rename("M1", "M2"), Some(&specs[1]))
        .expect("books");
    apply(&mut accounts, day("M2"));
    assert_eq!(paid(&accounts), 2);
    accounts
        .apply(&rename("M2", "M1"), Some(&specs[0]))
        .expect("books");
    apply(&mut accounts, day("M1"));
    assert_eq!(paid(&accounts), 2);
}

/// What a portfolio opens with has its units and its cost on both sides of the books.
#[test]
fn an_opening_position_gains_from_its_cost() {
    let opening = [OpeningPosition {
        asset_id: id("A"),
        quantity: amount("10"),
        cost: amount("900"),
    }];
    let mut accounts = Accounts::open(&usd(), amount("100"), &opening).expect("opens");
    accounts.audit().expect("balances");
    assert_eq!(accounts.nlv(), Ok(amount("1000")));
    accounts.mark(&id("A"), amount("95")).expect("marks");
    accounts.audit().expect("balances");
    assert_eq!(accounts.nlv(), Ok(amount("1050")));
}

/// 100 units sold short at 50: cash 10,000 + 5000, owed 5000. The fee for the borrowed units, 3.6 %
/// of 5000 over 360 days, is 0.5 a day: 30 days cost 15, in one event or in two. A dividend of 0.2
/// costs 20. Covered at 40: 1000 gained.
#[test]
fn a_short_borrows_units_and_pays_for_them() {
    let margin = spec("M", Instrument::Margin, "USD");
    let fee = |days| BookEventKind::Financing {
        asset_id: id("M"),
        long_rate: Ratio::ZERO,
        short_rate: amount("0.036"),
        days,
        day_count: DayCount::Act360,
        price: amount("50"),
    };
    let mut accounts = open("10000");
    accounts
        .fill(&margin, &buy("-100", "50", "50", "0"))
        .expect("books");
    assert_eq!(cash(&accounts, "USD"), amount("15000"));
    assert_eq!(accounts.books().liabilities(), Ok(amount("5000")));
    assert_eq!(accounts.nlv(), Ok(amount("10000")));
    let mut at_once = accounts.clone();
    apply(&mut at_once, fee(30));
    apply(&mut accounts, fee(13));
    apply(&mut accounts, fee(17));
    assert_eq!(cash(&accounts, "USD"), amount("14985"));
    assert_eq!(cash(&at_once, "USD"), cash(&accounts, "USD"));
    let dividend = BookEventKind::Dividend {
        asset_id: id("M"),
        per_unit: amount("0.2"),
    };
    apply(&mut accounts, dividend);
    assert_eq!(cash(&accounts, "USD"), amount("14965"));
    accounts
        .fill(&margin, &buy("100", "40", "40", "0"))
        .expect("books");
    assert_eq!(accounts.flows().of(Account::Realised), amount("1000"));
    assert_eq!(accounts.nlv(), Ok(amount("10965")));
}

/// 10,000 EURUSD bought at 1.10 with 1000 USD: 10,000 USD are borrowed. 5 % over 365 days on them
/// is 1.369863013… a day; three single days post 1.36986302, 1.36986301 and 1.36986301, together
/// 4.10958904, the rounded interest of three days.
#[test]
fn interest_posts_differences_of_rounded_sums() {
    let pair = spec("EURUSD", Instrument::Fx, "USD");
    let mut accounts = open("1000");
    accounts
        .fill(&pair, &buy("10000", "1.1", "1.1", "0"))
        .expect("books");
    assert_eq!(cash(&accounts, "USD"), amount("-10000"));
    let day = |days, credit| BookEventKind::Interest {
        currency: usd(),
        debit_rate: amount("0.05"),
        credit_rate: credit,
        days,
        day_count: DayCount::Act365,
    };
    let mut exact = accounts.clone();
    apply(&mut exact, day(3, Ratio::ZERO));
    assert_eq!(cash(&exact, "USD"), amount("-10004.10958905"));
    apply(&mut accounts, day(1, Ratio::ZERO));
    assert_eq!(cash(&accounts, "USD"), amount("-10001.36986302"));
}

/// A German share at 100 EUR, 10 of them, in a USD portfolio: EUR cash −1000, worth +1000. At 1.10
/// nothing is gained; at 1.20 neither: what is owed grew as much. With the share at 110, 100 EUR
/// are gained: 120 USD. A transfer of 1000 EUR repays the loan, and its value moves with the rate.
#[test]
fn a_foreign_share_is_bought_with_foreign_cash() {
    let share = spec("SAP", Instrument::Spot, "EUR");
    let eur: CurrencyCode = "EUR".parse().expect("a currency");
    let mut accounts = open("5000");
    accounts
        .set_rate(&eur, FxRate::direct(amount("1.1")))
        .expect("sets");
    accounts
        .fill(&share, &buy("10", "100", "100", "0"))
        .expect("books");
    assert_eq!(accounts.nlv(), Ok(amount("5000")));
    accounts
        .set_rate(&eur, FxRate::direct(amount("1.2")))
        .expect("sets");
    assert_eq!(accounts.nlv(), Ok(amount("5000")));
    accounts.mark(&id("SAP"), amount("110")).expect("marks");
    assert_eq!(accounts.nlv(), Ok(amount("5120")));
    apply(
        &mut accounts,
        BookEventKind::Transfer {
            currency: eur.clone(),
            amount: amount("1000"),
        },
    );
    assert_eq!(accounts.nlv(), Ok(amount("6320")));
    accounts
        .set_rate(&eur, FxRate::direct(amount("1")))
        .expect("sets");
    // 1100 EUR of equity lose 0.2 each.
    assert_eq!(accounts.flows().fx_revaluation(), amount("-220"));
    assert_eq!(accounts.nlv(), Ok(amount("6100")));
    accounts.audit().expect("balances");
}

/// A currency whose pair prices the base currency in it: 150 JPY for a USD.
#[test]
fn an_inverted_pair_translates_without_a_rounded_rate() {
    let jpy: CurrencyCode = "JPY".parse().expect("a currency");
    let mut accounts = open("0");
    accounts
        .set_rate(&jpy, FxRate::inverted(amount("150")))
        .expect("sets");
    apply(
        &mut accounts,
        BookEventKind::Transfer {
            currency: jpy,
            amount: amount("100"),
        },
    );
    assert_eq!(accounts.nlv(), Ok(amount("0.66666667")));
    assert_eq!(
        accounts.flows().of(Account::Transfers),
        amount("0.66666667")
    );
}

/// Without its rate a branch has no value in base currency, and nobody guesses one.
#[test]
fn a_missing_rate_refuses() {
    let eur: CurrencyCode = "EUR".parse().expect("a currency");
    let mut accounts = open("1000");
    apply(
        &mut accounts,
        BookEventKind::Transfer {
            currency: eur,
            amount: amount("1"),
        },
    );
    assert!(matches!(accounts.nlv(), Err(CoreError::NoRate { .. })));
    let refused = accounts.set_rate(&usd(), FxRate::direct(amount("2")));
    assert!(matches!(refused, Err(CoreError::InvalidRate { .. })));
}

/// Three units that cost 30, split 1 for 2: one and a half. The quantum is 1e-9, so nothing is
/// left over; of 0.000000003 units, half a quantum is, and it is paid in cash at twice the price.
#[test]
fn a_split_keeps_the_cost() {
    let share = spot("A");
    let mut accounts = open("1000");
    accounts
        .fill(&share, &buy("3", "10", "10", "0"))
        .expect("books");
    let split = |numerator, denominator| BookEventKind::Split {
        asset_id: id("A"),
        numerator,
        denominator,
    };
    apply(&mut accounts, split(1, 2));
    let position = accounts.books().position(&id("A")).expect("is held");
    assert_eq!(
        (position.quantity(), position.cost()),
        (amount("1.5"), amount("30"))
    );
    assert_eq!(
        (position.price(), accounts.nlv()),
        (Some(amount("20")), Ok(amount("1000")))
    );

    let mut accounts = open("1000");
    accounts
        .fill(&share, &buy("0.000000003", "40000000", "40000000", "0"))
        .expect("books");
    apply(&mut accounts, split(1, 2));
    assert_eq!(accounts.books().quantity(&id("A")), amount("0.000000001"));
    // Half a quantum at 80,000,000 is 0.04.
    assert_eq!(cash(&accounts, "USD"), amount("999.92"));
    assert_eq!(accounts.nlv(), Ok(amount("1000")));
}

/// A roll settles the old contract and enters the new one without a gain of its own; a change of
/// name carries everything over; an expiry ends the position.
#[test]
fn contracts_follow_their_events() {
    let first = spec("F1", Instrument::Future, "USD");
    let second = spec("F2", Instrument::Future, "USD");
    let third = spec("F3", Instrument::Future, "USD");
    let mut accounts = open("1000");
    accounts
        .fill(&first, &buy("5", "100", "100", "0"))
        .expect("books");
    let roll = event(BookEventKind::Roll {
        asset_id: id("F1"),
        price: amount("102"),
        into: id("F2"),
        into_price: amount("110"),
    });
    accounts.apply(&roll, Some(&second)).expect("books");
    assert_eq!(accounts.nlv(), Ok(amount("1010")));
    assert_eq!(accounts.books().quantity(&id("F1")), Quantity::ZERO);
    accounts.mark(&id("F2"), amount("111")).expect("marks");
    assert_eq!(accounts.nlv(), Ok(amount("1015")));
    let rename = event(BookEventKind::SymbolChange {
        asset_id: id("F2"),
        into: id("F3"),
    });
    let unknown = accounts.apply(&rename, None);
    assert!(matches!(unknown, Err(CoreError::Successor { .. })));
    accounts.apply(&rename, Some(&third)).expect("books");
    assert_eq!(accounts.books().quantity(&id("F3")), amount("5"));
    apply(
        &mut accounts,
        BookEventKind::Expiry {
            asset_id: id("F3"),
            price: amount("108"),
        },
    );
    assert_eq!(accounts.books().positions().count(), 0);
    assert_eq!(
        (cash(&accounts, "USD"), accounts.nlv()),
        (amount("1000"), Ok(amount("1000")))
    );
    let again = BookEventKind::Expiry {
        asset_id: id("F3"),
        price: amount("1"),
    };
    assert_eq!(apply(&mut accounts, again), None);
}

/// What an instrument can't have is refused and says so; a change of sign takes two fills.
#[test]
fn events_of_another_instrument_and_crossing_fills_are_refused() {
    let mut accounts = open("1000");
    accounts
        .fill(&spot("A"), &buy("1", "10", "10", "0"))
        .expect("books");
    let margin = spec("M", Instrument::Margin, "USD");
    accounts
        .fill(&margin, &buy("-2", "10", "10", "0"))
        .expect("books");
    let funding = event(BookEventKind::Funding {
        asset_id: id("A"),
        rate: amount("0.01"),
        price: amount("10"),
    });
    let refused = accounts.apply(&funding, None);
    assert!(matches!(
        refused,
        Err(CoreError::WrongInstrument {
            event: "funding",
            ..
        })
    ));
    let crossing = accounts.fill(&margin, &buy("3", "10", "10", "0"));
    assert!(matches!(crossing, Err(CoreError::CrossesZero { .. })));
    let changed = AssetSpec {
        contract_multiplier: amount("10"),
        ..margin.clone()
    };
    assert!(matches!(
        accounts.define(&changed),
        Err(CoreError::TermsChanged { .. })
    ));
    assert_eq!(accounts.nlv(), Ok(amount("1000")));
    // Once nothing is held any more, the asset may come back on other terms.
    accounts
        .fill(&margin, &buy("2", "10", "10", "0"))
        .expect("books");
    accounts.define(&changed).expect("is defined anew");
    assert_eq!(accounts.nlv(), Ok(amount("1000")));
    accounts.audit().expect("nothing was posted");
}
