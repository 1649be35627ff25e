//! Keeping a token good for as long as the program runs.

use std::fs::{self, File};
use std::io::Read as _;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use ios012_core::UtcTime;
use secrecy::zeroize::Zeroizing;

use super::{KeySettings, Session, Vault};
use crate::rotation::Stored;
use crate::{Secret, SecretsError};

/// Milliseconds between two attempts to renew.
const RETRY_MS: i64 = 5_000;
/// Bytes of a file with a token or a role id.
const LONGEST: u64 = 4_098;

/// A token that is renewed after two thirds of its lease. A lease has an end that no renewal moves; before it the
/// supervisor puts a new wrapping token into its file, and the keeper logs in with that. It has no `Debug`.
pub struct Keeper {
    vault: Vault,
    session: Session,
    /// The last renewal did not move the end.
    is_capped: bool,
    is_intercepted: bool,
    /// Why the last attempt failed.
    failing: Option<SecretsError>,
    not_before: UtcTime,
    /// That the session came from: a file that still holds it holds nothing new.
    spent: Secret,
}

/// How the token stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TokenStanding {
    /// It is good.
    Good,
    /// It is good, and ends: the supervisor must put a new wrapping token into its file.
    DeliveryDue {
        /// Seconds until the end.
        left_s: i64,
    },
    /// It is good, and could not be renewed; it is tried again.
    NotRenewed {
        /// Seconds until the end.
        left_s: i64,
        /// Why.
        error: SecretsError,
    },
    /// It has ended. Keys may not be trusted any more, since nobody can take them back: no new order is sent.
    Lost(SecretsError),
}

impl Keeper {
    /// Logs in with what the files of the settings hold.
    ///
    /// # Errors
    /// [`SecretsError::Io`], [`SecretsError::KeyOpenToOthers`], [`SecretsError::NotASecret`]; those of [`Vault::log_in`].
    pub async fn begin(vault: Vault, now: UtcTime) -> Result<Self, SecretsError> {
        let role_id = secret_in(&vault.settings().role_id_file)?;
        let spent = secret_in(&vault.settings().wrapping_token_file)?;
        let session = vault.log_in(&role_id, &spent, now).await?;
        Ok(Self {
            not_before: now,
            vault,
            session,
            is_capped: false,
            is_intercepted: false,
            failing: None,
            spent,
        })
    }

    /// The server.
    pub fn vault(&self) -> &Vault {
        &self.vault
    }

    /// The token's lease.
    pub fn lease(&self) -> super::Lease {
        self.session.lease()
    }

    /// Reads the newest version of a key.
    ///
    /// # Errors
    /// Those of [`Vault::read`].
    pub async fn read(&self, key: &KeySettings) -> Result<Stored, SecretsError> {
        self.vault.read(&self.session, key).await
    }

    /// Renews the token, or logs in anew, if it is time. To be called at least every few seconds; in between it asks
    /// nobody. That a wrapping token was used by somebody else is never forgotten: the program must be started anew.
    pub async fn tend(&mut self, now: UtcTime) -> TokenStanding {
        if (self.is_capped || self.session.lease().renew_at() <= now) && self.not_before <= now {
            self.not_before = now.checked_add_milliseconds(RETRY_MS).unwrap_or(now);
            self.failing = self.prolong(now).await.err();
        }
        if self.failing == Some(SecretsError::Intercepted) {
            self.is_intercepted = true;
        }
        let left_s = left_s(self.session.lease().ends_at(), now);
        match self.failing {
            _ if self.is_intercepted => TokenStanding::Lost(SecretsError::Intercepted),
            Some(error) if left_s <= 0 || error == SecretsError::TokenEnded => {
                TokenStanding::Lost(error)
            }
            _ if left_s <= 0 => TokenStanding::Lost(SecretsError::TokenEnded),
            Some(error) => TokenStanding::NotRenewed { left_s, error },
            None if self.is_capped => TokenStanding::DeliveryDue { left_s },
            None => TokenStanding::Good,
        }
    }

    /// Ends the token at the server.
    ///
    /// # Errors
    /// Those of [`Vault::revoke`].
    pub async fn end(self) -> Result<(), SecretsError> {
        self.vault.revoke(self.session).await
    }

    async fn prolong(&mut self, now: UtcTime) -> Result<(), SecretsError> {
        let lease = self.session.lease();
        let ended = lease.ends_at() <= now;
        let must_log_in = ended || self.is_capped || !lease.is_renewable();
        if must_log_in && self.log_in_anew(now).await? {
            return Ok(());
        }
        if ended || lease.renew_at() > now {
            return Ok(());
        }
        if !lease.is_renewable() {
            self.is_capped = true;
            return Ok(());
        }
        let renewed = match self.vault.renew(&self.session, now).await {
            Err(SecretsError::TokenEnded) if self.log_in_anew(now).await? => return Ok(()),
            renewed => renewed?,
        };
        // Granted for less than the last time: it nears the end that no renewal moves.
        self.is_capped |= renewed.lease().length_s < lease.length_s;
        self.session = renewed;
        Ok(())
    }

    /// Logs in if the file holds another wrapping token than the one that was used.
    async fn log_in_anew(&mut self, now: UtcTime) -> Result<bool, SecretsError> {
        let settings = self.vault.settings();
        let Ok(wrapping) = secret_in(&settings.wrapping_token_file) else {
            return Ok(false);
        };
        if wrapping.as_str() == self.spent.as_str() {
            return Ok(false);
        }
        let role_id = secret_in(&settings.role_id_file)?;
        self.vault.must_be_ours(&wrapping).await?;
        // From here on it may be used up, whatever the answer is: a second look would be a false alarm.
        self.spent = wrapping;
        self.session = self
            .vault
            .unwrap_and_log_in(&role_id, &self.spent, now)
            .await?;
        self.is_capped = false;
        Ok(true)
    }
}

fn left_s(ends_at: UtcTime, now: UtcTime) -> i64 {
    let left_ms = ends_at.unix_milliseconds() - now.unix_milliseconds();
    left_ms.div_euclid(1_000)
}

/// A secret in a file that nobody but its owner can read; a line end after it is passed over.
fn secret_in(path: &Path) -> Result<Secret, SecretsError> {
    let io = |error: std::io::Error| SecretsError::Io { kind: error.kind() };
    let metadata = fs::metadata(path).map_err(io)?;
    if metadata.permissions().mode() & 0o077 != 0 {
        return Err(SecretsError::KeyOpenToOthers);
    }
    // One byte more than is taken, so that a longer one is seen; it does not grow meanwhile.
    let mut bytes = Zeroizing::new(Vec::with_capacity(4_100));
    let file = File::open(path).map_err(io)?;
    let read = file.take(LONGEST).read_to_end(&mut bytes);
    read.map_err(io)?;
    let end = bytes.strip_suffix(b"\n").unwrap_or(&bytes);
    Secret::from_bytes(end)
}
