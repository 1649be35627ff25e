//! The market snapshot of IoS-001.

use ios012_core::{AssetId, BookEvent, CurrencyCode, Price, Ratio, UtcTime};
use schemars::JsonSchema;
use serde::Deserialize;

use crate::events::{RawEvent, read_events};
use crate::fx::{FxQuote, RawFx, read_fx};
use crate::reader::{Reader, parse};
use crate::text::Text;
use crate::{Document, DocumentKind, Place, Refusal, RefusalCode};

/// A market snapshot, checked by itself. [`crate::CycleInput`] checks it against the rest.
#[derive(Debug, Clone)]
pub struct Market {
    pub(crate) body: MarketBody,
    pub(crate) document: Document,
}

/// What a market snapshot says.
#[derive(Debug, Clone)]
pub(crate) struct MarketBody {
    pub(crate) as_of: UtcTime,
    pub(crate) currency: CurrencyCode,
    pub(crate) rows: Vec<MarketRow>,
    pub(crate) fx: Vec<FxQuote>,
    pub(crate) events: Vec<BookEvent>,
    pub(crate) portfolio_shock_score: Option<Ratio>,
}

/// The market of an asset.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MarketRow {
    /// The asset.
    pub asset_id: AssetId,
    /// Price at which exposure is measured, above zero, in the currency of the asset's price.
    pub reference_price: Price,
    /// When the price was made.
    pub price_time: UtcTime,
    /// Whether the asset can be traded at `as_of`.
    pub market_open: bool,
    /// Volatility, zero or above, in the unit that the model declares.
    pub volatility: Option<Ratio>,
    /// Volatility shock score, zero or above.
    pub shock_score: Option<Ratio>,
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(
    title = "Market snapshot",
    description = "Reference prices at one time (IoS-001)."
)]
pub(crate) struct RawMarket {
    #[expect(dead_code, reason = "checked before the raw form is read")]
    #[schemars(extend("const" = "ios012.market.v1"))]
    schema: String,
    as_of: Text<UtcTime>,
    currency: Text<CurrencyCode>,
    rows: Vec<RawMarketRow>,
    #[serde(default)]
    fx: Vec<RawFx>,
    #[serde(default)]
    events: Vec<RawEvent>,
    portfolio_shock_score: Option<Text<Ratio>>,
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "market_row")]
struct RawMarketRow {
    asset_id: Text<AssetId>,
    reference_price: Text<Price>,
    price_time: Text<UtcTime>,
    market_open: bool,
    volatility: Option<Text<Ratio>>,
    shock_score: Option<Text<Ratio>>,
}

impl Market {
    /// Parses and checks a market snapshot by itself.
    ///
    /// # Errors
    /// The first rule that does not hold.
    pub fn parse(file: &str, bytes: &[u8]) -> Result<Self, Refusal> {
        parse(DocumentKind::Market, file, bytes, |reader, loaded| {
            let raw: RawMarket = loaded.raw;
            let score = raw.portfolio_shock_score.as_ref();
            Ok(Self {
                body: MarketBody {
                    as_of: reader.read(&raw.as_of, format_args!("as_of"))?,
                    currency: reader.read(&raw.currency, format_args!("currency"))?,
                    rows: read_rows(reader, &raw.rows)?,
                    fx: read_fx(reader, &raw.fx)?,
                    events: read_events(reader, &raw.events)?,
                    portfolio_shock_score: score
                        .map(|score| {
                            not_negative(reader, score, format_args!("portfolio_shock_score"))
                        })
                        .transpose()?,
                },
                document: loaded.document,
            })
        })
    }

    /// The time of the snapshot.
    pub const fn as_of(&self) -> UtcTime {
        self.body.as_of
    }

    /// The base currency. Each price is in the currency of its asset's price.
    pub const fn currency(&self) -> &CurrencyCode {
        &self.body.currency
    }

    /// The rows, in the order of `asset_id`.
    pub fn rows(&self) -> &[MarketRow] {
        &self.body.rows
    }

    /// The rates of currency pairs, in the order of their names.
    pub fn fx(&self) -> &[FxQuote] {
        &self.body.fx
    }

    /// The events of the books since the last cycle, ascending in time.
    pub fn events(&self) -> &[BookEvent] {
        &self.body.events
    }

    /// Volatility shock score of the portfolio, zero or above.
    pub const fn portfolio_shock_score(&self) -> Option<Ratio> {
        self.body.portfolio_shock_score
    }

    /// The document.
    pub const fn document(&self) -> &Document {
        &self.document
    }
}

fn read_rows(reader: &Reader<'_>, rows: &[RawMarketRow]) -> Result<Vec<MarketRow>, Refusal> {
    if rows.is_empty() {
        return Err(reader.refuse(RefusalCode::NoRows, Place::path("rows")));
    }
    let mut market: Vec<MarketRow> = rows
        .iter()
        .enumerate()
        .map(|(row, raw)| read_row(reader, row, raw))
        .collect::<Result<_, Refusal>>()?;
    reader.unique(market.iter().map(|row| &row.asset_id), |row| {
        format!("rows[{row}].asset_id")
    })?;
    market.sort_by(|a, b| a.asset_id.cmp(&b.asset_id));
    Ok(market)
}

fn read_row(reader: &Reader<'_>, row: usize, raw: &RawMarketRow) -> Result<MarketRow, Refusal> {
    let score = |text: Option<&Text<Ratio>>, field: &str| {
        text.map(|text| not_negative(reader, text, format_args!("rows[{row}].{field}")))
            .transpose()
    };
    Ok(MarketRow {
        asset_id: reader.read(&raw.asset_id, format_args!("rows[{row}].asset_id"))?,
        reference_price: reader.read_in(
            &raw.reference_price,
            format_args!("rows[{row}].reference_price"),
            "above 0",
            Price::is_positive,
        )?,
        price_time: reader.read(&raw.price_time, format_args!("rows[{row}].price_time"))?,
        market_open: raw.market_open,
        volatility: score(raw.volatility.as_ref(), "volatility")?,
        shock_score: score(raw.shock_score.as_ref(), "shock_score")?,
    })
}

fn not_negative(
    reader: &Reader<'_>,
    text: &Text<Ratio>,
    path: std::fmt::Arguments<'_>,
) -> Result<Ratio, Refusal> {
    reader.read_in(text, path, "0 or above", |value: Ratio| {
        !value.is_negative()
    })
}
