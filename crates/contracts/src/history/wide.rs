//! Wide tables: a row per date, a column per asset.

use std::io::Read;

use ios012_core::{CoreError, Price, Ratio, UtcTime};

use super::table::Table;
use crate::text::Fault;
use crate::{ContractsError, DocumentKind, Place, Refusal, RefusalCode, Registry};

/// The column of a score file that belongs to the portfolio as a whole.
pub(super) const PORTFOLIO: &str = "portfolio";

/// Prices, carried over the days on which a market is closed.
pub(super) struct Prices<R> {
    table: Table<R>,
    assets: Vec<usize>,
    quotes: Vec<Option<Quote>>,
}

/// The last price of an asset.
#[derive(Debug, Clone, Copy)]
pub(super) struct Quote {
    pub(super) price: Price,
    pub(super) time: UtcTime,
    pub(super) open: bool,
}

impl<R: Read> Prices<R> {
    pub(super) fn open(input: R, registry: &Registry) -> Result<Self, ContractsError> {
        let table = Table::open(input, super::PRICES, DocumentKind::Market)?;
        let assets = asset_columns(&table, registry, None)?;
        Ok(Self {
            table,
            assets,
            quotes: vec![None; registry.assets().len()],
        })
    }

    pub(super) const fn date(&self) -> Option<UtcTime> {
        self.table.date()
    }

    pub(super) const fn line(&self) -> u64 {
        self.table.line()
    }

    /// The last price of each asset of the registry.
    pub(super) fn quotes(&self) -> &[Option<Quote>] {
        &self.quotes
    }

    /// Reads the next row into the quotes.
    pub(super) fn advance(&mut self) -> Result<Option<UtcTime>, ContractsError> {
        let Some(time) = next_date(&mut self.table)? else {
            return Ok(None);
        };
        for (column, &asset) in (1..).zip(&self.assets) {
            let Some(quote) = self.quotes.get_mut(asset) else {
                continue;
            };
            if self.table.bytes(column).is_empty() {
                if let Some(quote) = quote {
                    quote.open = false;
                }
                continue;
            }
            let price = Price::parse_padded(self.table.cell(column)?)
                .map_err(|error| decimal_fault(&self.table, column, error))?;
            if !price.is_positive() {
                let refusal = self.table.refuse_cell(RefusalCode::OutOfRange, column);
                let remedy = "correct the price; leave the cell empty where the market was closed";
                return Err(refusal.rule("must be above 0").remedy(remedy).into());
            }
            *quote = Some(Quote {
                price,
                time,
                open: true,
            });
        }
        Ok(Some(time))
    }
}

/// Scores of each asset, and of the portfolio, at their date only.
pub(super) struct Scores<R> {
    table: Table<R>,
    assets: Vec<usize>,
    values: Vec<Option<Ratio>>,
    portfolio: Option<Ratio>,
    before_first: bool,
}

impl<R: Read> Scores<R> {
    /// `with_portfolio`: whether the file may have a column for the portfolio.
    pub(super) fn open(
        input: R,
        file: &'static str,
        registry: &Registry,
        with_portfolio: bool,
    ) -> Result<Self, ContractsError> {
        let table = Table::open(input, file, DocumentKind::Market)?;
        let portfolio = with_portfolio.then_some(registry.assets().len());
        let assets = asset_columns(&table, registry, portfolio)?;
        Ok(Self {
            table,
            assets,
            values: vec![None; registry.assets().len()],
            portfolio: None,
            before_first: true,
        })
    }

    pub(super) const fn line(&self) -> u64 {
        self.table.line()
    }

    /// Goes to a date, or to the first row after it.
    pub(super) fn seek(&mut self, date: UtcTime) -> Result<(), ContractsError> {
        while self.before_first || self.table.date().is_some_and(|row| row < date) {
            self.before_first = false;
            if self.advance()?.is_none() {
                break;
            }
        }
        Ok(())
    }

    /// Reads the rest of the file, for its rules.
    pub(super) fn drain(&mut self) -> Result<(), ContractsError> {
        while self.advance()?.is_some() {}
        Ok(())
    }

    /// Whether the file has a row for a date.
    pub(super) fn covers(&self, date: UtcTime) -> bool {
        self.table.date() == Some(date)
    }

    /// The score of an asset of the registry at a date.
    pub(super) fn asset(&self, asset: usize, date: UtcTime) -> Option<Ratio> {
        let value = self.values.get(asset).copied().flatten();
        value.filter(|_| self.covers(date))
    }

    /// The score of the portfolio at a date.
    pub(super) fn portfolio(&self, date: UtcTime) -> Option<Ratio> {
        self.portfolio.filter(|_| self.covers(date))
    }

    fn advance(&mut self) -> Result<Option<UtcTime>, ContractsError> {
        let Some(date) = next_date(&mut self.table)? else {
            return Ok(None);
        };
        for (column, &asset) in (1..).zip(&self.assets) {
            let mut score = None;
            if !self.table.bytes(column).is_empty() {
                let value = Ratio::parse_padded(self.table.cell(column)?)
                    .map_err(|error| decimal_fault(&self.table, column, error))?;
                if value.is_negative() {
                    let refusal = self.table.refuse_cell(RefusalCode::OutOfRange, column);
                    return Err(refusal.rule("must be 0 or above").into());
                }
                score = Some(value);
            }
            match self.values.get_mut(asset) {
                Some(slot) => *slot = score,
                None => self.portfolio = score,
            }
        }
        Ok(Some(date))
    }
}

/// The next row of a table with one row per date.
pub(super) fn next_date<R: Read>(table: &mut Table<R>) -> Result<Option<UtcTime>, ContractsError> {
    let before = table.date();
    let date = table.advance()?;
    if date.is_some() && date == before {
        return Err(table.refuse_cell(RefusalCode::DuplicateRow, 0).into());
    }
    Ok(date)
}

/// The place in the registry of each column after the date. `portfolio` is what the column of that
/// name gets.
fn asset_columns<R: Read>(
    table: &Table<R>,
    registry: &Registry,
    portfolio: Option<usize>,
) -> Result<Vec<usize>, ContractsError> {
    if table.columns().len() < 2 {
        let refusal = table.refuse(RefusalCode::CsvHeader, Place::Whole);
        return Err(refusal
            .rule("the header needs a column per asset after date")
            .into());
    }
    let place = |name: &String| {
        let special = portfolio.filter(|_| name == PORTFOLIO);
        special.or_else(|| registry.position(name)).ok_or_else(|| {
            let place = Place::Cell {
                line: 1,
                column: shown_column(name),
            };
            table
                .refuse(RefusalCode::UnknownAsset, place)
                .value(name)
                .into()
        })
    };
    table.columns().iter().skip(1).map(place).collect()
}

/// A column's name for a message, cut: it is text of the file.
pub(super) fn shown_column(name: &str) -> String {
    name.chars().flat_map(char::escape_debug).take(32).collect()
}

/// Why a cell is not a decimal.
pub(super) fn decimal_fault<R: Read>(table: &Table<R>, column: usize, error: CoreError) -> Refusal {
    let fault = Fault::from(error);
    let refusal = table.refuse_cell(fault.code, column);
    match fault.rule {
        Some(rule) => refusal.rule(rule),
        None => refusal,
    }
}
