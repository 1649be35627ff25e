//! A text that must not be seen.

use reqwest::header::HeaderValue;
use secrecy::{ExposeSecret as _, SecretString};

use crate::SecretsError;

/// Bytes of the longest secret that is taken.
const LONGEST: usize = 4_096;

/// A text that must not be seen: visible ASCII, 1 to 4096 bytes. It has no `Debug`, `Display`, `Clone`,
/// `Serialize`, `PartialEq` or `Deref`, only a source makes one, and its memory is wiped when it is dropped.
///
/// ```compile_fail,E0277
/// fn log(secret: &ios012_secrets::Secret) -> String {
///     format!("{secret:?}")
/// }
/// ```
pub struct Secret(SecretString);

impl Secret {
    pub(crate) fn new(text: &str) -> Result<Self, SecretsError> {
        let is_visible = text.bytes().all(|byte| byte.is_ascii_graphic());
        if text.is_empty() || text.len() > LONGEST || !is_visible {
            return Err(SecretsError::NotASecret);
        }
        // From a slice: a string that is made shorter would leave a copy behind.
        Ok(Self(SecretString::from(text)))
    }

    pub(crate) fn from_bytes(bytes: &[u8]) -> Result<Self, SecretsError> {
        let text = std::str::from_utf8(bytes).map_err(|_| SecretsError::NotASecret)?;
        Self::new(text)
    }

    /// The value of a header, marked sensitive, so that its `Debug` is `Sensitive`.
    ///
    /// # Errors
    /// [`SecretsError::NotASecret`].
    pub fn header_value(&self) -> Result<HeaderValue, SecretsError> {
        sensitive(self.as_str())
    }

    pub(crate) fn as_str(&self) -> &str {
        self.0.expose_secret()
    }
}

/// The value of a header, marked sensitive.
pub(crate) fn sensitive(text: &str) -> Result<HeaderValue, SecretsError> {
    let mut value = HeaderValue::from_str(text).map_err(|_| SecretsError::NotASecret)?;
    value.set_sensitive(true);
    Ok(value)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_visible_ascii_is_a_secret() {
        assert!(Secret::new("aB3/+=_-~").is_ok());
        assert!(Secret::new(&"x".repeat(LONGEST)).is_ok());
        let long = "x".repeat(LONGEST + 1);
        for text in ["", " ", "a b", "a\n", "a\0", "\u{e9}", "\u{7f}", &long] {
            assert_eq!(Secret::new(text).err(), Some(SecretsError::NotASecret));
        }
    }

    #[test]
    fn a_header_does_not_show_its_value() {
        let value = Secret::new("CANARY-71").expect("a secret").header_value();
        let value = value.expect("a value");
        assert_eq!(value.as_bytes(), b"CANARY-71");
        assert_eq!(format!("{value:?}"), "Sensitive");
    }
}
