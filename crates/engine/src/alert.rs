//! What people are told of a trip, beside its record on the ledger.

use ios012_core::Defcon;
use ios012_lineage::{Breaker, Code};

/// A trip, as people are told of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Alert {
    /// The breaker.
    pub breaker: Code,
    /// What made it move. With the breaker this is the alert's stable code.
    pub cause: Code,
    /// What it does.
    pub action: Code,
    /// The level after it.
    pub level: Defcon,
}

impl Alert {
    /// The target of its events.
    pub const TARGET: &'static str = "ios012::alert";

    pub(crate) fn of(record: &Breaker) -> Self {
        Self {
            breaker: record.breaker.clone(),
            cause: record.cause.clone(),
            action: record.action.clone(),
            level: record.level,
        }
    }

    /// Tells it, as one event of [`tracing`] under [`Alert::TARGET`]: an error from RED on, a warning
    /// below. Whoever listens decides where it goes.
    pub fn tell(&self) {
        let (alert, action, level) = (self.code(), &self.action, self.level);
        if level >= Defcon::Red {
            tracing::error!(target: Alert::TARGET, %alert, %action, %level);
        } else {
            tracing::warn!(target: Alert::TARGET, %alert, %action, %level);
        }
    }

    /// The stable code: breaker and cause.
    pub fn code(&self) -> String {
        format!("{}:{}", self.breaker, self.cause)
    }
}
