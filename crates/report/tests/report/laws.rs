//! The numbers of a summary against sums over the raw lines, in another decimal library.

use std::collections::BTreeMap;
use std::path::Path;

use ios012_lineage::{LedgerReader, Record};
use ios012_report::{Pack, Summary, SummaryBuilder};
use rust_decimal::{Decimal, RoundingStrategy};
use serde_json::Value;

use crate::raw::{decimal, document, of_kind, records};
use crate::run::{golden, history, ledger, single};

/// What a stranger adds up from the lines of a ledger.
#[derive(Default)]
struct Sums {
    cash: Decimal,
    held: BTreeMap<String, Decimal>,
    prices: BTreeMap<String, Decimal>,
    notional: Decimal,
    fees: Decimal,
    slippage: Decimal,
    fills: u64,
}

fn add_up(records: &[Value]) -> Sums {
    let mut sums = Sums::default();
    let mut orders = BTreeMap::new();
    for opening in records[0]["opening"].as_array().expect("an opening") {
        let quantity = decimal(&opening["quantity"]);
        match opening["account"].as_str().expect("an account") {
            "cash" => sums.cash = quantity,
            "position" => {
                let asset = opening["asset_id"].as_str().expect("an asset");
                sums.held.insert(asset.to_owned(), quantity);
            }
            _ => (),
        }
    }
    for record in records {
        let asset = || record["asset_id"].as_str().expect("an asset").to_owned();
        let order_id = || record["order_id"].as_str().expect("an id").to_owned();
        match record["kind"].as_str().expect("a kind") {
            "decision" => {
                let price = decimal(&record["metadata"]["reference_price"]);
                sums.prices.insert(asset(), price);
            }
            "order" => {
                orders.insert(order_id(), (asset(), record["side"] == "buy"));
            }
            "fill" => {
                let (asset, is_buy) = &orders[&order_id()];
                sums.fill(record, asset, *is_buy);
            }
            _ => (),
        }
    }
    sums
}

impl Sums {
    fn fill(&mut self, fill: &Value, asset: &str, is_buy: bool) {
        let (quantity, price) = (decimal(&fill["quantity"]), decimal(&fill["price"]));
        let strategy = if is_buy {
            RoundingStrategy::AwayFromZero
        } else {
            RoundingStrategy::ToZero
        };
        let value = (quantity * price).round_dp_with_strategy(8, strategy);
        let reference = (quantity * self.prices[asset]).round_dp_with_strategy(8, strategy);
        let sign = if is_buy { Decimal::ONE } else { -Decimal::ONE };
        self.fills += 1;
        self.notional += value;
        self.slippage += sign * (value - reference);
        self.fees += decimal(&fill["fee"]);
        self.cash -= sign * value + decimal(&fill["fee"]);
        *self.held.entry(asset.to_owned()).or_default() += sign * quantity;
    }

    /// Cash and what is held at the last prices, each position rounded down.
    fn nlv(&self) -> Decimal {
        let values = self.held.iter().map(|(asset, quantity)| {
            (quantity * self.prices[asset]).round_dp_with_strategy(8, RoundingStrategy::ToZero)
        });
        self.cash + values.sum::<Decimal>()
    }
}

fn same(found: &impl ToString, expected: Decimal) {
    assert_eq!(found.to_string(), expected.normalize().to_string());
}

/// Within a quantum of 1e-12, above if rounded up.
fn near(found: &impl ToString, expected: Decimal) {
    let found: Decimal = found.to_string().parse().expect("a decimal");
    assert!(
        (found - expected).abs() <= Decimal::new(1, 12),
        "{found} is not {expected}"
    );
}

