//! Keys from a real server: login, renewal, loss, and each way in which a key is not there.

#![expect(clippy::expect_used, reason = "a test stops at the first surprise")]

use std::fs;
use std::os::unix::fs::PermissionsExt as _;

use ios012_core::UtcTime;
use ios012_secrets::{
    Credential, Health, Https, Keeper, KeySettings, Keys, Paper, Roots, SecretsError, Standing,
    Stored, TokenStanding, Vault, VaultSettings,
};
use ios012_vault_server::VaultServer;
use tempfile::TempDir;
use tokio::runtime::{Builder, Runtime};

const KEY: &str = "venues/one";
const READS: &str = r#"path "secret/data/venues/*" { capabilities = ["read"] }"#;

/// A server, and the files of a program that logs in to it.
struct House {
    server: VaultServer,
    folder: TempDir,
    runtime: Runtime,
}

impl House {
    /// With a role whose tokens are good for a minute, and for two in all.
    fn new(server: VaultServer) -> Self {
        Self::with_times(server, "60s", "120s")
    }

    fn with_times(server: VaultServer, ttl: &str, max_ttl: &str) -> Self {
        server.enable_approle();
        server.policy("reads", READS);
        let role_id = server.role("ios012", "reads", ttl, max_ttl);
        let house = Self {
            server,
            folder: TempDir::new().expect("a folder"),
            runtime: Builder::new_current_thread()
                .enable_all()
                .build()
                .expect("a runtime"),
        };
        house.file("role-id", &role_id);
        house.deliver();
        house
    }

    fn file(&self, name: &str, text: &str) {
        let path = self.folder.path().join(name);
        fs::write(&path, text).expect("written");
        fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).expect("ours");
    }

    /// As the supervisor does: a new wrapping token for each login.
    fn deliver(&self) -> String {
        let token = self.server.wrapped_secret_id("ios012", "60s");
        self.file("token", &token);
        token
    }

    fn put(&self, id: &str, issued_at: UtcTime) -> u64 {
        let (name, secret) = (format!("name-{id}"), format!("secret-{id}"));
        let version = self
            .server
            .put(KEY, &[("api_key", &name), ("api_secret", &secret)]);
        self.document(id, issued_at);
        version
    }

    fn document(&self, id: &str, issued_at: UtcTime) {
        let issued_at = issued_at.to_string();
        let members = [
            ("issued_at", issued_at.as_str()),
            ("max_age", "7776000"),
            ("key_id", id),
        ];
        self.server.custom_metadata(KEY, &members);
    }

    fn vault(&self) -> Vault {
        let settings = SETTINGS.replace("ADDRESS", &self.server.address());
        let settings = VaultSettings::parse(&settings)
            .expect("settings")
            .within(self.folder.path());
        Vault::new(settings, self.https()).expect("an address")
    }

    fn https(&self) -> Https {
        Https::new(Roots::Only(self.server.ca_pem().as_bytes())).expect("a client")
    }

    fn keeper(&self) -> Result<Keeper, SecretsError> {
        self.runtime.block_on(Keeper::begin(self.vault(), now()))
    }

    fn read(&self, keeper: &Keeper) -> Result<Stored, SecretsError> {
        self.runtime.block_on(keeper.read(&key_of(keeper)))
    }

    fn tend(&self, keeper: &mut Keeper, now: UtcTime) -> TokenStanding {
        self.runtime.block_on(keeper.tend(now))
    }
}

const SETTINGS: &str = r#"{"schema": "ios012.secrets.v1", "address": "ADDRESS", "ca_file": null, "role": "ios012",
    "approle_mount": "approle", "role_id_file": "role-id", "wrapping_token_file": "token", "kv_mount": "secret",
    "keys": [{"name": "one", "path": "venues/one", "scheme": "hmac_sha256",
    "policy": {"max_age_s": 7776000, "warn_at_s": 6912000, "min_overlap_s": 10, "require_metadata": true}}]}"#;

fn key_of(keeper: &Keeper) -> KeySettings {
    keeper.vault().settings().keys[0].clone()
}

/// The server's clock is the machine's.
#[expect(
    clippy::disallowed_types,
    reason = "the server's clock is the machine's"
)]
fn now() -> UtcTime {
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
    let milliseconds = since.expect("after 1970").as_millis();
    UtcTime::from_unix_milliseconds(i64::try_from(milliseconds).expect("a time")).expect("a time")
}

fn later(time: UtcTime, seconds: i64) -> UtcTime {
    time.checked_add_milliseconds(seconds * 1_000)
        .expect("a time")
}

