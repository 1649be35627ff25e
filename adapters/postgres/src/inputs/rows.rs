//! The rows of one table that belong to one document: one for each key.

use std::collections::BTreeMap;

use ios012_contracts::{Place, Refusal, RefusalCode};
use ios012_core::{AssetId, PortfolioId};
use serde_json::{Map, Value};

use super::reading::Cells;
use super::table::{Cell, Column, PLACE, Table};

/// Most rows of a table in one document: more do not fit into the largest document.
pub(crate) const MOST_ROWS: usize = 250_000;

/// Rows by their place, those of one place by their key.
#[derive(Debug)]
pub(crate) struct Rows {
    pub(crate) table: &'static Table,
    /// The values of the table's `of`.
    of: Vec<String>,
    all: Vec<Row>,
}

/// A row, whose cells are in the order of [`Table::read`].
#[derive(Debug)]
pub(crate) struct Row {
    table: &'static Table,
    cells: Cells,
    /// What is told of it: its key, or the document's where it is the only one. Never its number, since the
    /// database gives rows in any order.
    label: String,
}

impl Rows {
    /// Refuses rows that belong to no document, and two rows for one key (ADR-013): whether the database keeps
    /// keys unique is not known, and of a view it is not.
    pub(crate) fn new(
        table: &'static Table,
        of: &[String],
        cells: Vec<Cells>,
    ) -> Result<Self, Refusal> {
        let mut rows = Self {
            table,
            of: of.to_vec(),
            all: Vec::new(),
        };
        if cells.len() > MOST_ROWS {
            let refusal = rows.refuse_whole(RefusalCode::TooLarge);
            return Err(refusal.rule(format!("at most {MOST_ROWS} rows of a document")));
        }
        rows.all = cells
            .into_iter()
            .map(|cells| Row::new(table, of, cells))
            .collect();
        rows.all.sort_by_cached_key(|row| (row.place(), row.key()));
        for (at, row) in rows.all.iter().enumerate() {
            let place = table.is_ordered.then_some(&PLACE);
            let missing = |column: &&Column| row.get(column.name).is_none();
            if let Some(column) = table.of.iter().chain(place).find(missing) {
                let refusal = rows.refuse(RefusalCode::MissingField, at, column.name);
                let remedy = "write it, or remove the row: whose it is cannot be told";
                return Err(refusal.remedy(remedy));
            }
        }
        rows.check_keys()?;
        Ok(rows)
    }

    fn check_keys(&self) -> Result<(), Refusal> {
        let mut seen = BTreeMap::new();
        for (at, row) in self.all.iter().enumerate() {
            if seen.insert(row.key(), at).is_none() {
                continue;
            }
            let column = self.table.key.last().copied().unwrap_or_default();
            let refusal = self.refuse(RefusalCode::DuplicateRow, at, column);
            let key: Vec<&str> = row.key_cells().flatten().collect();
            let key = if key.is_empty() {
                self.of.join(", ")
            } else {
                key.join(", ")
            };
            let columns: Vec<&str> = (self.table.of.iter().map(|column| column.name))
                .chain(self.table.key.iter().copied())
                .collect();
            let rule = format!(
                "one row of {} for each {} (ADR-013)",
                self.table.name,
                columns.join(", ")
            );
            return Err(refusal.value(key).rule(rule));
        }
        Ok(())
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.all.is_empty()
    }

    pub(crate) fn iter(&self) -> std::slice::Iter<'_, Row> {
        self.all.iter()
    }

    /// The row of a table that has one for each document.
    pub(crate) fn only(&self, remedy: &str) -> Result<&Row, Refusal> {
        let missing = || self.refuse_whole(RefusalCode::NoRows).remedy(remedy);
        self.all.first().ok_or_else(missing)
    }

    /// The document's own value of a column of `of`.
    pub(crate) fn of(&self, column: &str) -> Value {
        let place = self.table.of.iter().position(|of| of.name == column);
        let value = place.and_then(|place| Some((self.table.of.get(place)?, self.of.get(place)?)));
        value.map_or(Value::Null, |(column, value)| column.cell.value(value))
    }

    /// What is told of the document.
    pub(crate) fn label(&self) -> String {
        document_label(self.table, &self.of)
    }

    /// Refuses a cell.
    pub(crate) fn refuse(&self, code: RefusalCode, at: usize, column: &str) -> Refusal {
        let label = self.all.get(at).map_or("", |row| &row.label);
        refuse(self.table, label, code, column)
    }

    fn refuse_whole(&self, code: RefusalCode) -> Refusal {
        refuse(self.table, &self.label(), code, "")
    }
}

