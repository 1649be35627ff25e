//! One cycle at a time, with brokers and snapshots that misbehave.

#![expect(clippy::expect_used, reason = "a test stops at the first surprise")]

use std::collections::BTreeMap;
use std::sync::Arc;

use ios012_broker::{Broker, BrokerError, BrokerEvent, BrokerFill, News, Statement, Submission};
use ios012_contracts::{Constraints, Mandate, Market, Registry, Scenario, Standing};
use ios012_core::sequence::Side;
use ios012_core::{AssetId, CoreError, Exposure, Money, Quantity, UtcTime};
use ios012_engine::{CycleSummary, Engine, EngineError, LedgerSink, Runner};
use ios012_lineage::ledger::DocumentKind;
use ios012_lineage::{
    Chain, Code, CycleOutcome, Decision, Hash, OrderId, OutcomeState, Record, order_id,
};
use ios012_paper::{Action, PaperBroker, Rule, Script};
use proptest::prelude::*;

fn amount<T: std::str::FromStr<Err = CoreError>>(text: &str) -> T {
    text.parse().expect("a decimal")
}

/// Two assets, A and B; gross at most 60 %; a jump band of 50 %; a hard shock above 80.
fn standing() -> Arc<Standing> {
    bounded("1")
}

/// The same with this bound on A.
fn bounded(most: &str) -> Arc<Standing> {
    let asset = |id: &str| {
        format!(
            r#"{{"asset_id":"{id}","symbols":[{{"venue":"paper","symbol":"{id}"}}],"class":"equity","instrument":"spot",
                "currency":"USD","lot_size":"1","tick_size":"0.01","min_notional":"0","contract_multiplier":"1",
                "leverage_factor":"1","initial_margin_rate":"1","maintenance_margin_rate":"1","exchange":"XNYS",
                "calendar":"us_equity","active":true}}"#
        )
    };
    let registry = format!(
        r#"{{"schema":"ios012.registry.v1","issuer":"ios-001","version":"1","base_currency":"USD","assets":[{},{}]}}"#,
        asset("A"),
        asset("B")
    );
    let limits = |id: &str, most: &str| {
        format!(
            r#"{{"asset_id":"{id}","max_exposure":"{most}","min_exposure":"0","max_delta_exposure":"1","max_leverage":"1","block":"none"}}"#
        )
    };
    let constraints = format!(
        r#"{{"schema":"ios012.constraints.v1","issuer":"ios-006","version":"1","assets":[{},{}],"groups":[],"classes":[],
            "currencies":[],"portfolio":{{"gross":"0.6","net":"1","cash_floor":"0","dead_band":"0","ramp_steps":"1",
            "jump_band":"0.5","hard_shock_threshold":"80"}},
            "execution":{{"fee_bps":"0","slippage_bps":"0","price_collar_bps":"100"}}}}"#,
        limits("A", most),
        limits("B", "1")
    );
    let scenario = r#"{"schema":"ios012.scenario.v1","portfolio_id":"test","title":"t","description":"d",
        "base_currency":"USD","opening_cash":"10000","policy":{"signatures":"optional"}}"#;
    let standing = Standing::check(
        Scenario::parse("scenario.json", scenario.as_bytes()).expect("a scenario"),
        Arc::new(Registry::parse("registry.json", registry.as_bytes()).expect("a registry")),
        Arc::new(Constraints::parse("constraints.json", constraints.as_bytes()).expect("limits")),
        None,
    );
    Arc::new(standing.expect("agree"))
}

/// Keeps every record in memory, to be read by the test.
#[derive(Debug, Default)]
struct Lines(Vec<Record>);

impl LedgerSink for Lines {
    fn document(&mut self, _: DocumentKind, _: Hash, _: &str) -> Result<(), EngineError> {
        Ok(())
    }

    fn records(&mut self, chain: &mut Chain) -> Result<(), EngineError> {
        let text = std::str::from_utf8(chain.pending()).expect("UTF-8");
        for line in text.lines() {
            self.0.push(Record::parse(&line[65..]).expect("a record").1);
        }
        chain.clear_pending();
        Ok(())
    }

    fn cycle_ended(&mut self, chain: &mut Chain) -> Result<(), EngineError> {
        self.records(chain)
    }

    fn finish(&mut self, chain: &mut Chain) -> Result<(), EngineError> {
        self.records(chain)
    }
}

