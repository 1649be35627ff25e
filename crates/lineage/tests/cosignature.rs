//! Cosignatures: what another witness has signed is read, and nothing that was changed; each answer has its meaning.

#![expect(clippy::expect_used, reason = "a test stops at the first surprise")]

#[path = "support/key.rs"]
mod key;
mod support;

use base64ct::{Base64, Encoding as _};
use ed25519_dalek::{Signer as _, SigningKey};
use ios012_lineage::checkpoint::{CheckpointSigner as _, WitnessAnswer, add_checkpoint};
use ios012_lineage::ledger::{prove_growth, root_of};
use ios012_lineage::{Checkpoint, Cosignature, Hash, LineageError, WitnessKey, sha256};
use key::Key;

/// The checkpoint of docs/lineage-format.md.
const CHECKPOINT: &str = "fund.example/one-cycle
18
y2TxcmaF24wCJMcc89O2uJgcoj3dfQcy5klUDgoic0c=

\u{2014} fund.example/one-cycle 3slbxDW0TAXvM5PMP8Rnga9a3k7wkPhWACeVkHvW/F8GuN2/iRorsLxsa2ikpzLpVtJq/ZN/cI3Xqxmj+y6LS4ANZgA=
";
/// What the witness `aics-witness` 0.1.0 answered to it, and its key, whose private half is gone.
const ANSWER: &str = "\u{2014} witness.example/w1 cJ98VwAAAABrCW7Zjcpu2BPbR2cwEhPnDfN6slG22A5PBsoDRawkVUouTWGdzXGWMD52GqNiZwoDdTCjBW2QjOEknWEKqHvPCeFKAA==
";
const WITNESS: &str = "witness.example/w1+709f7c57+BHrs8GFVsPc0tPdYkhdYtKZoV+GVmji3Eh5fPA35eGew";
/// When it said so: 2026-11-27T11:51:53Z.
const TIME_S: u64 = 1_795_780_313;

fn witness() -> WitnessKey {
    WITNESS.parse().expect("a key")
}

/// A witness whose key is a number.
fn cosign(number: u8, time_s: u64, checkpoint: &str) -> (WitnessKey, String) {
    let key = SigningKey::from_bytes(&[number; 32]);
    let name = format!("witness.example/{number}");
    let witness = WitnessKey::new(&name, key.verifying_key().to_bytes()).expect("a key");
    let body = &checkpoint[..=checkpoint.find("\n\n").expect("signatures")];
    let message = format!("cosignature/v1\ntime {time_s}\n{body}");
    let public = [&[4], &key.verifying_key().to_bytes()[..]].concat();
    let id = sha256(&[name.as_bytes(), b"\n", &public].concat());
    let signature = key.sign(message.as_bytes()).to_bytes();
    let signed = [&id.as_bytes()[..4], &time_s.to_be_bytes(), &signature].concat();
    (
        witness,
        format!("\u{2014} {name} {}\n", Base64::encode_string(&signed)),
    )
}

#[test]
fn the_cosignature_of_another_program_is_read() {
    let key = witness();
    assert_eq!(
        (key.name(), key.to_string().as_str()),
        ("witness.example/w1", WITNESS)
    );
    assert_eq!(
        Cosignature::of(CHECKPOINT, &key).expect("a checkpoint"),
        None
    );
    let (text, added) = Cosignature::add(CHECKPOINT, ANSWER, &key).expect("it is signed");
    assert_eq!(text, format!("{CHECKPOINT}{ANSWER}"));
    assert_eq!(
        (added.witness(), added.time_s()),
        ("witness.example/w1", TIME_S)
    );
    assert_eq!(
        Cosignature::of(&text, &key).expect("it is signed"),
        Some(added)
    );
    // The log's own verifier passes over it.
    let log = "fund.example/one-cycle+dec95bc4+AREf+FasUTFFqFRuqXio44vqbb/rZ32+GoTM4PxPc6Rn";
    let opened = Checkpoint::open(&text, &log.parse().expect("a key")).expect("it is signed");
    assert_eq!(opened.size(), 18);
}

