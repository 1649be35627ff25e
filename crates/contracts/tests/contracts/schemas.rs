//! The published JSON Schemas.

use ios012_contracts::{DocumentKind, schema};

use crate::bad_input::assert_committed;

#[test]
fn the_committed_schemas_are_those_of_the_code() {
    for kind in DocumentKind::ALL {
        assert_committed(
            &format!("crates/contracts/schema/{kind}.json"),
            &schema(kind),
        );
    }
}

/// A schema allows nothing but the members that it names, at any depth.
#[test]
fn schemas_are_closed() {
    for kind in DocumentKind::ALL {
        let schema: serde_json::Value = serde_json::from_str(&schema(kind)).expect("JSON");
        assert!(!schema.to_string().contains("null"), "{kind}");
        assert_eq!(schema["properties"]["schema"]["const"], kind.schema_name());
        let definitions = schema["$defs"].as_object().expect("definitions");
        for object in definitions.values().chain([&schema]) {
            if object["type"] == "object" {
                assert_eq!(object["additionalProperties"], false, "{kind}: {object}");
            }
            assert_ne!(object["type"], "number");
            assert_ne!(object["type"], "integer");
        }
    }
}
