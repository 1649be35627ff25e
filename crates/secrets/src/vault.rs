//! Vault: the one source of keys for live trading (seed, section 8).
//!
//! The requests are those of `vaultrs`; they are sent by the project's own client, and what is answered is read
//! into types of this crate, so that neither a token nor a key is in a type that can be shown (docs/adr/0021).

mod call;
mod keeper;
mod keys;
mod settings;
mod wire;

use std::collections::BTreeMap;

use ios012_core::UtcTime;
use secrecy::zeroize::Zeroize as _;
use vaultrs::api::auth::approle::requests::LoginWithApproleRequest;
use vaultrs::api::kv2::requests::ReadSecretRequest;
use vaultrs::api::sys::requests::{ReadHealthRequest, UnwrapRequest, WrappingLookupRequest};
use vaultrs::api::token::requests::{
    LookupTokenSelfRequest, RenewTokenSelfRequest, RevokeTokenSelfRequest,
};

use crate::rotation::{Stored, time};
use crate::{Address, Https, Secret, SecretsError};
pub use keeper::{Keeper, TokenStanding};
pub use keys::{Keys, Notice, Tended};
pub(crate) use settings::must;
pub use settings::{KeySettings, VaultSettings};
use wire::{Auth, Data, Login, SecretId, Version, Wrapping, parse};

/// A server with the API of Vault. It has no `Debug`.
pub struct Vault {
    https: Https,
    address: Address,
    settings: VaultSettings,
}

/// How a server is, by the status of its answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Health {
    /// It serves.
    Active,
    /// It passes requests on to the active one.
    Standby,
    /// It stands by for another cluster, and serves nobody.
    Secondary,
    /// It has no storage yet.
    NotInitialised,
    /// Its storage is locked.
    Sealed,
}

/// A token and its lease. It has no `Debug`.
pub struct Session {
    token: Secret,
    lease: Lease,
}

/// For how long a token is good, by what the server granted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Lease {
    granted_at: UtcTime,
    length_s: u32,
    renewable: bool,
}

impl Lease {
    /// When it ends, unless it is renewed.
    pub fn ends_at(&self) -> UtcTime {
        self.after(i64::from(self.length_s) * 1_000)
    }

    /// When it is to be renewed: after two thirds of it.
    pub fn renew_at(&self) -> UtcTime {
        self.after(i64::from(self.length_s) * 2_000 / 3)
    }

    /// Whether the server renews it.
    pub fn is_renewable(&self) -> bool {
        self.renewable
    }

    /// One that reaches beyond the year 9999 ends at once.
    fn after(&self, milliseconds: i64) -> UtcTime {
        let sum = self.granted_at.checked_add_milliseconds(milliseconds);
        sum.unwrap_or(self.granted_at)
    }
}

impl Session {
    /// Its lease.
    pub fn lease(&self) -> Lease {
        self.lease
    }

    fn new(auth: &Auth, now: UtcTime) -> Result<Self, SecretsError> {
        let length_s = u32::try_from(auth.lease_duration);
        Ok(Self {
            token: Secret::new(auth.client_token.as_str())?,
            lease: Lease {
                granted_at: now,
                length_s: length_s.map_err(|_| SecretsError::NotFromVault)?,
                renewable: auth.renewable,
            },
        })
    }
}

impl Vault {
    /// A server that is not asked yet.
    ///
    /// # Errors
    /// Those of [`Address::parse`]; [`SecretsError::SettingsValue`].
    pub fn new(settings: VaultSettings, https: Https) -> Result<Self, SecretsError> {
        let has_query = settings.address.contains('?');
        must(!has_query, "address", "must be without a query")?;
        let address = Address::parse(settings.address.clone())?;
        Ok(Self {
            https,
            address,
            settings,
        })
    }

    /// Where it is, and what is read from it.
    pub fn settings(&self) -> &VaultSettings {
        &self.settings
    }

    /// How it is.
    ///
    /// # Errors
    /// [`SecretsError::NotFromVault`]; those of a connection.
    pub async fn health(&self) -> Result<Health, SecretsError> {
        let answer = self.send(&ReadHealthRequest::default(), None).await?;
        match answer.status {
            200 => Ok(Health::Active),
            429 | 473 => Ok(Health::Standby),
            472 => Ok(Health::Secondary),
            501 => Ok(Health::NotInitialised),
            503 => Ok(Health::Sealed),
            _ => Err(SecretsError::NotFromVault),
        }
    }

    /// Logs in: a wrapping token, which is good for one look, gives a secret id, and that and the role id give a token.
    ///
    /// # Errors
    /// [`SecretsError::Intercepted`] if the wrapping token is spent, or wraps what another path made: somebody may
    /// have the secret id. [`SecretsError::LoginRefused`]; those of any call.
    pub async fn log_in(
        &self,
        role_id: &Secret,
        wrapping_token: &Secret,
        now: UtcTime,
    ) -> Result<Session, SecretsError> {
        self.must_be_ours(wrapping_token).await?;
        self.unwrap_and_log_in(role_id, wrapping_token, now).await
    }

