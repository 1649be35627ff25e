//! What the writer of a ledger does to a disk, behind a trait: a test can fail, lose or tear each of it.

use std::fmt;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Write as _};
use std::path::Path;

/// How a file is opened for writing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OpenMode {
    /// It must not exist yet. Writes append.
    New,
    /// It is made if it is missing. Writes append.
    Append,
    /// It is made if it is missing, and emptied.
    Emptied,
    /// It is made if it is missing, and keeps what it holds. Writes begin at its first byte.
    InPlace,
}

/// A disk, as far as a ledger's writer needs one. Reading, and the lock, need none of this.
///
/// Each method is one operation of the system that can fail by itself.
pub trait Disk: fmt::Debug + Send + Sync {
    /// Opens a file.
    ///
    /// # Errors
    /// The system's.
    fn open(&self, path: &Path, mode: OpenMode) -> io::Result<Box<dyn DiskFile>>;

    /// Puts a file in the place of another one, whole.
    ///
    /// # Errors
    /// The system's.
    fn rename(&self, from: &Path, to: &Path) -> io::Result<()>;

    /// Makes the names in a directory durable.
    ///
    /// # Errors
    /// The system's.
    fn sync_directory(&self, directory: &Path) -> io::Result<()>;
}

/// A file that is open for writing.
pub trait DiskFile: fmt::Debug + Send {
    /// One write call. The system may take a part only, and says how much.
    ///
    /// # Errors
    /// The system's.
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize>;

    /// Cuts the file.
    ///
    /// # Errors
    /// The system's.
    fn set_length(&mut self, bytes: u64) -> io::Result<()>;

    /// Makes what was written durable, and its length.
    ///
    /// # Errors
    /// The system's. What was written may be lost, even if a later call succeeds.
    fn sync(&mut self) -> io::Result<()>;
}

/// The disk of this machine.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemDisk;

impl Disk for SystemDisk {
    fn open(&self, path: &Path, mode: OpenMode) -> io::Result<Box<dyn DiskFile>> {
        let mut options = OpenOptions::new();
        let options = match mode {
            OpenMode::New => options.create_new(true).append(true),
            OpenMode::Append => options.create(true).append(true),
            OpenMode::Emptied => options.create(true).write(true).truncate(true),
            OpenMode::InPlace => options.create(true).write(true).truncate(false),
        };
        Ok(Box::new(options.open(path)?))
    }

    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        fs::rename(from, to)
    }

    fn sync_directory(&self, directory: &Path) -> io::Result<()> {
        File::open(directory)?.sync_all()
    }
}

impl DiskFile for File {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        io::Write::write(self, bytes)
    }

    fn set_length(&mut self, bytes: u64) -> io::Result<()> {
        self.set_len(bytes)
    }

    fn sync(&mut self) -> io::Result<()> {
        self.flush()?;
        self.sync_data()
    }
}
