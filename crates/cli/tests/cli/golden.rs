//! Approved outputs of the golden scenarios. They change by review only: `cargo xtask golden`.
//!
//! The tables are made from the ledger's lines. Cash and net liquidation value are also computed
//! here, from the fills alone, and compared with the last seal.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::Path;

use serde_json::Value;

use crate::ledger::records;
use crate::support::{cycle, golden, on};

/// Decimals of a ledger have at most nine digits after the point, exposures apart.
const DIGITS: usize = 9;
const UNIT: i128 = 1_000_000_000;

#[test]
fn quickstart() {
    approve("quickstart", "backtest");
}

#[test]
fn one_cycle() {
    approve("one-cycle", "run");
}

/// Its cash and NLV are followed by hand in `crates/engine/tests/instruments.rs`.
#[test]
fn six_instruments() {
    approve_with("six-instruments", "backtest", |records| {
        insta::assert_snapshot!("six-instruments-entries", entries(records));
    });
}

/// 1,230 cycles of stocks on margin, a perpetual, a pair and futures: the approved head, which
/// proves the ledger, and zero drift. Its money is recomputed by `cargo xtask readers`.
#[test]
fn mixed_portfolio() {
    let folder = tempfile::tempdir().unwrap();
    let ledger = folder.path().join("ledger");
    let scenario = golden("mixed-portfolio");
    cycle("backtest", &scenario, &ledger).exits(0);
    let approved = std::fs::read_to_string(scenario.join("head.txt")).unwrap();
    assert_eq!(head(&ledger), approved);
    let replayed = on("replay", &ledger).exits(0);
    assert!(replayed.stdout.contains("ZERO DRIFT: 28290 decisions"));
}

fn approve(name: &str, command: &str) {
    approve_with(name, command, |records| {
        insta::assert_snapshot!(format!("{name}-account"), account(records));
    });
}

fn approve_with(name: &str, command: &str, books: impl Fn(&[Value])) {
    let folder = tempfile::tempdir().unwrap();
    let ledger = folder.path().join("ledger");
    cycle(command, &golden(name), &ledger).exits(0);
    on("verify", &ledger).exits(0);
    on("replay", &ledger).exits(0);
    let records = records(&ledger);
    let mut settings = insta::Settings::clone_current();
    settings.set_snapshot_path("../snapshots");
    settings.set_prepend_module_to_snapshot(false);
    settings.set_omit_expression(true);
    settings.bind(|| {
        insta::assert_snapshot!(format!("{name}-decisions"), decisions(&records));
        insta::assert_snapshot!(format!("{name}-trades"), trades(&records));
        books(&records);
        insta::assert_snapshot!(format!("{name}-head"), head(&ledger));
    });
}

/// A member's text.
fn text<'record>(record: &'record Value, name: &str) -> &'record str {
    record[name].as_str().unwrap_or("none")
}

fn decisions(records: &[Value]) -> String {
    let mut table = String::new();
    for record in records {
        match text(record, "kind") {
            "cycle" => {
                writeln!(
                    table,
                    "cycle {} {}",
                    text(record, "cycle_id"),
                    text(record, "as_of")
                )
            }
            "decision" => writeln!(table, "  {}", decision(record)),
            "residual" => writeln!(
                table,
                "  {:6} residual {} {}",
                text(record, "asset_id"),
                text(record, "quantity"),
                text(record, "reason")
            ),
            _ => Ok(()),
        }
        .unwrap();
    }
    table
}

fn entries(records: &[Value]) -> String {
    let mut table = String::new();
    for record in records {
        match text(record, "kind") {
            "cycle" => writeln!(table, "cycle {}", text(record, "cycle_id")).unwrap(),
            "entry" => {
                write!(
                    table,
                    "  {} {}:",
                    text(record, "time"),
                    text(record, "event")
                )
                .unwrap();
                for line in record["lines"].as_array().unwrap() {
                    let unit = ["currency", "asset_id"].map(|unit| line[unit].as_str());
                    let unit = unit.into_iter().flatten().next().unwrap();
                    let (account, amount) = (text(line, "account"), text(line, "amount"));
                    write!(table, " {account} {amount} {unit};").unwrap();
                }
                table.push('\n');
            }
            _ => {}
        }
    }
    table
}

fn decision(record: &Value) -> String {
    let metadata = &record["metadata"];
    let mut line = format!(
        "{:6} at {:9} from {:14} to {:14} allowed {:14} cost {:12} {}",
        text(record, "asset_id"),
        text(metadata, "reference_price"),
        text(record, "previous_exposure"),
        text(record, "target_exposure"),
        text(record, "allowed_exposure"),
        text(record, "transition_cost"),
        text(metadata, "reason"),
    );
    for limit in metadata["binding"].as_array().unwrap() {
        let (limit, before, after) = (
            text(limit, "limit"),
            text(limit, "before"),
            text(limit, "after"),
        );
        write!(line, "; {limit} {before} > {after}").unwrap();
    }
    line
}