/// A key of a public witness, from the tests of `transparency-dev/formats`, and what is none.
#[test]
fn a_witness_key_has_a_kind_of_its_own() {
    let remora = "remora.n621.de+da77ade7+BOvN63jn/bLvkieywe8R6UYAtVtNbZpXh34x7onlmtw2";
    let key: WitnessKey = remora.parse().expect("a key");
    assert_eq!(
        (key.name(), key.to_string().as_str()),
        ("remora.n621.de", remora)
    );
    for (bad, rule) in [
        (
            "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW".to_owned(),
            "no Ed25519 key of a witness",
        ),
        (remora.replace("da77", "da78"), "the id is not that"),
        (remora.replace("remora", "lemora"), "the id is not that"),
        (remora.replace("mtw2", ""), "NAME+ID+KEY"),
    ] {
        let refused = bad.parse::<WitnessKey>().expect_err(&bad).to_string();
        assert!(refused.contains(rule), "{bad}: {refused}");
    }
}

/// One flipped bit in each byte of the signed text and of the line, and each shorter answer.
#[test]
fn nothing_that_was_changed_is_a_cosignature() {
    let key = witness();
    let end = CHECKPOINT.find("\n\n").expect("signatures") + 1;
    let is_taken = |checkpoint: &[u8], answer: &[u8]| {
        let texts = (std::str::from_utf8(checkpoint), std::str::from_utf8(answer));
        let (Ok(checkpoint), Ok(answer)) = texts else {
            return false;
        };
        Cosignature::add(checkpoint, answer, &key).is_ok()
    };
    let (checkpoint, answer) = (CHECKPOINT.as_bytes(), ANSWER.as_bytes());
    assert!(is_taken(checkpoint, answer));
    for place in 0..end {
        let mut changed = checkpoint.to_vec();
        changed[place] ^= 1;
        assert!(
            !is_taken(&changed, answer),
            "byte {place} of the checkpoint"
        );
    }
    for place in 0..answer.len() {
        let mut changed = answer.to_vec();
        changed[place] ^= 1;
        assert!(
            !is_taken(checkpoint, &changed),
            "byte {place} of the answer"
        );
        assert!(!is_taken(checkpoint, &answer[..place]), "{place} bytes");
    }
    let other = cosign(9, TIME_S, CHECKPOINT).1;
    assert!(!is_taken(checkpoint, other.as_bytes()), "another witness");
    assert!(!is_taken(
        checkpoint,
        format!("{ANSWER}{ANSWER}").as_bytes()
    ));
    assert!(is_taken(checkpoint, format!("{other}{ANSWER}").as_bytes()));
}

/// What a witness says later stands in the place of what it said before, and beside what others say.
#[test]
fn a_witness_has_one_line() {
    let (first, early) = cosign(8, 5, CHECKPOINT);
    let (second, line) = cosign(9, 6, CHECKPOINT);
    let (_, late) = cosign(8, 7, CHECKPOINT);
    let (text, _) = Cosignature::add(CHECKPOINT, &early, &first).expect("signed");
    let (text, _) = Cosignature::add(&text, &line, &second).expect("signed");
    let (text, added) = Cosignature::add(&text, &late, &first).expect("signed");
    assert_eq!(
        (text, added.time_s()),
        (format!("{CHECKPOINT}{line}{late}"), 7)
    );
    // A line under its name and id that it has not signed is no cosignature, and not none.
    let (_, of_another) = cosign(8, 7, &CHECKPOINT.replace("\n18\n", "\n19\n"));
    assert!(Cosignature::of(&format!("{CHECKPOINT}{of_another}"), &first).is_err());
    assert!(Cosignature::of(&format!("{CHECKPOINT}{early}{late}"), &first).is_err());
    // A time that no clock shows.
    let (_, never) = cosign(8, 1 << 63, CHECKPOINT);
    assert!(Cosignature::add(CHECKPOINT, &never, &first).is_err());
}

