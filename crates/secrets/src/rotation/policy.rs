//! How old a key may get.

use ios012_core::UtcTime;
use serde::Deserialize;

use super::Stored;
use crate::SecretsError;
use crate::vault::must;

/// Milliseconds by which a server's clock may be ahead of ours.
const SKEW_MS: i64 = 60_000;

/// How old a key may get (seed, section 8: rotation according to policy).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RotationPolicy {
    /// At this age a key sends no new order.
    pub max_age_s: u32,
    /// From this age on a new key is asked for.
    pub warn_at_s: u32,
    /// So long two generations are held side by side after a change, and so long before the end the warning comes.
    pub min_overlap_s: u32,
    /// Whether a key without `issued_at`, `max_age` and `key_id` is refused. Without them a key's age is that of its
    /// version, and a key that is written again looks young.
    pub require_metadata: bool,
}

impl RotationPolicy {
    /// Refuses a policy that leaves no time for a change.
    ///
    /// # Errors
    /// [`SecretsError::SettingsValue`].
    pub fn check(&self) -> Result<(), SecretsError> {
        let age = "keys.policy.max_age_s";
        must(self.max_age_s > 0, age, "must be above 0")?;
        let warned = self.warn_at_s.checked_add(self.min_overlap_s);
        must(
            warned.is_some_and(|end| end <= self.max_age_s),
            "keys.policy.warn_at_s",
            "must leave min_overlap_s before max_age_s",
        )
    }

    /// From when to when a key may be used. The shorter of the policy's maximum and the key's documented one holds.
    ///
    /// # Errors
    /// [`SecretsError::KeyUndocumented`], [`SecretsError::KeyFromFuture`].
    pub fn term_of(&self, key: &Stored, now: UtcTime) -> Result<Term, SecretsError> {
        let documented = key.documented()?;
        if documented.is_none() && self.require_metadata {
            let member = "issued_at, max_age and key_id";
            return Err(SecretsError::KeyUndocumented { member });
        }
        // A version that is written in the future would look young for ever.
        if milliseconds(key.created(), now) < -SKEW_MS {
            return Err(SecretsError::KeyFromFuture);
        }
        let policy = i64::from(self.max_age_s);
        let max_age_s = documented.map_or(policy, |it| policy.min(it.max_age_s));
        let latest_warning_s = max_age_s.saturating_sub(i64::from(self.min_overlap_s));
        let term = Term {
            issued_at: documented.map_or(key.created(), |it| it.issued_at),
            max_age_s,
            warn_at_s: i64::from(self.warn_at_s).min(latest_warning_s),
        };
        match term.verdict(now) {
            Verdict::FromFuture => Err(SecretsError::KeyFromFuture),
            _ => Ok(term),
        }
    }

    /// Milliseconds for which two generations are held side by side.
    pub(super) fn overlap_ms(&self) -> i64 {
        i64::from(self.min_overlap_s) * 1_000
    }
}

/// From when to when a key may be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Term {
    issued_at: UtcTime,
    max_age_s: i64,
    warn_at_s: i64,
}

impl Term {
    /// How the key stands at a time.
    pub fn verdict(&self, now: UtcTime) -> Verdict {
        let age_ms = milliseconds(self.issued_at, now);
        let age_s = age_ms.div_euclid(1_000).max(0);
        let left_s = self.max_age_s - age_s;
        if age_ms < -SKEW_MS {
            Verdict::FromFuture
        } else if left_s <= 0 {
            let max_age_s = self.max_age_s;
            Verdict::TooOld { age_s, max_age_s }
        } else if age_s >= self.warn_at_s {
            Verdict::Due { age_s, left_s }
        } else {
            Verdict::Young { age_s, left_s }
        }
    }
}

/// How a key stands at a time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// It may be used.
    Young {
        /// Its age.
        age_s: i64,
        /// Seconds until it sends no new order.
        left_s: i64,
    },
    /// It may be used, and a new one is due.
    Due {
        /// Its age.
        age_s: i64,
        /// Seconds until it sends no new order.
        left_s: i64,
    },
    /// It sends no new order.
    TooOld {
        /// Its age.
        age_s: i64,
        /// The age at which it ended.
        max_age_s: i64,
    },
    /// It was issued in the future, so one of the clocks is wrong: it sends no new order.
    FromFuture,
}

