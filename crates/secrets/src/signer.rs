//! Signing with a key that does not leave this crate.

use base64ct::{Base64, Encoding as _};
use ed25519_dalek::{Signer as _, SigningKey};
use hmac::digest::KeyInit as _;
use hmac::{Hmac, Mac as _};
use reqwest::header::HeaderValue;
use secrecy::zeroize::Zeroizing;
use sha2::{Sha256, Sha512};

use crate::secret::sensitive;
use crate::{Secret, SecretsError};

/// How a venue wants its requests signed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "vault", derive(serde::Deserialize))]
#[cfg_attr(feature = "vault", serde(rename_all = "snake_case"))]
pub enum Scheme {
    /// HMAC with SHA-256; the key is the text itself.
    HmacSha256,
    /// HMAC with SHA-512; the key is the text itself.
    HmacSha512,
    /// HMAC with SHA-512; the text is the key in base64.
    HmacSha512Base64,
    /// Ed25519; the text is the seed of 32 bytes in base64.
    Ed25519,
}

/// Signs with a key. It has no `Debug`, `Display`, `Clone`, `Serialize`, `PartialEq` or `Deref`, and its
/// memory is wiped when it is dropped.
pub struct Signer(Key);

enum Key {
    Sha256(Box<Hmac<Sha256>>),
    Sha512(Box<Hmac<Sha512>>),
    Ed25519(Box<SigningKey>),
}

impl Signer {
    /// # Errors
    /// [`SecretsError::SigningKeyForm`].
    pub(crate) fn new(secret: &Secret, scheme: Scheme) -> Result<Self, SecretsError> {
        let text = secret.as_str().as_bytes();
        match scheme {
            Scheme::HmacSha256 => Self::hmac_sha256(text),
            Scheme::HmacSha512 => Self::hmac_sha512(text),
            Scheme::HmacSha512Base64 => Self::hmac_sha512(&decoded(secret)?),
            Scheme::Ed25519 => Self::ed25519(&decoded(secret)?),
        }
    }

    fn hmac_sha256(key: &[u8]) -> Result<Self, SecretsError> {
        let mac = Hmac::new_from_slice(key).map_err(|_| SecretsError::SigningKeyForm)?;
        Ok(Self(Key::Sha256(Box::new(mac))))
    }

    fn hmac_sha512(key: &[u8]) -> Result<Self, SecretsError> {
        let mac = Hmac::new_from_slice(key).map_err(|_| SecretsError::SigningKeyForm)?;
        Ok(Self(Key::Sha512(Box::new(mac))))
    }

    fn ed25519(seed: &[u8]) -> Result<Self, SecretsError> {
        let seed = seed.try_into().map_err(|_| SecretsError::SigningKeyForm)?;
        Ok(Self(Key::Ed25519(Box::new(SigningKey::from_bytes(seed)))))
    }

    /// Signs a message.
    pub fn sign(&self, message: &[u8]) -> Signature {
        let bytes = match &self.0 {
            Key::Sha256(mac) => {
                let mac = mac.as_ref().clone().chain_update(message);
                mac.finalize().into_bytes().to_vec()
            }
            Key::Sha512(mac) => {
                let mac = mac.as_ref().clone().chain_update(message);
                mac.finalize().into_bytes().to_vec()
            }
            Key::Ed25519(key) => key.sign(message).to_bytes().to_vec(),
        };
        Signature(bytes)
    }
}

/// A signature. Whoever sees it may repeat a request, so it has no `Debug` either.
pub struct Signature(Vec<u8>);

impl Signature {
    /// In lower-case hexadecimal digits.
    pub fn hex(&self) -> String {
        base16ct::lower::encode_string(&self.0)
    }

    /// In base64 with padding.
    pub fn base64(&self) -> String {
        Base64::encode_string(&self.0)
    }

    /// A header's value in base64, marked sensitive.
    ///
    /// # Errors
    /// None: base64 always is a header's value.
    pub fn base64_header(&self) -> Result<HeaderValue, SecretsError> {
        sensitive(&self.base64())
    }
}

