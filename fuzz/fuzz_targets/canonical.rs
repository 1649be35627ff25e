//! Canonical JSON: our check and an RFC 8785 implementation agree on what is canonical.
#![no_main]

use ios012_lineage::check_canonical;
use libfuzzer_sys::fuzz_target;
use serde_json::Value;

fuzz_target!(|text: &str| {
    let ours = check_canonical(text).is_ok();
    let theirs = serde_json::from_str::<Value>(text).is_ok_and(|value| {
        let written = serde_json_canonicalizer::to_string(&value);
        allowed(&value, 0) && written.is_ok_and(|written| written == text)
    });
    assert_eq!(ours, theirs, "{text}");
});

/// No numbers, and at most 64 levels (docs/lineage-format.md, Bytes).
fn allowed(value: &Value, depth: usize) -> bool {
    match value {
        Value::Number(_) => false,
        Value::Array(rows) => depth < 64 && rows.iter().all(|row| allowed(row, depth + 1)),
        Value::Object(members) => {
            depth < 64 && members.values().all(|member| allowed(member, depth + 1))
        }
        Value::Null | Value::Bool(_) | Value::String(_) => true,
    }
}
