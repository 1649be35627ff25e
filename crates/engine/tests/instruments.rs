//! Every instrument through whole cycles: the golden scenario by hand, a market that breaks the
//! margin, and schedules that end early.

#![expect(clippy::expect_used, reason = "a test stops at the first surprise")]

use std::path::Path;
use std::sync::Arc;

use ios012_contracts::{Constraints, History, Mandate, Market, Registry, Scenario, Standing};
use ios012_core::account::Account;
use ios012_core::{CoreError, CurrencyCode, Money, UtcTime};
use ios012_engine::{Engine, EngineError, FileSink, LedgerSink, Runner, replay};
use ios012_lineage::ledger::{DocumentKind, LedgerReader, LedgerWriter};
use ios012_lineage::{Chain, CycleOutcome, Hash, Record};
use ios012_paper::{PaperBroker, Script};

fn amount<T: std::str::FromStr<Err = CoreError>>(text: &str) -> T {
    text.parse().expect("a decimal")
}

fn currency(code: &str) -> CurrencyCode {
    code.parse().expect("a currency")
}

/// Keeps nothing.
struct Nowhere;

impl LedgerSink for Nowhere {
    fn document(&mut self, _: DocumentKind, _: Hash, _: &str) -> Result<(), EngineError> {
        Ok(())
    }

    fn records(&mut self, _: &mut Chain) -> Result<(), EngineError> {
        Ok(())
    }

    fn cycle_ended(&mut self, chain: &mut Chain) -> Result<(), EngineError> {
        chain.clear_pending();
        Ok(())
    }

    fn finish(&mut self, _: &mut Chain) -> Result<(), EngineError> {
        Ok(())
    }
}

fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_current_thread()
        .build()
        .expect("a runtime")
}

/// `golden/six-instruments` by hand (its README walks the same numbers): cash in USD and BTC, and
/// NLV, after each of the first three cycles.
#[test]
fn six_instruments_agree_with_the_arithmetic_by_hand() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../golden/six-instruments");
    let history = History::open(&folder).expect("a scenario");
    let standing = history.standing();
    let scenario = standing.scenario();
    let limits = standing.constraints().limits();
    let engine = Engine::begin(
        Chain::new(scenario.portfolio_id().clone(), 1),
        scenario.base_currency().clone(),
        scenario.opening_cash(),
        &[],
    );
    let broker = PaperBroker::new(limits.fee, limits.slippage, Script::default());
    let mut runner = Runner::new(engine.expect("begins"), broker, Nowhere).expect("runs");
    let expected = [
        // 1,000,000 less what is paid in full (spot 200,000, token 100,000, EUR 299,200), with the
        // short's 200,000, less fees of 200 + 200 + 400 + 299.2 + 100. The perpetual's fee is
        // 1000 × 100 / 40,000 × 0.001 BTC.
        ("599600.8", "-0.0025", "998700.8"),
        // Settlement 2000, financing 19.2 and 15.096, interest on 601,566.504 for a day 60.1566504,
        // dividend 1000; funding 1000 × 100 / 42,000 × 0.0001 BTC, rounded up. Positions: 204,000 of
        // spot, −192,000 short, 301,920 of EUR, 106,000 of tokens; in BTC 2.5 − 2.38095239 of gain
        // less the cash, 0.11630951 at 42,000.
        ("602626.6606504", "-0.0027381", "1027431.6600704"),
        // Settlement −4000, financing 19.6 and 14.96, interest on 598,592.1006504 for a day 59.85921006,
        // transfer 50,000. The split makes 4000 units of 2000, worth 204,000 at half the price. The short
        // buys back 4000 at 49 and 2165 more: fees 196 and 106.085. Funding 0.00024391 BTC; the perpetual
        // closes with 2.5 − 2.4390244 BTC of gain; fees 0.00243903 and 0.00258781. Positions: 204,000 of
        // spot, 106,085 long, 299,200 of EUR, 103,000 of tokens; the new short of 106,100 / 41,000 BTC is
        // valued against the portfolio, at −0.00000001 BTC.
        ("346264.87486046", "0.05296675", "1060721.51120046"),
    ];
    let cycles = history.cycles().expect("tables");
    for (cycle, (usd, btc, nlv)) in cycles.zip(expected) {
        let (mandate, market) = cycle.expect("a cycle");
        let ran = runner.cycle(standing, None, mandate, market, None);
        let (summary, refusal) = runtime().block_on(ran).expect("the engine goes on");
        assert_eq!((summary.outcome, refusal), (CycleOutcome::Executed, None));
        let books = runner.engine().accounts().books();
        let cash = |code| books.balance(&currency(code), Account::Cash);
        assert_eq!((cash("USD"), cash("BTC")), (amount(usd), amount(btc)));
        assert_eq!(summary.nlv_after, amount::<Money>(nlv));
    }
}

