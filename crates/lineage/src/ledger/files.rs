//! Writing and syncing the files of a ledger. Each step names itself and its file where it fails.

use std::fs;
use std::io;
use std::path::Path;

use super::disk::{Disk, DiskFile, OpenMode, SystemDisk};
use crate::LineageError;

/// Puts a file in the place of the one that is there: written aside, synced and renamed, so there is
/// always a whole one.
pub(super) fn replace(
    directory: &Path,
    name: &str,
    next: &str,
    bytes: &[u8],
) -> Result<(), LineageError> {
    replace_on(&SystemDisk, directory, name, next, bytes)
}

/// [`replace`] on another disk.
pub(super) fn replace_on(
    disk: &dyn Disk,
    directory: &Path,
    name: &str,
    next: &str,
    bytes: &[u8],
) -> Result<(), LineageError> {
    let aside = directory.join(next);
    let mut file = open(disk, &aside, OpenMode::Emptied)?;
    write_once(file.as_mut(), bytes, &aside)?;
    sync_data(file.as_mut(), &aside)?;
    disk.rename(&aside, &directory.join(name))
        .map_err(|error| LineageError::io("rename", &aside, error))
}

/// The bytes of a file; none if there is no such file.
pub(super) fn read_if_there(path: &Path) -> Result<Option<Vec<u8>>, LineageError> {
    match fs::read(path) {
        Ok(bytes) => Ok(Some(bytes)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(LineageError::io("read", path, error)),
    }
}

pub(super) fn open(
    disk: &dyn Disk,
    path: &Path,
    mode: OpenMode,
) -> Result<Box<dyn DiskFile>, LineageError> {
    disk.open(path, mode).map_err(|error| {
        let operation = if mode == OpenMode::New {
            "create"
        } else {
            "open"
        };
        LineageError::io(operation, path, error)
    })
}

/// One write call. A short one is a failure: what follows it would be torn.
pub(super) fn write_once(
    file: &mut dyn DiskFile,
    bytes: &[u8],
    path: &Path,
) -> Result<(), LineageError> {
    let written = file
        .write(bytes)
        .map_err(|error| LineageError::io("write", path, error))?;
    if written == bytes.len() {
        return Ok(());
    }
    let error = io::Error::new(io::ErrorKind::WriteZero, "the system took a part of it");
    Err(LineageError::io("write", path, error))
}

pub(super) fn sync_data(file: &mut dyn DiskFile, path: &Path) -> Result<(), LineageError> {
    file.sync()
        .map_err(|error| LineageError::io("sync", path, error))
}

pub(super) fn sync_directory(directory: &Path) -> Result<(), LineageError> {
    sync_directory_on(&SystemDisk, directory)
}

/// [`sync_directory`] on another disk.
pub(super) fn sync_directory_on(disk: &dyn Disk, directory: &Path) -> Result<(), LineageError> {
    disk.sync_directory(directory)
        .map_err(|error| LineageError::io("sync", directory, error))
}
