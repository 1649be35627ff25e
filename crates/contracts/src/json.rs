//! JSON as the contracts allow it: no numbers, no null, no duplicate keys, bounded depth.

use std::fmt::{self, Write as _};

use serde::de::{DeserializeSeed, Deserializer, Error, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Value};

use crate::RefusalCode;

/// Levels of objects and arrays that a document may have.
const DEEPEST: usize = 8;

/// Why a text is not JSON of the allowed kind.
#[derive(Debug)]
pub(crate) enum JsonFault {
    /// Not JSON at all.
    Syntax {
        line: usize,
        column: usize,
        /// The grammar's fault, which holds no text of the document.
        what: String,
    },
    /// JSON that the contracts do not allow.
    Form {
        code: RefusalCode,
        path: String,
        value: Option<String>,
    },
}

/// Reads one JSON value and nothing after it.
pub(crate) fn read(text: &str) -> Result<Value, JsonFault> {
    let mut state = State::default();
    let mut deserializer = serde_json::Deserializer::from_str(text);
    let strict = Strict {
        state: &mut state,
        depth: 0,
    };
    let value = strict
        .deserialize(&mut deserializer)
        .and_then(|value| deserializer.end().map(|()| value));
    value.map_err(|error| match state.fault.take() {
        Some((code, value)) => JsonFault::Form {
            code,
            path: state.path_text(),
            value,
        },
        None => JsonFault::Syntax {
            line: error.line(),
            column: error.column(),
            what: error
                .to_string()
                .split(" at line ")
                .next()
                .unwrap_or_default()
                .to_owned(),
        },
    })
}

/// Arrays whose order says something, so that they stay as received.
const ORDERED: &str = "events";

/// Sorts every array whose elements all carry an `asset_id` by it; other arrays, and those of
/// [`ORDERED`], stay as received.
pub(crate) fn sort_rows(value: &mut Value) {
    match value {
        Value::Array(elements) => {
            elements.iter_mut().for_each(sort_rows);
            if elements.iter().all(|element| asset_id(element).is_some()) {
                elements.sort_by(|a, b| asset_id(a).cmp(&asset_id(b)));
            }
        }
        Value::Object(members) => {
            let tables = members.iter_mut().filter(|(name, _)| *name != ORDERED);
            tables.for_each(|(_, table)| sort_rows(table));
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

fn asset_id(row: &Value) -> Option<&str> {
    row.get("asset_id").and_then(Value::as_str)
}

/// Where the reader is, and what it met.
#[derive(Default)]
struct State {
    path: Vec<Step>,
    fault: Option<(RefusalCode, Option<String>)>,
}

enum Step {
    Key(String),
    Index(usize),
}

impl State {
    /// Only keys that could stand in a schema are shown: a path goes on the ledger.
    fn path_text(&self) -> String {
        let mut text = String::new();
        for step in &self.path {
            match step {
                // Writing to a String cannot fail.
                Step::Index(index) => _ = write!(text, "[{index}]"),
                Step::Key(key) => {
                    if !text.is_empty() {
                        text.push('.');
                    }
                    let plain = key.len() <= 32
                        && key
                            .bytes()
                            .all(|byte| byte.is_ascii_lowercase() || byte == b'_');
                    text.push_str(if plain { key } else { "?" });
                }
            }
        }
        text
    }
}

struct Strict<'state> {
    state: &'state mut State,
    depth: usize,
}

impl Strict<'_> {
    fn fault<E: Error>(self, code: RefusalCode, value: Option<String>) -> E {
        self.state.fault = Some((code, value));
        E::custom(code)
    }

    fn deeper(&mut self) -> Strict<'_> {
        Strict {
            depth: self.depth.saturating_add(1),
            state: self.state,
        }
    }
}

