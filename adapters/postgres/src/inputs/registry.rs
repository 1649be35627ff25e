//! IoS-001 from its tables.

use std::collections::BTreeMap;

use ios012_contracts::{Refusal, RefusalCode, Registry};
use serde_json::{Map, Value};

use super::draft::Draft;
use super::rows::{Row, Rows};

/// Columns of `calendar_days` and the members that they become, by the row's kind.
const KINDS: [(&str, &[(&str, &str)]); 5] = [
    ("always_open", &[]),
    (
        "valid",
        &[("from_day", "valid_from"), ("until_day", "valid_until")],
    ),
    (
        "session",
        &[
            ("weekdays", "weekdays"),
            ("open", "open"),
            ("close", "close"),
            ("from_day", "from"),
            ("until_day", "until"),
        ],
    ),
    ("holiday", &[("from_day", "date")]),
    ("early_close", &[("from_day", "date"), ("close", "close")]),
];

/// The rows of one registry.
#[derive(Debug)]
pub(crate) struct Parts {
    pub(crate) document: Rows,
    pub(crate) assets: Rows,
    pub(crate) symbols: Rows,
    pub(crate) fx_pairs: Rows,
    pub(crate) calendar_days: Rows,
}

impl Parts {
    pub(crate) fn parse(&self) -> Result<Registry, Refusal> {
        let remedy = "insert it, or correct registry_version of the portfolio";
        let mut draft = Draft::of(&self.document, remedy)?;
        draft.member("version", self.document.of("registry_version"));
        draft.array("assets", &self.assets);
        self.put_symbols(&mut draft)?;
        draft.array_if_any("fx_pairs", &self.fx_pairs);
        self.put_calendars(&mut draft)?;
        draft.parse(Registry::parse)
    }

    fn put_symbols(&self, draft: &mut Draft) -> Result<(), Refusal> {
        let mut of_asset: BTreeMap<&str, Vec<&Row>> = BTreeMap::new();
        for asset in self.assets.iter() {
            of_asset.insert(asset.required("asset_id")?, Vec::new());
        }
        for row in self.symbols.iter() {
            let asset_id = row.required("asset_id")?;
            let Some(symbols) = of_asset.get_mut(asset_id) else {
                let refusal = row.refuse(RefusalCode::UnknownAsset, "asset_id");
                return Err(refusal.value(asset_id));
            };
            symbols.push(row);
        }
        for (at, asset) in self.assets.iter().enumerate() {
            let asset_id = asset.get("asset_id").unwrap_or_default();
            let mut symbols = Vec::new();
            for (place, row) in of_asset.remove(asset_id).into_iter().flatten().enumerate() {
                draft.came_from(format!("assets[{at}].symbols[{place}]"), row);
                let mut members = row.members();
                members.remove("asset_id");
                symbols.push(Value::Object(members));
            }
            let assets = draft.members().get_mut("assets");
            let asset = assets.and_then(|assets| assets.get_mut(at)?.as_object_mut());
            if let Some(asset) = asset {
                asset.insert("symbols".to_owned(), Value::Array(symbols));
            }
        }
        Ok(())
    }

    fn put_calendars(&self, draft: &mut Draft) -> Result<(), Refusal> {
        if self.calendar_days.is_empty() {
            return Ok(());
        }
        // The row that says how far a calendar reaches stands for it; one that has none comes after.
        let mut names: Vec<&str> = Vec::new();
        let heads = |row: &&Row| matches!(row.get("kind"), Some("always_open" | "valid"));
        for row in self
            .calendar_days
            .iter()
            .filter(heads)
            .chain(self.calendar_days.iter())
        {
            let name = row.required("calendar")?;
            if !names.contains(&name) {
                names.push(name);
            }
        }
        draft.part(
            "calendars",
            self.calendar_days.table,
            &self.calendar_days.label(),
        );
        let mut calendars = Vec::new();
        for (at, name) in names.into_iter().enumerate() {
            let mut calendar = Map::from_iter([("calendar".to_owned(), Value::from(name))]);
            draft.part(format!("calendars[{at}]"), self.calendar_days.table, name);
            let of_calendar = |row: &&Row| row.get("calendar") == Some(name);
            for row in self.calendar_days.iter().filter(of_calendar) {
                let part = add_day(&mut calendar, row)?;
                draft.came_from(format!("calendars[{at}]{part}"), row);
            }
            calendars.push(Value::Object(calendar));
        }
        draft.member("calendars", Value::Array(calendars));
        Ok(())
    }
}

/// Adds a row to its calendar, and says where it stands there.
fn add_day(calendar: &mut Map<String, Value>, row: &Row) -> Result<String, Refusal> {
    let kind = row.required("kind")?;
    let Some((_, columns)) = KINDS.iter().find(|(known, _)| *known == kind) else {
        let refusal = row.refuse(RefusalCode::UnknownValue, "kind").value(kind);
        return Err(refusal.rule("must be always_open, valid, session, holiday or early_close"));
    };
    let is_used = |column: &str| columns.iter().any(|(used, _)| *used == column);
    for column in ["from_day", "until_day", "weekdays", "open", "close"] {
        if let Some(value) = row.get(column).filter(|_| !is_used(column)) {
            let refusal = row.refuse(RefusalCode::NotApplicable, column).value(value);
            return Err(refusal
                .rule("a row has only the columns of its kind")
                .remedy("write NULL, or correct kind"));
        }
    }
    let mut members: Map<String, Value> = columns
        .iter()
        .filter_map(|(column, member)| Some(((*member).to_owned(), row.value(column)?)))
        .collect();
    let (list, element) = match kind {
        "always_open" => {
            calendar.insert(kind.to_owned(), Value::Bool(true));
            return Ok(String::new());
        }
        "valid" => {
            calendar.append(&mut members);
            return Ok(String::new());
        }
        "session" => ("sessions", Value::Object(members)),
        "early_close" => ("early_closes", Value::Object(members)),
        _ => {
            row.required("from_day")?;
            ("holidays", members.remove("date").unwrap_or_default())
        }
    };
    let elements = calendar
        .entry(list)
        .or_insert_with(|| Value::Array(Vec::new()));
    let mut place = 0;
    if let Some(elements) = elements.as_array_mut() {
        place = elements.len();
        elements.push(element);
    }
    Ok(format!(".{list}[{place}]"))
}
