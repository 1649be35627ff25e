//! Seeded lives of one portfolio: the engine and its ledger on a disk that loses what was not synced, with a venue that
//! fails in every way a venue can, through crashes, restarts and takeovers. A seed reproduces a run exactly.

mod broker;
mod disk;
mod error;
mod every_crash;
mod journal;
mod life;
mod random;
mod story;
mod world;

pub use broker::Tally;
pub use error::SimulationError;
pub use every_crash::{EveryCrash, every_crash, latching_seeds};
pub use story::{Plant, Told, tell};
