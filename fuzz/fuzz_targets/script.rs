//! The script of the paper broker: what parses means what its JSON says, whatever the spaces.
#![no_main]

use std::sync::LazyLock;

use ios012_core::sequence::Side;
use ios012_core::{AssetId, Ratio, UtcTime};
use ios012_paper::{Action, Script};
use libfuzzer_sys::fuzz_target;
use serde_json::Value;

/// Orders that the seeds speak of.
static ORDERS: LazyLock<Vec<(AssetId, Side, UtcTime)>> = LazyLock::new(|| {
    let mut orders = Vec::new();
    for asset_id in ["AAPL", "MSFT"] {
        for side in [Side::Buy, Side::Sell] {
            for as_of in ["2026-11-17T00:00:00.000Z", "2026-11-18T00:00:00.000Z"] {
                orders.push((
                    asset_id.parse().expect("an asset"),
                    side,
                    as_of.parse().expect("a time"),
                ));
            }
        }
    }
    orders
});

fuzz_target!(|text: &str| {
    let Ok(script) = Script::parse(text) else {
        return;
    };
    let json: Value = serde_json::from_str(text).expect("another parser reads it too");
    let again = Script::parse(&json.to_string()).expect("the same without spaces");
    assert_eq!(again, script);
    let rules = json["rules"].as_array().expect("a script has rules");
    for (asset_id, side, as_of) in ORDERS.iter() {
        let side_text = if *side == Side::Buy { "buy" } else { "sell" };
        let wanted = [
            ("asset_id", asset_id.to_string()),
            ("side", side_text.to_owned()),
            ("as_of", as_of.to_string()),
        ];
        let first = rules.iter().find(|rule| {
            wanted
                .iter()
                .all(|(field, value)| rule[*field].is_null() || rule[*field] == *value)
        });
        let expected = first.map(|rule| match rule["action"].as_str() {
            Some("reject") => Action::Reject,
            Some("expire") => Action::Expire,
            Some("partial") => Action::Partial(fraction(&rule["fraction"])),
            _ => panic!("an action is a text: {rule}"),
        });
        assert_eq!(script.action(asset_id, *side, *as_of), expected);
    }
});

fn fraction(value: &Value) -> Ratio {
    let text = value.as_str().expect("a fraction is a text");
    let fraction = text.parse().expect("a fraction is a decimal");
    assert!((Ratio::ZERO..=Ratio::ONE).contains(&fraction), "{text}");
    fraction
}
