//! A history of cycles as CSV (docs/scenario.md).

use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use ios012_core::UtcTime;

mod cycles;
mod events;
mod fx;
mod render;
mod table;
mod targets;
mod wide;

pub use cycles::Cycles;

use crate::folder::{open_optional, open_table, read_standing, refuse_files};
use crate::{ContractsError, DocumentKind, Standing};

const PRICES: &str = "prices.csv";
const TARGETS: &str = "targets.csv";
const SHOCK_SCORES: &str = "shock_scores.csv";
const VOLATILITY: &str = "volatility.csv";
const FX: &str = "fx.csv";
const EVENTS: &str = "events.csv";

/// The CSV files of a history.
pub(crate) const TABLES: [&str; 6] = [PRICES, TARGETS, SHOCK_SCORES, VOLATILITY, FX, EVENTS];

/// A scenario folder with a history: many cycles, of which each is made from rows of CSV.
#[derive(Debug, Clone)]
pub struct History {
    folder: PathBuf,
    standing: Arc<Standing>,
}

/// The inputs of a history.
#[derive(Debug)]
pub struct Tables<R> {
    /// `prices.csv`: date, and a column per asset.
    pub prices: R,
    /// `targets.csv`: date, `asset_id`, `target_exposure`, and maybe `valid_until`.
    pub targets: R,
    /// `shock_scores.csv`: date, and a column per asset or for the portfolio.
    pub shock_scores: Option<R>,
    /// `volatility.csv`: date, and a column per asset.
    pub volatility: Option<R>,
    /// `fx.csv`: date, and a column per currency pair.
    pub fx: Option<R>,
    /// `events.csv`: time, kind, and a column per member of an event.
    pub events: Option<R>,
}

/// What a history holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct HistorySummary {
    /// Number of cycles.
    pub cycles: u64,
    /// `as_of` of the first.
    pub first: UtcTime,
    /// `as_of` of the last.
    pub last: UtcTime,
}

impl History {
    /// Reads and checks the standing documents of a folder, not yet its tables.
    ///
    /// # Errors
    /// A document that is not acceptable, or a file that cannot be read.
    pub fn open(folder: &Path) -> Result<Self, ContractsError> {
        let single = [
            DocumentKind::Mandate,
            DocumentKind::Market,
            DocumentKind::Regimes,
        ];
        refuse_files(folder, &single.map(|kind| (kind.file_name(), kind)))?;
        Ok(Self {
            folder: folder.to_owned(),
            standing: Arc::new(read_standing(folder)?),
        })
    }

    /// The documents that hold for all cycles.
    pub const fn standing(&self) -> &Arc<Standing> {
        &self.standing
    }

    /// Reads the whole history and checks every rule that needs no books, before anything is
    /// written. Memory does not grow with the number of cycles.
    ///
    /// # Errors
    /// The first row that is not acceptable, with its file, line and column.
    pub fn check(&self) -> Result<HistorySummary, ContractsError> {
        self.cycles()?.check()
    }

    /// The cycles, one after the other, from the beginning.
    ///
    /// # Errors
    /// A file that is missing or cannot be read, or a header that is not acceptable.
    pub fn cycles(&self) -> Result<Cycles<File>, ContractsError> {
        let table = |name, kind| open_table(&self.folder, name, kind);
        let tables = Tables {
            prices: table(PRICES, DocumentKind::Market)?,
            targets: table(TARGETS, DocumentKind::Mandate)?,
            shock_scores: open_optional(&self.folder, SHOCK_SCORES)?,
            volatility: open_optional(&self.folder, VOLATILITY)?,
            fx: open_optional(&self.folder, FX)?,
            events: open_optional(&self.folder, EVENTS)?,
        };
        Cycles::new(Arc::clone(&self.standing), tables)
    }
}
