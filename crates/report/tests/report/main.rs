//! Summaries and explanations of ledgers that the engine wrote from the golden scenarios, against
//! arithmetic of their own over the raw lines.

#![expect(clippy::expect_used, reason = "a test stops at the first surprise")]

mod breach;
mod golden;
mod laws;
mod pack;
mod raw;
mod run;
