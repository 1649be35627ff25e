//! The table of events of the books, optional: a row per event.

use std::io::Read;

use ios012_core::{BookEvent, UtcTime};

use super::table::Table;
use crate::events::{RawEvent, check_sequence, read_event};
use crate::{ContractsError, DocumentKind, Place, Refusal, RefusalCode};

const KIND: &str = "kind";

/// Events, a cycle at a time.
pub(super) struct Events<R> {
    table: Table<R>,
    /// The column of each member that the file has.
    columns: Vec<(&'static str, usize)>,
    kind: usize,
    /// Whether the row that was read last belongs to a later cycle.
    pending: bool,
    lines: Vec<u64>,
}

impl<R: Read> Events<R> {
    pub(super) fn open(input: R) -> Result<Self, ContractsError> {
        let first = &["time", "date"];
        let table = Table::open_with(input, super::EVENTS, DocumentKind::Market, first)?;
        let mut columns = Vec::new();
        let mut kind = None;
        for (column, name) in table.columns().iter().enumerate().skip(1) {
            let member = RawEvent::MEMBERS.iter().find(|member| *member == name);
            match member {
                Some(member) => columns.push((*member, column)),
                None if name == KIND => kind = Some(column),
                None => return Err(header_fault(&table, name).into()),
            }
        }
        let Some(kind) = kind else {
            return Err(header_fault(&table, "").into());
        };
        Ok(Self {
            table,
            columns,
            kind,
            pending: false,
            lines: Vec::new(),
        })
    }

    /// The events after those of the cycle before, up to a time.
    pub(super) fn up_to(&mut self, as_of: UtcTime) -> Result<Vec<BookEvent>, ContractsError> {
        let mut events = Vec::new();
        self.lines.clear();
        loop {
            if !self.pending && self.table.advance()?.is_none() {
                break;
            }
            self.pending = self.table.date().is_some_and(|time| time > as_of);
            if self.pending || self.table.date().is_none() {
                break;
            }
            events.push(self.event()?);
            self.lines.push(self.table.line());
        }
        check_sequence(&events, &|row, code, member| {
            self.table.refuse(code, self.cell(row, member))
        })?;
        Ok(events)
    }

    /// Reads the rest of the file, for its rules.
    pub(super) fn drain(&mut self) -> Result<(), ContractsError> {
        while self.pending || self.table.advance()?.is_some() {
            self.pending = false;
            self.event()?;
        }
        Ok(())
    }

    /// The place of a member of an event of the last cycle.
    pub(super) fn cell(&self, row: usize, member: &str) -> Place {
        Place::Cell {
            line: self.lines.get(row).copied().unwrap_or_default(),
            column: self.column_name(member).to_owned(),
        }
    }

    fn event(&self) -> Result<BookEvent, ContractsError> {
        let table = &self.table;
        let time = table
            .date()
            .ok_or_else(|| table.refuse_cell(RefusalCode::Time, 0))?;
        for &(_, column) in &self.columns {
            table.cell(column)?;
        }
        let cell = |member: &'static str| {
            let (_, column) = self.columns.iter().find(|(name, _)| *name == member)?;
            table.cell(*column).ok().filter(|text| !text.is_empty())
        };
        let raw = RawEvent::of_cells(table.cell(self.kind)?, time, cell);
        let refuse = |code, member: &'static str| {
            let place = Place::Cell {
                line: table.line(),
                column: self.column_name(member).to_owned(),
            };
            table.refuse(code, place)
        };
        Ok(read_event(&raw, &refuse)?)
    }

    /// The first column goes by two names.
    fn column_name<'name>(&'name self, member: &'name str) -> &'name str {
        match member {
            "time" => self.table.columns().first().map_or(member, String::as_str),
            other => other,
        }
    }
}

fn header_fault<R: Read>(table: &Table<R>, found: &str) -> Refusal {
    let place = Place::Cell {
        line: 1,
        column: KIND.to_owned(),
    };
    let rule = format!(
        "the columns after the first are kind, which must be there, and any of: {}",
        RawEvent::MEMBERS.join(", ")
    );
    table
        .refuse(RefusalCode::CsvHeader, place)
        .value(found)
        .rule(rule)
}