/// Milliseconds from one time to another; both are of the years 1 to 9999, so nothing overflows.
fn milliseconds(from: UtcTime, to: UtcTime) -> i64 {
    to.unix_milliseconds() - from.unix_milliseconds()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rotation::stored::tests::{DAY_S, at, documented, stored};

    const POLICY: RotationPolicy = RotationPolicy {
        max_age_s: 90 * DAY_S,
        warn_at_s: 80 * DAY_S,
        min_overlap_s: DAY_S,
        require_metadata: true,
    };

    #[test]
    fn a_key_is_young_then_due_then_too_old() {
        let key = documented("one", 0, 365 * DAY_S);
        let term = POLICY.term_of(&key, at(0)).expect("a term");
        let day = i64::from(DAY_S);
        for (now_s, verdict) in [
            (
                0,
                Verdict::Young {
                    age_s: 0,
                    left_s: 90 * day,
                },
            ),
            (
                80 * day - 1,
                Verdict::Young {
                    age_s: 80 * day - 1,
                    left_s: 10 * day + 1,
                },
            ),
            (
                80 * day,
                Verdict::Due {
                    age_s: 80 * day,
                    left_s: 10 * day,
                },
            ),
            (
                90 * day - 1,
                Verdict::Due {
                    age_s: 90 * day - 1,
                    left_s: 1,
                },
            ),
            (
                90 * day,
                Verdict::TooOld {
                    age_s: 90 * day,
                    max_age_s: 90 * day,
                },
            ),
            (
                -60,
                Verdict::Young {
                    age_s: 0,
                    left_s: 90 * day,
                },
            ),
            (-61, Verdict::FromFuture),
        ] {
            assert_eq!(term.verdict(at(now_s)), verdict, "{now_s}");
        }
    }

    #[test]
    fn the_documented_maximum_holds_if_it_is_shorter() {
        let key = documented("one", 0, 10 * DAY_S);
        let term = POLICY.term_of(&key, at(0)).expect("a term");
        let day = i64::from(DAY_S);
        let due = Verdict::Due {
            age_s: 9 * day,
            left_s: day,
        };
        assert_eq!(term.verdict(at(9 * day)), due);
        let ended = Verdict::TooOld {
            age_s: 10 * day,
            max_age_s: 10 * day,
        };
        assert_eq!(term.verdict(at(10 * day)), ended);
    }

    #[test]
    fn a_key_without_documents_has_the_age_of_its_version() {
        let key = stored(1, "one", at(0), &[]);
        let refused = POLICY.term_of(&key, at(0)).err();
        let member = "issued_at, max_age and key_id";
        assert_eq!(refused, Some(SecretsError::KeyUndocumented { member }));
        let lenient = RotationPolicy {
            require_metadata: false,
            ..POLICY
        };
        let term = lenient.term_of(&key, at(5)).expect("a term");
        let left_s = 90 * i64::from(DAY_S) - 5;
        assert_eq!(term.verdict(at(5)), Verdict::Young { age_s: 5, left_s });
    }

    #[test]
    fn half_a_document_is_none() {
        let whole = [
            ("issued_at", "2026-01-01T00:00:00Z"),
            ("max_age", "100"),
            ("key_id", "a"),
        ];
        let lenient = RotationPolicy {
            require_metadata: false,
            ..POLICY
        };
        for (number, (member, _)) in whole.iter().enumerate() {
            for wrong in [None, Some("")] {
                let mut members: Vec<_> = whole.to_vec();
                match wrong {
                    None => drop(members.remove(number)),
                    Some(text) => members[number].1 = text,
                }
                let refused = lenient
                    .term_of(&stored(1, "one", at(0), &members), at(0))
                    .err();
                assert_eq!(
                    refused,
                    Some(SecretsError::KeyUndocumented { member }),
                    "{members:?}"
                );
            }
        }
    }

    #[test]
    fn a_key_of_the_future_is_refused() {
        let refused = |key: &Stored| POLICY.term_of(key, at(0)).err();
        let issued = documented("one", 61, 100);
        assert_eq!(refused(&issued), Some(SecretsError::KeyFromFuture));
        let written = stored(
            1,
            "one",
            at(61),
            &[
                ("issued_at", "2026-01-01T00:00:00Z"),
                ("max_age", "100"),
                ("key_id", "a"),
            ],
        );
        assert_eq!(refused(&written), Some(SecretsError::KeyFromFuture));
    }

    #[test]
    fn a_policy_leaves_time_for_a_change() {
        assert_eq!(POLICY.check(), Ok(()));
        for wrong in [
            RotationPolicy {
                max_age_s: 0,
                warn_at_s: 0,
                min_overlap_s: 0,
                ..POLICY
            },
            RotationPolicy {
                warn_at_s: 90 * DAY_S,
                ..POLICY
            },
            RotationPolicy {
                warn_at_s: u32::MAX,
                ..POLICY
            },
        ] {
            let refused = matches!(wrong.check(), Err(SecretsError::SettingsValue { .. }));
            assert!(refused, "{wrong:?}");
        }
    }
}
