//! A ledger in a directory, as a store.

use std::ops::ControlFlow;
use std::path::{Path, PathBuf};

use ios012_core::PortfolioId;

use super::{Acquire, Append, Document, Renew, Settle, Store, Take};
use crate::chain::{Batch, RECORD_LIMIT};
use crate::ledger::{
    DOCUMENT_LIMIT, Found, LedgerWriter, Line, LineReader, PACK, is_begun, segment_path, segments,
    split_line,
};
use crate::{Hash, LineageError};

/// A directory with a ledger, over [`LedgerWriter`]. The ownership is the kernel's lock on the
/// directory: it never runs out, so a store is never fenced by another, and what its holder wrote is
/// never in doubt. An append syncs.
#[derive(Debug)]
pub struct FileStore {
    directory: PathBuf,
    portfolio_id: PortfolioId,
    owner: Option<Owner>,
}

#[derive(Debug)]
struct Owner {
    writer: LedgerWriter,
    epoch: u64,
}

impl FileStore {
    /// A store over a directory, which need not be there yet. Nothing is touched.
    pub fn new(directory: &Path, portfolio_id: PortfolioId) -> Self {
        Self {
            directory: directory.to_owned(),
            portfolio_id,
            owner: None,
        }
    }

    /// The answer for a batch that does not begin at the head. As each record's hash covers all before
    /// it, the last one tells of all.
    fn compare(&mut self, batch: &Batch) -> Result<Append, LineageError> {
        let (records, head) = batch.head();
        if records == batch.base().0 {
            return Ok(Append::Conflict);
        }
        let mut found = None;
        self.read(records - 1, &mut |hash, _| {
            found = Some(hash);
            ControlFlow::Break(())
        })?;
        Ok(if found == Some(head) {
            Append::Duplicate
        } else {
            Append::Conflict
        })
    }
}

impl Store for FileStore {
    type Error = LineageError;

    /// Begins the ledger, or verifies and continues it. What a crash tore is moved aside by then, and its side file
    /// is found again by each call until a `recovery` record tells of it. Records that were derived and lost it does
    /// not see.
    fn acquire(&mut self) -> Result<Acquire, LineageError> {
        // Its own lock would refuse the new one.
        self.owner = None;
        let opened = if is_begun(&self.directory)? {
            LedgerWriter::open(&self.directory)
                .map(|(writer, chain, opened)| (writer, chain, opened.found))
        } else {
            LedgerWriter::create(&self.directory, &self.portfolio_id)
                .map(|(writer, chain)| (writer, chain, Found::default()))
        };
        let (writer, chain, found) = match opened {
            Ok(opened) => opened,
            Err(LineageError::Locked { .. }) => return Ok(Acquire::Held),
            Err(error) => return Err(error),
        };
        if *chain.portfolio_id() != self.portfolio_id {
            return Err(LineageError::LedgerExists {
                directory: self.directory.clone(),
                found: format!("the ledger of the portfolio {}", chain.portfolio_id()),
            });
        }
        self.owner = Some(Owner {
            writer,
            epoch: chain.epoch(),
        });
        Ok(Acquire::Acquired(Box::new(chain), found))
    }

    fn renew(&mut self) -> Result<Renew, LineageError> {
        Ok(match self.owner {
            Some(_) => Renew::Renewed,
            None => Renew::Fenced,
        })
    }

    fn append(&mut self, documents: &[Document], batch: &Batch) -> Result<Append, LineageError> {
        let Some(owner) = &mut self.owner else {
            return Ok(Append::Fenced);
        };
        if batch.epoch() < owner.epoch {
            return Ok(Append::Fenced);
        }
        if batch.epoch() > owner.epoch || *batch.portfolio_id() != self.portfolio_id {
            return Ok(Append::Conflict);
        }
        if owner.writer.durable_head() != batch.base() {
            return self.compare(batch);
        }
        for document in documents {
            let (kind, hash) = (document.kind(), document.hash());
            owner.writer.write_document(kind, hash, document.json())?;
        }
        owner.writer.append_batch(batch)?;
        owner.writer.sync()?;
        Ok(Append::Appended)
    }

    fn settle(&mut self) -> Result<Settle, LineageError> {
        Ok(Settle::Clear)
    }

    fn read(&mut self, from: u64, take: Take<'_>) -> Result<(), LineageError> {
        let mut seq = 0;
        for number in segments(&self.directory)? {
            let path = segment_path(&self.directory, number);
            let mut wanted = |hash: Hash, json: &str| {
                seq += 1;
                if seq > from {
                    take(hash, json)
                } else {
                    ControlFlow::Continue(())
                }
            };
            if lines_of(&path, RECORD_LIMIT, &mut wanted)?.is_break() {
                break;
            }
        }
        Ok(())
    }

    fn read_documents(&mut self, take: Take<'_>) -> Result<(), LineageError> {
        lines_of(&self.directory.join(PACK), DOCUMENT_LIMIT, take).map(|_| ())
    }

    fn directory(&mut self, _: &Path) -> Result<PathBuf, LineageError> {
        Ok(self.directory.clone())
    }

    fn release(&mut self) -> Result<(), LineageError> {
        self.owner = None;
        Ok(())
    }
}

/// The whole lines of a file; a torn last one is left out.
fn lines_of(path: &Path, limit: usize, take: Take<'_>) -> Result<ControlFlow<()>, LineageError> {
    let mut lines = LineReader::open(path, limit)?;
    loop {
        let number = lines.number + 1;
        let damaged = || LineageError::Member {
            member: format!("line {number} of {}", path.display()),
            rule: "the line is damaged; verify the ledger".to_owned(),
        };
        match lines.next()? {
            Line::Whole(line) => {
                let (hash, json) = split_line(line).ok_or_else(damaged)?;
                if take(hash, json).is_break() {
                    return Ok(ControlFlow::Break(()));
                }
            }
            Line::TooLong => return Err(damaged()),
            Line::Torn(_) | Line::End => return Ok(ControlFlow::Continue(())),
        }
    }
}
