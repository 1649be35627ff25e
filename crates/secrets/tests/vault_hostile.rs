//! A server that takes the place of Vault and misbehaves: at each step of the way to a key, each in turn.

#![expect(clippy::expect_used, reason = "a test stops at the first surprise")]

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::time::Duration;

use ios012_core::UtcTime;
use ios012_hostile::{Answer, Certificate, Request, Server};
use ios012_secrets::{Https, Keeper, Roots, SecretsError, Vault, VaultSettings};
use tempfile::TempDir;

const ROLE_ID: &str = "CANARY-role-id-3021";
const WRAPPING: &str = "CANARY-wrapping-4410";
const TOKEN: &str = "CANARY-token-5512";

/// The way to a key: what is asked, and what Vault answers.
const STEPS: [(&str, &str); 4] = [
    (
        "POST /v1/sys/wrapping/lookup",
        r#"{"data": {"creation_path": "auth/approle/role/ios012/secret-id"}}"#,
    ),
    (
        "POST /v1/sys/wrapping/unwrap",
        r#"{"data": {"secret_id": "CANARY-secret-id-6601"}}"#,
    ),
    (
        "POST /v1/auth/approle/login",
        r#"{"auth": {"client_token": "CANARY-token-5512", "lease_duration": 60, "renewable": true}}"#,
    ),
    (
        "GET /v1/secret/data/venues/one",
        r#"{"data": {
            "data": {"api_key": "CANARY-key-7701", "api_secret": "CANARY-secret-8801"},
            "metadata": {"created_time": "2026-01-01T00:00:00.5Z", "custom_metadata": null,
                         "destroyed": false, "version": 3}}}"#,
    ),
];

/// Answers as Vault does, but at one step.
fn server(certificate: Certificate, wrong: usize, answer: Answer) -> Server {
    Server::scripted(certificate, move |request: &Request| {
        let mut steps = STEPS.iter();
        let asked = steps.position(|(line, _)| request.line == format!("{line} HTTP/1.1"));
        match asked {
            Some(step) if step == wrong => answer.clone(),
            Some(step) => Answer::Text(200, STEPS[step].1.to_owned()),
            None => Answer::Status(418),
        }
    })
}

/// Walks to the key; gives its version.
fn walk(server: &Server, folder: &Path) -> Result<u64, SecretsError> {
    for (name, text) in [("role-id", ROLE_ID), ("token", WRAPPING)] {
        let path = folder.join(name);
        fs::write(&path, format!("{text}\n")).expect("written");
        fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).expect("ours");
    }
    walk_on(server, folder)
}

/// Walks with the files that are there.
fn walk_on(server: &Server, folder: &Path) -> Result<u64, SecretsError> {
    let settings = SETTINGS
        .replace("ADDRESS", &server.address(""))
        .replace("FOLDER", &folder.display().to_string());
    let settings = VaultSettings::parse(&settings).expect("settings");
    let key = settings.keys[0].clone();
    let https = Https::new(Roots::Only(server.roots_pem().as_bytes())).expect("a client");
    let vault = Vault::new(settings, https).expect("an address");
    let now = UtcTime::from_date("2026-01-01").expect("a date");
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .expect("a runtime");
    runtime.block_on(async {
        let keeper = Keeper::begin(vault, now).await?;
        Ok(keeper.read(&key).await?.version())
    })
}

const SETTINGS: &str = r#"{"schema": "ios012.secrets.v1", "address": "ADDRESS", "ca_file": null, "role": "ios012",
    "approle_mount": "approle", "role_id_file": "FOLDER/role-id", "wrapping_token_file": "FOLDER/token",
    "kv_mount": "secret", "keys": [{"name": "one", "path": "venues/one", "scheme": "hmac_sha256",
    "policy": {"max_age_s": 100, "warn_at_s": 80, "min_overlap_s": 10, "require_metadata": false}}]}"#;

fn walked(certificate: Certificate, wrong: usize, answer: Answer) -> Result<u64, SecretsError> {
    let folder = TempDir::new().expect("a folder");
    walk(&server(certificate, wrong, answer), folder.path())
}

#[test]
fn a_server_that_behaves_gives_the_key() {
    let folder = TempDir::new().expect("a folder");
    let server = server(Certificate::Good, usize::MAX, Answer::Cut);
    assert_eq!(walk(&server, folder.path()), Ok(3));
    let asked = server.asked();
    let lines: Vec<_> = asked.iter().map(|request| request.line.as_str()).collect();
    assert_eq!(
        lines,
        STEPS.map(|(line, _)| format!("{line} HTTP/1.1")),
        "each once"
    );
    // The token goes into a header, never into an address.
    let token = format!("x-vault-token: {TOKEN}");
    assert!(asked[3].header.contains(&token), "{:?}", asked[3].header);
    assert!(!lines.iter().any(|line| line.contains("CANARY")));
}

