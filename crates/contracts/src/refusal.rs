//! The one way in which a bad document is reported.

use std::fmt;
use std::ops::Deref;
use std::path::PathBuf;

use ios012_core::{AssetId, UtcTime};
use ios012_lineage::Hash;
use thiserror::Error;

use crate::{DocumentKind, RefusalCode};

/// Everything that can go wrong while documents are read.
#[derive(Debug, Error)]
pub enum ContractsError {
    /// A document is not acceptable.
    #[error(transparent)]
    Refused(#[from] Refusal),
    /// A file could not be read.
    #[error("{}: cannot be read", path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// The cause.
        source: std::io::Error,
    },
}

/// Why a document is not acceptable: what, where, which rule, and the remedy.
///
/// Its text has three to five lines for a person. A ledger record takes the typed fields, without
/// `value`, which is free text of the document.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal(Box<RefusalDetail>);

/// The parts of a [`Refusal`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RefusalDetail {
    /// The stable code.
    pub code: RefusalCode,
    /// The kind of document that is refused.
    pub document: DocumentKind,
    /// The file, as it was named.
    pub file: String,
    /// The place in the file.
    pub place: Place,
    /// What stands there, escaped and cut to 64 characters.
    pub value: Option<String>,
    /// The rule that was broken. Holds no text of the document.
    pub rule: String,
    /// What to do about it.
    pub remedy: String,
    /// The cycle that was refused, where it is known.
    pub as_of: Option<UtcTime>,
    /// SHA-256 of the document's bytes as they were received, where they are known.
    pub received: Option<Hash>,
}

/// A place in a document.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Place {
    /// The document as a whole.
    Whole,
    /// A member of a JSON document, such as `assets[3].lot_size`, as received.
    Path(String),
    /// A field of the row of an asset, in a document that was well-formed by itself.
    Row {
        /// The table.
        table: &'static str,
        /// The asset of the row.
        asset_id: AssetId,
        /// The field.
        field: &'static str,
    },
    /// A position in a text that is not JSON, from 1.
    Position {
        /// Line.
        line: usize,
        /// Column.
        column: usize,
    },
    /// A cell of a CSV file.
    Cell {
        /// Line of the file, from 1; the header is line 1.
        line: u64,
        /// The column's name.
        column: String,
    },
}

impl Place {
    pub(crate) fn path(text: impl fmt::Display) -> Self {
        Self::Path(text.to_string())
    }

    pub(crate) fn row(table: &'static str, asset_id: &AssetId, field: &'static str) -> Self {
        Self::Row {
            table,
            asset_id: asset_id.clone(),
            field,
        }
    }

    /// The name of the field at fault; empty for the document as a whole.
    pub fn field(&self) -> &str {
        match self {
            Self::Whole | Self::Position { .. } => "",
            Self::Path(path) => path.rsplit(['.', ']']).next().unwrap_or_default(),
            Self::Row { field, .. } => field,
            Self::Cell { column, .. } => column,
        }
    }
}

impl fmt::Display for Place {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Whole => formatter.write_str("the document"),
            Self::Path(path) => formatter.write_str(path),
            Self::Row {
                table,
                asset_id,
                field,
            } => write!(formatter, "{table}[{asset_id}].{field}"),
            Self::Position { line, column } => write!(formatter, "line {line}, column {column}"),
            Self::Cell { line, column } => write!(formatter, "line {line}, column {column}"),
        }
    }
}

impl Refusal {
    /// A refusal with the general rule and remedy of its code, for whoever makes documents of another
    /// source than files. `file` is that source's name.
    pub fn new(code: RefusalCode, document: DocumentKind, file: &str, place: Place) -> Self {
        Self(Box::new(RefusalDetail {
            code,
            document,
            file: file.to_owned(),
            place,
            value: None,
            rule: code.rule().to_owned(),
            remedy: code.remedy().to_owned(),
            as_of: None,
            received: None,
        }))
    }

    pub(crate) fn detail_mut(&mut self) -> &mut RefusalDetail {
        &mut self.0
    }

    /// With what stands there, for people: it is escaped and cut.
    #[must_use]
    pub fn value(mut self, value: impl fmt::Display) -> Self {
        self.0.value = Some(escaped(&value.to_string()));
        self
    }

