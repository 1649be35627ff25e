//! The documents of a cycle of a CSV history, written straight from its typed rows.

use std::fmt::Write as _;

use ios012_core::UtcTime;
use ios012_lineage::JsonWriter;

use crate::DocumentKind;
use crate::events::texts;
use crate::mandate::MandateBody;
use crate::market::MarketBody;

/// Canonical JSON of a mandate without cash weight, regimes and signature.
pub(super) fn mandate(body: &MandateBody, capacity: usize) -> String {
    let mut out = String::with_capacity(capacity);
    JsonWriter::new(&mut out).object(|object| {
        object.member("as_of").display(body.as_of);
        object
            .member("issuer")
            .plain(|out| out.push_str(body.issuer.as_str()));
        object
            .member("portfolio_id")
            .plain(|out| out.push_str(body.portfolio_id.as_str()));
        object
            .member("schema")
            .plain(|out| out.push_str(DocumentKind::Mandate.schema_name()));
        object.member("targets").array(|rows| {
            for target in &body.targets {
                rows.element().object(|row| {
                    row.member("asset_id")
                        .plain(|out| out.push_str(target.asset_id.as_str()));
                    row.member("target_exposure")
                        .plain(|out| target.exposure.write_to(out));
                });
            }
        });
        object.member("valid_until").display(body.valid_until);
    });
    out
}

/// Canonical JSON of a market snapshot.
pub(super) fn market(body: &MarketBody, capacity: usize) -> String {
    let mut out = String::with_capacity(capacity);
    let mut times = Times::default();
    JsonWriter::new(&mut out).object(|object| {
        object.member("as_of").display(body.as_of);
        object
            .member("currency")
            .plain(|out| out.push_str(body.currency.as_str()));
        if !body.events.is_empty() {
            object.member("events").array(|rows| {
                for event in &body.events {
                    rows.element().object(|row| {
                        for (member, text) in texts(event) {
                            row.member(member).plain(|out| out.push_str(&text));
                        }
                    });
                }
            });
        }
        if !body.fx.is_empty() {
            object.member("fx").array(|rows| {
                for quote in &body.fx {
                    rows.element().object(|row| {
                        row.member("pair")
                            .plain(|out| out.push_str(quote.pair.as_str()));
                        row.member("rate").plain(|out| quote.rate.write_to(out));
                        row.member("rate_time").display(quote.rate_time);
                    });
                }
            });
        }
        if let Some(score) = body.portfolio_shock_score {
            object
                .member("portfolio_shock_score")
                .plain(|out| score.write_to(out));
        }
        object.member("rows").array(|rows| {
            for market in &body.rows {
                rows.element().object(|row| {
                    row.member("asset_id")
                        .plain(|out| out.push_str(market.asset_id.as_str()));
                    row.member("market_open").boolean(market.market_open);
                    row.member("price_time")
                        .plain(|out| out.push_str(times.text(market.price_time)));
                    row.member("reference_price")
                        .plain(|out| market.reference_price.write_to(out));
                    if let Some(score) = market.shock_score {
                        row.member("shock_score").plain(|out| score.write_to(out));
                    }
                    if let Some(volatility) = market.volatility {
                        row.member("volatility")
                            .plain(|out| volatility.write_to(out));
                    }
                });
            }
        });
        object
            .member("schema")
            .plain(|out| out.push_str(DocumentKind::Market.schema_name()));
    });
    out
}

/// The text of the last time: most rows of a snapshot have the same one.
#[derive(Default)]
struct Times {
    last: Option<UtcTime>,
    text: String,
}

impl Times {
    fn text(&mut self, time: UtcTime) -> &str {
        if self.last != Some(time) {
            self.last = Some(time);
            self.text.clear();
            // Writing to a String cannot fail.
            _ = write!(self.text, "{time}");
        }
        &self.text
    }
}
