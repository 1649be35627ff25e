//! Alerts that are posted as well.

use std::process::Command;
use std::time::Duration;

use ios012_hostile::{Answer, Certificate, Server};

use crate::scenario::Scenario;
use crate::support::{Ran, files, ios012, on};

/// The path of a chat service's webhook is its password.
const TOKEN: &str = "T0KEN-hZ3kq";
const ALERT: &str = r#"{"action":"halt","alert":"execution_drift:halt","level":"BLACK"}"#;

/// A backtest whose second cycle halts.
fn halting(scenario: &Scenario, server: &Server) -> Command {
    scenario.write(
        "broker.json",
        r#"{"schema":"ios012.paper_script.v1","rules":[{"asset_id":"KO","as_of":"2019-07-01T00:00:00.000Z","action":"lost_fill"}]}"#,
    );
    scenario.write("roots.pem", server.roots_pem());
    let mut command = ios012(["backtest", "--ledger"]);
    command.arg(scenario.ledger()).arg(scenario.path());
    let address = server.address(&format!("/hooks/{TOKEN}"));
    command.env("IOS012_ALERT_WEBHOOK", address);
    let roots = scenario.path().join("roots.pem");
    command.env("IOS012_ALERT_WEBHOOK_ROOTS", roots);
    command
}

fn ran(mut command: Command, code: i32) -> Ran {
    let ran = Ran::of(command.output().unwrap()).exits(code);
    assert!(!ran.stderr.contains(TOKEN) && !ran.stdout.contains(TOKEN));
    assert!(!ran.stderr.contains("localhost"), "{ran:#?}");
    ran
}

#[test]
fn each_trip_is_posted_once_and_the_address_stays_unseen() {
    let server = Server::start(Certificate::Good, Answer::Status(200));
    let scenario = Scenario::golden("quickstart");
    let ran = ran(halting(&scenario, &server), 4);
    let told = ran.stderr.lines().filter(|line| *line == ALERT);
    assert_eq!(told.count(), 1, "{ran:#?}");
    let asked = server.asked();
    assert_eq!(asked.len(), 1, "{asked:?}");
    assert_eq!(asked[0].line, format!("POST /hooks/{TOKEN} HTTP/1.1"));
    assert_eq!(asked[0].body, ALERT.as_bytes());
    for (name, bytes) in files(&scenario.ledger()) {
        let mut windows = bytes.windows(TOKEN.len());
        assert!(!windows.any(|text| text == TOKEN.as_bytes()), "{name}");
    }
}

/// Each library on the way of a post has a log; what asks for it elsewhere is not heard here.
#[test]
fn no_variable_brings_out_the_log_of_a_library() {
    let server = Server::start(Certificate::Expired, Answer::Status(200));
    let said = |variables: &[(&str, &str)]| {
        let scenario = Scenario::golden("quickstart");
        let mut command = halting(&scenario, &server);
        command.env_remove("RUST_BACKTRACE");
        command.envs(variables.iter().copied());
        let stderr = ran(command, 4).stderr;
        // Only what tells the speed differs from run to run.
        let lines = stderr
            .lines()
            .filter(|line| !line.ends_with("recorded and on disk."));
        lines.map(str::to_owned).collect::<Vec<_>>()
    };
    let quiet = said(&[]);
    assert_eq!(
        quiet.len(),
        2,
        "an alert and why it was not posted: {quiet:?}"
    );
    let loud = [
        ("RUST_LOG", "trace"),
        ("RUST_LOG_STYLE", "always"),
        ("RUST_BACKTRACE", "full"),
        ("RUST_LIB_BACKTRACE", "full"),
    ];
    assert_eq!(said(&loud), quiet);
}

/// What is on the ledger and on standard error does not depend on the server.
#[test]
fn a_webhook_that_fails_changes_nothing_else() {
    let late = Answer::Late(Duration::from_mins(1));
    for (certificate, answer, why, asked) in [
        (Certificate::Good, late, "no answer within 5 s", 1),
        (
            Certificate::Good,
            Answer::Status(410),
            "the server answered with status 410",
            1,
        ),
        (
            Certificate::Expired,
            Answer::Status(200),
            "the server's certificate is not trusted",
            0,
        ),
    ] {
        let server = Server::start(certificate, answer);
        let scenario = Scenario::golden("quickstart");
        let ran = ran(halting(&scenario, &server), 4);
        let told = ran.stderr.lines().filter(|line| *line == ALERT);
        assert_eq!(told.count(), 1, "{ran:#?}");
        let why = format!("an alert was not posted to the webhook: {why}");
        assert!(ran.stderr.contains(&why), "{ran:#?}");
        assert_eq!(server.asked().len(), asked, "{why}");
        on("verify", &scenario.ledger()).exits(0);
    }
}

#[test]
fn a_webhook_that_is_not_safe_is_refused_before_anything_is_done() {
    let server = Server::start(Certificate::Good, Answer::Status(200));
    let safe = server.address("/");
    let cases = [
        (
            Some("http://hooks.example/T0KEN-hZ3kq"),
            None,
            2,
            "IOS012_ALERT_WEBHOOK: not safe",
        ),
        (
            Some("hooks.example/T0KEN-hZ3kq"),
            None,
            2,
            "IOS012_ALERT_WEBHOOK: not an address",
        ),
        (
            Some("https://me:T0KEN-hZ3kq@hooks.example/"),
            None,
            2,
            "IOS012_ALERT_WEBHOOK: a user",
        ),
        (
            None,
            Some("roots.pem"),
            2,
            "IOS012_ALERT_WEBHOOK_ROOTS is set and",
        ),
        (
            Some(safe.as_str()),
            Some("none.pem"),
            7,
            "IOS012_ALERT_WEBHOOK_ROOTS: cannot read",
        ),
        (
            Some(safe.as_str()),
            Some("scenario.json"),
            2,
            "IOS012_ALERT_WEBHOOK_ROOTS: no certificate",
        ),
    ];
    for (address, roots, code, says) in cases {
        let scenario = Scenario::golden("quickstart");
        let mut command = halting(&scenario, &server);
        command.env_remove("IOS012_ALERT_WEBHOOK");
        command.env_remove("IOS012_ALERT_WEBHOOK_ROOTS");
        command.envs(address.map(|address| ("IOS012_ALERT_WEBHOOK", address)));
        let roots = roots.map(|name| scenario.path().join(name));
        command.envs(roots.map(|path| ("IOS012_ALERT_WEBHOOK_ROOTS", path)));
        let ran = ran(command, code);
        assert!(ran.stderr.contains(says), "{ran:#?}");
        assert!(!scenario.ledger().exists(), "{says}");
    }
    assert_eq!(server.asked(), []);
}
