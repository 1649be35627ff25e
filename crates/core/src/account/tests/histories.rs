//! Random portfolios of all instruments in three currencies over long random histories.

extern crate std;

use alloc::format;
use alloc::string::String;

use super::*;
use crate::{DayCount, Payoff, Ratio, Rounding, UtcTime};

/// The assets of every history: each instrument, linear and inverse, at home and abroad.
fn assets() -> Vec<AssetSpec> {
    let margined = |spec: AssetSpec, multiplier| AssetSpec {
        contract_multiplier: amount(multiplier),
        initial_margin_rate: amount("0.1"),
        maintenance_margin_rate: amount("0.05"),
        ..spec
    };
    let inverse = |spec: AssetSpec| AssetSpec {
        payoff: Payoff::Inverse,
        ..spec
    };
    Vec::from([
        spot("STK"),
        spec("SAP", Instrument::Spot, "EUR"),
        margined(spec("MGN", Instrument::Margin, "USD"), "1"),
        margined(spec("MGJ", Instrument::Margin, "JPY"), "1"),
        margined(spec("FUT", Instrument::Future, "EUR"), "50"),
        margined(spec("FUT2", Instrument::Future, "EUR"), "50"),
        inverse(margined(spec("XBT", Instrument::Perpetual, "EUR"), "100")),
        margined(spec("PRP", Instrument::Perpetual, "USD"), "0.001"),
        margined(spec("EURUSD", Instrument::Fx, "USD"), "1"),
        AssetSpec {
            leverage_factor: amount("3"),
            ..spec("BULL", Instrument::LeveragedToken, "JPY")
        },
    ])
}

/// One event of a random history: a choice, the assets that it concerns, and numbers for it.
#[derive(Debug, Clone, Copy)]
struct Step {
    what: u8,
    asset: usize,
    units: i128,
    price: i128,
    fill_price: i128,
    small: i128,
    days: u32,
}

fn step() -> impl Strategy<Value = Step> {
    let price = 1_000_000_i128..5_000_000_000_000;
    (
        0..16_u8,
        0..10_usize,
        -2_000_000_000_000_i128..2_000_000_000_000,
        price,
        9_000_i128..11_000,
        -10_000_000_000_i128..10_000_000_000,
        1..40_u32,
    )
        .prop_map(|(what, asset, units, price, slip, small, days)| Step {
            what,
            asset,
            units,
            price,
            fill_price: price * slip / 10_000,
            small,
            days,
        })
}

/// Carries out one step; says whether it was refused.
fn take(accounts: &mut Accounts, assets: &[AssetSpec], step: &Step) -> Result<(), CoreError> {
    let spec = &assets[step.asset];
    let (asset_id, price) = (spec.asset_id.clone(), Price::from_units(step.price));
    let (rate, days) = (Ratio::from_units(step.small), step.days);
    let day_count = DayCount::ALL[step.asset % 2];
    let currency = spec.currency.clone();
    let kind = match step.what {
        0..=5 => {
            let held = accounts.books().quantity(&asset_id);
            // Every second fill closes a part, or all.
            let closes = step.what.is_multiple_of(2) && !held.is_zero();
            let quantity = match (closes, step.days % 4) {
                (true, 0) => -held.units(),
                (true, part) => -held.units() * i128::from(part) / 4,
                (false, _) => step.units,
            };
            let fill = BookedFill {
                quantity: Quantity::from_units(quantity),
                price: Price::from_units(step.fill_price),
                reference_price: price,
                fee: Money::from_units(step.small.abs()),
            };
            return accounts.fill(spec, &fill);
        }
        6 => return accounts.mark(&asset_id, price),
        7 if currency == usd() => return Ok(()),
        7 if step.days.is_multiple_of(2) => {
            return accounts.set_rate(&currency, FxRate::inverted(price));
        }
        7 => return accounts.set_rate(&currency, FxRate::direct(price)),
        8 => BookEventKind::Settlement { asset_id, price },
        9 => BookEventKind::Funding {
            asset_id,
            rate,
            price,
        },
        10 => BookEventKind::Interest {
            currency,
            debit_rate: rate,
            credit_rate: Ratio::from_units(step.small / 3),
            days,
            day_count,
        },
        11 => BookEventKind::Financing {
            asset_id,
            long_rate: rate,
            short_rate: Ratio::from_units(step.small / 7),
            days,
            day_count,
            price,
        },
        12 => BookEventKind::Dividend {
            asset_id,
            per_unit: price,
        },
        13 => BookEventKind::Split {
            asset_id,
            numerator: days,
            denominator: 7,
        },
        14 if step.asset == 4 => BookEventKind::Roll {
            asset_id,
            price,
            into: assets[5].asset_id.clone(),
            into_price: Price::from_units(step.fill_price),
        },
        14 => BookEventKind::Expiry { asset_id, price },
        _ => BookEventKind::Transfer {
            currency,
            amount: Money::from_units(step.units),
        },
    };
    let time = UtcTime::from_date("2025-03-04")?;
    let into = kind.into_asset().is_some().then(|| &assets[5]);
    accounts.apply(&BookEvent { time, kind }, into).map(drop)
}

