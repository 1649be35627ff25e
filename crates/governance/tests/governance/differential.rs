//! One signature after the other, judged here and by `ssh-keygen -Y verify`.

use std::path::Path;

use ios012_governance::{Namespace, Roles, verify_signature};
use ssh_key::{LineEnding, SshSig};

use crate::base64::{decode, encode};
use crate::support::{
    COMMAND, FROM, UNTIL, draft, fund, key_row, make_key, oracle, person_row, public_text, sign,
    time,
};

/// Who holds which opinion of one signature.
#[derive(Debug, PartialEq, Eq)]
enum Opinion {
    BothAccept,
    BothRefuse,
    /// Deliberate: the reason is beside each case.
    OnlyWeRefuse,
}

struct Case {
    name: &'static str,
    expected: Opinion,
    namespace: Namespace,
    message: Vec<u8>,
    signature: Vec<u8>,
    at: &'static str,
}

fn good(name: &'static str) -> Case {
    let message = draft().to_text().expect("a command").into_bytes();
    Case {
        name,
        expected: Opinion::BothRefuse,
        namespace: Namespace::Command,
        signature: fund().sign("vera", &message),
        message,
        at: "2026-06-01T12:00:00.000Z",
    }
}

fn case(name: &'static str, expected: Opinion, change: impl FnOnce(&mut Case)) -> Case {
    let mut case = good(name);
    case.expected = expected;
    change(&mut case);
    case
}

fn opinion(roles: &Roles, case: &Case) -> Opinion {
    let ours = verify_signature(
        roles,
        case.namespace,
        &case.message,
        &case.signature,
        &[time(case.at)],
    );
    let digits: String = case
        .at
        .split('.')
        .next()
        .expect("a time")
        .chars()
        .filter(char::is_ascii_digit)
        .collect();
    let theirs = oracle(
        &roles.allowed_signers(case.namespace),
        "vera",
        case.namespace.as_str(),
        &case.message,
        &case.signature,
        &format!("{digits}Z"),
    );
    match (ours.is_ok(), theirs) {
        (true, true) => Opinion::BothAccept,
        (false, false) => Opinion::BothRefuse,
        (false, true) => Opinion::OnlyWeRefuse,
        (true, false) => panic!("{}: only we accept, as {ours:?}", case.name),
    }
}

fn judge(cases: Vec<Case>) {
    for case in cases {
        assert_eq!(
            opinion(&fund().roles, &case),
            case.expected,
            "{}",
            case.name
        );
    }
}

fn armour(case: &Case) -> String {
    String::from_utf8(case.signature.clone()).expect("armour is text")
}

#[test]
fn what_was_signed_and_when() {
    use Opinion::{BothAccept, BothRefuse, OnlyWeRefuse};
    let vera = fund().key("vera");
    judge(vec![
        case("good", BothAccept, |_| ()),
        case("sha256", BothAccept, |case| {
            case.signature = sign(&vera, COMMAND, &case.message, "sha256");
        }),
        case("an empty message", BothAccept, |case| {
            case.message.clear();
            case.signature = sign(&vera, COMMAND, b"", "sha512");
        }),
        case("another message", BothRefuse, |case| case.message[20] ^= 1),
        case("a line feed more", BothRefuse, |case| {
            case.message.push(b'\n');
        }),
        case("CRLF in the message", BothRefuse, |case| {
            case.message = b"a\nb".to_vec();
            case.signature = sign(&vera, COMMAND, b"a\r\nb", "sha512");
        }),
        case("signed for G4", BothRefuse, |case| {
            case.signature = sign(&vera, "g4@ios-012", &case.message, "sha512");
        }),
        case("judged for G4", BothRefuse, |case| {
            case.namespace = Namespace::G4;
        }),
        case("signed and judged for G4", BothAccept, |case| {
            case.namespace = Namespace::G4;
            case.signature = sign(&vera, "g4@ios-012", &case.message, "sha512");
        }),
        case("a namespace that begins alike", BothRefuse, |case| {
            case.signature = sign(&vera, "command@ios-012x", &case.message, "sha512");
        }),
        case("a key that nobody holds", BothRefuse, |case| {
            case.signature = fund().sign("outsider", &case.message);
        }),
        case("before the key counts", BothRefuse, |case| {
            case.at = "2025-12-31T23:59:59.000Z";
        }),
        case("as the key begins to count", BothAccept, |case| {
            case.at = FROM;
        }),
        case("the last second of the key", BothAccept, |case| {
            case.at = "2026-12-31T23:59:59.000Z";
        }),
        // Ours ends before valid_until, OpenSSH's with it: no two periods then share an instant.
        case("as the key ends", OnlyWeRefuse, |case| case.at = UNTIL),
        case("after the key has ended", BothRefuse, |case| {
            case.at = "2027-01-01T00:00:01.000Z";
        }),
    ]);
}

