//! A connection whose settings were checked: only there may a statement be sent.

use std::time::Duration;

use tokio_postgres::error::SqlState;
use tokio_postgres::{Client, NoTls};

use crate::error::SqlCode;
use crate::migrate::{applied, check_applied};
use crate::store::Access;
use crate::{ConnectionParameters, PostgresError};

/// The first version that it was tried with.
const LEAST_VERSION: i32 = 150_000;

/// What a commit must wait for, and the file system too.
const DURABLE: [(&str, &[&str]); 3] = [
    ("synchronous_commit", &["on", "remote_apply"]),
    ("fsync", &["on"]),
    ("full_page_writes", &["on"]),
];

const KEEP: &str =
    "SELECT set_config('synchronous_commit', current_setting('synchronous_commit'), false)";

/// Connects and does nothing else. The connection runs on the runtime that this is called in.
pub(crate) async fn connect(
    parameters: &ConnectionParameters,
    limit: Duration,
) -> Result<Client, PostgresError> {
    let mut config = parameters.config()?;
    config.application_name("ios012").connect_timeout(limit);
    let connecting = tokio::time::timeout(limit, config.connect(NoTls));
    let (client, connection) = connecting
        .await
        .map_err(|_| PostgresError::Unreachable {
            kind: std::io::ErrorKind::TimedOut,
        })?
        .map_err(|error| PostgresError::of_connect(&error))?;
    // Its end shows in the client's next call.
    tokio::spawn(async move { drop(connection.await) });
    Ok(client)
}

/// Connects with the rights of a role and no more, and refuses a server that could lose a commit.
pub(crate) async fn open(
    parameters: &ConnectionParameters,
    limit: Duration,
    access: Access,
) -> Result<Client, PostgresError> {
    let client = connect(parameters, limit).await?;
    let preparing = async {
        check_server(&client).await?;
        if access == Access::Writer {
            check_durable(&client).await?;
        }
        take_role(&client, access).await?;
        check_applied(&applied(&client, access.role()).await?)?;
        Ok(client)
    };
    tokio::time::timeout(limit, preparing)
        .await
        .map_err(|_| PostgresError::Unanswered {
            code: SqlCode::new("late"),
        })?
}

pub(crate) async fn check_server(client: &Client) -> Result<(), PostgresError> {
    const ASK: &str = "SELECT current_setting('server_version_num')::integer,
        current_setting('server_encoding')";
    let row = client
        .query_one(ASK, &[])
        .await
        .map_err(|error| of(&error))?;
    let (version, encoding): (i32, &str) = (row.get(0), row.get(1));
    if version < LEAST_VERSION || encoding != "UTF8" {
        return Err(PostgresError::Server {
            version,
            encoding: SqlCode::new(encoding),
        });
    }
    Ok(())
}

/// Refuses what could lose a commit, and keeps the good setting for this session: the server's may
/// change while it runs.
async fn check_durable(client: &Client) -> Result<(), PostgresError> {
    for (setting, good) in DURABLE {
        let ask = "SELECT current_setting($1)";
        let row = client
            .query_one(ask, &[&setting])
            .await
            .map_err(|error| of(&error))?;
        let value: &str = row.get(0);
        if !good.contains(&value) {
            return Err(PostgresError::NotDurable {
                setting,
                value: SqlCode::new(value),
                needed: good[0],
            });
        }
    }
    client
        .query_one(KEEP, &[])
        .await
        .map_err(|error| of(&error))
        .map(|_| ())
}

/// Gives up what rights the user has beyond the role. Under another isolation a refused write would be
/// an error and no answer; compiling a statement costs more than it takes.
async fn take_role(client: &Client, access: Access) -> Result<(), PostgresError> {
    const SESSION: &str = "SET default_transaction_isolation = 'read committed'; SET jit = off;
        SET search_path = pg_catalog";
    let role = access.role();
    client
        .batch_execute(&format!("{SESSION}; SET ROLE {role}"))
        .await
        .map_err(|error| match error.code().map(SqlState::code) {
            // There is no such role: it comes with the first migration.
            Some("22023") => PostgresError::NotMigrated {
                found: 0,
                needed: crate::migrate::NEWEST,
            },
            _ => PostgresError::of(&error, role),
        })
}

fn of(error: &tokio_postgres::Error) -> PostgresError {
    PostgresError::of(error, "")
}
