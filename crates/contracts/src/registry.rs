//! IoS-001: the assets, and what the engine must know to trade and account for them.

use ios012_core::{
    AssetId, AssetSpec, Calendar, ClassId, CurrencyCode, Instrument, Money, Payoff, Price,
    Quantity, Ratio, UtcTime,
};
use schemars::JsonSchema;
use serde::Deserialize;

mod calendars;
mod economics;

use self::calendars::{NamedCalendar, RawCalendar, read_calendars};
use self::economics::{check_economics, check_members};
use crate::keys::{SignatureText, SignedText};
use crate::reader::{Reader, parse};
use crate::text::Text;
use crate::{Document, DocumentKind, Mic, Place, Refusal, RefusalCode, Token};

/// Longest time between two fundings of a perpetual: a year of 365 days, in seconds.
const LONGEST_FUNDING_S: u64 = 31_536_000;

/// The IoS-001 asset registry.
#[derive(Debug, Clone)]
pub struct Registry {
    issuer: Token,
    version: Token,
    base_currency: CurrencyCode,
    assets: Vec<AssetSpec>,
    listings: Vec<Listing>,
    fx_pairs: Vec<FxPair>,
    calendars: Vec<NamedCalendar>,
    signature: Option<SignedText>,
    document: Document,
}

/// Where an asset is traded, and under which names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Listing {
    /// Name at each venue.
    pub symbols: Vec<Symbol>,
    /// The exchange.
    pub exchange: Mic,
    /// Its trading calendar.
    pub calendar: Token,
    /// Seconds between the funding times of a perpetual, which are the multiples of it since the
    /// Unix epoch; none where funding is not checked for gaps.
    pub funding_interval_s: Option<u64>,
}

/// The name of an asset at a venue.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Symbol {
    /// The venue.
    pub venue: Token,
    /// The name there.
    pub symbol: Token,
}

/// A currency pair, whose rates the market snapshots give.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FxPair {
    /// The pair's name.
    pub pair: Token,
    /// The currency that is priced.
    pub base: CurrencyCode,
    /// The currency of the price.
    pub quote: CurrencyCode,
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(
    title = "IoS-001 asset registry",
    description = "The assets and their economics."
)]
pub(crate) struct RawRegistry {
    #[expect(dead_code, reason = "checked before the raw form is read")]
    #[schemars(extend("const" = "ios012.registry.v1"))]
    schema: String,
    issuer: Text<Token>,
    version: Text<Token>,
    #[expect(dead_code, reason = "read with the signature")]
    key_id: Option<Text<Token>>,
    #[expect(dead_code, reason = "read with the signature")]
    signature: Option<Text<SignatureText>>,
    base_currency: Text<CurrencyCode>,
    assets: Vec<RawAsset>,
    #[serde(default)]
    fx_pairs: Vec<RawFxPair>,
    #[serde(default)]
    calendars: Vec<RawCalendar>,
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "asset_row")]
struct RawAsset {
    asset_id: Text<AssetId>,
    symbols: Vec<RawSymbol>,
    class: Text<ClassId>,
    instrument: Text<Instrument>,
    currency: Text<CurrencyCode>,
    lot_size: Text<Quantity>,
    tick_size: Text<Price>,
    min_notional: Text<Money>,
    contract_multiplier: Text<Ratio>,
    leverage_factor: Text<Ratio>,
    initial_margin_rate: Text<Ratio>,
    maintenance_margin_rate: Text<Ratio>,
    exchange: Text<Mic>,
    calendar: Text<Token>,
    active: bool,
    payoff: Option<Text<Payoff>>,
    expiry: Option<Text<UtcTime>>,
    funding_interval_s: Option<Text<u64>>,
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "symbol_row")]
struct RawSymbol {
    venue: Text<Token>,
    symbol: Text<Token>,
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "fx_pair_row")]
struct RawFxPair {
    pair: Text<Token>,
    base: Text<CurrencyCode>,
    quote: Text<CurrencyCode>,
}

