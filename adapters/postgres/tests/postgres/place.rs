//! A database of its own for each test, in one server for all.

use std::sync::OnceLock;
use std::time::Duration;

use ios012_conformance::Place;
use ios012_core::PortfolioId;
use ios012_postgres::{Access, ConnectionParameters, PostgresStore, Settings, migrate};
use ios012_postgres_cluster::Cluster;

/// Long enough for the largest append on a busy machine.
pub(crate) const ANSWER: Duration = Duration::from_secs(4);
const LEASE: Duration = Duration::from_millis(8_500);

pub(crate) fn cluster() -> &'static Cluster {
    static CLUSTER: OnceLock<Cluster> = OnceLock::new();
    CLUSTER.get_or_init(Cluster::start)
}

pub(crate) fn parse(text: String) -> ConnectionParameters {
    ConnectionParameters::parse(text).expect("good parameters")
}

pub(crate) fn settings() -> Settings {
    Settings::new(LEASE, ANSWER).expect("good times")
}

/// A migrated database, with a user that may write.
pub(crate) struct Database {
    pub(crate) name: String,
}

impl Database {
    pub(crate) fn new() -> Self {
        let name = cluster().new_database();
        let migrated = migrate(&parse(cluster().parameters(&name, "postgres")));
        assert_eq!(migrated.expect("an empty database").applied, [1, 2]);
        let user = format!("engine_{name}");
        let database = Self { name };
        database.sql(&format!(
            "CREATE ROLE {user} LOGIN; GRANT ios012_writer, ios012_reader TO {user}"
        ));
        database
    }

    pub(crate) fn user(&self) -> String {
        format!("engine_{}", self.name)
    }

    pub(crate) fn parameters(&self) -> String {
        cluster().parameters(&self.name, &self.user())
    }

    pub(crate) fn sql(&self, sql: &str) -> String {
        cluster().sql(&self.name, sql).expect("good SQL")
    }
}

impl Place for Database {
    type Store = PostgresStore;

    const LEASED: bool = true;

    fn store(&self, portfolio_id: PortfolioId) -> PostgresStore {
        let parameters = parse(self.parameters());
        PostgresStore::new(parameters, settings(), Access::Writer, portfolio_id).expect("a thread")
    }

    fn unwritable(&self, portfolio_id: PortfolioId) -> PostgresStore {
        let (name, user) = (&self.name, self.user());
        self.sql(&format!(
            "ALTER ROLE {user} IN DATABASE {name} SET default_transaction_read_only = on"
        ));
        self.store(portfolio_id)
    }

    fn outlive_lease(&self) {
        std::thread::sleep(LEASE + Duration::from_millis(200));
    }
}
