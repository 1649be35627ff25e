//! `ios012 secrets check` as an operator calls it, against a real server. What it prints never holds a value.

#![expect(clippy::expect_used, reason = "a test stops at the first surprise")]

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::process::{Command, Output};

use ios012_vault_server::VaultServer;
use tempfile::TempDir;

const VALUES: [&str; 2] = ["CANARY-name-77120", "CANARY-secret-55981"];

struct House {
    server: VaultServer,
    folder: TempDir,
    role_id: String,
}

impl House {
    fn new() -> Self {
        let server = VaultServer::dev();
        server.enable_approle();
        server.policy(
            "reads",
            r#"path "secret/data/venues/*" { capabilities = ["read"] }"#,
        );
        let role_id = server.role("ios012", "reads", "60s", "120s");
        let house = Self {
            folder: TempDir::new().expect("a folder"),
            server,
            role_id,
        };
        house.file("role-id", &house.role_id);
        let settings = SETTINGS.replace("ADDRESS", &house.server.address());
        house.file("secrets.json", &settings);
        house.file("ca.pem", &house.server.ca_pem());
        house
    }

    fn file(&self, name: &str, text: &str) {
        let path = self.folder.path().join(name);
        fs::write(&path, text).expect("written");
        fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).expect("ours");
    }

    fn put(&self, path: &str, issued_at: &str) {
        self.server
            .put(path, &[("api_key", VALUES[0]), ("api_secret", VALUES[1])]);
        let members = [
            ("issued_at", issued_at),
            ("max_age", "2000000000"),
            ("key_id", "a"),
        ];
        self.server.custom_metadata(path, &members);
    }

    /// Checks with a wrapping token of its own.
    fn check(&self, options: &[&str]) -> (Option<i32>, String) {
        let token = self.server.wrapped_secret_id("ios012", "60s");
        self.file("token", &token);
        let output = self.run(options);
        let shown = [output.stdout.as_slice(), &output.stderr].concat();
        let shown = String::from_utf8(shown).expect("text");
        for secret in VALUES
            .iter()
            .copied()
            .chain([token.as_str(), &self.role_id])
        {
            assert!(!shown.contains(secret), "a secret is shown");
        }
        (output.status.code(), shown)
    }

    fn run(&self, options: &[&str]) -> Output {
        Command::new(env!("CARGO_BIN_EXE_ios012"))
            .args(options)
            .args(["secrets", "check"])
            .arg(self.folder.path().join("secrets.json"))
            .output()
            .expect("the binary")
    }
}

const SETTINGS: &str = r#"{"schema": "ios012.secrets.v1", "address": "ADDRESS", "ca_file": "ca.pem", "role": "ios012",
    "approle_mount": "approle", "role_id_file": "role-id", "wrapping_token_file": "token", "kv_mount": "secret",
    "keys": [
        {"name": "one", "path": "venues/one", "scheme": "hmac_sha256",
         "policy": {"max_age_s": 2000000000, "warn_at_s": 1900000000, "min_overlap_s": 10, "require_metadata": true}},
        {"name": "two", "path": "venues/two", "scheme": "hmac_sha256",
         "policy": {"max_age_s": 100, "warn_at_s": 80, "min_overlap_s": 10, "require_metadata": true}}
    ]}"#;

#[test]
fn each_key_has_its_state_and_the_worst_decides() {
    let house = House::new();
    house.put("venues/one", "2026-01-01T00:00:00Z");
    let (code, shown) = house.check(&[]);
    assert_eq!(code, Some(3), "{shown}");
    assert!(
        shown.contains("one        version 1, written 20"),
        "{shown}"
    );
    assert!(
        shown.contains("issued 2026-01-01T00:00:00.000Z: "),
        "{shown}"
    );
    assert!(
        shown.contains("two        refused: Vault has no key at this path"),
        "{shown}"
    );

    house.put("venues/two", "2026-01-01T00:00:00Z");
    let (code, shown) = house.check(&[]);
    assert_eq!(code, Some(3), "{shown}");
    assert!(shown.contains("the key is too old"), "{shown}");

    let settings = fs::read_to_string(house.folder.path().join("secrets.json")).expect("settings");
    let lenient = settings.replace(
        "\"max_age_s\": 100, \"warn_at_s\": 80",
        "\"max_age_s\": 2000000000, \"warn_at_s\": 20",
    );
    house.file("secrets.json", &lenient);
    let (code, shown) = house.check(&["--json"]);
    assert_eq!(code, Some(0), "{shown}");
    let shown: serde_json::Value = serde_json::from_str(&shown).expect("JSON");
    assert_eq!(shown["keys"][0]["state"], "young");
    assert_eq!(shown["keys"][1]["state"], "due");
    assert_eq!(shown["keys"][1]["version"], "1");
}

#[test]
fn what_stands_in_the_way_has_its_code() {
    let mut house = House::new();
    house.check(&[]);
    // The wrapping token is spent now.
    let again = house.run(&[]);
    assert_eq!(again.status.code(), Some(3));
    assert!(String::from_utf8_lossy(&again.stderr).contains("ALARM"));

    house.server.stop();
    let nobody = house.run(&[]);
    assert_eq!(nobody.status.code(), Some(7));

    house.file("secrets.json", &SETTINGS.replace("\"role\"", "\"roll\""));
    let wrong = house.run(&["--json"]);
    assert_eq!(wrong.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&wrong.stdout).contains("at line 1, column"));
}
