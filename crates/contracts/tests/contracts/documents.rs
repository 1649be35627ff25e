//! Canonical JSON and hashes.

use std::path::Path;

use ios012_contracts::{
    Constraints, KeyRegistry, LastAccepted, Mandate, Market, RefusalCode, Regimes, Registry,
    Scenario,
};
use proptest::prelude::*;

use crate::set::Set;

/// The hashes were made with Python: `json.dumps(sort_keys=True, separators=(",", ":"))` of each
/// file, with its tables sorted by `asset_id`, and `hashlib.sha256`.
#[test]
fn hashes_agree_with_python() {
    let set = Set::signed();
    let scenario = Scenario::parse("s", set.bytes("scenario.json")).expect("a scenario");
    let registry = Registry::parse("r", set.bytes("registry.json")).expect("a registry");
    let limits = Constraints::parse("c", set.bytes("constraints.json")).expect("limits");
    let market = Market::parse("m", set.bytes("market.json")).expect("a market");
    let regimes = Regimes::parse("g", set.bytes("regimes.json")).expect("regimes");
    let keys = KeyRegistry::parse("k", set.bytes("keys.json")).expect("keys");
    let mandate = Mandate::parse("a", Set::good().bytes("mandate.json")).expect("a mandate");
    for (document, hash) in [
        (
            scenario.document(),
            "fd60ff4e44b93504107b07c24648b445b16e2902b6fd3410461385f96b6b1455",
        ),
        (
            registry.document(),
            "188fce6266f7199a76eb49658ff733e7f60d6fff757c9b24c6da2abf1a6c99cc",
        ),
        (
            limits.document(),
            "b37dd13c95036f292553b7428d109f0b1f8eb29646b6a10b6821bb251e1195f3",
        ),
        (
            mandate.document(),
            "26fd7b2233eb4a8b9e7e06f13a273cb3c89a0513b8c875fe4de367a751582504",
        ),
        (
            market.document(),
            "109f28637dbb08072fb029166174519faad12ce8d5c51c4e7ecf9f184405df51",
        ),
        (
            regimes.document(),
            "2ced5f569e77c25e30f46dfa36b16ebbdd4436240b2dcb16c6dda79d68f68e73",
        ),
        (
            keys.document(),
            "05980ca95a7f6bc7d6032bed4958501eb27a42f9fca6eb997a1f3fdc75bb48b9",
        ),
    ] {
        assert_eq!(document.hash().to_string(), hash, "{}", document.kind());
    }
}

#[test]
fn the_order_of_rows_and_the_spaces_change_nothing() {
    let set = Set::good();
    let one = Mandate::parse("a", set.bytes("mandate.json")).expect("a mandate");
    let mut other = set.clone();
    other.edit(
        "mandate.json",
        "{ \"asset_id\": \"MSFT\", \"target_exposure\": \"0.45\" }",
        "{}",
    );
    other.edit(
        "mandate.json",
        "{ \"asset_id\": \"AAPL\", \"target_exposure\": \"0.25\" }",
        "{\"target_exposure\":\"0.45\",\"asset_id\":\"MSFT\"}",
    );
    other.edit(
        "mandate.json",
        "{}",
        "{\"asset_id\":\"AAPL\",\"target_exposure\":\"0.25\"}",
    );
    let other = Mandate::parse("a", other.bytes("mandate.json")).expect("a mandate");
    assert_eq!(one.document().canonical(), other.document().canonical());
    assert_eq!(one.targets(), other.targets());
    assert_ne!(one.document().received(), other.document().received());
}

/// A line separator and a character outside the basic plane stay as they are (RFC 8785, 3.2.2.2).
#[test]
fn text_for_people_is_escaped_as_rfc_8785_does() {
    let mut set = Set::good();
    set.edit(
        "scenario.json",
        "Two stocks",
        "\\u00e9\\/\\u2028\\ud83d\\ude00\\n\\\"",
    );
    let scenario = Scenario::parse("s", set.bytes("scenario.json")).expect("a scenario");
    let title = "\"title\":\"é/\u{2028}\u{1f600}\\n\\\"\"";
    assert!(scenario.document().canonical().contains(title));
}

