//! FORTRESS, the five suites of ADR-011 (seed, section 7.2), over the whole engine: documents in,
//! ledger out, and everything judged from the ledger. `docs/fortress.md` says what each shows.
//!
//! Nothing here is part of the product, and no decision is made here. Every suite is
//! deterministic: the changes it makes to the data are formulas, not random numbers.

mod courier;
pub mod coverage;
mod desk;
mod drift;
mod error;
mod execution_drift;
mod exposure_invariance;
mod regression;
mod report;
mod story;
mod strain;
mod stress;
mod thresholds;
mod transaction_ordering;
mod watch;

use std::path::Path;

pub use error::FortressError;
pub use report::{Outcome, Part, Suite, SuiteReport};

use report::Recorder;

/// How much of a suite is run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Size {
    /// A few cycles of each part: seconds, also without optimisation.
    Small,
    /// Everything.
    Full,
}

impl Size {
    /// One of two numbers.
    pub(crate) const fn pick(self, small: usize, full: usize) -> usize {
        match self {
            Self::Small => small,
            Self::Full => full,
        }
    }
}

/// Runs one suite over the golden scenarios in a folder. `progress` is told each part before it is
/// run. What fails is in the report.
pub fn run(suite: Suite, golden: &Path, size: Size, progress: &mut dyn FnMut(&str)) -> SuiteReport {
    let mut recorder = Recorder::new(suite, progress);
    match suite {
        Suite::Regression => regression::run(golden, size, &mut recorder),
        Suite::Stress => stress::run(golden, size, &mut recorder),
        Suite::Drift => drift::run(golden, size, &mut recorder),
        Suite::ExposureInvariance => exposure_invariance::run(golden, size, &mut recorder),
        Suite::TransactionOrdering => transaction_ordering::run(golden, size, &mut recorder),
    }
    recorder.finish()
}
