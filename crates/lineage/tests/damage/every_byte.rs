//! Every value of every byte, and every length, against a checkpoint that was taken at the end.
//!
//! The head covers nothing here, as whoever holds the files can write it: what is found is found by the records, the
//! documents and the checkpoint. A checkpoint covers no pack, so each of its lines is one that a cycle names.

use std::fs::{self, File};
use std::os::unix::fs::FileExt as _;

use ed25519_dalek::{Signer as _, SigningKey};
use ios012_lineage::ledger::{read_checkpoint, root_of, write_checkpoint};
use ios012_lineage::{
    Checkpoint, CheckpointSigner, Hash, LedgerReader, LedgerWriter, VerifierKey, verify,
    verify_checkpoint,
};

use crate::{HEAD, Ledger, PACK, SEGMENT};

const SECOND_SEGMENT: &str = "000002.ledger";
const CHECKPOINT: &str = "checkpoint";

/// A ledger of two segments, and what its checkpoint is verified with.
struct Signed {
    ledger: Ledger,
    key: VerifierKey,
}

impl Signed {
    /// The example, and its refusal once more in a second epoch.
    fn new() -> Self {
        let ledger = Ledger::new();
        let stored = LedgerReader::open(ledger.path()).expect("a ledger");
        let records: Vec<_> = stored
            .map(|stored| stored.expect("a record").record)
            .collect();
        let (mut writer, mut chain, _) = LedgerWriter::open(ledger.path()).expect("complete");
        for record in &records[10..] {
            chain.append(record).expect("a record");
        }
        writer.append(&mut chain).expect("a whole disk");
        writer.sync().expect("a whole disk");
        drop(writer);
        let signer = Signer::new();
        let (size, _) = chain.head();
        let root = root_of(ledger.path(), size)
            .expect("a ledger")
            .expect("so many");
        let text = Checkpoint::sign(&signer, size, root);
        write_checkpoint(ledger.path(), &text).expect("a whole disk");
        ledger.write(HEAD, format!("0 {}\n", Hash::ZERO));
        let key = signer.1;
        let signed = Self { ledger, key };
        assert!(signed.verifies());
        signed
    }

    /// As `ios012 verify --checkpoint` does it.
    fn verifies(&self) -> bool {
        let directory = self.ledger.path();
        let Ok(mut report) = verify(directory, None) else {
            return false;
        };
        let text = read_checkpoint(directory).ok().flatten();
        let checkpoint = text.and_then(|text| Checkpoint::open(&text, &self.key).ok());
        checkpoint.is_some_and(|kept| verify_checkpoint(directory, &mut report, &kept).is_ok())
    }

    /// Changes each byte of a file, one at a time. Gives the changes that were tried.
    fn no_change_is_taken(&self, name: &str) -> u64 {
        let file = self.open(name);
        let mut tried = 0;
        for (at, byte) in (0..).zip(self.ledger.read(name)) {
            for mask in MASKS {
                file.write_all_at(&[byte ^ mask], at).expect("the file");
                assert!(!self.verifies(), "{name}: byte {at} is {}", byte ^ mask);
                tried += 1;
            }
            file.write_all_at(&[byte], at).expect("the file");
        }
        assert!(self.verifies(), "{name} put back");
        tried
    }

    fn no_length_is_taken(&self, name: &str) {
        let whole = self.ledger.read(name);
        let file = self.open(name);
        for length in (0..whole.len() as u64).rev() {
            file.set_len(length).expect("the file");
            assert!(!self.verifies(), "{name}: {length} bytes");
        }
        fs::write(self.ledger.path().join(name), whole).expect("the file");
        assert!(self.verifies(), "{name} put back");
    }

    fn open(&self, name: &str) -> File {
        self.ledger.open(name)
    }
}

/// A key of a test: it protects nothing.
struct Signer(SigningKey, VerifierKey);

impl Signer {
    fn new() -> Self {
        let key = SigningKey::from_bytes(&[7; 32]);
        let public = key.verifying_key().to_bytes();
        let verifier = VerifierKey::new("fund.example/example", public).expect("a key");
        Self(key, verifier)
    }
}

impl CheckpointSigner for Signer {
    fn key(&self) -> &VerifierKey {
        &self.1
    }

    fn sign(&self, message: &[u8]) -> [u8; 64] {
        self.0.sign(message).to_bytes()
    }
}

/// What each byte is changed by: the lowest bit, the one between small and capital letters, and all of them; or
/// everything, where `cargo xtask damage` has built this.
const MASKS: &[u8] = match option_env!("IOS012_EVERY_VALUE") {
    None => &[0x01, 0x20, 0xff],
    Some(_) => &ALL,
};

const ALL: [u8; 255] = {
    let mut all = [0; 255];
    let mut mask: u8 = 0;
    while mask < 255 {
        all[mask as usize] = mask + 1;
        mask += 1;
    }
    all
};

#[test]
fn every_changed_byte_of_every_file_is_found() {
    let signed = Signed::new();
    let files = [SEGMENT, SECOND_SEGMENT, PACK, CHECKPOINT];
    let tried: u64 = files
        .iter()
        .map(|name| signed.no_change_is_taken(name))
        .sum();
    println!(
        "{tried} changes of one byte to one of {} values found",
        MASKS.len()
    );
}

#[test]
fn every_length_of_every_file_is_found() {
    let signed = Signed::new();
    for name in [SEGMENT, SECOND_SEGMENT, PACK, CHECKPOINT] {
        signed.no_length_is_taken(name);
    }
}
