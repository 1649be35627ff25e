//! Which test fails when an invariant or a breaker is switched off (QG-F of ADR-011).
//!
//! The table names tests; [`check`] looks each up in the sources, so a test that was renamed, ignored
//! or removed is found. That a test does fail is shown by the mutation runs and by the planted defects
//! of the gates, not here.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use crate::FortressError;

/// A test in the sources.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NamedTest {
    /// Its file, from the workspace's root.
    pub file: &'static str,
    /// Its function.
    pub name: &'static str,
}

/// An invariant or a breaker, and its tests.
#[derive(Debug, Clone, Copy)]
pub struct Row {
    /// `I1` to `I12` (docs/decision.md), or the breaker's name in records (ADR-016).
    pub name: &'static str,
    /// What it demands, or what trips it.
    pub about: &'static str,
    /// Tests that fail without it; none if this version does not have it.
    pub tests: &'static [NamedTest],
}

/// What was found of a row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum State {
    /// Every named test is there.
    Covered,
    /// No test is named: this version does not have it.
    NotCovered,
    /// These are named and are no test of the file.
    NoSuchTest(Vec<&'static str>),
}

const fn test(file: &'static str, name: &'static str) -> NamedTest {
    NamedTest { file, name }
}

const INVARIANTS: &str = "crates/constraints/tests/decision/invariants.rs";
const TARGETS: &str = "crates/constraints/tests/examples/targets.rs";
const CYCLE: &str = "crates/engine/tests/cycle.rs";
const SAFETY: &str = "crates/engine/tests/breakers/safety.rs";
const SIGNALS: &str = "crates/engine/tests/breakers/signals.rs";
const PACE: &str = "crates/engine/tests/breakers/pace.rs";
const CORRUPTION: &str = "crates/engine/tests/breakers/corruption.rs";
const DRIFT: &str = "crates/engine/tests/breakers/drift.rs";
const UNWIND: &str = "crates/engine/tests/breakers/unwind.rs";
const WAVES: &str = "crates/core/src/sequence/tests/waves.rs";
const ACCOUNT: &str = "crates/core/src/account/tests.rs";
const DAMAGE: &str = "crates/lineage/tests/damage/main.rs";
const CLI_DAMAGE: &str = "crates/cli/tests/cli/damage.rs";
const WRITER: &str = "crates/lineage/tests/example.rs";
const SUITES: &str = "crates/fortress/tests/suites.rs";

/// The twelve invariants, then the seven breakers.
#[rustfmt::skip]
pub const TABLE: [Row; 19] = [
    Row { name: "I1", about: "bounds of each asset", tests: &[
        test(INVARIANTS, "i1_bounds_hold_or_come_nearer")] },
    Row { name: "I2", about: "longest step", tests: &[
        test(INVARIANTS, "i2_no_step_is_longer_than_max_delta")] },
    Row { name: "I3", about: "limits that assets share", tests: &[
        test(INVARIANTS, "i3_caps_that_held_hold_and_broken_ones_come_nearer"),
        test(INVARIANTS, "i3_cash_that_held_holds_and_a_broken_floor_comes_nearer"),
        test(INVARIANTS, "i3_net_is_never_passed_by_an_increase"),
        test(SUITES, "stress_holds")] },
    Row { name: "I4", about: "blocks", tests: &[
        test(INVARIANTS, "i4_a_block_never_lets_an_exposure_grow_or_flip")] },
    Row { name: "I5", about: "order of the assets", tests: &[
        test(INVARIANTS, "i5_the_order_of_the_assets_changes_nothing"),
        test(SUITES, "exposure_invariance_holds")] },
    Row { name: "I6", about: "deciding again", tests: &[
        test(INVARIANTS, "i6_what_was_not_held_back_stays")] },
    Row { name: "I7", about: "size and currency", tests: &[
        test(INVARIANTS, "i7_the_size_of_the_portfolio_does_not_matter"),
        test(SUITES, "exposure_invariance_holds")] },
    Row { name: "I8", about: "reductions need no increase", tests: &[
        test(INVARIANTS, "i8_reductions_do_not_depend_on_increases"),
        test(CYCLE, "reductions_are_final_before_increases_leave")] },
    Row { name: "I9", about: "no order without its decision", tests: &[
        test(CYCLE, "no_order_without_a_decision"),
        test(UNWIND, "any_portfolio_unwinds")] },
    Row { name: "I10", about: "every prefix of a plan", tests: &[
        test(WAVES, "i10_every_prefix_is_safe")] },
    Row { name: "I11", about: "NLV from both sides", tests: &[
        test(ACCOUNT, "both_sides_agree_after_every_event"),
        test(ACCOUNT, "a_planted_difference_is_found")] },
    Row { name: "I12", about: "a tighter limit", tests: &[
        test(INVARIANTS, "i12_a_tighter_limit_never_raises_gross"),
        test(INVARIANTS, "i12_capital_at_one_rate_never_raises_gross"),
        test(INVARIANTS, "i12_the_result_obeys_the_tighter_limits")] },
    Row { name: "data_corruption", about: "a price beyond its band or not to be trusted, corrupt documents", tests: &[
        test(CORRUPTION, "a_corrupt_snapshot_trips_and_nothing_is_traded_on_it"),
        test(CORRUPTION, "a_price_of_another_time_trips"),
        test(CYCLE, "a_jump_beyond_the_band_aborts_and_marks_nothing"),
        test(UNWIND, "an_asset_without_a_trusted_price_is_frozen")] },
    Row { name: "volatility_shock", about: "scores of an asset and of the portfolio", tests: &[
        test(CYCLE, "a_hard_shock_aborts_above_its_threshold"),
        test(SIGNALS, "a_shock_of_an_asset_is_told_when_it_begins"),
        test(SIGNALS, "a_soft_shock_of_the_portfolio_is_told_when_it_begins"),
        test(TARGETS, "step_1_a_shock_blocks_and_a_missing_score_stops_increases")] },
    Row { name: "lineage_mismatch", about: "a ledger that does not verify or replay does not go on", tests: &[
        test(DAMAGE, "no_flipped_bit_goes_unseen"),
        test(CLI_DAMAGE, "a_forged_decision_with_a_whole_chain_is_found_by_replay_and_by_the_kept_head"),
        test(SUITES, "drift_holds")] },
    Row { name: "strategy_instability", about: "flips, turnover and variance of the targets; regimes", tests: &[
        test(SIGNALS, "an_unsteady_mandate_trips_above_a_bound_and_not_at_it"),
        test(SIGNALS, "a_doubtful_regime_trips")] },
    Row { name: "execution_drift", about: "ledger, broker and what was allowed differ (ADR-010)", tests: &[
        test(DRIFT, "a_position_that_differs_halts_and_nothing_is_sent"),
        test(DRIFT, "a_position_is_tolerated_up_to_a_thousandth"),
        test(DRIFT, "small_differences_warn_by_the_exposure_that_they_come_to"),
        test(SUITES, "drift_holds")] },
    Row { name: "economic_safety", about: "losses, margin, order rate, repetition (ADR-012)", tests: &[
        test(SAFETY, "a_loss_trips_above_its_limit_and_not_at_it"),
        test(SAFETY, "a_broken_maintenance_margin_goes_to_cash_if_the_limits_say_so"),
        test(PACE, "a_rate_limit_delays_and_refuses_nothing"),
        test(PACE, "what_repeats_too_often_is_closed_for_increases")] },
    Row { name: "split_brain", about: "a second writer of a ledger is refused", tests: &[
        test(WRITER, "one_writer_at_a_time_and_no_second_beginning")] },
];

