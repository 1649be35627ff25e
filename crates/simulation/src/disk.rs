//! A disk that remembers what was synced, and loses any part of the rest when the power goes.
//!
//! What is written is in real files too, so that readers see it as they would through a page cache. A file
//! and its names are apart: a synced file whose name was not synced may be gone.

mod image;

use std::collections::BTreeMap;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Seek as _, SeekFrom, Write as _};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard};

use ios012_lineage::ledger::{Disk, DiskFile, OpenMode};

pub(crate) use image::Survivors;

/// What goes wrong with the disk of one life.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Trouble {
    /// Nothing.
    None,
    /// The process ends at this operation, counted from 0.
    Crash(u64),
    /// This operation fails, and the process lives on.
    Fault(u64, Fault),
}

/// How an operation fails.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fault {
    /// EIO. Of a sync: what it should have made durable is lost to every later sync.
    Eio,
    /// ENOSPC: nothing is written.
    Full,
    /// A write takes half, and says so.
    Short,
}

/// A disk with one directory.
#[derive(Debug, Clone)]
pub(crate) struct SimulatedDisk {
    state: Arc<Mutex<State>>,
}

#[derive(Debug)]
struct State {
    directory: PathBuf,
    /// By number. A name that was replaced leaves its file behind.
    files: Vec<Stored>,
    names: BTreeMap<String, usize>,
    durable_names: BTreeMap<String, usize>,
    /// What happened to names since the directory was synced.
    unsynced_names: Vec<Naming>,
    operations: u64,
    trouble: Trouble,
    is_dead: bool,
    /// A plant: syncs of segments are forgotten.
    skips_syncs: bool,
}

#[derive(Debug, Default)]
struct Stored {
    /// What is durable of a file's beginning.
    base: Vec<u8>,
    /// What was done to it since, in its order.
    changes: Vec<(Change, Fate)>,
}

/// What becomes of a change when the power goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Fate {
    /// It stays.
    Durable,
    /// It was not synced: it may stay.
    Unsynced,
    /// A sync failed to make it durable, and no later one will: it may stay.
    Forsaken,
}

#[derive(Debug, Clone)]
enum Change {
    Write { at: usize, bytes: Vec<u8> },
    Length(usize),
}

#[derive(Debug, Clone)]
enum Naming {
    Create(String, usize),
    Rename(String, String),
}

impl SimulatedDisk {
    pub(crate) fn new(directory: &Path) -> Self {
        let state = State {
            directory: directory.to_owned(),
            files: Vec::new(),
            names: BTreeMap::new(),
            durable_names: BTreeMap::new(),
            unsynced_names: Vec::new(),
            operations: 0,
            trouble: Trouble::None,
            is_dead: false,
            skips_syncs: false,
        };
        Self {
            state: Arc::new(Mutex::new(state)),
        }
    }

    /// Begins a life of the process, with what will go wrong in it.
    pub(crate) fn begin_life(&self, trouble: Trouble) {
        let mut state = self.lock();
        (state.trouble, state.operations, state.is_dead) = (trouble, 0, false);
    }

    /// Forgets to sync segments from now on: a bug that must be found.
    pub(crate) fn skip_syncs(&self) {
        self.lock().skips_syncs = true;
    }

    /// Operations of this life.
    pub(crate) fn operations(&self) -> u64 {
        self.lock().operations
    }

    /// Whether the process ended at an operation.
    pub(crate) fn is_dead(&self) -> bool {
        self.lock().is_dead
    }

    /// Whether a text is in a segment as it would be if the power went now and took everything that may go.
    pub(crate) fn holds_durably(&self, text: &str) -> bool {
        let state = self.lock();
        let segments = state.durable_names.iter();
        let mut segments = segments.filter(|(name, _)| is_segment(name));
        segments.any(|(_, &file)| contains(&state.files[file].least(), text.as_bytes()))
    }

    /// Cuts the power: of what is not durable some survives. The real files are made the same.
    ///
    /// # Errors
    /// Those of the real disk.
    pub(crate) fn lose_power(&self, survivors: Survivors) -> io::Result<()> {
        self.lock().lose_power(survivors)
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner)
    }
}

