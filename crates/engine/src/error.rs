use ios012_broker::BrokerError;
use ios012_constraints::ConstraintsError;
use ios012_contracts::Refusal;
use ios012_core::{AssetId, CoreError};
use ios012_governance::GovernanceError;
use ios012_lineage::{Hash, LineageError, OrderId};
use thiserror::Error;

/// What stops the engine. After any of these it takes no further event: what it holds in memory
/// may differ from its ledger, and only a new engine over the verified ledger goes on.
#[derive(Debug, Error)]
pub enum EngineError {
    /// The registry changed what the books rely on of an asset that is held. Nothing was written.
    #[error(
        "the registry changes {term} of {asset_id}, which is held: close the position under the registry \
         before, or leave {term} as it was"
    )]
    TermsChanged {
        /// The asset.
        asset_id: AssetId,
        /// The member of the registry.
        term: &'static str,
    },
    /// Exact arithmetic failed, or the accounting identity is broken.
    #[error("the books: {0}")]
    Accounts(#[from] CoreError),
    /// The decision could not be made.
    #[error("the decision: {0}")]
    Decision(#[from] ConstraintsError),
    /// The ledger could not be written or read.
    #[error("the ledger: {0}")]
    Ledger(#[from] LineageError),
    /// Somebody else owns the ledger now, and resolves what is open. Nothing of this was written.
    #[error(
        "another worker has taken the ledger over{}; this one wrote and sent nothing more",
        .at.map_or_else(String::new, |at| format!(", found at record {at}"))
    )]
    Fenced {
        /// The first record that would have been written; none if there was none.
        at: Option<u64>,
    },
    /// The records do not continue the ledger as it stands. Nothing of them was written.
    #[error(
        "the ledger does not stand where record {at} would continue it; verify it and find out who wrote there"
    )]
    Conflict {
        /// The first record that would have been written.
        at: u64,
    },
    /// The store gave no certain answer.
    #[error(
        "it is not known whether the records from {at} on are durable, after {questions} questions; the store is to \
         be looked at, and the ledger taken over again"
    )]
    InDoubt {
        /// The first record of which it is not known.
        at: u64,
        /// How often the store was asked.
        questions: u32,
    },
    /// The store failed. Its text holds no secrets ([`Store::Error`](ios012_lineage::store::Store::Error)).
    #[error("the store of the ledger: {0}")]
    Store(Box<dyn std::error::Error + Send + Sync>),
    /// The broker could not be asked; the outcome of its open orders is unknown.
    #[error("the broker: {0}")]
    Broker(#[from] BrokerError),
    /// A document of the ledger is refused when it is read again.
    #[error("a document of the ledger: {0}")]
    Document(#[from] Refusal),
    /// A command of the ledger does not verify when it is judged again.
    #[error("a command of the ledger: {0}")]
    Governance(#[from] GovernanceError),
    /// A ledger that is to go on is derived otherwise than it stands.
    #[error(
        "the ledger does not replay: record {seq} ({kind}) is derived otherwise; `ios012 replay` shows it"
    )]
    ReplayDiffers {
        /// The record's place.
        seq: u64,
        /// Its kind.
        kind: String,
    },
    /// The broker did not confirm the end of these orders, after a stop or a crash.
    #[error(
        "stopped; the broker has not confirmed the end of {orders} orders: they may be open or filled"
    )]
    Unresolved {
        /// How many.
        orders: usize,
    },
    /// A stop was ordered while the broker was asked what the account holds.
    #[error("stopped before the broker said what the account holds; no cycle was begun")]
    NoStatement,
    /// A cycle names a document that the ledger does not hold.
    #[error("the ledger does not hold the document {hash}")]
    NoDocument {
        /// The document's hash.
        hash: Hash,
    },
    /// The broker told something of an order that is not open.
    #[error("the broker told of order {order_id}, which is not open")]
    UnknownOrder {
        /// The id.
        order_id: OrderId,
    },
    /// The broker told of one fill of an order twice.
    #[error("the broker told of a fill of order {order_id} twice")]
    RepeatedFill {
        /// The id.
        order_id: OrderId,
    },
    /// The broker filled more than was ordered, or a quantity that is not above zero.
    #[error("the broker overfilled order {order_id}")]
    Overfilled {
        /// The id.
        order_id: OrderId,
    },
    /// A fill in a currency other than that of its order.
    #[error("order {order_id} was filled in another currency")]
    FillCurrency {
        /// The id.
        order_id: OrderId,
    },
    /// What is out does not carry out what was decided (SEC 15c3-5).
    #[error("an order for {asset_id} does not follow from its decision")]
    OutVersusIn {
        /// The asset.
        asset_id: AssetId,
    },
    /// A cycle was begun before the last one was sealed, or an event needs an open cycle.
    #[error("{0}")]
    Sequence(&'static str),
    /// The thread that writes the ledger could not be started.
    #[error("the thread that writes the ledger cannot be started: {0}")]
    Thread(std::io::Error),
    /// A mandate names an asset that the registry does not have.
    #[error("a row of the cycle has no asset in its registry")]
    NoAsset,
    /// The engine stopped at an earlier error.
    #[error("the engine stopped at an earlier error; start again from the verified ledger")]
    Halted,
}

impl EngineError {
    /// What a store's driver says.
    pub(crate) fn store(error: impl std::error::Error + Send + Sync + 'static) -> Self {
        Self::Store(Box::new(error))
    }
}
