//! A history in memory, whose documents and tables a suite may change before it is run.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;
use std::io::Cursor;
use std::path::Path;
use std::sync::Arc;

use ios012_contracts::{Constraints, Cycles, Registry, Scenario, Standing, Tables};
use ios012_core::{Exposure, Price};
use serde_json::Value;

use crate::FortressError;

/// The main job: 20 stocks, daily mandates from 1990 to 2022.
pub(crate) const STOCKS: &str = "sp500-inverse-vol";

/// Documents and tables of a history without rates, scores and events.
#[derive(Debug, Clone)]
pub(crate) struct Story {
    pub(crate) scenario: Value,
    pub(crate) registry: Value,
    pub(crate) constraints: Value,
    /// The columns of the prices.
    pub(crate) assets: Vec<String>,
    pub(crate) prices: Vec<PriceRow>,
    pub(crate) targets: Vec<TargetRow>,
    /// The table of shock scores, if a limit has a threshold for them.
    pub(crate) shock_scores: Option<String>,
}

/// One date of the prices; none where the market is closed.
#[derive(Debug, Clone)]
pub(crate) struct PriceRow {
    pub(crate) time: String,
    pub(crate) cells: Vec<Option<Price>>,
}

/// One mandate.
#[derive(Debug, Clone)]
pub(crate) struct TargetRow {
    pub(crate) time: String,
    pub(crate) targets: Vec<(String, Exposure)>,
}

impl Story {
    /// Reads a golden history.
    pub(crate) fn golden(golden: &Path, name: &str) -> Result<Self, FortressError> {
        let read = |file: &str| {
            let path = golden.join(name).join(file);
            fs::read_to_string(&path).map_err(FortressError::io(&path))
        };
        let (assets, prices) = read_prices(&read("prices.csv")?)?;
        Ok(Self {
            scenario: serde_json::from_str(&read("scenario.json")?)?,
            registry: serde_json::from_str(&read("registry.json")?)?,
            constraints: serde_json::from_str(&read("constraints.json")?)?,
            assets,
            prices,
            targets: read_targets(&read("targets.csv")?)?,
            shock_scores: None,
        })
    }

    /// The same documents with the tables of the days around one: `before` mandates, that of the
    /// day, and `after`.
    pub(crate) fn around(
        &self,
        day: &str,
        before: usize,
        after: usize,
    ) -> Result<Self, FortressError> {
        let place = self.targets.iter().position(|row| row.time == day);
        let place = place.ok_or_else(|| FortressError::Data(format!("no mandate on {day}")))?;
        let first = place.saturating_sub(before);
        let targets = self.targets.iter().skip(first);
        let targets: Vec<_> = targets.take(before + 1 + after).cloned().collect();
        let (first, last) = match (targets.first(), targets.last()) {
            (Some(first), Some(last)) => (first.time.clone(), last.time.clone()),
            _ => return Err(FortressError::Data(format!("no mandate near {day}"))),
        };
        let prices = self.prices.iter();
        let prices = prices.filter(|row| (&first..=&last).contains(&&row.time));
        Ok(Self {
            prices: prices.cloned().collect(),
            targets,
            ..self.clone()
        })
    }

    /// Checks the documents against each other.
    pub(crate) fn standing(&self) -> Result<Arc<Standing>, FortressError> {
        let bytes = |value: &Value| value.to_string().into_bytes();
        let registry = Registry::parse("registry.json", &bytes(&self.registry))?;
        let constraints = Constraints::parse("constraints.json", &bytes(&self.constraints))?;
        let scenario = Scenario::parse("scenario.json", &bytes(&self.scenario))?;
        let standing = Standing::check(scenario, Arc::new(registry), Arc::new(constraints), None)?;
        Ok(Arc::new(standing))
    }

    /// The documents of each cycle.
    pub(crate) fn cycles(
        &self,
        standing: &Arc<Standing>,
    ) -> Result<Cycles<Cursor<Vec<u8>>>, FortressError> {
        let tables = Tables {
            prices: Cursor::new(self.prices_csv().into_bytes()),
            targets: Cursor::new(self.targets_csv().into_bytes()),
            shock_scores: self
                .shock_scores
                .clone()
                .map(|text| Cursor::new(text.into_bytes())),
            volatility: None,
            fx: None,
            events: None,
        };
        Ok(Cycles::new(Arc::clone(standing), tables)?)
    }

    /// The rows of a document's table by their `asset_id`.
    pub(crate) fn rows(document: &mut Value) -> Result<&mut Vec<Value>, FortressError> {
        let rows = document.get_mut("assets").and_then(Value::as_array_mut);
        rows.ok_or_else(|| FortressError::Data("a document has no assets".to_owned()))
    }

    fn prices_csv(&self) -> String {
        let mut csv = format!("date,{}\n", self.assets.join(","));
        for row in &self.prices {
            csv += &row.time;
            for cell in &row.cells {
                csv.push(',');
                if let Some(price) = cell {
                    price.write_to(&mut csv);
                }
            }
            csv.push('\n');
        }
        csv
    }

    fn targets_csv(&self) -> String {
        let mut csv = "date,asset_id,target_exposure\n".to_owned();
        for row in &self.targets {
            for (asset_id, target) in &row.targets {
                // Writing to a String cannot fail.
                let _ = writeln!(csv, "{},{asset_id},{target}", row.time);
            }
        }
        csv
    }
}

fn read_prices(csv: &str) -> Result<(Vec<String>, Vec<PriceRow>), FortressError> {
    let mut lines = csv.lines();
    let header = lines.next().unwrap_or_default();
    let assets = header.split(',').skip(1).map(str::to_owned).collect();
    let mut rows = Vec::new();
    for line in lines {
        let mut cells = line.split(',');
        let time = cells.next().unwrap_or_default().to_owned();
        let price = |cell: &str| (!cell.is_empty()).then(|| Price::parse_padded(cell));
        let cells = cells.map(|cell| price(cell).transpose());
        rows.push(PriceRow {
            time,
            cells: cells.collect::<Result<_, _>>()?,
        });
    }
    Ok((assets, rows))
}

fn read_targets(csv: &str) -> Result<Vec<TargetRow>, FortressError> {
    let mut rows: BTreeMap<&str, Vec<(String, Exposure)>> = BTreeMap::new();
    for line in csv.lines().skip(1) {
        let mut cells = line.split(',');
        let (Some(time), Some(asset), Some(target)) = (cells.next(), cells.next(), cells.next())
        else {
            return Err(FortressError::Data(format!("targets: {line}")));
        };
        let target = Exposure::parse_padded(target)?;
        rows.entry(time)
            .or_default()
            .push((asset.to_owned(), target));
    }
    let rows = rows.into_iter().map(|(time, targets)| TargetRow {
        time: time.to_owned(),
        targets,
    });
    Ok(rows.collect())
}
