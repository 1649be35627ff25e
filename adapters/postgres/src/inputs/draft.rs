//! A document before it is parsed, and from which rows its parts came.

use ios012_contracts::{DocumentKind, Place, Refusal, RefusalCode};
use serde_json::{Map, Value};

use super::rows::{Row, Rows, place};
use super::table::Table;

/// Members that are not named as their columns are: the table, the member, the column.
const RENAMED: [(&str, &str, &str); 6] = [
    ("ios001_document", "version", "registry_version"),
    ("ios004_regimes", "as_of", "regime_as_of"),
    ("calendar_days", "valid_from", "from_day"),
    ("calendar_days", "valid_until", "until_day"),
    ("calendar_days", "from", "from_day"),
    ("calendar_days", "until", "until_day"),
];

/// A document as JSON, and the rows behind its parts.
#[derive(Debug)]
pub(crate) struct Draft {
    /// What messages call the source: the table that is named after the document.
    file: &'static str,
    members: Map<String, Value>,
    origins: Vec<Origin>,
}

/// A part of the document, such as `rows[3]`, and the row that it came from.
#[derive(Debug)]
struct Origin {
    path: String,
    table: &'static Table,
    label: String,
}

impl Draft {
    /// Begins with the row of a table that has one for each document.
    pub(crate) fn of(document: &Rows, remedy: &str) -> Result<Self, Refusal> {
        let row = document.only(remedy)?;
        let mut draft = Self::new(document.table);
        draft.came_from("", row);
        draft.members.append(&mut row.members());
        Ok(draft)
    }

    pub(crate) fn new(table: &'static Table) -> Self {
        let kind = table.document;
        let schema = Value::from(kind.schema_name());
        Self {
            file: source(kind),
            members: Map::from_iter([("schema".to_owned(), schema)]),
            origins: Vec::new(),
        }
    }

    pub(crate) fn member(&mut self, name: &str, value: Value) {
        self.members.insert(name.to_owned(), value);
    }

    pub(crate) fn remove(&mut self, name: &str) -> Option<Value> {
        self.members.remove(name)
    }

    pub(crate) const fn members(&mut self) -> &mut Map<String, Value> {
        &mut self.members
    }

    /// Remembers the row that a part came from.
    pub(crate) fn came_from(&mut self, path: impl Into<String>, row: &Row) {
        self.part(path, row.table(), row.label());
    }

    pub(crate) fn part(&mut self, path: impl Into<String>, table: &'static Table, label: &str) {
        self.origins.push(Origin {
            path: path.into(),
            table,
            label: label.to_owned(),
        });
    }

    /// An array with an element for each row.
    pub(crate) fn array(&mut self, name: &str, rows: &Rows) {
        self.part(name, rows.table, &rows.label());
        for (at, row) in rows.iter().enumerate() {
            self.came_from(format!("{name}[{at}]"), row);
        }
        let elements = rows.iter().map(|row| Value::Object(row.members()));
        self.members
            .insert(name.to_owned(), Value::Array(elements.collect()));
    }

    /// The same, left out where there is no row.
    pub(crate) fn array_if_any(&mut self, name: &str, rows: &Rows) {
        if !rows.is_empty() {
            self.array(name, rows);
        }
    }

    /// Renames a member of each element of an array.
    pub(crate) fn rename(&mut self, array: &str, from: &str, to: &str) {
        let elements = self.members.get_mut(array).and_then(Value::as_array_mut);
        for element in elements.into_iter().flatten() {
            if let Some(members) = element.as_object_mut()
                && let Some(value) = members.remove(from)
            {
                members.insert(to.to_owned(), value);
            }
        }
    }

    /// Parses it as a file is parsed. A refusal names the row that it is about.
    pub(crate) fn parse<T>(
        self,
        parse: impl FnOnce(&str, &[u8]) -> Result<T, Refusal>,
    ) -> Result<T, Refusal> {
        let text = Value::Object(self.members).to_string();
        parse(self.file, text.as_bytes()).map_err(|refusal| placed(refusal, &self.origins))
    }
}

/// What messages call the source of a document.
const fn source(kind: DocumentKind) -> &'static str {
    match kind {
        DocumentKind::Registry => "ios001_assets",
        DocumentKind::Constraints => "ios006_constraints",
        DocumentKind::Mandate => "ios004_targets",
        DocumentKind::Regimes => "ios003_regimes",
        DocumentKind::Market => "market_snapshot",
        DocumentKind::Keys => "keys",
        DocumentKind::Scenario => "portfolio",
    }
}

fn placed(refusal: Refusal, origins: &[Origin]) -> Refusal {
    let Place::Path(path) = &refusal.place else {
        return refusal;
    };
    let within = |origin: &&Origin| {
        path.strip_prefix(&origin.path).is_some_and(|rest| {
            origin.path.is_empty() || rest.is_empty() || rest.starts_with(['.', '['])
        })
    };
    let origin = origins.iter().filter(within);
    let Some(origin) = origin.max_by_key(|origin| origin.path.len()) else {
        return refusal;
    };
    let rest = path.strip_prefix(&origin.path).unwrap_or_default();
    let rest = rest.trim_start_matches('.');
    let name = origin.table.name;
    let renamed = RENAMED
        .iter()
        .find(|(table, member, _)| *table == name && *member == rest);
    let column = renamed.map_or(rest, |(_, _, column)| column);
    let place = place(origin.table, &origin.label, column);
    let code = refusal.code;
    let refusal = refusal.at(name, place);
    if code == RefusalCode::MissingField {
        return refusal.remedy("write the column; where it is NULL the member is left out");
    }
    refusal
}
