use alloc::vec::Vec;

use proptest::prelude::*;
use rust_decimal::Decimal;

use super::*;
use crate::Instrument;

mod branches;
mod examples;
mod histories;
mod registry;
mod rounding;

fn id(name: &str) -> AssetId {
    name.parse().expect("an asset id")
}

fn usd() -> CurrencyCode {
    "USD".parse().expect("a currency")
}

fn amount<T: core::str::FromStr<Err = CoreError>>(text: &str) -> T {
    text.parse().expect("a decimal")
}

/// An asset of any instrument, named and settled as given.
fn spec(name: &str, instrument: Instrument, currency: &str) -> AssetSpec {
    let opened = AssetSpec::opened(id(name), currency.parse().expect("a currency"));
    AssetSpec {
        instrument,
        ..opened.expect("a spec")
    }
}

fn spot(name: &str) -> AssetSpec {
    spec(name, Instrument::Spot, "USD")
}

fn buy(quantity: &str, price: &str, reference: &str, fee: &str) -> BookedFill {
    BookedFill {
        quantity: amount(quantity),
        price: amount(price),
        reference_price: amount(reference),
        fee: amount(fee),
    }
}

/// Buy 10 at 101 against a reference of 100, fee 1: cash 1000 − 1010 − 1 = −11, worth 1000.
#[test]
fn a_buy_posts_cost_slippage_and_fee() {
    let mut accounts = Accounts::open(&usd(), amount("1000"), &[]).expect("opens");
    accounts
        .fill(&spot("A"), &buy("10", "101", "100", "1"))
        .expect("books");
    let books = accounts.books();
    assert_eq!(books.balance(&usd(), Account::Cash), amount("-11"));
    assert_eq!(books.cash(), Ok(Money::ZERO));
    assert_eq!(books.free_margin(), Ok(amount("-11")));
    assert_eq!(books.liabilities(), Ok(amount("11")));
    assert_eq!(books.balance(&usd(), Account::Slippage), amount("10"));
    assert_eq!(books.balance(&usd(), Account::Fees), amount("1"));
    assert_eq!(accounts.nlv(), Ok(amount("989")));
    assert_eq!(accounts.flows().of(Account::Realised), Money::ZERO);
}

/// Cost 1000 for 10; sell 4 at 120: cost out 400, realised 80; the rest is worth 720, cost 600.
#[test]
fn a_partial_sale_realises_the_average_cost() {
    let mut accounts = Accounts::open(&usd(), amount("2000"), &[]).expect("opens");
    accounts
        .fill(&spot("A"), &buy("10", "100", "100", "0"))
        .expect("books");
    accounts
        .fill(&spot("A"), &buy("-4", "120", "120", "0"))
        .expect("books");
    assert_eq!(accounts.flows().of(Account::Realised), amount("80"));
    assert_eq!(accounts.flows().of(Account::Unrealised), amount("120"));
    assert_eq!(accounts.books().cash(), Ok(amount("1480")));
    assert_eq!(accounts.nlv(), Ok(amount("2200")));
    accounts.audit().expect("balances");
}

#[test]
fn more_than_is_held_cannot_be_sold() {
    let mut accounts = Accounts::open(&usd(), amount("2000"), &[]).expect("opens");
    accounts
        .fill(&spot("A"), &buy("1", "100", "100", "0"))
        .expect("books");
    let refused = accounts.fill(&spot("A"), &buy("-2", "100", "100", "0"));
    assert!(matches!(refused, Err(CoreError::Oversold { .. })));
    accounts.audit().expect("nothing was posted");
}

#[test]
fn a_planted_difference_is_found() {
    let mut accounts = Accounts::open(&usd(), amount("2000"), &[]).expect("opens");
    accounts
        .fill(&spot("A"), &buy("1", "100", "100", "0"))
        .expect("books");
    let change = accounts.flows.mark(&id("A"), amount("101"));
    let change = change.expect("marks").expect("is held");
    accounts.flows.commit(change);
    assert!(matches!(
        accounts.check(),
        Err(CoreError::AccountingIdentity { .. })
    ));
    assert!(matches!(
        accounts.audit(),
        Err(CoreError::AccountingIdentity { .. })
    ));
}

