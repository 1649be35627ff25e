//! When a person or a key counts.

use ios012_core::UtcTime;

use crate::GovernanceError;
use crate::document::{Document, read_value};

/// From a time on, and before another.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Period {
    from: UtcTime,
    until: UtcTime,
}

impl Period {
    pub(crate) fn read(
        document: Document,
        path: &str,
        from: &str,
        until: &str,
    ) -> Result<Self, GovernanceError> {
        let period = Self {
            from: read_value(document, format!("{path}valid_from"), from)?,
            until: read_value(document, format!("{path}valid_until"), until)?,
        };
        if period.until <= period.from {
            return Err(GovernanceError::Period {
                path: format!("{path}valid_until"),
            });
        }
        Ok(period)
    }

    /// The first time that is in it.
    pub const fn from(&self) -> UtcTime {
        self.from
    }

    /// The first time that is after it.
    pub const fn until(&self) -> UtcTime {
        self.until
    }

    /// Whether the time is in it.
    pub fn holds(&self, at: UtcTime) -> bool {
        self.from <= at && at < self.until
    }
}
