//! Limits and days as documents. Each can be written in two orders of rows, which say the same.

use std::fmt::Write as _;
use std::sync::Arc;

use ios012_contracts::{Constraints, Mandate, Market, Registry, Scenario, Standing};
use ios012_core::UtcTime;
use rust_decimal::Decimal;

use crate::day::{Day, Event, Happened};
use crate::plan::{AssetLimits, Block, Limits, Response, Terms};
use crate::world::{ASSETS, CURRENCIES, EXPIRY, FUNDING_S, Kind, text, thousandths};

/// Whether the rows of a document stand in the order of their ids or in the reverse.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Rows {
    Ascending,
    Descending,
}

fn joined(rows: Rows, mut texts: Vec<String>) -> String {
    if rows == Rows::Descending {
        texts.reverse();
    }
    texts.join(",")
}

/// What holds for many cycles.
pub(crate) fn standing(terms: &Terms, limits: &Limits, rows: Rows) -> Arc<Standing> {
    let scenario = r#"{"schema":"ios012.scenario.v1","portfolio_id":"histories","title":"t","description":"d",
        "base_currency":"USD","opening_cash":"1000000","policy":{"signatures":"optional"}}"#;
    let registry = registry(terms, rows);
    let constraints = constraints(terms, limits, rows);
    let standing = Standing::check(
        Scenario::parse("scenario.json", scenario.as_bytes()).expect("a scenario"),
        Arc::new(Registry::parse("registry.json", registry.as_bytes()).expect("a registry")),
        Arc::new(Constraints::parse("constraints.json", constraints.as_bytes()).expect("limits")),
        None,
    );
    Arc::new(standing.expect("agree"))
}

fn registry(terms: &Terms, rows: Rows) -> String {
    let assets = ASSETS.iter().map(|asset| {
        let instrument = match asset.kind {
            Kind::Spot => "spot",
            Kind::Margin => "margin",
            Kind::Future => "future",
            Kind::InversePerpetual => "perpetual",
            Kind::Fx => "fx",
            Kind::Token => "leveraged_token",
        };
        let more = match asset.id {
            "GCJ25" => format!(r#","expiry":"{EXPIRY}""#),
            "GCM25" => r#","expiry":"2028-06-26T18:00:00.000Z""#.to_owned(),
            "XBTPERP" => format!(r#","payoff":"inverse","funding_interval_s":"{FUNDING_S}""#),
            _ => String::new(),
        };
        format!(
            r#"{{"asset_id":"{}","symbols":[],"class":"{}","instrument":"{instrument}","currency":"{}","lot_size":"{}",
            "tick_size":"{}","min_notional":"{}","contract_multiplier":"{}","leverage_factor":"{}",
            "initial_margin_rate":"{}","maintenance_margin_rate":"{}","exchange":"XXXX","calendar":"c","active":true{more}}}"#,
            asset.id,
            asset.class,
            CURRENCIES[asset.currency],
            asset.lots[terms.lots],
            text(asset.tick()),
            asset.min_notional,
            asset.multiplier,
            asset.factor,
            text(thousandths(asset.initial)),
            text(thousandths(asset.maintenance)),
        )
    });
    let assets = joined(rows, assets.collect());
    format!(
        r#"{{"schema":"ios012.registry.v1","issuer":"ios-001","version":"1","base_currency":"USD","assets":[{assets}],
        "fx_pairs":[{{"pair":"BTCUSD","base":"BTC","quote":"USD"}},{{"pair":"USDJPY","base":"USD","quote":"JPY"}}]}}"#
    )
}

fn asset_limits(asset: usize, limits: &AssetLimits, terms: &Terms) -> String {
    let block = |block| match block {
        Block::None => "none",
        Block::ReduceOnly => "reduce_only",
        Block::Flatten => "flatten",
    };
    let mut more = String::new();
    if let Some(lots) = limits.max_lots {
        let lot: Decimal = ASSETS[asset].lots[terms.lots].parse().expect("a decimal");
        let most = text(lot * Decimal::from(lots));
        write!(more, r#","max_order_quantity":"{most}""#).expect("writes");
    }
    if limits.shock != Block::None {
        let shock = block(limits.shock);
        write!(more, r#","shock_threshold":"3","shock_block":"{shock}""#).expect("writes");
    }
    format!(
        r#"{{"asset_id":"{}","max_exposure":"{}","min_exposure":"{}","max_delta_exposure":"{}","max_leverage":"60",
        "block":"{}"{more}}}"#,
        ASSETS[asset].id,
        text(thousandths(limits.max)),
        text(thousandths(limits.min)),
        text(thousandths(limits.max_delta)),
        block(limits.block),
    )
}

