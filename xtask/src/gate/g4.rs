//! G4, constitutional activation (seed, section 9). `docs/gates.md` explains the table.

use super::{Check, ErrorClass, not_yet};
use crate::suites::{CANARY, KEYS_IN_USE, VAULT};
use crate::work::Proof;

/// The checks of G4 in their order. One without steps is not part of this version, and while there
/// is one the gate does not pass.
pub(super) const CHECKS: &[Check] = &[
    Check {
        id: "secrets",
        source: "9 (secrets security verification), 8",
        class: ErrorClass::A,
        needs: &["bao"],
        steps: &[CANARY, VAULT, KEYS_IN_USE],
        proof: Proof::Tests,
    },
    not_yet("economic-safety", "9 (economic safety attestation)"),
    not_yet("lineage-attestation", "9 (lineage attestation)"),
    not_yet("zero-drift", "9 (FORTRESS zero drift)"),
    not_yet("signatures", "9 (CEO signature, VEGA PASS)"),
];
