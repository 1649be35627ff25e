//! What a crash left behind, found when a ledger is opened for writing, and moved out of its way.

use std::fs::{self, File};
use std::io::{self, Read as _, Seek as _, SeekFrom};
use std::path::Path;

use super::disk::{Disk, OpenMode};
use super::files::{open, replace_on, sync_data, sync_directory_on, write_once};
use super::halt::{self, Halt};
use super::proof::read_checkpoint;
use super::{PACK, segment_name, segments};
use crate::hash::sha256;
use crate::record::SideFile;
use crate::verify::{LedgerStatus, VerifyReport};
use crate::{Code, LineageError};

/// Side files of one place in a ledger, at most: as many crashes in a row want a person.
const ATTEMPTS: u32 = 1_000;

/// What a crash left in a ledger, to be told by the `recovery` record that its next epoch begins with.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Found {
    /// A cycle, a refusal or a recovery has no seal.
    pub unsealed: bool,
    /// Where the bytes of torn records are now.
    pub side_file: Option<SideFile>,
    /// Whether the pack ended in a torn document, now or when it was opened before and nothing was recorded.
    /// No record names it; it was moved aside.
    pub torn_document: bool,
    /// What the last writer said that stopped it.
    pub halt: Option<Halt>,
}

impl Found {
    /// Whether there is anything to recover from.
    pub const fn is_due(&self) -> bool {
        self.unsealed || self.side_file.is_some() || self.torn_document || self.halt.is_some()
    }

    /// All of it as one code: `halt:sync+torn+unsealed`.
    pub fn code(&self) -> Code {
        let halt = self.halt.as_ref();
        let halt = halt.map(|halt| format!("halt:{}", halt.operation));
        let parts = [
            halt.as_deref(),
            self.side_file.is_some().then_some("torn"),
            self.torn_document.then_some("torn_document"),
            self.unsealed.then_some("unsealed"),
        ];
        let parts: Vec<&str> = parts.into_iter().flatten().collect();
        let code = parts.join("+").parse();
        // Every part is a code, and together they are short; nothing at all is no code.
        code.unwrap_or(const { Code::literal("lost_records") })
    }
}

/// Whether the next writer of a ledger would find anything that a crash left, so that its epoch begins with a
/// `recovery` record. Nothing is touched. Records that follow from those on the ledger and are lost only a replay
/// finds.
///
/// # Errors
/// [`LineageError::Io`].
pub fn is_recovery_due(directory: &Path, report: &VerifyReport) -> Result<bool, LineageError> {
    if report.status != LedgerStatus::Complete || halt::read(directory)?.is_some() {
        return Ok(true);
    }
    let untold = Untold::at(directory, report.records)?;
    Ok(untold.of_pack || untold.of_records.is_some())
}

/// Finds out what was left, and moves what is torn to side files. What is moved is durable there before
/// it is cut off here.
pub(super) fn repair(
    disk: &dyn Disk,
    directory: &Path,
    report: &VerifyReport,
    halt: Option<Halt>,
) -> Result<Found, LineageError> {
    refuse_covered(directory, report.records)?;
    let mut found = Found {
        halt,
        ..Found::default()
    };
    let mut torn_records = 0;
    if let LedgerStatus::Incomplete(open) = &report.status {
        found.unsealed = open.unsealed;
        torn_records = open.torn_record_bytes;
        if open.torn_document_bytes > 0 {
            move_aside(
                disk,
                directory,
                PACK,
                open.torn_document_bytes,
                report.records,
            )?;
        }
    }
    let last = segments(directory)?.last().map(|&last| segment_name(last));
    if torn_records > 0
        && let Some(last) = &last
    {
        move_aside(disk, directory, last, torn_records, report.records)?;
    }
    for name in last.iter().map(String::as_str).chain([PACK]) {
        make_durable(disk, directory, name, found.halt.as_ref())?;
    }
    sync_directory_on(disk, directory)?;
    let untold = Untold::at(directory, report.records)?;
    found.torn_document = untold.of_pack;
    found.side_file = untold.side_file(directory, report.records)?;
    Ok(found)
}

/// What a checkpoint covers was durable before it was signed: no crash has torn it, and nobody moves it aside.
fn refuse_covered(directory: &Path, records: u64) -> Result<(), LineageError> {
    let Some(checkpoint) = read_checkpoint(directory)? else {
        return Ok(());
    };
    // The line after the origin.
    let size = checkpoint.lines().nth(1);
    match size.and_then(|size| size.parse::<u64>().ok()) {
        Some(size) if size <= records => Ok(()),
        _ => Err(LineageError::Checkpoint {
            rule: "the one in the ledger's directory does not say that it covers no more records than are \
                   there; find out what became of the others, or who wrote it",
        }),
    }
}

