//! What the stress suite does to a history.

use std::collections::BTreeSet;

use ios012_core::{AssetId, Exposure, Price, UtcTime};
use serde_json::{Value, json};

use crate::FortressError;
use crate::story::Story;

/// Copies of each stock: 20 × 25 = 500 assets.
pub(crate) const COPIES: usize = 25;

/// Days for which every market is closed in a halt.
const HALT_DAYS: usize = 5;

/// The lowest price that a changed path may reach: ten ticks.
const LOWEST: i128 = 10 * Price::SCALE / 1_000;
const HIGHEST: i128 = 1_000_000 * Price::SCALE;

/// What is done to a history.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Strain {
    /// Nothing: the crash as it was.
    Real,
    /// Every return times ten.
    TenFold,
    /// The same, with no band that stops a cycle at a jump.
    TenFoldUnbanded,
    /// The same, with the breakers of loss and drawdown.
    TenFoldBreakers,
    /// Prices are missing, among them every other one on the day of the crash.
    Gaps,
    /// All markets are closed for days from the crash on.
    Halts,
    /// 500 assets, each a stock with its returns made milder or stronger.
    Many,
}

impl Strain {
    pub(crate) const ALL: [Self; 7] = [
        Self::Real,
        Self::TenFold,
        Self::TenFoldUnbanded,
        Self::TenFoldBreakers,
        Self::Gaps,
        Self::Halts,
        Self::Many,
    ];

    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::Real => "as it was",
            Self::TenFold => "returns x10",
            Self::TenFoldUnbanded => "returns x10, no jump band",
            Self::TenFoldBreakers => "returns x10, loss breakers",
            Self::Gaps => "gaps",
            Self::Halts => "all markets halted",
            Self::Many => "500 assets",
        }
    }

    /// The history under this strain, where the crash is on `day`.
    pub(crate) fn apply(self, mut story: Story, day: &str) -> Result<Story, FortressError> {
        match self {
            Self::Real => {}
            Self::TenFold => story.amplify(10, 1),
            Self::TenFoldUnbanded => {
                story.amplify(10, 1);
                story.drop_band()?;
            }
            Self::TenFoldBreakers => {
                story.amplify(10, 1);
                story.drop_band()?;
                story.constraints["breakers"] = json!({
                    "daily_loss": {"limit": "0.05", "response": "reduce_only"},
                    "drawdown": {"limit": "0.2", "response": "to_cash"},
                });
            }
            Self::Gaps => story.gaps(day),
            Self::Halts => story.halt(day),
            Self::Many => story.multiply()?,
        }
        Ok(story)
    }
}

impl Story {
    /// Which assets have no price at which time.
    pub(crate) fn closed(&self) -> Result<BTreeSet<(UtcTime, AssetId)>, FortressError> {
        let mut closed = BTreeSet::new();
        for row in &self.prices {
            let time = UtcTime::from_date(&row.time)?;
            for (asset, _) in self
                .assets
                .iter()
                .zip(&row.cells)
                .filter(|(_, cell)| cell.is_none())
            {
                closed.insert((time, asset.parse()?));
            }
        }
        Ok(closed)
    }

    fn amplify(&mut self, numerator: i128, denominator: i128) {
        for column in 0..self.assets.len() {
            let real: Vec<_> = self.prices.iter().map(|row| row.cells[column]).collect();
            let path = amplified(&real, numerator, denominator);
            for (row, price) in self.prices.iter_mut().zip(path) {
                row.cells[column] = price;
            }
        }
    }

    fn drop_band(&mut self) -> Result<(), FortressError> {
        let portfolio = self.constraints.get_mut("portfolio");
        let portfolio = portfolio.and_then(Value::as_object_mut);
        let band = portfolio.and_then(|portfolio| portfolio.remove("jump_band"));
        band.map(|_| ())
            .ok_or_else(|| FortressError::Data("no jump band to take away".to_owned()))
    }

    /// A fifth of all prices, and every other one of the crash. The first row stays: an asset cannot
    /// be named before its first price.
    fn gaps(&mut self, day: &str) {
        for (place, row) in self.prices.iter_mut().enumerate().skip(1) {
            let is_crash = row.time == day;
            for (column, cell) in row.cells.iter_mut().enumerate() {
                let is_gap = (place * 7 + column * 3) % 5 == 0;
                if is_gap || (is_crash && column % 2 == 0) {
                    *cell = None;
                }
            }
        }
    }

    fn halt(&mut self, day: &str) {
        let from_crash = self
            .prices
            .iter_mut()
            .filter(|row| row.time.as_str() >= day);
        for row in from_crash.take(HALT_DAYS) {
            row.cells.fill(None);
        }
    }