#[test]
fn the_wrong_namespace_is_named() {
    let case = good("named");
    let refused = verify_signature(
        &fund().roles,
        Namespace::G4,
        &case.message,
        &case.signature,
        &[],
    );
    assert_eq!(
        refused.map(drop).map_err(|error| error.code()),
        Err("signature_namespace")
    );
}

#[test]
fn how_the_signature_is_written() {
    use Opinion::{BothAccept, BothRefuse, OnlyWeRefuse};
    judge(vec![
        case("nothing", BothRefuse, |case| case.signature.clear()),
        case("not armour", BothRefuse, |case| {
            case.signature = b"signature".to_vec();
        }),
        case("no last line feed", BothAccept, |case| {
            _ = case.signature.pop();
        }),
        case("half of it", BothRefuse, |case| {
            case.signature.truncate(case.signature.len() / 2);
        }),
        case("without its last line", BothRefuse, |case| {
            case.signature = armour(case)
                .replace("-----END SSH SIGNATURE-----\n", "")
                .into_bytes();
        }),
        case("another label", BothRefuse, |case| {
            case.signature = armour(case)
                .replace("SSH SIGNATURE", "SSH SIGNATURES")
                .into_bytes();
        }),
        case("one base64 line less", BothRefuse, |case| {
            let text = armour(case);
            let lines: Vec<&str> = text
                .lines()
                .enumerate()
                .filter(|(at, _)| *at != 2)
                .map(|(_, line)| line)
                .collect();
            case.signature = format!("{}\n", lines.join("\n")).into_bytes();
        }),
        case("two signatures in one file", OnlyWeRefuse, |case| {
            // OpenSSH reads the first and passes over what follows: somebody could think both count.
            let twice = case.signature.repeat(2);
            case.signature = twice;
        }),
        case("a line after it", OnlyWeRefuse, |case| {
            case.signature.extend(b"text\n");
        }),
        case("a line before it", BothRefuse, |case| {
            case.signature = [b"text\n", case.signature.as_slice()].concat();
        }),
        case("CRLF", BothRefuse, |case| {
            case.signature = armour(case).replace('\n', "\r\n").into_bytes();
        }),
        // One text for one signature: what changed on its way is not taken.
        case("wrapped elsewhere", OnlyWeRefuse, |case| {
            let text = armour(case);
            let lines: Vec<&str> = text.lines().collect();
            let body = lines[1..lines.len() - 1].concat();
            case.signature =
                format!("{}\n{body}\n{}\n", lines[0], lines[lines.len() - 1]).into_bytes();
        }),
    ]);
}

/// Each byte of the signature's content, changed and put into armour again.
#[test]
fn each_byte_of_the_content_counts() {
    use std::fmt::Write as _;
    let good = good("content");
    let text = armour(&good);
    let body: String = text.lines().filter(|line| !line.starts_with('-')).collect();
    let content = decode(&body);
    let mut asked = 0;
    for at in 0..content.len() {
        let mut changed = content.clone();
        changed[at] ^= 1 << (at % 8);
        let encoded = encode(&changed);
        let mut lines = String::new();
        for line in encoded.as_bytes().chunks(70) {
            writeln!(lines, "{}", String::from_utf8_lossy(line)).expect("a string");
        }
        let case = case("content", Opinion::BothRefuse, |case| {
            case.signature =
                format!("-----BEGIN SSH SIGNATURE-----\n{lines}-----END SSH SIGNATURE-----\n")
                    .into_bytes();
            case.message.clone_from(&good.message);
        });
        assert_eq!(
            opinion(&fund().roles, &case),
            Opinion::BothRefuse,
            "byte {at}"
        );
        asked += 1;
    }
    assert!(asked > 150, "{asked} bytes");
}