impl State {
    /// Counts an operation, and says what goes wrong with it.
    fn step(&mut self) -> io::Result<Option<Fault>> {
        if self.is_dead {
            return Err(io::Error::other("the process has ended"));
        }
        let at = self.operations;
        self.operations += 1;
        match self.trouble {
            Trouble::Crash(crash) if crash == at => {
                self.is_dead = true;
                Ok(None)
            }
            Trouble::Fault(failing, fault) if failing == at => Ok(Some(fault)),
            _ => Ok(None),
        }
    }

    /// An operation that was begun when the process ended is never answered.
    fn answered<T>(&self, value: T) -> io::Result<T> {
        if self.is_dead {
            return Err(io::Error::other("the process has ended"));
        }
        Ok(value)
    }

    fn name_of(&self, path: &Path) -> io::Result<String> {
        let name = path.file_name().and_then(|name| name.to_str());
        let inside = path.parent() == Some(self.directory.as_path());
        match name {
            Some(name) if inside => Ok(name.to_owned()),
            _ => Err(io::Error::other("a path outside the directory")),
        }
    }

    fn real(&self, name: &str) -> PathBuf {
        self.directory.join(name)
    }

    fn open(&mut self, path: &Path, mode: OpenMode) -> io::Result<usize> {
        if let Some(fault) = self.step()? {
            return Err(error_of(fault));
        }
        let name = self.name_of(path)?;
        let known = self.names.get(&name).copied();
        if mode == OpenMode::New && known.is_some() {
            return Err(io::Error::from(io::ErrorKind::AlreadyExists));
        }
        let file = known.unwrap_or_else(|| {
            self.files.push(Stored::default());
            let file = self.files.len() - 1;
            self.names.insert(name.clone(), file);
            self.unsynced_names.push(Naming::Create(name.clone(), file));
            file
        });
        File::options()
            .create(true)
            .append(true)
            .open(self.real(&name))?;
        if mode == OpenMode::Emptied {
            self.set_length(file, &name, 0)?;
        }
        self.answered(file)
    }

    fn write(&mut self, file: usize, name: &str, at: usize, bytes: &[u8]) -> io::Result<usize> {
        let taken = match self.step()? {
            None => bytes.len(),
            Some(Fault::Short) => bytes.len() / 2,
            Some(fault) => return Err(error_of(fault)),
        };
        let bytes = bytes.get(..taken).unwrap_or_default();
        let mut real = OpenOptions::new().write(true).open(self.real(name))?;
        real.seek(SeekFrom::Start(at as u64))?;
        real.write_all(bytes)?;
        let bytes = bytes.to_vec();
        self.files[file].change(Change::Write { at, bytes });
        self.answered(taken)
    }

    fn set_length(&mut self, file: usize, name: &str, bytes: usize) -> io::Result<()> {
        let real = OpenOptions::new().write(true).open(self.real(name))?;
        real.set_len(bytes as u64)?;
        self.files[file].change(Change::Length(bytes));
        Ok(())
    }

    fn sync(&mut self, file: usize, name: &str) -> io::Result<()> {
        let fault = self.step()?;
        let skips = self.skips_syncs && is_segment(name);
        let stored = &mut self.files[file];
        if let Some(fault) = fault {
            stored.settle_unsynced(Fate::Forsaken);
            return Err(error_of(fault));
        }
        if self.is_dead || skips {
            return self.answered(());
        }
        stored.settle_unsynced(Fate::Durable);
        Ok(())
    }

    fn rename(&mut self, from: &Path, to: &Path) -> io::Result<()> {
        if let Some(fault) = self.step()? {
            return Err(error_of(fault));
        }
        let (from, to) = (self.name_of(from)?, self.name_of(to)?);
        fs::rename(self.real(&from), self.real(&to))?;
        self.unsynced_names
            .push(Naming::Rename(from.clone(), to.clone()));
        rename(&mut self.names, &from, &to);
        self.answered(())
    }

