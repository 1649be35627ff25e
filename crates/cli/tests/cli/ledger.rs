//! Reads and rewrites a ledger by its published format (docs/lineage-format.md), not through the
//! engine's reader.

use std::path::{Path, PathBuf};

use ios012_lineage::sha256;
use serde_json::Value;

use crate::support::files;

/// A line of a segment: hash, space, canonical JSON.
const HASH_DIGITS: usize = 64;

/// The records of all segments, in order.
pub(crate) fn records(ledger: &Path) -> Vec<Value> {
    let lines = lines(ledger);
    let json = lines.iter().map(|line| &line[HASH_DIGITS + 1..]);
    json.map(|json| serde_json::from_str(json).unwrap())
        .collect()
}

/// The lines of all segments, in order.
pub(crate) fn lines(ledger: &Path) -> Vec<String> {
    let files = files(ledger).into_iter();
    let segments = files.filter(|(name, _)| name.ends_with(".ledger"));
    segments
        .flat_map(|(_, bytes)| {
            let text = String::from_utf8(bytes).unwrap();
            text.lines().map(str::to_owned).collect::<Vec<_>>()
        })
        .collect()
}

/// The records of one kind.
pub(crate) fn of_kind(ledger: &Path, kind: &str) -> Vec<Value> {
    let records = records(ledger).into_iter();
    records.filter(|record| record["kind"] == kind).collect()
}

/// Outcome, counts, cash and net liquidation values of each seal: equal for two ledgers of the
/// same history, however often its writing was interrupted.
pub(crate) fn seals(ledger: &Path) -> Vec<String> {
    let members = [
        "outcome",
        "decisions",
        "orders",
        "fills",
        "nlv_before",
        "nlv_after",
        "cash",
    ];
    let seals = of_kind(ledger, "seal").into_iter();
    seals
        .map(|seal| {
            let values = members.map(|name| seal[name].as_str().unwrap_or("null").to_owned());
            values.join(" ")
        })
        .collect()
}

pub(crate) fn first_segment(ledger: &Path) -> PathBuf {
    ledger.join("000001.ledger")
}

/// Rewrites a ledger of one segment so that only its first records are left, and a head that fits.
pub(crate) fn keep_records(ledger: &Path, records: usize) {
    let lines = lines(ledger);
    rewrite(ledger, &lines[..records]);
}

/// Writes these lines as the only segment, and a head that fits.
pub(crate) fn rewrite(ledger: &Path, lines: &[String]) {
    let text = lines.join("\n") + "\n";
    std::fs::write(first_segment(ledger), text).unwrap();
    let last = &lines.last().unwrap()[..HASH_DIGITS];
    std::fs::write(ledger.join("head"), format!("{} {last}\n", lines.len())).unwrap();
}

/// Forges a line as somebody would who knows the format: the JSON is changed, and every hash from
/// there to the end is computed anew.
pub(crate) fn forge(lines: &mut [String], place: usize, from: &str, to: &str) {
    let mut old_hash = lines[place][..HASH_DIGITS].to_owned();
    let forged = lines[place][HASH_DIGITS + 1..].replacen(from, to, 1);
    let mut hash = sha256(forged.as_bytes()).to_string();
    lines[place] = format!("{hash} {forged}");
    for line in &mut lines[place + 1..] {
        let next_old_hash = line[..HASH_DIGITS].to_owned();
        let json = line[HASH_DIGITS + 1..].replace(&old_hash, &hash);
        hash = sha256(json.as_bytes()).to_string();
        *line = format!("{hash} {json}");
        old_hash = next_old_hash;
    }
}
