//! Breakers through whole cycles, on portfolios of every instrument.

#![expect(clippy::expect_used, reason = "a test stops at the first surprise")]

mod corruption;
mod desk;
mod doubt;
mod drift;
mod pace;
mod safety;
mod signals;
mod stop;
mod teller;
mod unwind;
