use std::collections::BTreeMap;

use ios012_lineage::store::{Append, Document, Renew, Settle, Store};
use ios012_lineage::{Batch, Chain, DocumentKind, Hash};

use super::LedgerSink;
use crate::EngineError;

/// How often a store is asked for a certain answer, before a person is. Each question waits as long as the driver
/// does.
const MOST_QUESTIONS: u32 = 5;

/// Keeps a ledger in any store, and makes the records durable before every order that leaves and at every seal.
///
/// The answers of the store are taken as [`Append`], [`Settle`] and [`Renew`] oblige to. After the first one under
/// which nothing may be sent it takes nothing more.
#[derive(Debug)]
pub struct StoreSink<S> {
    store: S,
    /// What the next records name.
    documents: Vec<Document>,
    last_of_kind: BTreeMap<DocumentKind, Hash>,
    /// Whether the last thing that was done is an append, which has renewed the ownership.
    has_just_appended: bool,
    has_failed: bool,
    groups_cycles: bool,
}

impl<S: Store> StoreSink<S> {
    /// Keeps records in this store, which has acquired the chain that they come from.
    pub const fn new(store: S) -> Self {
        Self {
            store,
            documents: Vec::new(),
            last_of_kind: BTreeMap::new(),
            has_just_appended: false,
            has_failed: false,
            groups_cycles: false,
        }
    }

    /// The same, but that the end of a cycle may wait for the first order of the next one
    /// ([`crate::Runner::keep`]). What a crash then loses of it is asked for at the broker.
    #[must_use]
    pub fn grouping_cycles(self) -> Self {
        Self {
            groups_cycles: true,
            ..self
        }
    }

    /// Gives the store back, with its ownership.
    pub fn into_store(self) -> S {
        self.store
    }

    /// Does something, unless something has failed before.
    fn unless_failed(
        &mut self,
        work: impl FnOnce(&mut Self) -> Result<(), EngineError>,
    ) -> Result<(), EngineError> {
        if self.has_failed {
            return Err(EngineError::Halted);
        }
        let done = work(self);
        self.has_failed = done.is_err();
        done
    }

    fn keep(&mut self, chain: &mut Chain) -> Result<(), EngineError> {
        if chain.pending_records() == 0 && self.documents.is_empty() {
            return Ok(());
        }
        let batch = chain.take_batch();
        self.append(&batch)?;
        self.documents.clear();
        self.has_just_appended = true;
        chain.reuse(batch);
        Ok(())
    }

    /// Appends until it is certain that the batch is there, or that it cannot be.
    fn append(&mut self, batch: &Batch) -> Result<(), EngineError> {
        for _ in 0..MOST_QUESTIONS {
            match self
                .store
                .append(&self.documents, batch)
                .map_err(EngineError::store)?
            {
                Append::Appended | Append::Duplicate => return Ok(()),
                Append::Fenced => return Err(fenced(batch)),
                Append::Conflict => return Err(conflict(batch)),
                Append::Unknown if self.settle(batch)? => return Ok(()),
                // It is not there and never will be.
                Append::Unknown => {}
            }
        }
        Err(in_doubt(batch))
    }

    /// Whether the batch in doubt is durable.
    fn settle(&mut self, batch: &Batch) -> Result<bool, EngineError> {
        for question in 1..=MOST_QUESTIONS {
            match self.store.settle() {
                Ok(Settle::Appended) => return Ok(true),
                Ok(Settle::Missing) => return Ok(false),
                Ok(Settle::Fenced) => return Err(fenced(batch)),
                Ok(Settle::Conflict) => return Err(conflict(batch)),
                // It has just said the contrary.
                Ok(Settle::Clear) => break,
                Err(error) if question == MOST_QUESTIONS => return Err(EngineError::store(error)),
                Err(_) => {}
            }
        }
        Err(in_doubt(batch))
    }

    fn renewed(&mut self) -> Result<(), EngineError> {
        if std::mem::take(&mut self.has_just_appended) {
            return Ok(());
        }
        let mut question = 1;
        loop {
            match self.store.renew() {
                Ok(Renew::Renewed) => return Ok(()),
                Ok(Renew::Fenced) => return Err(EngineError::Fenced { at: None }),
                Err(error) if question == MOST_QUESTIONS => return Err(EngineError::store(error)),
                Err(_) => question += 1,
            }
        }
    }
}

impl<S: Store> LedgerSink for StoreSink<S> {
    fn document(
        &mut self,
        kind: DocumentKind,
        hash: Hash,
        canonical: &str,
    ) -> Result<(), EngineError> {
        self.unless_failed(|sink| {
            if sink.last_of_kind.insert(kind, hash) == Some(hash) {
                return Ok(());
            }
            let document = Document::new(kind, canonical.to_owned())?;
            if document.hash() != hash {
                return Err(EngineError::Sequence(
                    "the hash of a document is not that of its JSON",
                ));
            }
            sink.documents.push(document);
            Ok(())
        })
    }

    fn records(&mut self, chain: &mut Chain) -> Result<(), EngineError> {
        self.unless_failed(|sink| sink.keep(chain))
    }

    fn cycle_ended(&mut self, chain: &mut Chain) -> Result<(), EngineError> {
        if self.groups_cycles {
            Ok(())
        } else {
            self.records(chain)
        }
    }

    fn stay_owner(&mut self) -> Result<(), EngineError> {
        self.unless_failed(Self::renewed)
    }

    /// Gives the ownership up too, so that the next worker need not wait for the end of a lease.
    fn finish(&mut self, chain: &mut Chain) -> Result<(), EngineError> {
        self.unless_failed(|sink| {
            sink.keep(chain)?;
            sink.store.release().map_err(EngineError::store)
        })
    }
}

const fn fenced(batch: &Batch) -> EngineError {
    EngineError::Fenced {
        at: Some(batch.base().0),
    }
}

const fn conflict(batch: &Batch) -> EngineError {
    EngineError::Conflict { at: batch.base().0 }
}

const fn in_doubt(batch: &Batch) -> EngineError {
    EngineError::InDoubt {
        at: batch.base().0,
        questions: MOST_QUESTIONS,
    }
}
