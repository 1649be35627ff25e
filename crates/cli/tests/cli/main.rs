//! The binary from outside: exit codes, files, output, interruption and determinism.
#![expect(
    clippy::expect_used,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test may stop"
)]

mod abort;
mod breaker;
mod breaker_crash;
mod checkpoint;
mod damage;
mod determinism;
mod full_disk;
mod golden;
mod hardening;
mod help;
mod interrupt;
mod json;
mod ledger;
mod memory;
mod parent;
mod prove;
mod refused;
mod retold;
mod scenario;
mod support;
mod usage;
mod verify_speed;
mod webhook;
mod witness;
mod workflow;
