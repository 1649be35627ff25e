//! The published schemas are those of the code, and the examples of the page are accepted.

use ios012_governance::{command_schema, roles_schema};

#[test]
fn the_published_schemas_are_those_of_the_code() {
    for (name, made) in [("roles", roles_schema()), ("command", command_schema())] {
        let path = format!("{}/schema/{name}.json", env!("CARGO_MANIFEST_DIR"));
        let published = std::fs::read_to_string(&path).unwrap_or_default();
        assert_eq!(published, made, "{path}");
    }
}
