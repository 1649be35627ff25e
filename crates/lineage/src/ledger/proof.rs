//! What proves a ledger from outside it: the tree over its records, and its checkpoint's file.

use std::fs::File;
use std::io;
use std::path::Path;

use super::files::{read_if_there, replace, sync_data, sync_directory};
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
    let text = read_if_there(&path)?.map(String::from_utf8).transpose();
    text.map_err(|error| {
        let error = io::Error::new(io::ErrorKind::InvalidData, error);
        LineageError::io("read", &path, error)
    })
}

/// Keeps a checkpoint beside the records that it covers, which are made durable before: none ever
/// covers a record that a crash can take away.
///
/// # Errors
/// [`LineageError::Io`].
pub fn write_checkpoint(directory: &Path, text: &str) -> Result<(), LineageError> {
    for number in segments(directory)? {
        sync(&segment_path(directory, number))?;
    }
    sync(&directory.join(PACK))?;
    sync_directory(directory)?;
    replace(directory, CHECKPOINT, NEXT, text.as_bytes())?;
    sync_directory(directory)
}

fn sync(path: &Path) -> Result<(), LineageError> {
    let mut file = File::open(path).map_err(|error| LineageError::io("open", path, error))?;
    sync_data(&mut file, path)
}
