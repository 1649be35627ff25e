//! The store.

use std::collections::BTreeMap;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};

use ios012_core::PortfolioId;
use ios012_lineage::ledger::Found;
use ios012_lineage::store::{Acquire, Append, Document, Renew, Settle, Store, Take};
use ios012_lineage::{Batch, Chain, DocumentKind, Hash};

use crate::link::{ChainRow, Reply, Sent, StoredLine};
use crate::{Connection, ConnectionParameters, PostgresError, Settings};

/// Bytes of one append; a message of the protocol has at most 1 GiB, some of it for the parameters.
const MOST_BYTES: usize = 256 << 20;
/// Records and documents that are read at once: at most 32 and 64 MiB.
const LINES_AT_ONCE: i64 = 512;
const DOCUMENTS_AT_ONCE: i64 = 4;

/// With which rights a store works.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Access {
    /// Those of `ios012_writer`.
    Writer,
    /// Those of `ios012_reader`.
    Reader,
}

impl Access {
    pub(crate) const fn role(self) -> &'static str {
        match self {
            Self::Writer => "ios012_writer",
            Self::Reader => "ios012_reader",
        }
    }
}

/// The ledger of one portfolio in a database.
///
/// An ownership ends for others when its lease runs out by the database's clock, and for its owner when
/// somebody else has taken it: until then its appends are good, and each renews the lease.
#[derive(Debug)]
pub struct PostgresStore {
    portfolio_id: PortfolioId,
    connection: Connection,
    owner: Option<Owner>,
}

#[derive(Debug)]
struct Owner {
    lease: i64,
    fence: i64,
    epoch: u64,
    last_of_kind: BTreeMap<DocumentKind, Hash>,
    doubt: Option<Doubt>,
}

/// An append whose reply was lost.
#[derive(Debug)]
struct Doubt {
    base: (i64, Hash),
    head: (i64, Hash),
    last_of_kind: BTreeMap<DocumentKind, Hash>,
}

impl PostgresStore {
    /// A store over a database, with a connection of its own ([`Connection::store`] shares one). It connects with its first
    /// call, and anew after a lost connection.
    ///
    /// # Errors
    /// [`PostgresError::Thread`].
    pub fn new(
        parameters: ConnectionParameters,
        settings: Settings,
        access: Access,
        portfolio_id: PortfolioId,
    ) -> Result<Self, PostgresError> {
        Ok(Connection::new(parameters, settings, access)?.store(portfolio_id))
    }

    pub(crate) const fn over(connection: Connection, portfolio_id: PortfolioId) -> Self {
        Self {
            portfolio_id,
            connection,
            owner: None,
        }
    }

    /// The portfolio.
    pub const fn portfolio_id(&self) -> &PortfolioId {
        &self.portfolio_id
    }

    /// Records that the chain counts, and the hash of the last.
    pub(crate) fn standing(&self) -> Result<(u64, Hash), PostgresError> {
        let row = self
            .connection
            .ask(&self.portfolio_id, |runtime, link, id| {
                runtime.block_on(link.chain(id))
            })??;
        row.map_or(Ok((0, Hash::ZERO)), |row| {
            Ok((unsigned(row.records, "the count of records")?, row.head))
        })
    }

    /// Hands every document on, with its kind.
    pub(crate) fn each_document(
        &self,
        take: &mut dyn FnMut(&str, Hash, &str) -> ControlFlow<()>,
    ) -> Result<(), PostgresError> {
        let read = |from| {
            self.connection
                .ask(&self.portfolio_id, move |runtime, link, id| {
                    runtime.block_on(link.documents(id, from, DOCUMENTS_AT_ONCE))
                })
        };
        in_pieces(0, DOCUMENTS_AT_ONCE, read, |kind, hash, json| {
            take(kind.unwrap_or_default(), hash, json)
        })
    }
}

impl Store for PostgresStore {
    type Error = PostgresError;