fn caps(limits: &Limits, kind: &str) -> String {
    let caps = limits.caps.iter().filter(|cap| cap.kind == kind);
    let caps = caps.map(|cap| {
        let members: Vec<_> = (ASSETS.iter().zip(cap.members))
            .filter(|(_, is_member)| *is_member)
            .map(|(asset, _)| format!(r#""{}""#, asset.id))
            .collect();
        let members = if kind == "group" {
            format!(r#","members":[{}]"#, members.join(","))
        } else {
            String::new()
        };
        let cap_text = text(thousandths(cap.most));
        format!(r#"{{"{kind}":"{}","cap":"{cap_text}"{members}}}"#, cap.name)
    });
    caps.collect::<Vec<_>>().join(",")
}

fn constraints(terms: &Terms, limits: &Limits, rows: Rows) -> String {
    let assets = limits.assets.iter().enumerate();
    let assets = assets.map(|(asset, row)| asset_limits(asset, row, terms));
    let assets = joined(rows, assets.collect());
    let share = |value: i64| text(thousandths(value));
    let mut portfolio = String::new();
    if let Some(band) = limits.jump_band {
        write!(portfolio, r#","jump_band":"{}""#, share(band)).expect("writes");
    }
    let mut execution = String::new();
    let mut add = |name: &str, value: Option<String>| {
        if let Some(value) = value {
            write!(execution, r#","{name}":{value}"#).expect("writes");
        }
    };
    let quoted = |value: i64| format!(r#""{value}""#);
    let ratio = |value: i64| format!(r#""{}""#, share(value));
    add("max_order_notional", limits.max_order_notional.map(quoted));
    add(
        "max_orders_per_cycle",
        limits.max_orders_per_cycle.map(quoted),
    );
    add(
        "max_orders_per_minute",
        limits.max_orders_per_minute.map(quoted),
    );
    add("max_turnover", limits.max_turnover.map(ratio));
    add("max_daily_turnover", limits.max_daily_turnover.map(ratio));
    let twap = |(slices, interval): (i64, i64)| {
        format!(r#"{{"kind":"twap","slices":"{slices}","interval_s":"{interval}"}}"#)
    };
    add("schedule", limits.twap.map(twap));
    let repeated = |(orders, window): (i64, i64)| {
        format!(r#"{{"max_orders":"{orders}","window_s":"{window}"}}"#)
    };
    add("repeated_execution", limits.repeated.map(repeated));
    format!(
        r#"{{"schema":"ios012.constraints.v1","issuer":"ios-006","version":"1","assets":[{assets}],"groups":[{}],
        "classes":[{}],"currencies":[{}],"portfolio":{{"gross":"{}","net":"{}","cash_floor":"{}","dead_band":"{}",
        "ramp_steps":"{}"{portfolio}}},"breakers":{{{}}},"execution":{{"fee_bps":"{}","slippage_bps":"{}",
        "price_collar_bps":"{}"{execution}}}}}"#,
        caps(limits, "group"),
        caps(limits, "class"),
        caps(limits, "currency"),
        share(limits.gross),
        share(limits.net),
        share(limits.cash_floor),
        share(limits.dead_band),
        limits.ramp_steps,
        breakers(limits),
        terms.fee_bps,
        limits.slippage_bps,
        limits.collar_bps,
    )
}

fn breakers(limits: &Limits) -> String {
    let mut members = Vec::new();
    if let Some(response) = limits.margin_breach {
        members.push(format!(r#""margin_breach":"{}""#, response.text()));
    }
    let losses = [
        ("daily_loss", limits.daily_loss),
        ("drawdown", limits.drawdown),
    ];
    for (name, trigger) in losses {
        if let Some((limit, response)) = trigger {
            let (limit, response): (String, Response) = (text(thousandths(limit)), response);
            let response = response.text();
            members.push(format!(
                r#""{name}":{{"limit":"{limit}","response":"{response}"}}"#
            ));
        }
    }
    members.join(",")
}

/// The mandate of a day, if it has one.
pub(crate) fn mandate(day: &Day, rows: Rows) -> Option<Mandate> {
    let until = day.until?;
    let targets = day
        .targets
        .iter()
        .zip(&ASSETS)
        .filter_map(|(target, asset)| {
            let target = text(thousandths((*target)?));
            Some(format!(
                r#"{{"asset_id":"{}","target_exposure":"{target}"}}"#,
                asset.id
            ))
        });
    let targets = joined(rows, targets.collect());
    let json = format!(
        r#"{{"schema":"ios012.mandate.v1","portfolio_id":"histories","as_of":"{}","valid_until":"{until}",
        "issuer":"ios-004","targets":[{targets}]}}"#,
        day.as_of
    );
    Some(Mandate::parse("mandate.json", json.as_bytes()).expect("a mandate"))
}

/// The snapshot of a day.
pub(crate) fn market(day: &Day, rows: Rows) -> Market {
    let assets = ASSETS.iter().enumerate().map(|(at, asset)| {
        let volatility = if day.volatile[at] { r#","volatility":"0.4""# } else { "" };
        format!(
            r#"{{"asset_id":"{}","reference_price":"{}","price_time":"{}","market_open":{},"shock_score":"{}"{volatility}}}"#,
            asset.id,
            text(day.prices[at]),
            day.as_of,
            !day.closed[at],
            day.shocks[at],
        )
    });
    let assets = joined(rows, assets.collect());
    let rates = [("BTCUSD", day.rates[1]), ("USDJPY", day.rates[2])].map(|(pair, rate)| {
        format!(
            r#"{{"pair":"{pair}","rate":"{}","rate_time":"{}"}}"#,
            text(rate),
            day.as_of
        )
    });
    let events: Vec<_> = day.events.iter().map(event).collect();
    let json = format!(
        r#"{{"schema":"ios012.market.v1","as_of":"{}","currency":"USD","rows":[{assets}],"fx":[{}],"events":[{}]}}"#,
        day.as_of,
        rates.join(","),
        events.join(",")
    );
    Market::parse("market.json", json.as_bytes()).expect("a market")
}

fn event(event: &Event) -> String {
    let (id, time, kind): (_, UtcTime, _) = (event.asset_id(), event.time, event.kind());
    let head = format!(r#"{{"kind":"{kind}","time":"{time}""#);
    let of_asset = format!(r#"{head},"asset_id":"{id}""#);
    match &event.what {
        Happened::Settlement { price } | Happened::Expiry { price } => {
            format!(r#"{of_asset},"price":"{}"}}"#, text(*price))
        }
        Happened::Roll {
            price,
            into,
            into_price,
        } => format!(
            r#"{of_asset},"price":"{}","into":"{}","into_price":"{}"}}"#,
            text(*price),
            ASSETS[*into].id,
            text(*into_price)
        ),
        Happened::Funding { rate, price } => format!(
            r#"{of_asset},"rate":"{}","price":"{}"}}"#,
            text(*rate),
            text(*price)
        ),
        Happened::Interest {
            currency,
            debit,
            credit,
            days,
        } => format!(
            r#"{head},"currency":"{}","debit_rate":"{}","credit_rate":"{}","days":"{days}","day_count":"act_360"}}"#,
            CURRENCIES[*currency],
            text(*debit),
            text(*credit)
        ),
        Happened::Financing {
            long,
            short,
            days,
            price,
        } => format!(
            r#"{of_asset},"long_rate":"{}","short_rate":"{}","days":"{days}","day_count":"act_365","price":"{}"}}"#,
            text(*long),
            text(*short),
            text(*price)
        ),
        Happened::Dividend { per_unit } => {
            format!(r#"{of_asset},"per_unit":"{}"}}"#, text(*per_unit))
        }
        Happened::Split {
            numerator,
            denominator,
        } => format!(r#"{of_asset},"numerator":"{numerator}","denominator":"{denominator}"}}"#),
        Happened::SymbolChange { into } => {
            format!(r#"{of_asset},"into":"{}"}}"#, ASSETS[*into].id)
        }
        Happened::Transfer { currency, amount } => format!(
            r#"{head},"currency":"{}","amount":"{}"}}"#,
            CURRENCIES[*currency],
            text(*amount)
        ),
    }
}
