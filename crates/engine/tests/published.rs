//! `golden/published-examples`: worked examples of exchanges, brokers and textbooks, replayed
//! through the books. Every number is compared as it was published.
//!
//! Where our books differ from a page by design, this file translates, here and nowhere else: an
//! fx position moves both legs, so the page's cash is our cash plus cost; where fees belong to the
//! cost, the price of a trade holds its fee.

#![expect(
    clippy::expect_used,
    clippy::panic,
    reason = "a test stops at the first surprise"
)]

use std::collections::BTreeMap;
use std::path::Path;
use std::str::FromStr;

use ios012_core::account::{Account, BookedFill, Position};
use ios012_core::{
    Accounts, AssetSpec, BookEvent, BookEventKind, CoreError, CurrencyCode, DayCount, FxRate,
    Instrument, Money, Payoff, Price, Quantity, Ratio, Rounding, UtcTime,
};
use rust_decimal::{Decimal, RoundingStrategy};
use toml::{Table, Value};

/// The flows that a page gives for one step, by the account of the books.
const FLOWS: [(&str, Account); 3] = [
    ("variation", Account::Realised),
    ("funding", Account::Funding),
    ("interest", Account::Interest),
];

fn name<T: FromStr<Err = CoreError>>(text: &str) -> T {
    text.parse().expect(text)
}

/// Pages write zeros after the point.
fn amount<T: FromStr<Err = CoreError>>(text: &str) -> T {
    name(&number(text).normalize().to_string())
}

fn number(text: &str) -> Decimal {
    Decimal::from_str_exact(text).expect(text)
}

fn rounded<T: FromStr<Err = CoreError>>(value: Decimal) -> T {
    amount(&value.round_dp(8).to_string())
}

fn money(amount: Money) -> Decimal {
    Decimal::try_from_i128_with_scale(amount.units(), Money::DECIMALS).expect("fits")
}

fn text<'table>(table: &'table Table, key: &str) -> &'table str {
    optional(table, key).unwrap_or_else(|| panic!("no {key} in {table:?}"))
}

fn optional<'table>(table: &'table Table, key: &str) -> Option<&'table str> {
    table.get(key).and_then(Value::as_str)
}

fn tables<'table>(table: &'table Table, key: &str) -> Vec<&'table Table> {
    let rows = table.get(key).and_then(Value::as_array).expect(key);
    rows.iter().map(|row| row.as_table().expect(key)).collect()
}

fn event(kind: BookEventKind) -> BookEvent {
    let time = UtcTime::from_date("2025-01-01").expect("a date");
    BookEvent { time, kind }
}

fn rate_of(step: &Table) -> FxRate {
    match optional(step, "rate") {
        Some(rate) => FxRate::direct(amount(rate)),
        None => FxRate::inverted(amount(text(step, "per_base"))),
    }
}

fn day_count(step: &Table) -> DayCount {
    match text(step, "day_count") {
        "act_360" => DayCount::Act360,
        _ => DayCount::Act365,
    }
}

fn interest(currency: CurrencyCode, step: &Table) -> BookEventKind {
    BookEventKind::Interest {
        currency,
        debit_rate: amount(text(step, "rate")),
        credit_rate: Ratio::ZERO,
        days: text(step, "days").parse().expect("days"),
        day_count: day_count(step),
    }
}

/// Interest on a balance that the page names, in books that hold nothing else.
fn interest_on(balance: &str, step: &Table) -> Decimal {
    let currency: CurrencyCode = name("USD");
    let mut accounts = Accounts::open(&currency, amount(balance), &[]).expect("opens");
    let kind = interest(currency.clone(), step);
    accounts.apply(&event(kind), None).expect("books");
    -money(accounts.books().balance(&currency, Account::Interest))
}

/// One case while it is replayed.
struct Replay<'case> {
    case: &'case Table,
    accounts: Accounts,
    spec: AssetSpec,
    base: CurrencyCode,
    mark: Option<Price>,
    deposits: Decimal,
    borrow_fees: Decimal,
    /// What the last step was worth.
    flows: BTreeMap<&'static str, Decimal>,
}

impl<'case> Replay<'case> {
    fn new(case: &'case Table) -> Self {
        let currency: CurrencyCode = name(text(case, "currency"));
        let does = |what| {
            tables(case, "steps")
                .iter()
                .any(|step| text(step, "do") == what)
        };
        // A page that names no rate measures everything in the currency of settlement.
        let base = if does("rate") {
            name(text(case, "base_currency"))
        } else {
            currency.clone()
        };
        let instrument = match text(case, "instrument") {
            "future" => Instrument::Future,
            "perpetual" | "fx" if does("settle") => Instrument::Future,
            "perpetual" => Instrument::Perpetual,
            "fx" => Instrument::Fx,
            "margin" => Instrument::Margin,
            "leveraged_token" => Instrument::LeveragedToken,
            _ => Instrument::Spot,
        };
        let rate = |key| optional(case, key).map_or(Ratio::ONE, amount);
        let opened = AssetSpec::opened(name("X"), currency).expect("a spec");
        Self {
            case,
            accounts: Accounts::open(&base, Money::ZERO, &[]).expect("opens"),
            spec: AssetSpec {
                instrument,
                payoff: match text(case, "payoff") {
                    "inverse" => Payoff::Inverse,
                    _ => Payoff::Linear,
                },
                contract_multiplier: amount(text(case, "contract_multiplier")),
                initial_margin_rate: rate("initial_margin_rate"),
                maintenance_margin_rate: rate("maintenance_margin_rate"),
                ..opened
            },
            base,
            mark: None,
            deposits: Decimal::ZERO,
            borrow_fees: Decimal::ZERO,
            flows: BTreeMap::new(),
        }
    }

