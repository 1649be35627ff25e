//! A version of a key as its source has it.

use std::collections::BTreeMap;

use ios012_core::UtcTime;

use crate::{Credential, Purpose, Scheme, Secret, SecretsError};

/// A version of a key, with what its source says of it. It has no `Debug`.
pub struct Stored {
    pub(crate) api_key: Secret,
    pub(crate) api_secret: Secret,
    pub(crate) version: u64,
    pub(crate) created: UtcTime,
    pub(crate) metadata: BTreeMap<String, String>,
}

/// What the custom metadata say, all three or none.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Documented<'stored> {
    pub(crate) issued_at: UtcTime,
    pub(crate) max_age_s: i64,
    pub(crate) key_id: &'stored str,
}

impl Stored {
    /// Number of the version.
    pub fn version(&self) -> u64 {
        self.version
    }

    /// When the version was written, by the server's clock.
    pub fn created(&self) -> UtcTime {
        self.created
    }

    /// When the venue issued the key, as its metadata say.
    ///
    /// # Errors
    /// [`SecretsError::KeyUndocumented`].
    pub fn issued_at(&self) -> Result<Option<UtcTime>, SecretsError> {
        Ok(self.documented()?.map(|it| it.issued_at))
    }

    /// The credential, for calls of one purpose.
    pub(crate) fn into_credential<P: Purpose>(
        self,
        scheme: Scheme,
    ) -> Result<Credential<P>, SecretsError> {
        Credential::new(self.api_key, &self.api_secret, scheme)
    }

    pub(crate) fn documented(&self) -> Result<Option<Documented<'_>>, SecretsError> {
        let member = |name| self.metadata.get(name).map(String::as_str);
        let (issued_at, max_age, key_id) =
            (member("issued_at"), member("max_age"), member("key_id"));
        if issued_at.is_none() && max_age.is_none() && key_id.is_none() {
            return Ok(None);
        }
        let wrong = |member| SecretsError::KeyUndocumented { member };
        let max_age_s: Option<u32> = max_age.and_then(|text| text.parse().ok());
        Ok(Some(Documented {
            issued_at: issued_at.and_then(time).ok_or(wrong("issued_at"))?,
            max_age_s: max_age_s.map(i64::from).ok_or(wrong("max_age"))?,
            key_id: key_id.filter(|id| !id.is_empty()).ok_or(wrong("key_id"))?,
        }))
    }
}

/// A time as RFC 3339 writes it, to the millisecond.
pub(crate) fn time(text: &str) -> Option<UtcTime> {
    let time: jiff::Timestamp = text.parse().ok()?;
    UtcTime::from_unix_milliseconds(time.as_millisecond()).ok()
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    pub(crate) const DAY_S: u32 = 86_400;

    /// So many seconds after the beginning of 2026.
    pub(crate) fn at(seconds: i64) -> UtcTime {
        let start = UtcTime::from_date("2026-01-01").expect("a date");
        start
            .checked_add_milliseconds(seconds * 1_000)
            .expect("a time")
    }

    pub(crate) fn stored(
        version: u64,
        secret: &str,
        created: UtcTime,
        members: &[(&str, &str)],
    ) -> Stored {
        let metadata = members
            .iter()
            .map(|(name, text)| ((*name).to_owned(), (*text).to_owned()));
        Stored {
            api_key: Secret::new(&format!("name-of-{secret}")).expect("a secret"),
            api_secret: Secret::new(secret).expect("a secret"),
            version,
            created,
            metadata: metadata.collect(),
        }
    }

    /// Version 1 of a key whose id is its text, issued so many seconds after the beginning of 2026.
    pub(crate) fn documented(secret: &str, issued_s: i64, max_age_s: u32) -> Stored {
        documented_version(1, secret, issued_s, max_age_s)
    }

    pub(crate) fn documented_version(
        version: u64,
        secret: &str,
        issued_s: i64,
        max_age_s: u32,
    ) -> Stored {
        let issued_at = at(issued_s);
        let members = [
            ("issued_at", issued_at.to_string()),
            ("max_age", max_age_s.to_string()),
            ("key_id", secret.to_owned()),
        ];
        let members: Vec<_> = members
            .iter()
            .map(|(name, text)| (*name, text.as_str()))
            .collect();
        stored(version, secret, issued_at.min(at(0)), &members)
    }

    #[test]
    fn a_time_of_the_server_has_nanoseconds() {
        assert_eq!(time("2026-01-01T00:00:01.000999999Z"), Some(at(1)));
        assert_eq!(time("2026-01-01T02:00:01+02:00"), Some(at(1)));
        for text in ["", "2026-01-01", "1767225601", "2026-13-01T00:00:00Z"] {
            assert_eq!(time(text), None, "{text}");
        }
    }
}
