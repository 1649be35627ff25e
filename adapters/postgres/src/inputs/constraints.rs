//! IoS-006 from its tables: a row for each limit.

use std::collections::BTreeMap;

use ios012_contracts::{Constraints, Refusal, RefusalCode};
use serde_json::map::Entry;
use serde_json::{Map, Value};

use super::draft::Draft;
use super::rows::{Row, Rows, is_plain};
use super::tables;

/// The sections that are arrays, and the member that names an element.
const ARRAYS: [(&str, &str); 4] = [
    ("assets", "asset_id"),
    ("groups", "group"),
    ("classes", "class"),
    ("currencies", "currency"),
];

/// Renders `section`, `subject`, `member` and `value`, and the members of groups.
pub(crate) fn parse(limits: &Rows, members: &Rows) -> Result<Constraints, Refusal> {
    limits.only("insert its rows, or correct constraints_version of the portfolio")?;
    let mut draft = Draft::new(limits.table);
    draft.part("", limits.table, &limits.label());
    draft.member("version", limits.of("constraints_version"));
    for (section, _) in ARRAYS {
        draft.member(section, Value::Array(Vec::new()));
    }
    let mut elements = Elements {
        draft,
        places: BTreeMap::new(),
    };
    for row in limits.iter() {
        elements.put_limit(row)?;
    }
    for row in members.iter() {
        elements.put_member(row)?;
    }
    elements.draft.parse(Constraints::parse)
}

/// The document, and the places of the elements of its arrays.
struct Elements<'rows> {
    draft: Draft,
    places: BTreeMap<(&'static str, &'rows str), usize>,
}

impl<'rows> Elements<'rows> {
    fn put_limit(&mut self, row: &'rows Row) -> Result<(), Refusal> {
        let section = row.required("section")?;
        let subject = row.required("subject")?;
        let member = row.required("member")?;
        let value = Value::from(row.required("value")?);
        let array = ARRAYS.into_iter().find(|(array, _)| *array == section);
        let object = match (array, section, subject) {
            (Some(array), ..) => self.element(array, subject).1,
            (None, "document", "") => Some(self.draft.members()),
            (None, section, "") => nested(self.draft.members(), section),
            (None, section, subject) => {
                let section = nested(self.draft.members(), section);
                section.and_then(|section| nested(section, subject))
            }
        };
        // What is there already came from another row, or is the key itself.
        match object.map(|object| object.entry(member)) {
            Some(Entry::Vacant(free)) => {
                free.insert(value);
                Ok(())
            }
            _ => Err(row
                .refuse(RefusalCode::DuplicateKey, "member")
                .value(member)),
        }
    }

    fn put_member(&mut self, row: &'rows Row) -> Result<(), Refusal> {
        let group = row.required("group_id")?;
        let asset_id = row.required("asset_id")?;
        let (at, group) = self.element(("groups", "group"), group);
        let members = group.and_then(|group| group.get_mut("members")?.as_array_mut());
        if let Some(members) = members {
            let place = members.len();
            members.push(Value::from(asset_id));
            self.draft
                .came_from(format!("groups[{at}].members[{place}]"), row);
        }
        Ok(())
    }

    /// The element of an array that is about a subject, and its place; made where it is missing.
    fn element(
        &mut self,
        (array, name): (&'static str, &'static str),
        subject: &'rows str,
    ) -> (usize, Option<&mut Map<String, Value>>) {
        let elements = self.draft.members().get_mut(array);
        let elements = elements.and_then(Value::as_array_mut);
        let next = elements.as_ref().map_or(0, |elements| elements.len());
        let at = *self.places.entry((array, subject)).or_insert(next);
        if at == next {
            let mut element = Map::from_iter([(name.to_owned(), Value::from(subject))]);
            if array == "groups" {
                element.insert("members".to_owned(), Value::Array(Vec::new()));
            }
            if let Some(elements) = elements {
                elements.push(Value::Object(element));
            }
            let label = if is_plain(subject) {
                format!("{array}, {subject}")
            } else {
                format!("{array}, ?")
            };
            self.draft
                .part(format!("{array}[{at}]"), &tables::CONSTRAINTS, &label);
        }
        let elements = self.draft.members().get_mut(array);
        let element = elements.and_then(|elements| elements.get_mut(at)?.as_object_mut());
        (at, element)
    }
}

/// The object that is a member of another; made where it is missing, none where something else is there.
fn nested<'map>(
    members: &'map mut Map<String, Value>,
    name: &str,
) -> Option<&'map mut Map<String, Value>> {
    members
        .entry(name)
        .or_insert_with(|| Value::Object(Map::new()))
        .as_object_mut()
}
