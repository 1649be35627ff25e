//! The operator command: one change of level, for one portfolio, with its reason.

use ios012_constraints::defcon::{LooseningTerms, RecordId, RedAction, loosening_rule};
use ios012_core::{Defcon, PortfolioId, UtcTime};
use ios012_lineage::{Code, Hash, PlainText, sha256};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::document::{Document, Raw, read_signed, read_value};
use crate::{Action, GovernanceError};

/// Longest time from `issued_at` to `valid_until`: a day. A signed command must not lie about.
pub const MAX_VALIDITY_MS: i64 = 86_400_000;

/// A command that is well-formed. Nothing is said of its signatures: [`authorise`] does that.
///
/// [`authorise`]: crate::authorise
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Command {
    portfolio: PortfolioId,
    action: Action,
    from: Defcon,
    to: Defcon,
    red_action: RedAction,
    answers: Option<Hash>,
    reason: Code,
    evidence: PlainText,
    issuer: Code,
    issued_at: UtcTime,
    valid_until: UtcTime,
    hash: Hash,
}

/// What a person wants to order, before it is written down for signing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CommandDraft {
    /// The portfolio.
    pub portfolio_id: PortfolioId,
    /// The standing level.
    pub from: Defcon,
    /// The level asked for: a greater one tightens, a smaller one loosens.
    pub to: Defcon,
    /// The action, where `to` is RED.
    pub red_action: Option<RedAction>,
    /// The hash of the record that set the standing level, where the command loosens.
    pub answers: Option<Hash>,
    /// Why, as a stable code.
    pub reason: Code,
    /// What was seen, in one line.
    pub evidence: PlainText,
    /// The person who issues it; must be one of those who sign.
    pub issuer: Code,
    /// When it is issued.
    pub issued_at: UtcTime,
    /// It counts before this time.
    pub valid_until: UtcTime,
}

#[derive(Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(
    title = "Operator command",
    description = "One change of level (DEFCON) of one portfolio. Canonical JSON without a line feed at its end, signed with ssh-keygen -Y sign -n command@ios-012."
)]
pub(crate) struct RawCommand {
    /// tighten or loosen.
    #[schemars(extend("enum" = ["tighten", "loosen"]))]
    action: String,
    /// The hash of the record that set the standing level; stands with loosen alone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "String", extend("pattern" = "^[0-9a-f]{64}$"))]
    answers: Option<String>,
    /// What was seen, in one line of printable ASCII.
    #[schemars(extend("pattern" = PlainText::GRAMMAR))]
    evidence: String,
    /// The standing level.
    #[schemars(extend("enum" = ["GREEN", "YELLOW", "ORANGE", "RED", "BLACK"]))]
    from: String,
    /// When it is issued.
    #[schemars(extend("format" = "date-time"))]
    issued_at: String,
    /// The person who issues it, and signs.
    #[schemars(extend("pattern" = Code::GRAMMAR))]
    issuer: String,
    /// The portfolio.
    #[schemars(extend("pattern" = PortfolioId::GRAMMAR))]
    portfolio_id: String,
    /// Why, as a stable code.
    #[schemars(extend("pattern" = Code::GRAMMAR))]
    reason: String,
    /// Stands where to is RED.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "String", extend("enum" = ["reduce_only", "to_cash"]))]
    red_action: Option<String>,
    #[schemars(extend("const" = "ios012.command.v1"))]
    schema: String,
    /// The level asked for.
    #[schemars(extend("enum" = ["GREEN", "YELLOW", "ORANGE", "RED", "BLACK"]))]
    to: String,
    /// It counts before this time; at most 24 hours after `issued_at`.
    #[schemars(extend("format" = "date-time"))]
    valid_until: String,
}

impl Raw for RawCommand {
    const DOCUMENT: Document = Document::Command;

    fn schema(&self) -> &str {
        &self.schema
    }
}

impl CommandDraft {
    /// The bytes to sign: canonical JSON, checked as [`Command::parse`] checks it.
    ///
    /// # Errors
    /// The first rule of a command that does not hold.
    pub fn to_text(&self) -> Result<String, GovernanceError> {
        let action = if self.to < self.from {
            "loosen"
        } else {
            "tighten"
        };
        let raw = RawCommand {
            action: action.to_owned(),
            answers: self.answers.map(|hash| hash.to_string()),
            evidence: self.evidence.to_string(),
            from: self.from.to_string(),
            issued_at: self.issued_at.to_string(),
            issuer: self.issuer.to_string(),
            portfolio_id: self.portfolio_id.to_string(),
            reason: self.reason.to_string(),
            red_action: self.red_action.map(|action| action.to_string()),
            schema: Document::Command.schema_name().to_owned(),
            to: self.to.to_string(),
            valid_until: self.valid_until.to_string(),
        };
        let value = serde_json::to_value(raw).map_err(|error| GovernanceError::Form {
            document: Document::Command,
            line: error.line(),
            column: error.column(),
            rule: error.to_string(),
        })?;
        let text = value.to_string();
        Command::parse(text.as_bytes()).map(|_| text)
    }
}