impl<'de> DeserializeSeed<'de> for Strict<'_> {
    type Value = Value;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Strict<'_> {
    type Value = Value;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a string, a boolean, an array or an object")
    }

    fn visit_bool<E: Error>(self, value: bool) -> Result<Value, E> {
        Ok(Value::Bool(value))
    }

    fn visit_str<E: Error>(self, value: &str) -> Result<Value, E> {
        Ok(Value::String(value.to_owned()))
    }

    fn visit_unit<E: Error>(self) -> Result<Value, E> {
        Err(self.fault(RefusalCode::JsonNull, None))
    }

    fn visit_i64<E: Error>(self, value: i64) -> Result<Value, E> {
        Err(self.fault(RefusalCode::JsonNumber, Some(value.to_string())))
    }

    fn visit_u64<E: Error>(self, value: u64) -> Result<Value, E> {
        Err(self.fault(RefusalCode::JsonNumber, Some(value.to_string())))
    }

    fn visit_f64<E: Error>(self, value: f64) -> Result<Value, E> {
        Err(self.fault(RefusalCode::JsonNumber, Some(value.to_string())))
    }

    fn visit_seq<A: SeqAccess<'de>>(mut self, mut elements: A) -> Result<Value, A::Error> {
        if self.depth >= DEEPEST {
            return Err(self.fault(RefusalCode::TooDeep, None));
        }
        let mut rows = Vec::new();
        loop {
            self.state.path.push(Step::Index(rows.len()));
            let Some(row) = elements.next_element_seed(self.deeper())? else {
                break;
            };
            self.state.path.pop();
            rows.push(row);
        }
        self.state.path.pop();
        Ok(Value::Array(rows))
    }

    fn visit_map<A: MapAccess<'de>>(mut self, mut members: A) -> Result<Value, A::Error> {
        if self.depth >= DEEPEST {
            return Err(self.fault(RefusalCode::TooDeep, None));
        }
        let mut object = Map::new();
        while let Some(key) = members.next_key::<String>()? {
            if object.contains_key(&key) {
                self.state.path.push(Step::Key(key.clone()));
                return Err(self.fault(RefusalCode::DuplicateKey, Some(key)));
            }
            self.state.path.push(Step::Key(key.clone()));
            let value = members.next_value_seed(self.deeper())?;
            self.state.path.pop();
            object.insert(key, value);
        }
        Ok(Value::Object(object))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fault(text: &str) -> (RefusalCode, String) {
        match read(text) {
            Err(JsonFault::Form { code, path, .. }) => (code, path),
            other => panic!("{text}: {other:?}"),
        }
    }

    #[test]
    fn names_the_path_of_what_is_not_allowed() {
        assert_eq!(
            fault(r#"{"a":["x",{"b":1}]}"#),
            (RefusalCode::JsonNumber, "a[1].b".to_owned())
        );
        assert_eq!(
            fault(r#"{"a":{"b":null}}"#),
            (RefusalCode::JsonNull, "a.b".to_owned())
        );
        assert_eq!(
            fault(r#"[["x"],[-0.5]]"#),
            (RefusalCode::JsonNumber, "[1][0]".to_owned())
        );
        assert_eq!(
            fault(r#"{"a":"x","a":"x"}"#),
            (RefusalCode::DuplicateKey, "a".to_owned())
        );
        assert_eq!(
            fault(r#"{"K3y":1}"#),
            (RefusalCode::JsonNumber, "?".to_owned())
        );
        assert_eq!(fault(&"[".repeat(100_000)).0, RefusalCode::TooDeep);
    }

    #[test]
    fn names_the_position_of_a_syntax_error() {
        for (text, at) in [("", (1, 0)), ("{}x", (1, 3)), ("{\n\"a\" \"b\"}", (2, 5))] {
            match read(text) {
                Err(JsonFault::Syntax { line, column, .. }) => {
                    assert_eq!((line, column), at, "{text}");
                }
                other => panic!("{text}: {other:?}"),
            }
        }
        for text in [
            "\"\\ud800\"",
            "{\"a\":}",
            "{,}",
            "[\"a\",]",
            "'a'",
            "\"\u{1}\"",
            "NaN",
            "1e999",
        ] {
            assert!(
                matches!(read(text), Err(JsonFault::Syntax { .. })),
                "{text} was taken"
            );
        }
    }

    #[test]
    fn sorts_only_tables_keyed_by_asset() {
        let mut value = read(r#"{"b":[{"asset_id":"B"},{"asset_id":"A"}],"a":["z","y"]}"#).unwrap();
        sort_rows(&mut value);
        assert_eq!(
            value.to_string(),
            r#"{"a":["z","y"],"b":[{"asset_id":"A"},{"asset_id":"B"}]}"#
        );
        let events = r#"{"events":[{"asset_id":"B"},{"asset_id":"A"}]}"#;
        let mut value = read(events).unwrap();
        sort_rows(&mut value);
        assert_eq!(value.to_string(), events);
    }
}
