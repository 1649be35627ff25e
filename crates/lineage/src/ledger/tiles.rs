//! The tree over a ledger's records as files that any reader of C2SP tlog-tiles takes: `tile/LEVEL/N` holds hashes,
//! `tile/entries/N` the records.
//!
//! They say nothing that the records do not say, so a reader of the ledger may pass over them. What is there must fit.

mod files;
mod growing;

use std::collections::BTreeSet;
use std::fs;
use std::io;
use std::path::Path;

use super::files::{read_if_there, replace, sync_directory};
use super::proof::{for_each_leaf, sync_records};
use crate::verify::{FailureCode, VerifyFailure};
use crate::{Hash, LineageError};
use files::{FOLDER, TileId, tiles_there};
use growing::{FULL, GrowingTile, Tiles};

/// Which tiles: those of hashes at a level of the tree, or those of records.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Row {
    Hashes(u8),
    Entries,
}

/// Writes the tiles of the first records, which must be verified, and gives the root of their tree. What stands there
/// already is not written again: it must be equal. A full tile's partial ones are removed once it stood there before.
///
/// The records are made durable before, the tiles when it returns.
///
/// # Errors
/// [`LineageError::Io`], [`LineageError::Verification`] for a tile of other records, [`LineageError::NotCovered`] if
/// there are fewer records.
pub fn write_tiles(directory: &Path, records: u64) -> Result<Hash, LineageError> {
    sync_records(directory)?;
    let mut folders = BTreeSet::new();
    let root = walk(directory, records, |row, index, tile| {
        let id = TileId::new(row, index, tile.width());
        let path = id.path();
        // A tile that is there may be one that was renamed just before a crash.
        folders.extend(Path::new(&path).ancestors().skip(1).map(Path::to_owned));
        match read_if_there(&directory.join(&path))? {
            Some(there) if there != tile.bytes() => Err(Box::new(differs(&path)).into()),
            Some(_) if tile.width() == FULL => remove_partial(directory, id),
            Some(_) => Ok(()),
            None => write(directory, &path, tile.bytes()),
        }
    })?;
    // The deepest first: a folder's entry is in the one above it.
    for folder in folders.iter().rev() {
        sync_directory(&directory.join(folder))?;
    }
    root.ok_or(LineageError::NotCovered {
        index: records.saturating_sub(1),
        size: records,
    })
}

/// Holds every tile that is there against the records.
///
/// # Errors
/// [`FailureCode::Tile`], [`FailureCode::Unreadable`].
pub(crate) fn check_tiles(directory: &Path) -> Result<(), VerifyFailure> {
    let unreadable =
        |error: &LineageError| failure(FailureCode::Unreadable, FOLDER, &error.to_string());
    // The tiles first: while somebody signs the records only get more.
    let mut there = tiles_there(directory).map_err(|error| unreadable(&error))?;
    if there.is_empty() {
        return Ok(());
    }
    let walked = walk(directory, u64::MAX, |row, index, tile| {
        for width in there.remove(&(row, index)).unwrap_or_default() {
            let path = TileId::new(row, index, width).path();
            let bytes = read_if_there(&directory.join(&path))?;
            if bytes.as_deref() != tile.first(width) {
                return Err(Box::new(differs(&path)).into());
            }
        }
        Ok(())
    });
    match walked {
        Err(LineageError::Verification(failure)) => return Err(*failure),
        Err(error) => return Err(unreadable(&error)),
        Ok(_) => (),
    }
    match there.first_key_value() {
        Some(((row, index), widths)) => {
            let width = widths.first().copied().unwrap_or(FULL);
            Err(differs(&TileId::new(*row, *index, width).path()))
        }
        None => Ok(()),
    }
}

/// Makes the tiles of the first records, and hands over each with its row and number. Gives the root of their tree; none
/// if there are fewer records.
fn walk(
    directory: &Path,
    records: u64,
    mut take: impl FnMut(Row, u64, &GrowingTile) -> Result<(), LineageError>,
) -> Result<Option<Hash>, LineageError> {
    let mut tiles = Tiles::default();
    for_each_leaf(directory, records, |leaf| tiles.push(leaf, &mut take))?;
    let tree = tiles.finish(&mut take)?;
    Ok((tree.size() == records).then(|| tree.root()))
}

fn write(directory: &Path, path: &str, bytes: &[u8]) -> Result<(), LineageError> {
    let (folder, name) = path.rsplit_once('/').unwrap_or((FOLDER, path));
    let folder = directory.join(folder);
    fs::create_dir_all(&folder).map_err(|error| LineageError::io("create", &folder, error))?;
    replace(&folder, name, &format!("{name}.next"), bytes)
}

/// Readers of an older checkpoint take the full tile instead.
fn remove_partial(directory: &Path, id: TileId) -> Result<(), LineageError> {
    let folder = directory.join(id.partial_folder());
    match fs::remove_dir_all(&folder) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        removed => removed.map_err(|error| LineageError::io("remove", &folder, error)),
    }
}

fn differs(path: &str) -> VerifyFailure {
    failure(FailureCode::Tile, path, "it is not that of the records")
}

fn failure(code: FailureCode, file: &str, detail: &str) -> VerifyFailure {
    VerifyFailure {
        code,
        file: file.to_owned(),
        line: None,
        seq: None,
        detail: detail.to_owned(),
    }
}
