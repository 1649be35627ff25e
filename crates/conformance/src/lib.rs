//! What every store of a ledger must do, as tests over any of them: [`conformance!`] makes the tests
//! of one driver from its [`Place`].
#![expect(
    clippy::expect_used,
    clippy::panic,
    clippy::missing_panics_doc,
    reason = "it is made of tests, which may stop"
)]

pub mod cases;
pub mod records;
pub mod takeover;

use std::fmt::Write as _;
use std::ops::ControlFlow;

use ios012_core::PortfolioId;
use ios012_lineage::store::{Acquire, Store};
use ios012_lineage::{Chain, Hash};

/// Where one ledger is kept. Several workers may have a store over it.
pub trait Place: Sync {
    /// The driver's store.
    type Store: Store;

    /// Whether an ownership that is not renewed runs out.
    const LEASED: bool;

    /// Another worker's store over the ledger of this place.
    fn store(&self, portfolio_id: PortfolioId) -> Self::Store;

    /// A store that can keep nothing.
    fn unwritable(&self, portfolio_id: PortfolioId) -> Self::Store;

    /// Waits longer than a lease.
    fn outlive_lease(&self);
}

/// Makes a test of each case, with a new place for each.
#[macro_export]
macro_rules! conformance {
    ($place:expr) => {
        $crate::conformance!($place;
            an_empty_place_begins_the_first_epoch,
            what_is_appended_is_read_back,
            the_same_append_again_is_a_duplicate,
            other_content_at_the_same_place_is_a_conflict,
            records_of_another_portfolio_are_a_conflict,
            an_older_epoch_is_fenced,
            a_store_may_acquire_again,
            nothing_is_appended_without_ownership,
            of_many_workers_one_acquires,
            a_worker_that_outlives_its_lease,
            documents_come_with_their_records,
            a_document_is_written_when_it_differs_from_the_last_of_its_kind,
            large_batches_are_kept_whole,
            an_unwritable_place_is_an_error,
        );
    };
    ($place:expr; $($case:ident,)*) => {
        $(
            #[test]
            fn $case() {
                $crate::cases::$case(&$place);
            }
        )*
    };
}

/// The chain that acquiring gives.
pub fn acquired<S: Store>(store: &mut S) -> Chain {
    match store.acquire().expect("a store that works") {
        Acquire::Acquired(chain, _) => *chain,
        Acquire::Held => panic!("somebody holds the chain"),
    }
}

/// Whether acquiring says that somebody else is the writer.
pub fn is_held<S: Store>(store: &mut S) -> bool {
    matches!(store.acquire().expect("a store that works"), Acquire::Held)
}

/// All lines of a store from a record on, as a segment holds them.
pub fn lines<S: Store>(store: &mut S, from: u64) -> String {
    let mut text = String::new();
    store
        .read(from, &mut |hash, json| push(&mut text, hash, json))
        .expect("a store that works");
    text
}

/// All lines of documents, as a pack holds them.
pub fn documents<S: Store>(store: &mut S) -> String {
    let mut text = String::new();
    store
        .read_documents(&mut |hash, json| push(&mut text, hash, json))
        .expect("a store that works");
    text
}

fn push(text: &mut String, hash: Hash, json: &str) -> ControlFlow<()> {
    writeln!(text, "{hash} {json}").expect("a text takes all");
    ControlFlow::Continue(())
}
