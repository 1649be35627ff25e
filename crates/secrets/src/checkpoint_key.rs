//! The key that signs checkpoints.

use std::fs::{self, OpenOptions};
use std::io::Write as _;
use std::os::unix::fs::{OpenOptionsExt as _, PermissionsExt as _};
use std::path::Path;

use base64ct::{Base64, Encoding as _};
use ed25519_dalek::{Signer as _, SigningKey};
use ios012_lineage::{CheckpointSigner, VerifierKey};
use rustls::crypto::ring;
use secrecy::zeroize::Zeroizing;

use crate::SecretsError;

/// What a file begins with, as Go's `note.NewSigner` takes it.
const BEGIN: &str = "PRIVATE+KEY+";
/// The kind of key: Ed25519.
const ED25519: u8 = 1;
/// A longer file is no key.
const LONGEST: u64 = 1_024;

/// An Ed25519 key with the name of its log, from a file that nobody but its owner can read. It has no
/// `Debug`, and its memory is wiped when it is dropped. For paper portfolios: a live one takes its
/// keys from Vault.
pub struct CheckpointKey {
    key: SigningKey,
    verifier: VerifierKey,
}

impl CheckpointKey {
    /// Makes a key and its file, which must not exist. The name must be printable ASCII without a plus.
    ///
    /// # Errors
    /// [`SecretsError::KeyExists`], [`SecretsError::KeyForm`], [`SecretsError::Io`],
    /// [`SecretsError::NoRandomness`].
    pub fn create(path: &Path, name: &str) -> Result<Self, SecretsError> {
        let mut seed = Zeroizing::new([0; 32]);
        let random = ring::default_provider().secure_random;
        let filled = random.fill(seed.as_mut_slice());
        filled.map_err(|_| SecretsError::NoRandomness)?;
        let made = Self::new(name, &seed).ok_or(SecretsError::KeyForm)?;
        let text = made.to_text(&seed);
        let mut options = OpenOptions::new();
        let mut file = options
            .write(true)
            .create_new(true)
            .mode(0o600)
            .open(path)
            .map_err(|error| match error.kind() {
                std::io::ErrorKind::AlreadyExists => SecretsError::KeyExists,
                kind => SecretsError::Io { kind },
            })?;
        let written = file
            .write_all(text.as_bytes())
            .and_then(|()| file.sync_all());
        written.map_err(|error| SecretsError::Io { kind: error.kind() })?;
        Ok(made)
    }

    /// Reads a key's file.
    ///
    /// # Errors
    /// [`SecretsError::Io`], [`SecretsError::KeyOpenToOthers`], [`SecretsError::KeyForm`].
    pub fn read(path: &Path) -> Result<Self, SecretsError> {
        let io = |error: std::io::Error| SecretsError::Io { kind: error.kind() };
        let metadata = fs::metadata(path).map_err(io)?;
        if metadata.permissions().mode() & 0o077 != 0 {
            return Err(SecretsError::KeyOpenToOthers);
        }
        if !metadata.is_file() || metadata.len() > LONGEST {
            return Err(SecretsError::KeyForm);
        }
        let bytes = Zeroizing::new(fs::read(path).map_err(io)?);
        let text = std::str::from_utf8(&bytes).map_err(|_| SecretsError::KeyForm)?;
        Self::parse(text).ok_or(SecretsError::KeyForm)
    }

    fn parse(text: &str) -> Option<Self> {
        let rest = text.strip_suffix('\n').unwrap_or(text);
        let mut parts = rest.strip_prefix(BEGIN)?.splitn(3, '+');
        let (name, id, key) = (parts.next()?, parts.next()?, parts.next()?);
        let mut bytes = Zeroizing::new([0; 33]);
        let decoded = Base64::decode(key, bytes.as_mut_slice()).map(<[u8]>::len);
        let [ED25519, ref seed @ ..] = *bytes else {
            return None;
        };
        let read = Self::new(name, seed)?;
        let is_good = decoded == Ok(bytes.len()) && id == read.verifier.id();
        is_good.then_some(read)
    }

    /// None if the name is not one of a log.
    fn new(name: &str, seed: &[u8; 32]) -> Option<Self> {
        let key = SigningKey::from_bytes(seed);
        let verifier = VerifierKey::new(name, key.verifying_key().to_bytes()).ok()?;
        Some(Self { key, verifier })
    }

    fn to_text(&self, seed: &[u8; 32]) -> Zeroizing<String> {
        let mut bytes = Zeroizing::new([ED25519; 33]);
        for (place, byte) in bytes.iter_mut().skip(1).zip(seed) {
            *place = *byte;
        }
        let key = Zeroizing::new(Base64::encode_string(bytes.as_slice()));
        let (name, id) = (self.verifier.name(), self.verifier.id());
        Zeroizing::new(format!("{BEGIN}{name}+{id}+{}\n", *key))
    }
}

impl CheckpointSigner for CheckpointKey {
    fn key(&self) -> &VerifierKey {
        &self.verifier
    }

    fn sign(&self, message: &[u8]) -> [u8; 64] {
        self.key.sign(message).to_bytes()
    }
}