struct Desk<B> {
    standing: Arc<Standing>,
    runner: Runner<B, Lines>,
    day: u32,
}

impl<B: Broker> Desk<B> {
    fn open(broker: B) -> Self {
        let standing = standing();
        let chain = Chain::new("test".parse().expect("an id"), 1);
        let engine = Engine::begin(chain, "USD".parse().expect("USD"), amount("10000"), &[]);
        let runner = Runner::new(engine.expect("begins"), broker, Lines::default());
        Self {
            standing,
            runner: runner.expect("runs"),
            day: 0,
        }
    }

    /// The next day's cycle with these targets and prices of A and B.
    fn day(
        &mut self,
        targets: [&str; 2],
        prices: [&str; 2],
        shock: &str,
    ) -> Result<CycleSummary, EngineError> {
        self.day += 1;
        let as_of = format!("2026-01-{:02}T00:00:00.000Z", self.day);
        let until = format!("2026-01-{:02}T00:00:00.000Z", self.day + 1);
        let mandate = format!(
            r#"{{"schema":"ios012.mandate.v1","portfolio_id":"test","as_of":"{as_of}","valid_until":"{until}",
                "issuer":"ios-004","targets":[{{"asset_id":"A","target_exposure":"{}"}},
                {{"asset_id":"B","target_exposure":"{}"}}]}}"#,
            targets[0], targets[1]
        );
        let row = |id: &str, price: &str| {
            format!(
                r#"{{"asset_id":"{id}","reference_price":"{price}","price_time":"{as_of}","market_open":true}}"#
            )
        };
        let market = format!(
            r#"{{"schema":"ios012.market.v1","as_of":"{as_of}","currency":"USD","portfolio_shock_score":"{shock}",
                "rows":[{},{}]}}"#,
            row("A", prices[0]),
            row("B", prices[1])
        );
        let mandate = Mandate::parse("mandate.json", mandate.as_bytes()).expect("a mandate");
        let market = Market::parse("market.json", market.as_bytes()).expect("a market");
        let runtime = tokio::runtime::Builder::new_current_thread()
            .build()
            .expect("a runtime");
        let ran = runtime.block_on(
            self.runner
                .cycle(&self.standing, None, mandate, market, None),
        );
        ran.map(|(summary, refusal)| {
            assert_eq!(refusal, None);
            summary
        })
    }

    fn held(&self, asset: &str) -> Quantity {
        let asset = asset.parse().expect("an id");
        self.runner.engine().accounts().books().quantity(&asset)
    }

    fn kinds_of_last_cycle(&self) -> Vec<&str> {
        let records = &self.runner.sink().0;
        let start = records
            .iter()
            .rposition(|record| matches!(record, Record::Cycle(_)));
        records[start.expect("a cycle")..]
            .iter()
            .map(Record::kind)
            .collect()
    }
}

fn paper(rules: Vec<Rule>) -> PaperBroker {
    PaperBroker::new(amount("0"), amount("0"), Script::new(rules))
}

/// 60 % of 10,000 at 100: A 60 units. Then to B: A is sold, and B is bought with what came in.
#[test]
fn reductions_are_final_before_increases_leave() {
    let mut desk = Desk::open(paper(Vec::new()));
    desk.day(["0.6", "0"], ["100", "50"], "10").expect("runs");
    assert_eq!(desk.held("A"), amount("60"));
    desk.day(["0.1", "0.5"], ["100", "50"], "10").expect("runs");
    assert_eq!(
        (desk.held("A"), desk.held("B")),
        (amount("10"), amount("100"))
    );
    assert_eq!(
        desk.kinds_of_last_cycle(),
        [
            "cycle", "decision", "decision", "order", "fill", "outcome", "order", "fill",
            "outcome", "seal"
        ]
    );
}

