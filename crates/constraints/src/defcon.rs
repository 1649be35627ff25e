//! DEFCON (ADR-016): what each level permits, who may loosen it, and the machine that moves it.
//!
//! Everything here takes time, records and authority as data. A level becomes stricter by itself;
//! only a [`Loosening`], which the governance crate makes from verified signatures, makes it less
//! strict (docs/governance.md, docs/adr/0012).

mod alarm;
mod authority;

use core::fmt;

use ios012_core::{Defcon, Mode};

use crate::BreakerResponse;

pub use alarm::{Alarm, LooseningRefused, RecordId, Recorded, Tail, Trip, rebuild};
pub use authority::{
    Loosening, LooseningRule, LooseningTerms, Role, RoleSet, loosening_rule, may_tighten,
};

/// What is done with positions at level RED.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum RedAction {
    /// Mandates may take positions toward zero.
    ReduceOnly,
    /// The breaker takes them to cash; mandates wait.
    ToCash,
}

impl RedAction {
    /// Both, the less strict one first.
    pub const ALL: &'static [Self] = &[Self::ReduceOnly, Self::ToCash];

    /// The action of a breaker's response; one that only ends the cycle asks for none.
    pub const fn of(response: BreakerResponse) -> Option<Self> {
        match response {
            BreakerResponse::Abort => None,
            BreakerResponse::ReduceOnly => Some(Self::ReduceOnly),
            BreakerResponse::ToCash => Some(Self::ToCash),
        }
    }

    /// The stable text.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::ReduceOnly => "reduce_only",
            Self::ToCash => "to_cash",
        }
    }
}

impl fmt::Display for RedAction {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.pad(self.as_str())
    }
}

/// The standing level, with the action that RED has. A greater posture is a stricter one.
///
/// Only [`Alarm`] hands one out, so what [`permits`] allows was reached by its rules.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Posture(Stance);

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Stance {
    Green,
    Yellow,
    Orange,
    RedReduceOnly,
    RedToCash,
    Black,
}

impl Posture {
    /// What holds where nothing is known.
    const UNKNOWN: Self = Self(Stance::RedReduceOnly);
    const CALM: Self = Self(Stance::Green);

    /// `action` counts at RED alone.
    const fn of(level: Defcon, action: RedAction) -> Self {
        Self(match (level, action) {
            (Defcon::Green, _) => Stance::Green,
            (Defcon::Yellow, _) => Stance::Yellow,
            (Defcon::Orange, _) => Stance::Orange,
            (Defcon::Red, RedAction::ReduceOnly) => Stance::RedReduceOnly,
            (Defcon::Red, RedAction::ToCash) => Stance::RedToCash,
            (Defcon::Black, _) => Stance::Black,
        })
    }

    /// The level.
    pub const fn level(self) -> Defcon {
        match self.0 {
            Stance::Green => Defcon::Green,
            Stance::Yellow => Defcon::Yellow,
            Stance::Orange => Defcon::Orange,
            Stance::RedReduceOnly | Stance::RedToCash => Defcon::Red,
            Stance::Black => Defcon::Black,
        }
    }

    /// The action, at RED.
    pub const fn red_action(self) -> Option<RedAction> {
        match self.0 {
            Stance::RedReduceOnly => Some(RedAction::ReduceOnly),
            Stance::RedToCash => Some(RedAction::ToCash),
            _ => None,
        }
    }
}

/// What somebody wants to send.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Request {
    /// An order of a mandate away from zero.
    Increase,
    /// An order of a mandate toward zero.
    Reduce,
    /// An order of the breaker's own unwind, toward zero.
    Unwind,
    /// Taking an open order back.
    Cancel,
}

impl Request {
    /// Every request.
    pub const ALL: &'static [Self] = &[Self::Increase, Self::Reduce, Self::Unwind, Self::Cancel];
}

/// Whether the level lets a request out. The pre-trade controls come on top of it.
#[must_use]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// It may go to the controls.
    Permitted,
    /// It stays.
    Denied(DefconDenied),
}

/// Why the level keeps a request back.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum DefconDenied {
    /// ORANGE: no live increase.
    PaperOnly,
    /// RED: no increase.
    NoIncrease,
    /// RED, to cash: mandates wait until the unwind is done.
    Unwinding,
    /// An unwind that no breaker asked for: the level is not RED with the action to cash.
    NoUnwind,
    /// BLACK: no order.
    Halted,
}

impl DefconDenied {
    /// The stable code in records.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::PaperOnly => "defcon_paper_only",
            Self::NoIncrease => "defcon_no_increase",
            Self::Unwinding => "defcon_unwinding",
            Self::NoUnwind => "defcon_no_unwind",
            Self::Halted => "defcon_halted",
        }
    }
}

/// What a posture permits: total, and written out so that a new level or request does not compile
/// until it has its place.
///
/// A cancel is no order: it only ends what could still fill, so no level holds it back.
pub const fn permits(posture: Posture, mode: Mode, request: Request) -> Verdict {
    use DefconDenied::{Halted, NoIncrease, NoUnwind, PaperOnly, Unwinding};
    use Stance::{Black, Green, Orange, RedReduceOnly, RedToCash, Yellow};
    use Verdict::{Denied, Permitted};

    match request {
        Request::Increase => match (posture.0, mode) {
            (Green | Yellow, _) | (Orange, Mode::Paper) => Permitted,
            (Orange, Mode::Live) => Denied(PaperOnly),
            (RedReduceOnly | RedToCash, _) => Denied(NoIncrease),
            (Black, _) => Denied(Halted),
        },
        Request::Reduce => match posture.0 {
            Green | Yellow | Orange | RedReduceOnly => Permitted,
            RedToCash => Denied(Unwinding),
            Black => Denied(Halted),
        },
        Request::Unwind => match posture.0 {
            Green | Yellow | Orange | RedReduceOnly => Denied(NoUnwind),
            RedToCash => Permitted,
            Black => Denied(Halted),
        },
        Request::Cancel => Permitted,
    }
}