    async fn unwrap_and_log_in(
        &self,
        role_id: &Secret,
        wrapping_token: &Secret,
        now: UtcTime,
    ) -> Result<Session, SecretsError> {
        let unwrap = UnwrapRequest { token: None };
        let unwrapped = self.ask(&unwrap, Some(wrapping_token)).await;
        let body = unwrapped.map_err(intercepted)?;
        let wrapped: Data<SecretId> = parse(&body)?;
        let mut request = LoginWithApproleRequest {
            mount: self.settings.approle_mount.clone(),
            role_id: role_id.as_str().to_owned(),
            secret_id: wrapped.data.secret_id.as_str().to_owned(),
        };
        let answered = self.ask(&request, None).await;
        request.role_id.zeroize();
        request.secret_id.zeroize();
        let body = answered.map_err(|error| match error {
            SecretsError::Answered { status: 400 } => SecretsError::LoginRefused,
            other => other,
        })?;
        Session::new(&parse::<Login>(&body)?.auth, now)
    }

    /// Whether the role's own secret id is wrapped. Whoever took the token on its way could wrap something else.
    async fn must_be_ours(&self, wrapping_token: &Secret) -> Result<(), SecretsError> {
        let mut request = WrappingLookupRequest {
            token: wrapping_token.as_str().to_owned(),
        };
        let answered = self.ask(&request, None).await;
        request.token.zeroize();
        let body = answered.map_err(intercepted)?;
        let wrapping: Data<Wrapping> = parse(&body)?;
        let (mount, role) = (&self.settings.approle_mount, &self.settings.role);
        if wrapping.data.creation_path == format!("auth/{mount}/role/{role}/secret-id") {
            Ok(())
        } else {
            Err(SecretsError::Intercepted)
        }
    }

    /// Renews the token. The lease is what the server granted, which may be shorter than before.
    ///
    /// # Errors
    /// [`SecretsError::TokenEnded`]; those of any call.
    pub async fn renew(&self, session: &Session, now: UtcTime) -> Result<Session, SecretsError> {
        let request = RenewTokenSelfRequest { increment: None };
        let answered = self.ask(&request, Some(&session.token)).await;
        let body = answered.map_err(|error| match error {
            SecretsError::Denied => SecretsError::TokenEnded,
            other => other,
        })?;
        Session::new(&parse::<Login>(&body)?.auth, now)
    }

    /// Ends the token.
    ///
    /// # Errors
    /// Those of any call.
    pub async fn revoke(&self, session: Session) -> Result<(), SecretsError> {
        let request = RevokeTokenSelfRequest {};
        self.ask(&request, Some(&session.token)).await.map(drop)
    }

    /// Reads the newest version of a key.
    ///
    /// # Errors
    /// [`SecretsError::Denied`] by the policy, [`SecretsError::TokenEnded`], [`SecretsError::NoKey`],
    /// [`SecretsError::KeyDeleted`], [`SecretsError::KeyDestroyed`], [`SecretsError::KeyMembers`]; those of any call.
    pub async fn read(&self, session: &Session, key: &KeySettings) -> Result<Stored, SecretsError> {
        let request = ReadSecretRequest {
            mount: self.settings.kv_mount.clone(),
            path: key.path.clone(),
            version: None,
        };
        let answer = self.send(&request, Some(&session.token)).await?;
        match answer.status {
            200 => stored(parse(&answer.body)?),
            404 => Err(missing(&answer.body)),
            403 if self.knows(session).await? => Err(SecretsError::Denied),
            403 => Err(SecretsError::TokenEnded),
            _ => Err(answer.error()),
        }
    }

    /// Whether the server still knows the token: it answers 403 to a token that ended as to one that may not.
    async fn knows(&self, session: &Session) -> Result<bool, SecretsError> {
        let request = LookupTokenSelfRequest {};
        let answered = self.ask(&request, Some(&session.token)).await;
        match answered {
            Ok(_) => Ok(true),
            Err(SecretsError::Denied) => Ok(false),
            Err(error) => Err(error),
        }
    }
}

/// A wrapping token that the server does not know was used before, or ended: both are an alarm.
fn intercepted(error: SecretsError) -> SecretsError {
    match error {
        SecretsError::Answered { status: 400 } | SecretsError::Denied | SecretsError::NoKey => {
            SecretsError::Intercepted
        }
        other => other,
    }
}

fn stored(answer: Data<Version>) -> Result<Stored, SecretsError> {
    let Version { data, metadata } = answer.data;
    let data = data.ok_or(SecretsError::NotFromVault)?;
    let member = |name: &'static str| {
        let text = data.get(name).ok_or(SecretsError::KeyMembers { name })?;
        Secret::new(text.as_str())
    };
    Ok(Stored {
        api_key: member("api_key")?,
        api_secret: member("api_secret")?,
        version: metadata.version,
        created: time(&metadata.created_time).ok_or(SecretsError::NotFromVault)?,
        metadata: metadata.custom_metadata.unwrap_or_else(BTreeMap::new),
    })
}

/// What 404 means: the version is destroyed, deleted, or was never there.
fn missing(body: &[u8]) -> SecretsError {
    match parse::<Data<Version>>(body) {
        Ok(answer) if answer.data.metadata.destroyed => SecretsError::KeyDestroyed,
        Ok(_) => SecretsError::KeyDeleted,
        Err(_) => SecretsError::NoKey,
    }
}
