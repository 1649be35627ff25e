//! A server with a key, and the files of a program that reads it.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use ios012_core::UtcTime;
use ios012_secrets::{
    Credential, Https, Keeper, KeySettings, Keys, Paper, Roots, SecretsError, Vault, VaultSettings,
};
use ios012_vault_server::VaultServer;
use tempfile::TempDir;

const KEY: &str = "venues/one";

pub(crate) struct House {
    pub(crate) server: VaultServer,
    pub(crate) folder: TempDir,
}

impl House {
    pub(crate) fn new() -> Self {
        let server = VaultServer::dev();
        server.enable_approle();
        server.policy(
            "reads",
            r#"path "secret/data/venues/*" { capabilities = ["read"] }"#,
        );
        let role_id = server.role("ios012", "reads", "1h", "2h");
        let token = server.wrapped_secret_id("ios012", "60s");
        let folder = TempDir::new().expect("a folder");
        let settings = SETTINGS.replace("ADDRESS", &server.address());
        for (name, text) in [
            ("role-id", role_id),
            ("token", token),
            ("secrets.json", settings),
            ("ca.pem", server.ca_pem()),
        ] {
            let path = folder.path().join(name);
            fs::write(&path, text).expect("written");
            fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).expect("ours");
        }
        Self { server, folder }
    }

    /// Writes a key and its documents.
    pub(crate) fn put(&self, name: &str, secret: &str) {
        self.server
            .put(KEY, &[("api_key", name), ("api_secret", secret)]);
        let id = format!("id of {}", &name[..8]);
        let members = [
            ("issued_at", "2026-01-01T00:00:00Z"),
            ("max_age", "2000000000"),
            ("key_id", id.as_str()),
        ];
        self.server.custom_metadata(KEY, &members);
    }
}

const SETTINGS: &str = r#"{"schema": "ios012.secrets.v1", "address": "ADDRESS", "ca_file": "ca.pem", "role": "ios012",
    "approle_mount": "approle", "role_id_file": "role-id", "wrapping_token_file": "token", "kv_mount": "secret",
    "keys": [{"name": "one", "path": "venues/one", "scheme": "hmac_sha256", "policy":
        {"max_age_s": 2000000000, "warn_at_s": 1900000000, "min_overlap_s": 10, "require_metadata": true}}]}"#;

/// Logs in and reads the key, as a program that begins.
pub(crate) async fn begin(folder: &Path, now: UtcTime) -> Keys<Paper> {
    let settings = fs::read_to_string(folder.join("secrets.json")).expect("settings");
    let settings = VaultSettings::parse(&settings)
        .expect("settings")
        .within(folder);
    let pem = fs::read(folder.join("ca.pem")).expect("a certificate");
    let https = Https::new(Roots::Only(&pem)).expect("a client");
    let vault = Vault::new(settings, https).expect("an address");
    let keeper = Keeper::begin(vault, now).await.expect("logged in");
    let begun = Keys::begin(keeper, now, taken).await;
    begun.map_err(|notice| notice.about).expect("a good key")
}

/// A venue that takes every key.
pub(crate) async fn taken(_: &KeySettings, _: &Credential<Paper>) -> Result<(), SecretsError> {
    Ok(())
}

/// The time of the test; the server's clock is the machine's, so this is after whatever it writes.
pub(crate) fn start() -> UtcTime {
    UtcTime::from_date("2060-01-01").expect("a date")
}

pub(crate) fn later(seconds: i64) -> UtcTime {
    start()
        .checked_add_milliseconds(seconds * 1_000)
        .expect("a time")
}
