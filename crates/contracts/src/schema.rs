//! The published JSON Schemas.

use schemars::{JsonSchema, SchemaGenerator};
use serde_json::{Value, json};

use crate::DocumentKind;
use crate::constraints::RawConstraints;
use crate::keys::RawKeys;
use crate::mandate::RawMandate;
use crate::market::RawMarket;
use crate::regimes::RawRegimes;
use crate::registry::RawRegistry;
use crate::scenario::RawScenario;

/// The JSON Schema (2020-12) of a kind of document, with a line feed at its end.
pub fn schema(kind: DocumentKind) -> String {
    match kind {
        DocumentKind::Registry => text::<RawRegistry>(),
        DocumentKind::Constraints => text::<RawConstraints>(),
        DocumentKind::Mandate => text::<RawMandate>(),
        DocumentKind::Regimes => text::<RawRegimes>(),
        DocumentKind::Market => text::<RawMarket>(),
        DocumentKind::Keys => text::<RawKeys>(),
        DocumentKind::Scenario => text::<RawScenario>(),
    }
}

fn text<Raw: JsonSchema>() -> String {
    let schema = SchemaGenerator::default().into_root_schema_for::<Raw>();
    let mut value = schema.to_value();
    remove_null(&mut value);
    format!("{value:#}\n")
}

/// A member that does not apply is left out, never null, whatever its Rust type says.
fn remove_null(value: &mut Value) {
    let null = json!("null");
    if let Some(types) = value.get_mut("type").and_then(Value::as_array_mut) {
        types.retain(|name| *name != null);
        if let [only] = types.as_slice() {
            let only = only.clone();
            value["type"] = only;
        }
    }
    if let Some(choices) = value.get_mut("anyOf").and_then(Value::as_array_mut) {
        choices.retain(|choice| choice.get("type") != Some(&null));
        if let [only] = choices.as_slice() {
            let only = only.clone();
            *value = only;
        }
    }
    match value {
        Value::Array(elements) => elements.iter_mut().for_each(remove_null),
        Value::Object(members) => members.values_mut().for_each(remove_null),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}
