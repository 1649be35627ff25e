//! A connection whose settings were checked: only there may a statement be sent.

use std::future::poll_fn;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};
use tokio_postgres::error::{DbError, Severity, SqlState};
use tokio_postgres::{AsyncMessage, Client, NoTls};

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

/// Whether the server has warned on a connection. Where the wait of a commit for its standby is cancelled, the
/// statement succeeds with a warning and stands on that server alone.
#[derive(Debug, Clone, Default)]
pub(crate) struct Warned(Arc<AtomicBool>);

impl Warned {
    /// Whether there was a warning since this was asked last. It came before the end of its statement did.
    pub(crate) fn take(&self) -> bool {
        self.0.swap(false, Ordering::Relaxed)
    }

    fn hear(&self, notice: &DbError) {
        let is_harmless = matches!(
            notice.parsed_severity(),
            Some(Severity::Notice | Severity::Debug | Severity::Info | Severity::Log)
        );
        if !is_harmless {
            self.0.store(true, Ordering::Relaxed);
        }
    }
}

/// A connection, and what the server says of itself.
#[derive(Debug)]
pub(crate) struct Session {
    pub(crate) client: Client,
    pub(crate) warned: Warned,
    /// The payloads of notifications. It ends with the connection.
    pub(crate) told: UnboundedReceiver<String>,
}

/// Connects and does nothing else. The connection runs on the runtime that this is called in.
pub(crate) async fn connect(
    parameters: &ConnectionParameters,
    limit: Duration,
) -> Result<Session, PostgresError> {
    let mut config = parameters.config()?;
    config.application_name("ios012").connect_timeout(limit);
    let connecting = tokio::time::timeout(limit, config.connect(NoTls));
    let (client, mut connection) = connecting
        .await
        .map_err(|_| PostgresError::Unreachable {
            kind: std::io::ErrorKind::TimedOut,
        })?
        .map_err(|error| PostgresError::of_connect(&error))?;
    let warned = Warned::default();
    let hearing = warned.clone();
    let (tell, told) = unbounded_channel();
    // Its end shows in the client's next call.
    tokio::spawn(async move {
        while let Some(Ok(message)) = poll_fn(|context| connection.poll_message(context)).await {
            match message {
                AsyncMessage::Notice(notice) => hearing.hear(&notice),
                // Nobody listens on a connection that only writes.
                AsyncMessage::Notification(note) => drop(tell.send(note.payload().to_owned())),
                _ => {}
            }
        }
    });
    Ok(Session {
        client,
        warned,
        told,
    })
}

/// Connects with the rights of a role and no more, and refuses a server that could lose a commit.
pub(crate) async fn open(
    parameters: &ConnectionParameters,
    limit: Duration,
    access: Access,
    requires_standby: bool,
) -> Result<Session, PostgresError> {
    let session = connect(parameters, limit).await?;
    let preparing = async {
        let client = &session.client;
        check_server(client).await?;
        if access == Access::Writer {
            check_durable(client).await?;
            if requires_standby {
                check_standby(client).await?;
            }
        }
        take_role(client, access).await?;
        check_applied(&applied(client, access.role()).await?)?;
        // What it warns of before a statement of the store is none of its commits.
        session.warned.take();
        Ok(session)
    };
    tokio::time::timeout(limit, preparing)
        .await
        .map_err(|_| PostgresError::Unanswered {
            code: SqlCode::new("late"),
        })?
}

pub(crate) async fn check_server(client: &Client) -> Result<(), PostgresError> {
    const ASK: &str = "SELECT current_setting('server_version_num')::integer,
        current_setting('server_encoding'), pg_is_in_recovery()";
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
    if row.get(2) {
        return Err(PostgresError::InRecovery);
    }
    Ok(())
}

/// Refuses a server that answers before another one has what it wrote, and one where any program that follows
/// it would count as that other one.
async fn check_standby(client: &Client) -> Result<(), PostgresError> {
    const ASK: &str = "SELECT current_setting('synchronous_standby_names')";
    let row = client
        .query_one(ASK, &[])
        .await
        .map_err(|error| of(&error))?;
    let names: &str = row.get(0);
    if names.trim().is_empty() {
        return Err(PostgresError::NoStandby { value: "empty" });
    }
    if names.contains('*') {
        return Err(PostgresError::NoStandby { value: "*" });
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
/// an error and no answer; compiling a statement costs more than it takes; a warning must be told to be heard.
async fn take_role(client: &Client, access: Access) -> Result<(), PostgresError> {
    const SESSION: &str = "SET default_transaction_isolation = 'read committed'; SET jit = off;
        SET search_path = pg_catalog; SET client_min_messages = warning";
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