impl Row {
    fn new(table: &'static Table, of: &[String], cells: Cells) -> Self {
        let mut row = Self {
            table,
            cells,
            label: String::new(),
        };
        row.label = if table.key.is_empty() {
            document_label(table, of)
        } else {
            let parts: Vec<String> = (table.key.iter())
                .filter_map(|column| row.value(column))
                .filter_map(|value| {
                    value
                        .as_str()
                        .filter(|text| is_plain(text))
                        .map(str::to_owned)
                })
                .collect();
            if parts.is_empty() {
                "?".to_owned()
            } else {
                parts.join(", ")
            }
        };
        row
    }

    /// A cell as the database prints it; nothing for NULL.
    pub(crate) fn get(&self, column: &str) -> Option<&str> {
        let place = self.table.read().position(|read| read.name == column)?;
        self.cells.get(place)?.as_deref()
    }

    /// A cell that must not be NULL.
    pub(crate) fn required(&self, column: &'static str) -> Result<&str, Refusal> {
        self.get(column).ok_or_else(|| {
            let refusal = refuse(self.table, &self.label, RefusalCode::MissingField, column);
            refusal.remedy("write the column; it must not be NULL")
        })
    }

    /// A cell as a document has it.
    pub(crate) fn value(&self, column: &str) -> Option<Value> {
        let cell = self.table.read().find(|read| read.name == column)?.cell;
        self.get(column).map(|text| cell.value(text))
    }

    /// The members of a document: what is NULL is left out.
    pub(crate) fn members(&self) -> Map<String, Value> {
        let columns = self.table.columns.iter();
        columns
            .filter_map(|column| Some((column.name.to_owned(), self.value(column.name)?)))
            .collect()
    }

    pub(crate) fn label(&self) -> &str {
        &self.label
    }

    pub(crate) const fn table(&self) -> &'static Table {
        self.table
    }

    /// Refuses a cell of this row.
    pub(crate) fn refuse(&self, code: RefusalCode, column: &str) -> Refusal {
        refuse(self.table, &self.label, code, column)
    }

    fn place(&self) -> i64 {
        let place = self.get(PLACE.name).and_then(|text| text.parse().ok());
        place.unwrap_or_default()
    }

    fn key_cells(&self) -> impl Iterator<Item = Option<&str>> {
        self.table.key.iter().map(|column| self.get(column))
    }

    fn key(&self) -> Vec<Option<String>> {
        self.key_cells()
            .map(|cell| cell.map(str::to_owned))
            .collect()
    }
}

fn refuse(table: &Table, label: &str, code: RefusalCode, column: &str) -> Refusal {
    Refusal::new(
        code,
        table.document,
        table.name,
        place(table, label, column),
    )
}

/// The place of a row or of one of its columns, such as `market_snapshot[AAPL].reference_price`.
pub(crate) fn place(table: &Table, label: &str, column: &str) -> Place {
    let row = if label.is_empty() {
        String::new()
    } else {
        format!("[{label}]")
    };
    let dot = if column.is_empty() || column.starts_with('[') {
        ""
    } else {
        "."
    };
    Place::Path(format!("{}{row}{dot}{column}", table.name))
}

fn document_label(table: &Table, of: &[String]) -> String {
    let cell = table.of.last().map_or(Cell::Text, |column| column.cell);
    let value = of.last().map(|value| cell.value(value));
    let text = value.as_ref().and_then(Value::as_str);
    text.filter(|text| is_plain(text))
        .unwrap_or_default()
        .to_owned()
}

/// Whether a text may be told in a place, which goes on the ledger: only identifiers and times.
pub(crate) fn is_plain(text: &str) -> bool {
    text.parse::<AssetId>().is_ok() || text.parse::<PortfolioId>().is_ok()
}

#[cfg(test)]
mod tests {
    use super::super::tables::TARGETS;
    use super::*;

    /// A view may give any number of rows; what is read is bounded before it is made into a document.
    #[test]
    fn more_rows_than_a_document_can_have_are_refused() {
        let of = ["one".to_owned(), "2026-11-20 21:00:00+00".to_owned()];
        let row = |number: usize| -> Cells {
            let texts = [&of[0], &of[1], &format!("A{number}"), "0.1"];
            texts.map(|text: &str| Some(text.to_owned())).to_vec()
        };
        let rows: Vec<Cells> = (0..MOST_ROWS).map(row).collect();
        assert!(Rows::new(&TARGETS, &of, rows.clone()).is_ok());
        let more = [rows, vec![row(MOST_ROWS)]].concat();
        let refused = Rows::new(&TARGETS, &of, more).expect_err("too many");
        assert_eq!(refused.code, RefusalCode::TooLarge);
        assert!(refused.rule.contains("250000"), "{refused}");
    }
}