    /// Copy k of a stock moves by 75 % + 2 % × k of its returns and has a 25th of its target, its own
    /// limits and the dead band. A group holds the copies of its members.
    fn multiply(&mut self) -> Result<(), FortressError> {
        let real = self.clone();
        let name = |asset: &String, copy: usize| format!("{asset}-{copy:02}");
        let names = |assets: &[String]| -> Vec<String> {
            let copies = |asset| (0..COPIES).map(move |copy| name(asset, copy));
            assets.iter().flat_map(copies).collect()
        };
        self.assets = names(&real.assets);
        for row in &mut self.prices {
            row.cells.clear();
        }
        for column in 0..real.assets.len() {
            let path: Vec<_> = real.prices.iter().map(|row| row.cells[column]).collect();
            for weight in (75..).step_by(2).take(COPIES) {
                let path = amplified(&path, weight, 100);
                self.prices
                    .iter_mut()
                    .zip(path)
                    .for_each(|(row, price)| row.cells.push(price));
            }
        }
        for row in &mut self.targets {
            let targets = std::mem::take(&mut row.targets);
            row.targets = targets
                .iter()
                .flat_map(|(asset, target)| {
                    (0..COPIES).map(move |copy| (name(asset, copy), shared(*target)))
                })
                .collect();
        }
        for document in [&mut self.registry, &mut self.constraints] {
            let rows = Self::rows(document)?;
            let copies = rows
                .iter()
                .flat_map(|row| (0..COPIES).map(move |copy| copied(row, copy)));
            *rows = copies.collect();
        }
        if let Some(groups) = self
            .constraints
            .get_mut("groups")
            .and_then(Value::as_array_mut)
        {
            for group in groups {
                let members: Vec<String> = serde_json::from_value(group["members"].take())?;
                group["members"] = json!(names(&members));
            }
        }
        self.constraints["portfolio"]["dead_band"] = json!("0.00004");
        Ok(())
    }
}

/// A path whose returns are those of another, times a fraction. No step takes more than nine tenths
/// of a price or makes it more than ten times as high, so that prices stay above zero.
fn amplified(real: &[Option<Price>], numerator: i128, denominator: i128) -> Vec<Option<Price>> {
    let mut last: Option<(i128, i128)> = None;
    let mut step = |price: Price| {
        let price = price.units();
        let next = match last {
            None => price,
            Some((real, made)) => {
                let moved =
                    made * (denominator * real + numerator * (price - real)) / (denominator * real);
                moved.clamp(made / 10, made * 10).clamp(LOWEST, HIGHEST)
            }
        };
        last = Some((price, next));
        Price::from_units(next)
    };
    real.iter().map(|price| price.map(&mut step)).collect()
}

/// One copy's part of an exposure, rounded down.
fn shared(exposure: Exposure) -> Exposure {
    Exposure::from_units(exposure.units() / COPIES as i128)
}

/// A copy's row of the registry or of IoS-006.
fn copied(row: &Value, copy: usize) -> Value {
    let mut row = row.clone();
    if let Some(asset) = row["asset_id"].as_str() {
        row["asset_id"] = json!(format!("{asset}-{copy:02}"));
    }
    if let Some(symbols) = row.get_mut("symbols").and_then(Value::as_array_mut) {
        for symbol in symbols {
            let name = symbol["symbol"].as_str().unwrap_or_default();
            symbol["symbol"] = json!(format!("{name}-{copy:02}"));
        }
    }
    for limit in ["max_exposure", "max_delta_exposure"] {
        let parsed = row.get(limit).and_then(Value::as_str);
        if let Some(Ok(whole)) = parsed.map(str::parse::<Exposure>) {
            row[limit] = json!(shared(whole).to_string());
        }
    }
    row
}

#[cfg(test)]
mod tests {
    use super::*;

    fn path(prices: &[&str], numerator: i128, denominator: i128) -> Vec<String> {
        let real: Vec<_> = prices.iter().map(|price| price.parse().ok()).collect();
        let made = amplified(&real, numerator, denominator);
        let text = |price: Option<Price>| price.map_or("-".to_owned(), |price| price.to_string());
        made.into_iter().map(text).collect()
    }

    /// +1 % and −2 % become +10 % and −20 %; −20 % would be −200 % and is cut to −90 %.
    #[test]
    fn returns_are_multiplied_and_prices_stay_above_zero() {
        let prices = ["100", "101", "98.98", "79.184"];
        assert_eq!(path(&prices, 10, 1), ["100", "110", "88", "8.8"]);
        assert_eq!(path(&prices, 1, 1), prices);
    }

    /// Over a closed day the return is that from the last price.
    #[test]
    fn a_gap_stays_a_gap() {
        assert_eq!(path(&["100", "-", "110"], 1, 2), ["100", "-", "105"]);
    }

    /// The lowest price is a cent.
    #[test]
    fn the_floor_is_ten_ticks() {
        let prices = ["1", "0.5", "0.25", "0.125", "0.0625"];
        assert_eq!(
            path(&prices, 10, 1).last().map(String::as_str),
            Some("0.01")
        );
    }
}
