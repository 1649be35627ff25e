//! From an order to stop until every open order is asked to end: 500 orders rest at the paper broker
//! (docs/measurements.md).

#![expect(
    clippy::expect_used,
    reason = "a benchmark stops at the first surprise"
)]

use std::sync::Arc;

use ios012_broker::Broker as _;
use ios012_constraints::defcon::RedAction;
use ios012_contracts::{Constraints, CycleInput, Mandate, Market, Registry, Scenario, Standing};
use ios012_core::Defcon;
use ios012_engine::{BrokerAccount, Effect, Engine, Event, StopOrder};
use ios012_lineage::{Chain, Code, PlainText};
use ios012_paper::{Action, PaperBroker, Rule, Script};
use tokio::runtime::Builder;

const ORDERS: usize = 500;
const AS_OF: &str = "2026-01-05T00:00:00.000Z";

fn main() {
    divan::main();
}

/// The engine takes the order to stop, and the broker is asked to end each of its orders.
#[divan::bench(sample_count = 20, sample_size = 1)]
fn cancel_all(bencher: divan::Bencher<'_, '_>) {
    bencher
        .with_inputs(with_orders_out)
        .bench_local_values(|(mut engine, mut broker)| {
            let mut effects = Vec::new();
            let stop = StopOrder {
                level: Defcon::Red,
                red_action: RedAction::ReduceOnly,
                cause: Code::literal("fire_drill"),
                evidence: PlainText::literal("a benchmark"),
                at: AS_OF.parse().expect("a time"),
            };
            let stopped = engine.handle(Event::Stop(Box::new(stop)), &mut effects);
            stopped.expect("stops");
            let mut news = Vec::new();
            let mut asked = 0;
            wait(async {
                for effect in effects {
                    if let Effect::Cancel(order_id) = effect {
                        broker.cancel(order_id, &mut news).await.expect("is asked");
                        asked += 1;
                    }
                }
            });
            assert_eq!((asked, news.len()), (ORDERS, ORDERS));
            (engine, broker)
        });
}

/// An engine in a cycle whose orders are all out and open.
fn with_orders_out() -> (Engine, PaperBroker) {
    let standing = standing();
    let chain = Chain::new("bench".parse().expect("an id"), 1);
    let cash = standing.scenario().opening_cash();
    let engine = Engine::begin(chain, "USD".parse().expect("USD"), cash, &[]);
    let mut engine = engine.expect("begins");
    let zero = "0".parse().expect("a number");
    let script = Script::new(vec![Rule {
        asset_id: None,
        side: None,
        as_of: None,
        action: Action::Rest,
    }]);
    let mut broker = PaperBroker::new(zero, zero, script);
    let input = CycleInput::check(&standing, None, mandate(), market(), None, engine.held());
    let mut effects = Vec::new();
    let input = input.expect("fits");
    let statement = wait(broker.statement(input.as_of())).expect("is stated");
    let input = Event::Cycle(Box::new(input), BrokerAccount::stated(statement));
    engine.handle(input, &mut effects).expect("decides");
    let (mut news, mut sent) = (Vec::new(), 0);
    wait(async {
        for effect in effects {
            if let Effect::Submit(submission) = effect {
                broker
                    .submit(&submission, &mut news)
                    .await
                    .expect("is sent");
                sent += 1;
            }
        }
    });
    assert_eq!(sent, ORDERS);
    for event in news {
        engine
            .handle(Event::Broker(event), &mut Vec::new())
            .expect("is open");
    }
    assert_eq!(engine.open_orders(), ORDERS);
    (engine, broker)
}

fn wait<T>(future: impl Future<Output = T>) -> T {
    let runtime = Builder::new_current_thread().build().expect("a runtime");
    runtime.block_on(future)
}

fn standing() -> Arc<Standing> {
    let registry = rows(|id| {
        format!(
            r#"{{"asset_id":"{id}","symbols":[{{"venue":"paper","symbol":"{id}"}}],"class":"equity","instrument":"spot",
            "currency":"USD","lot_size":"1","tick_size":"0.01","min_notional":"0","contract_multiplier":"1",
            "leverage_factor":"1","initial_margin_rate":"1","maintenance_margin_rate":"1","exchange":"XNYS",
            "calendar":"us_equity","active":true}}"#
        )
    });
    let registry = format!(
        r#"{{"schema":"ios012.registry.v1","issuer":"ios-001","version":"1","base_currency":"USD","assets":[{registry}]}}"#
    );
    let limits = rows(|id| {
        format!(
            r#"{{"asset_id":"{id}","max_exposure":"1","min_exposure":"0","max_delta_exposure":"1","max_leverage":"1","block":"none"}}"#
        )
    });
    let constraints = format!(
        r#"{{"schema":"ios012.constraints.v1","issuer":"ios-006","version":"1","assets":[{limits}],"groups":[],"classes":[],
        "currencies":[],"portfolio":{{"gross":"1","net":"1","cash_floor":"0","dead_band":"0","ramp_steps":"1"}},
        "execution":{{"fee_bps":"0","slippage_bps":"0","price_collar_bps":"100"}}}}"#
    );
    let scenario = r#"{"schema":"ios012.scenario.v1","portfolio_id":"bench","title":"t","description":"d",
        "base_currency":"USD","opening_cash":"10000000","policy":{"signatures":"optional"}}"#;
    let standing = Standing::check(
        Scenario::parse("scenario.json", scenario.as_bytes()).expect("a scenario"),
        Arc::new(Registry::parse("registry.json", registry.as_bytes()).expect("a registry")),
        Arc::new(Constraints::parse("constraints.json", constraints.as_bytes()).expect("limits")),
        None,
    );
    Arc::new(standing.expect("agree"))
}

fn mandate() -> Mandate {
    let targets = rows(|id| format!(r#"{{"asset_id":"{id}","target_exposure":"0.0019"}}"#));
    let text = format!(
        r#"{{"schema":"ios012.mandate.v1","portfolio_id":"bench","as_of":"{AS_OF}",
        "valid_until":"2026-01-06T00:00:00.000Z","issuer":"ios-004","targets":[{targets}]}}"#
    );
    Mandate::parse("mandate.json", text.as_bytes()).expect("a mandate")
}

fn market() -> Market {
    let prices = rows(|id| {
        format!(
            r#"{{"asset_id":"{id}","reference_price":"100","price_time":"{AS_OF}","market_open":true}}"#
        )
    });
    let text = format!(
        r#"{{"schema":"ios012.market.v1","as_of":"{AS_OF}","currency":"USD","rows":[{prices}]}}"#
    );
    Market::parse("market.json", text.as_bytes()).expect("a market")
}

/// One row of JSON for each asset.
fn rows(row: impl Fn(&str) -> String) -> String {
    let rows: Vec<_> = (0..ORDERS)
        .map(|number| row(&format!("A{number:03}")))
        .collect();
    rows.join(",")
}
