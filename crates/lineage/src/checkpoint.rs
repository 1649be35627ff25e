//! Checkpoints: the size and the root of a ledger's tree, signed (C2SP tlog-checkpoint and
//! signed-note, as Go's `golang.org/x/mod/sumdb/note` reads them).
//!
//! Somebody who keeps one can tell later that the ledger only grew, and that no tail is missing.
//! This crate holds no key: whoever has one is a [`CheckpointSigner`].

mod cosignature;
mod key;
mod note;
mod witness;

use base64ct::{Base64, Encoding as _};
use ed25519_dalek::Signature;

use crate::{Hash, LineageError};
use note::{SignedNote, signature_line};

pub use cosignature::{Cosignature, WitnessKey};
pub use key::VerifierKey;
pub use witness::{ADD_CHECKPOINT, WitnessAnswer, add_checkpoint};

/// Signs checkpoints.
pub trait CheckpointSigner {
    /// The key that verifies them; its name is the origin of the log.
    fn key(&self) -> &VerifierKey;
    /// The Ed25519 signature of some bytes.
    fn sign(&self, message: &[u8]) -> [u8; 64];
}

/// A statement whose signature was verified: the tree of the first records has this root.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Checkpoint {
    size: u64,
    root: Hash,
}

impl Checkpoint {
    /// The text of a checkpoint over so many records.
    pub fn sign(signer: &impl CheckpointSigner, size: u64, root: Hash) -> String {
        let key = signer.key();
        let body = format!("{}\n{size}\n{}\n", key.name(), hash_to_base64(root));
        let signature = signature_line(key.named(), &signer.sign(body.as_bytes()));
        format!("{body}\n{signature}")
    }

    /// Reads a checkpoint that this key has signed. Signatures of other keys are passed over: they may
    /// be those of witnesses.
    ///
    /// # Errors
    /// [`LineageError::Checkpoint`].
    pub fn open(text: &str, key: &VerifierKey) -> Result<Self, LineageError> {
        let note = SignedNote::split(text)?;
        let checkpoint = Self::parse(note.body, key)?;
        let signature = note.signature_of(key.named())?;
        let signature = signature.ok_or(fault("the key has not signed it"))?;
        let signature = Signature::from_slice(&signature);
        let public = key.named().public;
        let is_good = signature
            .and_then(|signature| public.verify_strict(note.body.as_bytes(), &signature))
            .is_ok();
        is_good
            .then_some(checkpoint)
            .ok_or(fault("the signature is not that of the text"))
    }

    fn parse(body: &str, key: &VerifierKey) -> Result<Self, LineageError> {
        let mut lines = body.lines();
        let (Some(origin), Some(size), Some(root), None) =
            (lines.next(), lines.next(), lines.next(), lines.next())
        else {
            return Err(fault("there are three lines: origin, size, root"));
        };
        if origin != key.name() {
            return Err(fault("its origin is not the key's name"));
        }
        let size = counter(size).ok_or(fault("the size is no counter"))?;
        let root = hash_of_base64(root).ok_or(fault("the root is no SHA-256 in base64"))?;
        Ok(Self { size, root })
    }

    /// Records that it covers.
    pub const fn size(&self) -> u64 {
        self.size
    }

    /// The root of their tree.
    pub const fn root(&self) -> Hash {
        self.root
    }
}

/// A number of digits without a leading zero.
pub(crate) fn counter(text: &str) -> Option<u64> {
    let counted: u64 = text.parse().ok()?;
    (counted.to_string() == text).then_some(counted)
}

pub(crate) fn hash_to_base64(hash: Hash) -> String {
    Base64::encode_string(hash.as_bytes())
}

/// Takes [`hash_to_base64`] and nothing else.
pub(crate) fn hash_of_base64(text: &str) -> Option<Hash> {
    let mut bytes = [0; 32];
    let decoded = Base64::decode(text, &mut bytes).map(<[u8]>::len);
    (decoded == Ok(bytes.len())).then_some(Hash::from_bytes(bytes))
}

const fn fault(rule: &'static str) -> LineageError {
    LineageError::Checkpoint { rule }
}