/// The bytes of a key that stands in base64.
fn decoded(secret: &Secret) -> Result<Zeroizing<Vec<u8>>, SecretsError> {
    let text = secret.as_str();
    let mut bytes = Zeroizing::new(vec![0; text.len()]);
    let decoded = Base64::decode(text, bytes.as_mut_slice()).map(<[u8]>::len);
    let length = decoded.map_err(|_| SecretsError::SigningKeyForm)?;
    bytes.truncate(length);
    if bytes.is_empty() {
        return Err(SecretsError::SigningKeyForm);
    }
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hex(text: &str) -> Vec<u8> {
        base16ct::lower::decode_vec(text).expect("hexadecimal digits")
    }

    /// Key, data, HMAC-SHA-256, HMAC-SHA-512: RFC 4231, test cases 1, 2, 3 and 6.
    #[test]
    fn hmac_gives_what_rfc_4231_says() {
        let cases: [(&[u8], &[u8], &str, &str); 4] = [
            (
                &[0x0b; 20],
                b"Hi There",
                "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7",
                "87aa7cdea5ef619d4ff0b4241a1d6cb02379f4e2ce4ec2787ad0b30545e17cde\
                 daa833b7d6b8a702038b274eaea3f4e4be9d914eeb61f1702e696c203a126854",
            ),
            (
                b"Jefe",
                b"what do ya want for nothing?",
                "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843",
                "164b7a7bfcf819e2e395fbe73b56e0a387bd64222e831fd610270cd7ea250554\
                 9758bf75c05a994a6d034f65f8f0e6fdcaeab1a34d4a6b4b636e070a38bce737",
            ),
            (
                &[0xaa; 20],
                &[0xdd; 50],
                "773ea91e36800e46854db8ebd09181a72959098b3ef8c122d9635514ced565fe",
                "fa73b0089d56a284efb0f0756c890be9b1b5dbdd8ee81a3655f83e33b2279d39\
                 bf3e848279a722c806b485a47e67c807b946a337bee8942674278859e13292fb",
            ),
            (
                &[0xaa; 131],
                b"Test Using Larger Than Block-Size Key - Hash Key First",
                "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54",
                "80b24263c7c1a3ebb71493c1dd7be8b49b46d1f41b4aeec1121b013783f8f352\
                 6b56d037e05f2598bd0fd2215d6a1e5295e64f73f63f0aec8b915a985d786598",
            ),
        ];
        for (key, data, sha256, sha512) in cases {
            let signer = Signer::hmac_sha256(key).expect("a key");
            assert_eq!(signer.sign(data).hex(), sha256);
            let signer = Signer::hmac_sha512(key).expect("a key");
            assert_eq!(signer.sign(data).hex(), sha512);
        }
    }

    /// RFC 8032, section 7.1, tests 1 to 3.
    #[test]
    fn ed25519_gives_what_rfc_8032_says() {
        for (seed, message, signature) in [
            (
                "9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60",
                "",
                "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e06522490155\
                 5fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b",
            ),
            (
                "4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb",
                "72",
                "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da\
                 085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00",
            ),
            (
                "c5aa8df43f9f837bedb7442f31dcb7b166d38535076f094b85ce3a2e0b4458f7",
                "af82",
                "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac\
                 18ff9b538d16f290ae67f760984dc6594a7c15e9716ed28dc027beceea1ec40a",
            ),
        ] {
            let secret = Secret::new(&Base64::encode_string(&hex(seed))).expect("a secret");
            let signer = Signer::new(&secret, Scheme::Ed25519).expect("a key");
            assert_eq!(signer.sign(&hex(message)).hex(), signature);
        }
    }

    #[test]
    fn a_scheme_takes_the_key_in_its_own_form() {
        let sign = |text: &str, scheme| {
            let secret = Secret::new(text).expect("a secret");
            let signer = Signer::new(&secret, scheme)?;
            Ok(signer.sign(b"what do ya want for nothing?").hex())
        };
        let sha512 = sign("Jefe", Scheme::HmacSha512).expect("a key");
        assert!(sha512.starts_with("164b7a7bfcf819e2"));
        assert_eq!(sign("SmVmZQ==", Scheme::HmacSha512Base64), Ok(sha512));
        let sha256 = sign("Jefe", Scheme::HmacSha256).expect("a key");
        assert!(sha256.starts_with("5bdcc146bf60754e"));
        for (text, scheme) in [
            ("Jefe!", Scheme::HmacSha512Base64),
            ("SmVmZQ==", Scheme::Ed25519),
            ("no-base64", Scheme::Ed25519),
        ] {
            assert_eq!(sign(text, scheme), Err(SecretsError::SigningKeyForm));
        }
    }

    #[test]
    fn a_signature_in_a_header_is_not_shown() {
        let signature = Signer::hmac_sha256(b"Jefe").expect("a key").sign(b"");
        let value = signature.base64_header().expect("a value");
        assert_eq!(value.as_bytes(), signature.base64().as_bytes());
        assert_eq!(format!("{value:?}"), "Sensitive");
    }
}
