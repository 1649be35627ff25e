//! Every suite of the test runner. A new suite is one more entry here.

use crate::work::{Proof, Step, step};

/// A named suite.
#[derive(Debug)]
pub(crate) struct Suite {
    pub(crate) name: &'static str,
    /// What it shows, in a few words.
    pub(crate) shows: &'static str,
    /// Needs Rust, git, OpenSSH and the crate registry only, and no more than a few minutes.
    pub(crate) hermetic: bool,
    /// Names in `tools.toml`.
    pub(crate) needs: &'static [&'static str],
    pub(crate) steps: &'static [Step],
    pub(crate) proof: Proof,
}

/// The tests of the ledger in PostgreSQL, also a check of gate G3.
pub(crate) const LEDGER_STORE: Step =
    step(&["cargo", "test", "--locked", "--package", "ios012-postgres"]);

/// The tests of workers over a database, also a check of gate G3. With every feature, so that what is built serves the
/// tests of keys too.
pub(crate) const WORKERS: Step = step(&[
    "cargo",
    "test",
    "--locked",
    "--package",
    "ios012-cli",
    "--features",
    "postgres,vault",
    "--test",
    "daemon",
]);

/// The tests of the search that shows that no secret is printed, also in the suite `tests`.
pub(crate) const CANARY: Step = step(&["cargo", "test", "--locked", "--package", "ios012-canary"]);

/// The tests of keys from a real server with Vault's API, also a check of gate G4.
pub(crate) const VAULT: Step = step(&[
    "cargo",
    "test",
    "--locked",
    "--package",
    "ios012-vault-server",
    "--package",
    "ios012-secrets",
    "--features",
    "ios012-secrets/vault",
]);

/// The tests of the command that an operator checks keys with, and of keys that change under load, also a check of gate
/// G4.
pub(crate) const KEYS_IN_USE: Step = step(&[
    "cargo",
    "test",
    "--locked",
    "--package",
    "ios012-cli",
    "--features",
    "postgres,vault",
    "--test",
    "secrets",
    "--test",
    "rotation",
]);

