//! The whole engine against an outside reference: vectorbt's daily rebalance to weights, and its
//! 25-line restatement in floats (docs/measurements.md, Oracles).

#![expect(
    clippy::expect_used,
    clippy::panic,
    reason = "a test stops at the first surprise"
)]

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use ios012_contracts::{Constraints, Cycles, Registry, Scenario, Standing, Tables};
use ios012_core::{CoreError, Exposure, Money, UtcTime};
use ios012_engine::{Engine, EngineError, LedgerSink, MemorySink, Runner};
use ios012_lineage::ledger::DocumentKind;
use ios012_lineage::{Chain, CycleOutcome, Hash, Record};
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

/// What differs between the references.
struct Rules {
    /// Replacements in the registry.
    registry: &'static [(&'static str, &'static str)],
    max_exposure: &'static str,
    max_leverage: &'static str,
    gross: &'static str,
}

/// Paid in full; no limit binds but cash.
const SPOT: Rules = Rules {
    registry: &[],
    max_exposure: "2",
    max_leverage: "1",
    gross: "2",
};

/// Half of it borrowed at no interest; no limit binds.
const MARGIN: Rules = Rules {
    registry: &[
        (r#""instrument": "spot""#, r#""instrument": "margin""#),
        (
            r#""initial_margin_rate": "1""#,
            r#""initial_margin_rate": "0.5""#,
        ),
        (
            r#""maintenance_margin_rate": "1""#,
            r#""maintenance_margin_rate": "0.25""#,
        ),
    ],
    max_exposure: "4",
    max_leverage: "2",
    gross: "4",
};

/// The rules of the references: no slippage, no collar, fee 10 bps, a millionth of a millionth of
/// a share.
fn standing(rules: &Rules) -> Arc<Standing> {
    let registry = String::from_utf8(read("registry.json")).expect("UTF-8");
    let mut registry = registry
        .replace(r#""lot_size": "0.000001""#, r#""lot_size": "0.000000001""#)
        .replace(r#""min_notional": "1""#, r#""min_notional": "0""#);
    for (from, to) in rules.registry {
        assert!(registry.contains(from), "{from}");
        registry = registry.replace(from, to);
    }
    let registry = Registry::parse("registry.json", registry.as_bytes()).expect("a registry");
    let row = |asset: &ios012_core::AssetSpec| {
        format!(
            r#"{{"asset_id":"{}","max_exposure":"{2}","min_exposure":"0","max_delta_exposure":"{2}","max_leverage":"{1}","block":"none"}}"#,
            asset.asset_id, rules.max_leverage, rules.max_exposure
        )
    };
    let rows: Vec<_> = registry.assets().iter().map(row).collect();
    let constraints = format!(
        r#"{{"schema":"ios012.constraints.v1","issuer":"ios-006","version":"1","assets":[{}],"groups":[],"classes":[],"currencies":[],
            "portfolio":{{"gross":"{1}","net":"{1}","cash_floor":"0","dead_band":"0","ramp_steps":"1"}},
            "execution":{{"fee_bps":"10","slippage_bps":"0","price_collar_bps":"0"}}}}"#,
        rows.join(","),
        rules.gross
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

/// Keeps the decisions, to be read by the test.
#[derive(Debug, Default)]
struct DecisionSink {
    /// Decisions that gross bound, by the time of their cycle.
    gross_bound: BTreeMap<UtcTime, usize>,
}

impl LedgerSink for DecisionSink {
    fn document(&mut self, _: DocumentKind, _: Hash, _: &str) -> Result<(), EngineError> {
        Ok(())
    }

    fn records(&mut self, _: &mut Chain) -> Result<(), EngineError> {
        Ok(())
    }

    fn cycle_ended(&mut self, chain: &mut Chain) -> Result<(), EngineError> {
        let text = std::str::from_utf8(chain.pending()).expect("UTF-8");
        let records = text
            .lines()
            .filter(|line| line.contains(r#""kind":"decision""#));
        for line in records.filter(|line| line.contains(r#""limit":"gross""#)) {
            let Record::Decision(decision) = Record::parse(&line[65..]).expect("a record").1 else {
                panic!("{line}");
            };
            *self.gross_bound.entry(decision.timestamp).or_default() += 1;
        }
        chain.clear_pending();
        Ok(())
    }

    fn finish(&mut self, _: &mut Chain) -> Result<(), EngineError> {
        Ok(())
    }
}

/// Runs the first `most` mandates: how many ran, the last NLV, and what was kept.
fn run<S: LedgerSink>(rules: &Rules, targets: &[u8], most: usize, sink: S) -> (usize, Money, S) {
    let standing = standing(rules);
    let prices = read("prices.csv");
    let tables = Tables {
        prices: prices.as_slice(),
        targets,
        shock_scores: None,
        volatility: None,
        fx: None,
        events: None,
    };
    let scenario = standing.scenario();
    let chain = Chain::new(scenario.portfolio_id().clone(), 1);
    let currency = scenario.base_currency().clone();
    let engine = Engine::begin(chain, currency, scenario.opening_cash(), &[]).expect("begins");
    let limits = standing.constraints().limits();
    let broker = PaperBroker::new(limits.fee, limits.slippage, Script::default());
    let mut runner = Runner::new(engine, broker, sink).expect("runs");
    let runtime = tokio::runtime::Builder::new_current_thread()
        .build()
        .expect("a runtime");
    let mut count = 0;
    let mut nlv = Money::ZERO;
    let cycles = Cycles::new(Arc::clone(&standing), tables).expect("tables");
    for cycle in cycles.take(most) {
        let (mandate, market) = cycle.expect("a cycle");
        let ran = runtime.block_on(runner.cycle(&standing, None, mandate, market, None));
        let (summary, refusal) = ran.expect("the engine goes on");
        assert_eq!((summary.outcome, refusal), (CycleOutcome::Executed, None));
        nlv = summary.nlv_after;
        count += 1;
    }
    (count, nlv, runner.into_sink())
}

fn final_nlv(factor: &str) -> Money {
    let (count, nlv, MemorySink) = run(&SPOT, targets(factor).as_bytes(), usize::MAX, MemorySink);
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

/// Leverage 1.5 on the first 300 days (1990-04-11 to 1991-06-18), borrowed at no interest:
/// 1734756.974481 by an independent restatement of the same rules.
#[test]
fn leverage_of_one_and_a_half_ends_where_the_reference_does() {
    let (count, nlv, MemorySink) = run(&MARGIN, targets("1.5").as_bytes(), 300, MemorySink);
    println!("final NLV {nlv}");
    assert_eq!(count, 300);
    assert_near(nlv, "1734756.974481");
}

/// A volatility target of 15 % with gross up to 1.5: the weights have six digits, so on exactly
/// 618 of 8,180 days they sum to more than 1.5. Each of these days is clamped to it and says so,
/// and nobody's exposure is ever above.
#[test]
fn targets_above_the_gross_limit_by_their_rounding_are_clamped_and_named() {
    let path = golden().join("sp500-vol-target/targets.csv");
    let targets = std::fs::read_to_string(&path).expect("the targets");
    let mut sums: BTreeMap<&str, i128> = BTreeMap::new();
    for line in targets.lines().skip(1) {
        let (date, rest) = line.split_once(',').expect("three columns");
        let (_, target) = rest.split_once(',').expect("three columns");
        let target = Exposure::parse_padded(target).expect("a target");
        *sums.entry(date).or_default() += target.units();
    }
    let limit: Exposure = amount("1.5");
    let above = sums.iter().filter(|(_, sum)| **sum > limit.units());
    let above: Vec<_> = above
        .map(|(date, _)| UtcTime::from_date(date).expect("a date"))
        .collect();
    assert_eq!((sums.len(), above.len()), (8_180, 618));
    let rules = Rules {
        gross: "1.5",
        ..MARGIN
    };
    let sink = DecisionSink::default();
    let (count, _, sink) = run(&rules, targets.as_bytes(), usize::MAX, sink);
    assert_eq!(count, 8_180);
    let silent = above
        .iter()
        .filter(|day| !sink.gross_bound.contains_key(day));
    assert_eq!(
        silent.count(),
        0,
        "a day above the limit that does not say so"
    );
}