/// What each step makes of an answer that no Vault gives: a code, and no part of what was said.
#[test]
fn each_misbehaviour_has_its_code_at_each_step() {
    use SecretsError::{
        Cut, Denied, Intercepted, LoginRefused, NoKey, NotAText, NotFromVault, Sealed, TokenEnded,
    };
    let echo = |status| {
        Answer::Text(
            status,
            format!(r#"{{"errors": ["not {TOKEN} {WRAPPING}"]}}"#),
        )
    };
    let not_found = Answer::Text(404, r#"{"errors": []}"#.to_owned());
    let cases: [(Answer, [SecretsError; 4]); 9] = [
        (
            Answer::Text(200, r#"{"data": {"secret_id": "CANARY-"#.to_owned()),
            [NotFromVault; 4],
        ),
        (Answer::Text(200, wrong_types()), [NotFromVault; 4]),
        (Answer::Text(200, String::new()), [NotFromVault; 4]),
        (Answer::Large(10_000_000), [NotAText; 4]),
        (Answer::Garbage, [Cut; 4]),
        (Answer::Status(503), [Sealed; 4]),
        (echo(403), [Intercepted, Intercepted, Denied, TokenEnded]),
        (
            echo(400),
            [
                Intercepted,
                Intercepted,
                LoginRefused,
                SecretsError::Answered { status: 400 },
            ],
        ),
        (not_found, [Intercepted, Intercepted, NoKey, NoKey]),
    ];
    for (answer, errors) in cases {
        for (step, error) in errors.into_iter().enumerate() {
            // Whether a token is known is asked of the server; this one knows none.
            let refused = walked(Certificate::Good, step, answer.clone()).expect_err("refused");
            let expected = if error == TokenEnded {
                SecretsError::Answered { status: 418 }
            } else {
                error
            };
            assert_eq!(refused, expected, "step {step}: {answer:?}");
            assert!(
                !format!("{refused} {refused:?}").contains("CANARY"),
                "step {step}"
            );
        }
    }
}

/// The members that are texts, as numbers, lists and objects: a parser would quote them.
fn wrong_types() -> String {
    r#"{"data": {"creation_path": 71, "secret_id": ["CANARY"], "data": {"api_key": 71, "api_secret": {"a": "CANARY"}},
        "metadata": {"created_time": "2026-01-01T00:00:00Z", "destroyed": false, "version": 3}},
        "auth": {"client_token": 71, "lease_duration": "CANARY", "renewable": true}}"#
        .to_owned()
}

/// Anybody who is named could have the token otherwise.
#[test]
fn no_redirect_is_followed() {
    for step in 0..STEPS.len() {
        let other = Server::start(Certificate::Good, Answer::Status(200));
        let away = Answer::Redirect(other.address("/v1/elsewhere"));
        let refused = walked(Certificate::Good, step, away);
        assert_eq!(refused, Err(SecretsError::Redirected), "step {step}");
        assert_eq!(other.asked(), [], "step {step}");
    }
}

#[test]
fn a_server_that_cannot_be_trusted_is_told_nothing() {
    for certificate in [Certificate::Expired, Certificate::OtherHost] {
        let folder = TempDir::new().expect("a folder");
        let server = server(certificate, usize::MAX, Answer::Cut);
        let refused = walk(&server, folder.path());
        assert_eq!(refused, Err(SecretsError::Untrusted), "{certificate:?}");
        assert_eq!(server.asked(), []);
    }
}

#[test]
fn what_comes_slowly_is_not_waited_for() {
    let slow = SecretsError::TimedOut { within_s: 5 };
    let late = Answer::Late(Duration::from_mins(1));
    assert_eq!(walked(Certificate::Good, 0, late), Err(slow));
    let drop_by_drop = Answer::Trickle(1_000, Duration::from_millis(100));
    assert_eq!(walked(Certificate::Good, 3, drop_by_drop), Err(slow));
}

/// Whoever took the token on its way could wrap a secret id of his own.
#[test]
fn what_another_path_wrapped_is_an_alarm() {
    let other = r#"{"data": {"creation_path": "auth/approle/role/other/secret-id"}}"#;
    let answer = Answer::Text(200, other.to_owned());
    let refused = walked(Certificate::Good, 0, answer);
    assert_eq!(refused, Err(SecretsError::Intercepted));
}

/// A file that others can read may have been read.
#[test]
fn a_token_that_others_can_read_is_refused() {
    let folder = TempDir::new().expect("a folder");
    let server = server(Certificate::Good, usize::MAX, Answer::Cut);
    assert_eq!(walk(&server, folder.path()), Ok(3));
    assert_eq!(server.asked().len(), STEPS.len());
    let path = folder.path().join("token");
    fs::set_permissions(&path, fs::Permissions::from_mode(0o644)).expect("open");
    let refused = walk_on(&server, folder.path());
    assert_eq!(refused, Err(SecretsError::KeyOpenToOthers));
    assert_eq!(server.asked(), []);
}
