//! What a command may do, as the roles file names it.

use std::fmt;
use std::str::FromStr;

use ios012_constraints::defcon::{LooseningRule, Role, RoleSet, loosening_rule, may_tighten};
use ios012_core::{CoreError, Defcon};

/// One right that the roles file gives.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Action {
    /// To order a stricter level.
    Tighten,
    /// To leave YELLOW.
    LoosenYellow,
    /// To leave ORANGE.
    LoosenOrange,
    /// To leave RED.
    LoosenRed,
    /// To lift the halt.
    LoosenBlack,
}

impl Action {
    /// Every action.
    pub const ALL: &'static [Self] = &[
        Self::Tighten,
        Self::LoosenYellow,
        Self::LoosenOrange,
        Self::LoosenRed,
        Self::LoosenBlack,
    ];

    /// The stable text.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Tighten => "tighten",
            Self::LoosenYellow => "loosen_yellow",
            Self::LoosenOrange => "loosen_orange",
            Self::LoosenRed => "loosen_red",
            Self::LoosenBlack => "loosen_black",
        }
    }

    /// The right to leave a level; GREEN needs none.
    pub const fn to_leave(level: Defcon) -> Option<Self> {
        match level {
            Defcon::Green => None,
            Defcon::Yellow => Some(Self::LoosenYellow),
            Defcon::Orange => Some(Self::LoosenOrange),
            Defcon::Red => Some(Self::LoosenRed),
            Defcon::Black => Some(Self::LoosenBlack),
        }
    }

    /// The step that the action takes, if it loosens.
    const fn rule(self) -> Option<LooseningRule> {
        match self {
            Self::Tighten => None,
            Self::LoosenYellow => loosening_rule(Defcon::Yellow, Defcon::Green),
            Self::LoosenOrange => loosening_rule(Defcon::Orange, Defcon::Yellow),
            Self::LoosenRed => loosening_rule(Defcon::Red, Defcon::Orange),
            Self::LoosenBlack => loosening_rule(Defcon::Black, Defcon::Red),
        }
    }

    /// The fewest persons that ADR-016 lets the roles file ask for.
    pub fn fewest_persons(self) -> usize {
        self.rule().map_or(1, |rule| rule.signatures.len())
    }

    /// Whether a person with these roles can take part, by ADR-016.
    pub fn is_open_to(self, roles: RoleSet) -> bool {
        match self.rule() {
            Some(rule) => rule.signatures.iter().any(|place| place.meets(roles)),
            None => Role::ALL
                .iter()
                .any(|role| roles.has(*role) && may_tighten(*role, Defcon::Yellow)),
        }
    }

    /// Whether these persons together are enough, by ADR-016, to order the level `to`.
    pub(crate) fn is_met_by(self, persons: &[RoleSet], to: Defcon) -> bool {
        match self.rule() {
            Some(rule) => rule.is_met_by(persons),
            None => persons.iter().any(|roles| {
                Role::ALL
                    .iter()
                    .any(|role| roles.has(*role) && may_tighten(*role, to))
            }),
        }
    }
}

impl fmt::Display for Action {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.pad(self.as_str())
    }
}

impl FromStr for Action {
    type Err = CoreError;

    fn from_str(text: &str) -> Result<Self, CoreError> {
        let found = Self::ALL.iter().find(|action| action.as_str() == text);
        found.copied().ok_or(CoreError::Identifier {
            what: "action",
            grammar: "one of tighten loosen_yellow loosen_orange loosen_red loosen_black",
        })
    }
}