    fn balance(&self, account: Account) -> Decimal {
        money(self.accounts.books().balance(&self.spec.currency, account))
    }

    fn step(&mut self, step: &Table) {
        let before = FLOWS.map(|(_, account)| self.balance(account));
        let fx_before = money(self.accounts.flows().fx_revaluation());
        self.take(step);
        self.accounts.audit().expect("balances");
        for ((what, account), before) in FLOWS.into_iter().zip(before) {
            self.flows.insert(what, before - self.balance(account));
        }
        let fx = money(self.accounts.flows().fx_revaluation()) - fx_before;
        self.flows.insert("fx_revaluation", fx);
        match (text(step, "do"), optional(step, "balance")) {
            ("borrow_fee", _) => self.borrow_fees -= self.flows["interest"],
            ("interest", Some(balance)) => {
                self.flows.insert("interest", interest_on(balance, step));
            }
            _ => {}
        }
    }

    fn take(&mut self, step: &Table) {
        let price = || amount::<Price>(text(step, "price"));
        let asset_id = self.spec.asset_id.clone();
        let kind = match text(step, "do") {
            "trade" => return self.trade(step),
            "mark" => return self.set_mark(price()),
            "index" => return self.set_mark(self.reset(step)),
            "rate" => {
                let currency = name(text(step, "currency"));
                let set = self.accounts.set_rate(&currency, rate_of(step));
                return set.expect("sets");
            }
            "interest" if step.contains_key("balance") => return,
            "deposit" => {
                let currency: CurrencyCode = name(text(step, "currency"));
                if currency == self.spec.currency {
                    self.deposits += number(text(step, "amount"));
                }
                let amount = amount(text(step, "amount"));
                BookEventKind::Transfer { currency, amount }
            }
            "settle" => BookEventKind::Settlement {
                asset_id,
                price: price(),
            },
            "funding" => BookEventKind::Funding {
                asset_id,
                rate: amount(text(step, "rate")),
                price: price(),
            },
            "interest" => interest(self.spec.currency.clone(), step),
            "borrow_fee" => BookEventKind::Financing {
                asset_id,
                long_rate: Ratio::ZERO,
                short_rate: amount(text(step, "rate")),
                days: text(step, "days").parse().expect("days"),
                day_count: day_count(step),
                price: price(),
            },
            "dividend" => BookEventKind::Dividend {
                asset_id,
                per_unit: amount(text(step, "per_unit")),
            },
            "split" => BookEventKind::Split {
                asset_id,
                numerator: text(step, "numerator").parse().expect("units"),
                denominator: text(step, "denominator").parse().expect("units"),
            },
            other => panic!("{other} is no step"),
        };
        self.accounts.apply(&event(kind), None).expect("books");
        let position = self.accounts.books().position(&self.spec.asset_id);
        self.mark = position.and_then(Position::price).or(self.mark);
    }

    fn set_mark(&mut self, price: Price) {
        self.mark = Some(price);
        let marked = self.accounts.mark(&self.spec.asset_id, price);
        marked.expect("marks");
    }

    /// The price of a leveraged token after one reset of its factor.
    fn reset(&self, step: &Table) -> Price {
        let mark = self.mark.expect("a mark");
        let mark = Decimal::try_from_i128_with_scale(mark.units(), Price::DECIMALS).expect("fits");
        let factor = number(text(self.case, "leverage_factor"));
        let change = number(text(step, "to")) / number(text(step, "from")) - Decimal::ONE;
        rounded(mark * (Decimal::ONE + factor * change))
    }

    fn trade(&mut self, step: &Table) {
        let quantity: Quantity = amount(text(step, "quantity"));
        let mut price: Price = amount(text(step, "price"));
        let mut fee = if let Some(fee) = optional(step, "fee") {
            amount(fee)
        } else {
            let size = quantity.checked_abs().expect("fits");
            let rate = amount(text(step, "fee_rate"));
            let half_even = Rounding::HalfEven;
            let fee = self.spec.fraction_of_notional(size, price, rate, half_even);
            fee.expect("fits")
        };
        if optional(self.case, "fees") == Some("in_cost") {
            let with_fee =
                number(text(step, "price")) + money(fee) / number(text(step, "quantity"));
            (price, fee) = (rounded(with_fee), Money::ZERO);
        }
        let fill = BookedFill {
            quantity,
            price,
            reference_price: price,
            fee,
        };
        self.accounts.fill(&self.spec, &fill).expect("books");
        self.mark = Some(price);
    }