/// A signature that says another key, hash or namespace than it was made with.
#[test]
fn a_signature_cannot_be_dressed_up() {
    let base = good("dressed up");
    let real = SshSig::from_pem(&base.signature).expect("a signature");
    let outsider = SshSig::from_pem(fund().sign("outsider", &base.message)).expect("a signature");
    let sha256 = sign(&fund().key("vera"), COMMAND, &base.message, "sha256");
    let sha256 = SshSig::from_pem(sha256).expect("a signature");
    let dressed = [
        // The outsider's signature under the officer's key.
        SshSig::new(
            real.public_key().clone(),
            COMMAND,
            real.hash_alg(),
            outsider.signature().clone(),
        ),
        // Another hash than the one that was signed.
        SshSig::new(
            real.public_key().clone(),
            COMMAND,
            sha256.hash_alg(),
            real.signature().clone(),
        ),
        SshSig::new(
            real.public_key().clone(),
            "g4@ios-012",
            real.hash_alg(),
            real.signature().clone(),
        ),
    ];
    for signature in dressed {
        let signature = signature.expect("a signature");
        let pem = signature.to_pem(LineEnding::LF).expect("armour");
        for namespace in [Namespace::Command, Namespace::G4] {
            let case = case("dressed up", Opinion::BothRefuse, |case| {
                case.signature = pem.clone().into_bytes();
                case.namespace = namespace;
            });
            assert_eq!(opinion(&fund().roles, &case), Opinion::BothRefuse);
        }
    }
}

/// Kinds of key that OpenSSH takes and the roles file does not: RSA and ECDSA.
#[test]
fn other_kinds_of_key_are_refused_where_they_are_named() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    for kind in ["rsa", "ecdsa"] {
        let key = folder.path().join(kind);
        make_key(&key, kind);
        let row = key_row(&public_text(&key), FROM, UNTIL);
        let refused = one_person(&row).map(drop).map_err(|error| error.code());
        assert_eq!(refused, Err("roles_public_key"), "{kind}");
        // The same signature is good for OpenSSH, and of a wrong kind for us.
        let signature = sign(&key, COMMAND, b"text", "sha512");
        let signers = format!("vera {}\n", public_text(&key));
        assert!(oracle(
            &signers,
            "vera",
            COMMAND,
            b"text",
            &signature,
            "20260601120000Z"
        ));
        let ours = verify_signature(&fund().roles, Namespace::Command, b"text", &signature, &[]);
        assert_eq!(
            ours.map(drop).map_err(|error| error.code()),
            Err("signature_key_kind")
        );
    }
}

fn one_person(keys: &str) -> Result<Roles, ios012_governance::GovernanceError> {
    let persons = [person_row("vera", "VEGA", "tighten", keys)];
    Roles::parse(crate::support::roles_text(&persons, "2").as_bytes())
}

/// The periods of the file that people verify with are never wider than ours.
#[test]
fn allowed_signers_round_inward() {
    let text = fund().roles_text.replacen(
        &key_row(&public_text(&fund().key("vera")), FROM, UNTIL),
        &key_row(
            &public_text(&fund().key("vera")),
            "2026-03-01T00:00:00.001Z",
            "2026-09-01T00:00:00.999Z",
        ),
        1,
    );
    let roles = Roles::parse(text.as_bytes()).expect("a roles file");
    let signers = roles.allowed_signers(Namespace::Command);
    let line = signers
        .lines()
        .find(|line| line.starts_with("vera "))
        .expect("a line");
    let public = public_text(Path::new(&fund().key("vera")));
    assert_eq!(
        line,
        format!(
            "vera namespaces=\"command@ios-012\",valid-after=\"20260301000001Z\",valid-before=\"20260901000000Z\" {public}"
        )
    );
    for (at, expected) in [
        ("2026-03-01T00:00:00.000Z", Opinion::BothRefuse),
        ("2026-03-01T00:00:01.000Z", Opinion::BothAccept),
        ("2026-09-01T00:00:00.000Z", Opinion::BothAccept),
        ("2026-09-01T00:00:01.000Z", Opinion::BothRefuse),
    ] {
        let mut case = good("inward");
        case.at = at;
        assert_eq!(opinion(&roles, &case), expected, "{at}");
    }
}
