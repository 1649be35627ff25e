//! The key in use, and the one before it.

use std::sync::{Arc, PoisonError, RwLock};

use ios012_core::UtcTime;
use rustls::crypto::ring;
use secrecy::zeroize::Zeroizing;

use super::policy::Term;
use super::{RotationPolicy, Stored, Verdict};
use crate::{Credential, Purpose, Scheme, SecretsError};

/// The key in use. A call takes [`Keyring::current`] once and signs with that, so that no call mixes two generations.
/// It has no `Debug`.
pub struct Keyring<P> {
    rules: Rules,
    held: RwLock<Held<P>>,
}

/// What stays the same from one key to the next.
#[derive(Clone)]
struct Rules {
    scheme: Scheme,
    policy: RotationPolicy,
    /// What each key signs, so that two can be compared: random bytes of this process.
    mark: Arc<Zeroizing<[u8; 32]>>,
}

struct Held<P> {
    current: Arc<Generation<P>>,
    /// The one before, and when it is dropped.
    previous: Option<(Arc<Generation<P>>, UtcTime)>,
}

/// One key, as long as somebody uses it. It has no `Debug`.
pub struct Generation<P> {
    number: u64,
    version: u64,
    term: Term,
    key_id: Option<String>,
    signed_mark: String,
    credential: Credential<P>,
}

impl<P> Generation<P> {
    /// 1 for the first key of this process, and one more for each next.
    pub fn number(&self) -> u64 {
        self.number
    }

    /// Its version at the source.
    pub fn version(&self) -> u64 {
        self.version
    }

    /// What signs.
    pub fn credential(&self) -> &Credential<P> {
        &self.credential
    }
}

/// A key that holds against the policy and is not tried yet. Only [`Keyring::first`] and [`Keyring::consider`] make one.
pub struct Candidate<P>(Generation<P>, Rules);

/// A key that a venue took. Only [`Candidate::probe`] makes one.
pub struct Probed<P>(Generation<P>, Rules);

impl<P: Purpose> Candidate<P> {
    /// Tries the key at its venue, by a call that changes nothing there, such as reading the account.
    ///
    /// # Errors
    /// That of the call. The key is dropped then.
    pub async fn probe<E>(
        self,
        call: impl AsyncFnOnce(&Credential<P>) -> Result<(), E>,
    ) -> Result<Probed<P>, E> {
        call(&self.0.credential).await?;
        Ok(Probed(self.0, self.1))
    }
}

/// What may be done with the key in use.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    /// Anything.
    Trading,
    /// Anything, and an operator must bring a new key.
    RotationDue {
        /// Seconds until [`Standing::CancelOnly`].
        left_s: i64,
    },
    /// Open orders are cancelled, none is sent.
    CancelOnly(SecretsError),
}

impl<P: Purpose> Keyring<P> {
    /// The first key, if the policy takes it.
    ///
    /// # Errors
    /// [`SecretsError::KeyUndocumented`], [`SecretsError::KeyFromFuture`], [`SecretsError::KeyTooOld`],
    /// [`SecretsError::SigningKeyForm`], [`SecretsError::SettingsValue`], [`SecretsError::NoRandomness`].
    pub fn first(
        stored: Stored,
        scheme: Scheme,
        policy: RotationPolicy,
        now: UtcTime,
    ) -> Result<Candidate<P>, SecretsError> {
        policy.check()?;
        let mut mark = Zeroizing::new([0; 32]);
        let random = ring::default_provider().secure_random;
        let filled = random.fill(mark.as_mut_slice());
        filled.map_err(|_| SecretsError::NoRandomness)?;
        let mark = Arc::new(mark);
        let rules = Rules {
            scheme,
            policy,
            mark,
        };
        let first = rules.generation(stored, 1, now)?;
        Ok(Candidate(first, rules))
    }

    /// Begins with a first key.
    pub fn new(probed: Probed<P>) -> Self {
        let Probed(first, rules) = probed;
        let held = RwLock::new(Held {
            current: Arc::new(first),
            previous: None,
        });
        Self { rules, held }
    }

    /// The key in use, for one call.
    pub fn current(&self) -> Arc<Generation<P>> {
        let held = self.held.read().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(&held.current)
    }

    /// Holds what the source has against the key in use; none if it is that key.
    ///
    /// # Errors
    /// Those of [`Keyring::first`]; [`SecretsError::KeyOutrun`]; [`SecretsError::KeyUnchanged`].
    pub fn consider(
        &self,
        stored: Stored,
        now: UtcTime,
    ) -> Result<Option<Candidate<P>>, SecretsError> {
        let current = self.current();
        if stored.version() == current.version {
            return Ok(None);
        }
        let next = self.rules.generation(stored, current.number + 1, now)?;
        next.must_follow(&current)?;
        Ok(Some(Candidate(next, self.rules.clone())))
    }