/// One margin asset, traded at half margin; what differs between the tests is the schedule.
struct Desk {
    standing: Arc<Standing>,
    runner: Runner<PaperBroker, FileSink>,
    directory: tempfile::TempDir,
}

impl Desk {
    fn open(schedule: &str) -> Self {
        let registry = r#"{"schema":"ios012.registry.v1","issuer":"ios-001","version":"1","base_currency":"USD",
            "assets":[{"asset_id":"A","symbols":[],"class":"equity","instrument":"margin","currency":"USD","lot_size":"1",
            "tick_size":"0.01","min_notional":"0","contract_multiplier":"1","leverage_factor":"1","initial_margin_rate":"0.5",
            "maintenance_margin_rate":"0.25","exchange":"XNYS","calendar":"us","active":true}],
            "calendars":[{"calendar":"us","valid_from":"2026-01-01","valid_until":"2026-01-31","sessions":[
            {"weekdays":["mon","tue","wed","thu","fri"],"open":"14:30","close":"21:00"}],"holidays":["2026-01-07"]}]}"#;
        let constraints = format!(
            r#"{{"schema":"ios012.constraints.v1","issuer":"ios-006","version":"1","assets":[{{"asset_id":"A",
            "max_exposure":"2","min_exposure":"-2","max_delta_exposure":"4","max_leverage":"2","block":"none"}}],
            "groups":[],"classes":[],"currencies":[],"portfolio":{{"gross":"2","net":"2","cash_floor":"0","dead_band":"0",
            "ramp_steps":"1"}},"execution":{{"fee_bps":"0","slippage_bps":"0","price_collar_bps":"0"{schedule}}}}}"#
        );
        let scenario = r#"{"schema":"ios012.scenario.v1","portfolio_id":"test","title":"t","description":"d",
            "base_currency":"USD","opening_cash":"10000","policy":{"signatures":"optional"}}"#;
        let standing = Standing::check(
            Scenario::parse("scenario.json", scenario.as_bytes()).expect("a scenario"),
            Arc::new(Registry::parse("registry.json", registry.as_bytes()).expect("a registry")),
            Arc::new(Constraints::parse("c.json", constraints.as_bytes()).expect("limits")),
            None,
        );
        let directory = tempfile::tempdir().expect("a directory");
        let portfolio = "test".parse().expect("an id");
        let (writer, chain) = LedgerWriter::create(directory.path(), &portfolio).expect("creates");
        let engine = Engine::begin(chain, currency("USD"), amount("10000"), &[]).expect("begins");
        let broker = PaperBroker::new(amount("0"), amount("0"), Script::default());
        Self {
            standing: Arc::new(standing.expect("agree")),
            runner: Runner::new(engine, broker, FileSink::new(writer)).expect("runs"),
            directory,
        }
    }

    fn cycle(&mut self, as_of: &str, until: &str, target: &str, price: &str, next: Option<&str>) {
        let mandate = format!(
            r#"{{"schema":"ios012.mandate.v1","portfolio_id":"test","as_of":"{as_of}","valid_until":"{until}",
            "issuer":"ios-004","targets":[{{"asset_id":"A","target_exposure":"{target}"}}]}}"#
        );
        let market = format!(
            r#"{{"schema":"ios012.market.v1","as_of":"{as_of}","currency":"USD","rows":[{{"asset_id":"A",
            "reference_price":"{price}","price_time":"{as_of}","market_open":true}}]}}"#
        );
        let mandate = Mandate::parse("mandate.json", mandate.as_bytes()).expect("a mandate");
        let market = Market::parse("market.json", market.as_bytes()).expect("a market");
        let next: Option<UtcTime> = next.map(|next| next.parse().expect("a time"));
        let ran = self
            .runner
            .cycle(&self.standing, None, mandate, market, next);
        let (_, refusal) = runtime().block_on(ran).expect("the engine goes on");
        assert_eq!(refusal, None);
    }

    /// Ends the ledger, replays it without drift, and gives its records.
    fn records(self) -> Vec<Record> {
        self.runner.finish().expect("is kept");
        let (report, _) = replay(self.directory.path(), &mut |_| ()).expect("replays");
        assert!(report.difference.is_none(), "{:?}", report.difference);
        let records = LedgerReader::open(self.directory.path()).expect("opens");
        records
            .map(|record| record.expect("a record").record)
            .collect()
    }
}

/// Rows of two texts.
type Rows = Vec<(String, String)>;

/// Times and units of the orders, and units and reasons of what was left.
fn told(records: &[Record]) -> (Rows, Rows) {
    let (mut orders, mut left) = (Vec::new(), Vec::new());
    for record in records {
        match record {
            Record::Order(order) => {
                orders.push((order.not_before.to_string(), order.quantity.to_string()));
            }
            Record::Residual(rest) => {
                left.push((rest.quantity.to_string(), rest.reason.to_string()));
            }
            _ => {}
        }
    }
    (orders, left)
}

