//! From bytes to a raw document, and from its texts to checked values.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use ios012_core::UtcTime;
use ios012_lineage::sha256;
use serde::de::DeserializeOwned;
use serde_json::Value;
use serde_path_to_error::{Path, Segment};

use crate::json::{self, JsonFault};
use crate::keys::SignedText;
use crate::shape::Shape;
use crate::text::{Fault, Readable, Text};
use crate::{Document, DocumentKind, Place, Refusal, RefusalCode};

/// Largest JSON document, in bytes.
pub(crate) const LARGEST: usize = 16 * 1024 * 1024;

/// A document that has its schema's shape, and whose values have not been checked.
pub(crate) struct Loaded<Raw> {
    pub(crate) raw: Raw,
    pub(crate) document: Document,
    pub(crate) signature: Option<SignedText>,
}

/// Parses a document of one kind; `check` turns its raw form into the checked one.
pub(crate) fn parse<Raw: DeserializeOwned, Checked>(
    kind: DocumentKind,
    file: &str,
    bytes: &[u8],
    check: impl FnOnce(&Reader<'_>, Loaded<Raw>) -> Result<Checked, Refusal>,
) -> Result<Checked, Refusal> {
    let reader = Reader { kind, file };
    let received = sha256(bytes);
    let parsed = reader.load(bytes).and_then(|(raw, mut value)| {
        json::sort_rows(&mut value);
        let document = Document::new(kind, Arc::from(file), value.to_string(), Some(received));
        let signature = SignedText::of(&reader, &value)?;
        check(
            &reader,
            Loaded {
                raw,
                document,
                signature,
            },
        )
    });
    parsed.map_err(|mut refusal| {
        refusal.detail_mut().received = Some(received);
        refusal
    })
}

/// The document that is being read, for its messages.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Reader<'file> {
    pub(crate) kind: DocumentKind,
    pub(crate) file: &'file str,
}