#[test]
fn validated_values_are_those_of_the_text() {
    let input = Set::good().cycle().expect("a cycle");
    let [apple, microsoft] = input.rows() else {
        panic!("two rows");
    };
    let asset = |row| input.asset(row).expect("an asset");
    assert_eq!(asset(apple).asset_id.as_str(), "AAPL");
    assert_eq!(asset(microsoft).asset_id.as_str(), "MSFT");
    assert_eq!(apple.target.to_string(), "0.25");
    assert_eq!(apple.reference_price.to_string(), "201.37");
    assert_eq!(
        apple.shock_score.map(|score| score.to_string()).as_deref(),
        Some("0.4")
    );
    assert_eq!(
        microsoft
            .volatility
            .map(|value| value.to_string())
            .as_deref(),
        Some("0.21")
    );
    assert!(apple.market_open);
    assert_eq!(input.constraints().limits().fee.to_string(), "0.001");
    assert_eq!(input.constraints().limits().max_price_age_s, Some(900));
    let market = input.market_document().hash();
    assert_ne!(market, input.mandate_document().expect("a mandate").hash());
    assert!(input.regime_document().is_some());
}

/// The last values that are taken, and the first that are not.
#[test]
fn bounds_hold_to_the_millisecond() {
    let code = |set: &Set| set.cycle().map_err(|refusal| refusal.code).err();
    let edited = |file, from, to| {
        let mut set = Set::signed();
        set.edit(file, from, to);
        set
    };
    // max_price_age_s is 900, and as_of is 21:00.
    let oldest = edited("market.json", "20:59:58.250Z", "20:45:00.000Z");
    assert_eq!(code(&oldest), None);
    let mut closed = edited("market.json", "20:59:58.250Z", "20:44:59.999Z");
    assert_eq!(code(&closed), Some(RefusalCode::StalePrice));
    closed.edit(
        "market.json",
        "20:44:59.999Z\",\n      \"market_open\": true",
        "20:44:59.999Z\",\n      \"market_open\": false",
    );
    assert_eq!(code(&closed), None);

    let (from, until) = ("2026-01-01T00:00:00.000Z", "2027-01-01T00:00:00.000Z");
    let as_of = "2026-11-20T21:00:00.000Z";
    assert_eq!(code(&edited("keys.json", from, as_of)), None);
    let expired = Some(RefusalCode::KeyExpired);
    assert_eq!(code(&edited("keys.json", until, as_of)), expired);
    assert_eq!(
        code(&edited("keys.json", until, "2026-11-20T21:00:00.001Z")),
        None
    );

    let mut accepted = Set::good();
    let last = |text: &str| LastAccepted {
        as_of: text.parse().expect("a time"),
        mandate_hash: Some("1".repeat(64).parse().expect("a hash")),
    };
    accepted.last = Some(last(as_of));
    assert_eq!(code(&accepted), Some(RefusalCode::Superseded));
    accepted.last = Some(last("2026-11-20T20:59:59.999Z"));
    assert_eq!(code(&accepted), None);
}

/// The examples of the pages are the good set.
#[test]
fn the_pages_show_documents_that_are_accepted() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs");
    let read = |page| std::fs::read_to_string(root.join(page)).expect("a page");
    let (documents, scenario) = (read("documents.md"), read("scenario.md"));
    for (set, signed) in [(Set::signed(), true), (Set::mixed(), false)] {
        for (file, bytes) in &set.files {
            // Signed here, not on the page.
            if signed && *file == "mandate.json" {
                continue;
            }
            let page = if file.ends_with("json") {
                &documents
            } else {
                &scenario
            };
            let text = String::from_utf8(bytes.clone()).expect("UTF-8");
            assert!(page.contains(&text), "{file} is not on its page");
        }
    }
    let mandate = String::from_utf8(Set::good().bytes("mandate.json").to_vec());
    assert!(documents.contains(&mandate.expect("UTF-8")));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(150))]

    /// No damage makes a parser panic, and every refusal stays short.
    #[test]
    fn damaged_bytes_never_panic(at in 0_usize..2_000, byte: u8, cut: bool) {
        for set in [Set::signed(), Set::mixed()] {
        for (file, bytes) in &set.files {
            let mut bytes = bytes.clone();
            let at = at % bytes.len();
            if cut { bytes.truncate(at); } else { bytes[at] = byte; }
            let mut damaged = set.clone();
            damaged.files.insert(file, bytes);
            if file.ends_with("csv") {
                if let Ok(cycles) = damaged.cycles() {
                    for documents in cycles.flatten() {
                        prop_assert!(!documents.0.targets().is_empty());
                    }
                }
            } else if let Err(refusal) = damaged.cycle() {
                prop_assert!(!refusal.to_string().is_empty());
                prop_assert!(refusal.to_string().lines().all(|line| line.chars().count() < 400));
            }
        }
        }
    }

    #[test]
    fn any_text_never_panics(text in "[\\[\\]{}:,\"a-z0-9\\\\ -]{0,200}") {
        prop_assert!(Mandate::parse("m", text.as_bytes()).is_err());
        prop_assert!(Registry::parse("r", text.as_bytes()).is_err());
    }
}
