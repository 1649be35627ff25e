//! G3, integration (seed, section 9). `docs/gates.md` explains the table.

use super::{Check, ErrorClass};
use crate::suites::{LEDGER_STORE, WORKERS};
use crate::work::{Proof, step};

/// The checks of G3 in their order.
pub(super) const CHECKS: &[Check] = &[
    Check {
        id: "connection",
        source: "9 (connect to IoS-004 / IoS-006)",
        class: ErrorClass::A,
        needs: &["postgresql"],
        steps: &[WORKERS],
        proof: Proof::Tests,
    },
    Check {
        id: "simulated-execution",
        source: "9 (simulated execution)",
        class: ErrorClass::A,
        needs: &[],
        steps: &[
            step(&["cargo", "test", "--locked", "--package", "ios012-paper"]),
            step(&[
                "cargo",
                "test",
                "--locked",
                "--package",
                "ios012-engine",
                "--test",
                "histories",
            ]),
        ],
        proof: Proof::Tests,
    },
    Check {
        id: "execution-drift",
        source: "7.2 (the drift score of ADR-010)",
        class: ErrorClass::A,
        needs: &[],
        steps: &[step(&[
            "cargo",
            "test",
            "--locked",
            "--package",
            "ios012-engine",
            "--test",
            "breakers",
            "drift::",
        ])],
        proof: Proof::Tests,
    },
    Check {
        id: "crash-simulation",
        source: "5, 9 (fully recoverable lineage trails)",
        class: ErrorClass::A,
        needs: &[],
        steps: &[step(&["cargo", "xtask", "simulate"])],
        proof: Proof::LastLine,
    },
    Check {
        id: "ledger-store",
        source: "5, 9 (an append-only ledger; connection)",
        class: ErrorClass::A,
        needs: &["postgresql"],
        steps: &[LEDGER_STORE],
        proof: Proof::Tests,
    },
    Check {
        id: "third-party-proofs",
        source: "5 (a trail that a stranger can verify)",
        class: ErrorClass::A,
        needs: &["go"],
        steps: &[step(&["cargo", "xtask", "checkpoints"])],
        proof: Proof::LastLine,
    },
    Check {
        id: "fortress",
        source: "9, 7.2 (FORTRESS compliance)",
        class: ErrorClass::A,
        needs: &[],
        steps: &[step(&["cargo", "xtask", "fortress"])],
        proof: Proof::LastLine,
    },
    Check {
        id: "backtest-validation",
        source: "9 (backtest validation)",
        class: ErrorClass::A,
        needs: &[],
        steps: &[
            step(&[
                "cargo",
                "test",
                "--locked",
                "--release",
                "--package",
                "ios012-engine",
                "--test",
                "oracle",
            ]),
            step(&[
                "cargo",
                "test",
                "--locked",
                "--package",
                "ios012-engine",
                "--test",
                "instruments",
                "--test",
                "published",
            ]),
        ],
        proof: Proof::Tests,
    },
];