    /// With a rule that is more exact than that of the code. It goes on the ledger, and holds no text of the
    /// document.
    #[must_use]
    pub fn rule(mut self, rule: impl Into<String>) -> Self {
        self.0.rule = rule.into();
        self
    }

    /// With a remedy that is more exact than that of the code.
    #[must_use]
    pub fn remedy(mut self, remedy: impl Into<String>) -> Self {
        self.0.remedy = remedy.into();
        self
    }

    /// The same refusal, told of the source that the document was made of. The place goes on the ledger, and
    /// holds no text that was refused.
    #[must_use]
    pub fn at(mut self, file: &str, place: Place) -> Self {
        file.clone_into(&mut self.0.file);
        self.0.place = place;
        self
    }

    /// The same refusal, of the cycle at `as_of`.
    #[must_use]
    pub fn of_cycle(mut self, as_of: UtcTime) -> Self {
        self.0.as_of = Some(as_of);
        self
    }
}

impl Deref for Refusal {
    type Target = RefusalDetail;

    fn deref(&self) -> &RefusalDetail {
        &self.0
    }
}

impl std::error::Error for Refusal {}

impl fmt::Display for Refusal {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let detail = &self.0;
        write!(
            formatter,
            "{}: {} refused ({})",
            detail.file, detail.document, detail.code
        )?;
        if let Some(as_of) = detail.as_of {
            write!(formatter, "\n  cycle   {as_of}")?;
        }
        match (&detail.place, &detail.value) {
            (Place::Whole, None) => {}
            (Place::Whole, Some(value)) => write!(formatter, "\n  found   {value}")?,
            (place, None) => write!(formatter, "\n  at      {place}")?,
            (place, Some(value)) => write!(
                formatter,
                "\n  at      {place}{}",
                shown(detail.code, value)
            )?,
        }
        write!(formatter, "\n  rule    {}", detail.rule)?;
        write!(formatter, "\n  remedy  {}", detail.remedy)
    }
}

/// A value after its place. Texts are quoted; what is shown as it stood in the JSON is not.
fn shown(code: RefusalCode, value: &str) -> String {
    match code {
        RefusalCode::JsonNumber | RefusalCode::WrongType => format!(" = {value}"),
        RefusalCode::UnknownField => format!(", field \"{value}\""),
        _ => format!(" = \"{value}\""),
    }
}

/// A value for people: without control characters, at most 64 characters.
fn escaped(value: &str) -> String {
    const LONGEST: usize = 64;
    let mut text = String::new();
    let mut length = 0_usize;
    for character in value.chars() {
        let shown: String = match character {
            '"' | '\'' => character.to_string(),
            other => other.escape_debug().collect(),
        };
        length = length.saturating_add(shown.chars().count());
        if length > LONGEST {
            text.push('…');
            break;
        }
        text.push_str(&shown);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_is_escaped_and_cut() {
        assert_eq!(escaped("a\"\u{1b}[2J"), "a\"\\u{1b}[2J");
        let long = escaped(&"x".repeat(100));
        assert_eq!(long, format!("{}…", "x".repeat(64)));
        assert_eq!(escaped(&"x".repeat(64)), "x".repeat(64));
        let controls = escaped(&"\u{1b}".repeat(64));
        assert_eq!(controls, format!("{}…", "\\u{1b}".repeat(10)));
    }

    #[test]
    fn the_field_is_the_last_part_of_the_place() {
        assert_eq!(Place::path("assets[3].lot_size").field(), "lot_size");
        assert_eq!(Place::path("schema").field(), "schema");
        let code = Place::Cell {
            line: 2,
            column: "AAPL".to_owned(),
        };
        assert_eq!(code.field(), "AAPL");
    }

    #[test]
    fn codes_are_distinct_snake_case() {
        let mut texts: Vec<_> = RefusalCode::ALL.iter().map(|code| code.as_str()).collect();
        texts.sort_unstable();
        texts.dedup();
        assert_eq!(texts.len(), RefusalCode::ALL.len());
        for text in texts {
            assert!(
                text.bytes()
                    .all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_')
            );
        }
    }
}