impl Registry {
    /// Parses and checks a registry.
    ///
    /// # Errors
    /// The first rule that does not hold.
    pub fn parse(file: &str, bytes: &[u8]) -> Result<Self, Refusal> {
        parse(DocumentKind::Registry, file, bytes, |reader, loaded| {
            let raw: RawRegistry = loaded.raw;
            let mut rows = read_assets(reader, &raw.assets)?;
            rows.sort_by(|a, b| a.0.asset_id.cmp(&b.0.asset_id));
            let (assets, listings): (_, Vec<_>) = rows.into_iter().unzip();
            let calendars = read_calendars(reader, &raw.calendars, &listings)?;
            Ok(Self {
                issuer: reader.read(&raw.issuer, format_args!("issuer"))?,
                version: reader.read(&raw.version, format_args!("version"))?,
                base_currency: reader.read(&raw.base_currency, format_args!("base_currency"))?,
                assets,
                listings,
                calendars,
                fx_pairs: read_fx_pairs(reader, &raw.fx_pairs)?,
                signature: loaded.signature,
                document: loaded.document,
            })
        })
    }

    /// Who answers for it.
    pub const fn issuer(&self) -> &Token {
        &self.issuer
    }

    /// Its version.
    pub const fn version(&self) -> &Token {
        &self.version
    }

    /// The currency in which NLV is measured.
    pub const fn base_currency(&self) -> &CurrencyCode {
        &self.base_currency
    }

    /// The assets, in the order of `asset_id`.
    pub fn assets(&self) -> &[AssetSpec] {
        &self.assets
    }

    /// The listings, one for each of [`Registry::assets`].
    pub fn listings(&self) -> &[Listing] {
        &self.listings
    }

    /// When an asset's market trades, by its place in [`Registry::assets`]; nothing where the
    /// registry has no calendars.
    pub fn calendar(&self, asset: usize) -> Option<&Calendar> {
        let name = &self.listings.get(asset)?.calendar;
        let place = self.calendars.binary_search_by(|row| row.name.cmp(name));
        self.calendars.get(place.ok()?).map(|row| &row.calendar)
    }

    /// The currency pairs, in the order of their names.
    pub fn fx_pairs(&self) -> &[FxPair] {
        &self.fx_pairs
    }

    /// The place of a currency pair in [`Registry::fx_pairs`].
    pub(crate) fn pair_position(&self, pair: &str) -> Option<usize> {
        self.fx_pairs
            .binary_search_by(|row| row.pair.as_str().cmp(pair))
            .ok()
    }

    /// The place of an asset in [`Registry::assets`].
    pub fn position(&self, asset_id: &str) -> Option<usize> {
        self.assets
            .binary_search_by(|asset| asset.asset_id.as_str().cmp(asset_id))
            .ok()
    }

    /// The signature, if it has one.
    pub const fn signature(&self) -> Option<&SignedText> {
        self.signature.as_ref()
    }

    /// The document.
    pub const fn document(&self) -> &Document {
        &self.document
    }
}

fn read_assets(
    reader: &Reader<'_>,
    rows: &[RawAsset],
) -> Result<Vec<(AssetSpec, Listing)>, Refusal> {
    if rows.is_empty() {
        return Err(reader.refuse(RefusalCode::NoRows, Place::path("assets")));
    }
    let assets: Vec<_> = rows
        .iter()
        .enumerate()
        .map(|(row, raw)| {
            Ok((
                read_asset(reader, row, raw)?,
                read_listing(reader, row, raw)?,
            ))
        })
        .collect::<Result<_, Refusal>>()?;
    reader.unique(assets.iter().map(|(asset, _)| &asset.asset_id), |row| {
        format!("assets[{row}].asset_id")
    })?;
    let symbols = assets
        .iter()
        .enumerate()
        .flat_map(|(row, (_, listing))| listing.symbols.iter().map(move |symbol| (row, symbol)));
    let places: Vec<_> = symbols.clone().map(|(row, _)| row).collect();
    reader.unique(
        symbols.map(|(_, symbol)| format!("{} at {}", symbol.symbol, symbol.venue)),
        |at| {
            format!(
                "assets[{}].symbols",
                places.get(at).copied().unwrap_or_default()
            )
        },
    )?;
    Ok(assets)
}

