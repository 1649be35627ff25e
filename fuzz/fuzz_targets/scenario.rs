//! The scenario: what parses is canonical, parses again to the same hash, and fits its schema.
#![no_main]

use ios012_contracts::{DocumentKind, Scenario};
use ios012_fuzz::document;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| document::check(
    DocumentKind::Scenario,
    bytes,
    Scenario::parse,
    Scenario::document
));
