//! What the reader knows of a table: its columns by name, and what becomes of their values.

use ios012_contracts::DocumentKind;
use serde_json::Value;

/// The schema that holds the tables, or views in their place.
pub(crate) const SCHEMA: &str = "ios012_input";

/// A table or a view, of which only these columns are read, by name.
#[derive(Debug)]
pub(crate) struct Table {
    pub(crate) name: &'static str,
    /// The document that its rows are a part of.
    pub(crate) document: DocumentKind,
    /// The columns that say to which document a row belongs.
    pub(crate) of: &'static [Column],
    /// Whether `place` orders the rows: where the order of an array goes into a document's hash.
    pub(crate) is_ordered: bool,
    /// The columns that no two rows of one document may share.
    pub(crate) key: &'static [&'static str],
    /// The columns of the document, named as its members are.
    pub(crate) columns: &'static [Column],
}

/// A column and its type.
#[derive(Debug)]
pub(crate) struct Column {
    pub(crate) name: &'static str,
    pub(crate) cell: Cell,
}

/// What a column holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Cell {
    Text,
    Texts,
    Decimal,
    Counter,
    Flag,
    Time,
    Day,
    Clock,
}

/// The column that orders the rows of a table.
pub(crate) const PLACE: Column = Column {
    name: "place",
    cell: Cell::Counter,
};

impl Table {
    /// Every column that is read, in the order of the statement.
    pub(crate) fn read(&self) -> impl Iterator<Item = &'static Column> {
        let place = self.is_ordered.then_some(&PLACE);
        self.of.iter().chain(place).chain(self.columns)
    }

    /// The rows of one document as texts, and those that belong to none, because a column of `of` is NULL:
    /// whose they are is not known, so nothing is decided without them. `$1` and so on are the values of `of`.
    pub(crate) fn select(&self, most: usize) -> String {
        let columns: Vec<String> = self.read().map(Column::as_text).collect();
        format!(
            "SELECT {} FROM {SCHEMA}.{} WHERE {} LIMIT {most}",
            columns.join(", "),
            self.name,
            self.condition()
        )
    }

    /// One alternative for each column of `of` that may be NULL, so that each has its way by an index.
    fn condition(&self) -> String {
        let equal: Vec<String> = (self.of.iter().zip(1..))
            .map(|(column, number)| format!("{} = {}", column.quoted(), column.parameter(number)))
            .collect();
        let mut alternatives = vec![equal.join(" AND ")];
        for (at, column) in self.of.iter().enumerate() {
            let mut terms: Vec<String> = equal.iter().take(at).cloned().collect();
            terms.push(format!("{} IS NULL", column.quoted()));
            alternatives.push(terms.join(" AND "));
        }
        format!("({})", alternatives.join(") OR ("))
    }
}

impl Column {
    pub(crate) fn quoted(&self) -> String {
        format!("\"{}\"", self.name)
    }

    fn as_text(&self) -> String {
        match self.cell {
            Cell::Texts => format!("array_to_json({})::text", self.quoted()),
            _ => format!("{}::text", self.quoted()),
        }
    }

    /// A parameter that is sent as text.
    pub(crate) fn parameter(&self, number: usize) -> String {
        match self.cell {
            Cell::Time => format!("${number}::text::timestamptz"),
            _ => format!("${number}::text"),
        }
    }
}

impl Cell {
    /// The types that lose nothing on the way to the text of a document. A domain counts as what it is over.
    pub(crate) const fn types(self) -> &'static [&'static str] {
        match self {
            Self::Text => &["text", "character varying"],
            Self::Texts => &["text[]", "character varying[]"],
            Self::Decimal => &["numeric"],
            Self::Counter => &["smallint", "integer", "bigint"],
            Self::Flag => &["boolean"],
            Self::Time => &["timestamp with time zone"],
            Self::Day => &["date"],
            Self::Clock => &["time without time zone"],
        }
    }

    /// The rule of [`Cell::types`], for people.
    pub(crate) const fn rule(self) -> &'static str {
        match self {
            Self::Text => "it must be text",
            Self::Texts => "it must be text[]",
            Self::Decimal => "it must be numeric: a float has been rounded",
            Self::Counter => "it must be smallint, integer or bigint",
            Self::Flag => "it must be boolean",
            Self::Time => "it must be timestamptz: a time without a zone is not known to be UTC",
            Self::Day => "it must be date",
            Self::Clock => "it must be time, in UTC",
        }
    }

    /// The value of a document. A text that is none of this kind stays as it is, for the parser to refuse.
    pub(crate) fn value(self, text: &str) -> Value {
        match self {
            Self::Text | Self::Counter | Self::Day => Value::from(text),
            Self::Texts => serde_json::from_str(text).unwrap_or_else(|_| Value::from(text)),
            Self::Decimal => Value::from(decimal(text)),
            Self::Flag => match text {
                "true" => Value::Bool(true),
                "false" => Value::Bool(false),
                other => Value::from(other),
            },
            Self::Time => Value::from(time(text).unwrap_or_else(|| text.to_owned())),
            Self::Clock => Value::from(text.strip_suffix(":00").unwrap_or(text)),
        }
    }
}

/// `numeric` prints the zeros of its scale, which canonical text does not have.
fn decimal(text: &str) -> &str {
    if text.contains('.') {
        text.trim_end_matches('0').trim_end_matches('.')
    } else {
        text
    }
}

/// `2026-11-20 21:00:00.25+00` as `2026-11-20T21:00:00.250Z`; none where that would lose something.
fn time(text: &str) -> Option<String> {
    let (day, clock) = text.strip_suffix("+00")?.split_once(' ')?;
    let (seconds, fraction) = clock.split_once('.').unwrap_or((clock, ""));
    let millis = match fraction.trim_end_matches('0') {
        digits if digits.len() <= 3 => format!("{digits:0<3}"),
        _ => return None,
    };
    Some(format!("{day}T{seconds}.{millis}Z"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_loses_nothing_on_its_way() {
        for (cell, text, value) in [
            (Cell::Decimal, "0.2500", "0.25"),
            (Cell::Decimal, "1000", "1000"),
            (Cell::Decimal, "100.00", "100"),
            (Cell::Decimal, "0.00", "0"),
            (Cell::Decimal, "-0.0000000000001", "-0.0000000000001"),
            (Cell::Decimal, "NaN", "NaN"),
            (Cell::Decimal, "-Infinity", "-Infinity"),
            (
                Cell::Time,
                "2026-11-20 21:00:00+00",
                "2026-11-20T21:00:00.000Z",
            ),
            (
                Cell::Time,
                "2026-11-20 21:00:00.25+00",
                "2026-11-20T21:00:00.250Z",
            ),
            (
                Cell::Time,
                "2026-11-20 21:00:00.000001+00",
                "2026-11-20 21:00:00.000001+00",
            ),
            (
                Cell::Time,
                "2026-11-20 21:00:00+01",
                "2026-11-20 21:00:00+01",
            ),
            (
                Cell::Time,
                "0044-03-15 12:00:00+00 BC",
                "0044-03-15 12:00:00+00 BC",
            ),
            (Cell::Time, "infinity", "infinity"),
            (Cell::Clock, "13:30:00", "13:30"),
            (Cell::Clock, "24:00:00", "24:00"),
            (Cell::Clock, "13:30:15", "13:30:15"),
        ] {
            assert_eq!(cell.value(text), Value::from(value), "{text}");
        }
    }
}
