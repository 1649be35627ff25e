//! Laws of the decision as a function: it depends on its input alone, and limits that are out of
//! reach change nothing.

use ios012_constraints::{ConstraintsError, Decisions, PortfolioState, decide};
use ios012_core::Exposure;
use proptest::prelude::*;

use crate::cases::UNLIMITED;
use crate::config;
use crate::generate::cases;

proptest! {
    #![proptest_config(config())]

    #[test]
    fn the_same_input_gives_the_same_output(case in cases(), other in cases()) {
        let outcome = case.decide();
        prop_assert_eq!(&case.decide(), &outcome);
        let mut used = Decisions::default();
        other.decide_into(&mut used);
        prop_assert_eq!(&case.decide_into(&mut used), &outcome);
    }

    #[test]
    fn without_limits_the_target_is_allowed(case in cases()) {
        let mut free = case.only_portfolio_limits().without_portfolio_limits();
        for asset in &mut free.assets {
            asset.max = UNLIMITED;
            asset.min = -UNLIMITED;
        }
        let outcome = free.decide();
        let targets: Vec<i128> = free.assets.iter().map(|asset| asset.target).collect();
        prop_assert_eq!(outcome.allowed, targets);
        prop_assert!(outcome.bindings.iter().all(Vec::is_empty));
    }

    /// Numbers at the edge of `i128` are refused or decided, never a panic, and a refusal leaves
    /// nothing behind.
    #[test]
    fn extreme_numbers_are_refused_not_wrapped(
        case in cases(),
        extremes in prop::collection::vec(
            (prop::sample::select(vec![i128::MIN, i128::MIN + 1, i128::MIN / 2, -1, 0, 1, i128::MAX / 2, i128::MAX]), 0..3_usize),
            1..4,
        ),
    ) {
        let universe = case.universe();
        let mut states = case.states();
        let mut cash = case.cash_headroom;
        let count = states.len();
        for (index, &(value, field)) in extremes.iter().enumerate() {
            let state = &mut states[index % count];
            match field {
                0 => state.previous = Exposure::from_units(value),
                1 => state.target = Exposure::from_units(value),
                _ => cash = value,
            }
        }
        let portfolio = PortfolioState { cash_headroom: Exposure::from_units(cash), block: case.block, breaker: case.breaker };
        let mut decisions = Decisions::default();
        case.decide_into(&mut decisions);
        match decide(&universe, &states, portfolio, &mut decisions) {
            Ok(()) => {
                prop_assert_eq!(decisions.allowed().len(), count);
                for (state, (allowed, asset)) in states.iter().zip(decisions.allowed().iter().zip(&case.assets)) {
                    let step = allowed.checked_sub(state.previous).map(Exposure::units);
                    prop_assert!(step.is_ok_and(|step| step.abs() <= asset.max_delta));
                }
            }
            Err(ConstraintsError::Arithmetic(_)) => {
                prop_assert!(decisions.allowed().is_empty());
                prop_assert!(decisions.bindings().is_empty());
            }
            Err(other) => prop_assert!(false, "{}", other),
        }
    }

    #[test]
    fn states_that_do_not_fit_are_refused(case in cases()) {
        let mut states = case.states();
        states.pop();
        let portfolio = PortfolioState { cash_headroom: Exposure::ZERO, block: case.block, breaker: case.breaker };
        let mut decisions = Decisions::default();
        case.decide_into(&mut decisions);
        let refused = decide(&case.universe(), &states, portfolio, &mut decisions);
        prop_assert_eq!(
            refused,
            Err(ConstraintsError::AssetCount { expected: case.assets.len(), found: states.len() })
        );
        prop_assert!(decisions.allowed().is_empty());
    }
}
