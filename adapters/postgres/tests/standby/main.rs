//! A primary whose commits wait for a standby: what is left when one of the two is killed.
#![expect(clippy::expect_used, reason = "a test may stop")]

mod engine;
mod load;
mod pair;
mod refusals;
mod zombie;
