//! Addresses that may hold a token.

use reqwest::Url;
use secrecy::{ExposeSecret as _, SecretString};

use crate::SecretsError;

/// An https address whose path may hold a token, as those of chat services do. It has no `Debug` and
/// no `Display`, no error tells any part of it, and its memory is wiped when it is dropped.
pub struct Address(SecretString);

impl Address {
    /// Checks an address: https, a host, neither user nor password, no fragment.
    ///
    /// # Errors
    /// [`SecretsError::NotAnAddress`], [`SecretsError::NotHttps`], [`SecretsError::UserInfo`].
    pub fn parse(text: String) -> Result<Self, SecretsError> {
        let text = SecretString::from(text);
        let parsed = Url::parse(text.expose_secret()).map_err(|_| SecretsError::NotAnAddress)?;
        if parsed.scheme() != "https" {
            return Err(SecretsError::NotHttps);
        }
        if !parsed.username().is_empty() || parsed.password().is_some() {
            return Err(SecretsError::UserInfo);
        }
        if !parsed.has_host() || parsed.fragment().is_some() {
            return Err(SecretsError::NotAnAddress);
        }
        Ok(Self(text))
    }

    /// The address with one more part at the end of its path.
    ///
    /// # Errors
    /// [`SecretsError::NotAnAddress`].
    pub fn below(&self, part: &str) -> Result<Self, SecretsError> {
        let mut url = Url::parse(self.as_str()).map_err(|_| SecretsError::NotAnAddress)?;
        let mut path = url
            .path_segments_mut()
            .map_err(|()| SecretsError::NotAnAddress)?;
        path.pop_if_empty().push(part);
        drop(path);
        Ok(Self(SecretString::from(String::from(url))))
    }

    pub(crate) fn as_str(&self) -> &str {
        self.0.expose_secret()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_part_is_put_at_the_end_of_the_path() {
        for (prefix, asked) in [
            ("https://w.example", "https://w.example/add-checkpoint"),
            ("https://w.example/", "https://w.example/add-checkpoint"),
            (
                "https://w.example/a/b",
                "https://w.example/a/b/add-checkpoint",
            ),
            (
                "https://w.example/a/?k=1",
                "https://w.example/a/add-checkpoint?k=1",
            ),
        ] {
            let address = Address::parse(prefix.to_owned()).expect("an address");
            let below = address.below("add-checkpoint").expect("an address");
            assert_eq!(below.as_str(), asked);
        }
    }

    #[test]
    fn only_https_without_credentials_is_an_address() {
        let parse = |text: &str| Address::parse(text.to_owned()).err();
        assert_eq!(parse("https://hooks.example/T0/B1/x?room=9"), None);
        assert_eq!(parse("https://127.0.0.1:8443/"), None);
        assert_eq!(parse("http://hooks.example/"), Some(SecretsError::NotHttps));
        assert_eq!(parse("file:///etc/passwd"), Some(SecretsError::NotHttps));
        assert_eq!(parse("https://me@example/"), Some(SecretsError::UserInfo));
        assert_eq!(parse("https://:x@example/"), Some(SecretsError::UserInfo));
        for text in ["", "hooks.example/x", "https://", "https://a/#b"] {
            assert_eq!(parse(text), Some(SecretsError::NotAnAddress), "{text}");
        }
    }
}