/// Looks up every named test below the workspace's root.
///
/// # Errors
/// [`FortressError::Io`] if a file cannot be read.
pub fn check(root: &Path) -> Result<Vec<(Row, State)>, FortressError> {
    let mut sources: BTreeMap<&str, String> = BTreeMap::new();
    let mut found = Vec::new();
    for row in TABLE {
        for test in row.tests {
            if !sources.contains_key(test.file) {
                let path = root.join(test.file);
                let text = fs::read_to_string(&path).map_err(FortressError::io(&path))?;
                sources.insert(test.file, text);
            }
        }
        let is_there = |test: &NamedTest| {
            let source = sources.get(test.file);
            source.is_some_and(|source| has_test(source, test.name))
        };
        let missing = row.tests.iter().filter(|test| !is_there(test));
        let missing: Vec<_> = missing.map(|test| test.name).collect();
        let state = match (row.tests, missing.as_slice()) {
            ([], _) => State::NotCovered,
            (_, []) => State::Covered,
            _ => State::NoSuchTest(missing),
        };
        found.push((row, state));
    }
    Ok(found)
}

/// Whether a source has a function of this name with the attribute `test`, which is not ignored.
fn has_test(source: &str, name: &str) -> bool {
    let lines: Vec<&str> = source.lines().map(str::trim).collect();
    let head = format!("fn {name}(");
    let place = lines.iter().position(|line| line.starts_with(&head));
    let Some(place) = place else {
        return false;
    };
    let above = lines.iter().take(place).rev();
    let own: Vec<_> = above
        .take_while(|line| !line.is_empty() && !line.ends_with(['{', '}', ';']))
        .collect();
    own.iter().any(|line| **line == "#[test]")
        && !own.iter().any(|line| line.starts_with("#[ignore"))
}

#[cfg(test)]
mod tests {
    use super::*;

    const SOURCE: &str = "\
fn helper(x: u8) {}

/// Says what it is.
#[test]
fn plain() {}

proptest! {
    #[test]
    fn in_a_macro(
        x in 0..3,
    ) {}
}

#[test]
#[ignore = \"slow\"]
fn ignored() {}

#[test]
fn plain_and_longer() {}
";

    #[test]
    fn only_tests_that_run_count() {
        for (name, counts) in [
            ("plain", true),
            ("in_a_macro", true),
            ("plain_and_longer", true),
            ("helper", false),
            ("ignored", false),
            ("plain_and", false),
            ("nothing", false),
        ] {
            assert_eq!(has_test(SOURCE, name), counts, "{name}");
        }
    }

    #[test]
    fn every_invariant_and_breaker_has_one_row() {
        let names: Vec<_> = TABLE.iter().map(|row| row.name).collect();
        let invariants: Vec<_> = (1..=12).map(|number| format!("I{number}")).collect();
        assert_eq!(names[..12], invariants);
        let breakers = [
            "data_corruption",
            "volatility_shock",
            "lineage_mismatch",
            "strategy_instability",
            "execution_drift",
            "economic_safety",
            "split_brain",
        ];
        assert_eq!(names[12..], breakers);
    }
}