    fn found(&self, what: &str, unit: &str) -> Decimal {
        let books = self.accounts.books();
        let currency = &self.spec.currency;
        let nlv = || money(self.accounts.nlv().expect("has rates"));
        let position = books.position(&self.spec.asset_id);
        let quantity = position.map_or(Quantity::ZERO, Position::quantity);
        let units = Decimal::try_from_i128_with_scale(quantity.units(), Quantity::DECIMALS);
        let units = units.expect("fits");
        let cost = money(position.map_or(Money::ZERO, Position::cost));
        let contracts = units * number(text(self.case, "contract_multiplier"));
        let inverse = self.spec.payoff == Payoff::Inverse;
        let in_currency = match what {
            "quantity" => return units,
            "average_cost" if inverse => return contracts / -cost,
            "average_cost" => return cost / contracts,
            "return" => {
                let deposits = money(self.accounts.flows().of(Account::Transfers));
                return (nlv() / deposits - Decimal::ONE) * Decimal::ONE_HUNDRED;
            }
            "nlv" if unit == self.base.as_str() => return nlv(),
            "nlv" => return money(books.equity(currency)),
            "pnl" => return money(books.equity(currency)) - self.deposits,
            "margin_call_price" => {
                let rate = number(text(self.case, "maintenance_margin_rate"));
                let side = if quantity.is_negative() { rate } else { -rate };
                return -self.balance(Account::Cash) / (units * (Decimal::ONE + side));
            }
            "cash" if self.spec.instrument == Instrument::Fx => self.balance(Account::Cash) + cost,
            "cash" => self.balance(Account::Cash),
            "realised" => -self.balance(Account::Realised),
            "fee" => self.balance(Account::Fees) + self.borrow_fees,
            "unrealised" => money(position.map_or(Money::ZERO, Position::revaluation)),
            "position_value" => self.sized(quantity, Ratio::ONE),
            "margin_initial" => self.sized(quantity, self.spec.initial_margin_rate).abs(),
            "margin_maintenance" => self
                .sized(quantity, self.spec.maintenance_margin_rate)
                .abs(),
            flow => return self.flows[flow],
        };
        if unit == currency.as_str() {
            return in_currency;
        }
        let rate = self.last_rate();
        money(
            rate.to_base(rounded(in_currency), Rounding::HalfEven)
                .expect("fits"),
        )
    }

    fn sized(&self, quantity: Quantity, rate: Ratio) -> Decimal {
        let mark = self.mark.expect("a mark");
        let half_even = Rounding::HalfEven;
        let sized = self
            .spec
            .fraction_of_notional(quantity, mark, rate, half_even);
        money(sized.expect("fits"))
    }

    /// The last rate of the currency of settlement.
    fn last_rate(&self) -> FxRate {
        let currency = self.spec.currency.as_str();
        let steps = tables(self.case, "steps");
        let is_rate =
            |step: &&&Table| text(step, "do") == "rate" && text(step, "currency") == currency;
        rate_of(steps.iter().rfind(is_rate).expect("a rate"))
    }
}

#[test]
fn the_books_give_the_published_numbers() {
    let path =
        Path::new(env!("CARGO_MANIFEST_DIR")).join("../../golden/published-examples/cases.toml");
    let file: Table = std::fs::read_to_string(path)
        .expect("the cases")
        .parse()
        .expect("TOML");
    let cases = tables(&file, "case");
    let (mut by_instrument, mut numbers) = (BTreeMap::<&str, usize>::new(), 0);
    let mut faults = Vec::new();
    for case in &cases {
        *by_instrument.entry(text(case, "instrument")).or_default() += 1;
        let mut replay = Replay::new(case);
        for (done, step) in (1..).zip(tables(case, "steps")) {
            replay.step(step);
            let is_due = |expect: &&Table| expect["after"].as_integer() == Some(done);
            for expect in tables(case, "expect").into_iter().filter(is_due) {
                let found = replay.found(text(expect, "what"), text(expect, "in"));
                let strategy = match optional(expect, "rounding") {
                    Some("down") => RoundingStrategy::ToZero,
                    Some("up") => RoundingStrategy::AwayFromZero,
                    _ => RoundingStrategy::MidpointAwayFromZero,
                };
                // Two pages print more digits than the quantum of money has.
                let digits: u32 = text(expect, "decimals").parse().expect("digits");
                let digits = digits.min(Money::DECIMALS);
                numbers += 1;
                let published = number(text(expect, "value"));
                let published = published.round_dp_with_strategy(digits, strategy);
                if found.round_dp_with_strategy(digits, strategy) != published {
                    faults.push(format!("{}: {expect:?}: found {found}", text(case, "id")));
                }
            }
        }
    }
    let (count, list) = (faults.len(), faults.join("\n"));
    assert!(faults.is_empty(), "{count} of {numbers}:\n{list}");
    assert!(cases.len() >= 89 && numbers >= 215, "{numbers} numbers");
    let enough = by_instrument.values().all(|count| *count >= 10);
    assert!(by_instrument.len() == 6 && enough, "{by_instrument:?}");
}
