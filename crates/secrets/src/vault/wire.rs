//! What Vault answers, as far as it is used. Unknown members are passed over: other versions have more. No type
//! here has `Debug`, and every text is wiped when it is dropped.

use std::collections::BTreeMap;

use secrecy::zeroize::Zeroizing;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Deserializer};

use crate::SecretsError;

/// A text that may be a secret. Nothing but a string is one: a number would be quoted by an error.
pub(super) struct Text(Zeroizing<String>);

impl<'de> Deserialize<'de> for Text {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        String::deserialize(from).map(|text| Self(Zeroizing::new(text)))
    }
}

impl Text {
    pub(super) fn as_str(&self) -> &str {
        &self.0
    }
}

/// An answer with data.
#[derive(Deserialize)]
pub(super) struct Data<T> {
    pub(super) data: T,
}

/// `sys/wrapping/lookup`.
#[derive(Deserialize)]
pub(super) struct Wrapping {
    pub(super) creation_path: String,
}

/// `sys/wrapping/unwrap` of a secret id.
#[derive(Deserialize)]
pub(super) struct SecretId {
    pub(super) secret_id: Text,
}

/// `auth/approle/login` and `auth/token/renew-self`.
#[derive(Deserialize)]
pub(super) struct Login {
    pub(super) auth: Auth,
}

/// A token and its lease as the server granted it, which may be shorter than what was asked for.
#[derive(Deserialize)]
pub(super) struct Auth {
    pub(super) client_token: Text,
    pub(super) lease_duration: u64,
    pub(super) renewable: bool,
}

/// A version of a secret of the engine `kv`, version 2.
#[derive(Deserialize)]
pub(super) struct Version {
    /// None if the version is deleted or destroyed.
    pub(super) data: Option<BTreeMap<String, Text>>,
    pub(super) metadata: VersionMetadata,
}

/// What the server says of a version.
#[derive(Deserialize)]
pub(super) struct VersionMetadata {
    pub(super) created_time: String,
    /// That of the whole secret, not of one version.
    pub(super) custom_metadata: Option<BTreeMap<String, String>>,
    pub(super) destroyed: bool,
    pub(super) version: u64,
}

/// Reads an answer. What the parser says quotes what it read, so it ends here.
pub(super) fn parse<T: DeserializeOwned>(body: &[u8]) -> Result<T, SecretsError> {
    serde_json::from_slice(body).map_err(|_| SecretsError::NotFromVault)
}