/// The suites in the order in which they run: the quick ones first.
pub(crate) const SUITES: &[Suite] = &[
    Suite {
        name: "format",
        shows: "the sources are formatted",
        hermetic: true,
        needs: &[],
        steps: &[step(&[
            "cargo",
            "fmt",
            "--all",
            "--check",
            "--",
            "--color=never",
        ])],
        proof: Proof::ExitCode,
    },
    Suite {
        name: "tidy",
        shows: "file sizes, leftovers, machine paths, line ends",
        hermetic: true,
        needs: &["git"],
        steps: &[step(&["cargo", "xtask", "tidy"])],
        proof: Proof::LastLine,
    },
    Suite {
        name: "clippy",
        shows: "lints, with the bans of clippy.toml",
        hermetic: true,
        needs: &[],
        steps: &[
            step(&[
                "cargo",
                "clippy",
                "--locked",
                "--workspace",
                "--all-targets",
                "--",
                "--deny",
                "warnings",
            ]),
            step(&[
                "cargo",
                "clippy",
                "--locked",
                "--package",
                "ios012-cli",
                "--package",
                "ios012-secrets",
                "--features",
                "postgres,vault",
                "--all-targets",
                "--",
                "--deny",
                "warnings",
            ]),
        ],
        proof: Proof::ExitCode,
    },
    Suite {
        name: "layers",
        shows: "arrows point downward, pure crates are pure",
        hermetic: true,
        needs: &[],
        steps: &[step(&["cargo", "xtask", "layers"])],
        proof: Proof::LastLine,
    },
    Suite {
        name: "layers-self-test",
        shows: "planted violations are found",
        hermetic: true,
        needs: &["git"],
        steps: &[step(&["cargo", "xtask", "layers", "--self-test"])],
        proof: Proof::LastLine,
    },
    Suite {
        name: "tests",
        shows: "unit and property tests, golden scenarios",
        hermetic: true,
        needs: &["git", "ssh"],
        // The database and the keys have suites of their own: they need servers.
        steps: &[step(&[
            "cargo",
            "test",
            "--locked",
            "--workspace",
            "--exclude=ios012-postgres",
            "--exclude=ios012-vault-server",
        ])],
        proof: Proof::Tests,
    },
    Suite {
        name: "gate-coverage",
        shows: "each test of the pure crates and of lineage belongs to one check of gate G1",
        hermetic: true,
        needs: &[],
        steps: &[step(&["cargo", "xtask", "gate", "g1", "--coverage"])],
        proof: Proof::LastLine,
    },
    Suite {
        name: "documentation",
        shows: "the documentation builds without warnings",
        hermetic: true,
        needs: &[],
        steps: &[Step {
            line: &["cargo", "doc", "--locked", "--workspace", "--no-deps"],
            variables: &[("RUSTDOCFLAGS", "--deny warnings")],
        }],
        proof: Proof::ExitCode,
    },
    Suite {
        name: "python-reader",
        shows: "an independent reader agrees, and finds every damage",
        hermetic: false,
        needs: &["python3"],
        steps: &[step(&["cargo", "xtask", "readers"])],
        proof: Proof::LastLine,
    },
    Suite {
        name: "checkpoints",
        shows: "Go takes checkpoints, proofs and tiles, and none that was changed or forked",
        hermetic: false,
        needs: &["go"],
        steps: &[step(&["cargo", "xtask", "checkpoints"])],
        proof: Proof::LastLine,
    },
    Suite {
        name: "postgres",
        shows: "the ledger in PostgreSQL does what the one in files does; workers, takeovers, standby",
        hermetic: false,
        needs: &["postgresql"],
        steps: &[LEDGER_STORE, WORKERS],
        proof: Proof::Tests,
    },
    Suite {
        name: "vault",
        shows: "keys from a real server: login, renewal, rotation, and each way in which they fail",
        hermetic: false,
        needs: &["bao"],
        steps: &[VAULT, KEYS_IN_USE],
        proof: Proof::Tests,
    },
    Suite {
        name: "readme",
        shows: "the README's commands print what stands there",
        hermetic: false,
        needs: &[],
        steps: &[step(&["cargo", "xtask", "readme"])],
        proof: Proof::LastLine,
    },
    Suite {
        name: "determinism",
        shows: "one ledger from debug and release builds, with the approved head",
        hermetic: false,
        needs: &[],
        steps: &[step(&["cargo", "xtask", "determinism"])],
        proof: Proof::LastLine,
    },
    Suite {
        name: "fortress",
        shows: "the five suites of ADR-011; every invariant has its tests",
        hermetic: false,
        needs: &[],
        steps: &[step(&["cargo", "xtask", "fortress"])],
        proof: Proof::LastLine,
    },
    Suite {
        name: "simulation",
        shows: "200 seeded lives and one that is cut everywhere lose nothing and send nothing twice",
        hermetic: false,
        needs: &[],
        steps: &[step(&["cargo", "xtask", "simulate"])],
        proof: Proof::LastLine,
    },
    Suite {
        name: "faults",
        shows: "50 kills of the real binary, a full disk and failing system calls lose nothing",
        hermetic: false,
        needs: &["strace", "unshare"],
        steps: &[step(&["cargo", "xtask", "faults"])],
        proof: Proof::LastLine,
    },
    Suite {
        name: "deny",
        shows: "advisories, bans, licences, sources",
        hermetic: false,
        needs: &["cargo-deny"],
        steps: &[step(&["cargo", "xtask", "deny"])],
        proof: Proof::LastLine,
    },
    // A fixed part: the state that says whether anything may be sent. One by number would be another
    // part after every commit (docs/mutants.md).
    Suite {
        name: "mutants",
        shows: "small defects in the breakers and the levels are found by their own package's tests",
        hermetic: false,
        needs: &["cargo-mutants"],
        steps: &[step(&[
            "cargo",
            "xtask",
            "mutants",
            "--package=ios012-constraints",
            "--file=**/breakers.rs",
            "--file=**/defcon.rs",
            "--file=**/discrepancy.rs",
        ])],
        proof: Proof::LastLine,
    },
    Suite {
        name: "fuzz",
        shows: "no input breaks a parser, the ledger reader or the decision",
        hermetic: false,
        needs: &["c++", "cargo-fuzz", "nightly"],
        steps: &[
            step(&[
                "cargo",
                "fmt",
                "--manifest-path=fuzz/Cargo.toml",
                "--check",
                "--",
                "--color=never",
            ]),
            step(&["cargo", "xtask", "fuzz"]),
        ],
        proof: Proof::LastLine,
    },
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_unique_and_every_suite_does_something() {
        let mut names: Vec<&str> = SUITES.iter().map(|suite| suite.name).collect();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), SUITES.len());
        for suite in SUITES {
            assert!(
                suite.steps.iter().any(|step| !step.line.is_empty()),
                "{}",
                suite.name
            );
        }
    }
}
