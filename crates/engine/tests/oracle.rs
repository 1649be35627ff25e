//! The whole engine against an outside reference: vectorbt's daily rebalance to weights, and its
//! 25-line restatement in floats (docs/measurements.md, Oracles).

#![expect(
    clippy::expect_used,
    clippy::panic,
    reason = "a test stops at the first surprise"
)]

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use ios012_contracts::{Constraints, Cycles, Registry, Scenario, Standing, Tables};
use ios012_core::{CoreError, Exposure, Money};
use ios012_engine::{Engine, MemorySink, Runner};
use ios012_lineage::{Chain, CycleOutcome};
use ios012_paper::{PaperBroker, Script};

fn golden() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../golden")
}

fn read(name: &str) -> Vec<u8> {
    let path = golden().join("sp500-inverse-vol").join(name);
    std::fs::read(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

fn amount<T: std::str::FromStr<Err = CoreError>>(text: &str) -> T {
    text.parse().expect("a decimal")
}

/// The rules of the reference: no limit binds but cash, no slippage, no collar, fee 10 bps, a
/// millionth of a millionth of a share.
fn standing() -> Arc<Standing> {
    let registry = String::from_utf8(read("registry.json")).expect("UTF-8");
    let registry = registry
        .replace(r#""lot_size": "0.000001""#, r#""lot_size": "0.000000001""#)
        .replace(r#""min_notional": "1""#, r#""min_notional": "0""#);
    let registry = Registry::parse("registry.json", registry.as_bytes()).expect("a registry");
    let row = |asset: &ios012_core::AssetSpec| {
        format!(
            r#"{{"asset_id":"{}","max_exposure":"2","min_exposure":"0","max_delta_exposure":"2","max_leverage":"1","block":"none"}}"#,
            asset.asset_id
        )
    };
    let rows: Vec<_> = registry.assets().iter().map(row).collect();
    let constraints = format!(
        r#"{{"schema":"ios012.constraints.v1","issuer":"ios-006","version":"1","assets":[{}],"groups":[],"classes":[],"currencies":[],
            "portfolio":{{"gross":"2","net":"2","cash_floor":"0","dead_band":"0","ramp_steps":"1"}},
            "execution":{{"fee_bps":"10","slippage_bps":"0","price_collar_bps":"0"}}}}"#,
        rows.join(",")
    );
    let constraints =
        Constraints::parse("constraints.json", constraints.as_bytes()).expect("constraints");
    let scenario = Scenario::parse("scenario.json", &read("scenario.json")).expect("a scenario");
    let standing = Standing::check(scenario, Arc::new(registry), Arc::new(constraints), None);
    Arc::new(standing.expect("agree"))
}

/// The mandates of the golden scenario, each target times a factor.
fn targets(factor: &str) -> String {
    let text = String::from_utf8(read("targets.csv")).expect("UTF-8");
    let factor: Exposure = amount(factor);
    let mut lines = text.lines();
    let mut scaled = format!("{}\n", lines.next().expect("a header"));
    for line in lines {
        let (key, target) = line.rsplit_once(',').expect("three columns");
        let target = Exposure::parse_padded(target).expect("a target");
        let target = target.units() * factor.units() / Exposure::SCALE;
        let target = Exposure::from_units(target);
        writeln!(scaled, "{key},{target}").expect("a string takes all");
    }
    scaled
}

fn final_nlv(factor: &str) -> Money {
    let standing = standing();
    let prices = read("prices.csv");
    let targets = targets(factor);
    let tables = Tables {
        prices: prices.as_slice(),
        targets: targets.as_bytes(),
        shock_scores: None,
        volatility: None,
    };
    let scenario = standing.scenario();
    let chain = Chain::new(scenario.portfolio_id().clone(), 1);
    let currency = scenario.base_currency().clone();
    let engine = Engine::begin(chain, currency, scenario.opening_cash(), &[]).expect("begins");
    let limits = standing.constraints().limits();
    let broker = PaperBroker::new(limits.fee, limits.slippage, Script::default());
    let mut runner = Runner::new(engine, broker, MemorySink).expect("runs");
    let runtime = tokio::runtime::Builder::new_current_thread()
        .build()
        .expect("a runtime");
    let mut count = 0;
    let mut nlv = Money::ZERO;
    for cycle in Cycles::new(Arc::clone(&standing), tables).expect("tables") {
        let (mandate, market) = cycle.expect("a cycle");
        let ran = runtime.block_on(runner.cycle(&standing, None, mandate, market));
        let (summary, refusal) = ran.expect("the engine goes on");
        assert_eq!((summary.outcome, refusal), (CycleOutcome::Executed, None));
        nlv = summary.nlv_after;
        count += 1;
    }
    assert_eq!(count, 8_243);
    nlv
}

/// Within 1e-8 of the reference, relative.
fn assert_near(found: Money, reference: &str) {
    let reference: Money = amount(reference);
    let difference = (found.units() - reference.units()).abs();
    assert!(
        difference * 100_000_000 <= reference.units(),
        "{found} is not {reference}"
    );
}

/// vectorbt 1.2.0, `from_orders(targetpercent, cash_sharing, call_seq='auto')`, gross 0.99:
/// 112846591.38078633. No cash limit binds.
#[test]
fn rebalancing_to_99_percent_ends_where_vectorbt_does() {
    let nlv = final_nlv("0.99");
    println!("final NLV {nlv}");
    assert_near(nlv, "112846591.38078633");
}

/// Sells first, then every buy scaled by one factor to the cash left, fees included:
/// 117803735.40732999 in exact decimals.
#[test]
fn rebalancing_to_100_percent_scales_every_buy_by_one_factor() {
    let nlv = final_nlv("1");
    println!("final NLV {nlv}");
    assert_near(nlv, "117803735.40732999");
}
