//! One branch for each currency, and the lines of an entry.

use alloc::format;

use super::*;
use crate::UtcTime;

fn event(kind: BookEventKind) -> BookEvent {
    let time = UtcTime::from_date("2025-03-04").expect("a date");
    BookEvent { time, kind }
}

fn code(currency: &str) -> CurrencyCode {
    currency.parse().expect("a currency")
}

/// The base currency is the first, the others ascend, in whatever order they are first seen. A
/// position of an earlier one stays in its own branch.
#[test]
fn branches_ascend_and_keep_their_positions() {
    let mut accounts = Accounts::open(&usd(), amount("1000"), &[]).expect("opens");
    for currency in ["GBP", "CHF", "JPY", "EUR"] {
        accounts
            .set_rate(&code(currency), FxRate::direct(amount("2")))
            .expect("sets");
        let share = spec(&format!("IN-{currency}"), Instrument::Spot, currency);
        accounts
            .fill(&share, &buy("5", "10", "10", "1"))
            .expect("books");
        accounts.mark(&share.asset_id, amount("13")).expect("marks");
        accounts.audit().expect("balances");
    }
    let books = accounts.books();
    let currencies: Vec<_> = books.currencies().map(CurrencyCode::as_str).collect();
    assert_eq!(currencies, ["USD", "CHF", "EUR", "GBP", "JPY"]);
    for currency in ["CHF", "EUR", "GBP", "JPY"] {
        // 5 × 13 less 51 paid, and twice that in dollars.
        assert_eq!(books.equity(&code(currency)), amount("14"));
        let lines = books.trial_balance();
        let lines = lines.filter(|line| line.currency == &code(currency));
        let assets: Vec<_> = lines.filter_map(|line| line.asset_id).collect();
        let asset_id = id(&format!("IN-{currency}"));
        assert_eq!(assets, [&asset_id, &asset_id]);
    }
    assert_eq!(accounts.nlv(), Ok(amount("1112")));
    // Four times 65 of shares that are paid in full, and four times 51 of borrowed cash.
    assert_eq!(books.initial_margin(), Ok(amount("520")));
    assert_eq!(books.liabilities(), Ok(amount("408")));
    assert_eq!(books.cash(), Ok(amount("1000")));
}

/// A contract at 100 is marked at 103, which is 3 that is not settled; settling it at 104 pays 4 and
/// takes the 3 back. Only what changes has a line, and an event that changes nothing has no entry.
#[test]
fn an_entry_has_the_lines_that_change() {
    let future = spec("F", Instrument::Future, "USD");
    let mut accounts = Accounts::open(&usd(), amount("1000"), &[]).expect("opens");
    accounts
        .fill(&future, &buy("1", "100", "100", "0"))
        .expect("books");
    accounts.mark(&id("F"), amount("103")).expect("marks");
    let settlement = event(BookEventKind::Settlement {
        asset_id: id("F"),
        price: amount("104"),
    });
    let posted = accounts.apply(&settlement, None).expect("books");
    let line = |account, asset_id, change| PostedLine {
        account,
        asset_id,
        amount: amount(change),
    };
    let expected = Posted {
        currency: usd(),
        lines: Vec::from([
            line(Account::Cash, None, "4"),
            line(Account::Realised, None, "-4"),
            line(Account::Unrealised, None, "3"),
            line(Account::Revaluation, Some(id("F")), "-3"),
        ]),
    };
    assert_eq!(posted, Some(expected));
    assert_eq!(accounts.apply(&settlement, None), Ok(None));
}

/// What was never marked counts with its cost, and with the sign of its quantity even where more than
/// all of the cost came back.
#[test]
fn without_a_mark_the_notional_is_the_cost() {
    let opening = |name, cost| OpeningPosition {
        asset_id: id(name),
        quantity: amount("10"),
        cost: amount(cost),
    };
    let opening = [opening("A", "900"), opening("B", "-20")];
    let accounts = Accounts::open(&usd(), amount("100"), &opening).expect("opens");
    let books = accounts.books();
    for (name, expected) in [("A", "900"), ("B", "20")] {
        let position = books.position(&id(name)).expect("a position");
        let notional = books.notional(position, crate::Rounding::TowardZero);
        assert_eq!(notional, Ok(amount(expected)), "{name}");
    }
}
