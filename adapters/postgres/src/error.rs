use std::time::Duration;

use ios012_contracts::Refusal;
use ios012_lineage::LineageError;
use thiserror::Error;

/// Everything that can go wrong with a ledger in PostgreSQL, or inputs from there. No variant holds a text of the server or
/// any part of the connection's parameters.
#[derive(Debug, Error)]
pub enum PostgresError {
    /// The parameters do not parse. What is wrong is not said: it could be a part of the password.
    #[error(
        "the connection parameters do not parse; write them as `host=/run/postgresql dbname=ledger \
         user=engine`, values with spaces in single quotes"
    )]
    Parameters,
    /// No host, or several.
    #[error(
        "{found} hosts in the connection parameters; name one, the server that holds the ledger"
    )]
    Hosts {
        /// How many there are.
        found: usize,
    },
    /// The server is not on this machine, and there is no TLS yet.
    #[error(
        "the host is neither a socket's directory nor a loopback address; this version has no TLS to a \
         server: use a socket, 127.0.0.1 or ::1 (a name such as localhost is not looked up)"
    )]
    NotLocal,
    /// The parameters ask for TLS.
    #[error(
        "sslmode=require: this version has no TLS to a server; connect through a socket or loopback"
    )]
    NoTls,
    /// The lease is not longer than two waits for an answer.
    #[error(
        "a lease of {lease:?} with answers awaited for {answer:?}; a lease must be longer than two \
         answers, and both above a millisecond"
    )]
    Settings {
        /// The lease.
        lease: Duration,
        /// How long an answer is awaited.
        answer: Duration,
    },
    /// No connection.
    #[error(
        "cannot connect to PostgreSQL: {kind}; is the server running, and is this its address?"
    )]
    Unreachable {
        /// What the system says of it.
        kind: std::io::ErrorKind,
    },
    /// The server does not take the user.
    #[error(
        "PostgreSQL refuses the user or the password (SQLSTATE {code}); see pg_hba.conf and the user's password"
    )]
    Denied {
        /// The SQLSTATE.
        code: SqlCode,
    },
    /// There is no such database.
    #[error("there is no such database (SQLSTATE {code}); create it, then migrate it")]
    NoDatabase {
        /// The SQLSTATE.
        code: SqlCode,
    },
    /// The connection was lost, or the answer did not come in time.
    #[error("PostgreSQL did not answer ({code}); find out why before anything is sent again")]
    Unanswered {
        /// A SQLSTATE, `closed`, or `late`.
        code: SqlCode,
    },
    /// A setting under which a commit may be lost.
    #[error(
        "{setting} is {value}; set it to `{needed}` on the server, or for the user with ALTER ROLE … SET"
    )]
    NotDurable {
        /// The setting's name.
        setting: &'static str,
        /// Its value.
        value: SqlCode,
        /// What it must be.
        needed: &'static str,
    },
    /// No commit waits for a standby, and the settings demand one.
    #[error(
        "synchronous_standby_names is {value}; set it on the server to the name of a standby, which is the \
         application_name in its primary_conninfo, or do not require a standby"
    )]
    NoStandby {
        /// `empty`, or `*`, which any program that follows the server would meet.
        value: &'static str,
    },
    /// A standby, or a server that is being restored.
    #[error(
        "pg_is_in_recovery is true: the server is a standby or is being restored; connect to the primary, or \
         promote this one once the old primary is stopped for good"
    )]
    InRecovery,
    /// The server warned as it committed: the wait for its standby was cancelled.
    #[error(
        "PostgreSQL warns as it commits; the wait for a standby may have been cancelled, and what was written may stand \
         on this server alone: find out why before anything is sent again"
    )]
    Warned,
    /// The server takes no writes.
    #[error("the server or the user's sessions are read-only; see default_transaction_read_only")]
    ReadOnly,
    /// An old server, or a database in another encoding.
    #[error("PostgreSQL {version} with encoding {encoding}; 15 or later with UTF8 is needed")]
    Server {
        /// `server_version_num`.
        version: i32,
        /// `server_encoding`.
        encoding: SqlCode,
    },
    /// The user lacks a role or a right.
    #[error("the user may not do that (SQLSTATE {code}); `GRANT {role} TO` the user")]
    NotPermitted {
        /// The SQLSTATE.
        code: SqlCode,
        /// The role.
        role: &'static str,
    },
    /// The tables are not there, or of an older version.
    #[error("the schema has version {found}, this program needs {needed}; migrate the database")]
    NotMigrated {
        /// The version that is there; 0 if there is none.
        found: i32,
        /// The version that this program knows.
        needed: i32,
    },
    /// The tables are of a later version.
    #[error("the schema has version {found}, this program knows {known}; use a later program")]
    Newer {
        /// The version that is there.
        found: i32,
        /// The last version that is known.
        known: i32,
    },
    /// A migration is not the one that was applied.
    #[error(
        "migration {version} is not the one that this program has; the schema was made by another one"
    )]
    Changed {
        /// The migration.
        version: i32,
    },
    /// The server has no room.
    #[error("PostgreSQL has no room left (SQLSTATE {code}); nothing was written")]
    NoSpace {
        /// The SQLSTATE.
        code: SqlCode,
    },
    /// The schema refused a change.
    #[error(
        "the schema refuses the change (SQLSTATE {code}); this is a defect or damage, and a person has to look"
    )]
    Refused {
        /// The SQLSTATE.
        code: SqlCode,
    },
    /// Any other answer of the server.
    #[error("PostgreSQL answers with SQLSTATE {code}; its log says more")]
    Answer {
        /// The SQLSTATE.
        code: SqlCode,
    },
    /// A number that the database cannot hold, or that this program did not write.
    #[error(
        "{what} in the database is not what this program writes; verify an export of the ledger"
    )]
    Damaged {
        /// What it is.
        what: &'static str,
    },
    /// One append of more than a message may have.
    #[error("an append of {bytes} bytes; at most 268435456 at once")]
    TooLarge {
        /// Its length.
        bytes: usize,
    },
    /// A table of inputs, or the view in its place, is not as docs/postgres.md says.
    #[error(
        "ios012_input.{table}{}{column}: {rule}; docs/postgres.md has the tables, their columns and types",
        if column.is_empty() { "" } else { "." }
    )]
    InputTable {
        /// The table.
        table: &'static str,
        /// The column; empty for the table as a whole.
        column: &'static str,
        /// What it must be.
        rule: &'static str,
    },
    /// A document of the tables is not acceptable.
    #[error(transparent)]
    Document(#[from] Refusal),
    /// The thread that talks with the server could not be started, or ended.
    #[error("the thread of the connection has ended; end the process and look for its cause")]
    Thread,
    /// The exported directory.
    #[error(transparent)]
    Lineage(#[from] LineageError),
}

/// A SQLSTATE or a short word of the server's settings: letters, digits, `_` and `-` only.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SqlCode(String);

impl SqlCode {
    pub(crate) fn new(text: &str) -> Self {
        let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'-';
        if text.len() <= 20 && text.bytes().all(is_plain) {
            Self(text.to_owned())
        } else {
            Self("unknown".to_owned())
        }
    }

    /// The code.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl std::fmt::Display for SqlCode {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str(&self.0)
    }
}

