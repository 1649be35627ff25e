//! The assets of `golden/six-instruments`, with limits, prices and markets as a test wants them.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::Path;
use std::sync::Arc;

use ios012_contracts::{
    Constraints, Mandate, Market, Refusal, Regimes, Registry, Scenario, Standing,
};
use ios012_core::{CoreError, Quantity};
use ios012_engine::{
    CycleSummary, Engine, EngineError, FileSink, Runner, StopWatch, Unwatched, replay,
};
use ios012_lineage::ledger::{LedgerReader, LedgerWriter};
use ios012_lineage::{Breaker, Code, Decision, LedgerStatus, Order, OrderId, Record, Side, verify};
use ios012_paper::{PaperBroker, Script};

use crate::teller::{Lies, Mishaps, Teller};

pub(crate) fn amount<T: std::str::FromStr<Err = CoreError>>(text: &str) -> T {
    text.parse().expect("a decimal")
}

/// Prices on the first day, each with the position that [`OPENING`] opens at NLV 1,000,000.
pub(crate) const PRICES: [(&str, &str); 7] = [
    ("BULL3X", "20"),
    ("EURUSD", "1.1"),
    ("GCJ25", "2000"),
    ("GCM25", "2020"),
    ("MGN", "50"),
    ("STK", "100"),
    ("XBTPERP", "40000"),
];

/// The first mandate.
pub(crate) const OPENING: [(&str, &str); 7] = [
    ("BULL3X", "0.3"),
    ("EURUSD", "0.3"),
    ("GCJ25", "0.4"),
    ("GCM25", "0"),
    ("MGN", "-0.2"),
    ("STK", "0.2"),
    ("XBTPERP", "0.1"),
];

/// One asset of a snapshot, where it is not as on the first day.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Row<'a> {
    pub(crate) price: Option<&'a str>,
    pub(crate) closed: bool,
    /// When the price was made, if not at `as_of`.
    pub(crate) made: Option<&'a str>,
    pub(crate) volatility: Option<&'a str>,
    pub(crate) shock: Option<&'a str>,
}

pub(crate) struct Desk<W = Unwatched> {
    pub(crate) standing: Arc<Standing>,
    pub(crate) runner: Runner<Teller, FileSink, W>,
    /// What the broker says of its account instead of the truth.
    pub(crate) lies: Lies,
    /// How the broker's answers fail.
    pub(crate) mishaps: Mishaps,
    /// The portfolio's shock score in the snapshots from now on.
    pub(crate) portfolio_shock: Option<&'static str>,
    /// The regimes that come with the mandates from now on: asset, confidence, whether confirmed.
    pub(crate) regimes: Option<Vec<(&'static str, &'static str, bool)>>,
    directory: tempfile::TempDir,
    day: u32,
    /// The last day whose funding the books have.
    pub(crate) last: u32,
}

impl Desk {
    /// Opens a ledger with 1,000,000, no costs, and the golden limits with these replacements.
    pub(crate) fn open(script: Script, changes: &[(&str, &str)]) -> Self {
        Self::watched(script, changes, Unwatched)
    }
}

impl<W: StopWatch> Desk<W> {
    /// The same, with somebody who may order a stop.
    pub(crate) fn watched(script: Script, changes: &[(&str, &str)], watch: W) -> Self {
        let directory = tempfile::tempdir().expect("a directory");
        let portfolio = "six-instruments".parse().expect("an id");
        let (writer, chain) = LedgerWriter::create(directory.path(), &portfolio).expect("creates");
        let (currency, cash) = ("USD".parse().expect("a currency"), amount("1000000"));
        let engine = Engine::begin(chain, currency, cash, &[]).expect("begins");
        let broker = PaperBroker::new(amount("0"), amount("0"), script);
        let lies = Lies::default();
        let mishaps = Mishaps::default();
        let broker = Teller::new(broker, lies.clone(), mishaps.clone());
        Self {
            standing: standing(changes, &[]),
            runner: Runner::watched(engine, broker, FileSink::new(writer), watch).expect("runs"),
            lies,
            mishaps,
            portfolio_shock: None,
            regimes: None,
            directory,
            day: 2,
            last: 2,
        }
    }

    /// New limits from the next cycle on.
    pub(crate) fn limits(&mut self, changes: &[(&str, &str)]) {
        self.standing = standing(changes, &[]);
    }

    /// New limits and new terms of the assets from the next cycle on.
    pub(crate) fn terms(&mut self, changes: &[(&str, &str)], terms: &[(&str, &str)]) {
        self.standing = standing(changes, terms);
    }

