//! The laws of a parser of documents.

use ios012_contracts::{Document, DocumentKind, Refusal};
use ios012_lineage::{check_canonical, sha256};
use serde_json::Value;

use crate::schema;

/// The longest line of a message: refusals go to a terminal and on the ledger.
const LONGEST_LINE: usize = 400;

/// Parses bytes as one kind of document and checks what must hold, whatever they are.
///
/// # Panics
/// If a law does not hold.
pub fn check<T>(
    kind: DocumentKind,
    bytes: &[u8],
    parse: fn(&str, &[u8]) -> Result<T, Refusal>,
    document: fn(&T) -> &Document,
) {
    let parsed = match parse(kind.file_name(), bytes) {
        Ok(parsed) => parsed,
        Err(refusal) => return check_refusal(&refusal, bytes),
    };
    let document_of_bytes = document(&parsed);
    let canonical = document_of_bytes.canonical();
    assert_eq!(document_of_bytes.kind(), kind);
    assert_eq!(document_of_bytes.received(), sha256(bytes));
    assert_eq!(document_of_bytes.hash(), sha256(canonical.as_bytes()));
    assert!(
        check_canonical(canonical).is_ok(),
        "not canonical: {canonical}"
    );

    let again = parse(kind.file_name(), canonical.as_bytes()).expect("its own canonical JSON");
    assert_eq!(document(&again).canonical(), canonical);
    assert_eq!(document(&again).hash(), document_of_bytes.hash());

    let received: Value = serde_json::from_slice(bytes).expect("another parser reads it too");
    let kept: Value = serde_json::from_str(canonical).expect("another parser reads it too");
    schema::check(kind, &received);
    assert_eq!(
        without_order(&kept),
        without_order(&received),
        "the kept document says something else"
    );
}

/// Holds for every refusal: it names the bytes, and its message is short and without control
/// characters.
fn check_refusal(refusal: &Refusal, bytes: &[u8]) {
    assert_eq!(refusal.received, Some(sha256(bytes)));
    check_message(&refusal.to_string());
}

/// A message for people: lines that are not empty, not long, and hold no control characters.
///
/// # Panics
/// If it is not such a message.
pub fn check_message(message: &str) {
    assert!(!message.is_empty());
    for line in message.lines() {
        assert!(line.chars().count() <= LONGEST_LINE, "a long line: {line}");
        assert!(
            !line.chars().any(char::is_control),
            "a control character: {line:?}"
        );
    }
}

/// The same value with every array sorted: which rows there are, not how they stand.
fn without_order(value: &Value) -> Value {
    match value {
        Value::Array(rows) => {
            let mut rows: Vec<Value> = rows.iter().map(without_order).collect();
            rows.sort_by_cached_key(Value::to_string);
            Value::Array(rows)
        }
        Value::Object(members) => members
            .iter()
            .map(|(key, member)| (key.clone(), without_order(member)))
            .collect(),
        other => other.clone(),
    }
}
