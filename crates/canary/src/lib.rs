//! Proves for tests that a secret appears in no output.
//!
//! Each run plants fresh random [`Canaries`] where secrets belong, searches every output of a scenario for them in
//! every [`Encoding`], and leaks them on purpose through the same path: a [`Control`] must be found, or no finding
//! proves nothing.
//!
//! ```
//! use ios012_canary::{Canaries, Control, Kind, Search};
//!
//! let canaries = Canaries::new()?;
//! let secret = canaries.text(Kind::ApiSecret)?;
//! let output = format!("a scenario that keeps its secret of {} characters", secret.len());
//!
//! let mut search = Search::new(&canaries)?;
//! search.control(&Control::new("a text"), |probe, leak| {
//!     probe.bytes("a text", leak.bytes());
//!     Ok(())
//! })?;
//! search.bytes("stdout", output.as_bytes());
//! search.report().finish()?;
//! println!("{}", search.report().evidence());
//! # Ok::<(), ios012_canary::CanaryError>(())
//! ```
//!
//! The own process holds the canaries, so the memory that is searched is always that of a child.

mod canaries;
mod control;
mod core_file;
mod encoding;
mod error;
mod finding;
mod leak;
mod pattern;
mod process;
mod report;
mod scan;
mod search;
mod tree;

pub use canaries::{Canaries, Kind, LONGEST, SHORTEST};
pub use control::Control;
pub use core_file::core_file_of;
pub use encoding::Encoding;
pub use error::CanaryError;
pub use finding::{Channel, Finding};
pub use leak::Leak;
pub use pattern::WINDOW;
pub use process::ProcessMemory;
pub use report::Report;
pub use search::Search;