    fn acquire(&mut self) -> Result<Acquire, PostgresError> {
        // Its own lease would keep it out.
        self.release()?;
        let row = self
            .connection
            .ask(&self.portfolio_id, |runtime, link, id| {
                runtime.block_on(link.acquire(id))
            })??;
        let Some(row) = row else {
            return Ok(Acquire::Held);
        };
        let epoch = unsigned(row.epoch, "the epoch")? + 1;
        let records = unsigned(row.records, "the count of records")?;
        self.owner = Some(Owner {
            lease: row.lease,
            fence: row.fence,
            epoch,
            last_of_kind: BTreeMap::new(),
            doubt: None,
        });
        let chain = Chain::resume(self.portfolio_id.clone(), epoch, records, row.head);
        Ok(Acquire::Acquired(Box::new(chain), Found::default()))
    }

    fn renew(&mut self) -> Result<Renew, PostgresError> {
        let Some(owner) = &self.owner else {
            return Ok(Renew::Fenced);
        };
        let lease = owner.lease;
        let row = self
            .connection
            .ask(&self.portfolio_id, move |runtime, link, id| {
                runtime.block_on(link.renew(id, lease))
            })??;
        Ok(match row {
            Some(_) => Renew::Renewed,
            None => Renew::Fenced,
        })
    }

    fn append(&mut self, documents: &[Document], batch: &Batch) -> Result<Append, PostgresError> {
        let Some(owner) = &mut self.owner else {
            return Ok(Append::Fenced);
        };
        if owner.doubt.is_some() {
            return Ok(Append::Unknown);
        }
        if batch.epoch() < owner.epoch {
            return Ok(Append::Fenced);
        }
        if batch.epoch() > owner.epoch || *batch.portfolio_id() != self.portfolio_id {
            return Ok(Append::Conflict);
        }
        let (sent, last_of_kind) = owner.sent(documents, batch)?;
        let (base, head, fence) = (sent.base, sent.head, sent.fence);
        let reply = self
            .connection
            .ask(&self.portfolio_id, move |runtime, link, _| {
                runtime.block_on(link.append(&sent))
            })??;
        Ok(match reply {
            Reply::Appended => {
                owner.last_of_kind = last_of_kind;
                Append::Appended
            }
            Reply::Refused { fence: holds, .. } if holds != fence => Append::Fenced,
            // A record's hash covers all before it, so the last one tells of all.
            Reply::Refused { last, .. } if last == Some(head.1) && head.0 > base.0 => {
                Append::Duplicate
            }
            Reply::Refused { .. } => Append::Conflict,
            Reply::Lost => {
                owner.doubt = Some(Doubt {
                    base,
                    head,
                    last_of_kind,
                });
                Append::Unknown
            }
        })
    }

    /// Sets a new fence, so that what is still on its way is refused, and reads where the chain stands.
    fn settle(&mut self) -> Result<Settle, PostgresError> {
        let Some(owner) = self.owner.as_mut().filter(|owner| owner.doubt.is_some()) else {
            return Ok(Settle::Clear);
        };
        let lease = owner.lease;
        let row = self
            .connection
            .ask(&self.portfolio_id, move |runtime, link, id| {
                runtime.block_on(link.settle(id, lease))
            })??;
        let (Some(row), Some(doubt)) = (row, owner.doubt.take()) else {
            self.owner = None;
            return Ok(Settle::Fenced);
        };
        owner.fence = row.fence;
        Ok(owner.resolve(row, doubt))
    }

    fn read(&mut self, from: u64, take: Take<'_>) -> Result<(), PostgresError> {
        let read = |from| {
            self.connection
                .ask(&self.portfolio_id, move |runtime, link, id| {
                    runtime.block_on(link.lines(id, from, LINES_AT_ONCE))
                })
        };
        let from = signed(from, "the number of a record")?;
        in_pieces(from, LINES_AT_ONCE, read, |_, hash, json| take(hash, json))
    }

