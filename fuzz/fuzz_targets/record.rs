//! Records: what parses is canonical, is written as the same bytes, and says what its JSON says.
#![no_main]

use ios012_lineage::{Record, check_canonical};
use libfuzzer_sys::fuzz_target;
use serde_json::Value;

fuzz_target!(|text: &str| {
    let Ok((envelope, record)) = Record::parse(text) else {
        return;
    };
    assert!(check_canonical(text).is_ok(), "not canonical: {text}");
    let json: Value = serde_json::from_str(text).expect("another parser reads it too");
    assert_eq!(json["kind"], record.kind());
    assert_eq!(json["schema"], "ios012.record.v1");
    assert_eq!(json["seq"], envelope.seq.to_string());
    assert_eq!(json["epoch"], envelope.epoch.to_string());
    assert_eq!(json["prev"], envelope.prev.to_string());
    assert_eq!(json["portfolio_id"], envelope.portfolio_id.to_string());

    let mut written = String::new();
    match (record.write(&envelope, &mut written), &record) {
        (Ok(()), _) => assert_eq!(written, text),
        (Err(_), Record::Unknown { .. }) => assert!(written.is_empty()),
        (Err(error), _) => panic!("cannot be written: {error}"),
    }
});