/// Gross is full with A at 60 %. If A can't be sold, B has no room: nothing is bought, and what
/// was decided for B is left with its reason. Half sold leaves room for half.
#[test]
fn an_unfilled_reduction_takes_the_room_of_the_increases() {
    for (action, sold, bought) in [
        (Action::Reject, "60", "0"),
        (Action::Expire, "60", "0"),
        (Action::Partial(amount("0.5")), "35", "50"),
    ] {
        let rule = Rule {
            asset_id: None,
            side: Some(Side::Sell),
            as_of: None,
            action,
        };
        let mut desk = Desk::open(paper(vec![rule]));
        desk.day(["0.6", "0"], ["100", "50"], "10").expect("runs");
        let summary = desk.day(["0.1", "0.5"], ["100", "50"], "10").expect("runs");
        assert_eq!(summary.outcome, CycleOutcome::Executed);
        assert_eq!(
            (desk.held("A"), desk.held("B")),
            (amount(sold), amount(bought)),
            "{action:?}"
        );
        let reasons = desk
            .runner
            .sink()
            .0
            .iter()
            .filter_map(|record| match record {
                Record::Residual(residual) => {
                    Some((residual.asset_id.as_str(), residual.reason.as_str()))
                }
                _ => None,
            });
        assert_eq!(reasons.collect::<Vec<_>>(), [("B", "reductions_unfilled")]);
    }
}

/// A lot of A is 10 %. A is to give up half a lot, which no order can, so B has 10 % of room and not
/// the 15 % that were decided.
#[test]
fn what_lots_leave_takes_the_room_of_the_increases() {
    let mut desk = Desk::open(paper(Vec::new()));
    desk.day(["0.5", "0"], ["1000", "50"], "10").expect("runs");
    let targets = ["0.45", "0.15"];
    desk.day(targets, ["1000", "50"], "10").expect("runs");
    assert_eq!(
        (desk.held("A"), desk.held("B")),
        (amount("5"), amount("20"))
    );
}

/// A is above its new bound, and can't be sold. Its reduction is over for this cycle, so B has no room,
/// although the bound still asks for less of A.
#[test]
fn a_bound_frees_no_room_when_its_reduction_was_rejected() {
    let rule = Rule {
        asset_id: None,
        side: Some(Side::Sell),
        as_of: None,
        action: Action::Reject,
    };
    let mut desk = Desk::open(paper(vec![rule]));
    desk.day(["0.6", "0"], ["100", "50"], "10").expect("runs");
    desk.standing = bounded("0.1");
    desk.day(["0.6", "0.5"], ["100", "50"], "10").expect("runs");
    assert_eq!(
        (desk.held("A"), desk.held("B")),
        (amount("60"), amount("0"))
    );
}

/// The sale of A is filled when the mandate has ended: nothing leaves any more.
#[test]
fn a_fill_after_the_end_of_the_mandate_ends_its_plan() {
    fn late(sent: &Submission) -> Vec<BrokerEvent> {
        let mut event = fill(sent, &sent.order.quantity().to_string(), "USD");
        if let News::Filled(fill) = &mut event.news
            && sent.order.side() == Side::Sell
        {
            fill.time = amount("2026-01-03T00:00:00.000Z");
        }
        vec![event]
    }
    let mut desk = Desk::open(Liar::new(late));
    desk.day(["0.6", "0"], ["100", "50"], "10").expect("runs");
    desk.day(["0.1", "0.5"], ["100", "50"], "10").expect("runs");
    assert_eq!(
        (desk.held("A"), desk.held("B")),
        (amount("10"), amount("0"))
    );
    let left = desk
        .runner
        .sink()
        .0
        .iter()
        .filter_map(|record| match record {
            Record::Residual(left) => Some(format!(
                "{} {} {}",
                left.asset_id, left.quantity, left.reason
            )),
            _ => None,
        });
    assert_eq!(left.collect::<Vec<_>>(), ["B 100 mandate_expired"]);
}

/// 100 to 151 is more than the band of 50 %, 100 to 150 is not. An aborted cycle marks nothing.
#[test]
fn a_jump_beyond_the_band_aborts_and_marks_nothing() {
    let mut desk = Desk::open(paper(Vec::new()));
    desk.day(["0.5", "0"], ["100", "50"], "10").expect("runs");
    let summary = desk
        .day(["0.5", "0.1"], ["151", "50"], "10")
        .expect("aborts");
    assert_eq!(
        (summary.outcome, summary.nlv_after),
        (CycleOutcome::Aborted, amount("10000"))
    );
    assert_eq!(desk.kinds_of_last_cycle(), ["cycle", "breaker", "seal"]);
    let summary = desk.day(["0.5", "0.1"], ["150", "50"], "10").expect("runs");
    assert_eq!(
        (summary.outcome, summary.nlv_after),
        (CycleOutcome::Executed, amount("12500"))
    );
}