fn texts<const N: usize>(rows: [(&str, &str); N]) -> Rows {
    rows.map(|(a, b)| (a.to_owned(), b.to_owned())).to_vec()
}

const TWAP: &str = r#","schedule":{"kind":"twap","slices":"4","interval_s":"900"}"#;

/// 100 units in four slices, a quarter of an hour apart from 20:30 on a Tuesday: the market closes
/// at 21:00 and has a holiday on Wednesday, so the last two wait for Thursday's opening.
#[test]
fn slices_leave_at_their_times_and_wait_for_the_market() {
    let mut desk = Desk::open(TWAP);
    let (from, until) = ("2026-01-06T20:30:00.000Z", "2026-01-09T00:00:00.000Z");
    desk.cycle(from, until, "1", "100", None);
    let (orders, left) = told(&desk.records());
    let expected = [
        ("2026-01-06T20:30:00.000Z", "25"),
        ("2026-01-06T20:45:00.000Z", "25"),
        ("2026-01-08T14:30:00.000Z", "25"),
        ("2026-01-08T14:30:00.000Z", "25"),
    ];
    assert_eq!((orders, left), (texts(expected), Vec::new()));
}

/// The mandate ends on Wednesday: what waits for Thursday never leaves. A flip is planned as two
/// legs, and when the plan ends while the first one waits, the second one is left as a whole.
#[test]
fn a_plan_ends_with_its_mandate() {
    let mut desk = Desk::open(TWAP);
    let (from, until) = ("2026-01-06T20:30:00.000Z", "2026-01-07T00:00:00.000Z");
    desk.cycle(from, until, "1", "100", None);
    let (from, until) = ("2026-01-08T20:59:00.000Z", "2026-01-09T00:00:00.000Z");
    desk.cycle(from, until, "-1", "100", None);
    let (orders, left) = told(&desk.records());
    let expected = [
        ("2026-01-06T20:30:00.000Z", "25"),
        ("2026-01-06T20:45:00.000Z", "25"),
        ("2026-01-08T20:59:00.000Z", "13"),
    ];
    assert_eq!(orders, texts(expected));
    let expired = "mandate_expired";
    let expected = [
        ("25", expired),
        ("25", expired),
        ("-13", expired),
        ("-12", expired),
        ("-12", expired),
        ("-100", expired),
    ];
    assert_eq!(left, texts(expected));
}

/// A newer mandate takes the place of what has not left by its time.
#[test]
fn a_newer_mandate_replaces_what_has_not_left() {
    let mut desk = Desk::open(TWAP);
    let until = "2026-01-09T00:00:00.000Z";
    let next = "2026-01-06T15:15:00.000Z";
    desk.cycle("2026-01-06T15:00:00.000Z", until, "1", "100", Some(next));
    desk.cycle(next, until, "0.25", "100", None);
    let (orders, left) = told(&desk.records());
    assert_eq!(orders, texts([("2026-01-06T15:00:00.000Z", "25")]));
    let superseded = "superseded";
    assert_eq!(
        left,
        texts([("25", superseded), ("25", superseded), ("25", superseded)])
    );
}

/// 200 units at 100 on 10,000, half of it borrowed. At 60 NLV is 2000 and the maintenance margin
/// 3000: the breaker trips in that cycle, and the decision sells until the initial margin is
/// covered: 2000 / 0.5 = 4000 at 60 are 66.67 units. 133 whole lots are sold.
#[test]
fn a_breach_of_the_maintenance_margin_trips_and_reduces_in_the_same_cycle() {
    let mut desk = Desk::open("");
    let until = "2026-01-09T00:00:00.000Z";
    desk.cycle("2026-01-05T15:00:00.000Z", until, "2", "100", None);
    desk.cycle("2026-01-06T15:00:00.000Z", until, "2", "60", None);
    let held = desk
        .runner
        .engine()
        .accounts()
        .books()
        .quantity(&"A".parse().expect("an id"));
    assert_eq!(held, amount("67"));
    let records = desk.records();
    let trip = records.iter().find_map(|record| match record {
        Record::Breaker(breaker) => Some(breaker),
        _ => None,
    });
    let trip = trip.expect("a breaker");
    assert_eq!(
        (trip.breaker.as_str(), trip.cause.as_str()),
        ("economic_safety", "maintenance_margin")
    );
    let evidence: Vec<_> = trip
        .evidence
        .iter()
        .map(|line| format!("{} {}", line.name, line.value))
        .collect();
    assert_eq!(
        evidence,
        ["nlv 2000", "maintenance_margin 3000", "initial_margin 6000"]
    );
    let Some(Record::Decision(decision)) = records
        .iter()
        .rev()
        .find(|record| matches!(record, Record::Decision(_)))
    else {
        panic!("no decision");
    };
    assert_eq!(decision.previous_exposure, amount("6"));
    assert_eq!(decision.allowed_exposure, amount("2"));
}
