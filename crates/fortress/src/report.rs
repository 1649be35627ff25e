//! What a suite ran, and what it found.

use std::fmt;

use crate::FortressError;

/// The suites of ADR-011.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Suite {
    /// Golden scenarios run, replay without drift and end at their approved heads.
    Regression,
    /// Crash days, and what is worse: limits hold and every cycle has an end.
    Stress,
    /// Injected differences are found, and clean data raise no alarm.
    Drift,
    /// What must not matter does not change an exposure.
    ExposureInvariance,
    /// The order in which a broker tells its news changes no book.
    TransactionOrdering,
}

impl Suite {
    /// All of them, in the order of the seed.
    pub const ALL: [Self; 5] = [
        Self::Regression,
        Self::Stress,
        Self::Drift,
        Self::ExposureInvariance,
        Self::TransactionOrdering,
    ];

    /// Its name in commands and tables.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Regression => "regression",
            Self::Stress => "stress",
            Self::Drift => "drift",
            Self::ExposureInvariance => "exposure_invariance",
            Self::TransactionOrdering => "transaction_ordering",
        }
    }
}

impl fmt::Display for Suite {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.pad(self.as_str())
    }
}

/// What became of one part of a suite.
#[derive(Debug)]
pub enum Outcome {
    /// It ran and holds; what it shows.
    Held(String),
    /// It does not hold, or could not be run.
    Failed(FortressError),
}

/// One part of a suite.
#[derive(Debug)]
pub struct Part {
    /// What was run.
    pub name: String,
    /// Cycles that ran.
    pub cycles: u64,
    /// Decisions that were judged.
    pub decisions: u64,
    /// What became of it.
    pub outcome: Outcome,
}

/// What a suite ran, and what it found.
#[derive(Debug)]
pub struct SuiteReport {
    /// The suite.
    pub suite: Suite,
    /// Its parts, in the order in which they ran.
    pub parts: Vec<Part>,
}

impl SuiteReport {
    /// Cycles that ran in all parts.
    pub fn cycles(&self) -> u64 {
        self.parts.iter().map(|part| part.cycles).sum()
    }

    /// Decisions that were judged in all parts.
    pub fn decisions(&self) -> u64 {
        self.parts.iter().map(|part| part.decisions).sum()
    }

    /// The first part that does not hold, and why.
    pub fn first_failure(&self) -> Option<(&str, &FortressError)> {
        self.parts.iter().find_map(|part| match &part.outcome {
            Outcome::Failed(error) => Some((part.name.as_str(), error)),
            Outcome::Held(_) => None,
        })
    }

    /// Parts that ran and hold.
    pub fn held(&self) -> usize {
        let held = |part: &&Part| matches!(part.outcome, Outcome::Held(_));
        self.parts.iter().filter(held).count()
    }

    /// Whether something ran and nothing failed.
    pub fn passed(&self) -> bool {
        self.held() > 0 && self.first_failure().is_none()
    }
}

/// What a part shows if it holds.
#[derive(Debug)]
pub(crate) struct Held {
    pub(crate) cycles: u64,
    pub(crate) decisions: u64,
    pub(crate) shows: String,
}

/// Runs parts and writes down what became of them.
pub(crate) struct Recorder<'a> {
    suite: Suite,
    parts: Vec<Part>,
    progress: &'a mut dyn FnMut(&str),
}

impl<'a> Recorder<'a> {
    pub(crate) fn new(suite: Suite, progress: &'a mut dyn FnMut(&str)) -> Self {
        Self {
            suite,
            parts: Vec::new(),
            progress,
        }
    }

    pub(crate) fn part(
        &mut self,
        name: impl Into<String>,
        work: impl FnOnce() -> Result<Held, FortressError>,
    ) {
        let name = name.into();
        (self.progress)(&format!("{}: {name}", self.suite));
        let (cycles, decisions, outcome) = match work() {
            Ok(held) => (held.cycles, held.decisions, Outcome::Held(held.shows)),
            Err(error) => (0, 0, Outcome::Failed(error)),
        };
        self.parts.push(Part {
            name,
            cycles,
            decisions,
            outcome,
        });
    }

    pub(crate) fn finish(self) -> SuiteReport {
        SuiteReport {
            suite: self.suite,
            parts: self.parts,
        }
    }
}