#[test]
fn a_hard_shock_aborts_above_its_threshold() {
    let mut desk = Desk::open(paper(Vec::new()));
    let summary = desk.day(["0.5", "0"], ["100", "50"], "80").expect("runs");
    assert_eq!(summary.outcome, CycleOutcome::Executed);
    let summary = desk
        .day(["0.6", "0"], ["100", "50"], "80.1")
        .expect("aborts");
    assert_eq!(
        (summary.outcome, summary.orders),
        (CycleOutcome::Aborted, 0)
    );
    assert_eq!(desk.held("A"), amount("50"));
}

/// A broker that says what it is told to say of the first order.
#[derive(Debug)]
struct Liar {
    says: fn(&Submission) -> Vec<BrokerEvent>,
    /// Units of each asset by what it said.
    holds: BTreeMap<AssetId, Quantity>,
}

impl Liar {
    const fn new(says: fn(&Submission) -> Vec<BrokerEvent>) -> Self {
        Self {
            says,
            holds: BTreeMap::new(),
        }
    }
}

impl Broker for Liar {
    async fn submit(
        &mut self,
        submission: &Submission,
        news: &mut Vec<BrokerEvent>,
    ) -> Result<(), BrokerError> {
        for event in (self.says)(submission) {
            if let News::Filled(fill) = &event.news {
                let held = self.holds.entry(submission.order.asset_id().clone());
                let held = held.or_insert(Quantity::ZERO);
                *held = match submission.order.side() {
                    Side::Buy => held.checked_add(fill.quantity),
                    Side::Sell => held.checked_sub(fill.quantity),
                }
                .expect("fits");
            }
            news.push(event);
        }
        Ok(())
    }

    async fn cancel(&mut self, _: OrderId, _: &mut Vec<BrokerEvent>) -> Result<(), BrokerError> {
        Ok(())
    }

    async fn poll(&mut self, _: &mut Vec<BrokerEvent>) -> Result<(), BrokerError> {
        Ok(())
    }

    async fn statement(&mut self, as_of: UtcTime) -> Result<Statement, BrokerError> {
        Ok(Statement {
            time: as_of,
            positions: self.holds.clone().into_iter().collect(),
            cash: None,
            open_orders: Vec::new(),
        })
    }

    async fn open_orders(&mut self) -> Result<Vec<OrderId>, BrokerError> {
        Ok(Vec::new())
    }

    async fn history(&mut self, _: OrderId) -> Result<Vec<BrokerEvent>, BrokerError> {
        Ok(Vec::new())
    }
}

fn fill(submission: &Submission, quantity: &str, currency: &str) -> BrokerEvent {
    let news = News::Filled(BrokerFill {
        fill_id: Code::literal("1"),
        quantity: amount(quantity),
        price: submission.order.reference_price(),
        fee: Money::ZERO,
        currency: currency.parse().expect("a currency"),
        time: submission.not_before,
    });
    BrokerEvent {
        order_id: submission.order_id,
        news,
    }
}

/// Each lie halts the engine: it takes no further cycle.
#[test]
fn a_broker_that_lies_halts_the_engine() {
    type Lie = fn(&Submission) -> Vec<BrokerEvent>;
    type Expected = fn(&EngineError) -> bool;
    let lies: [(Lie, Expected); 6] = [
        (
            |sent| vec![fill(sent, "61", "USD")],
            |error| matches!(error, EngineError::Overfilled { .. }),
        ),
        (
            |sent| vec![fill(sent, "0", "USD")],
            |error| matches!(error, EngineError::Overfilled { .. }),
        ),
        (
            |sent| vec![fill(sent, "60", "EUR")],
            |error| matches!(error, EngineError::FillCurrency { .. }),
        ),
        (
            |sent| vec![fill(sent, "60", "USD"), fill(sent, "1", "USD")],
            |error| matches!(error, EngineError::UnknownOrder { .. }),
        ),
        (
            |sent| vec![fill(sent, "40", "USD"), fill(sent, "20", "USD")],
            |error| matches!(error, EngineError::RepeatedFill { .. }),
        ),
        (
            |_| Vec::new(),
            |error| matches!(error, EngineError::Sequence(_)),
        ),
    ];
    for (at, (lie, expected)) in lies.into_iter().enumerate() {
        let mut desk = Desk::open(Liar::new(lie));
        let error = desk
            .day(["0.6", "0"], ["100", "50"], "10")
            .expect_err("halts");
        assert!(expected(&error), "lie {at}: {error}");
        if at < 5 {
            let error = desk
                .day(["0.6", "0"], ["100", "50"], "10")
                .expect_err("stays halted");
            assert!(matches!(error, EngineError::Halted), "lie {at}: {error}");
        }
    }
}

