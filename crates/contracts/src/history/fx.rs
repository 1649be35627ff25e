//! The wide table of the rates of currency pairs, optional: a row per date, a column per pair.

use std::io::Read;

use ios012_core::{Price, UtcTime};

use super::table::Table;
use super::wide::{decimal_fault, next_date, shown_column};
use crate::fx::FxQuote;
use crate::{ContractsError, DocumentKind, Place, RefusalCode, Registry};

/// Rates, carried with their own time over the dates on which a pair has none.
pub(super) struct Rates<R> {
    table: Table<R>,
    /// The pair's place in the registry, for each column after the date.
    pairs: Vec<usize>,
    quotes: Vec<Option<FxQuote>>,
    /// Whether the row that was read last is of a later date.
    pending: bool,
    line: u64,
}

impl<R: Read> Rates<R> {
    pub(super) fn open(input: R, registry: &Registry) -> Result<Self, ContractsError> {
        let table = Table::open(input, super::FX, DocumentKind::Market)?;
        if table.columns().len() < 2 {
            let refusal = table.refuse(RefusalCode::CsvHeader, Place::Whole);
            let rule = "the header needs a column per pair after date";
            return Err(refusal.rule(rule).into());
        }
        let pairs = table
            .columns()
            .iter()
            .skip(1)
            .map(|name| {
                registry.pair_position(name).ok_or_else(|| {
                    let place = Place::Cell {
                        line: 1,
                        column: shown_column(name),
                    };
                    let code = RefusalCode::UnknownPair;
                    table.refuse(code, place).value(name)
                })
            })
            .collect::<Result<Vec<_>, _>>()?;
        Ok(Self {
            table,
            pairs,
            quotes: vec![None; registry.fx_pairs().len()],
            pending: false,
            line: 1,
        })
    }

    /// The last rate of each pair up to a date, in the order of the registry.
    pub(super) fn up_to(
        &mut self,
        date: UtcTime,
        registry: &Registry,
    ) -> Result<Vec<FxQuote>, ContractsError> {
        while self.pending || next_date(&mut self.table)?.is_some() {
            self.pending = self.table.date().is_some_and(|row| row > date);
            if self.pending {
                break;
            }
            self.read_row(registry)?;
        }
        Ok(self.quotes.iter().flatten().cloned().collect())
    }

    /// Reads the rest of the file, for its rules.
    pub(super) fn drain(&mut self, registry: &Registry) -> Result<(), ContractsError> {
        while self.pending || next_date(&mut self.table)?.is_some() {
            self.pending = false;
            self.read_row(registry)?;
        }
        Ok(())
    }

    /// The place of the last rate of a pair.
    pub(super) fn cell(&self, pair: &str) -> Place {
        if !self.table.columns().iter().any(|name| name == pair) {
            return Place::Whole;
        }
        Place::Cell {
            line: self.line,
            column: pair.to_owned(),
        }
    }

    fn read_row(&mut self, registry: &Registry) -> Result<(), ContractsError> {
        let Some(rate_time) = self.table.date() else {
            return Ok(());
        };
        self.line = self.table.line();
        for (column, &place) in (1..).zip(&self.pairs) {
            if self.table.bytes(column).is_empty() {
                continue;
            }
            let rate = Price::parse_padded(self.table.cell(column)?)
                .map_err(|error| decimal_fault(&self.table, column, error))?;
            if !rate.is_positive() {
                let refusal = self.table.refuse_cell(RefusalCode::OutOfRange, column);
                let remedy = "correct the rate; leave the cell empty where there is none";
                return Err(refusal.rule("must be above 0").remedy(remedy).into());
            }
            let pair = registry.fx_pairs().get(place).map(|row| row.pair.clone());
            if let Some((slot, pair)) = self.quotes.get_mut(place).zip(pair) {
                *slot = Some(FxQuote {
                    pair,
                    rate,
                    rate_time,
                });
            }
        }
        Ok(())
    }
}
