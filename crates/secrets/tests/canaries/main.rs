//! What a program with keys prints while everything is logged and everything goes wrong: searched for each secret in
//! each form. The program is this one, with a word; it has a `main` of its own, since a harness would print for it.

#![expect(clippy::expect_used, reason = "a test stops at the first surprise")]
#![expect(clippy::print_stdout, reason = "it has no harness that would print")]

mod loud;
mod scenario;

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::Command;

use ios012_canary::{Canaries, Kind, Search};
use ios012_hostile::{Answer, Certificate, Request, Server};
use tempfile::TempDir;

const CHILD: &str = "--work-in";

/// What a server does at the last step; everything before is as Vault does it.
fn answers() -> [(&'static str, Answer); 5] {
    [
        ("as Vault", Answer::Status(418)),
        ("cut", Answer::Cut),
        ("garbage", Answer::Garbage),
        ("refuses", Answer::Status(500)),
        ("large", Answer::Large(1 << 20)),
    ]
}

fn main() {
    let mut arguments = std::env::args().skip(1);
    if arguments.next().as_deref() == Some(CHILD) {
        scenario::work(Path::new(&arguments.next().expect("a folder")));
        return;
    }
    nothing_that_is_printed_holds_a_secret();
    println!("test nothing_that_is_printed_holds_a_secret ... ok");
    println!("test result: ok. 1 passed; 0 failed; 0 ignored; 0 measured; 0 filtered out");
}

fn nothing_that_is_printed_holds_a_secret() {
    let canaries = Canaries::new().expect("random bytes");
    let mut search = Search::new(&canaries).expect("canaries");
    let scratch = TempDir::new().expect("a folder");
    search.control_child(scratch.path()).expect("a control");
    for (name, answer) in answers() {
        for echoes in [false, true] {
            let server = server(&canaries, answer.clone(), echoes);
            let folder = folder(&canaries, &server);
            let mut program = Command::new(std::env::current_exe().expect("this program"));
            program
                .arg(CHILD)
                .arg(folder.path())
                .env("RUST_BACKTRACE", "full");
            let output = search.run(name, &mut program).expect("it ran");
            let printed = String::from_utf8_lossy(&output.stderr);
            assert!(output.status.success(), "{name}: {printed}");
            // It was loud, and came to its end.
            assert!(
                printed.contains("TRACE") && printed.contains("hyper_util"),
                "{name}: {printed}"
            );
            assert!(output.stdout.ends_with(b"done\n"), "{name}");
        }
    }
    search.report().finish().expect("no secret");
    println!("{}", search.report().evidence());
}

/// Answers as Vault does where the way is known, and otherwise with `answer`, or with what it was asked.
fn server(canaries: &Canaries, answer: Answer, echoes: bool) -> Server {
    let text = |kind| canaries.text(kind).expect("planted").to_owned();
    let steps = [
        (
            "POST /v1/sys/wrapping/lookup",
            r#"{"data": {"creation_path": "auth/approle/role/ios012/secret-id"}}"#.to_owned(),
        ),
        (
            "POST /v1/sys/wrapping/unwrap",
            format!(r#"{{"data": {{"secret_id": "{}"}}}}"#, text(Kind::SecretId)),
        ),
        (
            "POST /v1/auth/approle/login",
            format!(
                r#"{{"auth": {{"client_token": "{}", "lease_duration": 60, "renewable": true}}}}"#,
                text(Kind::VaultToken)
            ),
        ),
        (
            "GET /v1/secret/data/venues/one",
            format!(
                r#"{{"data": {{"data": {{"api_key": "{}", "api_secret": "{}"}}, "metadata": {{
                    "created_time": "2026-01-01T00:00:00Z", "destroyed": false, "version": 1}}}}}}"#,
                text(Kind::ApiKey),
                text(Kind::ApiSecret)
            ),
        ),
    ];
    Server::scripted(Certificate::Good, move |request: &Request| {
        let mut steps = steps.iter();
        let known = steps.find(|(line, _)| request.line == format!("{line} HTTP/1.1"));
        match known {
            Some((_, text)) => Answer::Text(200, text.clone()),
            None if echoes => Answer::Text(400, request.header.join("\n")),
            None => answer.clone(),
        }
    })
}

/// The files of the program.
fn folder(canaries: &Canaries, server: &Server) -> TempDir {
    let folder = TempDir::new().expect("a folder");
    let text = |kind| canaries.text(kind).expect("planted").to_owned();
    for (name, text) in [
        ("role-id", text(Kind::RoleId)),
        ("token", text(Kind::WrappingToken)),
        ("address", server.address("")),
        ("ca.pem", server.roots_pem().to_owned()),
    ] {
        let path = folder.path().join(name);
        fs::write(&path, text).expect("written");
        fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).expect("ours");
    }
    folder
}
