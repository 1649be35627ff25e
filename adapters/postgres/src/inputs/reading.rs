//! The connection, and the one transaction in which everything is read.

use std::collections::BTreeSet;
use std::future::Future;
use std::time::Duration;

use ios012_core::PortfolioId;
use tokio::sync::mpsc::UnboundedReceiver;
use tokio_postgres::Client;
use tokio_postgres::types::ToSql;

use super::rows::MOST_ROWS;
use super::table::{Column, SCHEMA, Table};
use super::tables::{ALL, MANDATE, PORTFOLIO};
use crate::error::SqlCode;
use crate::store::Access;
use crate::{ConnectionParameters, PostgresError, session};

/// The trigger of the mandates' table tells of a portfolio here.
const LISTEN: &str = "LISTEN ios012_mandate";

/// The snapshot is that of the first statement that reads. The locks come before it, so that no table is
/// truncated or altered after: neither would be held back by a snapshot.
const BEGIN: &str = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY;
    SET LOCAL TimeZone = 'UTC'; SET LOCAL DateStyle = 'ISO, YMD'";

/// A table's columns with their types, a domain as what it is over, and whether the role may read it.
const COLUMNS: &str = "
    SELECT class.relname::text, attribute.attname::text,
        (CASE type.typtype WHEN 'd' THEN type.typbasetype ELSE type.oid END)::regtype::text,
        class.relkind IN ('r', 'p', 'v'), has_table_privilege(class.oid, 'SELECT')
    FROM pg_class AS class
    JOIN pg_namespace AS namespace ON namespace.oid = class.relnamespace
    JOIN pg_attribute AS attribute ON attribute.attrelid = class.oid
    JOIN pg_type AS type ON type.oid = attribute.atttypid
    WHERE namespace.nspname = $1 AND attribute.attnum > 0 AND NOT attribute.attisdropped";

/// A connection, or the means to make one.
#[derive(Debug)]
pub(crate) struct Reading {
    parameters: ConnectionParameters,
    answer: Duration,
    /// None also where a transaction failed: another connection would be another snapshot.
    client: Option<Client>,
    /// What the connection was told. A connection that is new has missed what came before it.
    told: Option<UnboundedReceiver<String>>,
    is_new: bool,
}

/// What became of waiting for mandates.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Told {
    /// None came.
    Nothing,
    /// These portfolios have a mandate that was inserted or changed.
    Of(BTreeSet<PortfolioId>),
    /// The connection is a new one: any portfolio may have.
    Anew,
}

/// The cells of a row, each as text.
pub(crate) type Cells = Vec<Option<String>>;

impl Reading {
    pub(crate) const fn new(parameters: ConnectionParameters, answer: Duration) -> Self {
        Self {
            parameters,
            answer,
            client: None,
            told: None,
            is_new: false,
        }
    }

    /// The connection, which listens before anything is read over it.
    async fn connected(&mut self) -> Result<Client, PostgresError> {
        if let Some(client) = self.client.take().filter(|client| !client.is_closed()) {
            return Ok(client);
        }
        self.told = None;
        let session = session::open(&self.parameters, self.answer, Access::Reader, false).await?;
        let listening = async {
            let listens = session.client.batch_execute(LISTEN).await;
            listens.map_err(|error| of(&error))
        };
        within(self.answer, listening).await?;
        self.told = Some(session.told);
        self.is_new = true;
        Ok(session.client)
    }

    /// The portfolios that the tables name, ascending.
    pub(crate) async fn portfolios(&mut self) -> Result<Vec<PortfolioId>, PostgresError> {
        let client = self.connected().await?;
        self.client = Some(client);
        let table = PORTFOLIO.name;
        let statement = format!(
            "SELECT DISTINCT portfolio_id::text COLLATE \"C\" FROM {SCHEMA}.{table} ORDER BY 1"
        );
        let rows = self.query(&statement, &[]).await?;
        let ids = rows.into_iter().map(|row| {
            let text = row.into_iter().flatten().next().unwrap_or_default();
            text.parse().map_err(|_| PostgresError::InputTable {
                table,
                column: "portfolio_id",
                rule: "every row must have the id of a portfolio",
            })
        });
        ids.collect()
    }

    /// Waits for a mandate, no longer than this.
    pub(crate) async fn wait(&mut self, limit: Duration) -> Result<Told, PostgresError> {
        let client = self.connected().await?;
        self.client = Some(client);
        if std::mem::take(&mut self.is_new) {
            return Ok(Told::Anew);
        }
        let Some(told) = &mut self.told else {
            return Ok(Told::Anew);
        };
        let mut portfolios = BTreeSet::new();
        match tokio::time::timeout(limit, told.recv()).await {
            // Nothing came, or the connection has ended: the next call makes another one.
            Err(_) | Ok(None) => return Ok(Told::Nothing),
            // What names no portfolio is of nobody.
            Ok(Some(payload)) => portfolios.extend(payload.parse::<PortfolioId>()),
        }
        while let Ok(payload) = told.try_recv() {
            portfolios.extend(payload.parse::<PortfolioId>());
        }
        Ok(Told::Of(portfolios))
    }