impl Command {
    /// Reads a command from exactly the bytes that are signed.
    ///
    /// # Errors
    /// The first rule that does not hold.
    pub fn parse(bytes: &[u8]) -> Result<Self, GovernanceError> {
        let raw: RawCommand = read_signed(bytes)?;
        let levels = (value("from", &raw.from)?, value::<Defcon>("to", &raw.to)?);
        let red_action = read_red_action(&raw, levels.1)?;
        let action = read_action(&raw.action, levels, red_action)?;
        let answers: Option<Hash> = match &raw.answers {
            Some(text) => Some(value("answers", text)?),
            None => None,
        };
        if answers.is_some() != (action != Action::Tighten) {
            return Err(GovernanceError::Answers);
        }
        let command = Self {
            portfolio: value("portfolio_id", &raw.portfolio_id)?,
            action,
            from: levels.0,
            to: levels.1,
            red_action: red_action.unwrap_or(RedAction::ReduceOnly),
            answers,
            reason: value("reason", &raw.reason)?,
            evidence: value("evidence", &raw.evidence)?,
            issuer: value("issuer", &raw.issuer)?,
            issued_at: value("issued_at", &raw.issued_at)?,
            valid_until: value("valid_until", &raw.valid_until)?,
            hash: sha256(bytes),
        };
        if command.evidence.as_str().trim().is_empty() {
            return Err(GovernanceError::NoEvidence);
        }
        let latest = command.issued_at.checked_add_milliseconds(MAX_VALIDITY_MS);
        if command.valid_until <= command.issued_at
            || latest.is_ok_and(|latest| latest < command.valid_until)
        {
            return Err(GovernanceError::Validity);
        }
        Ok(command)
    }

    /// The portfolio.
    pub const fn portfolio(&self) -> &PortfolioId {
        &self.portfolio
    }

    /// The right that it needs.
    pub const fn action(&self) -> Action {
        self.action
    }

    /// The level that it was written at.
    pub const fn from(&self) -> Defcon {
        self.from
    }

    /// The level that it asks for.
    pub const fn to(&self) -> Defcon {
        self.to
    }

    /// The action, where it asks for RED.
    pub fn red_action(&self) -> Option<RedAction> {
        (self.to == Defcon::Red).then_some(self.red_action)
    }

    /// The record that it answers, where it loosens.
    pub const fn answers(&self) -> Option<Hash> {
        self.answers
    }

    /// Why, as a code.
    pub const fn reason(&self) -> &Code {
        &self.reason
    }

    /// What was seen.
    pub const fn evidence(&self) -> &PlainText {
        &self.evidence
    }

    /// The person who issues it.
    pub const fn issuer(&self) -> &Code {
        &self.issuer
    }

    /// When it was issued.
    pub const fn issued_at(&self) -> UtcTime {
        self.issued_at
    }

    /// It counts before this time.
    pub const fn valid_until(&self) -> UtcTime {
        self.valid_until
    }

    /// SHA-256 of its bytes.
    pub const fn hash(&self) -> Hash {
        self.hash
    }

    /// The terms for the machine, where it loosens.
    pub(crate) fn terms(&self) -> Option<LooseningTerms> {
        self.answers.map(|answers| LooseningTerms {
            from: self.from,
            to: self.to,
            red_action: self.red_action,
            answers: RecordId(*answers.as_bytes()),
            issued_at: self.issued_at,
            valid_until: self.valid_until,
        })
    }

    /// The action, whether or not it counts.
    pub(crate) const fn any_red_action(&self) -> RedAction {
        self.red_action
    }
}

fn value<T>(path: &'static str, text: &str) -> Result<T, GovernanceError>
where
    T: std::str::FromStr,
    T::Err: std::fmt::Display,
{
    read_value(Document::Command, path.to_owned(), text)
}

fn read_red_action(raw: &RawCommand, to: Defcon) -> Result<Option<RedAction>, GovernanceError> {
    let found = match raw.red_action.as_deref() {
        None => None,
        Some(text) => {
            let found = RedAction::ALL.iter().find(|action| action.as_str() == text);
            Some(*found.ok_or(GovernanceError::RedAction)?)
        }
    };
    if found.is_some() == (to == Defcon::Red) {
        Ok(found)
    } else {
        Err(GovernanceError::RedAction)
    }
}

/// Holds the word against the levels: what is called `tighten` must not lower anything.
fn read_action(
    text: &str,
    (from, to): (Defcon, Defcon),
    red_action: Option<RedAction>,
) -> Result<Action, GovernanceError> {
    let to_cash = from == Defcon::Red && to == from && red_action == Some(RedAction::ToCash);
    let action = match text {
        "tighten" if from < to || to_cash => Some(Action::Tighten),
        "loosen" if loosening_rule(from, to).is_some() => Action::to_leave(from),
        _ => None,
    };
    action.ok_or(GovernanceError::Direction { from, to })
}
