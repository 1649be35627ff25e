//! The ledger in PostgreSQL (docs/postgres.md): a [`Store`](ios012_lineage::store::Store) whose fence is
//! the write itself. And the documents that a cycle is decided from, out of tables or views:
//! [`PostgresInputs`].

mod connection;
mod error;
mod export;
mod inputs;
mod link;
mod migrate;
mod parameters;
mod session;
mod store;
mod worker;

pub use connection::Connection;
pub use error::{PostgresError, SqlCode};
pub use inputs::{CycleDocuments, PostgresInputs, Snapshot, Told};
pub use migrate::{Migrated, migrate};
pub use parameters::{ConnectionParameters, Settings};
pub use store::{Access, PostgresStore};