    /// The next day's cycle with these targets; prices as on the first day but for `rows`.
    pub(crate) fn cycle(
        &mut self,
        targets: &[(&str, &str)],
        rows: &[(&str, Row<'_>)],
    ) -> Result<(CycleSummary, Option<Refusal>), EngineError> {
        let market = self.snapshot(rows);
        self.cycle_on(targets, market)
    }

    /// The cycle of the day whose snapshot was made last, on this one.
    pub(crate) fn cycle_on(
        &mut self,
        targets: &[(&str, &str)],
        market: Market,
    ) -> Result<(CycleSummary, Option<Refusal>), EngineError> {
        let (as_of, until) = (time(self.day), time(self.day + 1));
        let mut rows = String::new();
        for (id, target) in targets {
            let comma = if rows.is_empty() { "" } else { "," };
            write!(
                rows,
                r#"{comma}{{"asset_id":"{id}","target_exposure":"{target}"}}"#
            )
            .expect("writes");
        }
        let mandate = format!(
            r#"{{"schema":"ios012.mandate.v1","portfolio_id":"six-instruments","as_of":"{as_of}",
            "valid_until":"{until}","issuer":"ios-004","targets":[{rows}]}}"#
        );
        let mandate = Mandate::parse("mandate.json", mandate.as_bytes()).expect("a mandate");
        let standing = Arc::clone(&self.standing);
        let regimes = self.regimes(&as_of);
        let cycle = self.runner.cycle(&standing, regimes, mandate, market, None);
        wait(cycle)
    }

