//! A log that grows, read by its tiles.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, ensure};

use super::{Judges, Subject};

/// The history that is cut short: twenty assets a cycle.
const HISTORY: &str = "sp500-inverse-vol";
/// More records than two full tiles of the lowest level.
const RECORDS: u64 = 512;
/// Bytes between two that are changed.
const STRIDE: usize = 4_001;

/// A log is signed, grows and is signed again. Its tiles are taken, also against the first checkpoint; a changed tile, a log
/// that was rolled back, and one of another history are not.
pub(super) fn judge(judges: &mut Judges<'_>, folder: &Path) -> Result<()> {
    let (ledger, forked) = (folder.join("stocks"), folder.join("forked"));
    judges.new_key(&ledger)?;
    grow(judges, &ledger, 4, "")?;
    let (first, early) = (folder.join("first.checkpoint"), folder.join("early"));
    fs::copy(ledger.join("checkpoint"), &first)?;
    copy(&ledger, &early)?;
    grow(judges, &ledger, 12, "")?;
    let last = ledger.join("checkpoint");
    let records = size(&last)?;
    ensure!(
        size(&first)? < RECORDS && records > RECORDS,
        "{records} records show too little"
    );
    judges.take(Subject::Tiles(&ledger, &last), "the tiles")?;
    judges.take(Subject::Tiles(&ledger, &first), "the tiles that grew")?;

    for tile in tiles_of(records) {
        let tile = ledger.join(tile);
        let good = fs::read(&tile).with_context(|| format!("no tile {}", tile.display()))?;
        for place in (0..good.len()).step_by(STRIDE).chain([good.len() - 1]) {
            let mut changed = good.clone();
            if let Some(byte) = changed.get_mut(place) {
                *byte ^= 1;
            }
            fs::write(&tile, changed)?;
            let what = format!("byte {place} of {} changed", tile.display());
            judges.refuse(Subject::Tiles(&ledger, &last), &what)?;
        }
        fs::write(&tile, good)?;
    }
    judges.take(Subject::Tiles(&ledger, &last), "the tiles put back")?;

    judges.refuse(Subject::Tiles(&early, &last), "a log that was rolled back")?;
    // Longer, so that it could have grown from the other one.
    grow(judges, &forked, 14, "AAPL,0.034195")?;
    let own = forked.join("checkpoint");
    judges.take(Subject::Tiles(&forked, &own), "a fork by itself")?;
    judges.refuse(Subject::Tiles(&forked, &first), "a fork")?;
    judges.refuse(Subject::Tiles(&ledger, &own), "the log beside a fork")
}

/// Goes on with a ledger up to so many cycles, of another history if a row of the targets is changed, and signs it.
pub(super) fn grow(judges: &Judges<'_>, ledger: &Path, cycles: usize, changed: &str) -> Result<()> {
    let scenario = ledger.with_extension("scenario");
    let history = judges.project.root().join("golden").join(HISTORY);
    fs::create_dir_all(&scenario)?;
    for name in ["scenario.json", "registry.json", "constraints.json"] {
        fs::copy(history.join(name), scenario.join(name))?;
    }
    let targets = fs::read_to_string(history.join("targets.csv"))?;
    let dates: BTreeSet<_> = targets.lines().skip(1).map(date).collect();
    let last = dates.iter().nth(cycles - 1).context("a longer history")?;
    for name in ["targets.csv", "prices.csv"] {
        let table = fs::read_to_string(history.join(name))?;
        let rows = table.lines().enumerate();
        let rows = rows.filter(|(number, row)| *number == 0 || date(row) <= *last);
        let rows: Vec<_> = rows.map(|(_, row)| row).collect();
        let mut table = rows.join("\n") + "\n";
        if !changed.is_empty() {
            table = table.replacen(changed, "AAPL,0.03", 1);
        }
        fs::write(scenario.join(name), table)?;
    }
    judges.run("backtest", &scenario, ledger)?;
    judges.sign(ledger)
}

fn date(row: &str) -> &str {
    row.split(',').next().unwrap_or_default()
}

/// The records that a checkpoint covers.
fn size(checkpoint: &Path) -> Result<u64> {
    let text = fs::read_to_string(checkpoint)?;
    let size = text.lines().nth(1).and_then(|line| line.parse().ok());
    size.with_context(|| format!("{} has no size", checkpoint.display()))
}

/// The tiles of a tree of less than 65,536 records.
fn tiles_of(records: u64) -> Vec<PathBuf> {
    let (full, rest) = (records / 256, records % 256);
    let mut tiles = vec![PathBuf::from(format!("tile/1/000.p/{full}"))];
    for row in ["0", "entries"] {
        tiles.extend((0..full).map(|tile| format!("tile/{row}/{tile:03}").into()));
        if rest > 0 {
            tiles.push(format!("tile/{row}/{full:03}.p/{rest}").into());
        }
    }
    tiles
}

#[expect(
    clippy::disallowed_methods,
    reason = "the order of copying says nothing"
)]
fn copy(from: &Path, to: &Path) -> Result<()> {
    fs::create_dir_all(to)?;
    for entry in fs::read_dir(from)? {
        let entry = entry?;
        let (path, to) = (entry.path(), to.join(entry.file_name()));
        if path.is_dir() {
            copy(&path, &to)?;
        } else {
            fs::copy(path, to)?;
        }
    }
    Ok(())
}