    fn read_documents(&mut self, take: Take<'_>) -> Result<(), PostgresError> {
        self.each_document(&mut |_, hash, json| take(hash, json))
    }

    fn directory(&mut self, scratch: &Path) -> Result<PathBuf, PostgresError> {
        self.export(scratch)?;
        Ok(scratch.to_owned())
    }

    fn release(&mut self) -> Result<(), PostgresError> {
        let Some(owner) = self.owner.take() else {
            return Ok(());
        };
        self.connection
            .ask(&self.portfolio_id, move |runtime, link, id| {
                runtime.block_on(link.release(id, owner.lease))
            })?
    }
}

impl Owner {
    /// What an append sends, and the last documents once it is there.
    fn sent(
        &self,
        documents: &[Document],
        batch: &Batch,
    ) -> Result<(Sent, BTreeMap<DocumentKind, Hash>), PostgresError> {
        let mut last_of_kind = self.last_of_kind.clone();
        let mut new = Vec::new();
        let mut bytes = batch.lines().len();
        for document in documents {
            let (kind, hash) = (document.kind(), document.hash());
            if last_of_kind.insert(kind, hash) != Some(hash) {
                bytes += document.json().len();
                new.push((name_of(kind), hash, document.json().to_owned()));
            }
        }
        if bytes > MOST_BYTES {
            return Err(PostgresError::TooLarge { bytes });
        }
        let place = |(records, hash): (u64, Hash)| {
            signed(records, "the count of records").map(|records| (records, hash))
        };
        let sent = Sent {
            portfolio_id: batch.portfolio_id().clone(),
            fence: self.fence,
            epoch: signed(batch.epoch(), "the epoch")?,
            base: place(batch.base())?,
            head: place(batch.head())?,
            lines: batch.lines().to_vec(),
            documents: new,
        };
        Ok((sent, last_of_kind))
    }

    fn resolve(&mut self, row: ChainRow, doubt: Doubt) -> Settle {
        let stands = (row.records, row.head);
        // An append of documents alone leaves the head: it is sent again, and then they stand twice
        // in the pack, which is legal.
        if stands == doubt.base {
            Settle::Missing
        } else if stands == doubt.head {
            self.last_of_kind = doubt.last_of_kind;
            Settle::Appended
        } else {
            Settle::Conflict
        }
    }
}

/// Hands lines on that are read a number at a time, and misses none.
fn in_pieces(
    from: i64,
    most: i64,
    read: impl Fn(i64) -> Result<Result<Vec<StoredLine>, PostgresError>, PostgresError>,
    mut take: impl FnMut(Option<&str>, Hash, &str) -> ControlFlow<()>,
) -> Result<(), PostgresError> {
    let mut next = from;
    loop {
        let piece = read(next)??;
        let is_last = piece.len() < usize::try_from(most).unwrap_or(usize::MAX);
        for (place, hash, json, kind) in piece {
            if place != next {
                return Err(PostgresError::Damaged {
                    what: "the numbering of lines",
                });
            }
            next += 1;
            if take(kind.as_deref(), hash, &json).is_break() {
                return Ok(());
            }
        }
        if is_last {
            return Ok(());
        }
    }
}

/// As the column `kind` has it.
pub(crate) const fn name_of(kind: DocumentKind) -> &'static str {
    match kind {
        DocumentKind::Account => "account",
        DocumentKind::Command => "command",
        DocumentKind::Constraints => "constraints",
        DocumentKind::Mandate => "mandate",
        DocumentKind::Market => "market",
        DocumentKind::Regime => "regime",
        DocumentKind::Registry => "registry",
    }
}

fn signed(number: u64, what: &'static str) -> Result<i64, PostgresError> {
    i64::try_from(number).map_err(|_| PostgresError::Damaged { what })
}

fn unsigned(number: i64, what: &'static str) -> Result<u64, PostgresError> {
    u64::try_from(number).map_err(|_| PostgresError::Damaged { what })
}
