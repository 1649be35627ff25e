//! Who may move a level (ADR-016, split authority): those who brake are not those who trade, and
//! the strictest halt is lifted by the CEO alone.

use alloc::vec::Vec;
use core::fmt;
use core::str::FromStr;

use ios012_core::{CoreError, Defcon, UtcTime};

use super::{RecordId, RedAction};

/// An office of the fund.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Role {
    /// Lifts the halt.
    Ceo,
    /// Governance.
    Vega,
    /// Technology and validation.
    Stig,
    /// Strategy: wants to trade, so it moves no level.
    Lars,
    /// Runs the engine.
    Operator,
}

impl Role {
    /// Every role.
    pub const ALL: &'static [Self] = &[
        Self::Ceo,
        Self::Vega,
        Self::Stig,
        Self::Lars,
        Self::Operator,
    ];

    /// The stable text.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Ceo => "CEO",
            Self::Vega => "VEGA",
            Self::Stig => "STIG",
            Self::Lars => "LARS",
            Self::Operator => "OPERATOR",
        }
    }

    const fn bit(self) -> u8 {
        match self {
            Self::Ceo => 1,
            Self::Vega => 2,
            Self::Stig => 4,
            Self::Lars => 8,
            Self::Operator => 16,
        }
    }
}

impl fmt::Display for Role {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.pad(self.as_str())
    }
}

impl FromStr for Role {
    type Err = CoreError;

    fn from_str(text: &str) -> Result<Self, CoreError> {
        let found = Self::ALL.iter().find(|role| role.as_str() == text);
        found.copied().ok_or(CoreError::Identifier {
            what: "role",
            grammar: "one of CEO VEGA STIG LARS OPERATOR",
        })
    }
}

/// Some roles: those of one person, or those that one signature of a rule may come from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct RoleSet(u8);

impl RoleSet {
    /// These roles.
    pub const fn of(roles: &[Role]) -> Self {
        let mut bits = 0;
        let mut rest = roles;
        while let [role, others @ ..] = rest {
            bits |= role.bit();
            rest = others;
        }
        Self(bits)
    }

    /// Whether the role is one of them.
    pub const fn has(self, role: Role) -> bool {
        self.0 & role.bit() != 0
    }

    /// Whether the two have a role in common.
    pub const fn meets(self, other: Self) -> bool {
        self.0 & other.0 != 0
    }
}

impl fmt::Display for RoleSet {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut between = "";
        for role in Role::ALL.iter().filter(|role| self.has(**role)) {
            write!(formatter, "{between}{role}")?;
            between = " or ";
        }
        Ok(())
    }
}

/// What one step down needs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LooseningRule {
    /// One signature for each set, each from another person who has a role of it.
    pub signatures: &'static [RoleSet],
    /// Seconds that must have passed since the last trip or step.
    pub cool_down_s: i64,
}

impl LooseningRule {
    /// Whether these persons, each given by their roles, can fill every place of the rule.
    pub fn is_met_by(&self, persons: &[RoleSet]) -> bool {
        filled(self.signatures, persons)
    }
}

/// Tries each person for the first place and the others for the rest.
fn filled(places: &[RoleSet], persons: &[RoleSet]) -> bool {
    let [place, rest @ ..] = places else {
        return true;
    };
    persons.iter().enumerate().any(|(chosen, person)| {
        let others: Vec<RoleSet> = persons
            .iter()
            .enumerate()
            .filter(|(at, _)| *at != chosen)
            .map(|(_, other)| *other)
            .collect();
        person.meets(*place) && filled(rest, &others)
    })
}

const CEO: RoleSet = RoleSet::of(&[Role::Ceo]);
const VEGA: RoleSet = RoleSet::of(&[Role::Vega]);
const VEGA_OR_STIG: RoleSet = RoleSet::of(&[Role::Vega, Role::Stig]);

/// The rule of a step; `None` where there is no such step. A level is left one step at a time, so
/// that what follows can be watched before the next.
pub const fn loosening_rule(from: Defcon, to: Defcon) -> Option<LooseningRule> {
    match (from, to) {
        (Defcon::Black, Defcon::Red) => Some(LooseningRule {
            signatures: &[CEO],
            cool_down_s: 3_600,
        }),
        (Defcon::Red, Defcon::Orange) => Some(LooseningRule {
            signatures: &[VEGA, VEGA_OR_STIG],
            cool_down_s: 3_600,
        }),
        (Defcon::Orange, Defcon::Yellow) => Some(LooseningRule {
            signatures: &[VEGA_OR_STIG],
            cool_down_s: 900,
        }),
        (Defcon::Yellow, Defcon::Green) => Some(LooseningRule {
            signatures: &[VEGA_OR_STIG],
            cool_down_s: 300,
        }),
        _ => None,
    }
}

/// Whether one person of this role may order a stricter level. (A breaker, and anybody who can
/// reach the machine, tightens without a signature.)
pub const fn may_tighten(role: Role, to: Defcon) -> bool {
    match role {
        Role::Ceo | Role::Vega | Role::Stig => true,
        // What only the CEO can lift takes more than the operator to order.
        Role::Operator => !matches!(to, Defcon::Black),
        Role::Lars => false,
    }
}

/// What a command to loosen says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LooseningTerms {
    /// The level that it leaves.
    pub from: Defcon,
    /// The level that it asks for.
    pub to: Defcon,
    /// The action, where that level is RED; it counts there alone.
    pub red_action: RedAction,
    /// The record that set the standing level: the last trip or step.
    pub answers: RecordId,
    /// When it was issued.
    pub issued_at: UtcTime,
    /// It may be carried out before this time.
    pub valid_until: UtcTime,
}

/// A command to loosen whose signatures were verified: the proof that [`Alarm::loosen`] asks for.
///
/// [`Alarm::loosen`]: super::Alarm::loosen
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Loosening {
    terms: LooseningTerms,
    persons: Vec<RoleSet>,
}

impl Loosening {
    /// Vouches that these persons, each another one and given by the roles they hold, signed these
    /// terms.
    ///
    /// Only the governance crate may say so: `clippy.toml` bans this function everywhere else, and
    /// `cargo xtask tidy` looks for its name.
    pub const fn authorised(terms: LooseningTerms, persons: Vec<RoleSet>) -> Self {
        Self { terms, persons }
    }

    /// The terms.
    pub const fn terms(&self) -> &LooseningTerms {
        &self.terms
    }

    /// The roles of each person who signed.
    pub fn persons(&self) -> &[RoleSet] {
        &self.persons
    }
}
