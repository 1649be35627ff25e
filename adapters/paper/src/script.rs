//! Scripted faults: which orders the paper broker rejects, lets expire or fills in part.

use ios012_core::sequence::Side;
use ios012_core::{AssetId, CoreError, Ratio, UtcTime};
use serde::Deserialize;
use serde::de::Error as _;
use serde_json::Value;
use thiserror::Error;

/// The rules of a script; the first one that fits an order applies.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Script {
    rules: Vec<Rule>,
}

/// One rule. What it leaves open fits every order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rule {
    /// The asset.
    pub asset_id: Option<AssetId>,
    /// The side.
    pub side: Option<Side>,
    /// The cycle's `as_of`.
    pub as_of: Option<UtcTime>,
    /// What happens.
    pub action: Action,
}

/// What a rule does to an order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Action {
    /// It is rejected.
    Reject,
    /// It expires without a trade.
    Expire,
    /// This fraction of it is filled, rounded down, and the rest expires.
    Partial(Ratio),
    /// It is accepted and stays open until it is cancelled.
    Rest,
    /// The call that sends it is never answered, and no question for it either.
    Hang,
    /// It is filled, and the broker says that it expired.
    LostFill,
}

/// Why a script can't be used.
#[derive(Debug, Error)]
pub enum ScriptError {
    /// The text is not JSON of the documented shape.
    #[error("broker.json: {0}; docs/scenario.md shows the shape")]
    Shape(#[from] serde_json::Error),
    /// A value breaks its grammar.
    #[error("broker.json: rules[{rule}].{field}: {source}")]
    Value {
        /// Counts the rules from 0.
        rule: usize,
        /// The field.
        field: &'static str,
        /// The grammar that was broken.
        source: CoreError,
    },
    /// A fraction is missing, not wanted, or outside 0 to 1.
    #[error(
        "broker.json: rules[{rule}].fraction: `partial` needs a fraction from 0 to 1, the other \
         actions none"
    )]
    Fraction {
        /// Counts the rules from 0.
        rule: usize,
    },
}

impl Script {
    /// A script of these rules.
    pub const fn new(rules: Vec<Rule>) -> Self {
        Self { rules }
    }

    /// Reads `broker.json` (docs/scenario.md).
    ///
    /// # Errors
    /// The first thing that is wrong with it.
    pub fn parse(json: &str) -> Result<Self, ScriptError> {
        let raw: RawScript = serde_json::from_str(json)?;
        refuse_arrays(json)?;
        let rules = raw
            .rules
            .iter()
            .enumerate()
            .map(|(rule, raw)| raw.checked(rule));
        Ok(Self {
            rules: rules.collect::<Result<_, _>>()?,
        })
    }

    /// What happens to an order.
    pub fn action(&self, asset_id: &AssetId, side: Side, as_of: UtcTime) -> Option<Action> {
        let fits = |rule: &&Rule| {
            rule.asset_id
                .as_ref()
                .is_none_or(|wanted| wanted == asset_id)
                && rule.side.is_none_or(|wanted| wanted == side)
                && rule.as_of.is_none_or(|wanted| wanted == as_of)
        };
        self.rules.iter().find(fits).map(|rule| rule.action)
    }
}

/// serde also takes an array of a struct's fields in their order; the documented shape has names.
fn refuse_arrays(json: &str) -> Result<(), serde_json::Error> {
    let value: Value = serde_json::from_str(json)?;
    let rules = value.get("rules").and_then(Value::as_array);
    if rules.is_some_and(|rules| rules.iter().all(Value::is_object)) {
        Ok(())
    } else {
        Err(serde_json::Error::custom(
            "the script and each of its rules is an object",
        ))
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawScript {
    #[serde(rename = "schema")]
    _schema: ScriptSchema,
    rules: Vec<RawRule>,
}

#[derive(Deserialize)]
enum ScriptSchema {
    #[serde(rename = "ios012.paper_script.v1")]
    V1,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawRule {
    asset_id: Option<String>,
    side: Option<RawSide>,
    as_of: Option<String>,
    action: RawAction,
    fraction: Option<String>,
}

#[derive(Deserialize, Clone, Copy)]
#[serde(rename_all = "snake_case")]
enum RawSide {
    Buy,
    Sell,
}

#[derive(Deserialize, Clone, Copy)]
#[serde(rename_all = "snake_case")]
enum RawAction {
    Reject,
    Expire,
    Partial,
    Rest,
    Hang,
    LostFill,
}

impl RawRule {
    fn checked(&self, rule: usize) -> Result<Rule, ScriptError> {
        let value = |field| {
            move |source| ScriptError::Value {
                rule,
                field,
                source,
            }
        };
        let fraction = self
            .fraction
            .as_deref()
            .map(str::parse::<Ratio>)
            .transpose();
        let fraction = fraction.map_err(value("fraction"))?;
        let action = match (self.action, fraction) {
            (RawAction::Reject, None) => Action::Reject,
            (RawAction::Expire, None) => Action::Expire,
            (RawAction::Rest, None) => Action::Rest,
            (RawAction::Hang, None) => Action::Hang,
            (RawAction::LostFill, None) => Action::LostFill,
            (RawAction::Partial, Some(part)) if !part.is_negative() && part <= Ratio::ONE => {
                Action::Partial(part)
            }
            _ => return Err(ScriptError::Fraction { rule }),
        };
        Ok(Rule {
            asset_id: self
                .asset_id
                .as_deref()
                .map(str::parse)
                .transpose()
                .map_err(value("asset_id"))?,
            side: self.side.map(|side| match side {
                RawSide::Buy => Side::Buy,
                RawSide::Sell => Side::Sell,
            }),
            as_of: self
                .as_of
                .as_deref()
                .map(str::parse)
                .transpose()
                .map_err(value("as_of"))?,
            action,
        })
    }
}
