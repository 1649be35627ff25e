//! The limits of IoS-006 and the decision that enforces them.
//!
//! Invariant: nothing here performs I/O, reads a clock or the environment, spawns, or uses a
//! float. The crate is `no_std`, so the compiler holds that line.
#![no_std]
#![cfg_attr(
    not(test),
    warn(clippy::arithmetic_side_effects, clippy::as_conversions)
)]

extern crate alloc;

mod binding;
mod breakers;
mod control;
mod decide;
pub mod defcon;
pub mod discrepancy;
mod error;
mod limits;
mod stability;
mod universe;

pub use binding::{Binding, BlockCause, Limit};
pub use breakers::{BreakerLimits, BreakerResponse, DriftLimits, Trigger};
pub use control::{ApprovedOrder, ControlContext, Denied, Sent, approve};
pub use decide::{AssetState, Decisions, PortfolioState, decide};
pub use error::ConstraintsError;
pub use limits::{
    AssetLimits, Block, Cap, GroupCap, LimitSet, Limits, RepeatedExecution, ShockRule,
};
pub use stability::{Stability, StabilityLimits, TargetHistory};
pub use universe::Universe;
