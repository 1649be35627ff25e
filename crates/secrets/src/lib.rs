//! The one door to the network, and to what must not be seen (seed, section 8).
//!
//! Today it holds the HTTPS client that every caller uses, the kind of address that may hold a
//! token, and the key that signs checkpoints. Other keys, their sources and their rotation get their
//! place here.

mod address;
mod checkpoint_key;
mod error;
mod https;

pub use address::Address;
pub use checkpoint_key::CheckpointKey;
pub use error::SecretsError;
pub use https::{Https, Roots, TextAnswer};
