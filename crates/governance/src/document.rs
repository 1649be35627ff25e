//! How a document of governance is read: one strict form, nothing unknown, nothing twice.

use std::fmt;
use std::str::FromStr;

use ios012_lineage::check_canonical;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::GovernanceError;

/// Longest document, in bytes.
const LONGEST: usize = 1 << 20;

/// The kinds of document.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Document {
    /// Who may do what.
    Roles,
    /// An operator command.
    Command,
    /// A command with its signatures and the roles file.
    Bundle,
    /// An order to stop.
    Stop,
}

impl Document {
    pub(crate) const fn schema_name(self) -> &'static str {
        match self {
            Self::Roles => "ios012.roles.v1",
            Self::Command => "ios012.command.v1",
            Self::Bundle => "ios012.command_bundle.v1",
            Self::Stop => "ios012.stop.v1",
        }
    }
}

impl fmt::Display for Document {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.pad(match self {
            Self::Roles => "roles file",
            Self::Command => "command",
            Self::Bundle => "command bundle",
            Self::Stop => "trip file",
        })
    }
}

/// The raw form of a document: a struct of strings with `deny_unknown_fields`, so that serde
/// refuses numbers, unknown members and members that stand twice.
pub(crate) trait Raw: DeserializeOwned + Serialize {
    const DOCUMENT: Document;

    fn schema(&self) -> &str;
}

/// Reads the raw form; gives it with its canonical text.
pub(crate) fn read<R: Raw>(bytes: &[u8]) -> Result<(R, String), GovernanceError> {
    let document = R::DOCUMENT;
    if bytes.len() > LONGEST {
        return Err(GovernanceError::TooLong {
            document,
            bytes: bytes.len(),
        });
    }
    let text = std::str::from_utf8(bytes).map_err(|_| GovernanceError::NotUtf8 { document })?;
    let syntax = |error: serde_json::Error| GovernanceError::Form {
        document,
        line: error.line(),
        column: error.column(),
        rule: rule_of(&error),
    };
    let raw: R = serde_json::from_str(text).map_err(syntax)?;
    if raw.schema() != document.schema_name() {
        return Err(GovernanceError::Schema {
            document,
            expected: document.schema_name(),
        });
    }
    let canonical = serde_json::to_value(&raw).map_err(syntax)?;
    // serde takes an array for a struct and null for a member left out: neither is this document.
    if serde_json::from_str::<Value>(text).map_err(syntax)? != canonical {
        return Err(GovernanceError::Form {
            document,
            line: 1,
            column: 1,
            rule: "objects are objects, and what does not apply is left out".to_owned(),
        });
    }
    Ok((raw, canonical.to_string()))
}

/// Reads the raw form of bytes that must be canonical, because they are signed.
pub(crate) fn read_signed<R: Raw>(bytes: &[u8]) -> Result<R, GovernanceError> {
    let (raw, canonical) = read::<R>(bytes)?;
    if canonical.as_bytes() == bytes {
        return Ok(raw);
    }
    let rule = std::str::from_utf8(bytes)
        .ok()
        .and_then(|text| check_canonical(text).err())
        .map_or_else(
            || "not canonical JSON".to_owned(),
            |error| error.to_string(),
        );
    Err(GovernanceError::NotCanonical {
        document: R::DOCUMENT,
        rule,
    })
}

/// Reads one value of a document.
pub(crate) fn read_value<T>(
    document: Document,
    path: String,
    text: &str,
) -> Result<T, GovernanceError>
where
    T: FromStr,
    T::Err: fmt::Display,
{
    text.parse()
        .map_err(|error: T::Err| GovernanceError::Value {
            document,
            path,
            rule: error.to_string(),
        })
}

/// serde's rule, without its place, which is reported by itself.
fn rule_of(error: &serde_json::Error) -> String {
    let text = error.to_string();
    let rule = text.split(" at line ").next().unwrap_or_default();
    rule.chars()
        .filter(|letter| !letter.is_control())
        .take(120)
        .collect()
}
