//! What must not matter does not change an exposure: the order of the assets in every document, the
//! size of the portfolio, the currency it is measured in, and the batches that a day comes in
//! (docs/decision.md, I5 and I7).

use std::cmp::Ordering;
use std::path::Path;

use ios012_core::{Exposure, Money, Price, UtcTime};
use ios012_paper::Script;
use serde_json::{Value, json};

use crate::desk::{Told, judge, run as run_desk};
use crate::error::ensure;
use crate::report::{Held, Recorder};
use crate::story::{PriceRow, STOCKS, Story, TargetRow};
use crate::{FortressError, Size};

/// Sizes by which everything that is money or a number of units is multiplied: 10 to these powers.
const POWERS: [i32; 3] = [-1, 1, 3];

pub(crate) fn run(golden: &Path, size: Size, recorder: &mut Recorder<'_>) {
    let story = Story::golden(golden, STOCKS)
        .and_then(|story| story.around("2008-10-15", size.pick(8, 120), size.pick(4, 120)));
    let story = match story {
        Ok(story) => story,
        Err(error) => return recorder.part(STOCKS, || Err(error)),
    };
    recorder.part("assets in another order", || permuted(&story));
    for power in POWERS {
        recorder.part(format!("portfolio x 10^{power}"), || scaled(&story, power));
    }
    recorder.part("another base currency", || rebased(&story));
    recorder.part("a day in three batches", || in_batches(&story));
}

/// Runs a history and reads what was decided.
fn told(story: &Story) -> Result<Told, FortressError> {
    let standing = story.standing()?;
    let (_, directory) = run_desk(&standing, story.cycles(&standing)?, Script::default())?;
    judge(directory.path())?;
    Told::read(directory.path())
}

/// Every decision is the same.
fn same(base: &Told, other: &Told) -> Result<(), FortressError> {
    ensure(base.decisions.len() == other.decisions.len(), || {
        let (base, other) = (base.decisions.len(), other.decisions.len());
        format!("{base} decisions, and {other}")
    })?;
    for ((time, asset), decided) in &base.decisions {
        let found = other.decisions.get(&(*time, asset.clone()));
        ensure(found == Some(decided), || {
            format!("{asset} at {time}: {decided:?}, and {found:?}")
        })?;
    }
    Ok(())
}

fn held(told: &Told, shows: &str) -> Held {
    let count = |length: usize| u64::try_from(length).unwrap_or(u64::MAX);
    Held {
        cycles: count(told.seals.len()),
        decisions: count(told.decisions.len()),
        shows: shows.to_owned(),
    }
}

/// The assets from last to first: columns, rows of the registry and of IoS-006, groups and their
/// members, targets.
fn permuted(story: &Story) -> Result<Held, FortressError> {
    let mut other = story.clone();
    other.assets.reverse();
    other.prices.iter_mut().for_each(|row| row.cells.reverse());
    other
        .targets
        .iter_mut()
        .for_each(|row| row.targets.reverse());
    for document in [&mut other.registry, &mut other.constraints] {
        Story::rows(document)?.reverse();
    }
    let groups = other
        .constraints
        .get_mut("groups")
        .and_then(Value::as_array_mut);
    for group in groups.into_iter().flatten() {
        if let Some(members) = group["members"].as_array_mut() {
            members.reverse();
        }
    }
    if let Some(groups) = other.constraints["groups"].as_array_mut() {
        groups.reverse();
    }
    let (base, other) = (told(story)?, told(&other)?);
    same(&base, &other)?;
    let amounts = |told: &Told| -> Vec<_> {
        told.seals
            .iter()
            .map(|seal| (seal.cash, seal.nlv_after))
            .collect()
    };
    ensure(amounts(&base) == amounts(&other), || {
        "the books differ".to_owned()
    })?;
    Ok(held(&other, "equal exposures and books"))
}

/// Whole shares, so that every amount of money has a finite number of digits: a price has three, and a
/// fee of 5 bps four more. Then nothing is rounded, and equal means equal.
fn in_whole_shares(story: &Story) -> Result<Story, FortressError> {
    let mut story = story.clone();
    story.scenario["opening_cash"] = json!("100000000");
    for row in Story::rows(&mut story.registry)? {
        row["lot_size"] = json!("1");
    }
    Ok(story)
}

/// NLV, lots and limits in money, all times a power of ten.
fn scaled(story: &Story, power: i32) -> Result<Held, FortressError> {
    let base = in_whole_shares(story)?;
    let mut other = base.clone();
    shift(&mut other.scenario["opening_cash"], power)?;
    for row in Story::rows(&mut other.registry)? {
        shift(&mut row["lot_size"], power)?;
        shift(&mut row["min_notional"], power)?;
    }
    let (base, other) = (told(&base)?, told(&other)?);
    same(&base, &other)?;
    same_money(&base, &other, power)?;
    Ok(held(&other, "equal exposures, money in proportion"))
}

