//! The client against a server that misbehaves.

#![expect(clippy::expect_used, reason = "a test stops at the first surprise")]

use std::time::Duration;

use ios012_hostile::{Answer, Certificate, Server};
use ios012_secrets::{Address, Https, Roots, SecretsError};

fn post(server: &Server, path: &str) -> Result<(), SecretsError> {
    post_trusting(server, path, server.roots_pem())
}

fn post_trusting(server: &Server, path: &str, roots: &str) -> Result<(), SecretsError> {
    let client = Https::new(Roots::Only(roots.as_bytes())).expect("a client");
    let address = Address::parse(server.address(path)).expect("an address");
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build();
    let posted = client.post_json(&address, b"{\"a\":1}".to_vec());
    runtime.expect("a runtime").block_on(posted)
}

#[test]
fn what_is_posted_arrives_once_and_as_it_is() {
    let server = Server::start(Certificate::Good, Answer::Status(204));
    assert_eq!(post(&server, "/hook?room=9"), Ok(()));
    let asked = server.asked();
    assert_eq!(asked.len(), 1);
    assert_eq!(asked[0].line, "POST /hook?room=9 HTTP/1.1");
    assert_eq!(asked[0].body, b"{\"a\":1}");
    let header: Vec<_> = asked[0].header.iter().map(String::as_str).collect();
    assert!(
        header.contains(&"content-type: application/json"),
        "{header:?}"
    );
    // Nothing tells who asks, or where from.
    for name in ["user-agent:", "referer:", "cookie:"] {
        assert!(
            !header.iter().any(|line| line.starts_with(name)),
            "{header:?}"
        );
    }
}

/// A redirect would carry the body, and with it a token in a header, to whoever is named.
#[test]
fn a_redirect_is_refused_and_the_other_host_is_not_asked() {
    let other = Server::start(Certificate::Good, Answer::Status(200));
    let server = Server::start(Certificate::Good, Answer::Redirect(other.address("/")));
    assert_eq!(
        post(&server, "/"),
        Err(SecretsError::Answered { status: 307 })
    );
    assert_eq!((server.asked().len(), other.asked().len()), (1, 0));
}

#[test]
fn each_failure_has_its_code_and_is_asked_once() {
    for (answer, error) in [
        (Answer::Status(500), SecretsError::Answered { status: 500 }),
        (Answer::Status(404), SecretsError::Answered { status: 404 }),
        (Answer::Garbage, SecretsError::Cut),
        (Answer::Cut, SecretsError::Cut),
    ] {
        let server = Server::start(Certificate::Good, answer.clone());
        assert_eq!(post(&server, "/"), Err(error), "{answer:?}");
        assert_eq!(server.asked().len(), 1, "{answer:?}");
    }
}

#[test]
fn a_server_that_cannot_be_trusted_learns_nothing() {
    let other = Server::start(Certificate::Good, Answer::Status(200));
    let untrusted = Err(SecretsError::Untrusted);
    for certificate in [Certificate::Expired, Certificate::OtherHost] {
        let server = Server::start(certificate, Answer::Status(200));
        assert_eq!(post(&server, "/"), untrusted, "{certificate:?}");
        assert_eq!(server.asked(), []);
    }
    let server = Server::start(Certificate::Good, Answer::Status(200));
    assert_eq!(post_trusting(&server, "/", other.roots_pem()), untrusted);
    assert_eq!(server.asked(), []);
}

/// A body of 10 MB is not read, and an answer that comes after a minute is not waited for.
#[test]
fn time_and_memory_are_bounded() {
    let server = Server::start(Certificate::Good, Answer::Large(10_000_000));
    assert_eq!(post(&server, "/"), Ok(()));
    let server = Server::start(Certificate::Good, Answer::Late(Duration::from_mins(1)));
    assert_eq!(
        post(&server, "/"),
        Err(SecretsError::TimedOut { within_s: 5 })
    );
}

#[test]
fn nobody_listens() {
    let server = Server::start(Certificate::Good, Answer::Status(200));
    let address = Address::parse("https://localhost:1/".to_owned()).expect("an address");
    let client = Https::new(Roots::Only(server.roots_pem().as_bytes())).expect("a client");
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build();
    let posted = runtime
        .expect("a runtime")
        .block_on(client.post_json(&address, Vec::new()));
    assert_eq!(posted, Err(SecretsError::Unreachable));
}

#[test]
fn roots_without_a_certificate_are_refused() {
    for pem in ["", "-----BEGIN CERTIFICATE-----\nnonsense"] {
        let refused = Https::new(Roots::Only(pem.as_bytes())).err();
        assert_eq!(refused, Some(SecretsError::BadRoots), "{pem}");
    }
}

/// Whatever its status is, and no more than 64 KiB of it.
#[test]
fn a_text_is_read_to_its_end() {
    let ask = |answer: Answer| {
        let server = Server::start(Certificate::Good, answer);
        let client = Https::new(Roots::Only(server.roots_pem().as_bytes())).expect("a client");
        let address = Address::parse(server.address("/log")).expect("an address");
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build();
        let posted = client.post_text(&address, "old 0\n".to_owned());
        let answered = runtime.expect("a runtime").block_on(posted);
        let asked = server.asked();
        assert_eq!(asked.len(), 1);
        assert_eq!(asked[0].body, b"old 0\n");
        answered
    };
    for (status, text) in [(200, "a line\n"), (409, "7\n"), (500, "")] {
        let answered = ask(Answer::Text(status, text.to_owned())).expect("an answer");
        assert_eq!((answered.status, answered.text.as_str()), (status, text));
    }
    assert!(ask(Answer::Large(64 << 10)).is_ok());
    let refused = ask(Answer::Large((64 << 10) + 1));
    assert_eq!(refused, Err(SecretsError::NotAText));
    let other = Server::start(Certificate::Good, Answer::Status(200));
    let redirected = ask(Answer::Redirect(other.address("/"))).expect("an answer");
    assert_eq!((redirected.status, other.asked().len()), (307, 0));
    assert_eq!(ask(Answer::Cut), Err(SecretsError::Cut));
    let late = ask(Answer::Late(Duration::from_mins(1)));
    assert_eq!(late, Err(SecretsError::TimedOut { within_s: 5 }));
}
