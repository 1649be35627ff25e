//! The thresholds of the breakers, and what each does when it trips (ADR-012, ADR-016).

use ios012_core::Ratio;

use crate::{ConstraintsError, StabilityLimits};

/// What a breaker does to the portfolio. The later variant beats the earlier one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum BreakerResponse {
    /// The cycle ends before it decides.
    Abort,
    /// Nothing increases any more.
    ReduceOnly,
    /// Every position is unwound to cash.
    ToCash,
}

impl BreakerResponse {
    /// All of them, in the order of the published schema.
    pub const ALL: [Self; 3] = [Self::Abort, Self::ReduceOnly, Self::ToCash];

    /// The text in documents and records.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Abort => "abort",
            Self::ReduceOnly => "reduce_only",
            Self::ToCash => "to_cash",
        }
    }
}

/// A threshold and the response to passing it. Equal is not passed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Trigger {
    /// Highest value that does not trip.
    pub limit: Ratio,
    /// What happens above it.
    pub response: BreakerResponse,
}

/// The thresholds of the breakers. One that is not set never trips.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct BreakerLimits {
    /// Response to NLV below the maintenance margin. Without one the decision of the same cycle
    /// reduces until the initial margin is covered.
    pub margin_breach: Option<BreakerResponse>,
    /// Loss since the last cycle of an earlier UTC day, as a fraction of NLV then.
    pub daily_loss: Option<Trigger>,
    /// Loss since the highest NLV, as a fraction of it.
    pub drawdown: Option<Trigger>,
    /// How unsteadily mandates may ask.
    pub stability: Option<StabilityLimits>,
    /// How far a broker's account may be from the books. Always armed.
    pub drift: DriftLimits,
}

/// The discrepancy scores from which execution drift warns and halts. Those of ADR-010 may be
/// tightened, never widened (docs/adr/0014).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DriftLimits {
    warn: Ratio,
    halt: Ratio,
}

impl DriftLimits {
    /// The highest score that may be the lowest to warn: 0.05.
    pub const WARN: Ratio = Ratio::from_units(Ratio::SCALE / 20);
    /// The highest score that may be the lowest to halt: 0.10.
    pub const HALT: Ratio = Ratio::from_units(Ratio::SCALE / 10);

    /// Limits that are no wider than those of ADR-010, and warn before they halt or with it.
    pub fn new(warn: Ratio, halt: Ratio) -> Option<Self> {
        let is_tight = warn.is_positive() && warn <= Self::WARN && halt <= Self::HALT;
        (is_tight && warn <= halt).then_some(Self { warn, halt })
    }

    /// The lowest score that warns.
    pub const fn warn(&self) -> Ratio {
        self.warn
    }

    /// The lowest score that halts.
    pub const fn halt(&self) -> Ratio {
        self.halt
    }
}

impl Default for DriftLimits {
    fn default() -> Self {
        Self {
            warn: Self::WARN,
            halt: Self::HALT,
        }
    }
}

impl BreakerLimits {
    /// # Errors
    /// [`ConstraintsError::Negative`], [`ConstraintsError::Window`].
    pub(crate) fn check(&self) -> Result<(), ConstraintsError> {
        if let Some(stability) = &self.stability {
            stability.check()?;
        }
        let limits = [("daily_loss", self.daily_loss), ("drawdown", self.drawdown)];
        let negative = limits
            .iter()
            .find(|(_, trigger)| trigger.is_some_and(|trigger| trigger.limit.is_negative()));
        match negative {
            Some((field, _)) => Err(ConstraintsError::Negative { field }),
            None => Ok(()),
        }
    }
}
