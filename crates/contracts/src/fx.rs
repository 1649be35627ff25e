//! Rates of currency pairs in a market snapshot.

use ios012_core::{Price, UtcTime};
use schemars::JsonSchema;
use serde::Deserialize;

use crate::reader::Reader;
use crate::text::Text;
use crate::{Refusal, Token};

/// The rate of a currency pair of the registry.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FxQuote {
    /// The pair's name in the registry.
    pub pair: Token,
    /// Price of a unit of the pair's base currency in its quote currency, above zero.
    pub rate: Price,
    /// When the rate was made.
    pub rate_time: UtcTime,
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "fx_row")]
pub(crate) struct RawFx {
    pair: Text<Token>,
    rate: Text<Price>,
    rate_time: Text<UtcTime>,
}

/// Reads the rates of a market snapshot, into the order of their pairs.
pub(crate) fn read_fx(reader: &Reader<'_>, rows: &[RawFx]) -> Result<Vec<FxQuote>, Refusal> {
    let mut quotes: Vec<FxQuote> = rows
        .iter()
        .enumerate()
        .map(|(row, raw)| {
            Ok(FxQuote {
                pair: reader.read(&raw.pair, format_args!("fx[{row}].pair"))?,
                rate: reader.read_in(
                    &raw.rate,
                    format_args!("fx[{row}].rate"),
                    "above 0",
                    Price::is_positive,
                )?,
                rate_time: reader.read(&raw.rate_time, format_args!("fx[{row}].rate_time"))?,
            })
        })
        .collect::<Result<_, Refusal>>()?;
    reader.unique(quotes.iter().map(|quote| &quote.pair), |row| {
        format!("fx[{row}].pair")
    })?;
    quotes.sort_by(|a, b| a.pair.cmp(&b.pair));
    Ok(quotes)
}
