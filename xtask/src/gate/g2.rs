//! G2, governance validation (seed, section 9). `docs/gates.md` explains the table.

use super::{Check, ErrorClass, not_yet};
use crate::work::{Proof, step};

/// The checks of G2 in their order. One without steps is not part of this version, and while there
/// is one the gate does not pass.
pub(super) const CHECKS: &[Check] = &[
    not_yet(
        "reproducibility",
        "9 (determinism proofs across processes and wasm32)",
    ),
    not_yet(
        "live-separation",
        "9 (ADR-013, nothing of g4-live in the default build)",
    ),
    Check {
        id: "limit-enforcement",
        source: "9 (risk limit enforcement), 6.2",
        class: ErrorClass::A,
        needs: &[],
        steps: &[step(&[
            "cargo",
            "test",
            "--locked",
            "--package",
            "ios012-engine",
            "--test",
            "histories",
        ])],
        proof: Proof::Tests,
    },
    Check {
        id: "breaker-matrix",
        source: "9, 6.3 (ADR-016)",
        class: ErrorClass::A,
        needs: &[],
        steps: &[
            step(&[
                "cargo",
                "test",
                "--locked",
                "--package",
                "ios012-engine",
                "--test",
                "breakers",
                "--",
                "--skip=drift::",
            ]),
            step(&[
                "cargo",
                "test",
                "--locked",
                "--package",
                "ios012-cli",
                "--test",
                "cli",
                "breaker::",
            ]),
            step(&[
                "cargo",
                "test",
                "--locked",
                "--package",
                "ios012-fortress",
                "--test",
                "pages",
            ]),
        ],
        proof: Proof::Tests,
    },
];