impl Reader<'_> {
    pub(crate) fn refuse(&self, code: RefusalCode, place: Place) -> Refusal {
        Refusal::new(code, self.kind, self.file, place)
    }

    /// Refuses the value at a path.
    pub(crate) fn refuse_value(
        &self,
        code: RefusalCode,
        path: fmt::Arguments<'_>,
        value: impl fmt::Display,
    ) -> Refusal {
        self.refuse(code, Place::path(path)).value(value)
    }

    /// Checks one text.
    pub(crate) fn read<T: Readable>(
        &self,
        text: &Text<T>,
        path: fmt::Arguments<'_>,
    ) -> Result<T, Refusal> {
        T::read(text.as_str()).map_err(|fault| {
            let refusal = self.refuse(fault.code, Place::path(path));
            with_fault(refusal, fault, text.as_str())
        })
    }

    /// Checks one text, if it is there.
    pub(crate) fn read_optional<T: Readable>(
        &self,
        text: Option<&Text<T>>,
        path: fmt::Arguments<'_>,
    ) -> Result<Option<T>, Refusal> {
        text.map(|text| self.read(text, path)).transpose()
    }

    /// Checks one text and its range.
    pub(crate) fn read_in<T: Readable + Copy>(
        &self,
        text: &Text<T>,
        path: fmt::Arguments<'_>,
        rule: &'static str,
        holds: impl FnOnce(T) -> bool,
    ) -> Result<T, Refusal> {
        let value = self.read(text, path)?;
        if holds(value) {
            Ok(value)
        } else {
            let refusal = self.refuse_value(RefusalCode::OutOfRange, path, text.as_str());
            Err(refusal.rule(format!("must be {rule}")))
        }
    }

    /// Refuses a second row for a key. `path` gives the place of a row's key.
    pub(crate) fn unique<Key: Ord + fmt::Display>(
        &self,
        keys: impl Iterator<Item = Key>,
        path: impl Fn(usize) -> String,
    ) -> Result<(), Refusal> {
        let mut first_of = BTreeMap::new();
        for (row, key) in keys.enumerate() {
            if let Some(&first) = first_of.get(&key) {
                let refusal = self.refuse(RefusalCode::DuplicateRow, Place::Path(path(row)));
                let remedy = format!("remove it, or the row at {}", path(first));
                return Err(refusal.value(key).remedy(remedy));
            }
            first_of.insert(key, row);
        }
        Ok(())
    }

    /// `valid_until` is after `as_of`.
    pub(crate) fn period(&self, from: UtcTime, until: UtcTime, path: &str) -> Result<(), Refusal> {
        if until > from {
            return Ok(());
        }
        let refusal = self.refuse_value(RefusalCode::OutOfRange, format_args!("{path}"), until);
        Err(refusal.rule(format!("must be after {from}, where the period begins")))
    }

    fn load<Raw: DeserializeOwned>(&self, bytes: &[u8]) -> Result<(Raw, Value), Refusal> {
        if bytes.len() > LARGEST {
            let refusal = self.refuse(RefusalCode::TooLarge, Place::Whole);
            return Err(refusal.value(format_args!("{} bytes", bytes.len())));
        }
        if bytes.starts_with(b"\xef\xbb\xbf") {
            return Err(self.refuse(RefusalCode::ByteOrderMark, Place::Whole));
        }
        let text = std::str::from_utf8(bytes).map_err(|error| {
            let place = Place::path(format_args!("byte {}", error.valid_up_to()));
            self.refuse(RefusalCode::NotUtf8, place)
        })?;
        let value = json::read(text).map_err(|fault| self.json_fault(fault))?;
        self.check_schema_member(&value)?;
        let raw = serde_path_to_error::deserialize(Shape(&value)).map_err(|error| {
            let (path, parent) = (error.path().to_string(), parent_of(error.path()));
            self.shape_fault(&path, &parent, &error.into_inner().to_string(), &value)
        })?;
        Ok((raw, value))
    }

    fn json_fault(&self, fault: JsonFault) -> Refusal {
        match fault {
            JsonFault::Syntax { line, column, what } => {
                let code = RefusalCode::JsonSyntax;
                let refusal = self.refuse(code, Place::Position { line, column });
                refusal.rule(format!("{}: {what}", code.rule()))
            }
            JsonFault::Form { code, path, value } => {
                let place = if path.is_empty() {
                    Place::Whole
                } else {
                    Place::Path(path)
                };
                let mut refusal = self.refuse(code, place);
                if code == RefusalCode::JsonNumber
                    && let Some(number) = &value
                {
                    refusal = refusal.remedy(format!("write it as a string: \"{number}\""));
                }
                match value {
                    Some(value) => refusal.value(value),
                    None => refusal,
                }
            }
        }
    }

    fn check_schema_member(&self, value: &Value) -> Result<(), Refusal> {
        let expected = self.kind.schema_name();
        let place = || Place::path("schema");
        match value.get("schema") {
            Some(Value::String(name)) if name == expected => Ok(()),
            Some(other) => Err(self
                .refuse(RefusalCode::WrongSchema, place())
                .value(other.as_str().unwrap_or("not a string"))
                .rule(format!("the schema of a {} must be {expected}", self.kind))),
            None if value.is_object() => Err(self
                .refuse(RefusalCode::MissingField, place())
                .remedy(format!("add \"schema\": \"{expected}\""))),
            None => Err(self
                .refuse(RefusalCode::WrongType, Place::Whole)
                .rule("a document is one JSON object")),
        }
    }

    /// serde tells its errors apart by their text only; the tests of docs/bad-input.md hold the
    /// wording in place.
    fn shape_fault(&self, path: &str, parent: &str, message: &str, value: &Value) -> Refusal {
        let name = message.split('`').nth(1).unwrap_or_default();
        let inside = |field: &str| match path {
            "." | "" => Place::path(field),
            _ => Place::path(format_args!("{path}.{field}")),
        };
        if message.starts_with("missing field") {
            return self.refuse(RefusalCode::MissingField, inside(name));
        }
        if let Some(rest) = message.strip_prefix("unknown field `") {
            // The name is the document's own text: it may hold anything, and no path shows it.
            let (name, allowed) = rest.rsplit_once("`, expected ").unwrap_or((rest, ""));
            let place = if parent.is_empty() {
                Place::Whole
            } else {
                Place::path(parent)
            };
            let refusal = self.refuse(RefusalCode::UnknownField, place).value(name);
            return refusal.remedy(format!(
                "remove the field, or correct its name; allowed: {}",
                allowed.trim_start_matches("one of ").replace('`', "")
            ));
        }
        let found = value
            .pointer(&format!(
                "/{}",
                path.replace("].", "/")
                    .replace(['.', '['], "/")
                    .replace(']', "")
            ))
            .map(Value::to_string)
            .unwrap_or_default();
        let expected = message.rsplit("expected ").next().unwrap_or_default();
        self.refuse(RefusalCode::WrongType, Place::path(path))
            .value(found)
            .rule(format!("the value must be {}", plain_type(expected)))
    }
}

/// A refusal with the fault of a text.
pub(crate) fn with_fault(mut refusal: Refusal, fault: Fault, text: &str) -> Refusal {
    if let Some(rule) = fault.rule {
        refusal = refusal.rule(rule);
    }
    if let Some(remedy) = fault.remedy {
        refusal = refusal.remedy(remedy);
    }
    refusal.value(text)
}

/// The path without its last member.
fn parent_of(path: &Path) -> String {
    let text = path.to_string();
    let last = match path.iter().next_back() {
        Some(Segment::Map { key }) => key.as_str(),
        _ => "",
    };
    let parent = text.strip_suffix(last).unwrap_or(&text);
    parent.trim_end_matches('.').to_owned()
}

/// serde's name of the expected type, for people.
fn plain_type(expected: &str) -> &str {
    match expected {
        "a boolean" => "true or false, without quotes",
        "a sequence" => "an array",
        other if other.starts_with("struct") => "an object",
        other => other,
    }
}
