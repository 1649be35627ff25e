//! The published JSON Schemas as an oracle: what a parser takes must fit its schema's shape.
//!
//! Only the keywords that the schemas use; any other one stops the run, so that none is passed
//! over. `pattern` and `maxLength` are not checked: the grammars have targets of their own.

use std::sync::OnceLock;

use ios012_contracts::{DocumentKind, schema};
use serde_json::{Map, Value};

/// Checks a value against the published schema of its kind.
///
/// # Panics
/// If it does not fit.
pub fn check(kind: DocumentKind, value: &Value) {
    // A process fuzzes one kind.
    static SCHEMA: OnceLock<Value> = OnceLock::new();
    let schema = SCHEMA.get_or_init(|| serde_json::from_str(&schema(kind)).expect("JSON"));
    if let Err(fault) = fits(schema, schema, value) {
        panic!("the parser takes what the schema of a {kind} refuses: {fault}");
    }
}

fn fits(root: &Value, schema: &Value, value: &Value) -> Result<(), String> {
    let keywords = schema.as_object().ok_or("a schema is an object")?;
    for (keyword, rule) in keywords {
        let holds = match keyword.as_str() {
            "$defs"
            | "$schema"
            | "title"
            | "description"
            | "required"
            | "additionalProperties"
            | "pattern"
            | "maxLength"
            | "minLength" => true,
            "$ref" => {
                let pointer = rule.as_str().and_then(|text| text.strip_prefix('#'));
                let target = pointer.and_then(|pointer| root.pointer(pointer));
                fits(root, target.ok_or("a reference leads nowhere")?, value)?;
                true
            }
            "type" => rule == type_of(value),
            "const" => rule == value,
            "enum" => rule.as_array().is_some_and(|texts| texts.contains(value)),
            "minItems" => {
                value.as_array().map(Vec::len) >= rule.as_u64().map(|least| least as usize)
            }
            "items" => {
                let rows = value.as_array().map(Vec::as_slice).unwrap_or_default();
                rows.iter().try_for_each(|row| fits(root, rule, row))?;
                true
            }
            "properties" => {
                members_fit(root, keywords, value.as_object().ok_or("not an object")?)?;
                true
            }
            other => return Err(format!("the keyword {other} is unknown here")),
        };
        if !holds {
            return Err(format!("{keyword} {rule} against {value}"));
        }
    }
    Ok(())
}

fn members_fit(
    root: &Value,
    schema: &Map<String, Value>,
    members: &Map<String, Value>,
) -> Result<(), String> {
    let properties = &schema["properties"];
    for (name, member) in members {
        let rule = properties
            .get(name)
            .ok_or_else(|| format!("the member {name} is not allowed"))?;
        fits(root, rule, member).map_err(|fault| format!("{name}: {fault}"))?;
    }
    let required = schema.get("required").and_then(Value::as_array);
    for name in required.into_iter().flatten().filter_map(Value::as_str) {
        if !members.contains_key(name) {
            return Err(format!("the member {name} is missing"));
        }
    }
    Ok(())
}

fn type_of(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "boolean",
        Value::Number(_) => "number",
        Value::String(_) => "string",
        Value::Array(_) => "array",
        Value::Object(_) => "object",
    }
}