impl PostgresError {
    /// What a failed connection says.
    pub(crate) fn of_connect(error: &tokio_postgres::Error) -> Self {
        if error.code().is_some() {
            return Self::of(error, "");
        }
        let cause = std::error::Error::source(error);
        let io = cause.and_then(|cause| cause.downcast_ref::<std::io::Error>());
        Self::Unreachable {
            kind: io.map_or(std::io::ErrorKind::Other, std::io::Error::kind),
        }
    }

    /// What a failed statement says; `role` is what its user should have had.
    pub(crate) fn of(error: &tokio_postgres::Error, role: &'static str) -> Self {
        let Some(state) = error.code() else {
            return Self::Unanswered {
                code: SqlCode::new("closed"),
            };
        };
        let code = SqlCode::new(state.code());
        match state.code() {
            "28P01" | "28000" => Self::Denied { code },
            "3D000" => Self::NoDatabase { code },
            "42501" => Self::NotPermitted { code, role },
            "25006" => Self::ReadOnly,
            "53100" | "53200" | "54000" => Self::NoSpace { code },
            state if state.starts_with("IO") || state.starts_with("23") => Self::Refused { code },
            _ if was_lost(error) => Self::Unanswered { code },
            _ => Self::Answer { code },
        }
    }
}

/// Whether a statement may have been carried out although it failed. Only an error within a session that
/// goes on rolls back for certain: where the server ends the session, or says that it does not know,
/// the commit may stand.
pub(crate) fn was_lost(error: &tokio_postgres::Error) -> bool {
    use tokio_postgres::error::Severity;

    let Some(answer) = error.as_db_error() else {
        return true;
    };
    answer.parsed_severity() != Some(Severity::Error)
        || matches!(answer.code().code(), "08007" | "40003")
}