fn trades(records: &[Value]) -> String {
    let mut table = String::new();
    let mut assets = BTreeMap::new();
    for record in records {
        let order_id = text(record, "order_id");
        match text(record, "kind") {
            "cycle" => writeln!(table, "cycle {}", text(record, "cycle_id")),
            "order" => {
                let asset = text(record, "asset_id");
                assets.insert(order_id, asset);
                writeln!(
                    table,
                    "  order {asset:6} {:4} {:12} limit {}",
                    text(record, "side"),
                    text(record, "quantity"),
                    text(record, "limit_price")
                )
            }
            "fill" => writeln!(
                table,
                "  fill  {:6} {:17} at {:10} fee {}",
                assets[order_id],
                text(record, "quantity"),
                text(record, "price"),
                text(record, "fee")
            ),
            "outcome" if text(record, "state") != "filled" => writeln!(
                table,
                "  {}  {} {}",
                assets[order_id],
                text(record, "state"),
                text(record, "code")
            ),
            "breaker" | "refusal" => writeln!(table, "  {record}"),
            "seal" => writeln!(
                table,
                "  {} NLV {} to {} cash {}",
                text(record, "outcome"),
                text(record, "nlv_before"),
                text(record, "nlv_after"),
                text(record, "cash")
            ),
            _ => Ok(()),
        }
        .unwrap();
    }
    table
}

/// The account at the end, from the opening and the fills alone; the last seal must agree.
fn account(records: &[Value]) -> String {
    let mut account = Account::default();
    for record in records {
        account.take(record);
    }
    let seal = records
        .iter()
        .rfind(|record| record["kind"] == "seal")
        .unwrap();
    assert_eq!(account.cash, units(text(seal, "cash")) * UNIT, "cash");
    let value: i128 = account
        .held
        .iter()
        .map(|(asset, quantity)| quantity * account.marks[asset])
        .sum();
    assert_eq!(
        account.cash + value,
        units(text(seal, "nlv_after")) * UNIT,
        "NLV"
    );
    let mut table = format!("cash {}\n", text(seal, "cash"));
    for (asset, quantity) in account.held.iter().filter(|(_, quantity)| **quantity != 0) {
        let whole = quantity / UNIT;
        assert_eq!(whole * UNIT, *quantity, "these scenarios trade whole lots");
        let mark = decimal(account.marks[asset]);
        writeln!(table, "{asset:6} {whole:6} at {mark}").unwrap();
    }
    writeln!(table, "NLV  {}", text(seal, "nlv_after")).unwrap();
    writeln!(table, "fees {}", decimal(account.fees)).unwrap();
    table
}

/// Quantities, prices and fees in units of 1e-9, cash in units of 1e-18.
#[derive(Debug, Default)]
struct Account {
    cash: i128,
    fees: i128,
    held: BTreeMap<String, i128>,
    marks: BTreeMap<String, i128>,
    orders: BTreeMap<String, (String, i128)>,
}

impl Account {
    fn take(&mut self, record: &Value) {
        let order_id = text(record, "order_id").to_owned();
        let asset = text(record, "asset_id").to_owned();
        match text(record, "kind") {
            "genesis" => self.open(record),
            "decision" => {
                let mark = units(text(&record["metadata"], "reference_price"));
                self.marks.insert(asset, mark);
            }
            "order" => {
                let sign = if record["side"] == "buy" { 1 } else { -1 };
                self.orders.insert(order_id, (asset, sign));
            }
            "fill" => {
                let (asset, sign) = self.orders[&order_id].clone();
                let quantity = sign * units(text(record, "quantity"));
                let fee = units(text(record, "fee"));
                self.cash -= quantity * units(text(record, "price")) + fee * UNIT;
                self.fees += fee;
                *self.held.entry(asset).or_default() += quantity;
            }
            _ => {}
        }
    }

    fn open(&mut self, genesis: &Value) {
        for line in genesis["opening"].as_array().unwrap() {
            let quantity = units(text(line, "quantity"));
            match text(line, "account") {
                "cash" => self.cash = quantity * UNIT,
                "position" => {
                    let asset = text(line, "asset_id").to_owned();
                    self.held.insert(asset, quantity);
                }
                _ => {}
            }
        }
    }
}

/// A decimal text in units of 1e-9.
fn units(text: &str) -> i128 {
    let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
    assert!(fraction.len() <= DIGITS, "{text}");
    format!("{whole}{fraction:0<DIGITS$}").parse().unwrap()
}

/// Units of 1e-9 as decimal text.
fn decimal(units: i128) -> String {
    let text = format!("{}.{:09}", units / UNIT, units % UNIT);
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

fn head(ledger: &Path) -> String {
    std::fs::read_to_string(ledger.join("head")).unwrap()
}
