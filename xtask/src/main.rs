//! Checks, gates, golden review and the test runner.
fn main() {}