    /// Puts a key in the place of the one in use, which is held for the policy's overlap. Calls that began with the
    /// old one end with it.
    ///
    /// # Errors
    /// [`SecretsError::KeyOutrun`]: another key was adopted meanwhile; [`SecretsError::TimeOverflow`].
    pub fn adopt(&self, probed: Probed<P>, now: UtcTime) -> Result<(), SecretsError> {
        let Probed(mut next, _) = probed;
        let until = now.checked_add_milliseconds(self.rules.policy.overlap_ms());
        let until = until.map_err(|_| SecretsError::TimeOverflow)?;
        let mut held = self.held.write().unwrap_or_else(PoisonError::into_inner);
        next.must_follow(&held.current)?;
        next.number = held.current.number + 1;
        let old = std::mem::replace(&mut held.current, Arc::new(next));
        held.previous = Some((old, until));
        Ok(())
    }

    /// Drops the old key when its time is over, and says what may be done with the one in use. To be called before
    /// every order, and from time to time.
    pub fn tend(&self, now: UtcTime) -> Standing {
        let mut held = self.held.write().unwrap_or_else(PoisonError::into_inner);
        if held
            .previous
            .as_ref()
            .is_some_and(|(_, until)| *until <= now)
        {
            held.previous = None;
        }
        match held.current.term.verdict(now) {
            Verdict::Young { .. } => Standing::Trading,
            Verdict::Due { left_s, .. } => Standing::RotationDue { left_s },
            Verdict::TooOld { age_s, max_age_s } => {
                Standing::CancelOnly(SecretsError::KeyTooOld { age_s, max_age_s })
            }
            Verdict::FromFuture => Standing::CancelOnly(SecretsError::KeyFromFuture),
        }
    }

    /// How many generations are held: 1, or 2 for the policy's overlap after a change.
    pub fn generations(&self) -> usize {
        let held = self.held.read().unwrap_or_else(PoisonError::into_inner);
        1 + usize::from(held.previous.is_some())
    }
}

impl Rules {
    fn generation<P: Purpose>(
        &self,
        stored: Stored,
        number: u64,
        now: UtcTime,
    ) -> Result<Generation<P>, SecretsError> {
        let term = self.policy.term_of(&stored, now)?;
        if let Verdict::TooOld { age_s, max_age_s } = term.verdict(now) {
            return Err(SecretsError::KeyTooOld { age_s, max_age_s });
        }
        let version = stored.version();
        let key_id = stored.documented()?.map(|it| it.key_id.to_owned());
        let credential: Credential<P> = stored.into_credential(self.scheme)?;
        let signed_mark = credential.sign(self.mark.as_slice()).hex();
        Ok(Generation {
            number,
            version,
            term,
            key_id,
            signed_mark,
            credential,
        })
    }
}

