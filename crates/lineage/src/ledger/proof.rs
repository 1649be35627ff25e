//! What proves a ledger from outside it: the tree over its records, and its checkpoint's file.

use std::fs::{self, File};
use std::io::{self, Write as _};
use std::path::Path;

use super::{Line, LineReader, PACK, segment_path, segments, split_line};
use crate::chain::RECORD_LIMIT;
use crate::tree::Tree;
use crate::{Hash, LineageError};

/// The checkpoint's file.
const CHECKPOINT: &str = "checkpoint";
/// Where the next one is written before it takes the old one's place.
const NEXT: &str = "checkpoint.next";

/// The root of the tree over the first records of a ledger, whose lines are taken as they are: verify
/// it first. None if it has not so many.
///
/// # Errors
/// [`LineageError::Io`], [`LineageError::Checkpoint`] for a line without a hash.
pub fn root_of(directory: &Path, records: u64) -> Result<Option<Hash>, LineageError> {
    let mut tree = Tree::default();
    for number in segments(directory)? {
        let mut lines = LineReader::open(&segment_path(directory, number), RECORD_LIMIT)?;
        while tree.size() < records
            && let Line::Whole(line) = lines.next()?
        {
            let (_, json) = split_line(line).ok_or(LineageError::Checkpoint {
                rule: "a line of the ledger has no hash",
            })?;
            tree.push(json.as_bytes());
        }
    }
    Ok((tree.size() == records).then(|| tree.root()))
}

/// The text of a ledger's checkpoint; none if there is no such file.
///
/// # Errors
/// [`LineageError::Io`].
pub fn read_checkpoint(directory: &Path) -> Result<Option<String>, LineageError> {
    let path = directory.join(CHECKPOINT);
    match fs::read_to_string(&path) {
        Ok(text) => Ok(Some(text)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(LineageError::io("read", &path, error)),
    }
}

/// Keeps a checkpoint beside the records that it covers, which are made durable before: none ever
/// covers a record that a crash can take away.
///
/// # Errors
/// [`LineageError::Io`].
pub fn write_checkpoint(directory: &Path, text: &str) -> Result<(), LineageError> {
    let sync = |path: &Path| {
        let synced = File::open(path).and_then(|file| file.sync_all());
        synced.map_err(|error| LineageError::io("sync", path, error))
    };
    for number in segments(directory)? {
        sync(&segment_path(directory, number))?;
    }
    sync(&directory.join(PACK))?;
    sync(directory)?;
    let aside = directory.join(NEXT);
    let written = File::create(&aside).and_then(|mut file| {
        file.write_all(text.as_bytes())?;
        file.sync_all()
    });
    written.map_err(|error| LineageError::io("write", &aside, error))?;
    fs::rename(&aside, directory.join(CHECKPOINT))
        .map_err(|error| LineageError::io("rename", &aside, error))?;
    sync(directory)
}