#[test]
fn a_key_comes_with_its_version_and_its_documents() {
    let house = House::new(VaultServer::dev());
    let issued = later(now(), -3_600);
    house.put("first", issued);
    assert_eq!(house.put("second", issued), 2);
    let keeper = house.keeper().expect("logged in");
    let stored = house.read(&keeper).expect("a key");
    assert_eq!(stored.version(), 2);
    assert_eq!(stored.issued_at(), Ok(Some(issued)));
    let age_ms = now().unix_milliseconds() - stored.created().unix_milliseconds();
    assert!((0..60_000).contains(&age_ms), "written {age_ms} ms ago");
    let wait_ms = keeper.lease().ends_at().unix_milliseconds() - now().unix_milliseconds();
    assert!(
        (50_000..=60_000).contains(&wait_ms),
        "the lease is that of the server: {wait_ms}"
    );
}

#[test]
fn a_wrapping_token_is_good_once_and_a_second_look_is_an_alarm() {
    let house = House::new(VaultServer::dev());
    house.put("first", now());
    drop(house.keeper().expect("logged in"));
    assert_eq!(
        house.keeper().err(),
        Some(SecretsError::Intercepted),
        "used by us"
    );
    house.server.unwrap_elsewhere(&house.deliver());
    assert_eq!(
        house.keeper().err(),
        Some(SecretsError::Intercepted),
        "used by somebody else"
    );
    house.deliver();
    house.file("role-id", "287ace58-0000-0000-0000-c8db2ef98fa6");
    assert_eq!(house.keeper().err(), Some(SecretsError::LoginRefused));
}

#[test]
fn each_way_in_which_a_key_is_not_there_has_its_code() {
    let house = House::new(VaultServer::dev());
    let keeper = house.keeper().expect("logged in");
    let refused = || house.read(&keeper).err();
    assert_eq!(refused(), Some(SecretsError::NoKey));
    house.server.put(KEY, &[("api_key", "a")]);
    let name = "api_secret";
    assert_eq!(refused(), Some(SecretsError::KeyMembers { name }));
    house
        .server
        .put(KEY, &[("api_key", "a"), ("api_secret", "two words")]);
    assert_eq!(refused(), Some(SecretsError::NotASecret));
    let version = house.put("first", now());
    assert_eq!(refused(), None);
    house.server.delete(KEY);
    assert_eq!(refused(), Some(SecretsError::KeyDeleted));
    house.server.destroy(KEY, version);
    assert_eq!(refused(), Some(SecretsError::KeyDestroyed));
    house.server.policy(
        "reads",
        r#"path "secret/data/other" { capabilities = ["read"] }"#,
    );
    assert_eq!(refused(), Some(SecretsError::Denied));
    house.server.policy("reads", READS);
    house.server.revoke_tokens();
    assert_eq!(refused(), Some(SecretsError::TokenEnded));
}

#[test]
fn a_version_that_ends_by_itself_is_deleted() {
    let house = House::new(VaultServer::dev());
    house.put("first", now());
    house.server.delete_version_after(KEY, "1s");
    house.put("second", now());
    let keeper = house.keeper().expect("logged in");
    std::thread::sleep(std::time::Duration::from_millis(1_500));
    assert_eq!(house.read(&keeper).err(), Some(SecretsError::KeyDeleted));
}

/// The server grants less and less; the keeper sees it, and logs in with what the supervisor brings.
#[test]
fn a_token_is_renewed_until_its_end_and_then_replaced() {
    let house = House::with_times(VaultServer::dev(), "60s", "61s");
    house.put("first", now());
    let mut keeper = house.keeper().expect("logged in");
    let begun = keeper.lease();
    assert_eq!(
        house.tend(&mut keeper, later(begun.renew_at(), -1)),
        TokenStanding::Good
    );
    assert_eq!(keeper.lease(), begun, "nobody is asked before it is time");
    // Real time passes, so that the server has less left than it granted.
    std::thread::sleep(std::time::Duration::from_secs(3));
    let due = begun.renew_at();
    let capped = house.tend(&mut keeper, due);
    assert!(
        matches!(capped, TokenStanding::DeliveryDue { left_s: 50..=59 }),
        "{capped:?}"
    );
    house.deliver();
    assert_eq!(house.tend(&mut keeper, later(due, 6)), TokenStanding::Good);
    assert_eq!(
        keeper.lease().renew_at(),
        later(due, 46),
        "a new lease of a minute"
    );
    assert!(house.read(&keeper).is_ok());
}

/// While the lease lasts it is tried again; afterwards nothing is sent.
#[test]
fn a_server_that_goes_away_costs_the_token() {
    let mut house = House::new(VaultServer::dev());
    house.put("first", now());
    let mut keeper = house.keeper().expect("logged in");
    let lease = keeper.lease();
    house.server.stop();
    assert_eq!(house.read(&keeper).err(), Some(SecretsError::Unreachable));
    let (left_s, error) = (20, SecretsError::Unreachable);
    let failing = TokenStanding::NotRenewed { left_s, error };
    assert_eq!(house.tend(&mut keeper, lease.renew_at()), failing);
    // It is not good again because nobody was asked meanwhile.
    let left_s = 16;
    let failing = TokenStanding::NotRenewed { left_s, error };
    assert_eq!(house.tend(&mut keeper, later(lease.renew_at(), 4)), failing);
    let lost = house.tend(&mut keeper, lease.ends_at());
    assert!(matches!(lost, TokenStanding::Lost(_)), "{lost:?}");
}

