//! A database with the documents of portfolios, and workers over it.

use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use ios012_contracts::{Document, History};
use ios012_postgres_cluster::Cluster;

/// Cycles of the golden history that each portfolio runs.
pub(crate) const CYCLES: usize = 12;

pub(crate) fn golden() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../golden/quickstart")
}

/// A server with one migrated database, where a worker may write and read and nothing else.
pub(crate) struct Place {
    pub(crate) cluster: Cluster,
    database: String,
    pub(crate) directory: tempfile::TempDir,
    documents: Vec<Vec<(String, String)>>,
}

impl Place {
    /// Its tables have the registry and the limits, and no portfolio.
    pub(crate) fn new() -> Self {
        let cluster = Cluster::start();
        let database = cluster.new_database();
        let directory = tempfile::tempdir().expect("a directory");
        let history = History::open(&golden()).expect("a scenario");
        let standing = history.standing();
        let text = |document: &Document| {
            let kind = document.kind().as_str().to_owned();
            (kind, document.canonical().to_owned())
        };
        let cycles = history.cycles().expect("a history");
        let cycles = cycles.map(|cycle| {
            let (mandate, market) = cycle.expect("a cycle");
            vec![text(market.document()), text(mandate.document())]
        });
        let scenario = vec![text(standing.scenario().document())];
        let documents = std::iter::once(scenario).chain(cycles).collect();
        let place = Self {
            cluster,
            database,
            directory,
            documents,
        };
        let owner = place.file("owner", "postgres");
        let migrated = ios012()
            .args(["database", "migrate", "--database"])
            .arg(owner)
            .output()
            .expect("it starts");
        assert!(migrated.status.success(), "{migrated:?}");
        place.sql("CREATE ROLE worker LOGIN; GRANT ios012_writer, ios012_reader TO worker");
        place.file("worker", "worker");
        place.sql(include_str!(
            "../../../../adapters/postgres/tests/postgres/inputs/load.sql"
        ));
        for document in [
            standing.registry().document(),
            standing.constraints().document(),
        ] {
            let (kind, canonical) = text(document);
            place.load(&kind, "nobody", &canonical);
        }
        place
    }

    /// A portfolio of this name, with so many of the history's mandates.
    pub(crate) fn add(&self, name: &str, mandates: usize) {
        for (kind, canonical) in &self.documents[0] {
            self.load(kind, name, &renamed(canonical, name));
        }
        self.sql(&format!(
            "UPDATE ios012_input.portfolio SET
                registry_version = (SELECT registry_version FROM ios012_input.ios001_document),
                constraints_version = (SELECT DISTINCT constraints_version FROM ios012_input.ios006_constraints)
            WHERE portfolio_id = '{name}'"
        ));
        let loads = (0..mandates).map(|mandate| self.loads(name, mandate));
        self.sql(&loads.collect::<String>());
    }

    /// One mandate with its market snapshot, in one transaction.
    pub(crate) fn mandate(&self, name: &str, mandate: usize) {
        self.sql(&self.loads(name, mandate));
    }

    fn loads(&self, name: &str, mandate: usize) -> String {
        let loads = self.documents[mandate + 1].iter().map(|(kind, canonical)| {
            let canonical = renamed(canonical, name);
            format!("SELECT ios012_test.load('{kind}', '{name}', $d${canonical}$d$, NULL);")
        });
        format!("BEGIN; {} COMMIT;", loads.collect::<String>())
    }

    fn load(&self, kind: &str, name: &str, canonical: &str) {
        self.sql(&format!(
            "SELECT ios012_test.load('{kind}', '{name}', $d${canonical}$d$, NULL)"
        ));
    }

    pub(crate) fn sql(&self, sql: &str) -> String {
        self.cluster.sql(&self.database, sql).expect("good SQL")
    }

    /// Records of a portfolio's ledger.
    pub(crate) fn records(&self, name: &str) -> u64 {
        let count = self.sql(&format!(
            "SELECT count(*) FROM ios012.record_line WHERE portfolio_id = '{name}'"
        ));
        count.trim().parse().expect("a number")
    }

    /// The portfolio's ledger, taken out of the database.
    pub(crate) fn export(&self, name: &str) -> PathBuf {
        let directory = self.directory.path().join(format!("ledger-{name}"));
        let exported = ios012()
            .args(["database", "export", name])
            .arg(&directory)
            .arg("--database")
            .arg(self.directory.path().join("worker"))
            .output()
            .expect("it starts");
        assert!(exported.status.success(), "{exported:?}");
        directory
    }

    /// A worker, not yet started.
    pub(crate) fn worker(&self, arguments: &[&str]) -> Command {
        let mut command = ios012();
        command
            .args(["run", "--daemon", "--database"])
            .arg(self.directory.path().join("worker"))
            .args(arguments);
        command
    }

    /// A worker that runs.
    pub(crate) fn start(&self, arguments: &[&str]) -> Child {
        let mut command = self.worker(arguments);
        command.stdout(Stdio::piped()).stderr(Stdio::piped());
        command.spawn().expect("it starts")
    }

    /// The parameters of a connection, which only their owner can read.
    fn file(&self, name: &str, user: &str) -> PathBuf {
        let path = self.directory.path().join(name);
        let text = self.cluster.parameters(&self.database, user);
        let mut options = std::fs::OpenOptions::new();
        let mut file = options
            .write(true)
            .create_new(true)
            .mode(0o600)
            .open(&path)
            .expect("a file");
        std::io::Write::write_all(&mut file, text.as_bytes()).expect("is written");
        path
    }
}

pub(crate) fn ios012() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_ios012"));
    command.stdin(Stdio::null());
    command
}

fn renamed(canonical: &str, name: &str) -> String {
    let theirs = r#""portfolio_id":"quickstart""#;
    assert!(canonical.contains(theirs) || !canonical.contains("portfolio_id"));
    canonical.replace(theirs, &format!(r#""portfolio_id":"{name}""#))
}
