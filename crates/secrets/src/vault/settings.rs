//! Where the keys are: a document without a secret in it (docs/secrets.md).

use std::path::{Path, PathBuf};

use serde::Deserialize;

use crate::rotation::RotationPolicy;
use crate::{Scheme, SecretsError};

/// Where Vault is, as whom the program logs in, and which keys it reads. It names the files that hold the role id
/// and the wrapping token; it holds no secret.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct VaultSettings {
    schema: String,
    /// `https://HOST:PORT`, without a path.
    pub address: String,
    /// Certificates in PEM form that may vouch for the server, and no other; without it those of the system.
    pub ca_file: Option<PathBuf>,
    /// The role's name.
    pub role: String,
    /// Where the method `AppRole` is mounted: usually `approle`.
    pub approle_mount: String,
    /// A file with the role id.
    pub role_id_file: PathBuf,
    /// A file with the token that wraps a secret id; the supervisor writes a new one for each login.
    pub wrapping_token_file: PathBuf,
    /// Where the engine `kv`, version 2, is mounted: usually `secret`.
    pub kv_mount: String,
    /// The keys.
    pub keys: Vec<KeySettings>,
}

/// A key: a secret of the engine `kv` with the members `api_key` and `api_secret`.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct KeySettings {
    /// What messages call it.
    pub name: String,
    /// Its path below the mount.
    pub path: String,
    /// How the venue wants its requests signed.
    pub scheme: Scheme,
    /// How old it may get.
    pub policy: RotationPolicy,
}

impl VaultSettings {
    /// What `schema` must say.
    pub const SCHEMA: &'static str = "ios012.secrets.v1";

    /// Reads and checks the document. Paths of files are as they stand there.
    ///
    /// # Errors
    /// [`SecretsError::SettingsForm`], [`SecretsError::SettingsValue`]: with the place, never with what stands there,
    /// since somebody may have put a secret into it.
    pub fn parse(text: &str) -> Result<Self, SecretsError> {
        let settings: Self =
            serde_json::from_str(text).map_err(|error| SecretsError::SettingsForm {
                line: error.line(),
                column: error.column(),
            })?;
        settings.check()?;
        Ok(settings)
    }

    /// The same with its files sought in a folder, unless their paths are absolute.
    #[must_use]
    pub fn within(mut self, folder: &Path) -> Self {
        self.ca_file = self.ca_file.map(|file| folder.join(file));
        self.role_id_file = folder.join(self.role_id_file);
        self.wrapping_token_file = folder.join(self.wrapping_token_file);
        self
    }

    fn check(&self) -> Result<(), SecretsError> {
        must(
            self.schema == Self::SCHEMA,
            "schema",
            "must be ios012.secrets.v1",
        )?;
        for (field, mount) in [
            ("role", &self.role),
            ("approle_mount", &self.approle_mount),
            ("kv_mount", &self.kv_mount),
        ] {
            must(is_path(mount), field, PATH_RULE)?;
        }
        must(!self.keys.is_empty(), "keys", "must name at least one key")?;
        for (number, key) in self.keys.iter().enumerate() {
            must(is_path(&key.path), "keys.path", PATH_RULE)?;
            must(is_path(&key.name), "keys.name", PATH_RULE)?;
            let mut earlier = self.keys.iter().take(number);
            let is_new = !earlier.any(|other| other.name == key.name);
            must(is_new, "keys.name", "must be another one for each key")?;
            key.policy.check()?;
        }
        Ok(())
    }
}

const PATH_RULE: &str = "must be parts of a-z, A-Z, 0-9, `-`, `_` and `.` with one `/` between them, none of them `.` or `..`";

/// No part leads elsewhere, and none needs an escape in an address.
fn is_path(text: &str) -> bool {
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte);
    text.split('/')
        .all(|part| !part.is_empty() && part != "." && part != ".." && part.bytes().all(is_plain))
}

pub(crate) fn must(
    holds: bool,
    field: &'static str,
    rule: &'static str,
) -> Result<(), SecretsError> {
    if holds {
        Ok(())
    } else {
        Err(SecretsError::SettingsValue { field, rule })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const GOOD: &str = r#"{
        "schema": "ios012.secrets.v1",
        "address": "https://vault.example:8200",
        "ca_file": "ca.pem",
        "role": "ios012",
        "approle_mount": "approle",
        "role_id_file": "role-id",
        "wrapping_token_file": "token",
        "kv_mount": "secret",
        "keys": [{
            "name": "venue",
            "path": "venues/one",
            "scheme": "hmac_sha256",
            "policy": {"max_age_s": 100, "warn_at_s": 80, "min_overlap_s": 10, "require_metadata": true}
        }]
    }"#;

    #[test]
    fn a_good_document_is_read() {
        let settings = VaultSettings::parse(GOOD).expect("settings");
        assert_eq!(settings.keys[0].scheme, Scheme::HmacSha256);
        assert_eq!(settings.ca_file, Some(PathBuf::from("ca.pem")));
    }

    #[test]
    fn a_wrong_document_is_refused_by_its_place_alone() {
        for (old, new, field) in [
            ("secrets.v1", "secrets.v2", "schema"),
            ("\"role\": \"ios012\"", "\"role\": \"../x\"", "role"),
            ("\"approle\"", "\"\"", "approle_mount"),
            ("\"secret\"", "\"a//b\"", "kv_mount"),
            ("venues/one", "venues/%2e", "keys.path"),
            ("\"venue\"", "\"a b\"", "keys.name"),
            (
                "\"warn_at_s\": 80",
                "\"warn_at_s\": 91",
                "keys.policy.warn_at_s",
            ),
        ] {
            assert_eq!(GOOD.matches(old).count(), 1, "{old}");
            let refused = VaultSettings::parse(&GOOD.replace(old, new)).err();
            let is_there = matches!(refused,
                Some(SecretsError::SettingsValue { field: named, .. }) if named == field);
            assert!(is_there, "{old}: {refused:?}");
        }
        for (old, new) in [
            ("\"role\"", "\"token\": \"CANARY-1\", \"role\""),
            ("\"hmac_sha256\"", "\"CANARY-1\""),
            ("100", "\"CANARY-1\""),
            ("\"ca_file\"", "\"CANARY-1\""),
        ] {
            let refused = VaultSettings::parse(&GOOD.replace(old, new)).expect_err("wrong");
            assert!(
                matches!(refused, SecretsError::SettingsForm { .. }),
                "{new}"
            );
            assert!(
                !format!("{refused} {refused:?}").contains("CANARY"),
                "{new}"
            );
        }
    }
}
