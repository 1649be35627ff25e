//! SHA-256 digests and their text.

use std::fmt;
use std::str::FromStr;

use sha2::{Digest, Sha256};

use crate::LineageError;

/// A SHA-256 digest. Its text is 64 lower-case hexadecimal digits.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Hash([u8; 32]);

impl Hash {
    /// What `prev` holds in the first record: 64 zeros.
    pub const ZERO: Self = Self([0; 32]);

    /// A digest that stood somewhere as bytes.
    pub const fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// The digest's bytes.
    pub const fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }

    /// The digest as 64 lower-case hexadecimal ASCII bytes.
    pub fn to_hex(self) -> [u8; 64] {
        let mut text = [b'0'; 64];
        // The buffer has the exact length, so encoding cannot fail.
        let _ = base16ct::lower::encode(&self.0, &mut text);
        text
    }

    /// Appends the digest's text.
    pub fn write_to(self, out: &mut String) {
        let mut text = [0; 64];
        // The buffer has the exact length, so encoding cannot fail.
        out.push_str(base16ct::lower::encode_str(&self.0, &mut text).unwrap_or_default());
    }
}

/// The SHA-256 digest of some bytes.
pub fn sha256(bytes: &[u8]) -> Hash {
    Hash(Sha256::digest(bytes).into())
}

/// The SHA-256 digest of parts, one after another.
pub(crate) fn sha256_of(parts: &[&[u8]]) -> Hash {
    let mut digest = Sha256::new();
    for part in parts {
        digest.update(part);
    }
    Hash(digest.finalize().into())
}

impl FromStr for Hash {
    type Err = LineageError;

    fn from_str(text: &str) -> Result<Self, LineageError> {
        let mut bytes = [0; 32];
        let decoded = base16ct::lower::decode(text.as_bytes(), &mut bytes).map(<[u8]>::len);
        if decoded == Ok(bytes.len()) {
            Ok(Self(bytes))
        } else {
            Err(LineageError::HashGrammar)
        }
    }
}

impl fmt::Display for Hash {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.pad(std::str::from_utf8(&self.to_hex()).map_err(|_| fmt::Error)?)
    }
}

impl fmt::Debug for Hash {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "Hash({self})")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// FIPS 180-4 example values.
    #[test]
    fn agrees_with_the_published_vectors() {
        let abc = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
        assert_eq!(sha256(b"abc").to_string(), abc);
        assert_eq!(abc.parse::<Hash>().ok(), Some(sha256(b"abc")));
    }

    #[test]
    fn refuses_every_other_text() {
        let abc = sha256(b"abc").to_string();
        for text in [
            &abc[1..],
            &abc.to_uppercase(),
            &format!("{abc}0"),
            "",
            &abc.replace('b', "g"),
        ] {
            assert!(text.parse::<Hash>().is_err(), "{text:?} was taken");
        }
    }

    /// Errors and failed tests show a hash by the text that the ledger has.
    #[test]
    fn a_hash_is_shown_as_the_ledger_writes_it() {
        let text = "0123456789abcdef".repeat(4);
        let hash: Hash = text.parse().expect("a hash");
        assert_eq!(format!("{hash} {hash:?}"), format!("{text} Hash({text})"));
    }
}
