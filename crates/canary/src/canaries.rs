//! The values that no output may hold.

use std::fmt;

use crate::CanaryError;

/// The characters of a fresh canary.
const ALPHABET: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

/// Bytes from here on are drawn again, so that each character is as likely as any other: 4 * 62.
const REJECTED: u8 = 248;

/// The characters of a fresh canary.
const LENGTH: usize = 64;

/// A value from outside has at least so many bytes: a shorter one might be in an output by chance.
pub const SHORTEST: usize = 16;

/// And at most so many, which bounds the memory of the patterns.
pub const LONGEST: usize = 4096;

/// What a secret is for. It names a finding, since the value may not be shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Kind {
    /// A token of the secrets' server.
    VaultToken,
    /// The name of an application with the secrets' server.
    RoleId,
    /// The password of an application with the secrets' server.
    SecretId,
    /// A token that unwraps one answer, once.
    WrappingToken,
    /// The public half of a venue's key.
    ApiKey,
    /// The secret half of a venue's key.
    ApiSecret,
    /// A value of an environment variable.
    EnvironmentValue,
    /// A private key that signs.
    SigningKey,
    /// Any other, by its name.
    Named(&'static str),
}

impl Kind {
    /// Those that have a name of their own.
    pub const ALL: [Self; 8] = [
        Self::VaultToken,
        Self::RoleId,
        Self::SecretId,
        Self::WrappingToken,
        Self::ApiKey,
        Self::ApiSecret,
        Self::EnvironmentValue,
        Self::SigningKey,
    ];

    /// The name in evidence and in errors.
    pub fn name(self) -> &'static str {
        match self {
            Self::VaultToken => "vault_token",
            Self::RoleId => "role_id",
            Self::SecretId => "secret_id",
            Self::WrappingToken => "wrapping_token",
            Self::ApiKey => "api_key",
            Self::ApiSecret => "api_secret",
            Self::EnvironmentValue => "environment_value",
            Self::SigningKey => "signing_key",
            Self::Named(name) => name,
        }
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(self.name())
    }
}

/// The canaries of one run. They cannot be shown, copied or compared.
///
/// ```compile_fail
/// let canaries = ios012_canary::Canaries::new().unwrap();
/// println!("{canaries:?}");
/// ```
pub struct Canaries {
    planted: Vec<Canary>,
}

pub(crate) struct Canary {
    pub(crate) kind: Kind,
    pub(crate) value: Vec<u8>,
}

impl Canaries {
    /// A fresh canary of each of [`Kind::ALL`].
    ///
    /// # Errors
    /// If the system gives no random bytes.
    pub fn new() -> Result<Self, CanaryError> {
        let mut canaries = Self::none();
        for kind in Kind::ALL {
            canaries.plant(kind)?;
        }
        Ok(canaries)
    }

    /// No canary yet.
    pub fn none() -> Self {
        Self {
            planted: Vec::new(),
        }
    }

    /// Adds a fresh random canary of 64 letters and digits. A kind may have several.
    ///
    /// # Errors
    /// If the system gives no random bytes.
    pub fn plant(&mut self, kind: Kind) -> Result<(), CanaryError> {
        let value = random_text()?;
        self.planted.push(Canary { kind, value });
        Ok(())
    }

    /// Adds a value that came from outside, as a token that a server gave. It should be random: a value that
    /// outputs hold by chance is found there.
    ///
    /// # Errors
    /// If it is shorter than [`SHORTEST`] or longer than [`LONGEST`].
    pub fn add(&mut self, kind: Kind, value: &[u8]) -> Result<(), CanaryError> {
        let length = value.len();
        if !(SHORTEST..=LONGEST).contains(&length) {
            return Err(CanaryError::Length { kind, length });
        }
        let value = value.to_vec();
        self.planted.push(Canary { kind, value });
        Ok(())
    }

    /// The first canary of a kind, to give it to the program that must keep it.
    ///
    /// # Errors
    /// If there is none.
    pub fn bytes(&self, kind: Kind) -> Result<&[u8], CanaryError> {
        let first = self.planted.iter().find(|canary| canary.kind == kind);
        first
            .map(|canary| canary.value.as_slice())
            .ok_or(CanaryError::NotPlanted { kind })
    }

    /// The same as text.
    ///
    /// # Errors
    /// If there is none, or it is no text.
    pub fn text(&self, kind: Kind) -> Result<&str, CanaryError> {
        str::from_utf8(self.bytes(kind)?).map_err(|_| CanaryError::NotText { kind })
    }

    pub(crate) fn all(&self) -> &[Canary] {
        &self.planted
    }
}

fn random_text() -> Result<Vec<u8>, CanaryError> {
    let mut text = Vec::with_capacity(LENGTH);
    while text.len() < LENGTH {
        let mut random = [0; LENGTH];
        getrandom::fill(&mut random).map_err(CanaryError::Random)?;
        let kept = random.iter().filter(|byte| **byte < REJECTED);
        let characters = kept.filter_map(|byte| ALPHABET.get(usize::from(byte % 62)));
        let missing = LENGTH - text.len();
        text.extend(characters.take(missing));
    }
    Ok(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_run_has_other_canaries() {
        let (one, other) = (Canaries::new().unwrap(), Canaries::new().unwrap());
        let mut values: Vec<&[u8]> = Vec::new();
        for canary in one.all().iter().chain(other.all()) {
            assert_eq!(canary.value.len(), 64);
            assert!(canary.value.iter().all(u8::is_ascii_alphanumeric));
            values.push(&canary.value);
        }
        values.sort_unstable();
        values.dedup();
        assert_eq!(values.len(), 2 * Kind::ALL.len());
    }

    #[test]
    fn every_character_is_drawn() {
        let mut canaries = Canaries::none();
        for _ in 0..100 {
            canaries.plant(Kind::ApiKey).unwrap();
        }
        // One of 62 is missing in 6,400 with a chance below 1 in 10^43.
        for character in ALPHABET {
            assert!(
                canaries
                    .all()
                    .iter()
                    .any(|canary| canary.value.contains(character))
            );
        }
    }

    #[test]
    fn a_short_or_a_long_value_is_refused() {
        let mut canaries = Canaries::none();
        for length in [0, 15, 4097] {
            let refused = canaries.add(Kind::VaultToken, &vec![b'x'; length]);
            assert!(
                matches!(refused, Err(CanaryError::Length { length: told, .. }) if told == length)
            );
        }
        for length in [16, 4096] {
            canaries.add(Kind::VaultToken, &vec![b'x'; length]).unwrap();
        }
        assert!(matches!(
            canaries.bytes(Kind::ApiKey),
            Err(CanaryError::NotPlanted { .. })
        ));
    }
}
