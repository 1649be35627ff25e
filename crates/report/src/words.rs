//! What limits and reasons mean, in plain words, with the numbers of the cycle's documents.

use ios012_contracts::{Constraints, Market};
use ios012_core::AssetId;

use crate::format::bound;

/// The documents that a limit's numbers stand in.
#[derive(Debug)]
pub(crate) struct Words {
    pub(crate) constraints: Constraints,
    pub(crate) market: Market,
}

impl Words {
    /// What a limit asks of an asset.
    pub(crate) fn limit(&self, limit: &str, asset_id: &AssetId) -> String {
        let limits = self.constraints.limits();
        let row = limits.assets.iter().find(|row| row.asset_id == *asset_id);
        let own = |text: Option<String>| text.unwrap_or_else(|| UNKNOWN.to_owned());
        match limit.split_once(':') {
            None => match limit {
                "ramp" => format!("a move is spread over {} cycles", limits.ramp_steps),
                "max_exposure" => own(row.map(|row| {
                    format!(
                        "this asset may have at most {} of NLV",
                        bound(row.max_exposure)
                    )
                })),
                "min_exposure" => own(row.map(|row| {
                    format!(
                        "this asset may have no less than {} of NLV",
                        bound(row.min_exposure)
                    )
                })),
                "max_delta" => own(row.map(|row| {
                    format!(
                        "one transition may move it by at most {}",
                        bound(row.max_delta_exposure)
                    )
                })),
                "inactive" => "the registry says that it is not active: it stays".to_owned(),
                "market_closed" => self.closed(asset_id),
                "frozen" => "its price is not trusted: it stays as it is".to_owned(),
                "gross" => format!(
                    "all assets together may have at most {}",
                    bound(limits.gross)
                ),
                "net" => {
                    format!(
                        "longs less shorts may come to at most {}",
                        bound(limits.net)
                    )
                }
                "cash" if limits.cash_floor.is_zero() => {
                    "there is no more cash to buy with".to_owned()
                }
                "cash" => {
                    format!(
                        "at least {} of NLV must stay in cash",
                        bound(limits.cash_floor)
                    )
                }
                "dead_band" => {
                    format!(
                        "moves of less than {} are not made",
                        bound(limits.dead_band)
                    )
                }
                _ => UNKNOWN.to_owned(),
            },
            Some((kind, name)) => self.named(kind, name, asset_id),
        }
    }

    fn named(&self, kind: &str, name: &str, asset_id: &AssetId) -> String {
        let limits = self.constraints.limits();
        let row = limits.assets.iter().find(|row| row.asset_id == *asset_id);
        let cap = |cap: Option<String>| match cap {
            Some(cap) => format!("the assets of {kind} {name} together may have at most {cap}"),
            None => UNKNOWN.to_owned(),
        };
        let block = match name {
            "reduce_only" => "it may only be reduced",
            "flatten" => "it must go to zero",
            _ => {
                return match kind {
                    "group" => cap(find(&limits.groups, |row| row.id.as_str() == name)
                        .map(|row| bound(row.cap))),
                    "class" => cap(find(&limits.classes, |row| row.id.as_str() == name)
                        .map(|row| bound(row.cap))),
                    "currency" => cap(find(&limits.currencies, |row| row.id.as_str() == name)
                        .map(|row| bound(row.cap))),
                    _ => UNKNOWN.to_owned(),
                };
            }
        };
        let cause = match kind {
            "block" => "IoS-006 blocks it".to_owned(),
            "breaker" => "a breaker has tripped".to_owned(),
            "max_leverage" => "its leverage factor is above its bound".to_owned(),
            "shock" => {
                let market = self
                    .market
                    .rows()
                    .iter()
                    .find(|row| row.asset_id == *asset_id);
                let score = market.and_then(|row| row.shock_score);
                let threshold = row.and_then(|row| row.shock).map(|rule| rule.threshold);
                above("its volatility score", score, threshold)
            }
            "portfolio_shock" => {
                let score = self.market.portfolio_shock_score();
                above(
                    "the portfolio's volatility score",
                    score,
                    limits.soft_shock_threshold,
                )
            }
            _ => return UNKNOWN.to_owned(),
        };
        format!("{cause}: {block}")
    }

    fn closed(&self, asset_id: &AssetId) -> String {
        let mut rows = self.market.rows().iter();
        match rows.find(|row| row.asset_id == *asset_id) {
            Some(row) => format!(
                "its market is closed (last price {}): it stays",
                row.price_time
            ),
            None => "its market is closed: it stays".to_owned(),
        }
    }
}

const UNKNOWN: &str = "a limit that this version does not know";

/// Why something was left undone.
pub(crate) fn residual(reason: &str) -> &'static str {
    match reason {
        "below_lot" => "less than one lot",
        "below_min_notional" => "less than the smallest order value",
        "no_cash" => "the cash does not reach for it",
        "no_price" => "the price collar leaves no price on the tick",
        "above_max_order_notional" => "more than the largest order value",
        "above_max_order_quantity" => "more units than one order may have",
        "too_many_slices" => "more slices than one order leaves in",
        "no_safe_prefix" => "no part of it is safe under the net limit",
        "flip_not_closed" => "the other side is still held",
        "reductions_unfilled" => "a reduction was not filled in full",
        "calendar_ends" => "the market's calendar ends before it may leave",
        "mandate_expired" => "the mandate ended before it could leave",
        "superseded" => "a newer mandate came before it could leave",
        "market_closed" => "its market is closed",
        "inactive" => "the registry says that it is not active",
        "frozen" => "its price is not trusted",
        "too_many_transitions" => "the unwinding goes on in the next cycle",
        denied if denied.starts_with("denied_") => "a pre-trade control refused the order",
        _ => "see the record",
    }
}

fn above<T: std::fmt::Display>(what: &str, score: Option<T>, threshold: Option<T>) -> String {
    match (score, threshold) {
        (Some(score), Some(threshold)) => format!("{what} {score} is above {threshold}"),
        (None, Some(_)) => format!("{what} is missing"),
        _ => what.to_owned(),
    }
}

fn find<Row>(rows: &[Row], is_it: impl Fn(&Row) -> bool) -> Option<&Row> {
    rows.iter().find(|row| is_it(row))
}
