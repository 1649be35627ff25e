//! The order to stop that anybody who can reach the machine may leave in the ledger's directory.

use ios012_constraints::defcon::RedAction;
use ios012_core::{Defcon, UtcTime};
use ios012_lineage::{Code, PlainText};
use serde::{Deserialize, Serialize};

use crate::GovernanceError;
use crate::document::{Document, Raw, read, read_value};

/// A trip file. It is not signed: to stop needs no authority, to go on does.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StopFile {
    /// The level, at least: RED or BLACK.
    pub level: Defcon,
    /// What is done with positions at RED.
    pub red_action: RedAction,
    /// Why, as a code.
    pub reason: Code,
    /// What was seen, in one line.
    pub evidence: PlainText,
    /// When it was written.
    pub at: UtcTime,
}

#[derive(Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
struct RawStop {
    at: String,
    evidence: String,
    level: String,
    reason: String,
    red_action: String,
    schema: String,
}

impl Raw for RawStop {
    const DOCUMENT: Document = Document::Stop;

    fn schema(&self) -> &str {
        &self.schema
    }
}

impl StopFile {
    /// The file's name in the ledger's directory.
    pub const NAME: &'static str = "trip";

    /// Reads a trip file.
    ///
    /// # Errors
    /// The first rule that does not hold. Whoever reads it must stop all the same.
    pub fn parse(bytes: &[u8]) -> Result<Self, GovernanceError> {
        let (raw, _) = read::<RawStop>(bytes)?;
        let level: Defcon = value("level", &raw.level)?;
        let mut actions = RedAction::ALL.iter();
        let red_action = actions.find(|action| action.as_str() == raw.red_action);
        if level < Defcon::Red {
            return Err(GovernanceError::Value {
                document: Document::Stop,
                path: "level".to_owned(),
                rule: "RED or BLACK".to_owned(),
            });
        }
        Ok(Self {
            level,
            red_action: *red_action.ok_or(GovernanceError::RedAction)?,
            reason: value("reason", &raw.reason)?,
            evidence: value("evidence", &raw.evidence)?,
            at: value("at", &raw.at)?,
        })
    }

    /// The text of the file.
    ///
    /// # Errors
    /// [`GovernanceError::Form`], which no value of the type gives.
    pub fn to_text(&self) -> Result<String, GovernanceError> {
        let raw = RawStop {
            at: self.at.to_string(),
            evidence: self.evidence.to_string(),
            level: self.level.to_string(),
            reason: self.reason.to_string(),
            red_action: self.red_action.to_string(),
            schema: Document::Stop.schema_name().to_owned(),
        };
        serde_json::to_string(&raw).map_err(|error| GovernanceError::Form {
            document: Document::Stop,
            line: error.line(),
            column: error.column(),
            rule: error.to_string(),
        })
    }
}

fn value<T>(path: &'static str, text: &str) -> Result<T, GovernanceError>
where
    T: std::str::FromStr,
    T::Err: std::fmt::Display,
{
    read_value(Document::Stop, path.to_owned(), text)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stop() -> StopFile {
        StopFile {
            level: Defcon::Red,
            red_action: RedAction::ToCash,
            reason: "fire_drill".parse().expect("a code"),
            evidence: "the desk says so".parse().expect("a text"),
            at: "2026-11-26T10:00:00.000Z".parse().expect("a time"),
        }
    }

    #[test]
    fn what_is_written_is_read() {
        for level in [Defcon::Red, Defcon::Black] {
            let stop = StopFile { level, ..stop() };
            let text = stop.to_text().expect("a text");
            assert_eq!(StopFile::parse(text.as_bytes()), Ok(stop));
        }
    }

    #[test]
    fn a_file_that_does_not_say_what_to_do_is_refused() {
        let good = stop().to_text().expect("a text");
        for (from, to) in [
            ("RED", "GREEN"),
            ("RED", "red"),
            ("to_cash", "all_in"),
            ("fire_drill", ""),
            ("ios012.stop.v1", "ios012.stop.v2"),
            ("\"at\"", "\"when\""),
            ("}", ""),
        ] {
            assert!(good.contains(from), "{from}");
            let bad = good.replacen(from, to, 1);
            assert!(StopFile::parse(bad.as_bytes()).is_err(), "{bad}");
        }
    }
}
