//! A connection that stores share.

use std::sync::Arc;

use ios012_core::PortfolioId;
use tokio::runtime::Runtime;

use crate::link::Link;
use crate::store::Access;
use crate::worker::Worker;
use crate::{ConnectionParameters, PostgresError, PostgresStore, Settings};

/// A connection to a database, with its thread, for the stores of as many portfolios as want it. A clone is the same
/// connection.
///
/// The calls of all of them are carried out one after another, so no more than one append is on its way: when
/// the connection breaks, the store that waits for it is told that it is in doubt. The next call of any store connects anew.
#[derive(Debug, Clone)]
pub struct Connection(Arc<Worker<Link>>);

impl Connection {
    /// Connects with the first call of a store, and anew after a lost connection.
    ///
    /// # Errors
    /// [`PostgresError::Thread`].
    pub fn new(
        parameters: ConnectionParameters,
        settings: Settings,
        access: Access,
    ) -> Result<Self, PostgresError> {
        let link = Link::new(parameters, settings, access);
        Ok(Self(Arc::new(Worker::start(link)?)))
    }

    /// The store of a portfolio, with a fence of its own.
    pub fn store(&self, portfolio_id: PortfolioId) -> PostgresStore {
        PostgresStore::over(self.clone(), portfolio_id)
    }

    /// Waits for its turn, and for the outcome of a job.
    pub(crate) fn ask<Outcome: Send + 'static>(
        &self,
        portfolio_id: &PortfolioId,
        job: impl FnOnce(&Runtime, &mut Link, &PortfolioId) -> Outcome + Send + 'static,
    ) -> Result<Outcome, PostgresError> {
        let portfolio_id = portfolio_id.clone();
        self.0
            .ask(move |runtime, link| job(runtime, link, &portfolio_id))
    }
}
