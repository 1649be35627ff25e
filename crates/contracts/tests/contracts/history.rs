//! A history as CSV becomes the same documents as JSON.

use std::io::{self, Read};

use ios012_contracts::{ContractsError, CycleInput, Cycles, Mandate, Market, MarketRow, Tables};

use crate::set::Set;

fn documents(set: &Set) -> Vec<(Mandate, Market)> {
    let cycles = set.cycles().expect("headers");
    cycles.map(|cycle| cycle.expect("a cycle")).collect()
}

/// The canonical JSON of a cycle's rows, parsed as a document, gives itself: the writer of typed
/// rows and the one of JSON documents agree to the byte.
#[test]
fn rows_and_json_give_the_same_documents() {
    let cycles = [Set::good(), Set::mixed()].map(|set| documents(&set));
    assert_eq!(cycles.each_ref().map(Vec::len), [3, 3]);
    for (mandate, market) in cycles.into_iter().flatten() {
        let text = mandate.document().canonical();
        let again = Mandate::parse("targets.csv", text.as_bytes()).expect("a mandate");
        assert_eq!(again.document(), mandate.document());
        assert_eq!(again.targets(), mandate.targets());
        assert_eq!(again.valid_until(), mandate.valid_until());
        let text = market.document().canonical();
        let again = Market::parse("prices.csv", text.as_bytes()).expect("a market");
        assert_eq!(again.document(), market.document());
        assert_eq!(again.rows(), market.rows());
        assert_eq!(again.fx(), market.fx());
        assert_eq!(again.events(), market.events());
        assert_eq!(
            again.portfolio_shock_score(),
            market.portfolio_shock_score()
        );
    }
}

/// Written by hand from docs/scenario.md.
#[test]
fn a_mandate_of_a_history_has_these_bytes() {
    let cycles = documents(&Set::good());
    assert_eq!(
        cycles[1].0.document().canonical(),
        concat!(
            r#"{"as_of":"2026-11-19T00:00:00.000Z","issuer":"csv-history","#,
            r#""portfolio_id":"two-stocks","schema":"ios012.mandate.v1","targets":["#,
            r#"{"asset_id":"AAPL","target_exposure":"0.25"},"#,
            r#"{"asset_id":"MSFT","target_exposure":"0.4"}],"#,
            r#""valid_until":"2026-11-20T00:00:00.000Z"}"#,
        )
    );
    assert_eq!(
        cycles[0].1.document().canonical(),
        concat!(
            r#"{"as_of":"2026-11-17T00:00:00.000Z","currency":"USD","portfolio_shock_score":"1","rows":["#,
            r#"{"asset_id":"AAPL","market_open":true,"price_time":"2026-11-17T00:00:00.000Z","reference_price":"200","shock_score":"0.5"},"#,
            r#"{"asset_id":"MSFT","market_open":true,"price_time":"2026-11-17T00:00:00.000Z","reference_price":"410.25","volatility":"0.2"}],"#,
            r#""schema":"ios012.market.v1"}"#,
        )
    );
}

/// prices.csv has no AAPL on the 19th, no SAP on the 17th and 20th, and a row on the 18th that has
/// no targets.
#[test]
fn a_closed_market_keeps_its_last_price_and_its_time() {
    let cycles = documents(&Set::good());
    let row = |cycle: usize, asset: &str| -> Option<MarketRow> {
        let rows = cycles[cycle].1.rows();
        rows.iter()
            .find(|row| row.asset_id.as_str() == asset)
            .cloned()
    };
    let closed = row(1, "AAPL").expect("a carried price");
    assert!(!closed.market_open);
    assert_eq!(closed.reference_price.to_string(), "201.5");
    assert_eq!(closed.price_time.date_text(), "2026-11-18");
    assert!(row(2, "AAPL").expect("a price").market_open);
    assert_eq!(row(0, "SAP"), None);
    assert_eq!(row(1, "SAP").map(|row| row.market_open), Some(true));
    let closed = row(2, "SAP").expect("a carried price");
    assert!(!closed.market_open);
    assert_eq!(closed.price_time.date_text(), "2026-11-19");
    assert_eq!(row(2, "MSFT").expect("a price").volatility, None);
}

#[test]
fn line_ends_and_small_reads_change_nothing() {
    let set = Set::good();
    let expected: Vec<_> = documents(&set).iter().map(hashes).collect();
    let mut windows = set.clone();
    for (name, bytes) in &mut windows.files {
        if name.ends_with("csv") {
            let text = String::from_utf8(bytes.clone()).expect("UTF-8");
            *bytes = text.replace('\n', "\r\n").into_bytes();
        }
    }
    assert_eq!(
        documents(&windows).iter().map(hashes).collect::<Vec<_>>(),
        expected
    );

    let table = |name: &str| Drops(set.bytes(name));
    let tables = Tables {
        prices: table("prices.csv"),
        targets: table("targets.csv"),
        shock_scores: Some(table("shock_scores.csv")),
        volatility: Some(table("volatility.csv")),
        fx: None,
        events: None,
    };
    let cycles = Cycles::new(set.standing().expect("standing documents"), tables);
    let cycles = cycles
        .expect("headers")
        .map(|cycle| hashes(&cycle.expect("a cycle")));
    assert_eq!(cycles.collect::<Vec<_>>(), expected);
}

fn hashes(cycle: &(Mandate, Market)) -> (String, String) {
    let (mandate, market) = cycle;
    (
        mandate.document().hash().to_string(),
        market.document().hash().to_string(),
    )
}

/// A reader that gives a byte at a time.
struct Drops<'bytes>(&'bytes [u8]);

impl Read for Drops<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let length = buffer.len().min(1);
        self.0.read(&mut buffer[..length])
    }
}

/// A reader that fails.
struct Broken;

impl Read for Broken {
    fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
        Err(io::Error::other("the disk is gone"))
    }
}

#[test]
fn a_file_that_cannot_be_read_is_no_refusal() {
    let tables = Tables {
        prices: Broken,
        targets: Broken,
        shock_scores: None,
        volatility: None,
        fx: None,
        events: None,
    };
    let standing = Set::good().standing().expect("standing documents");
    let error = Cycles::new(standing, tables)
        .map(|_| ())
        .expect_err("a broken disk");
    assert!(matches!(error, ContractsError::Io { path, .. } if path.ends_with("prices.csv")));
}

#[test]
fn each_cycle_of_a_checked_history_is_accepted_and_nothing_follows_a_bad_one() {
    let set = Set::good();
    let standing = set.standing().expect("standing documents");
    let mut last = None;
    for (mandate, market) in documents(&set) {
        let input = CycleInput::check(&standing, None, mandate, market, last, &[]);
        last = Some(input.expect("an input").as_last_accepted());
    }
    let mut bad = set.clone();
    bad.edit("targets.csv", "0.25", "x");
    let taken: Vec<_> = bad
        .cycles()
        .expect("headers")
        .map(|cycle| cycle.is_ok())
        .collect();
    assert_eq!(taken, [true, false]);
}
