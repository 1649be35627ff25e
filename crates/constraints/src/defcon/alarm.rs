//! The machine: tightening cannot fail and is latched; loosening answers the last event and needs
//! its proof; what is not known is RED.

use core::fmt;

use ios012_core::{Defcon, UtcTime};
use thiserror::Error;

use super::authority::{Loosening, LooseningRule, loosening_rule};
use super::{Posture, RedAction};

/// The hash of a record on the ledger.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct RecordId(pub [u8; 32]);

impl fmt::Display for RecordId {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        for byte in self.0 {
            write!(formatter, "{byte:02x}")?;
        }
        Ok(())
    }
}

/// A breaker that tripped, or an order to tighten.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Trip {
    /// Its record.
    pub record: RecordId,
    /// The level that it asks for, at least.
    pub level: Defcon,
    /// The action that it asks for, where that level is RED.
    pub red_action: RedAction,
    /// When it happened.
    pub at: UtcTime,
}

/// The level of one portfolio, and what must be answered before it may be lowered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Alarm {
    posture: Posture,
    /// The last trip or step; nothing where that is not known.
    answers: Option<RecordId>,
    /// The latest time of a trip or step.
    since: UtcTime,
}

impl Alarm {
    /// The state at the genesis record.
    pub const fn begin(at: UtcTime) -> Self {
        Self {
            posture: Posture::CALM,
            answers: None,
            since: at,
        }
    }

    /// The state where the ledger does not tell it: RED. It can be lowered only after a trip was
    /// recorded that says so, because a command must name a record.
    pub const fn unknown(at: UtcTime) -> Self {
        Self {
            posture: Posture::UNKNOWN,
            answers: None,
            since: at,
        }
    }

    /// The standing level and action.
    pub const fn posture(&self) -> Posture {
        self.posture
    }

    /// The same state where a record was written anew, under another hash, after a crash had lost it.
    #[must_use]
    pub fn rewritten(self, lost: RecordId, written: RecordId) -> Self {
        Self {
            answers: self
                .answers
                .map(|named| if named == lost { written } else { named }),
            ..self
        }
    }

    /// The record that a command must name.
    pub const fn answers(&self) -> Option<RecordId> {
        self.answers
    }

    /// From when cool-down is counted.
    pub const fn since(&self) -> UtcTime {
        self.since
    }

    /// Takes a trip. It never lowers the level. Even where the level stands already, commands must
    /// answer this trip from now on, and cool-down begins again.
    #[must_use]
    pub fn tighten(self, trip: &Trip) -> Self {
        Self {
            posture: self.posture.max(Posture::of(trip.level, trip.red_action)),
            answers: Some(trip.record),
            since: self.since.max(trip.at),
        }
    }

    /// Something of the past cannot be read: at least RED, and nothing that a command could name.
    #[must_use]
    pub fn doubt(self) -> Self {
        Self {
            posture: self.posture.max(Posture::UNKNOWN),
            answers: None,
            since: self.since,
        }
    }

    /// Takes one step down by an authorised command, at the time `at` of the data, under the record
    /// `record` that says so.
    ///
    /// # Errors
    /// The first rule that the command does not keep. The level stays.
    pub fn loosen(
        self,
        command: &Loosening,
        record: RecordId,
        at: UtcTime,
    ) -> Result<Self, LooseningRefused> {
        let terms = command.terms();
        let standing = self.answers.ok_or(LooseningRefused::NothingToAnswer)?;
        if terms.answers != standing {
            return Err(LooseningRefused::OtherRecord {
                named: terms.answers,
                standing,
            });
        }
        if terms.from != self.posture.level() {
            return Err(LooseningRefused::OtherLevel {
                named: terms.from,
                standing: self.posture.level(),
            });
        }
        let rule = loosening_rule(terms.from, terms.to).ok_or(LooseningRefused::NoSuchStep {
            from: terms.from,
            to: terms.to,
        })?;
        if !rule.is_met_by(command.persons()) {
            return Err(LooseningRefused::Authority { from: terms.from });
        }
        self.check_times(command, &rule, at)?;
        Ok(Self {
            posture: Posture::of(terms.to, terms.red_action),
            answers: Some(record),
            since: at,
        })
    }

    fn check_times(
        &self,
        command: &Loosening,
        rule: &LooseningRule,
        at: UtcTime,
    ) -> Result<(), LooseningRefused> {
        let terms = command.terms();
        if at < self.since {
            return Err(LooseningRefused::TimeBehind {
                at,
                since: self.since,
            });
        }
        if terms.issued_at < self.since {
            return Err(LooseningRefused::IssuedBefore {
                issued_at: terms.issued_at,
                since: self.since,
            });
        }
        if at < terms.issued_at || terms.valid_until <= at {
            return Err(LooseningRefused::OutOfDate { at });
        }
        let cool_down_ms = rule.cool_down_s.checked_mul(1_000);
        let until = cool_down_ms.and_then(|wait| self.since.checked_add_milliseconds(wait).ok());
        match until {
            Some(until) if until <= at => Ok(()),
            _ => Err(LooseningRefused::CoolDown {
                since: self.since,
                seconds: rule.cool_down_s,
            }),
        }
    }
}

