//! Public keys under a name. Their text is `NAME+ID+KEY`, as Go's `note.NewVerifier` takes it.

use std::fmt;
use std::str::FromStr;

use base64ct::{Base64, Encoding as _};
use ed25519_dalek::VerifyingKey;

use super::fault;
use crate::LineageError;
use crate::hash::sha256_of;

/// The kind of a log's key: Ed25519.
const ED25519: u8 = 1;

/// The public key of a log. Its name is the origin of its checkpoints.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VerifierKey(NamedKey);

impl VerifierKey {
    /// A key under a name: printable ASCII without a plus or a space, such as
    /// `fund.example/portfolio`.
    ///
    /// # Errors
    /// [`LineageError::Checkpoint`].
    pub fn new(name: &str, public: [u8; 32]) -> Result<Self, LineageError> {
        NamedKey::new(ED25519, name, public).map(Self)
    }

    /// The name, which is the origin of its checkpoints.
    pub fn name(&self) -> &str {
        &self.0.name
    }

    /// The first four bytes of the SHA-256 of name and key, in hexadecimal.
    pub fn id(&self) -> String {
        self.0.id_text()
    }

    pub(super) const fn named(&self) -> &NamedKey {
        &self.0
    }
}

impl FromStr for VerifierKey {
    type Err = LineageError;

    fn from_str(text: &str) -> Result<Self, LineageError> {
        NamedKey::parse(ED25519, text).map(Self)
    }
}

impl fmt::Display for VerifierKey {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.write(ED25519, formatter)
    }
}

/// A public Ed25519 key with its name and its id, which tells kinds of keys apart.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct NamedKey {
    pub(super) name: String,
    pub(super) id: [u8; 4],
    pub(super) public: VerifyingKey,
}

impl NamedKey {
    pub(super) fn new(kind: u8, name: &str, public: [u8; 32]) -> Result<Self, LineageError> {
        let is_name = |byte: u8| byte.is_ascii_graphic() && byte != b'+';
        if name.is_empty() || name.len() > 200 || !name.bytes().all(is_name) {
            return Err(fault("a key's name is printable ASCII without + and space"));
        }
        let verifying = VerifyingKey::from_bytes(&public);
        let hash = sha256_of(&[name.as_bytes(), b"\n", &[kind], &public]);
        let [first, second, third, fourth, ..] = *hash.as_bytes();
        Ok(Self {
            name: name.to_owned(),
            id: [first, second, third, fourth],
            public: verifying.map_err(|_| fault("the key is no Ed25519 key"))?,
        })
    }

    pub(super) fn parse(kind: u8, text: &str) -> Result<Self, LineageError> {
        let form = || fault("a verifier key is NAME+ID+KEY");
        let mut parts = text.splitn(3, '+');
        let (Some(name), Some(id), Some(key)) = (parts.next(), parts.next(), parts.next()) else {
            return Err(form());
        };
        let mut bytes = [0; 33];
        let decoded = Base64::decode(key, &mut bytes).map(<[u8]>::len);
        if decoded != Ok(bytes.len()) {
            return Err(form());
        }
        let [found, public @ ..] = bytes;
        if found != kind {
            return Err(fault(if kind == ED25519 {
                "the key is no Ed25519 key"
            } else {
                "the key is no Ed25519 key of a witness"
            }));
        }
        let key = Self::new(kind, name, public)?;
        let is_its_id = id == key.id_text();
        is_its_id
            .then_some(key)
            .ok_or(fault("the id is not that of name and key"))
    }

    fn id_text(&self) -> String {
        base16ct::lower::encode_string(&self.id)
    }

    pub(super) fn write(&self, kind: u8, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut bytes = vec![kind];
        bytes.extend(self.public.as_bytes());
        let key = Base64::encode_string(&bytes);
        write!(formatter, "{}+{}+{key}", self.name, self.id_text())
    }
}