fn read_asset(reader: &Reader<'_>, row: usize, raw: &RawAsset) -> Result<AssetSpec, Refusal> {
    macro_rules! at {
        ($field:ident) => {
            reader.read(
                &raw.$field,
                format_args!("assets[{row}].{}", stringify!($field)),
            )?
        };
        ($field:ident, $rule:literal, $holds:expr) => {
            reader.read_in(
                &raw.$field,
                format_args!("assets[{row}].{}", stringify!($field)),
                $rule,
                $holds,
            )?
        };
    }
    let initial_margin_rate = at!(
        initial_margin_rate,
        "above 0 and at most 1",
        |rate: Ratio| { rate.is_positive() && rate <= Ratio::ONE }
    );
    let asset = AssetSpec {
        asset_id: at!(asset_id),
        class: at!(class),
        instrument: at!(instrument),
        currency: at!(currency),
        lot_size: at!(lot_size, "above 0", Quantity::is_positive),
        tick_size: at!(tick_size, "above 0", Price::is_positive),
        min_notional: at!(min_notional, "0 or above", |value: Money| !value
            .is_negative()),
        contract_multiplier: at!(contract_multiplier, "above 0", Ratio::is_positive),
        leverage_factor: at!(leverage_factor, "above 0", Ratio::is_positive),
        initial_margin_rate,
        maintenance_margin_rate: at!(
            maintenance_margin_rate,
            "above 0 and at most initial_margin_rate",
            |rate: Ratio| rate.is_positive() && rate <= initial_margin_rate
        ),
        payoff: reader
            .read_optional(raw.payoff.as_ref(), format_args!("assets[{row}].payoff"))?
            .unwrap_or_default(),
        expiry: reader.read_optional(raw.expiry.as_ref(), format_args!("assets[{row}].expiry"))?,
        active: raw.active,
    };
    check_members(reader, row, raw, &asset)?;
    check_economics(reader, row, &asset)?;
    Ok(asset)
}

fn read_listing(reader: &Reader<'_>, row: usize, raw: &RawAsset) -> Result<Listing, Refusal> {
    let symbols: Vec<Symbol> = raw
        .symbols
        .iter()
        .enumerate()
        .map(|(at, symbol)| {
            let path = format!("assets[{row}].symbols[{at}]");
            Ok(Symbol {
                venue: reader.read(&symbol.venue, format_args!("{path}.venue"))?,
                symbol: reader.read(&symbol.symbol, format_args!("{path}.symbol"))?,
            })
        })
        .collect::<Result<_, Refusal>>()?;
    reader.unique(symbols.iter().map(|symbol| &symbol.venue), |at| {
        format!("assets[{row}].symbols[{at}].venue")
    })?;
    Ok(Listing {
        symbols,
        exchange: reader.read(&raw.exchange, format_args!("assets[{row}].exchange"))?,
        calendar: reader.read(&raw.calendar, format_args!("assets[{row}].calendar"))?,
        funding_interval_s: raw
            .funding_interval_s
            .as_ref()
            .map(|text| {
                let path = format_args!("assets[{row}].funding_interval_s");
                let rule = "from 1 to 31536000";
                reader.read_in(text, path, rule, |seconds| {
                    (1..=LONGEST_FUNDING_S).contains(&seconds)
                })
            })
            .transpose()?,
    })
}

fn read_fx_pairs(reader: &Reader<'_>, rows: &[RawFxPair]) -> Result<Vec<FxPair>, Refusal> {
    let mut pairs: Vec<FxPair> = rows
        .iter()
        .enumerate()
        .map(|(row, raw)| {
            Ok(FxPair {
                pair: reader.read(&raw.pair, format_args!("fx_pairs[{row}].pair"))?,
                base: reader.read(&raw.base, format_args!("fx_pairs[{row}].base"))?,
                quote: reader.read(&raw.quote, format_args!("fx_pairs[{row}].quote"))?,
            })
        })
        .collect::<Result<_, Refusal>>()?;
    reader.unique(pairs.iter().map(|pair| &pair.pair), |row| {
        format!("fx_pairs[{row}].pair")
    })?;
    if let Some((row, pair)) = (pairs.iter().enumerate()).find(|(_, pair)| pair.base == pair.quote)
    {
        let path = format_args!("fx_pairs[{row}].quote");
        let refusal = reader.refuse_value(RefusalCode::OutOfRange, path, &pair.quote);
        return Err(refusal.rule("base and quote must be two currencies"));
    }
    // Two pairs of the same currencies would be two sources of one rate (ADR-013).
    let currencies = pairs.iter().map(|pair| {
        let low = (&pair.base).min(&pair.quote);
        let high = (&pair.base).max(&pair.quote);
        format!("{low} and {high}")
    });
    reader.unique(currencies, |row| format!("fx_pairs[{row}].base"))?;
    pairs.sort_by(|a, b| a.pair.cmp(&b.pair));
    Ok(pairs)
}