fn agrees(ledger: &Path) {
    let summary = Summary::read(ledger).expect("a summary");
    let records = records(ledger);
    let sums = add_up(&records);
    let trading = &summary.trading;
    assert!(sums.fills > 0);
    assert_eq!(trading.fills, sums.fills);
    same(&trading.notional, sums.notional);
    same(&trading.fees, sums.fees);
    same(&trading.slippage, sums.slippage);
    same(&summary.final_cash, sums.cash);
    same(&summary.final_liabilities, Decimal::ZERO);
    same(&summary.final_nlv, sums.nlv());
    near(
        &trading.fee_rate.expect("trades"),
        sums.fees / sums.notional,
    );
    near(
        &trading.slippage_rate.expect("trades"),
        sums.slippage / sums.notional,
    );

    let seals = of_kind(&records, "seal");
    let total: Decimal = seals.iter().map(|seal| decimal(&seal["nlv_after"])).sum();
    let average = total / Decimal::from(seals.len());
    let turnover: Decimal = trading
        .turnover
        .expect("trades")
        .to_string()
        .parse()
        .expect("one");
    // The average itself is rounded down to 1e-8.
    assert!((turnover - sums.notional / average).abs() <= Decimal::new(1, 10));

    assert_eq!(summary.records, u64::try_from(records.len()).expect("few"));
    let decisions = of_kind(&records, "decision");
    assert_eq!(
        summary.decisions.total,
        u64::try_from(decisions.len()).expect("few")
    );
    for part in &summary.decisions.parts {
        let with = decisions
            .iter()
            .filter(|row| row["metadata"]["reason"] == part.name.as_str());
        assert_eq!(
            part.count,
            u64::try_from(with.count()).expect("few"),
            "{}",
            part.name
        );
    }
    for limit in &summary.limits {
        let bound = decisions.iter().filter(|row| {
            let mut binding = row["metadata"]["binding"]
                .as_array()
                .expect("a list")
                .iter();
            binding.any(|entry| entry["limit"] == limit.name.as_str())
        });
        assert_eq!(
            limit.count,
            u64::try_from(bound.count()).expect("few"),
            "{}",
            limit.name
        );
    }
    let entries = decisions
        .iter()
        .map(|row| row["metadata"]["binding"].as_array().expect("a list"));
    let names: std::collections::BTreeSet<_> = entries
        .flatten()
        .map(|entry| entry["limit"].as_str().expect("a name"))
        .collect();
    assert_eq!(summary.limits.len(), names.len());
}

#[test]
fn sums_agree_with_the_raw_lines() {
    agrees(&ledger(&single(&golden("one-cycle"))));
    agrees(&ledger(&history(&golden("sp500-inverse-vol"), 100)));
    agrees(&ledger(&history(&golden("mixed-calendars"), 300)));
}

/// The engine's own books, which the ledger keeps as a document, know fees and slippage too.
#[test]
fn costs_agree_with_the_trial_balance() {
    let directory = history(&golden("sp500-inverse-vol"), 120);
    let ledger = ledger(&directory);
    let mut pack = Pack::open(&ledger).expect("a pack");
    let mut builder = SummaryBuilder::new();
    for stored in LedgerReader::open(&ledger).expect("a ledger") {
        let stored = stored.expect("a record");
        if matches!(&stored.record, Record::Cycle(cycle) if cycle.cycle_id == 120) {
            break;
        }
        builder.take(&stored, &mut pack).expect("is taken");
    }
    let summary = builder.finish().expect("sums").expect("a summary");
    let records = records(&ledger);
    let cycles = of_kind(&records, "cycle");
    let account = document(&ledger, &cycles[119]["account_hash"]);
    same(&summary.trading.fees, decimal(&account["fees"]));
    same(&summary.trading.slippage, decimal(&account["slippage"]));
    same(&summary.final_cash, decimal(&account["cash"]));
}

/// Against every pair of seals.
#[test]
fn the_drawdown_is_the_worst_of_all_pairs() {
    let directory = history(&golden("sp500-inverse-vol"), 300);
    let ledger = ledger(&directory);
    let records = records(&ledger);
    let nlvs: Vec<_> = of_kind(&records, "seal")
        .iter()
        .map(|seal| decimal(&seal["nlv_after"]))
        .collect();
    let cycles = of_kind(&records, "cycle");
    assert_eq!(nlvs.len(), 300);
    let mut worst = (Decimal::ZERO, 0, 0);
    for (start, peak) in nlvs.iter().enumerate() {
        for (end, trough) in nlvs.iter().enumerate().skip(start) {
            let fall = (peak - trough) / peak;
            if fall > worst.0 {
                worst = (fall, start, end);
            }
        }
    }
    let found = Summary::read(&ledger)
        .expect("a summary")
        .drawdown
        .expect("a fall");
    near(&found.fraction, worst.0);
    same(&found.peak_nlv, nlvs[worst.1]);
    same(&found.trough_nlv, nlvs[worst.2]);
    assert_eq!(found.peak_as_of.to_string(), cycles[worst.1]["as_of"]);
    assert_eq!(found.trough_as_of.to_string(), cycles[worst.2]["as_of"]);
}
