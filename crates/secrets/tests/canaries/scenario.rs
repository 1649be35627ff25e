//! A program that takes keys from Vault, uses them, and meets what goes wrong.

use std::error::Error;
use std::fs;
use std::path::Path;

use ios012_core::UtcTime;
use ios012_secrets::{
    Address, Credential, Https, Keeper, KeySettings, Keys, Paper, Roots, SecretsError, Vault,
    VaultSettings, harden,
};

use crate::loud;

const SETTINGS: &str = r#"{"schema": "ios012.secrets.v1", "address": "ADDRESS", "ca_file": "ca.pem", "role": "ios012",
    "approle_mount": "approle", "role_id_file": "role-id", "wrapping_token_file": "token", "kv_mount": "secret",
    "keys": [{"name": "one", "path": "venues/one", "scheme": "hmac_sha256", "policy":
        {"max_age_s": 2000000000, "warn_at_s": 1900000000, "min_overlap_s": 10, "require_metadata": false}}]}"#;

/// Works, prints each error in every way, and panics in a task that holds the keys.
pub(crate) fn work(folder: &Path) {
    let _hardened = harden(None).expect("hardened");
    loud::begin();
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(1)
        .enable_all()
        .build()
        .expect("a runtime");
    runtime.block_on(async {
        let keys = begin(folder).await;
        let ring = keys.ring("one").expect("the key");
        let key = ring.current();
        let credential: &Credential<Paper> = key.credential();
        let (name, signature) = (credential.name_header(), credential.sign(b"a call"));
        println!("{name:?} {:?}", signature.base64_header());
        // A venue of the same house, so that the header is sent and the errors are those of this client.
        let mut keys = keys;
        for seconds in [0, 41, 47, 53, 61] {
            let tended = keys.tend(at(seconds), taken).await;
            println!("{tended:?}");
            for notice in tended.notices {
                show(&notice.about);
            }
        }
        let panicked = tokio::spawn(async move {
            let held = keys;
            let refused = must_be_there(held.ring("two").is_some());
            refused.expect("a call that is refused");
            drop(held);
        });
        show(&panicked.await.expect_err("it panics"));
    });
    show(
        &Address::parse(SETTINGS.to_owned())
            .err()
            .expect("no address"),
    );
    println!("done");
}

fn show(error: &dyn Error) {
    println!("{error} {error:?}");
    let mut source = error.source();
    while let Some(error) = source {
        println!("from {error} {error:?}");
        source = error.source();
    }
}

async fn begin(folder: &Path) -> Keys<Paper> {
    let address = fs::read_to_string(folder.join("address")).expect("an address");
    let settings = VaultSettings::parse(&SETTINGS.replace("ADDRESS", &address)).expect("settings");
    let pem = fs::read(folder.join("ca.pem")).expect("a certificate");
    let https = Https::new(Roots::Only(&pem)).expect("a client");
    let vault = Vault::new(settings.within(folder), https).expect("an address");
    println!("{:?} {:?}", vault.settings(), vault.health().await);
    let keeper = Keeper::begin(vault, at(0)).await.expect("logged in");
    let begun = Keys::begin(keeper, at(0), taken).await;
    begun.map_err(|notice| notice.about).expect("a good key")
}

fn must_be_there(is_there: bool) -> Result<(), SecretsError> {
    if is_there {
        Ok(())
    } else {
        Err(SecretsError::Denied)
    }
}

async fn taken(_: &KeySettings, _: &Credential<Paper>) -> Result<(), SecretsError> {
    Ok(())
}

fn at(seconds: i64) -> UtcTime {
    let start = UtcTime::from_date("2026-01-01").expect("a date");
    start
        .checked_add_milliseconds(seconds * 1_000)
        .expect("a time")
}
