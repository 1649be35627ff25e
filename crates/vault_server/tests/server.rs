//! The server does what tests of keys rely on.

use std::fs;

use ios012_vault_server::VaultServer;

const VALUE: &str = "CANARY-value-9182736455";

#[test]
fn a_server_for_development_serves_and_leaves_nothing() {
    let server = VaultServer::dev();
    assert_eq!(
        server.put("venues/one", &[("api_key", "a"), ("api_secret", VALUE)]),
        1
    );
    assert_eq!(server.put("venues/one", &[("api_key", "b")]), 2);
    assert!(server.ca_pem().contains("BEGIN CERTIFICATE"));
    let process = format!("/proc/{}", server.pid());
    assert!(fs::exists(&process).expect("a process"));
    let tls = server.ca_file().to_owned();
    drop(server);
    assert!(!fs::exists(process).expect("no process"));
    assert!(!fs::exists(tls).expect("no file"));
}

#[test]
fn a_server_as_in_production_seals_and_writes_no_value_into_its_log() {
    let server = VaultServer::raft();
    server.put("venues/one", &[("api_secret", VALUE)]);
    server.seal();
    server.unseal();
    assert_eq!(
        server.put("venues/one", &[("api_secret", VALUE)]),
        2,
        "it is still there"
    );
    let log = server.audit_log();
    let holds = |text: &str| log.windows(text.len()).any(|part| part == text.as_bytes());
    assert!(holds("secret/data/venues/one"), "requests are in it");
    assert!(!holds(VALUE));
}