#[test]
fn a_token_that_is_taken_away_is_lost_at_once() {
    let house = House::new(VaultServer::dev());
    let mut keeper = house.keeper().expect("logged in");
    house.server.revoke_tokens();
    let due = keeper.lease().renew_at();
    let lost = house.tend(&mut keeper, due);
    assert_eq!(lost, TokenStanding::Lost(SecretsError::TokenEnded));
}

#[test]
fn an_intercepted_delivery_stops_a_running_program_for_good() {
    let house = House::with_times(VaultServer::dev(), "60s", "61s");
    let mut keeper = house.keeper().expect("logged in");
    std::thread::sleep(std::time::Duration::from_secs(3));
    let due = keeper.lease().renew_at();
    house.tend(&mut keeper, due);
    house.server.unwrap_elsewhere(&house.deliver());
    let lost = TokenStanding::Lost(SecretsError::Intercepted);
    assert_eq!(house.tend(&mut keeper, later(due, 6)), lost);
    house.deliver();
    assert_eq!(
        house.tend(&mut keeper, later(due, 12)),
        lost,
        "it is not forgotten"
    );
}

#[test]
fn a_sealed_server_is_told_from_others() {
    let house = House::new(VaultServer::raft());
    house.put("first", now());
    let keeper = house.keeper().expect("logged in");
    assert!(house.read(&keeper).is_ok());
    let health = || house.runtime.block_on(keeper.vault().health());
    assert_eq!(health(), Ok(Health::Active));
    house.server.seal();
    assert_eq!(health(), Ok(Health::Sealed));
    assert_eq!(house.read(&keeper).err(), Some(SecretsError::Sealed));
    house.server.unseal();
    assert!(house.read(&keeper).is_ok());
    // Neither the token nor the key is in the server's log.
    let log = house.server.audit_log();
    assert!(!log.windows(12).any(|part| part == b"secret-first"));
}

#[test]
fn another_authority_is_not_trusted() {
    let (house, other) = (House::new(VaultServer::dev()), VaultServer::dev());
    let settings = house.vault().settings().clone();
    let https = Https::new(Roots::Only(other.ca_pem().as_bytes())).expect("a client");
    let vault = Vault::new(settings, https).expect("an address");
    let refused = house.runtime.block_on(vault.health());
    assert_eq!(refused, Err(SecretsError::Untrusted));
}

/// Through the whole of it: begin, a new version without its documents, with them, an old key's end.
#[test]
fn a_key_is_replaced_while_the_program_runs() {
    let house = House::with_times(VaultServer::dev(), "1h", "2h");
    let start = now();
    house.put("first", start);
    let taken = async |_: &KeySettings, _: &Credential<Paper>| Ok(());
    let begun = house.runtime.block_on(async {
        let keeper = Keeper::begin(house.vault(), start)
            .await
            .expect("logged in");
        Keys::<Paper>::begin(keeper, start, taken).await
    });
    let Ok(mut keys) = begun else {
        panic!("the key is good");
    };
    let ring = keys.ring("one").expect("the key");
    let mut tend = |seconds| {
        house
            .runtime
            .block_on(keys.tend(later(start, seconds), taken))
    };
    assert_eq!(tend(1).standing, Standing::Trading);
    let old = ring.current();

    // Written, and not documented yet: the old one stays.
    house.server.put(
        KEY,
        &[("api_key", "name-second"), ("api_secret", "secret-second")],
    );
    let tended = tend(2);
    assert_eq!(
        (tended.standing, tended.rotated.len()),
        (Standing::Trading, 0)
    );
    let member = "key_id";
    assert_eq!(
        tended.notices[0].about,
        SecretsError::KeyUndocumented { member }
    );
    assert_eq!(ring.current().version(), 1);

    house.document("second", start);
    let tended = tend(3);
    assert_eq!(
        (tended.rotated, tended.notices),
        (vec!["one".to_owned()], vec![])
    );
    assert_eq!((ring.current().version(), ring.generations()), (2, 2));
    assert_eq!(old.version(), 1, "a call that began with it ends with it");
    tend(13);
    assert_eq!(ring.generations(), 1);

    // The same key under a new version is none.
    house.server.put(
        KEY,
        &[("api_key", "name-second"), ("api_secret", "secret-second")],
    );
    house.document("third", start);
    assert_eq!(tend(14).notices[0].about, SecretsError::KeyUnchanged);
}
