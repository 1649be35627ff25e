//! The exact, pure ground of IoS-012: decimals, identifiers, time as data, instruments,
//! accounts and order sequencing.
//!
//! Invariant: nothing here performs I/O, reads a clock or the environment, spawns, or uses a
//! float. The crate is `no_std`, so the compiler holds that line.
#![no_std]
#![cfg_attr(
    not(test),
    warn(clippy::arithmetic_side_effects, clippy::as_conversions)
)]

extern crate alloc;

pub mod account;
pub mod calendar;
mod defcon;
mod error;
pub mod event;
pub mod fixed;
pub mod fx;
pub mod id;
pub mod instrument;
pub mod schedule;
pub mod sequence;
pub mod time;

pub use account::Accounts;
pub use calendar::Calendar;
pub use defcon::{Defcon, Mode};
pub use error::{CoreError, CurrencyText};
pub use event::{BookEvent, BookEventKind, DayCount};
pub use fixed::{Exposure, Money, Price, Quantity, Ratio, Rounding, mul_div};
pub use fx::FxRate;
pub use id::{AssetId, ClassId, CurrencyCode, GroupId, PortfolioId};
pub use instrument::{AssetSpec, Instrument, Payoff};
pub use schedule::Schedule;
pub use time::UtcTime;
