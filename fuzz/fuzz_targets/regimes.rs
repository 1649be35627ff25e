//! IoS-003: what parses is canonical, parses again to the same hash, and fits its schema.
#![no_main]

use ios012_contracts::{DocumentKind, Regimes};
use ios012_fuzz::document;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| document::check(
    DocumentKind::Regimes,
    bytes,
    Regimes::parse,
    Regimes::document
));
