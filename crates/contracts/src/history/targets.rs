//! The long table of targets: a row per date and asset.

use std::io::Read;

use ios012_core::{Exposure, UtcTime};

use super::table::Table;
use super::wide::decimal_fault;
use crate::{ContractsError, DocumentKind, Place, RefusalCode, Registry};

const ASSET: usize = 1;
const EXPOSURE: usize = 2;
const VALID_UNTIL: usize = 3;

/// Targets, a date at a time.
pub(super) struct Targets<R> {
    table: Table<R>,
    group: Vec<TargetRow>,
    /// Highest asset of the group: the next one is mostly higher, and then it is no duplicate.
    highest: Option<usize>,
    before_first: bool,
}

/// One target and the line where it stands.
#[derive(Debug, Clone, Copy)]
pub(super) struct TargetRow {
    /// Place in the registry.
    pub(super) asset: usize,
    pub(super) exposure: Exposure,
    pub(super) line: u64,
}

/// The rows of a date.
pub(super) struct Group {
    pub(super) date: UtcTime,
    pub(super) valid_until: Option<UtcTime>,
}

impl<R: Read> Targets<R> {
    pub(super) fn open(input: R) -> Result<Self, ContractsError> {
        let table = Table::open(input, super::TARGETS, DocumentKind::Mandate)?;
        let names: Vec<_> = table.columns().iter().map(String::as_str).collect();
        if !matches!(
            names.as_slice(),
            ["date", "asset_id", "target_exposure"]
                | ["date", "asset_id", "target_exposure", "valid_until"]
        ) {
            let place = Place::Cell {
                line: 1,
                column: "date".to_owned(),
            };
            let refusal = table
                .refuse(RefusalCode::CsvHeader, place)
                .value(names.join(","));
            let rule =
                "the header must be date,asset_id,target_exposure, and may end in ,valid_until";
            return Err(refusal.rule(rule).into());
        }
        Ok(Self {
            table,
            group: Vec::new(),
            highest: None,
            before_first: true,
        })
    }

    /// The rows of the date that [`Targets::next_group`] returned, in the order of the registry.
    pub(super) fn rows(&self) -> &[TargetRow] {
        &self.group
    }

    /// Reads the rows of the next date.
    pub(super) fn next_group(
        &mut self,
        registry: &Registry,
    ) -> Result<Option<Group>, ContractsError> {
        if self.before_first {
            self.before_first = false;
            self.table.advance()?;
        }
        let Some(date) = self.table.date() else {
            return Ok(None);
        };
        let valid_until = self.valid_until(date)?;
        self.group.clear();
        self.highest = None;
        while self.table.date() == Some(date) {
            let row = self.read_row(registry)?;
            self.highest = self.highest.max(Some(row.asset));
            self.group.push(row);
            if self.valid_until(date)? != valid_until {
                let refusal = self.table.refuse_cell(RefusalCode::OutOfRange, VALID_UNTIL);
                return Err(refusal
                    .rule("all rows of a date have the same valid_until")
                    .into());
            }
            self.table.advance()?;
        }
        self.group.sort_by_key(|row| (row.asset, row.line));
        Ok(Some(Group { date, valid_until }))
    }

    /// Refuses a place of a row that has been read.
    pub(super) const fn table(&self) -> &Table<R> {
        &self.table
    }

    fn read_row(&self, registry: &Registry) -> Result<TargetRow, ContractsError> {
        let asset = self.asset(registry)?;
        let new = self.highest.is_none_or(|highest| asset > highest);
        let same = || self.group.iter().find(|row| row.asset == asset);
        if let Some(first) = if new { None } else { same() } {
            let refusal = self.table.refuse_cell(RefusalCode::DuplicateRow, ASSET);
            let remedy = format!("remove it, or the row at line {}", first.line);
            return Err(refusal.remedy(remedy).into());
        }
        let exposure = Exposure::parse_padded(self.table.cell(EXPOSURE)?)
            .map_err(|error| decimal_fault(&self.table, EXPOSURE, error))?;
        Ok(TargetRow {
            asset,
            exposure,
            line: self.table.line(),
        })
    }

    /// The row's asset. Files mostly list the assets in the order of the registry.
    fn asset(&self, registry: &Registry) -> Result<usize, ContractsError> {
        let id = self.table.cell(ASSET)?;
        let next = self
            .group
            .last()
            .map_or(0, |row| row.asset.saturating_add(1));
        if registry
            .assets()
            .get(next)
            .is_some_and(|asset| asset.asset_id.as_str() == id)
        {
            return Ok(next);
        }
        registry.position(id).ok_or_else(|| {
            self.table
                .refuse_cell(RefusalCode::UnknownAsset, ASSET)
                .into()
        })
    }

    fn valid_until(&self, date: UtcTime) -> Result<Option<UtcTime>, ContractsError> {
        if self.table.columns().len() <= VALID_UNTIL {
            return Ok(None);
        }
        let time: UtcTime = self
            .table
            .cell(VALID_UNTIL)?
            .parse()
            .map_err(|_| self.table.refuse_cell(RefusalCode::Time, VALID_UNTIL))?;
        if time <= date {
            let refusal = self.table.refuse_cell(RefusalCode::Expired, VALID_UNTIL);
            return Err(refusal.rule("valid_until must be after the date").into());
        }
        Ok(Some(time))
    }
}