    /// The next day without a mandate.
    pub(crate) fn unwind(
        &mut self,
        rows: &[(&str, Row<'_>)],
    ) -> Result<(CycleSummary, Option<Refusal>), EngineError> {
        let market = self.snapshot(rows);
        let standing = Arc::clone(&self.standing);
        wait(self.runner.unwind(&standing, market))
    }

    fn regimes(&self, as_of: &str) -> Option<Arc<Regimes>> {
        let rows = self.regimes.as_ref()?.iter();
        let rows = rows.map(|(id, confidence, confirmed)| {
            format!(
                r#"{{"asset_id":"{id}","label":"BULL","confidence":"{confidence}","model_id":"hmm-9","confirmed":{confirmed}}}"#
            )
        });
        let rows: Vec<_> = rows.collect();
        let text = format!(
            r#"{{"schema":"ios012.regimes.v1","issuer":"ios-003","version":"1","as_of":"{as_of}","regimes":[{}]}}"#,
            rows.join(",")
        );
        let regimes = Regimes::parse("regimes.json", text.as_bytes()).expect("regimes");
        Some(Arc::new(regimes))
    }

    fn snapshot(&mut self, rows: &[(&str, Row<'_>)]) -> Market {
        let market = self.text(rows);
        Market::parse("market.json", market.as_bytes()).expect("a market")
    }

    /// The next day's snapshot as a document.
    pub(crate) fn text(&mut self, rows: &[(&str, Row<'_>)]) -> String {
        self.day += 1;
        let as_of = time(self.day);
        let changed: BTreeMap<_, _> = rows.iter().copied().collect();
        let mut text = String::new();
        for (id, price) in PRICES {
            let row = changed.get(id).copied().unwrap_or_default();
            let comma = if text.is_empty() { "" } else { "," };
            let volatility = row
                .volatility
                .map(|volatility| format!(r#","volatility":"{volatility}""#));
            let shock = row
                .shock
                .map(|shock| format!(r#","shock_score":"{shock}""#));
            write!(
                text,
                r#"{comma}{{"asset_id":"{id}","reference_price":"{}","price_time":"{}","market_open":{}{}{}}}"#,
                row.price.unwrap_or(price),
                row.made.unwrap_or(&as_of),
                !row.closed,
                volatility.unwrap_or_default(),
                shock.unwrap_or_default(),
            )
            .expect("writes");
        }
        let mut events = String::new();
        for day in self.last + 1..=self.day {
            let comma = if events.is_empty() { "" } else { "," };
            let at = time(day);
            write!(
                events,
                r#"{comma}{{"kind":"funding","time":"{at}","asset_id":"XBTPERP","rate":"0","price":"40000"}}"#
            )
            .expect("writes");
        }
        self.last = self.day;
        let portfolio = self
            .portfolio_shock
            .map(|score| format!(r#","portfolio_shock_score":"{score}""#))
            .unwrap_or_default();
        format!(
            r#"{{"schema":"ios012.market.v1","as_of":"{as_of}","currency":"USD"{portfolio},"rows":[{text}],
            "fx":[{{"pair":"BTCUSD","rate":"40000","rate_time":"{as_of}"}}],"events":[{events}]}}"#
        )
    }

    pub(crate) fn held(&self, id: &str) -> Quantity {
        let id = id.parse().expect("an id");
        self.runner.engine().accounts().books().quantity(&id)
    }

    /// Ends the ledger, verifies it, replays it without drift, and gives its records.
    pub(crate) fn records(self) -> Vec<Record> {
        self.runner.finish().expect("is kept");
        let verified = verify(self.directory.path(), None).expect("verifies");
        assert_eq!(verified.status, LedgerStatus::Complete, "a sealed ledger");
        let (report, _) = replay(self.directory.path(), &mut |_| ()).expect("replays");
        assert!(report.difference.is_none(), "{:?}", report.difference);
        let records = LedgerReader::open(self.directory.path()).expect("opens");
        records
            .map(|record| record.expect("a record").record)
            .collect()
    }
}

pub(crate) fn wait<T>(future: impl Future<Output = T>) -> T {
    let runtime = tokio::runtime::Builder::new_current_thread().build();
    runtime.expect("a runtime").block_on(future)
}

/// Midnight of a day of March 2025.
pub(crate) fn time(day: u32) -> String {
    format!("2025-03-{day:02}T00:00:00.000Z")
}

/// Three pairs that form a loop and that no asset needs, beside the golden one.
const LOOP: &str = r#""fx_pairs": [
    {"pair": "GBPCHF", "base": "GBP", "quote": "CHF"},
    {"pair": "CHFSEK", "base": "CHF", "quote": "SEK"},
    {"pair": "GBPSEK", "base": "GBP", "quote": "SEK"},"#;

fn standing(changes: &[(&str, &str)], terms: &[(&str, &str)]) -> Arc<Standing> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../golden/six-instruments");
    let edited = |name: &str, changes: &[(&str, &str)]| {
        let mut text = std::fs::read_to_string(folder.join(name)).expect("a golden file");
        for (from, to) in changes {
            assert!(text.contains(from), "{from}");
            text = text.replace(from, to);
        }
        text
    };
    let scenario = edited("scenario.json", &[]);
    let limits = edited("constraints.json", changes);
    let registry = edited(
        "registry.json",
        &[&[(r#""fx_pairs": ["#, LOOP)], terms].concat(),
    );
    let standing = Standing::check(
        Scenario::parse("scenario.json", scenario.as_bytes()).expect("a scenario"),
        Arc::new(Registry::parse("registry.json", registry.as_bytes()).expect("one")),
        Arc::new(Constraints::parse("constraints.json", limits.as_bytes()).expect("limits")),
        None,
    );
    Arc::new(standing.expect("agree"))
}

/// The records after the last cycle record but `back`.
pub(crate) fn last_cycle(records: &[Record]) -> &[Record] {
    let begins = |record: &Record| matches!(record, Record::Cycle(_));
    let start = records.iter().rposition(begins).expect("a cycle");
    &records[start..]
}

pub(crate) fn breakers(records: &[Record]) -> Vec<&Breaker> {
    let breakers = records.iter().filter_map(|record| match record {
        Record::Breaker(breaker) => Some(breaker),
        _ => None,
    });
    breakers.collect()
}

pub(crate) fn decisions(records: &[Record]) -> Vec<&Decision> {
    let decisions = records.iter().filter_map(|record| match record {
        Record::Decision(decision) => Some(decision),
        _ => None,
    });
    decisions.collect()
}

pub(crate) fn orders(records: &[Record]) -> Vec<&Order> {
    let orders = records.iter().filter_map(|record| match record {
        Record::Order(order) => Some(order),
        _ => None,
    });
    orders.collect()
}

/// Asset, units and reason of what was left.
pub(crate) fn left(records: &[Record]) -> Vec<(&str, String, &Code)> {
    let residuals = records.iter().filter_map(|record| match record {
        Record::Residual(rest) => Some((
            rest.asset_id.as_str(),
            rest.quantity.to_string(),
            &rest.reason,
        )),
        _ => None,
    });
    residuals.collect()
}

/// What an order does to the units held: below zero it takes from a long.
pub(crate) fn signed(order: &Order) -> Quantity {
    match order.side {
        Side::Buy => order.quantity,
        Side::Sell => order.quantity.checked_neg().expect("fits"),
    }
}

/// No id is used twice in the records.
pub(crate) fn ids_are_unique(records: &[Record]) -> bool {
    let mut ids: Vec<OrderId> = orders(records).iter().map(|order| order.order_id).collect();
    let count = ids.len();
    ids.sort_unstable();
    ids.dedup();
    ids.len() == count
}