/// A price so large that exact arithmetic refuses it: no record of that cycle is left.
#[test]
fn an_input_that_can_not_be_computed_leaves_the_ledger_at_the_last_seal() {
    let mut desk = Desk::open(paper(Vec::new()));
    let head = desk.runner.engine().chain().head();
    let day = desk.day(["0.5", "0"], ["20000000000000000000000000000", "50"], "10");
    assert!(matches!(day, Err(EngineError::Accounts(_))), "{day:?}");
    assert_eq!(desk.runner.engine().chain().head(), head);
    assert!(matches!(
        desk.day(["0", "0"], ["1", "1"], "10"),
        Err(EngineError::Halted)
    ));
}

/// The sum of accepted partial fills ends the order, and the books hold what was filled.
#[test]
fn partial_fills_add_up_to_the_order() {
    fn in_parts(sent: &Submission) -> Vec<BrokerEvent> {
        let mut second = fill(sent, "20", "USD");
        if let News::Filled(fill) = &mut second.news {
            fill.fill_id = Code::literal("2");
        }
        let accepted = BrokerEvent {
            order_id: sent.order_id,
            news: News::Accepted,
        };
        vec![accepted, fill(sent, "40", "USD"), second]
    }
    let mut desk = Desk::open(Liar::new(in_parts));
    let summary = desk.day(["0.6", "0"], ["100", "50"], "10").expect("runs");
    assert_eq!((summary.fills, desk.held("A")), (2, amount("60")));
    let states: Vec<_> = desk
        .runner
        .sink()
        .0
        .iter()
        .filter_map(|record| match record {
            Record::Outcome(outcome) => Some(outcome.state),
            _ => None,
        })
        .collect();
    assert_eq!(states, [OutcomeState::Accepted, OutcomeState::Filled]);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    /// I9: an order has a decision of its own cycle, derives its id from it, and moves the way the
    /// decision does; a cycle that was aborted has none.
    #[test]
    fn no_order_without_a_decision(days in proptest::collection::vec((0..13_u32, 0..13_u32, 60..140_u32, 60..140_u32, 0..100_u32), 1..6), part in 0..5_u32) {
        let rule = Rule { asset_id: None, side: None, as_of: None, action: Action::Partial(amount(&format!("0.{part}1"))) };
        let mut desk = Desk::open(paper(if part == 0 { Vec::new() } else { vec![rule] }));
        for (a, b, price_a, price_b, shock) in days {
            let target = |twentieths: u32| Exposure::from_units(i128::from(twentieths) * Exposure::SCALE / 20).to_string();
            let (a, b) = (target(a), target(b));
            let ran = desk.day([&a, &b], [&price_a.to_string(), &price_b.to_string()], &shock.to_string());
            prop_assert!(ran.is_ok(), "{ran:?}");
        }
        let mut decisions: Vec<&Decision> = Vec::new();
        let mut orders = 0;
        for record in &desk.runner.sink().0 {
            match record {
                Record::Cycle(_) => { decisions.clear(); orders = 0; }
                Record::Decision(decision) => decisions.push(decision),
                Record::Order(order) => {
                    orders += 1;
                    let decision = decisions.iter().find(|decision| decision.asset_id == order.asset_id);
                    let decision = decision.expect("a decision on the asset of the order");
                    prop_assert_eq!(order.order_id, order_id(decision.lineage_hash, order.leg));
                    let buys = decision.allowed_exposure > decision.previous_exposure;
                    let sells = decision.allowed_exposure < decision.previous_exposure;
                    prop_assert_eq!((buys, sells), (order.side == Side::Buy, order.side == Side::Sell));
                }
                Record::Seal(seal) => {
                    prop_assert_eq!(seal.orders, orders);
                    prop_assert!(seal.outcome == CycleOutcome::Executed || orders == 0);
                }
                _ => {}
            }
        }
    }
}
