//! A ledger as raw JSON, and decimals of another library.

use std::path::Path;

use rust_decimal::Decimal;
use serde_json::Value;

/// The records of the first segment.
pub(crate) fn records(ledger: &Path) -> Vec<Value> {
    lines(&ledger.join("000001.ledger"))
}

/// The documents of the pack, each with its hash.
pub(crate) fn document(ledger: &Path, hash: &Value) -> Value {
    let hash = hash.as_str().expect("a hash");
    let pack = std::fs::read_to_string(ledger.join("documents.pack")).expect("a pack");
    let line = pack
        .lines()
        .find(|line| line.starts_with(hash))
        .expect("the document");
    serde_json::from_str(line.get(65..).expect("JSON")).expect("JSON")
}

fn lines(path: &Path) -> Vec<Value> {
    let text = std::fs::read_to_string(path).expect("a file");
    let json = |line: &str| serde_json::from_str(line.get(65..).expect("JSON")).expect("JSON");
    text.lines().map(json).collect()
}

pub(crate) fn decimal(value: &Value) -> Decimal {
    value.as_str().expect("a text").parse().expect("a decimal")
}

/// The records of a kind.
pub(crate) fn of_kind<'a>(records: &'a [Value], kind: &str) -> Vec<&'a Value> {
    records
        .iter()
        .filter(|record| record["kind"] == kind)
        .collect()
}
