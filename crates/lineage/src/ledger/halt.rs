//! `halt.reserve`: room that was taken when the ledger began, so that a writer which can write nothing
//! else can still say that it stopped, and at what.

use std::path::Path;

use super::disk::{Disk, DiskFile, OpenMode};
use super::files::{open, read_if_there, sync_data, write_once};
use crate::{Code, LineageError};

const FILE: &str = "halt.reserve";
/// One sector: a disk writes it whole or not at all.
const BYTES: usize = 512;
const SCHEMA: &str = "ios012.halt.v1";

/// What stopped the last writer of a ledger.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Halt {
    /// The operation that failed (`write`, `sync`, `create`, `rename`); `unreadable` if the reserve holds
    /// something else.
    pub operation: Code,
    /// The name of its file or directory.
    pub file: Code,
    /// Records that were known to be on disk.
    pub records: u64,
}

/// The reserve, open for as long as its writer lives.
#[derive(Debug)]
pub(super) struct Reserve {
    file: Box<dyn DiskFile>,
}

impl Reserve {
    /// Takes the room if it is not there yet.
    pub(super) fn take(disk: &dyn Disk, directory: &Path) -> Result<Self, LineageError> {
        let path = directory.join(FILE);
        // What the last writer said, or anything else that stands there, is kept until it is told.
        let has_room =
            |bytes: &Vec<u8>| bytes.len() >= BYTES || bytes.iter().any(|&byte| byte != 0);
        if !read_if_there(&path)?.as_ref().is_some_and(has_room) {
            clear(disk, directory)?;
        }
        let file = open(disk, &path, OpenMode::InPlace)?;
        Ok(Self { file })
    }

    /// Says what stopped the writer, as well as it can: its caller has an error to return already.
    pub(super) fn tell(&mut self, error: &LineageError, records: u64) {
        let LineageError::Io {
            operation, path, ..
        } = error
        else {
            return;
        };
        let name = path.file_name().and_then(|name| name.to_str());
        let name = name
            .filter(|name| name.parse::<Code>().is_ok())
            .unwrap_or("unknown");
        let mut sector = format!("{SCHEMA} {operation} {name} {records}\n").into_bytes();
        sector.resize(BYTES, 0);
        let _ = self.file.write(&sector).and_then(|_| self.file.sync());
    }
}

/// What the last writer said; none if it said nothing. Whatever is no such line says that it stopped
/// in a way that is not known.
pub(super) fn read(directory: &Path) -> Result<Option<Halt>, LineageError> {
    let Some(bytes) = read_if_there(&directory.join(FILE))? else {
        return Ok(None);
    };
    if bytes.iter().all(|&byte| byte == 0) {
        return Ok(None);
    }
    Ok(Some(parse(&bytes).unwrap_or(
        const {
            Halt {
                operation: Code::literal("unreadable"),
                file: Code::literal(FILE),
                records: 0,
            }
        },
    )))
}

/// Forgets what was said, once it stands on the ledger.
pub(super) fn clear(disk: &dyn Disk, directory: &Path) -> Result<(), LineageError> {
    let path = directory.join(FILE);
    let mut file = open(disk, &path, OpenMode::InPlace)?;
    write_once(file.as_mut(), &[0; BYTES], &path)?;
    file.set_length(BYTES as u64)
        .map_err(|error| LineageError::io("cut", &path, error))?;
    sync_data(file.as_mut(), &path)
}

fn parse(bytes: &[u8]) -> Option<Halt> {
    let text = std::str::from_utf8(bytes).ok()?;
    let (line, rest) = text.split_once('\n')?;
    if rest.bytes().any(|byte| byte != 0) {
        return None;
    }
    let mut words = line.split(' ');
    let is_ours = words.next() == Some(SCHEMA);
    let (operation, file, records) = (words.next()?, words.next()?, words.next()?);
    let halt = Halt {
        operation: operation.parse().ok()?,
        file: file.parse().ok()?,
        records: records.parse().ok()?,
    };
    (is_ours && words.next().is_none()).then_some(halt)
}