/// Refusals that a random history may meet.
fn is_expected(error: CoreError) -> bool {
    matches!(
        error,
        CoreError::Oversold { .. }
            | CoreError::CrossesZero { .. }
            | CoreError::WrongInstrument { .. }
            | CoreError::NoMark { .. }
    )
}

/// Every balance, and what the flow side says, to compare before and after.
fn state(accounts: &Accounts) -> (Vec<(String, Money)>, Result<Money, CoreError>) {
    let lines = accounts.books().trial_balance().map(|balance| {
        let asset = balance.asset_id.map_or("", AssetId::as_str);
        (
            format!("{} {} {asset}", balance.currency, balance.account),
            balance.amount,
        )
    });
    (lines.collect(), accounts.flows().nlv())
}

/// NLV from cash and positions alone, translated position by position: an upper bound on what
/// translating each branch as a whole may differ by is a quantum for each of them.
fn nlv_by_position(accounts: &Accounts, rates: &[(CurrencyCode, FxRate)]) -> (i128, i128) {
    let rate = |currency: &CurrencyCode| rates.iter().rev().find(|(known, _)| known == currency);
    let base = |currency: &CurrencyCode, amount: Money| {
        let rate = rate(currency).map_or(FxRate::ONE, |(_, rate)| *rate);
        rate.to_base(amount, Rounding::TowardZero)
            .expect("fits")
            .units()
    };
    let books = accounts.books();
    let (mut sum, mut parts) = (0, 0);
    for currency in books.currencies() {
        sum += base(currency, books.balance(currency, Account::Cash));
        parts += 1;
    }
    for position in books.positions() {
        let value = if position.spec().instrument.holds_value() {
            position.value()
        } else {
            position.revaluation()
        };
        sum += base(&position.spec().currency, value);
        parts += 1;
    }
    (sum, parts)
}

/// 1,000 histories, or as many as `PROPTEST_CASES` asks.
#[expect(
    clippy::disallowed_methods,
    reason = "how long a test looks is no decision of the engine"
)]
fn cases() -> u32 {
    let asked = std::env::var("PROPTEST_CASES").ok();
    asked.and_then(|cases| cases.parse().ok()).unwrap_or(1_000)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(cases()))]

    /// I11 for every instrument: after each of 200 to 260 events the two sides agree in every
    /// currency and in base currency, every branch balances, `rounding` stays in its bound, a
    /// refused event has changed nothing, and NLV is what cash and positions are worth.
    #[test]
    fn the_books_agree_after_every_event(steps in proptest::collection::vec(step(), 200..260)) {
        let assets = assets();
        let mut accounts = Accounts::open(&usd(), amount("1000000"), &[]).expect("opens");
        let mut rates = Vec::new();
        for (currency, price) in [("EUR", "1.1"), ("JPY", "0.0066")] {
            let currency: CurrencyCode = currency.parse().expect("a currency");
            let rate = FxRate::direct(amount(price));
            accounts.set_rate(&currency, rate).expect("sets");
            rates.push((currency, rate));
        }
        for step in &steps {
            let before = state(&accounts);
            match take(&mut accounts, &assets, step) {
                Ok(()) if step.what == 7 => {
                    let price = Price::from_units(step.price);
                    let rate = if step.days.is_multiple_of(2) { FxRate::inverted(price) } else { FxRate::direct(price) };
                    rates.push((assets[step.asset].currency.clone(), rate));
                }
                Ok(()) => {}
                Err(error) => {
                    prop_assert!(is_expected(error), "{step:?}: {error}");
                    prop_assert_eq!(state(&accounts), before);
                }
            }
            accounts.audit().map_err(|error| TestCaseError::fail(format!("{step:?}: {error}")))?;
            prop_assert_eq!(accounts.nlv(), accounts.flows().nlv());
            for currency in accounts.books().currencies() {
                let of_branch = accounts.books().trial_balance().filter(|line| line.currency == currency);
                prop_assert_eq!(of_branch.map(|line| line.amount.units()).sum::<i128>(), 0);
            }
            rates.retain(|(currency, _)| *currency != usd());
            let (sum, parts) = nlv_by_position(&accounts, &rates);
            let nlv = accounts.nlv().expect("has rates").units();
            prop_assert!((nlv - sum).abs() <= parts, "{nlv} against {sum}");
        }
    }
}