    fn sync_names(&mut self) -> io::Result<()> {
        if let Some(fault) = self.step()? {
            return Err(error_of(fault));
        }
        if !self.is_dead {
            self.durable_names = self.names.clone();
            self.unsynced_names.clear();
        }
        self.answered(())
    }
}

impl Disk for SimulatedDisk {
    fn open(&self, path: &Path, mode: OpenMode) -> io::Result<Box<dyn DiskFile>> {
        let mut state = self.lock();
        let file = state.open(path, mode)?;
        let name = state.name_of(path)?;
        let at = match mode {
            OpenMode::New | OpenMode::Append => usize::try_from(fs::metadata(path)?.len()).ok(),
            OpenMode::Emptied | OpenMode::InPlace => Some(0),
        };
        Ok(Box::new(SimulatedFile {
            disk: self.clone(),
            file,
            name,
            at: at.unwrap_or_default(),
        }))
    }

    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        self.lock().rename(from, to)
    }

    fn sync_directory(&self, directory: &Path) -> io::Result<()> {
        let mut state = self.lock();
        if directory == state.directory {
            return state.sync_names();
        }
        // The directory above holds nothing that is looked at.
        Ok(())
    }
}

#[derive(Debug)]
struct SimulatedFile {
    disk: SimulatedDisk,
    file: usize,
    name: String,
    at: usize,
}

impl DiskFile for SimulatedFile {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let mut state = self.disk.lock();
        let written = state.write(self.file, &self.name, self.at, bytes)?;
        self.at += written;
        Ok(written)
    }

    fn set_length(&mut self, bytes: u64) -> io::Result<()> {
        let mut state = self.disk.lock();
        if let Some(fault) = state.step()? {
            return Err(error_of(fault));
        }
        let bytes = usize::try_from(bytes).map_err(io::Error::other)?;
        state.set_length(self.file, &self.name, bytes)?;
        self.at = self.at.min(bytes);
        state.answered(())
    }

    fn sync(&mut self) -> io::Result<()> {
        self.disk.lock().sync(self.file, &self.name)
    }
}

impl Stored {
    fn change(&mut self, change: Change) {
        self.changes.push((change, Fate::Unsynced));
    }

    fn settle_unsynced(&mut self, settled: Fate) {
        for (_, fate) in &mut self.changes {
            if *fate == Fate::Unsynced {
                *fate = settled;
            }
        }
        // What may still be lost must stay beneath what came after it.
        let durable = self.changes.iter();
        let durable = durable
            .take_while(|(_, fate)| *fate == Fate::Durable)
            .count();
        for (change, _) in self.changes.drain(..durable) {
            change.apply(&mut self.base);
        }
    }

    /// What is there at the very least.
    fn least(&self) -> Vec<u8> {
        let mut content = self.base.clone();
        for (change, fate) in &self.changes {
            if *fate == Fate::Durable {
                change.apply(&mut content);
            }
        }
        content
    }
}

impl Change {
    fn apply(&self, content: &mut Vec<u8>) {
        match self {
            Self::Length(bytes) => content.resize(*bytes, 0),
            Self::Write { at, bytes } => {
                let end = at + bytes.len();
                if content.len() < end {
                    content.resize(end, 0);
                }
                content[*at..end].copy_from_slice(bytes);
            }
        }
    }
}

fn rename(names: &mut BTreeMap<String, usize>, from: &str, to: &str) {
    if let Some(file) = names.remove(from) {
        names.insert(to.to_owned(), file);
    }
}

fn error_of(fault: Fault) -> io::Error {
    io::Error::from(match fault {
        Fault::Eio | Fault::Short => io::ErrorKind::Other,
        Fault::Full => io::ErrorKind::StorageFull,
    })
}

pub(crate) fn is_segment(name: &str) -> bool {
    name.strip_suffix(".ledger")
        .is_some_and(|number| number.len() == 6)
}

fn contains(bytes: &[u8], text: &[u8]) -> bool {
    bytes.windows(text.len()).any(|window| window == text)
}
