//! How to reach a server, and how long to wait for it.

use std::time::Duration;

use secrecy::{ExposeSecret as _, SecretString};
use tokio_postgres::Config;
use tokio_postgres::config::{Host, SslMode};

use crate::PostgresError;

/// Where the server is, and as whom: a connection string of libpq's form, which may hold a password. It
/// has no `Display`, its `Debug` tells nothing, and its memory is wiped when it is dropped.
#[derive(Debug, Clone)]
pub struct ConnectionParameters(SecretString);

/// The times of a store, and what it demands of the server.
#[derive(Debug, Clone, Copy)]
pub struct Settings {
    lease: Duration,
    answer: Duration,
    requires_standby: bool,
}

impl ConnectionParameters {
    /// Checks a text such as `host=/run/postgresql dbname=ledger user=engine`: one host, which is the directory of a socket
    /// or a loopback address.
    ///
    /// # Errors
    /// [`PostgresError::Parameters`], [`PostgresError::Hosts`], [`PostgresError::NotLocal`],
    /// [`PostgresError::NoTls`].
    pub fn parse(text: String) -> Result<Self, PostgresError> {
        let parameters = Self(SecretString::from(text));
        let config = parameters.config()?;
        let (hosts, addresses) = (config.get_hosts(), config.get_hostaddrs());
        let found = hosts.len().max(addresses.len());
        if found != 1 {
            return Err(PostgresError::Hosts { found });
        }
        // Where there is an address, the connection goes to it and the host is only its name.
        let is_local = match (addresses, hosts) {
            ([address], _) => address.is_loopback(),
            (_, [Host::Unix(_)]) => true,
            (_, [Host::Tcp(host)]) => host
                .parse()
                .is_ok_and(|address: std::net::IpAddr| address.is_loopback()),
            _ => false,
        };
        if !is_local {
            return Err(PostgresError::NotLocal);
        }
        if !matches!(config.get_ssl_mode(), SslMode::Disable | SslMode::Prefer) {
            return Err(PostgresError::NoTls);
        }
        Ok(parameters)
    }

    /// What the driver takes. It holds the password, and is dropped after connecting.
    pub(crate) fn config(&self) -> Result<Config, PostgresError> {
        self.0
            .expose_secret()
            .parse()
            .map_err(|_| PostgresError::Parameters)
    }
}

impl Settings {
    /// A lease, after which another may take the chain, and how long an answer is awaited before it counts
    /// as lost.
    ///
    /// # Errors
    /// [`PostgresError::Settings`].
    pub fn new(lease: Duration, answer: Duration) -> Result<Self, PostgresError> {
        let least = Duration::from_millis(1);
        // A month is no lease any more, and milliseconds of it are far from the type's end.
        let most = Duration::from_hours(30 * 24);
        let is_good = answer >= least && lease > answer.saturating_mul(2) && lease <= most;
        if is_good {
            Ok(Self {
                lease,
                answer,
                requires_standby: false,
            })
        } else {
            Err(PostgresError::Settings { lease, answer })
        }
    }

    /// The same, and a writer refuses a server whose commits wait for no standby that is named in
    /// `synchronous_standby_names` ([`PostgresError::NoStandby`]).
    #[must_use]
    pub const fn requiring_standby(self) -> Self {
        Self {
            requires_standby: true,
            ..self
        }
    }

    pub(crate) const fn requires_standby(self) -> bool {
        self.requires_standby
    }

    /// Milliseconds of the lease.
    pub(crate) fn lease_millis(self) -> i64 {
        i64::try_from(self.lease.as_millis()).unwrap_or(i64::MAX)
    }

    pub(crate) const fn answer(self) -> Duration {
        self.answer
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(text: &str) -> String {
        let error = ConnectionParameters::parse(text.to_owned()).expect_err(text);
        format!("{error} {error:?}")
    }

    #[test]
    fn a_socket_and_loopback_are_taken_and_nothing_else() {
        for text in [
            "host=/run/postgresql user=engine dbname=ledger",
            "host=127.0.0.1 user=engine password=hunter2",
            "host=127.8.9.1 user=engine sslmode=disable",
            "host=::1 user=engine",
            "host=db.example hostaddr=127.0.0.1 user=engine",
            "postgresql://engine:hunter2@127.0.0.1:5433/ledger",
            "postgresql://engine@%2Frun%2Fpostgresql/ledger",
        ] {
            assert!(
                ConnectionParameters::parse(text.to_owned()).is_ok(),
                "{text}"
            );
        }
        for text in [
            "host=localhost user=engine",
            "host=db.example user=engine",
            "host=10.0.0.1 user=engine",
            "host=127.0.0.1 hostaddr=10.0.0.1 user=engine",
            "host=/run/postgresql hostaddr=10.0.0.1 user=engine",
            "postgresql://engine:hunter2@db.example/ledger",
        ] {
            assert!(refused(text).contains("loopback"), "{text}");
        }
        for text in ["user=engine", "", "host=127.0.0.1,127.0.0.2 user=engine"] {
            assert!(refused(text).contains("name one"), "{text}");
        }
        assert!(refused("host=127.0.0.1 sslmode=require").contains("TLS"));
    }

    #[test]
    fn no_error_and_no_debug_tells_a_password() {
        for text in [
            "host=127.0.0.1 user=engine password=hunter2",
            "host=10.0.0.1 password=hunter2",
            "host=127.0.0.1 hunter2",
            "host=127.0.0.1 hunter2=1",
            "host=127.0.0.1 password='hunter2",
            "host=127.0.0.1 port=hunter2",
            "postgresql://engine:hunter2@127.0.0.1:port/ledger",
            "postgresql://engine:hunter2@[::1/ledger",
        ] {
            let told = format!("{:?}", ConnectionParameters::parse(text.to_owned()));
            assert!(!told.contains("hunter2"), "{told}");
            let Err(error) = ConnectionParameters::parse(text.to_owned()) else {
                continue;
            };
            assert!(!error.to_string().contains("hunter2"), "{error}");
        }
    }

    #[test]
    fn a_lease_outlives_two_answers() {
        let made = |lease, answer| {
            Settings::new(Duration::from_millis(lease), Duration::from_millis(answer))
        };
        assert_eq!(made(30_000, 10_000).expect("good").lease_millis(), 30_000);
        for (lease, answer) in [(20, 10), (1, 10), (10, 0), (u64::MAX, 10)] {
            let error = made(lease, answer).expect_err("no good");
            assert!(error.to_string().contains("longer than two"), "{error}");
        }
    }
}
