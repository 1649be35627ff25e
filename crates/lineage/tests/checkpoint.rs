//! Checkpoints: what Go's `note` package publishes is read, and nothing that was changed.

#![expect(clippy::expect_used, reason = "a test stops at the first surprise")]

#[path = "support/key.rs"]
mod key;

use ios012_lineage::checkpoint::{Checkpoint, CheckpointSigner as _, VerifierKey};
use ios012_lineage::sha256;
use key::Key;

/// The key and the id of the documentation of `golang.org/x/mod/sumdb/note`.
const PUBLISHED: &str = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW";

#[test]
fn a_verifier_key_is_read_and_written_as_go_does() {
    let key: VerifierKey = PUBLISHED.parse().expect("a key");
    assert_eq!(
        (key.name(), key.to_string()),
        ("PeterNeumann", PUBLISHED.to_owned())
    );
    for (bad, rule) in [
        (
            PUBLISHED.replace("c74f20a3", "c74f20a4"),
            "the id is not that of name and key",
        ),
        (
            PUBLISHED.replace("Peter", "peter"),
            "the id is not that of name and key",
        ),
        (
            PUBLISHED.replace("c74f20a3", "C74F20A3"),
            "the id is not that of name and key",
        ),
        (
            PUBLISHED.replace("+ARpc", "+AhpC"),
            "the key is no Ed25519 key",
        ),
        (PUBLISHED.replace("10TW", "10="), "NAME+ID+KEY"),
        (PUBLISHED.replace("10TW", ""), "NAME+ID+KEY"),
        ("PeterNeumann+c74f20a3".to_owned(), "NAME+ID+KEY"),
        (PUBLISHED.replace("PeterNeumann", ""), "printable ASCII"),
        (
            PUBLISHED.replace("PeterNeumann", "Peter Neumann"),
            "printable ASCII",
        ),
    ] {
        let refused = bad.parse::<VerifierKey>().expect_err(&bad).to_string();
        assert!(refused.contains(rule), "{bad}: {refused}");
    }
}

#[test]
fn what_is_signed_is_read_and_nothing_else() {
    let key = Key::of("fund.example/stocks", 7);
    let root = sha256(b"a root");
    let text = Checkpoint::sign(&key, 314_019, root);
    let opened = Checkpoint::open(&text, key.key()).expect("it is signed");
    assert_eq!((opened.size(), opened.root()), (314_019, root));

    // By another key, and by a key of the same name.
    for other in [
        Key::of("fund.example/bonds", 7),
        Key::of("fund.example/stocks", 8),
    ] {
        assert!(Checkpoint::open(&text, other.key()).is_err());
    }
    // Every byte of it, and every length.
    let is_open = |bytes: &[u8]| {
        let text = std::str::from_utf8(bytes);
        text.is_ok_and(|text| Checkpoint::open(text, key.key()).is_ok())
    };
    for place in 0..text.len() {
        let mut changed = text.clone().into_bytes();
        changed[place] ^= 1;
        assert!(!is_open(&changed), "byte {place}");
        assert!(!is_open(&text.as_bytes()[..place]), "{place} bytes");
    }
}

/// A witness signs below; what is signed may not be added to.
#[test]
fn other_signatures_are_passed_over_and_other_lines_are_not() {
    let key = Key::of("fund.example/stocks", 7);
    let text = Checkpoint::sign(&key, 5, sha256(b"a root"));
    let witness = Checkpoint::sign(&Key::of("witness.example", 9), 5, sha256(b"a root"));
    let line = |text: &str| text.lines().last().map(str::to_owned).expect("a line");
    let open = |text: String| Checkpoint::open(&text, key.key());
    assert!(open(format!("{text}{}\n", line(&witness))).is_ok());
    for (bad, rule) in [
        (format!("{text}{}\n", line(&text)), "signed twice"),
        (format!("{text}x\n"), "a signature line is"),
        (format!("{text}\n"), "there are three lines"),
        (text.replace("\n\n", "\nmore\n\n"), "there are three lines"),
        (text.replace("\n5\n", "\n05\n"), "the size is no counter"),
        (text.replace("\n5\n", "\n-5\n"), "the size is no counter"),
        (text.replace("\n5\n", "\n6\n"), "not that of the text"),
        (text.replace("=\n\n", "\n\n"), "no SHA-256 in base64"),
        (text.replace("stocks\n", "bonds\n"), "not the key's name"),
        (
            witness.replacen("witness.example", "fund.example/stocks", 1),
            "has not signed it",
        ),
        (
            "fund.example/stocks\n5\n".to_owned(),
            "there is no signature",
        ),
    ] {
        let refused = open(bad.clone()).expect_err(&bad).to_string();
        assert!(refused.contains(rule), "{bad}: {refused}");
    }
}
