//! Documents with an asset of each instrument, in several currencies.

use ios012_contracts::{Market, RefusalCode, Registry};
use ios012_core::{CurrencyCode, Money, Payoff, Rounding};

use crate::set::Set;

fn code(set: &Set) -> Option<RefusalCode> {
    set.cycle().map_err(|refusal| refusal.code).err()
}

fn edited(edits: &[(&'static str, &str, &str)]) -> Set {
    let mut set = Set::mixed();
    for (file, from, to) in edits {
        set.edit(file, from, to);
    }
    set
}

/// Made with Python as the hashes of the small set; `events` is not sorted.
#[test]
fn hashes_agree_with_python() {
    let set = Set::mixed();
    let market = Market::parse("m", set.bytes("market.json")).expect("a market");
    let registry = Registry::parse("r", set.bytes("registry.json")).expect("a registry");
    for (document, hash) in [
        (
            market.document(),
            "39de29801c11acccf374cd4a64697de406449142bfe8dbc57336ebf2dde73474",
        ),
        (
            registry.document(),
            "cccd6a0a95a3bd589daec3217871a3a3cc82452a8517493d9104b1d2fcf87bbd",
        ),
    ] {
        assert_eq!(document.hash().to_string(), hash, "{}", document.kind());
    }
    // What the ledger keeps can be read again.
    let canonical = market.document().canonical();
    let again = Market::parse("m", canonical.as_bytes()).expect("canonical JSON");
    assert_eq!(again.events(), market.events());
    assert_eq!(again.document().hash(), market.document().hash());
}

#[test]
fn each_currency_has_its_rate_and_each_row_that_of_its_asset() {
    let input = Set::mixed().cycle().expect("a cycle");
    let worth = |currency: &str, amount: &str| {
        let currency: CurrencyCode = currency.parse().expect("a currency");
        let amount: Money = amount.parse().expect("an amount");
        let rate = input.rate(&currency)?;
        let base = rate.to_base(amount, Rounding::HalfEven).expect("in range");
        Some(base.to_string())
    };
    assert_eq!(worth("USD", "100").as_deref(), Some("100"));
    assert_eq!(worth("EUR", "100").as_deref(), Some("117"));
    assert_eq!(worth("BTC", "2").as_deref(), Some("180020"));
    // USDJPY prices the base currency.
    assert_eq!(worth("JPY", "310").as_deref(), Some("2"));
    assert_eq!(worth("GBP", "1"), None);
    for row in input.rows() {
        let asset = input.asset(row).expect("an asset");
        assert_eq!(Some(row.rate), input.rate(&asset.currency), "{asset:?}");
    }
    let kinds: Vec<_> = (input.events().iter())
        .map(|event| event.kind.as_str())
        .collect();
    assert_eq!(kinds.len(), 11);
    assert_eq!(kinds[..3], ["symbol_change", "funding", "interest"]);
}

#[test]
fn the_registry_tells_contracts_apart() {
    let set = Set::mixed();
    let registry = Registry::parse("r", set.bytes("registry.json")).expect("a registry");
    let asset = |id: &str| {
        let place = registry.position(id).expect("an asset");
        (&registry.assets()[place], &registry.listings()[place])
    };
    let (perpetual, listing) = asset("BTC-PERP");
    assert_eq!(perpetual.payoff, Payoff::Inverse);
    assert_eq!(perpetual.expiry, None);
    assert_eq!(listing.funding_interval_s, Some(28_800));
    let (future, listing) = asset("GC-2612");
    assert_eq!(future.payoff, Payoff::Linear);
    let expiry = future.expiry.map(|expiry| expiry.to_string());
    assert_eq!(expiry.as_deref(), Some("2026-12-29T18:30:00.000Z"));
    assert_eq!(listing.funding_interval_s, None);
    let standing = set.standing().expect("standing documents");
    let limits = standing.constraints();
    assert_eq!(limits.limits().max_orders_per_cycle, Some(20));
    let turnover = limits.limits().max_turnover.map(|value| value.to_string());
    assert_eq!(turnover.as_deref(), Some("0.8"));
    assert_eq!(limits.fx_loop_tolerance().to_string(), "0.0005");
    // SAP is closed, so the age of its rate does not matter; that of BTC does.
    let aged = |from: &str, to: &str| code(&edited(&[("market.json", from, to)]));
    assert_eq!(aged("20:59:59.000Z", "20:44:59.999Z"), None);
    let (fresh, oldest) = (
        "\"90010\", \"rate_time\": \"2026-12-18T21:00:00.000Z\"",
        "\"90010\", \"rate_time\": \"2026-12-18T20:45:00.000Z\"",
    );
    assert_eq!(aged(fresh, oldest), None);
    let plain = Set::good().standing().expect("standing documents");
    assert_eq!(plain.constraints().limits().max_orders_per_cycle, None);
    assert_eq!(plain.constraints().limits().max_turnover, None);
    assert_eq!(plain.constraints().fx_loop_tolerance().to_string(), "0.001");
}

/// EURUSD 1.17 and USDJPY 155 imply EURJPY 181.35. At a tolerance of 0.0005 of the rate, the highest
/// is 181.35 / 0.9995 = 181.4407203601…, the lowest 181.35 / 1.0005 = 181.2593703148….
#[test]
fn a_loop_may_differ_by_the_tolerance_and_no_more() {
    let with = |rate: &str, tolerance: &str| {
        let rate = format!("\"{rate}\"");
        let tolerance = format!("\"{tolerance}\"");
        code(&edited(&[
            ("market.json", "\"181.4\"", &rate),
            ("constraints.json", "\"0.0005\"", &tolerance),
        ]))
    };
    let crossed = Some(RefusalCode::CrossedFx);
    assert_eq!(with("181.44072036", "0.0005"), None);
    assert_eq!(with("181.44072037", "0.0005"), crossed);
    assert_eq!(with("181.25937032", "0.0005"), None);
    assert_eq!(with("181.25937031", "0.0005"), crossed);
    assert_eq!(with("181.35", "0"), None);
    assert_eq!(with("181.35000001", "0"), crossed);
}

/// A loop that does not touch the base currency is found too.
#[test]
fn a_loop_away_from_the_base_currency_is_held_to_the_tolerance() {
    let pairs = concat!(
        r#""fx_pairs": [{ "pair": "GBPCHF", "base": "GBP", "quote": "CHF" }, "#,
        r#"{ "pair": "CHFSEK", "base": "CHF", "quote": "SEK" }, "#,
        r#"{ "pair": "GBPSEK", "base": "GBP", "quote": "SEK" }, "#,
    );
    let time = "2026-12-18T21:00:00.000Z";
    let rates = |cross: &str| {
        format!(
            r#""fx": [{{ "pair": "GBPCHF", "rate": "1.1", "rate_time": "{time}" }}, {{ "pair": "CHFSEK", "rate": "12", "rate_time": "{time}" }}, {{ "pair": "GBPSEK", "rate": "{cross}", "rate_time": "{time}" }}, "#
        )
    };
    let with = |cross: &str| {
        edited(&[
            ("registry.json", "\"fx_pairs\": [", pairs),
            ("market.json", "\"fx\": [", &rates(cross)),
        ])
    };
    assert_eq!(code(&with("13.2")), None);
    let refusal = with("13.3").cycle().expect_err("a crossed loop");
    assert_eq!(refusal.code, RefusalCode::CrossedFx);
    assert!(refusal.to_string().contains("GBPCHF"), "{refusal}");
}

#[test]
fn funding_is_due_after_the_last_cycle_and_up_to_this_one() {
    // At as_of itself.
    let funding = |time: &str| {
        format!(
            "{{ \"kind\": \"funding\", \"time\": \"{time}\", \"asset_id\": \"BTC-PERP\", \"rate\": \"0\", \"price\": \"1\" }},\n    {{ \"kind\": \"transfer\""
        )
    };
    // An hour: 21 times from 22:00 to 21:00, of which three are there.
    let hourly = edited(&[("registry.json", "\"28800\"", "\"3600\"")]);
    let refusal = hourly.cycle().expect_err("no funding at 22:00");
    assert_eq!(refusal.value.as_deref(), Some("2026-12-17T22:00:00.000Z"));
    // Every 21 hours since 1970; the time was found with Python's datetime.
    let odd = edited(&[("registry.json", "\"28800\"", "\"75600\"")]);
    let refusal = odd.cycle().expect_err("a missing funding");
    assert_eq!(refusal.value.as_deref(), Some("2026-12-18T18:00:00.000Z"));
    // The time of the last cycle is not due again, that of this one is.
    let mut shifted = Set::mixed();
    let last = shifted.last.as_mut().expect("a last cycle");
    last.as_of = "2026-12-18T00:00:00.000Z".parse().expect("a time");
    shifted.edit(
        "market.json",
        "2026-12-18T00:00:00.000Z",
        "2026-12-18T05:00:00.000Z",
    );
    shifted.edit(
        "market.json",
        "2026-12-18T00:00:00.000Z",
        "2026-12-18T05:00:00.000Z",
    );
    assert_eq!(code(&shifted), None);
    let mut due = Set::mixed();
    for file in ["mandate.json", "market.json"] {
        due.edit(
            file,
            "\"as_of\": \"2026-12-18T21:00:00.000Z\"",
            "\"as_of\": \"2026-12-19T00:00:00.000Z\"",
        );
    }
    due.edit("constraints.json", "\"900\"", "\"86400\"");
    assert_eq!(code(&due), Some(RefusalCode::FundingMissing));
    due.edit(
        "market.json",
        "2026-12-18T20:00:00.000Z",
        "2026-12-19T00:00:00.000Z",
    );
    let transfer = "{ \"kind\": \"transfer\"";
    due.edit(
        "market.json",
        transfer,
        &funding("2026-12-19T00:00:00.000Z"),
    );
    assert_eq!(code(&due), None);
    // Nothing is known of the time before the first cycle, and nothing is due for what is not held.
    let without = [(
        "market.json",
        "2026-12-18T08:00:00.000Z",
        "2026-12-18T08:00:00.001Z",
    )];
    let mut first = edited(&without);
    assert_eq!(code(&first), Some(RefusalCode::FundingMissing));
    first.last = None;
    assert_eq!(code(&first), None);
    let mut flat = edited(&without);
    flat.held.retain(|asset_id| asset_id.as_str() != "BTC-PERP");
    assert_eq!(code(&flat), None);
}

/// An expiry or a roll ends a position, so the mandate need not name it.
#[test]
fn what_events_leave_behind_is_what_must_be_named() {
    let expiry = [
        (
            "registry.json",
            "2026-12-29T18:30:00.000Z",
            "2026-12-18T18:30:00.000Z",
        ),
        ("market.json", "\"settlement\"", "\"expiry\""),
    ];
    assert_eq!(code(&edited(&expiry)), None);
    // Without its roll, the contract is held; from its expiry on, naming it is not enough.
    let held_until = |expiry: &str| {
        code(&edited(&[
            ("registry.json", "2026-12-29T18:30:00.000Z", expiry),
            (
                "market.json",
                "\"asset_id\": \"GC-2612\", \"price\": \"4081\"",
                "\"asset_id\": \"GC-2702\", \"price\": \"4081\"",
            ),
            (
                "market.json",
                "\"into\": \"GC-2702\"",
                "\"into\": \"GC-2612\"",
            ),
        ]))
    };
    let expired = Some(RefusalCode::ExpiredHeld);
    assert_eq!(held_until("2026-12-18T21:00:00.000Z"), expired);
    let unnamed = Some(RefusalCode::HeldNotNamed);
    assert_eq!(held_until("2026-12-18T21:00:00.001Z"), unnamed);
    let mut renamed = Set::mixed();
    renamed.held.push("FB".parse().expect("an asset"));
    assert_eq!(code(&renamed), None);
    renamed.edit(
        "mandate.json",
        "\"META\", \"target_exposure\": \"-0.3\"",
        "\"FB\", \"target_exposure\": \"0\"",
    );
    assert_ne!(code(&renamed), None);
    let kept = edited(&[(
        "market.json",
        "\"FB\", \"into\": \"META\"",
        "\"META\", \"into\": \"FB\"",
    )]);
    assert_eq!(code(&kept), None);
}

/// 0.2 of SAP, −0.3 of META, 0.4 of EURUSD and 0.3 / 3 of TQQQ; contracts use nothing.
#[test]
fn borrowed_cash_is_a_negative_cash_weight() {
    let long = [
        (
            "mandate.json",
            "\"target_exposure\": \"-0.3\"",
            "\"target_exposure\": \"0.5\"",
        ),
        (
            "mandate.json",
            "\"cash_weight\": \"0.6\"",
            "\"cash_weight\": \"-0.2\"",
        ),
    ];
    assert_eq!(code(&edited(&long)), None);
    assert_eq!(code(&edited(&long[..1])), Some(RefusalCode::CapitalSum));
}

#[test]
fn events_and_rates_go_to_the_first_cycle_at_or_after_them() {
    let set = Set::mixed();
    let cycles: Vec<_> = (set.cycles().expect("headers"))
        .map(|cycle| cycle.expect("a cycle").1)
        .collect();
    let kinds = |cycle: usize| -> Vec<_> {
        let events = cycles[cycle].events().iter();
        events.map(|event| event.kind.as_str()).collect()
    };
    assert_eq!(kinds(0), ["transfer"]);
    assert_eq!(kinds(1), ["funding", "interest", "roll"]);
    assert_eq!(kinds(2), ["funding"]);
    let rate = |cycle: usize, pair: &str| {
        let mut quotes = cycles[cycle].fx().iter();
        let quote = quotes.find(|quote| quote.pair.as_str() == pair)?;
        Some((quote.rate.to_string(), quote.rate_time.date_text()))
    };
    let expected = |rate: &str, date: &str| Some((rate.to_owned(), date.to_owned()));
    assert_eq!(rate(1, "BTCUSD"), expected("90010", "2026-12-18"));
    assert_eq!(rate(2, "BTCUSD"), expected("90480", "2026-12-19"));
    // No rate on the 19th: the last one with its own time, as a closed market's price.
    assert_eq!(rate(2, "EURUSD"), expected("1.17", "2026-12-18"));
}

/// A perpetual that goes on under another name is due its funding until then under the old one.
#[test]
fn funding_is_due_until_a_position_is_renamed() {
    let mut set = Set::mixed();
    let registry = String::from_utf8(set.bytes("registry.json").to_vec()).expect("UTF-8");
    let mut rows = registry.lines();
    let row = rows
        .find(|row| row.contains("\"BTC-PERP\""))
        .expect("a row");
    let both = format!("{row}\n{}", row.replace("BTC-PERP", "BTC-NEW"));
    set.edit("registry.json", row, &both);
    set.edit("constraints.json", "BTC-PERP", "BTC-NEW");
    set.edit("mandate.json", "BTC-PERP", "BTC-NEW");
    set.edit(
        "market.json",
        "\"BTC-PERP\", \"reference_price\"",
        "\"BTC-NEW\", \"reference_price\"",
    );
    assert_eq!(code(&set), Some(RefusalCode::HeldNotNamed));
    set.edit(
        "market.json",
        "\"kind\": \"transfer\", \"time\": \"2026-12-18T20:00:00.000Z\", \"currency\": \"USD\", \"amount\": \"25000\"",
        "\"kind\": \"symbol_change\", \"time\": \"2026-12-18T20:00:00.000Z\", \"asset_id\": \"BTC-PERP\", \"into\": \"BTC-NEW\"",
    );
    assert_eq!(code(&set), None);
    set.edit(
        "market.json",
        "2026-12-18T08:00:00.000Z",
        "2026-12-18T08:00:00.001Z",
    );
    assert_eq!(code(&set), Some(RefusalCode::FundingMissing));
}

/// What a contract leaves behind is cash of its currency, which is translated too.
#[test]
fn a_contract_that_ends_needs_the_rate_of_its_currency() {
    let ends = |currency: &str| {
        let future = "\"GC-2612\", \"symbols\": [], \"class\": \"metal\", \"instrument\": \"future\", \"currency\": ";
        code(&edited(&[
            (
                "registry.json",
                &format!("{future}\"USD\""),
                &format!("{future}\"{currency}\""),
            ),
            (
                "registry.json",
                "2026-12-29T18:30:00.000Z",
                "2026-12-18T18:30:00.000Z",
            ),
            ("market.json", "\"settlement\"", "\"expiry\""),
            (
                "market.json",
                "\"kind\": \"roll\", \"time\": \"2026-12-18T19:00:00.000Z\", \"asset_id\": \"GC-2612\", \"price\": \"4081\", \"into\": \"GC-2702\", \"into_price\": \"4103\"",
                "\"kind\": \"settlement\", \"time\": \"2026-12-18T19:00:00.000Z\", \"asset_id\": \"GC-2702\", \"price\": \"4103\"",
            ),
        ]))
    };
    assert_eq!(ends("EUR"), None);
    assert_eq!(ends("CHF"), Some(RefusalCode::NoRate));
}
