//! A store that does not keep to what it has acquired.

use std::fs;
use std::path::{Path, PathBuf};

use ios012_lineage::Batch;
use ios012_lineage::store::{Acquire, Append, Document, Renew, Settle, Store, Take};

/// A store that gives another ledger to read, or that is taken over while it is read.
pub(super) struct Elsewhere<S> {
    pub(super) store: S,
    pub(super) directory: Option<PathBuf>,
    /// How often it may still renew.
    pub(super) renewals: u32,
}

impl<S: Store> Store for Elsewhere<S> {
    type Error = S::Error;

    fn acquire(&mut self) -> Result<Acquire, S::Error> {
        self.store.acquire()
    }

    fn renew(&mut self) -> Result<Renew, S::Error> {
        let Some(left) = self.renewals.checked_sub(1) else {
            // Whoever is next need not wait.
            self.store.release()?;
            return Ok(Renew::Fenced);
        };
        self.renewals = left;
        self.store.renew()
    }

    fn append(&mut self, documents: &[Document], batch: &Batch) -> Result<Append, S::Error> {
        self.store.append(documents, batch)
    }

    fn settle(&mut self) -> Result<Settle, S::Error> {
        self.store.settle()
    }

    fn read(&mut self, from: u64, take: Take<'_>) -> Result<(), S::Error> {
        self.store.read(from, take)
    }

    fn read_documents(&mut self, take: Take<'_>) -> Result<(), S::Error> {
        self.store.read_documents(take)
    }

    fn directory(&mut self, scratch: &Path) -> Result<PathBuf, S::Error> {
        let directory = self.directory.clone();
        directory.map_or_else(|| self.store.directory(scratch), Ok)
    }

    fn release(&mut self) -> Result<(), S::Error> {
        self.store.release()
    }
}

/// Copies the files of a directory into a new one.
#[expect(
    clippy::disallowed_methods,
    reason = "the order of the files decides nothing"
)]
pub(super) fn copy(from: &Path, to: &Path) {
    fs::create_dir(to).expect("a directory");
    for entry in fs::read_dir(from).expect("a directory") {
        let entry = entry.expect("a file");
        fs::copy(entry.path(), to.join(entry.file_name())).expect("a copy");
    }
}
