//! The ledger in PostgreSQL (docs/postgres.md): a [`Store`](ios012_lineage::store::Store) whose fence is
//! the write itself.

mod connection;
mod error;
mod export;
mod link;
mod migrate;
mod parameters;
mod session;
mod store;
mod worker;

pub use connection::Connection;
pub use error::{PostgresError, SqlCode};
pub use migrate::{Migrated, migrate};
pub use parameters::{ConnectionParameters, Settings};
pub use store::{Access, PostgresStore};
