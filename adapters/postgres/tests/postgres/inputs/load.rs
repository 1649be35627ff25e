//! A database with a scenario's documents, put there by SQL alone.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use ios012_contracts::{Document, History, SingleCycle, Standing};
use ios012_core::{PortfolioId, UtcTime};
use ios012_postgres::{PostgresError, PostgresInputs, Snapshot};

use crate::place::{ANSWER, Database, parse};

pub(crate) fn golden(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../../golden")
        .join(name)
}

/// A database with inputs for one portfolio.
pub(crate) struct Inputs {
    pub(crate) database: Database,
    pub(crate) portfolio_id: String,
}

impl Inputs {
    pub(crate) fn empty(portfolio_id: &str) -> Self {
        let database = Database::new();
        database.sql(include_str!("load.sql"));
        Self {
            database,
            portfolio_id: portfolio_id.to_owned(),
        }
    }

    pub(crate) fn with(standing: &Standing) -> Self {
        let inputs = Self::empty(standing.portfolio_id().as_str());
        inputs.load(standing.scenario().document(), None);
        inputs.load(standing.registry().document(), None);
        inputs.load(standing.constraints().document(), None);
        inputs
    }

    /// One cycle with every kind of document.
    pub(crate) fn one_cycle() -> (Self, SingleCycle) {
        let cycle = SingleCycle::open(&golden("one-cycle")).expect("a scenario");
        let inputs = Self::with(&cycle.standing);
        let regimes = cycle.regimes.as_ref().expect("it has regimes");
        inputs.load(regimes.document(), None);
        inputs.load(cycle.market.document(), None);
        inputs.load(cycle.mandate.document(), Some(regimes.as_of()));
        (inputs, cycle)
    }

    /// A history of cycles. The later ones are loaded first.
    pub(crate) fn history(name: &str) -> (Self, History) {
        let history = History::open(&golden(name)).expect("a scenario");
        let inputs = Self::with(history.standing());
        let cycles: Vec<_> = history.cycles().expect("a history").collect();
        for cycle in cycles.into_iter().rev() {
            let (mandate, market) = cycle.expect("a cycle");
            inputs.load(market.document(), None);
            inputs.load(mandate.document(), None);
        }
        (inputs, history)
    }

    pub(crate) fn load(&self, document: &Document, regimes_as_of: Option<UtcTime>) {
        self.load_text(
            document.kind().as_str(),
            document.canonical(),
            regimes_as_of,
        );
    }

    pub(crate) fn load_text(&self, kind: &str, canonical: &str, regimes_as_of: Option<UtcTime>) {
        let regimes = regimes_as_of.map_or("NULL".to_owned(), |as_of| format!("'{as_of}'"));
        let portfolio = &self.portfolio_id;
        self.sql(&format!(
            "SELECT ios012_test.load('{kind}', '{portfolio}', $d${canonical}$d$, {regimes})"
        ));
    }

    pub(crate) fn sql(&self, sql: &str) -> String {
        self.database.sql(sql)
    }

    /// A reader that may read and nothing else.
    pub(crate) fn reader(&self) -> Reader {
        let parameters = parse(self.database.parameters());
        Reader {
            inputs: PostgresInputs::new(parameters, ANSWER).expect("a thread"),
            portfolio_id: self.portfolio_id.parse().expect("an id"),
        }
    }

    /// What the tables give: the documents that hold for many cycles, and the oldest mandate's.
    pub(crate) fn read(
        &self,
    ) -> Result<(Arc<Standing>, Option<ios012_postgres::CycleDocuments>), PostgresError> {
        let mut reader = self.reader();
        let snapshot = reader.snapshot()?;
        Ok((snapshot.standing(None)?, snapshot.next(None)?))
    }

    /// Puts a view in the place of a table. `{t}` in its query is the table.
    pub(crate) fn replace(&self, table: &str, query: &str) {
        let query = query.replace("{t}", "ios012_input.base");
        self.sql(&format!(
            "ALTER TABLE ios012_input.{table} RENAME TO base;
            CREATE VIEW ios012_input.{table} AS {query};
            GRANT SELECT ON ios012_input.{table} TO ios012_reader"
        ));
    }

    /// The other way round.
    pub(crate) fn restore(&self, table: &str) {
        self.sql(&format!(
            "DROP VIEW ios012_input.{table}; ALTER TABLE ios012_input.base RENAME TO {table}"
        ));
    }
}

/// What reads of one portfolio.
pub(crate) struct Reader {
    pub(crate) inputs: PostgresInputs,
    portfolio_id: PortfolioId,
}

impl Reader {
    pub(crate) fn snapshot(&mut self) -> Result<Snapshot<'_>, PostgresError> {
        self.inputs.snapshot(&self.portfolio_id)
    }
}

/// The refusal of a document, as it is told.
pub(crate) fn refusal<T: std::fmt::Debug>(
    read: Result<T, PostgresError>,
) -> ios012_contracts::Refusal {
    let error = read.expect_err("it must be refused");
    let told = error.to_string();
    let PostgresError::Document(refusal) = error else {
        unreachable!("{told}");
    };
    refusal
}