    pub(crate) async fn begin(&mut self) -> Result<(), PostgresError> {
        let client = self.connected().await?;
        let beginning = async {
            // For an error that names what is wrong: one of LOCK would not.
            check_tables(&client).await?;
            let tables = ALL.map(|table| format!("{SCHEMA}.{}", table.name));
            let lock = format!("LOCK TABLE {} IN ACCESS SHARE MODE", tables.join(", "));
            client
                .batch_execute(&format!("{BEGIN}; {lock}"))
                .await
                .map_err(|error| of(&error))?;
            check_tables(&client).await
        };
        within(self.answer, beginning).await?;
        self.client = Some(client);
        Ok(())
    }

    pub(crate) async fn end(&mut self) {
        if let Some(client) = self.client.take()
            && within(self.answer, async {
                let ended = client.batch_execute("ROLLBACK").await;
                ended.map_err(|error| of(&error))
            })
            .await
            .is_ok()
        {
            self.client = Some(client);
        }
    }

    /// The rows of one document.
    pub(crate) async fn fetch(
        &mut self,
        table: &'static Table,
        values: Vec<String>,
    ) -> Result<Vec<Cells>, PostgresError> {
        // One more than are allowed, so that too many are seen.
        self.query(&table.select(MOST_ROWS.saturating_add(1)), &values)
            .await
    }

    /// `as_of` of the oldest mandate after a time; `Some(None)` where a mandate does not say whose it is, or of
    /// when.
    pub(crate) async fn oldest_mandate(
        &mut self,
        portfolio_id: String,
        after: Option<String>,
    ) -> Result<Option<Option<String>>, PostgresError> {
        let table = format!("{SCHEMA}.{}", MANDATE.name);
        let later = if after.is_some() { ">" } else { ">=" };
        let statement = format!(
            "(SELECT NULL FROM {table} WHERE portfolio_id IS NULL LIMIT 1) UNION ALL
            (SELECT NULL FROM {table} WHERE portfolio_id = $1::text AND as_of IS NULL LIMIT 1) UNION ALL
            (SELECT mandate.as_of::text FROM {table} AS mandate
                WHERE portfolio_id = $1::text AND as_of {later} $2::text::timestamptz
                ORDER BY mandate.as_of LIMIT 1)"
        );
        let after = after.unwrap_or_else(|| "-infinity".to_owned());
        let rows = self.query(&statement, &[portfolio_id, after]).await?;
        Ok(rows
            .into_iter()
            .next()
            .map(|row| row.into_iter().flatten().next()))
    }

    async fn query(
        &mut self,
        statement: &str,
        values: &[String],
    ) -> Result<Vec<Cells>, PostgresError> {
        let client = self
            .client
            .take()
            .ok_or_else(|| PostgresError::Unanswered {
                code: SqlCode::new("closed"),
            })?;
        let parameters: Vec<&(dyn ToSql + Sync)> = values
            .iter()
            .map(|value| -> &(dyn ToSql + Sync) { value })
            .collect();
        let rows = within(self.answer, async {
            let rows = client.query(statement, &parameters).await;
            rows.map_err(|error| of(&error))
        })
        .await?;
        self.client = Some(client);
        let cells = |row: &tokio_postgres::Row| {
            (0..row.len())
                .map(|at| row.try_get(at).map_err(|error| of(&error)))
                .collect()
        };
        rows.iter().map(cells).collect()
    }
}

async fn check_tables(client: &Client) -> Result<(), PostgresError> {
    let rows = client.query(COLUMNS, &[&SCHEMA]).await;
    let rows = rows.map_err(|error| of(&error))?;
    let found: Vec<Found<'_>> = rows.iter().map(Found::of).collect();
    ALL.into_iter()
        .try_for_each(|table| check_table(table, &found))
}

struct Found<'row> {
    table: &'row str,
    column: &'row str,
    type_name: &'row str,
    can_be_locked: bool,
    may_be_read: bool,
}

impl<'row> Found<'row> {
    fn of(row: &'row tokio_postgres::Row) -> Self {
        Self {
            table: row.get(0),
            column: row.get(1),
            type_name: row.get(2),
            can_be_locked: row.get(3),
            may_be_read: row.get(4),
        }
    }
}

fn check_table(table: &'static Table, found: &[Found<'_>]) -> Result<(), PostgresError> {
    let refuse = |column, rule| {
        Err(PostgresError::InputTable {
            table: table.name,
            column,
            rule,
        })
    };
    let of_table = || found.iter().filter(|found| found.table == table.name);
    match of_table().next() {
        None => return refuse("", "it must be there"),
        Some(found) if !found.can_be_locked => {
            return refuse(
                "",
                "it must be a table or a view; put a view over anything else",
            );
        }
        Some(found) if !found.may_be_read => {
            return refuse("", "GRANT SELECT on it TO ios012_reader");
        }
        Some(_) => {}
    }
    for Column { name, cell } in table.read() {
        match of_table().find(|found| found.column == *name) {
            None => return refuse(name, "it must be there"),
            Some(found) if !cell.types().contains(&found.type_name) => {
                return refuse(name, cell.rule());
            }
            Some(_) => {}
        }
    }
    Ok(())
}

async fn within<T>(
    limit: Duration,
    answer: impl Future<Output = Result<T, PostgresError>>,
) -> Result<T, PostgresError> {
    tokio::time::timeout(limit, answer)
        .await
        .map_err(|_| PostgresError::Unanswered {
            code: SqlCode::new("late"),
        })?
}

fn of(error: &tokio_postgres::Error) -> PostgresError {
    PostgresError::of(error, Access::Reader.role())
}
