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
        (Ok(()), Record::Decision(_)) => assert_eq!(written, without_later_members(json, text)),
        (Ok(()), _) => assert_eq!(written, text),
        (Err(_), Record::Unknown { .. }) => assert!(written.is_empty()),
        (Err(error), _) => panic!("cannot be written: {error}"),
    }
});

/// The text without the members that a later version may add to a decision's metadata.
fn without_later_members(mut json: Value, text: &str) -> String {
    let metadata = json["metadata"].as_object_mut().expect("it was read");
    let members = metadata.len();
    metadata.retain(|member, _| {
        [
            "binding",
            "input_state_hash",
            "ramp_remaining",
            "reason",
            "reference_price",
            "transition",
        ]
        .contains(&member.as_str())
    });
    if metadata.len() == members {
        return text.to_owned();
    }
    serde_json::to_string(&json).expect("it was read")
}
