//! Checkpoints: the size and the root of a ledger's tree, signed (C2SP tlog-checkpoint and
//! signed-note, as Go's `golang.org/x/mod/sumdb/note` reads them).
//!
//! Somebody who keeps one can tell later that the ledger only grew, and that no tail is missing.
//! This crate holds no key: whoever has one is a [`CheckpointSigner`].

use std::fmt;
use std::str::FromStr;

use base64ct::{Base64, Encoding as _};
use ed25519_dalek::{Signature, VerifyingKey};

use crate::hash::sha256_of;
use crate::{Hash, LineageError};

/// What begins a line with a signature: a dash and a space.
const SIGNATURE: &str = "\u{2014} ";
/// The kind of key and signature: Ed25519.
const ED25519: u8 = 1;

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
        let root = Base64::encode_string(root.as_bytes());
        let body = format!("{}\n{size}\n{root}\n", key.name);
        let mut signed = key.id.to_vec();
        signed.extend(signer.sign(body.as_bytes()));
        let signature = Base64::encode_string(&signed);
        format!("{body}\n{SIGNATURE}{} {signature}\n", key.name)
    }

    /// Reads a checkpoint that this key has signed. Signatures of other keys are passed over: they may
    /// be those of witnesses.
    ///
    /// # Errors
    /// [`LineageError::Checkpoint`].
    pub fn open(text: &str, key: &VerifierKey) -> Result<Self, LineageError> {
        let end = text.rfind("\n\n").ok_or(fault("there is no signature"))?;
        let (body, signatures) = text.split_at(end + 1);
        let checkpoint = Self::parse(body, key)?;
        let lines = signatures
            .strip_prefix('\n')
            .and_then(|lines| lines.strip_suffix('\n'))
            .ok_or(fault("the last line does not end"))?;
        let mut of_key = None;
        for line in lines.split('\n') {
            let (name, signed) = signature_of(line)?;
            let (id, signature) = signed.split_at(signed.len().min(key.id.len()));
            if name == key.name && id == key.id && of_key.replace(signature.to_vec()).is_some() {
                return Err(fault("the key has signed twice"));
            }
        }
        let signature = of_key.ok_or(fault("the key has not signed it"))?;
        let signature = Signature::from_slice(&signature);
        let is_good = signature
            .and_then(|signature| key.public.verify_strict(body.as_bytes(), &signature))
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
        if origin != key.name {
            return Err(fault("its origin is not the key's name"));
        }
        let counted: u64 = size.parse().map_err(|_| fault("the size is no counter"))?;
        if counted.to_string() != size {
            return Err(fault("the size is no counter"));
        }
        let mut bytes = [0; 32];
        let decoded = Base64::decode(root, &mut bytes).map(<[u8]>::len);
        if decoded != Ok(bytes.len()) {
            return Err(fault("the root is no SHA-256 in base64"));
        }
        Ok(Self {
            size: counted,
            root: Hash::from_bytes(bytes),
        })
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

/// The name and the bytes of a signature line.
fn signature_of(line: &str) -> Result<(&str, Vec<u8>), LineageError> {
    let form = fault("a signature line is a dash, a name and base64");
    let Some((name, signed)) = line
        .strip_prefix(SIGNATURE)
        .and_then(|rest| rest.split_once(' '))
    else {
        return Err(form);
    };
    let signed = Base64::decode_vec(signed).map_err(|_| form)?;
    Ok((name, signed))
}

/// A public key with the name of its log. Its text is `NAME+ID+KEY`, as Go's `note.NewVerifier`
/// takes it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VerifierKey {
    name: String,
    id: [u8; 4],
    public: VerifyingKey,
}

impl VerifierKey {
    /// A key under a name: printable ASCII without a plus or a space, such as
    /// `fund.example/portfolio`.
    ///
    /// # Errors
    /// [`LineageError::Checkpoint`].
    pub fn new(name: &str, public: [u8; 32]) -> Result<Self, LineageError> {
        let is_name = |byte: u8| byte.is_ascii_graphic() && byte != b'+';
        if name.is_empty() || name.len() > 200 || !name.bytes().all(is_name) {
            return Err(fault("a key's name is printable ASCII without + and space"));
        }
        let verifying = VerifyingKey::from_bytes(&public);
        let hash = sha256_of(&[name.as_bytes(), b"\n", &[ED25519], &public]);
        let [first, second, third, fourth, ..] = *hash.as_bytes();
        Ok(Self {
            name: name.to_owned(),
            id: [first, second, third, fourth],
            public: verifying.map_err(|_| fault("the key is no Ed25519 key"))?,
        })
    }

    /// The name, which is the origin of its checkpoints.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The first four bytes of the SHA-256 of name and key, in hexadecimal.
    pub fn id(&self) -> String {
        base16ct::lower::encode_string(&self.id)
    }
}

impl FromStr for VerifierKey {
    type Err = LineageError;

    fn from_str(text: &str) -> Result<Self, LineageError> {
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
        let [ED25519, public @ ..] = bytes else {
            return Err(fault("the key is no Ed25519 key"));
        };
        let key = Self::new(name, public)?;
        let is_its_id = id == key.id();
        is_its_id
            .then_some(key)
            .ok_or(fault("the id is not that of name and key"))
    }
}

impl fmt::Display for VerifierKey {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut bytes = vec![ED25519];
        bytes.extend(self.public.as_bytes());
        let key = Base64::encode_string(&bytes);
        write!(formatter, "{}+{}+{key}", self.name, self.id())
    }
}

const fn fault(rule: &'static str) -> LineageError {
    LineageError::Checkpoint { rule }
}
