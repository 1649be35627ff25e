//! Keys of tests: they protect nothing.

use ed25519_dalek::{Signer as _, SigningKey};
use ios012_lineage::checkpoint::{CheckpointSigner, VerifierKey};

/// A key from a number.
pub(crate) struct Key(SigningKey, VerifierKey);

impl Key {
    pub(crate) fn of(name: &str, number: u8) -> Self {
        let key = SigningKey::from_bytes(&[number; 32]);
        let verifier = VerifierKey::new(name, key.verifying_key().to_bytes()).expect("a key");
        Self(key, verifier)
    }
}

impl CheckpointSigner for Key {
    fn key(&self) -> &VerifierKey {
        &self.1
    }

    fn sign(&self, message: &[u8]) -> [u8; 64] {
        self.0.sign(message).to_bytes()
    }
}