/// Why a command to loosen was not carried out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum LooseningRefused {
    /// No trip is known that a command could answer.
    #[error("no trip stands that a command could answer; record the cause of the level first")]
    NothingToAnswer,
    /// It answers another record than the one that stands: an old command, or a later trip.
    #[error("the command answers {named}, but {standing} stands; issue a command for that")]
    OtherRecord {
        /// The record in the command.
        named: RecordId,
        /// The last trip or step.
        standing: RecordId,
    },
    /// It leaves another level than the one that stands.
    #[error("the command leaves {named}, but the level is {standing}; issue a command for that")]
    OtherLevel {
        /// The level in the command.
        named: Defcon,
        /// The level.
        standing: Defcon,
    },
    /// No such step exists.
    #[error(
        "no step leads from {from} to {to}; take one step at a time, BLACK to RED to ORANGE to YELLOW to GREEN"
    )]
    NoSuchStep {
        /// The level in the command.
        from: Defcon,
        /// The level that it asks for.
        to: Defcon,
    },
    /// Those who signed may not take this step.
    #[error("those who signed may not leave {from}; docs/governance.md says who may")]
    Authority {
        /// The level in the command.
        from: Defcon,
    },
    /// The data's time is before the last trip.
    #[error("the time {at} is before the last trip or step at {since}; check the time of the data")]
    TimeBehind {
        /// The data's time.
        at: UtcTime,
        /// The last trip or step.
        since: UtcTime,
    },
    /// It was issued before what it answers.
    #[error(
        "issued at {issued_at}, before the trip or step at {since} that it answers; issue it again"
    )]
    IssuedBefore {
        /// The command's time.
        issued_at: UtcTime,
        /// The last trip or step.
        since: UtcTime,
    },
    /// It is not in force at this time.
    #[error("the command is not in force at {at}; issue a new one")]
    OutOfDate {
        /// The data's time.
        at: UtcTime,
    },
    /// Too little time has passed.
    #[error(
        "{seconds} seconds must pass after {since}; wait, and issue the command again if it lapses"
    )]
    CoolDown {
        /// The last trip or step.
        since: UtcTime,
        /// The rule's cool-down.
        seconds: i64,
    },
}

impl LooseningRefused {
    /// The stable code.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::NothingToAnswer => "loosen_nothing_to_answer",
            Self::OtherRecord { .. } => "loosen_other_record",
            Self::OtherLevel { .. } => "loosen_other_level",
            Self::NoSuchStep { .. } => "loosen_no_such_step",
            Self::Authority { .. } => "loosen_authority",
            Self::TimeBehind { .. } => "loosen_time_behind",
            Self::IssuedBefore { .. } => "loosen_issued_before",
            Self::OutOfDate { .. } => "loosen_out_of_date",
            Self::CoolDown { .. } => "loosen_cool_down",
        }
    }
}

/// What a ledger says of one event.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Recorded {
    /// A trip.
    Trip(Trip),
    /// A step down, with its command as governance verified it again.
    Loosened {
        /// The command.
        command: Loosening,
        /// The record of the step.
        record: RecordId,
        /// Its time.
        at: UtcTime,
    },
    /// A record of a level that cannot be read, or a command that does not verify any more.
    Unreadable,
}

/// Whether the end of a ledger can be trusted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tail {
    /// Every event that took effect is on it.
    Complete,
    /// An event may have been lost: a torn line, a write that was not answered.
    Doubtful,
}

/// The state that a ledger proves. What its events do not prove is RED: no genesis (`begun`), an
/// event that cannot be read, a step that the rules do not allow, a doubtful end.
pub fn rebuild(
    begun: Option<UtcTime>,
    opened_at: UtcTime,
    events: impl IntoIterator<Item = Recorded>,
    tail: Tail,
) -> Alarm {
    let start = begun.map_or(Alarm::unknown(opened_at), Alarm::begin);
    let last = events.into_iter().fold(start, |alarm, event| match event {
        Recorded::Trip(trip) => alarm.tighten(&trip),
        Recorded::Loosened {
            command,
            record,
            at,
        } => alarm
            .loosen(&command, record, at)
            .unwrap_or_else(|_| alarm.doubt()),
        Recorded::Unreadable => alarm.doubt(),
    });
    match tail {
        Tail::Complete => last,
        Tail::Doubtful => last.doubt(),
    }
}