/// What does not balance is not taken: the next event finds the difference and changes nothing.
#[test]
fn a_refused_event_changes_nothing() {
    let mut accounts = Accounts::open(&usd(), amount("2000"), &[]).expect("opens");
    accounts
        .fill(&spot("A"), &buy("1", "100", "100", "0"))
        .expect("books");
    let change = accounts.flows.opening_cash(&usd(), amount("1"));
    accounts.flows.commit(change.expect("books"));
    let before = accounts.books().nlv();
    let refused = accounts.fill(&spot("A"), &buy("1", "100", "100", "0"));
    assert!(matches!(refused, Err(CoreError::AccountingIdentity { .. })));
    assert_eq!(accounts.books().nlv(), before);
    assert_eq!(accounts.books().quantity(&id("A")), amount("1"));
}

/// One event of a random history.
#[derive(Debug, Clone)]
enum Step {
    Mark(usize, i128),
    Buy(usize, i128, i128, i128),
    /// Sells this many 1/1000 of what is held.
    Sell(usize, i128, i128, i128),
}

fn step() -> impl Strategy<Value = Step> {
    let price = 1_i128..2_000_000_000_000;
    let fee = 0_i128..1_000_000_000;
    prop_oneof![
        (0..3_usize, price.clone()).prop_map(|(asset, price)| Step::Mark(asset, price)),
        (
            0..3_usize,
            1_i128..5_000_000_000_000,
            price.clone(),
            fee.clone()
        )
            .prop_map(|(asset, quantity, price, fee)| Step::Buy(asset, quantity, price, fee)),
        (0..3_usize, 1_i128..=1000, price, fee)
            .prop_map(|(asset, share, price, fee)| Step::Sell(asset, share, price, fee)),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    /// I11, and cash against a third computation in another decimal library: cash is what the
    /// fills paid and received, each rounded once against the portfolio.
    #[test]
    fn both_sides_agree_after_every_event(steps in proptest::collection::vec(step(), 1..40), slip in 9_900_i128..10_100) {
        let names = [spot("A"), spot("B"), spot("C")];
        let mut accounts = Accounts::open(&usd(), amount("1000000"), &[]).expect("opens");
        let mut cash = Decimal::from(1_000_000);
        for step in steps {
            let (asset, quantity, price, fee) = match step {
                Step::Mark(asset, price) => {
                    accounts.mark(&names[asset].asset_id, Price::from_units(price)).expect("marks");
                    accounts.audit().expect("balances");
                    continue;
                }
                Step::Buy(asset, quantity, price, fee) => (asset, quantity, price, fee),
                Step::Sell(asset, share, price, fee) => {
                    let held = accounts.books().quantity(&names[asset].asset_id).units();
                    (asset, -(held * share / 1000), price, fee)
                }
            };
            if quantity == 0 { continue; }
            let fill_price = price * slip / 10_000 + 1;
            let fill = BookedFill {
                quantity: Quantity::from_units(quantity),
                price: Price::from_units(fill_price),
                reference_price: Price::from_units(price),
                fee: Money::from_units(fee),
            };
            accounts.fill(&names[asset], &fill).expect("books");
            accounts.audit().expect("balances");
            let value = Decimal::from_i128_with_scale(quantity, 9) * Decimal::from_i128_with_scale(fill_price, 8);
            // Toward plus infinity: a buy pays more, a sale (negative) receives less.
            let value = value.round_dp_with_strategy(8, rust_decimal::RoundingStrategy::ToPositiveInfinity);
            cash -= value + Decimal::from_i128_with_scale(fee, 8);
            prop_assert_eq!(Decimal::from_i128_with_scale(accounts.books().balance(&usd(), Account::Cash).units(), 8), cash);
        }
        let total: i128 = accounts.books().trial_balance().map(|balance| balance.amount.units()).sum();
        prop_assert_eq!(total, 0);
    }

    /// Selling everything in pieces leaves no cost behind.
    #[test]
    fn a_closed_position_has_no_cost(pieces in proptest::collection::vec(1_i128..1_000_000, 1..20)) {
        let mut accounts = Accounts::open(&usd(), amount("1000000"), &[]).expect("opens");
        let total: i128 = pieces.iter().sum();
        let fill = |quantity| BookedFill {
            quantity: Quantity::from_units(quantity),
            price: amount("3.33333333"),
            reference_price: amount("3.33333333"),
            fee: Money::ZERO,
        };
        accounts.fill(&spot("A"), &fill(total)).expect("books");
        for piece in &pieces {
            accounts.fill(&spot("A"), &fill(-piece)).expect("books");
        }
        let left: Vec<_> = accounts.books().trial_balance()
            .filter(|balance| balance.asset_id.is_some())
            .collect();
        prop_assert_eq!(accounts.books().positions().count(), 0);
        prop_assert!(left.is_empty(), "{left:?}");
    }
}
