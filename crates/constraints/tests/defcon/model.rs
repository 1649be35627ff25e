//! The authority table a second time, as plain text and loops, and helpers to drive the machine.

use ios012_constraints::defcon::{
    Alarm, Loosening, LooseningTerms, Posture, RecordId, RedAction, Role, RoleSet, Trip,
};
use ios012_core::{Defcon, UtcTime};

/// A level with its action.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Stance(pub(crate) Defcon, pub(crate) RedAction);

pub(crate) const STANCES: [Stance; 6] = [
    Stance(Defcon::Green, RedAction::ReduceOnly),
    Stance(Defcon::Yellow, RedAction::ReduceOnly),
    Stance(Defcon::Orange, RedAction::ReduceOnly),
    Stance(Defcon::Red, RedAction::ReduceOnly),
    Stance(Defcon::Red, RedAction::ToCash),
    Stance(Defcon::Black, RedAction::ReduceOnly),
];

pub(crate) fn time(seconds: i64) -> UtcTime {
    milliseconds(seconds * 1_000)
}

pub(crate) fn milliseconds(milliseconds: i64) -> UtcTime {
    UtcTime::from_unix_milliseconds(milliseconds).expect("within the years")
}

pub(crate) const fn id(number: u8) -> RecordId {
    RecordId([number; 32])
}

pub(crate) fn trip(stance: Stance, record: u8, at: UtcTime) -> Trip {
    Trip {
        record: id(record),
        level: stance.0,
        red_action: stance.1,
        at,
    }
}

/// The posture after one trip on a fresh ledger.
pub(crate) fn posture(stance: Stance) -> Posture {
    Alarm::begin(time(0))
        .tighten(&trip(stance, 1, time(0)))
        .posture()
}

/// Persons, each as the list of their roles.
pub(crate) type Persons<'a> = &'a [&'a [Role]];

pub(crate) fn command(terms: LooseningTerms, persons: Persons<'_>) -> Loosening {
    let roles = persons.iter().map(|roles| RoleSet::of(roles)).collect();
    #[expect(
        clippy::disallowed_methods,
        reason = "the machine is tested without signatures"
    )]
    Loosening::authorised(terms, roles)
}

/// The levels as text, the cool-down in seconds, and for each signature the roles that may give it.
const STEPS: [(&str, &str, i64, &[&str]); 4] = [
    ("BLACK", "RED", 3_600, &["CEO"]),
    ("RED", "ORANGE", 3_600, &["VEGA", "VEGA STIG"]),
    ("ORANGE", "YELLOW", 900, &["VEGA STIG"]),
    ("YELLOW", "GREEN", 300, &["VEGA STIG"]),
];

/// The cool-down of the step, if it exists.
pub(crate) fn cool_down(from: Defcon, to: Defcon) -> Option<i64> {
    let step = STEPS
        .iter()
        .find(|step| step.0 == from.as_str() && step.1 == to.as_str())?;
    Some(step.2)
}

/// Whether some order of the persons fills the places of the step one after the other.
pub(crate) fn may_loosen(from: Defcon, to: Defcon, persons: Persons<'_>) -> bool {
    let Some(step) = STEPS
        .iter()
        .find(|step| step.0 == from.as_str() && step.1 == to.as_str())
    else {
        return false;
    };
    let fits = |place: &str, roles: &[Role]| {
        roles
            .iter()
            .any(|role| place.split(' ').any(|name| name == role.as_str()))
    };
    match step.3 {
        [only] => persons.iter().any(|roles| fits(only, roles)),
        [first, second] => (0..persons.len()).any(|one| {
            (0..persons.len()).any(|other| {
                one != other && fits(first, persons[one]) && fits(second, persons[other])
            })
        }),
        _ => panic!("the table has one or two places"),
    }
}
