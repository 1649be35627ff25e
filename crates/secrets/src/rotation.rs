//! How old a key may get, and how one takes the place of another without a call failing.
//!
//! A new version of a key is read ([`Stored`]), held against the policy and the key in use ([`Keyring::consider`]),
//! tried at the venue ([`Candidate::probe`]), and put in its place ([`Keyring::adopt`]). Each step is a type that only the
//! step before it makes. Time comes in as data.

mod keyring;
mod policy;
mod stored;

pub use keyring::{Candidate, Generation, Keyring, Probed, Standing};
pub use policy::{RotationPolicy, Term, Verdict};
pub use stored::Stored;
pub(crate) use stored::time;
