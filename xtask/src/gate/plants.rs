//! The planted defects: for each check of the gates, one that a person could make, and that this
//! check alone must find.
//!
//! So a plant stays away from what the main job of `determinism`, the mixed portfolio and the oracles
//! of `backtest-validation` exercise, unless it is for them: they see whatever changes a ledger.

/// A defect, and who must find it.
#[derive(Debug)]
pub(super) struct Plant {
    /// The check that must fail; every other must pass.
    pub(super) check: &'static str,
    /// What is wrong, in a few words.
    pub(super) defect: &'static str,
    pub(super) edits: &'static [Edit],
    /// What the log of the check must speak of, so that it fails for this reason.
    pub(super) says: &'static str,
    /// Whether the defect is committed, as an author would.
    pub(super) committed: bool,
}

/// A text that stands exactly once in a file, and what stands there instead.
#[derive(Debug)]
pub(super) struct Edit {
    pub(super) file: &'static str,
    pub(super) old: &'static str,
    pub(super) new: &'static str,
}

/// Every plant, in the order of the gates and of their checks. Each compiles, without a warning.
pub(super) const PLANTS: &[Plant] = &[
    Plant {
        check: "clean-tree",
        defect: "a change that is not committed",
        edits: &[Edit {
            file: "SECURITY.md",
            old: "Only the newest version gets fixes.\n",
            new: "Every version gets fixes for a year.\n",
        }],
        says: "not committed:  M SECURITY.md",
        committed: false,
    },
    Plant {
        check: "format",
        defect: "a line that is not formatted",
        edits: &[Edit {
            file: "crates/report/src/summary/tally.rs",
            old: "        let names = self.0.into_iter();\n",
            new: "        let names  = self.0.into_iter();\n",
        }],
        says: "Diff in ",
        committed: true,
    },
    Plant {
        check: "clippy-bans",
        defect: "a hash set where events are read",
        edits: &[
            Edit {
                file: "crates/contracts/src/events.rs",
                old: "use std::collections::BTreeSet;\n",
                new: "use std::collections::HashSet;\n",
            },
            Edit {
                file: "crates/contracts/src/events.rs",
                old: "let mut at_once = BTreeSet::new();",
                new: "let mut at_once = HashSet::new();",
            },
        ],
        says: "use of a disallowed type `std::collections::HashSet`",
        committed: true,
    },
    Plant {
        check: "layers",
        defect: "the broker's interface depends on documents",
        edits: &[
            Edit {
                file: "adapters/broker/Cargo.toml",
                old: "ios012-constraints.workspace = true\n",
                new: "ios012-constraints.workspace = true\nios012-contracts.workspace = true\n",
            },
            Edit {
                file: "Cargo.lock",
                old: "name = \"ios012-broker\"\nversion = \"0.1.0\"\ndependencies = [\n \"ios012-constraints\",\n",
                new: "name = \"ios012-broker\"\nversion = \"0.1.0\"\ndependencies = [\n \"ios012-constraints\",\n \"ios012-contracts\",\n",
            },
        ],
        says: "ios012-broker (layer 3) may not use ios012-contracts",
        committed: true,
    },
    Plant {
        check: "pure-functions",
        defect: "a float in core",
        edits: &[Edit {
            file: "crates/core/src/fixed.rs",
            old: "/// Direction in which a product or quotient",
            new: "/// The quantum of money, for displays.\npub const DISPLAYED_QUANTUM: f64 = 1e-8;\n\n/// Direction in which a product or quotient",
        }],
        says: "`f64`: floats are not exact",
        committed: true,
    },
    Plant {
        check: "exposure-math",
        defect: "a block that allows reductions only lets a short grow",
        edits: &[Edit {
            file: "crates/constraints/src/decide/bound.rs",
            old: "leg.value.clamp(leg.previous.min(0), leg.previous.max(0)),",
            new: "leg.value.min(leg.previous.max(0)),",
        }],
        says: "test model::the_decision_agrees_with_exact_fractions ... FAILED",
        committed: true,
    },
    Plant {
        check: "accounting-identity",
        defect: "the balance sheet keeps the cost of a fraction that a split pays out",
        edits: &[Edit {
            file: "crates/core/src/account/books/post.rs",
            old: "        let cost = held.cost.checked_sub(split.cost_out)?;\n",
            new: "        let cost = held.cost;\n",
        }],
        says: "test account::tests::examples::a_split_keeps_the_cost ... FAILED",
        committed: true,
    },
    Plant {
        check: "safe-prefixes",
        defect: "a wave of shorts forgets that net is short already",
        edits: &[Edit {
            file: "crates/core/src/sequence/wave.rs",
            old: "shorts.is_zero() || shorts.checked_sub(net)? <= limit;",
            new: "shorts.is_zero() || shorts <= limit;",
        }],
        says: "test sequence::tests::waves::i10_every_prefix_is_safe ... FAILED",
        committed: true,
    },
    Plant {
        check: "constraint-enforcement",
        defect: "a reduction may be larger than the position, and flip it",
        edits: &[Edit {
            file: "crates/constraints/src/control/checks.rs",
            old: "    pass_if(check.order.quantity <= check.context.position.checked_abs()?)\n",
            new: "    pass_if(check.order.quantity.is_positive())\n",
        }],
        says: "test leaks::nt_reducing_neither_opens_nor_flips ... FAILED",
        committed: true,
    },
    Plant {
        check: "lineage-consistency",
        defect: "a control character is hashed as other bytes than RFC 8785 says",
        edits: &[Edit {
            file: "crates/lineage/src/canonical.rs",
            old: "write!(out, \"\\\\u{:04x}\", u32::from(control))",
            new: "write!(out, \"\\\\u{:04X}\", u32::from(control))",
        }],
        says: "test canonical::tests::escapes_as_rfc_8785_does ... FAILED",
        committed: true,
    },
    Plant {
        check: "determinism",
        defect: "the profile of the build is in the engine's identity",
        edits: &[Edit {
            file: "crates/engine/src/engine.rs",
            old: "        name: Code::literal(\"ios012\"),\n",
            new: "        name: Code::literal(if cfg!(debug_assertions) {
            \"ios012-debug\"
        } else {
            \"ios012\"
        }),\n",
        }],
        says: "debug and release differ in ",
        committed: true,
    },
    Plant {
        check: "dependencies",
        defect: "a library in any version",
        edits: &[Edit {
            file: "Cargo.toml",
            old: "itoa = { version = \"1.0.18\",",
            new: "itoa = { version = \"*\",",
        }],
        says: "wildcard",
        committed: true,
    },
    Plant {
        check: "documentation",
        defect: "a link to a type that does not exist",
        edits: &[Edit {
            file: "crates/report/src/summary/tally.rs",
            old: "/// How often something happened.\n",
            new: "/// How often something happened, as [`Tallies`] has it.\n",
        }],
        says: "unresolved link to `Tallies`",
        committed: true,
    },
    Plant {
        check: "limit-enforcement",
        defect: "a plan that ended for one reason is said to have ended for the next one",
        edits: &[Edit {
            file: "crates/engine/src/engine/send.rs",
            old: "        open.plan_ended.get_or_insert(reason);\n",
            new: "        open.plan_ended = Some(reason);\n",
        }],
        says: "test a_history_keeps_every_promise ... FAILED",
        committed: true,
    },
    Plant {
        check: "breaker-matrix",
        defect: "a confidence that just reaches its bound trips",
        edits: &[Edit {
            file: "crates/engine/src/engine/stability.rs",
            old: "        && lowest < limit\n",
            new: "        && lowest <= limit\n",
        }],
        says: "test signals::a_doubtful_regime_trips ... FAILED",
        committed: true,
    },
    Plant {
        check: "connection",
        defect: "the newest mandate is run first, and the backlog before it never",
        edits: &[Edit {
            file: "adapters/postgres/src/inputs/reading.rs",
            old: "                ORDER BY mandate.as_of LIMIT 1)\"\n",
            new: "                ORDER BY mandate.as_of DESC LIMIT 1)\"\n",
        }],
        says: "test the_backlog_leaves_the_ledger_of_its_files ... FAILED",
        committed: true,
    },
    Plant {
        check: "simulated-execution",
        defect: "slippage moves a purchase in the order's favour",
        edits: &[Edit {
            file: "adapters/paper/src/lib.rs",
            old: "tick_above(reference.checked_add(slip)?, order.tick_size())",
            new: "tick_above(reference.checked_sub(slip)?, order.tick_size())",
        }],
        says: "test tests::a_fill_is_at_the_reference_price_moved_by_the_slippage ... FAILED",
        committed: true,
    },
    Plant {
        check: "execution-drift",
        defect: "a difference in a leveraged token counts without its factor",
        edits: &[Edit {
            file: "crates/engine/src/engine/drift.rs",
            old: "fraction_of(notional, spec.leverage_factor, up)?;",
            new: "fraction_of(notional, ios012_core::Ratio::ONE, up)?;",
        }],
        says: "test drift::small_differences_warn_by_the_exposure_that_they_come_to ... FAILED",
        committed: true,
    },
    Plant {
        check: "crash-simulation",
        defect: "an order without an answer is sent again before it is asked for",
        edits: &[Edit {
            file: "crates/engine/src/runner/ask.rs",
            old: "                Ask::Submit(submission) => broker.submit(submission, news).await,\n",
            new: "                Ask::Submit(submission) => match broker.submit(submission, news).await {
                    Err(_) => broker.submit(submission, news).await,
                    sent => sent,
                },\n",
        }],
        says: "was sent twice",
        committed: true,
    },
    Plant {
        check: "ledger-store",
        defect: "a writer whose fence is older than the chain's is let through",
        edits: &[Edit {
            file: "adapters/postgres/src/link.rs",
            old: "        WHERE portfolio_id = $1 AND fence = $2 AND records = $3 AND head = $4\n",
            new: "        WHERE portfolio_id = $1 AND fence >= $2 AND records = $3 AND head = $4\n",
        }],
        says: "test cases::a_worker_that_outlives_its_lease ... FAILED",
        committed: true,
    },
    Plant {
        check: "third-party-proofs",
        defect: "a proof that is handed out writes its index in another form than was checked",
        edits: &[Edit {
            file: "crates/cli/src/command/prove.rs",
            old: "    write_new(&args.out, proof.text())\n",
            new: "    write_new(&args.out, &proof.text().replacen(\"index \", \"index 0\", 1))\n",
        }],
        says: "taken by ios012 false, by Go false",
        committed: true,
    },
    Plant {
        check: "fortress",
        defect: "a fill that a broker tells twice is booked twice",
        edits: &[Edit {
            file: "crates/engine/src/engine/trade.rs",
            old: "        if order.fill_ids.contains(&fill.fill_id) {\n",
            new: "        if order.fill_ids.len() > 1_000_000 {\n",
        }],
        says: "4 of 5 suites passed",
        committed: true,
    },
    Plant {
        check: "backtest-validation",
        defect: "the table of events gives a split its denominator for its numerator",
        edits: &[Edit {
            file: "crates/contracts/src/history/events.rs",
            old: "        let cell = |member: &'static str| {\n",
            new: "        let cell = |member: &'static str| {
            let member = if member == \"numerator\" {
                \"denominator\"
            } else {
                member
            };\n",
        }],
        says: "test six_instruments_agree_with_the_arithmetic_by_hand ... FAILED",
        committed: true,
    },
    Plant {
        check: "secrets",
        defect: "a header that shows the key it carries",
        edits: &[Edit {
            file: "crates/secrets/src/secret.rs",
            old: "    value.set_sensitive(true);\n",
            new: "    value.set_sensitive(false);\n",
        }],
        says: "test secret::tests::a_header_does_not_show_its_value ... FAILED",
        committed: true,
    },
];

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::super::Gate;
    use super::*;

    #[test]
    fn every_check_that_runs_has_a_plant_and_every_plant_its_check() {
        let checks = Gate::ALL.into_iter().flat_map(Gate::checks);
        let running: Vec<&str> = checks
            .filter(|check| !check.steps.is_empty())
            .map(|check| check.id)
            .collect();
        let mut planted: Vec<&str> = PLANTS.iter().map(|plant| plant.check).collect();
        planted.dedup();
        assert_eq!(planted, running);
    }

    #[test]
    fn every_text_to_replace_stands_exactly_once() {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
        for plant in PLANTS {
            assert!(
                !plant.edits.is_empty() && !plant.says.is_empty(),
                "{}",
                plant.defect
            );
            for edit in plant.edits {
                let text = std::fs::read_to_string(root.join(edit.file)).unwrap();
                let found = text.matches(edit.old).count();
                assert_eq!(found, 1, "{}: {}: {:?}", plant.check, edit.file, edit.old);
                assert_ne!(edit.old, edit.new, "{}", plant.defect);
            }
        }
    }

    #[test]
    fn defects_have_names_of_their_own() {
        let mut defects: Vec<&str> = PLANTS.iter().map(|plant| plant.defect).collect();
        defects.sort_unstable();
        defects.dedup();
        assert_eq!(defects.len(), PLANTS.len());
    }
}
