//! What a directory holds before a writer works in it: nothing, a ledger, or a false start.

use std::fs::{self, File, OpenOptions, TryLockError};
use std::io;
use std::path::Path;

use super::disk::{Disk, DiskFile, OpenMode};
use super::repair::move_aside;
use super::{
    Head, LOCK, Line, LineReader, PACK, holds_together, segment_name, segment_path, segments,
};
use crate::LineageError;
use crate::chain::{BATCH_LIMIT, RECORD_LIMIT};

/// Whether a directory holds a ledger with a whole record, or a head that says so, or more than a crash can have left of
/// a first one.
///
/// # Errors
/// [`LineageError::Io`].
pub fn is_begun(directory: &Path) -> Result<bool, LineageError> {
    let head = Head::read(directory)?;
    if head.is_some_and(|bytes| Head::parse(&bytes) != Some(Head::EMPTY)) {
        return Ok(true);
    }
    let path = segment_path(directory, 1);
    let Some(bytes) = length(&path)? else {
        return Ok(false);
    };
    if bytes > BATCH_LIMIT as u64 {
        return Ok(true);
    }
    let mut lines = LineReader::open(&path, RECORD_LIMIT)?;
    Ok(match lines.next()? {
        Line::Whole(line) => holds_together(line),
        Line::Torn(_) | Line::TooLong | Line::End => false,
    })
}

/// Takes the kernel's lock on a ledger, for as long as the file is open.
pub(super) fn lock(directory: &Path) -> Result<File, LineageError> {
    let path = directory.join(LOCK);
    let file = OpenOptions::new()
        .create(true)
        .append(true)
        .open(&path)
        .map_err(|error| LineageError::io("open", &path, error))?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => Err(LineageError::Locked {
            directory: directory.to_owned(),
        }),
        Err(TryLockError::Error(error)) => Err(LineageError::io("lock", &path, error)),
    }
}

/// Refuses a directory that holds anything of a ledger but what a crash leaves before its first record is whole,
/// and moves that aside: the first bytes of a first segment.
pub(super) fn clear_false_start(disk: &dyn Disk, directory: &Path) -> Result<(), LineageError> {
    let exists = |found: String| LineageError::LedgerExists {
        directory: directory.to_owned(),
        found,
    };
    let segments = segments(directory)?;
    if let Some(&number) = segments.iter().find(|&&number| number != 1) {
        return Err(exists(segment_name(number)));
    }
    if is_begun(directory)? {
        let found = segments.first().map(|&number| segment_name(number));
        return Err(exists(found.unwrap_or_else(|| Head::FILE.to_owned())));
    }
    // The documents of the first records may have come before them, but not before an empty head.
    let pack = length(&directory.join(PACK))?.unwrap_or(0);
    if pack > 0 {
        if Head::read(directory)?.is_none() {
            return Err(exists(PACK.to_owned()));
        }
        move_aside(disk, directory, PACK, pack, 0)?;
    }
    let torn = length(&segment_path(directory, 1))?.unwrap_or(0);
    if torn > 0 {
        move_aside(disk, directory, &segment_name(1), torn, 0)?;
    }
    Ok(())
}

/// A file's length in bytes; none if it is missing.
fn length(path: &Path) -> Result<Option<u64>, LineageError> {
    match fs::metadata(path) {
        Ok(metadata) => Ok(Some(metadata.len())),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(LineageError::io("examine", path, error)),
    }
}

/// The number of the first segment that holds no record: a crash can leave an empty one.
pub(super) fn next_segment(directory: &Path) -> Result<u32, LineageError> {
    let Some(&last) = segments(directory)?.last() else {
        return Ok(1);
    };
    let bytes = length(&segment_path(directory, last))?;
    Ok(last + u32::from(bytes.is_some_and(|bytes| bytes > 0)))
}

/// A new segment, or the empty one that a crash left.
pub(super) fn open_empty(disk: &dyn Disk, path: &Path) -> Result<Box<dyn DiskFile>, LineageError> {
    if length(path)?.is_some_and(|bytes| bytes > 0) {
        let error = io::Error::from(io::ErrorKind::AlreadyExists);
        return Err(LineageError::io("begin", path, error));
    }
    disk.open(path, OpenMode::Append)
        .map_err(|error| LineageError::io("begin", path, error))
}
