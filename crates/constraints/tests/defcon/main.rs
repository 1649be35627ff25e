//! DEFCON: what each level permits, who may loosen it, and every bounded trace of the machine.

#![expect(
    clippy::expect_used,
    clippy::panic,
    reason = "a trace that cannot be built fails its test"
)]

mod model;
mod permits;
mod steps;
mod traces;
