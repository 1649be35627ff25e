//! Proofs of single records.

use std::fs;
use std::path::Path;

use anyhow::{Context as _, Result};

use super::{Judges, LAST_OF_SIGNATURE, Subject};

/// Every decision of the first cycle is proven; of the first proof each byte is changed, and each shorter text is judged.
pub(super) fn judge(judges: &mut Judges<'_>, ledger: &Path) -> Result<()> {
    let text = fs::read_to_string(ledger.join("000001.ledger"))?;
    let mut proofs = Vec::new();
    for asset in decided(&text) {
        let file = ledger.with_extension(format!("{asset}.tlog-proof"));
        let key = judges.key.trim().to_owned();
        let asked = ["prove", "1", &asset, "--verifier-key", &key, "--out"].map(Path::new);
        judges.ios012(&[&asked[..1], &[ledger], &asked[1..], &[&file]].concat())?;
        judges.take(Subject::Proof(&file), &asset)?;
        proofs.push(file);
    }
    let first = proofs.first().context("the first cycle decided nothing")?;
    let (proof, good) = (Subject::Proof(first), fs::read(first)?);
    for place in 0..good.len() {
        let mut changed = good.clone();
        if let Some(byte) = changed.get_mut(place) {
            *byte ^= 1;
        }
        fs::write(first, changed)?;
        let what = format!("byte {place} of a proof changed");
        if place + LAST_OF_SIGNATURE == good.len() {
            judges.refuse_ours(proof, &what)?;
        } else {
            judges.refuse(proof, &what)?;
        }
    }
    for length in 0..good.len() {
        fs::write(first, good.get(..length).unwrap_or_default())?;
        judges.refuse(proof, &format!("{length} bytes of a proof"))?;
    }
    fs::write(first, good)?;
    judges.take(proof, "the proof put back")
}

/// The assets of the first cycle's decisions.
fn decided(segment: &str) -> Vec<String> {
    let cycle = segment
        .lines()
        .take_while(|line| !line.contains(r#""kind":"seal""#));
    let decisions = cycle.filter(|line| line.contains(r#""kind":"decision""#));
    let asset = |line: &str| {
        let (_, rest) = line.split_once(r#""asset_id":""#)?;
        Some(rest.split_once('"')?.0.to_owned())
    };
    decisions.filter_map(asset).collect()
}
