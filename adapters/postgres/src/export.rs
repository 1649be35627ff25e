//! The ledger's directory, made from the database.

use std::ops::ControlFlow;
use std::path::Path;

use ios012_lineage::store::{LedgerCopy, Store as _};
use ios012_lineage::{DocumentKind, Hash, LineageError};

use crate::store::name_of;
use crate::{PostgresError, PostgresStore};

const KINDS: [DocumentKind; 7] = [
    DocumentKind::Account,
    DocumentKind::Command,
    DocumentKind::Constraints,
    DocumentKind::Mandate,
    DocumentKind::Market,
    DocumentKind::Regime,
    DocumentKind::Registry,
];

impl PostgresStore {
    /// Writes the ledger into a directory, which is made if it is missing, and returns the number of records
    /// and the hash of the last. For a ledger that was written without a restart the bytes are those of the files driver; after one, a
    /// document that stood in the database again may be left out. It may go on while somebody appends.
    ///
    /// Each line is checked on its way, and the head that the database counts must be among them. `ios012 verify` checks the rest.
    ///
    /// # Errors
    /// [`PostgresError::Damaged`], [`PostgresError::Lineage`], and those of reading.
    pub fn export(&mut self, directory: &Path) -> Result<(u64, Hash), PostgresError> {
        let (counted, head) = self.standing()?;
        let portfolio_id = self.portfolio_id().clone();
        let mut copy = LedgerCopy::create(directory, &portfolio_id)?;
        let mut failed = None;
        let mut records = 0;
        let mut has_head = counted == 0;
        self.read(0, &mut |hash, json| {
            records += 1;
            has_head |= (records, hash) == (counted, head);
            keep(copy.record(hash, json), &mut failed)
        })?;
        failed.map_or(Ok(()), Err)?;
        if !has_head {
            return Err(PostgresError::Damaged {
                what: "the head of the chain",
            });
        }
        // Read after the records: they name no document that is not there by now.
        let mut failed = None;
        let mut is_known = true;
        self.each_document(&mut |kind, hash, json| {
            let known = KINDS.into_iter().find(|&known| name_of(known) == kind);
            is_known &= known.is_some();
            known.map_or(ControlFlow::Break(()), |kind| {
                keep(copy.document(kind, hash, json), &mut failed)
            })
        })?;
        failed.map_or(Ok(()), Err)?;
        if !is_known {
            return Err(PostgresError::Damaged {
                what: "the kind of a document",
            });
        }
        Ok(copy.finish()?)
    }
}

fn keep(done: Result<(), LineageError>, failed: &mut Option<LineageError>) -> ControlFlow<()> {
    match done {
        Ok(()) => ControlFlow::Continue(()),
        Err(error) => {
            *failed = Some(error);
            ControlFlow::Break(())
        }
    }
}
