//! The published JSON Schemas.

use schemars::{JsonSchema, SchemaGenerator};

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
    format!("{:#}\n", schema.as_value())
}
