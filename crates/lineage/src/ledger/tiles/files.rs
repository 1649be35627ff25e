//! The files of tiles: their names, and which are there.

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::Path;

use super::Row;
use super::growing::FULL;
use crate::LineageError;

/// The folder of all tiles.
pub(super) const FOLDER: &str = "tile";
const ENTRIES: &str = "entries";
/// Deeper than any tile: the row, three digits at a time of 2^64, and the width.
const DEEPEST: usize = 10;

/// One tile by its place and width.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct TileId {
    row: Row,
    index: u64,
    width: usize,
}

impl TileId {
    pub(super) const fn new(row: Row, index: u64, width: usize) -> Self {
        Self { row, index, width }
    }

    /// The path below the ledger's directory: `tile/0/x001/234`, or `tile/0/x001/234.p/17` of a partial one.
    pub(super) fn path(self) -> String {
        let full = self.full_path();
        if self.width == FULL {
            return full;
        }
        format!("{full}.p/{}", self.width)
    }

    /// The folder of the partial tiles of the same place.
    pub(super) fn partial_folder(self) -> String {
        self.full_path() + ".p"
    }

    fn full_path(self) -> String {
        let row = match self.row {
            Row::Hashes(level) => level.to_string(),
            Row::Entries => ENTRIES.to_owned(),
        };
        let mut number = format!("{:03}", self.index % 1_000);
        let mut rest = self.index / 1_000;
        while rest > 0 {
            number = format!("x{:03}/{number}", rest % 1_000);
            rest /= 1_000;
        }
        format!("{FOLDER}/{row}/{number}")
    }

    /// Takes [`Self::path`] and nothing else.
    fn parse(path: &str) -> Option<Self> {
        let rest = path.strip_prefix(FOLDER)?.strip_prefix('/')?;
        let (row, rest) = rest.split_once('/')?;
        let row = match row {
            ENTRIES => Row::Entries,
            level => Row::Hashes(level.parse().ok()?),
        };
        let (number, width) = match rest.split_once(".p/") {
            Some((number, width)) => (number, width.parse().ok()?),
            None => (rest, FULL),
        };
        let digits = number.replace(['x', '/'], "");
        let id = Self::new(row, digits.parse().ok()?, width);
        (id.path() == path).then_some(id)
    }
}

/// The widths of each tile that is there, ascending. Names that no tile has are passed over.
pub(super) fn tiles_there(
    directory: &Path,
) -> Result<BTreeMap<(Row, u64), Vec<usize>>, LineageError> {
    let mut there = BTreeMap::<_, Vec<usize>>::new();
    list(directory, FOLDER, DEEPEST, &mut |path| {
        if let Some(id) = TileId::parse(path) {
            there.entry((id.row, id.index)).or_default().push(id.width);
        }
    })?;
    for widths in there.values_mut() {
        widths.sort_unstable();
    }
    Ok(there)
}

#[expect(
    clippy::disallowed_methods,
    reason = "what is found is sorted before it is used"
)]
fn list(
    directory: &Path,
    folder: &str,
    depth: usize,
    found: &mut impl FnMut(&str),
) -> Result<(), LineageError> {
    let path = directory.join(folder);
    let failed = |error| LineageError::io("list", &path, error);
    let entries = match fs::read_dir(&path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        entries => entries.map_err(failed)?,
    };
    for entry in entries {
        let entry = entry.map_err(failed)?;
        let name = entry.file_name();
        let Some(name) = name.to_str() else { continue };
        let below = format!("{folder}/{name}");
        if entry.file_type().map_err(failed)?.is_dir() {
            if depth > 0 {
                list(directory, &below, depth - 1, found)?;
            }
        } else {
            found(&below);
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The examples of the specification.
    #[test]
    fn a_tile_has_one_path() {
        for (row, index, width, path) in [
            (Row::Hashes(0), 0, FULL, "tile/0/000"),
            (Row::Hashes(1), 273, 112, "tile/1/273.p/112"),
            (Row::Hashes(63), 1_234_067, FULL, "tile/63/x001/x234/067"),
            (Row::Entries, 1_000, 1, "tile/entries/x001/000.p/1"),
        ] {
            let id = TileId::new(row, index, width);
            assert_eq!(id.path(), path);
            assert_eq!(TileId::parse(path), Some(id));
        }
        for path in [
            "tile/0/0",
            "tile/00/000",
            "tile/0/1000",
            "tile/0/x000/001",
            "tile/0/x001/x002",
            "tile/0/001.p/256",
            "tile/0/001.p/01",
            "tile/0/001.p/0x1",
            "tile/0/001.next",
            "tile/data/000",
            "tile/0",
            "tiles/0/000",
        ] {
            assert_eq!(TileId::parse(path), None, "{path}");
        }
    }
}