/// Makes durable what was read of a file before anything is built on it: its last writer may have been killed
/// between writing and syncing. Where a sync of it failed, the system takes its pages for clean and syncs them
/// no more, so the file is written anew.
fn make_durable(
    disk: &dyn Disk,
    directory: &Path,
    name: &str,
    halt: Option<&Halt>,
) -> Result<(), LineageError> {
    let path = directory.join(name);
    if halt.is_some() {
        let bytes = fs::read(&path).map_err(|error| LineageError::io("read", &path, error))?;
        return replace_on(disk, directory, name, &format!("{name}.next"), &bytes);
    }
    let mut file = open(disk, &path, OpenMode::Append)?;
    sync_data(file.as_mut(), &path)
}

/// Moves the last bytes of a file into a new one beside it.
pub(super) fn move_aside(
    disk: &dyn Disk,
    directory: &Path,
    name: &str,
    torn: u64,
    first_seq: u64,
) -> Result<(), LineageError> {
    let path = directory.join(name);
    let read = || {
        let mut file = File::open(&path)?;
        let start = file.metadata()?.len().saturating_sub(torn);
        file.seek(SeekFrom::Start(start))?;
        let mut bytes = Vec::new();
        file.read_to_end(&mut bytes)?;
        Ok((start, bytes))
    };
    let (start, bytes) = read().map_err(|error| LineageError::io("read", &path, error))?;
    let aside = (0..ATTEMPTS)
        .map(|attempt| directory.join(side_name(name, first_seq, attempt)))
        .find(|aside| !aside.exists())
        .ok_or_else(|| {
            let error = io::Error::from(io::ErrorKind::AlreadyExists);
            LineageError::io("move the torn end of", &path, error)
        })?;
    let mut side = open(disk, &aside, OpenMode::New)?;
    write_once(side.as_mut(), &bytes, &aside)?;
    sync_data(side.as_mut(), &aside)?;
    sync_directory_on(disk, directory)?;
    let mut file = open(disk, &path, OpenMode::Append)?;
    file.set_length(start)
        .map_err(|error| LineageError::io("cut", &path, error))?;
    sync_data(file.as_mut(), &path)
}

/// A crash can come between moving and telling, and again: each attempt has a file of its own.
fn side_name(name: &str, first_seq: u64, attempt: u32) -> String {
    match attempt {
        0 => format!("{name}.torn-{first_seq}"),
        again => format!("{name}.torn-{first_seq}.{again}"),
    }
}

/// The side files that would have begun at a seq where the ledger ends now: no record tells of them yet.
#[derive(Default)]
struct Untold {
    of_pack: bool,
    /// The segment, the attempt and the name of the newest one of records.
    of_records: Option<(u32, u32, String)>,
}

impl Untold {
    #[expect(
        clippy::disallowed_methods,
        reason = "of the names only the greatest is used"
    )]
    fn at(directory: &Path, first_seq: u64) -> Result<Self, LineageError> {
        let list = |error| LineageError::io("list", directory, error);
        let mut untold = Self::default();
        for entry in fs::read_dir(directory).map_err(list)? {
            let name = entry.map_err(list)?.file_name();
            let Some(name) = name.to_str() else { continue };
            match parse(name, first_seq) {
                Some((Some(segment), attempt)) => {
                    let side = Some((segment, attempt, name.to_owned()));
                    untold.of_records = untold.of_records.max(side);
                }
                Some((None, _)) => untold.of_pack = true,
                None => {}
            }
        }
        Ok(untold)
    }

    /// What the record of a recovery says of the torn records.
    fn side_file(self, directory: &Path, first_seq: u64) -> Result<Option<SideFile>, LineageError> {
        let Some((_, _, name)) = self.of_records else {
            return Ok(None);
        };
        let path = directory.join(&name);
        let bytes = fs::read(&path).map_err(|error| LineageError::io("read", &path, error))?;
        Ok(Some(SideFile {
            bytes: bytes.len() as u64,
            first_seq,
            sha256: sha256(&bytes),
            name: name.parse()?,
        }))
    }
}

/// The segment (none for the pack) and the attempt of a side file from `first_seq`.
fn parse(name: &str, first_seq: u64) -> Option<(Option<u32>, u32)> {
    let (file, rest) = name.split_once(".torn-")?;
    let segment = match file.strip_suffix(".ledger") {
        Some(number) => Some(number.parse().ok()?),
        None => None,
    };
    let attempt = match rest.split_once('.') {
        Some((_, attempt)) => attempt.parse().ok()?,
        None => 0,
    };
    let file = segment.map_or_else(|| PACK.to_owned(), segment_name);
    (name == side_name(&file, first_seq, attempt)).then_some((segment, attempt))
}
