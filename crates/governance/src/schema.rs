//! The published JSON Schemas.

use schemars::{JsonSchema, SchemaGenerator};

use crate::command::RawCommand;
use crate::roles::RawRoles;

/// The JSON Schema (2020-12) of the roles file, with a line feed at its end.
pub fn roles_schema() -> String {
    text::<RawRoles>()
}

/// The JSON Schema (2020-12) of an operator command, with a line feed at its end.
pub fn command_schema() -> String {
    text::<RawCommand>()
}

fn text<R: JsonSchema>() -> String {
    let schema = SchemaGenerator::default().into_root_schema_for::<R>();
    format!("{:#}\n", schema.to_value())
}
