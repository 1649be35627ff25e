//! The thresholds of the breakers.

use ios012_constraints::{
    BreakerLimits, BreakerResponse, ConstraintsError, Limits, StabilityLimits, Trigger,
};
use ios012_core::Ratio;

use crate::valid;

type Threshold = fn(Ratio) -> BreakerLimits;

const MINUS: Ratio = Ratio::from_units(-1);

fn with(breakers: BreakerLimits) -> Result<Limits, ConstraintsError> {
    let mut set = valid();
    set.breakers = breakers;
    Limits::new(set)
}

const fn above(limit: Ratio) -> Trigger {
    let response = BreakerResponse::ToCash;
    Trigger { limit, response }
}

fn stability(window_cycles: u32) -> StabilityLimits {
    StabilityLimits {
        window_cycles,
        max_flips: None,
        max_turnover: None,
        max_variance: None,
        max_unconfirmed: None,
        min_confidence: None,
        response: BreakerResponse::ReduceOnly,
    }
}

fn steady(stability: StabilityLimits) -> BreakerLimits {
    BreakerLimits {
        stability: Some(stability),
        ..BreakerLimits::default()
    }
}

/// A threshold of nothing trips at the first loss, which is a rule; one below nothing is none.
#[test]
fn no_threshold_of_a_breaker_is_negative() {
    let each: [(&str, Threshold); 5] = [
        ("daily_loss", |limit| BreakerLimits {
            daily_loss: Some(above(limit)),
            ..BreakerLimits::default()
        }),
        ("drawdown", |limit| BreakerLimits {
            drawdown: Some(above(limit)),
            ..BreakerLimits::default()
        }),
        ("max_turnover", |limit| {
            steady(StabilityLimits {
                max_turnover: Some(limit),
                ..stability(2)
            })
        }),
        ("max_variance", |limit| {
            steady(StabilityLimits {
                max_variance: Some(limit),
                ..stability(2)
            })
        }),
        ("min_confidence", |limit| {
            steady(StabilityLimits {
                min_confidence: Some(limit),
                ..stability(2)
            })
        }),
    ];
    for (field, limits) in each {
        assert!(with(limits(Ratio::ZERO)).is_ok(), "{field}");
        assert_eq!(
            with(limits(MINUS)),
            Err(ConstraintsError::Negative { field })
        );
    }
}

/// docs/documents.md: 2 to 1000.
#[test]
fn a_window_of_mandates_has_two_edges() {
    for cycles in [2, 1_000] {
        assert!(with(steady(stability(cycles))).is_ok(), "{cycles}");
    }
    for cycles in [0, 1, 1_001] {
        assert_eq!(
            with(steady(stability(cycles))),
            Err(ConstraintsError::Window { cycles })
        );
    }
}
