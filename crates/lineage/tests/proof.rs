//! The proof of one record: it holds for what was signed, at its place, and nothing that was changed.

#![expect(clippy::expect_used, reason = "a test stops at the first surprise")]

#[path = "support/key.rs"]
mod key;
mod support;

use std::fs;

use ios012_lineage::ledger::{prove, root_of};
use ios012_lineage::{Checkpoint, CheckpointSigner as _, LineageError, ProvenRecord};
use key::Key;

/// The example of twelve records and a checkpoint of so many of them.
fn signed(records: u64) -> (tempfile::TempDir, Key, String) {
    let directory = tempfile::tempdir().expect("a directory");
    support::write_example(directory.path());
    let key = Key::of("fund.example/stocks", 7);
    let root = root_of(directory.path(), records).expect("a ledger");
    let text = Checkpoint::sign(&key, records, root.expect("so many"));
    (directory, key, text)
}

/// The JSON of each line, read by hand.
fn lines(directory: &tempfile::TempDir) -> Vec<String> {
    let text = fs::read_to_string(directory.path().join("000001.ledger")).expect("a segment");
    text.lines().map(|line| line[65..].to_owned()).collect()
}

#[test]
fn each_record_that_is_covered_is_proven_and_no_other() {
    for size in [1, 2, 7, 12] {
        let (directory, key, checkpoint) = signed(size);
        for (index, json) in (0..).zip(lines(&directory)) {
            let proof = prove(directory.path(), index, &checkpoint, key.key());
            if index >= size {
                let refused = proof.expect_err("it is not covered");
                assert!(matches!(refused, LineageError::NotCovered { .. }));
                continue;
            }
            let proof = proof.expect("it is covered");
            let proven = ProvenRecord::open(proof.text(), key.key()).expect("it holds");
            assert_eq!((proven.index, proven.size), (index, size));
            assert_eq!(proven.json, json);
            assert_eq!(proven.envelope.seq, index);
        }
    }
}

/// One flipped bit in each byte, and each length.
#[test]
fn nothing_of_a_proof_can_be_changed() {
    let (directory, key, checkpoint) = signed(11);
    let proof = prove(directory.path(), 3, &checkpoint, key.key()).expect("it is covered");
    let is_good = |bytes: &[u8]| {
        let text = std::str::from_utf8(bytes);
        text.is_ok_and(|text| ProvenRecord::open(text, key.key()).is_ok())
    };
    let good = proof.text().as_bytes();
    assert!(is_good(good));
    for place in 0..good.len() {
        let mut changed = good.to_vec();
        changed[place] ^= 1;
        assert!(!is_good(&changed), "byte {place}");
        assert!(!is_good(&good[..place]), "{place} bytes");
    }
}

#[test]
fn what_is_wrong_with_a_proof_is_said() {
    let (directory, key, checkpoint) = signed(12);
    let of = |index| prove(directory.path(), index, &checkpoint, key.key()).expect("covered");
    let good = of(3).text().to_owned();
    let other = of(4).text().to_owned();
    let line = |text: &str, number: usize| text.lines().nth(number).expect("a line").to_owned();
    let hash = "A".repeat(43) + "=";
    let long = format!("extra {}", "A".repeat(100_000));
    for (bad, rule) in [
        (good.replacen("proof@v1", "proof@v2", 1), "the first line"),
        (good.replacen("extra ", "extra: ", 1), "the second line"),
        (good.replacen("index 3", "index 03", 1), "the third line"),
        (good.replacen("index 3", "index 4", 1), "does not lead"),
        (
            good.replace(&line(&good, 1), &line(&other, 1)),
            "does not lead",
        ),
        (
            good.replace(&line(&good, 1), &long),
            "no base64 of a text, or too long",
        ),
        (
            good.replace(&line(&good, 1), "extra /w=="),
            "no base64 of a text",
        ),
        (good.replace(&line(&good, 4), "x"), "the path is no list"),
        (
            good.replace(&line(&good, 3), &[hash.as_str(); 63].join("\n")),
            "the path is no list",
        ),
        ("x".to_owned(), "no empty line ends the path"),
        (good.replacen("\n\n", "\n", 1), "there is no signature"),
        (
            good.replace("fund.example/stocks\n", "fund.example/bonds\n"),
            "not the key's name",
        ),
    ] {
        let refused = ProvenRecord::open(&bad, key.key())
            .expect_err(&bad)
            .to_string();
        assert!(refused.contains(rule), "{rule}: {refused}");
    }
    let stranger = Key::of("fund.example/stocks", 8);
    let refused = ProvenRecord::open(&good, stranger.key()).expect_err("another key");
    assert!(refused.to_string().contains("has not signed it"));
}

/// A leaf that its log has signed is no proof of a record that says it stands elsewhere.
#[test]
fn a_record_counts_at_its_own_place_only() {
    let (directory, key, _) = signed(12);
    let segment = directory.path().join("000001.ledger");
    let text = fs::read_to_string(&segment).expect("a segment");
    let mut shuffled: Vec<_> = text.lines().collect();
    shuffled.swap(3, 4);
    fs::write(&segment, shuffled.join("\n") + "\n").expect("a segment");
    let root = root_of(directory.path(), 12).expect("lines").expect("12");
    let checkpoint = Checkpoint::sign(&key, 12, root);
    let proof = prove(directory.path(), 3, &checkpoint, key.key()).expect("it is signed");
    let refused = ProvenRecord::open(proof.text(), key.key()).expect_err("out of place");
    assert!(
        refused
            .to_string()
            .contains("at another place than it says")
    );
}

#[test]
fn a_ledger_that_is_not_the_signed_one_proves_nothing() {
    let (directory, key, checkpoint) = signed(12);
    let segment = directory.path().join("000001.ledger");
    let text = fs::read_to_string(&segment).expect("a segment");
    let cut = text.trim_end().rfind('\n').expect("lines") + 1;
    for other in [text.replacen("GREEN", "BLACK", 1), text[..cut].to_owned()] {
        fs::write(&segment, other).expect("a segment");
        let refused = prove(directory.path(), 3, &checkpoint, key.key()).expect_err("it differs");
        assert!(
            matches!(refused, LineageError::Verification(_)),
            "{refused}"
        );
    }
}