impl<P> Generation<P> {
    /// Refuses a key that is older than another, is the same under a new version, or has the other's documents: custom
    /// metadata hang on the secret, not on a version, so they may not be written yet.
    fn must_follow(&self, other: &Self) -> Result<(), SecretsError> {
        if self.version <= other.version {
            return Err(SecretsError::KeyOutrun);
        }
        // Both are keyed with bytes that nobody knows, so it does not matter how long this takes.
        if self.signed_mark == other.signed_mark {
            return Err(SecretsError::KeyUnchanged);
        }
        if self.key_id.is_some() && self.key_id == other.key_id {
            return Err(SecretsError::KeyUndocumented { member: "key_id" });
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Paper;
    use crate::rotation::stored::tests::{DAY_S, at, documented, documented_version, stored};

    const POLICY: RotationPolicy = RotationPolicy {
        max_age_s: 90 * DAY_S,
        warn_at_s: 80 * DAY_S,
        min_overlap_s: 10,
        require_metadata: true,
    };

    fn ready<T>(future: impl Future<Output = T>) -> T {
        let mut context = std::task::Context::from_waker(std::task::Waker::noop());
        match std::pin::pin!(future).poll(&mut context) {
            std::task::Poll::Ready(value) => value,
            std::task::Poll::Pending => panic!("it waits for nothing"),
        }
    }

    fn probed(candidate: Candidate<Paper>) -> Probed<Paper> {
        let taken = ready(candidate.probe(async |_: &Credential<Paper>| Ok::<(), ()>(())));
        let Ok(probed) = taken else {
            panic!("nobody refuses it");
        };
        probed
    }

    fn ring() -> Keyring<Paper> {
        let first = documented("one", 0, 90 * DAY_S);
        let first = Keyring::first(first, Scheme::HmacSha256, POLICY, at(0));
        let Ok(first) = first else {
            panic!("the policy takes it");
        };
        Keyring::new(probed(first))
    }

    fn refused(ring: &Keyring<Paper>, stored: Stored, now: UtcTime) -> Option<SecretsError> {
        ring.consider(stored, now).err()
    }

    #[test]
    fn a_new_key_takes_the_place_and_the_old_one_goes_after_the_overlap() {
        let ring = ring();
        let begun = ring.current();
        let next = documented_version(2, "two", 5, 90 * DAY_S);
        let next = ring
            .consider(next, at(5))
            .ok()
            .flatten()
            .expect("a candidate");
        ring.adopt(probed(next), at(5)).expect("adopted");
        assert_eq!((ring.current().number(), ring.current().version()), (2, 2));
        // A call that began with the old key ends with it.
        assert_eq!((begun.number(), begun.version()), (1, 1));
        assert_ne!(
            begun.credential().sign(b"a").hex(),
            ring.current().credential().sign(b"a").hex()
        );
        assert_eq!(
            (ring.tend(at(14)), ring.generations()),
            (Standing::Trading, 2)
        );
        assert_eq!(
            (ring.tend(at(15)), ring.generations()),
            (Standing::Trading, 1)
        );
        let old = Arc::downgrade(&begun);
        drop(begun);
        assert!(old.upgrade().is_none(), "nobody has it");
    }

    #[test]
    fn what_does_not_follow_is_refused() {
        let ring = ring();
        let next = documented_version(3, "three", 0, 90 * DAY_S);
        let next = ring
            .consider(next, at(0))
            .ok()
            .flatten()
            .expect("a candidate");
        ring.adopt(probed(next), at(0)).expect("adopted");

        let same = documented_version(3, "three", 0, 90 * DAY_S);
        assert!(matches!(ring.consider(same, at(1)), Ok(None)));
        let older = documented_version(2, "two", 0, 90 * DAY_S);
        assert_eq!(refused(&ring, older, at(1)), Some(SecretsError::KeyOutrun));
        let unchanged = stored(
            4,
            "three",
            at(0),
            &[
                ("issued_at", "2026-01-01T00:00:00Z"),
                ("max_age", "9000"),
                ("key_id", "new"),
            ],
        );
        assert_eq!(
            refused(&ring, unchanged, at(1)),
            Some(SecretsError::KeyUnchanged)
        );
        let undocumented = stored(
            4,
            "four",
            at(0),
            &[
                ("issued_at", "2026-01-01T00:00:00Z"),
                ("max_age", "9000"),
                ("key_id", "three"),
            ],
        );
        let member = "key_id";
        assert_eq!(
            refused(&ring, undocumented, at(1)),
            Some(SecretsError::KeyUndocumented { member })
        );
        let stale = documented_version(4, "four", 0, 10);
        let old = SecretsError::KeyTooOld {
            age_s: 10,
            max_age_s: 10,
        };
        assert_eq!(refused(&ring, stale, at(10)), Some(old));
        let future = documented_version(4, "four", 100, 90 * DAY_S);
        assert_eq!(
            refused(&ring, future, at(1)),
            Some(SecretsError::KeyFromFuture)
        );
        assert_eq!(ring.current().version(), 3);
    }

    #[test]
    fn the_slower_of_two_changes_is_refused() {
        let ring = ring();
        let candidate = |version, text| {
            let next = documented_version(version, text, 0, 90 * DAY_S);
            probed(
                ring.consider(next, at(0))
                    .ok()
                    .flatten()
                    .expect("a candidate"),
            )
        };
        let (second, third) = (candidate(2, "two"), candidate(3, "three"));
        ring.adopt(third, at(0)).expect("adopted");
        assert_eq!(ring.adopt(second, at(0)), Err(SecretsError::KeyOutrun));
        assert_eq!(ring.current().version(), 3);
    }

    #[test]
    fn a_key_that_the_venue_refuses_is_never_used() {
        let ring = ring();
        let next = documented_version(2, "two", 0, 90 * DAY_S);
        let next = ring
            .consider(next, at(0))
            .ok()
            .flatten()
            .expect("a candidate");
        let refused = ready(next.probe(async |_: &Credential<Paper>| Err("no")));
        assert_eq!(refused.err(), Some("no"));
        assert_eq!(ring.current().version(), 1);
    }

    #[test]
    fn a_key_that_ends_cancels_only() {
        let ring = ring();
        let day = i64::from(DAY_S);
        assert_eq!(ring.tend(at(0)), Standing::Trading);
        let left_s = 10 * day;
        assert_eq!(ring.tend(at(80 * day)), Standing::RotationDue { left_s });
        let (age_s, max_age_s) = (90 * day, 90 * day);
        let ended = SecretsError::KeyTooOld { age_s, max_age_s };
        assert_eq!(ring.tend(at(90 * day)), Standing::CancelOnly(ended));
        // A clock that goes back does not make it young.
        assert_eq!(
            ring.tend(at(-100)),
            Standing::CancelOnly(SecretsError::KeyFromFuture)
        );
        let late = documented("one", 0, 10);
        let refused = Keyring::<Paper>::first(late, Scheme::HmacSha256, POLICY, at(10)).err();
        assert_eq!(
            refused,
            Some(SecretsError::KeyTooOld {
                age_s: 10,
                max_age_s: 10
            })
        );
    }
}
