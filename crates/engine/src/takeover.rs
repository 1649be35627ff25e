//! Becoming the owner of a ledger in a store, and going on with it.

use std::path::Path;

use ios012_broker::Broker;
use ios012_lineage::store::{Acquire, Store};
use ios012_lineage::{Chain, LedgerStatus, LineageError, VerifyReport, verify};

use crate::resume::{Resumed, go_on};
use crate::{EngineError, LedgerSink as _, StoreSink};

/// What became of taking a ledger over.
#[derive(Debug)]
pub enum Takeover<S> {
    /// Somebody else owns it. Nothing was read, and nothing may be sent.
    Held(S),
    /// It is ours and has no record yet: it begins over this chain ([`crate::Engine::begin`]).
    Empty(Box<Chain>, StoreSink<S>),
    /// It is ours, verified and replayed, and what a crash had left is resolved and on it.
    Resumed(Box<Resumed<StoreSink<S>>>),
}

/// Acquires the ledger of a store, verifies and replays it as the store has it, and goes on with it as
/// [`resume`](crate::resume) does: where a crash left it, the broker is asked for every order without an end before
/// anything is sent, and the `recovery` record comes first.
///
/// The ownership is renewed on the way, so a ledger may take longer than a lease; a worker that lost it meanwhile
/// asks the broker nothing. `scratch` is for [`Store::directory`].
///
/// # Errors
/// Those of [`resume`](crate::resume); [`EngineError::Ledger`] if it does not verify; [`EngineError::Conflict`] if it
/// ends elsewhere than where it was acquired; [`EngineError::Fenced`]; [`EngineError::Store`]. The store is dropped then:
/// where it has a lease, the next takeover waits for its end.
pub async fn take_over<S: Store, B: Broker>(
    mut store: S,
    scratch: &Path,
    broker: &mut B,
) -> Result<Takeover<S>, EngineError> {
    let (mut chain, mut found) = match store.acquire().map_err(EngineError::store)? {
        Acquire::Held => return Ok(Takeover::Held(store)),
        Acquire::Acquired(chain, found) => (chain, found),
    };
    if chain.head().0 == 0 {
        return Ok(Takeover::Empty(chain, StoreSink::new(store)));
    }
    let directory = store.directory(scratch).map_err(EngineError::store)?;
    let mut sink = StoreSink::new(store);
    sink.stay_owner()?;
    let report =
        verify(&directory, None).map_err(|failure| LineageError::from(Box::new(failure)))?;
    sink.stay_owner()?;
    found.unsealed |= is_unsealed(&report)?;
    if !ends_at(&report, &chain) {
        return Err(EngineError::Conflict { at: chain.head().0 });
    }
    if found.is_due() {
        chain.demand_recovery();
    }
    let resumed = go_on(&directory, (sink, *chain, found), broker).await?;
    Ok(Takeover::Resumed(Box::new(resumed)))
}

/// Whether the last cycle has no seal. What a store gives back is not torn: of files the end is aside by then.
fn is_unsealed(report: &VerifyReport) -> Result<bool, EngineError> {
    match &report.status {
        LedgerStatus::Complete => Ok(false),
        LedgerStatus::Incomplete(open)
            if open.torn_record_bytes == 0 && open.torn_document_bytes == 0 =>
        {
            Ok(open.unsealed)
        }
        LedgerStatus::Incomplete(open) => Err(LineageError::Incomplete {
            what: open.to_string(),
        }
        .into()),
    }
}

/// Whether the chain goes on exactly after what was verified.
fn ends_at(report: &VerifyReport, chain: &Chain) -> bool {
    (report.records, report.head) == chain.head()
        && report.portfolio_id.as_ref() == Some(chain.portfolio_id())
        && report.epoch.checked_add(1) == Some(chain.epoch())
}
