//! The portfolio, its limits, and its days: documents that follow from a seed.

use std::fmt::Write as _;
use std::sync::Arc;

use ios012_contracts::{Constraints, Mandate, Market, Refusal, Registry, Scenario, Standing};

use crate::SimulationError;
use crate::random::Random;

/// Three assets: one in whole units, one in hundredths, and one that may be short.
const ASSETS: [(&str, &str, &str); 3] = [
    ("AAA", "spot", "1"),
    ("BBB", "spot", "0.01"),
    ("MMM", "margin", "1"),
];

const DAY_MS: i64 = 86_400_000;
/// 2025-03-03.
const FIRST_DAY_MS: i64 = 1_740_960_000_000;

/// The documents of one seed.
#[derive(Debug)]
pub(crate) struct World {
    pub(crate) standing: Arc<Standing>,
    random: Random,
    /// The last day that was made.
    day: i64,
    /// Cents.
    prices: [u64; 3],
}

/// What a cycle needs.
pub(crate) struct Day {
    pub(crate) mandate: Mandate,
    pub(crate) market: Market,
}

impl World {
    pub(crate) fn new(mut random: Random) -> Result<Self, SimulationError> {
        let standing = standing(&mut random)?;
        Ok(Self {
            standing,
            random,
            day: 0,
            prices: [10_000, 2_500, 5_000],
        })
    }

    /// The next day. Now and then the clock jumps: weeks ahead, or back to a day that is over, whose mandate must be
    /// refused.
    pub(crate) fn next_day(&mut self) -> Result<Day, SimulationError> {
        let jump = self.random.below(20);
        let day = match jump {
            0 => self.day.saturating_sub(1),
            1 => self.day + 40,
            _ => self.day + 1,
        };
        self.day = self.day.max(day);
        for price in &mut self.prices {
            let step = self.random.below(2_001);
            let moved = *price * (19_000 + step) / 20_000;
            *price = moved.clamp(100, 1_000_000);
        }
        Ok(Day {
            mandate: self.mandate(day)?,
            market: self.market(day)?,
        })
    }

    fn mandate(&mut self, day: i64) -> Result<Mandate, Refusal> {
        let mut targets = String::new();
        for (place, (id, kind, _)) in ASSETS.iter().enumerate() {
            let short = *kind == "margin" && self.random.percent(40);
            let sign = if short { "-" } else { "" };
            let target = self.random.below(41);
            let comma = if place == 0 { "" } else { "," };
            let target = if target == 0 {
                "0".to_owned()
            } else {
                format!("{sign}{}", hundredths(target))
            };
            // Writing to a String cannot fail.
            let _ = write!(
                targets,
                r#"{comma}{{"asset_id":"{id}","target_exposure":"{target}"}}"#
            );
        }
        let (as_of, until) = (time(day), time(day + 1));
        let text = format!(
            r#"{{"schema":"ios012.mandate.v1","portfolio_id":"simulated","as_of":"{as_of}","valid_until":"{until}",
            "issuer":"ios-004","targets":[{targets}]}}"#
        );
        Mandate::parse("mandate.json", text.as_bytes())
    }

    fn market(&mut self, day: i64) -> Result<Market, Refusal> {
        let as_of = time(day);
        let rows = ASSETS.iter().zip(self.prices).map(|((id, _, _), price)| {
            let open = !self.random.percent(5);
            format!(
                r#"{{"asset_id":"{id}","reference_price":"{}","price_time":"{as_of}","market_open":{open}}}"#,
                hundredths(price)
            )
        });
        let rows = rows.collect::<Vec<_>>().join(",");
        let dividends = self.random.below(3);
        let events = (0..dividends).map(|nth| {
            let id = if nth == 0 { "AAA" } else { "BBB" };
            format!(r#"{{"kind":"dividend","time":"{as_of}","asset_id":"{id}","per_unit":"0.05"}}"#)
        });
        let events = events.collect::<Vec<_>>().join(",");
        let text = format!(
            r#"{{"schema":"ios012.market.v1","as_of":"{as_of}","currency":"USD","rows":[{rows}],"fx":[],"events":[{events}]}}"#
        );
        Market::parse("market.json", text.as_bytes())
    }
}

fn standing(random: &mut Random) -> Result<Arc<Standing>, SimulationError> {
    let scenario = r#"{"schema":"ios012.scenario.v1","portfolio_id":"simulated","title":"t","description":"d",
        "base_currency":"USD","opening_cash":"100000","policy":{"signatures":"optional"}}"#;
    let registry = registry();
    let constraints = constraints(random);
    let standing = Standing::check(
        Scenario::parse("scenario.json", scenario.as_bytes())?,
        Arc::new(Registry::parse("registry.json", registry.as_bytes())?),
        Arc::new(Constraints::parse(
            "constraints.json",
            constraints.as_bytes(),
        )?),
        None,
    )?;
    Ok(Arc::new(standing))
}

fn registry() -> String {
    let assets = ASSETS.map(|(id, instrument, lot)| {
        let margin = if instrument == "spot" { "1" } else { "0.5" };
        format!(
            r#"{{"asset_id":"{id}","symbols":[],"class":"equity","instrument":"{instrument}","currency":"USD","lot_size":"{lot}",
            "tick_size":"0.01","min_notional":"1","contract_multiplier":"1","leverage_factor":"1",
            "initial_margin_rate":"{margin}","maintenance_margin_rate":"{margin}","exchange":"XXXX","calendar":"c","active":true}}"#
        )
    });
    format!(
        r#"{{"schema":"ios012.registry.v1","issuer":"ios-001","version":"1","base_currency":"USD","assets":[{}],"fx_pairs":[]}}"#,
        assets.join(",")
    )
}

/// Limits that bind now and then, breakers that trip in some worlds, and in a third of them orders in slices.
fn constraints(random: &mut Random) -> String {
    let assets = ASSETS.map(|(id, kind, _)| {
        let least = if kind == "margin" { "-0.25" } else { "0" };
        format!(
            r#"{{"asset_id":"{id}","max_exposure":"0.35","min_exposure":"{least}","max_delta_exposure":"0.3","max_leverage":"2","block":"none"}}"#
        )
    });
    let response = random.one_of(["abort", "reduce_only", "to_cash"]);
    let breakers = match random.below(3) {
        0 => format!(r#""daily_loss":{{"limit":"0.005","response":"{response}"}}"#),
        1 => format!(r#""drawdown":{{"limit":"0.01","response":"{response}"}}"#),
        _ => String::new(),
    };
    let schedule = match random.below(3) {
        0 => r#","schedule":{"kind":"twap","slices":"3","interval_s":"600"}"#,
        1 => r#","max_orders_per_minute":"2""#,
        _ => "",
    };
    format!(
        r#"{{"schema":"ios012.constraints.v1","issuer":"ios-006","version":"1","assets":[{}],"groups":[],"classes":[],"currencies":[],
        "portfolio":{{"gross":"0.9","net":"0.8","cash_floor":"0.05","dead_band":"0.001","ramp_steps":"1"}},
        "breakers":{{{breakers}}},"execution":{{"fee_bps":"5","slippage_bps":"5","price_collar_bps":"100"{schedule}}}}}"#,
        assets.join(",")
    )
}

fn time(day: i64) -> String {
    let at = ios012_core::UtcTime::from_unix_milliseconds(FIRST_DAY_MS + day * DAY_MS);
    at.map_or_else(|_| String::new(), |at| at.to_string())
}

/// A number of hundredths as documents write it.
fn hundredths(value: u64) -> String {
    let text = format!("{}.{:02}", value / 100, value % 100);
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}
