//! The one door to the network, and to what must not be seen (seed, section 8).
//!
//! Today it holds the HTTPS client that every caller uses, and the kind of address that may hold a
//! token. Keys, their sources and their rotation get their place here.

mod address;
mod error;
mod https;

pub use address::Address;
pub use error::SecretsError;
pub use https::{Https, Roots};
