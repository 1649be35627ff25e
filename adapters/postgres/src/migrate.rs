//! The schema's versions.

use std::time::Duration;

use ios012_lineage::{Hash, sha256};
use tokio::runtime::Builder;
use tokio_postgres::Client;

use crate::session::{Session, check_server, connect};
use crate::{ConnectionParameters, PostgresError};

/// A step from one version of the schema to the next.
struct Migration {
    version: i32,
    name: &'static str,
    sql: &'static str,
}

/// In order. What was published is never changed: a database knows the hash of what made it.
const MIGRATIONS: [Migration; 2] = [
    Migration {
        version: 1,
        name: "ledger",
        sql: include_str!("../migrations/0001_ledger.sql"),
    },
    Migration {
        version: 2,
        name: "inputs",
        sql: include_str!("../migrations/0002_inputs.sql"),
    },
];

/// The version that this program needs.
pub(crate) const NEWEST: i32 = MIGRATIONS[MIGRATIONS.len() - 1].version;

/// Serialises migrations of one database: the first bytes of the schema's name.
const LOCK: i64 = 0x696f_7330_3132;

const NOTE: &str = "INSERT INTO ios012.migration (version, name, sha256) VALUES ($1, $2, $3)";

const IS_THERE: &str = "SELECT to_regclass('ios012.migration') IS NOT NULL";

const LIST: &str = "SELECT version, sha256 FROM ios012.migration ORDER BY version";

/// How long connecting may take.
const CONNECT: Duration = Duration::from_secs(10);

/// What a migration did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Migrated {
    /// The schema's version now.
    pub version: i32,
    /// The versions that were applied, in order; none if it was up to date.
    pub applied: Vec<i32>,
}

/// Brings a database to the version that this program needs, in one transaction, as a user that may create
/// a schema, and the roles where they are missing. It must not be called inside a runtime.
///
/// # Errors
/// [`PostgresError::Newer`], [`PostgresError::Changed`], [`PostgresError::NotPermitted`], and
/// those of connecting; the database is as before.
pub fn migrate(parameters: &ConnectionParameters) -> Result<Migrated, PostgresError> {
    let runtime = Builder::new_current_thread()
        .enable_io()
        .enable_time()
        .build()
        .map_err(|_| PostgresError::Thread)?;
    runtime.block_on(async {
        let Session { mut client, .. } = connect(parameters, CONNECT).await?;
        check_server(&client).await?;
        apply(&mut client).await
    })
}

async fn apply(client: &mut Client) -> Result<Migrated, PostgresError> {
    const ROLE: &str = "pg_database_owner";
    let of = |error| PostgresError::of(&error, ROLE);
    let transaction = client.transaction().await.map_err(of)?;
    transaction
        .query("SELECT pg_advisory_xact_lock($1)", &[&LOCK])
        .await
        .map_err(of)?;
    let there = applied(transaction.client(), ROLE).await?;
    check_known(&there)?;
    let missing = &MIGRATIONS[there.len()..];
    for migration in missing {
        transaction.batch_execute(migration.sql).await.map_err(of)?;
        let hash = sha256(migration.sql.as_bytes());
        let hash = &hash.as_bytes()[..];
        transaction
            .execute(NOTE, &[&migration.version, &migration.name, &hash])
            .await
            .map_err(of)?;
    }
    transaction.commit().await.map_err(of)?;
    Ok(Migrated {
        version: NEWEST,
        applied: missing.iter().map(|migration| migration.version).collect(),
    })
}

/// The migrations that were applied, in order, with their hashes.
pub(crate) async fn applied(
    client: &Client,
    role: &'static str,
) -> Result<Vec<(i32, Vec<u8>)>, PostgresError> {
    let of = |error| PostgresError::of(&error, role);
    if !client
        .query_one(IS_THERE, &[])
        .await
        .map_err(of)?
        .get::<_, bool>(0)
    {
        return Ok(Vec::new());
    }
    let rows = client.query(LIST, &[]).await.map_err(of)?;
    Ok(rows.iter().map(|row| (row.get(0), row.get(1))).collect())
}

/// The schema is the one that this program was written for.
pub(crate) fn check_applied(there: &[(i32, Vec<u8>)]) -> Result<(), PostgresError> {
    check_known(there)?;
    if there.len() < MIGRATIONS.len() {
        return Err(PostgresError::NotMigrated {
            found: there.last().map_or(0, |last| last.0),
            needed: NEWEST,
        });
    }
    Ok(())
}

fn check_known(there: &[(i32, Vec<u8>)]) -> Result<(), PostgresError> {
    if let Some(&(found, _)) = there.last().filter(|last| last.0 > NEWEST) {
        return Err(PostgresError::Newer {
            found,
            known: NEWEST,
        });
    }
    for (place, (version, hash)) in there.iter().enumerate() {
        let known: Option<(i32, Hash)> = MIGRATIONS
            .get(place)
            .map(|known| (known.version, sha256(known.sql.as_bytes())));
        let is_known =
            known.is_some_and(|known| known.0 == *version && known.1.as_bytes()[..] == hash[..]);
        if !is_known {
            return Err(PostgresError::Changed { version: *version });
        }
    }
    Ok(())
}
