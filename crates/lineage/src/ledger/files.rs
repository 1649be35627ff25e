//! Writing and syncing the files of a ledger. Each step names itself and its file where it fails.

use std::fs::{self, File};
use std::io::{self, Write as _};
use std::path::Path;

use crate::LineageError;

/// Puts a file in the place of the one that is there: written aside, synced and renamed, so there is
/// always a whole one.
pub(super) fn replace(
    directory: &Path,
    name: &str,
    next: &str,
    bytes: &[u8],
) -> Result<(), LineageError> {
    let aside = directory.join(next);
    let mut file =
        File::create(&aside).map_err(|error| LineageError::io("create", &aside, error))?;
    write_once(&mut file, bytes, &aside)?;
    sync_data(&file, &aside)?;
    fs::rename(&aside, directory.join(name))
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

/// One write call. A short one is a failure: what follows it would be torn.
pub(super) fn write_once(file: &mut File, bytes: &[u8], path: &Path) -> Result<(), LineageError> {
    let written = file
        .write(bytes)
        .map_err(|error| LineageError::io("write", path, error))?;
    if written == bytes.len() {
        return Ok(());
    }
    let error = io::Error::new(io::ErrorKind::WriteZero, "the system took a part of it");
    Err(LineageError::io("write", path, error))
}

pub(super) fn sync_data(file: &File, path: &Path) -> Result<(), LineageError> {
    file.sync_data()
        .map_err(|error| LineageError::io("sync", path, error))
}

pub(super) fn sync_directory(directory: &Path) -> Result<(), LineageError> {
    File::open(directory)
        .and_then(|file| file.sync_all())
        .map_err(|error| LineageError::io("sync", directory, error))
}
