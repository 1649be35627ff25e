//! Scenario folders for tests: golden ones, changed or shortened.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use tempfile::TempDir;

use crate::support::{files, golden};

/// A scenario in a temporary folder, with a place for its ledger beside it.
#[derive(Debug)]
pub(crate) struct Scenario {
    folder: TempDir,
}

impl Scenario {
    /// A copy of a golden scenario.
    pub(crate) fn golden(name: &str) -> Self {
        let scenario = Self::empty();
        for (name, bytes) in files(&golden(name)) {
            std::fs::write(scenario.file(&name), bytes).unwrap();
        }
        scenario
    }

    /// The first cycles of the main job.
    pub(crate) fn stocks(cycles: usize) -> Self {
        let scenario = Self::golden("sp500-inverse-vol");
        let targets = scenario.read("targets.csv");
        let mut dates: Vec<&str> = targets.lines().skip(1).map(date).collect();
        dates.dedup();
        let last = dates[cycles - 1];
        for table in ["targets.csv", "prices.csv"] {
            let text = scenario.read(table);
            let mut short = String::new();
            let lines = text.lines().enumerate();
            for (_, line) in lines.filter(|(number, line)| *number == 0 || date(line) <= last) {
                writeln!(short, "{line}").unwrap();
            }
            scenario.write(table, &short);
        }
        scenario
    }

    fn empty() -> Self {
        let folder = tempfile::tempdir().unwrap();
        std::fs::create_dir(folder.path().join("scenario")).unwrap();
        Self { folder }
    }

    /// The scenario's folder.
    pub(crate) fn path(&self) -> PathBuf {
        self.folder.path().join("scenario")
    }

    /// A place beside it, which does not exist yet.
    pub(crate) fn beside(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub(crate) fn ledger(&self) -> PathBuf {
        self.beside("ledger")
    }

    pub(crate) fn file(&self, name: &str) -> PathBuf {
        self.path().join(name)
    }

    pub(crate) fn read(&self, name: &str) -> String {
        std::fs::read_to_string(self.file(name)).unwrap()
    }

    pub(crate) fn write(&self, name: &str, text: &str) {
        std::fs::write(self.file(name), text).unwrap();
    }

    /// Replaces the first place of a text, which must be there.
    #[track_caller]
    pub(crate) fn replace(&self, name: &str, from: &str, to: &str) {
        let text = self.read(name);
        assert!(text.contains(from), "{name} has no {from:?}");
        self.write(name, &text.replacen(from, to, 1));
    }

    /// Gives a cell of `prices.csv` another value.
    #[track_caller]
    pub(crate) fn set_price(&self, on: &str, asset: &str, price: &str) {
        let text = self.read("prices.csv");
        let header = text.lines().next().unwrap();
        let column = header.split(',').position(|name| name == asset).unwrap();
        let mut changed = String::new();
        let mut found = false;
        for line in text.lines() {
            let mut cells: Vec<&str> = line.split(',').collect();
            if date(line) == on {
                cells[column] = price;
                found = true;
            }
            writeln!(changed, "{}", cells.join(",")).unwrap();
        }
        assert!(found, "prices.csv has no row for {on}");
        self.write("prices.csv", &changed);
    }
}

/// Writes over the scenario's tables with those of another.
pub(crate) fn copy_tables(from: &Scenario, to: &Path) {
    for table in ["targets.csv", "prices.csv"] {
        std::fs::copy(from.file(table), to.join(table)).unwrap();
    }
}

/// The first cell of a row.
pub(crate) fn date(row: &str) -> &str {
    row.split(',').next().unwrap()
}
