//! The one door to the network, and to what must not be seen (seed, section 8).
//!
//! It holds the HTTPS client that every caller uses, the kind of address that may hold a token, the key
//! that signs checkpoints, and the types of secrets: what signs, what comes from the environment, and what a
//! key may be used for. It also hardens the process; and, with the feature `vault`, it knows Vault and the rotation
//! of keys (docs/secrets.md).

mod address;
mod checkpoint_key;
mod environment;
mod error;
mod hardening;
mod https;
mod purpose;
#[cfg(feature = "vault")]
mod rotation;
mod secret;
mod signer;
#[cfg(feature = "vault")]
mod vault;

pub use address::Address;
pub use checkpoint_key::CheckpointKey;
pub use environment::Environment;
pub use error::SecretsError;
pub use hardening::{Hardened, harden};
pub use https::{Https, Roots, TextAnswer};
pub use purpose::{Credential, Live, Paper, Purpose};
/// A value that its `Debug` does not show, if it is marked sensitive.
pub use reqwest::header::HeaderValue;
#[cfg(feature = "vault")]
pub use rotation::{
    Candidate, Generation, Keyring, Probed, RotationPolicy, Standing, Stored, Term, Verdict,
};
pub use secret::Secret;
pub use signer::{Scheme, Signature, Signer};
#[cfg(feature = "vault")]
pub use vault::{
    Health, Keeper, KeySettings, Keys, Lease, Notice, Session, Tended, TokenStanding, Vault,
    VaultSettings,
};