/// The example of the specification.
#[test]
fn a_request_has_its_exact_form() {
    let checkpoint = "example.com/behind-the-sofa\n";
    let hash: Hash = support::of(&"00".repeat(32));
    let zeros = format!("{}=\n", "A".repeat(43));
    let body = add_checkpoint(20_852_014, &[hash, hash], checkpoint);
    assert_eq!(body, format!("old 20852014\n{zeros}{zeros}\n{checkpoint}"));
    assert_eq!(
        add_checkpoint(0, &[], checkpoint),
        format!("old 0\n\n{checkpoint}")
    );
}

#[test]
fn each_answer_has_its_meaning() {
    let key = witness();
    let read = |status, body: &str, known| {
        WitnessAnswer::read((status, body), (known, 18), CHECKPOINT, &key)
    };
    assert!(matches!(
        read(200, ANSWER, 0),
        Ok(WitnessAnswer::Cosigned(..))
    ));
    assert_eq!(
        read(409, "7\n", 0).expect("it knows"),
        WitnessAnswer::Knows(7)
    );
    assert_eq!(
        read(409, "18\n", 0).expect("it knows"),
        WitnessAnswer::Knows(18)
    );
    assert_eq!(
        read(409, "0\n", 7).expect("it has forgotten"),
        WitnessAnswer::Knows(0)
    );
    for (status, body, known, says) in [
        (
            409,
            "19\n",
            0,
            "ROLLED BACK: witness.example/w1 has cosigned 19 records",
        ),
        (
            409,
            "18\n",
            18,
            "FORKED: witness.example/w1 has cosigned other records",
        ),
        (
            422,
            "",
            7,
            "FORKED: witness.example/w1 has cosigned other records",
        ),
        (409, "7", 0, "does not say how many"),
        (409, "", 0, "does not say how many"),
        (
            403,
            "",
            0,
            "status 403: it knows the log's name with another key",
        ),
        (404, "", 0, "status 404: it does not know the log"),
        (400, "", 0, "status 400: it does not take the request"),
        (500, "", 0, "status 500: it fails by itself"),
        (503, "", 0, "status 503: it fails by itself"),
        (201, ANSWER, 0, "status 201"),
        (200, "", 0, "last line does not end"),
        (200, "nothing\n", 0, "a signature line is"),
    ] {
        let refused = read(status, body, known).expect_err(says).to_string();
        assert!(refused.contains(says), "{status} {body:?}: {refused}");
    }
}

/// The proof that goes with a request is that of the tree's own tests, of the ledger's records; a ledger that is not
/// the signed one proves nothing.
#[test]
fn growth_is_proven_from_the_records() {
    let directory = tempfile::tempdir().expect("a directory");
    support::write_example(directory.path());
    let key = Key::of("fund.example/stocks", 7);
    let root = |records| {
        root_of(directory.path(), records)
            .expect("a ledger")
            .expect("so many")
    };
    let text = Checkpoint::sign(&key, 12, root(12));
    let checkpoint = Checkpoint::open(&text, key.key()).expect("it is signed");
    for known in 1..12 {
        let path = prove_growth(directory.path(), known, &checkpoint).expect("it grew");
        let (old_size, size, path) = (known, 12, path.as_slice());
        let growth = ios012_lineage::tree::Consistency {
            old_size,
            size,
            path,
        };
        assert!(growth.holds(root(known), root(12)), "{known}");
    }
    for known in [0, 12, 13] {
        let path = prove_growth(directory.path(), known, &checkpoint).expect("nothing to prove");
        assert_eq!(path, [], "{known}");
    }
    let other = Checkpoint::sign(&key, 12, root(11));
    let other = Checkpoint::open(&other, key.key()).expect("it is signed");
    let refused = prove_growth(directory.path(), 5, &other).expect_err("it differs");
    assert!(
        matches!(refused, LineageError::Verification(_)),
        "{refused}"
    );
}
