//! The ledger in a real server, which each run of these tests starts and throws away.
#![expect(clippy::expect_used, reason = "a test may stop")]

mod cases;
mod connection;
mod engine;
mod export;
mod inputs;
mod lost_reply;
mod place;
mod proxy;
mod rules;
mod schema;
mod shared;
