//! The harness against encoders that are not its own, and against real files and processes.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test stops at the first surprise"
)]

mod encodings;
mod files;
mod judgement;
mod processes;
mod windows;