/// Everything that is money in a currency whose unit is a tenth of the old one.
fn rebased(story: &Story) -> Result<Held, FortressError> {
    let base = in_whole_shares(story)?;
    let mut other = base.clone();
    other.scenario["base_currency"] = json!("XTS");
    other.registry["base_currency"] = json!("XTS");
    shift(&mut other.scenario["opening_cash"], 1)?;
    for row in Story::rows(&mut other.registry)? {
        row["currency"] = json!("XTS");
        shift(&mut row["tick_size"], 1)?;
        shift(&mut row["min_notional"], 1)?;
    }
    let tenfold = |price: Price| Price::from_units(price.units() * 10);
    for row in &mut other.prices {
        for cell in &mut row.cells {
            *cell = cell.map(tenfold);
        }
    }
    let (base, other) = (told(&base)?, told(&other)?);
    same(&base, &other)?;
    same_money(&base, &other, 1)?;
    Ok(held(&other, "equal exposures, money in proportion"))
}

/// The seals of one ledger hold those of another, times a power of ten.
fn same_money(base: &Told, other: &Told, power: i32) -> Result<(), FortressError> {
    for (base, other) in base.seals.iter().zip(&other.seals) {
        for (base, other) in [(base.cash, other.cash), (base.nlv_after, other.nlv_after)] {
            let units = |money: Option<Money>| money.map(Money::units);
            let (up, down) = (
                10_i128.pow(power.max(0).unsigned_abs()),
                10_i128.pow(power.min(0).unsigned_abs()),
            );
            let in_proportion =
                units(base).map(|units| units * up) == units(other).map(|units| units * down);
            ensure(in_proportion, || format!("{base:?} and {other:?} in money"))?;
        }
    }
    Ok(())
}

/// A decimal times a power of ten, without rounding.
fn shift(value: &mut Value, power: i32) -> Result<(), FortressError> {
    let wrong = || FortressError::Data(format!("not a decimal to be shifted by {power}"));
    let money: Money = value.as_str().ok_or_else(wrong)?.parse()?;
    let factor = 10_i128.pow(power.unsigned_abs());
    let units = match power {
        0.. => money.units() * factor,
        _ if money.units() % factor == 0 => money.units() / factor,
        _ => return Err(wrong()),
    };
    *value = json!(Money::from_units(units).to_string());
    Ok(())
}

/// Into how many batches a day is split. Every third asset is in the same one.
const BATCHES: usize = 3;

/// Each day as three mandates an hour apart. The first moves the assets of the first batch only, and
/// so on; the others stay where they are. Trading costs nothing here, and every limit but the longest
/// step and the dead band has room: one that the market broke would be worked down in the first batch.
fn in_batches(story: &Story) -> Result<Held, FortressError> {
    let mut whole = in_whole_shares(story)?;
    whole.constraints["execution"] =
        json!({"fee_bps": "0", "slippage_bps": "0", "price_collar_bps": "50"});
    whole.constraints["groups"] = json!([]);
    for row in Story::rows(&mut whole.constraints)? {
        row["max_exposure"] = json!("0.2");
    }
    for row in &mut whole.targets {
        for (_, target) in &mut row.targets {
            *target = Exposure::from_units(target.units() / 10 * 9);
        }
    }
    let base = told(&whole)?;
    let batch_of = |asset: &str| {
        let column = whole.assets.iter().position(|column| column == asset);
        column.unwrap_or_default() % BATCHES
    };
    let mut split = whole.clone();
    split.prices.clear();
    split.targets.clear();
    for row in &whole.targets {
        let day = UtcTime::from_date(&row.time)?;
        let prices = whole.prices.iter().find(|prices| prices.time == row.time);
        let prices = prices.ok_or_else(|| FortressError::Data(format!("no prices on {day}")))?;
        for now in 0..BATCHES {
            let mut targets = Vec::new();
            for (asset, target) in &row.targets {
                let decided = base.decisions.get(&(day, asset.parse()?));
                let decided = decided
                    .ok_or_else(|| FortressError::Data(format!("no decision on {asset}")))?;
                let target = match batch_of(asset).cmp(&now) {
                    Ordering::Less => decided.allowed,
                    Ordering::Equal => *target,
                    Ordering::Greater => decided.previous,
                };
                targets.push((asset.clone(), target));
            }
            let time = format!("{}T{now:02}:00:00.000Z", row.time);
            split.prices.push(PriceRow {
                time: time.clone(),
                cells: prices.cells.clone(),
            });
            split.targets.push(TargetRow { time, targets });
        }
    }
    let other = told(&split)?;
    for ((time, asset), decided) in &base.decisions {
        let hours = i64::try_from(batch_of(asset.as_str())).unwrap_or_default();
        let at = time.checked_add_milliseconds(hours * 3_600_000)?;
        let found = other.decisions.get(&(at, asset.clone()));
        ensure(found == Some(decided), || {
            format!("{asset} at {at}: {decided:?} at once, and {found:?} in its batch")
        })?;
    }
    Ok(held(&other, "each asset as if the day came at once"))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Ten times the money in lots that stay as they are is not the same portfolio: it holds odd tenths.
    #[test]
    fn what_is_not_scaled_is_seen() {
        let golden = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../golden");
        let story = Story::golden(&golden, STOCKS).expect("the golden history");
        let story = story.around("2008-10-15", 4, 0).expect("a window");
        let base = in_whole_shares(&story).expect("whole shares");
        let mut other = base.clone();
        shift(&mut other.scenario["opening_cash"], 1).expect("a decimal");
        let (base, other) = (told(&base).expect("runs"), told(&other).expect("runs"));
        assert!(same(&base, &base).is_ok());
        assert!(same(&base, &other).is_err());
        assert!(same_money(&base, &other, 1).is_err());
    }
}
