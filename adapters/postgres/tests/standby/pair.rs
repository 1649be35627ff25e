//! Two servers, and an address that leads to one of them.

use std::os::unix::fs::symlink;
use std::time::Duration;

use ios012_conformance::records::portfolio;
use ios012_core::PortfolioId;
use ios012_lineage::Chain;
use ios012_lineage::store::{Acquire, Store as _};
use ios012_postgres::{Access, ConnectionParameters, PostgresStore, Settings, migrate};
use ios012_postgres_cluster::Cluster;
use tempfile::TempDir;

const DATABASE: &str = "ledger";
const USER: &str = "engine";
const SOCKET: &str = ".s.PGSQL.5432";

/// Long enough for an append on a busy machine.
pub(crate) const ANSWER: Duration = Duration::from_millis(1_500);
const LEASE: Duration = Duration::from_millis(3_200);

pub(crate) fn settings() -> Settings {
    Settings::new(LEASE, ANSWER).expect("good times")
}

/// For what must be answered, however busy the machine is.
pub(crate) fn patient(lease: Duration) -> Settings {
    Settings::new(lease, lease * 2 / 5).expect("good times")
}

/// A server with a migrated database, and a user that may write.
pub(crate) fn primary() -> Cluster {
    let cluster = Cluster::start();
    let sql = |database, sql: &str| cluster.sql(database, sql).expect("good SQL");
    sql("postgres", &format!("CREATE DATABASE {DATABASE}"));
    migrate(&parse(cluster.parameters(DATABASE, "postgres"))).expect("an empty database");
    let grant = format!("CREATE ROLE {USER} LOGIN; GRANT ios012_writer, ios012_reader TO {USER}");
    sql(DATABASE, &grant);
    cluster
}

/// SQL in the ledger's database.
pub(crate) fn sql(cluster: &Cluster, sql: &str) -> String {
    cluster.sql(DATABASE, sql).expect("good SQL")
}

pub(crate) fn parse(text: String) -> ConnectionParameters {
    ConnectionParameters::parse(text).expect("good parameters")
}

pub(crate) fn parameters(cluster: &Cluster) -> ConnectionParameters {
    parse(cluster.parameters(DATABASE, USER))
}

pub(crate) fn store_with(cluster: &Cluster, settings: Settings) -> PostgresStore {
    PostgresStore::new(parameters(cluster), settings, Access::Writer, portfolio())
        .expect("a thread")
}

pub(crate) fn store(cluster: &Cluster) -> PostgresStore {
    store_with(cluster, settings())
}

/// Acquires once the lease of whoever had the chain has run out.
pub(crate) fn taken_over(store: &mut PostgresStore) -> Chain {
    for _ in 0..200 {
        if let Ok(Acquire::Acquired(chain, _)) = store.acquire() {
            return *chain;
        }
        std::thread::sleep(Duration::from_millis(100));
    }
    unreachable!("a lease of {LEASE:?} did not run out in 20 seconds")
}

/// An address that can be moved to another server, as a virtual one is.
pub(crate) struct Address(TempDir);

impl Address {
    pub(crate) fn of(cluster: &Cluster) -> Self {
        let address = Self(tempfile::tempdir().expect("a directory"));
        symlink(cluster.socket_directory().join(SOCKET), address.socket()).expect("a link");
        address
    }

    pub(crate) fn move_to(&self, cluster: &Cluster) {
        std::fs::remove_file(self.socket()).expect("a link");
        symlink(cluster.socket_directory().join(SOCKET), self.socket()).expect("a link");
    }

    pub(crate) fn store(&self, settings: Settings, portfolio_id: PortfolioId) -> PostgresStore {
        let host = self.0.path().display();
        let parameters = parse(format!("host={host} dbname={DATABASE} user={USER}"));
        PostgresStore::new(parameters, settings, Access::Writer, portfolio_id).expect("a thread")
    }

    fn socket(&self) -> std::path::PathBuf {
        self.0.path().join(SOCKET)
    }
}
