//! The kinds of bad document of docs/bad-input.md.

use ios012_contracts::RefusalCode::{self, *};

/// One kind of bad document: the good set with one change.
pub(crate) struct Case {
    pub(crate) what: &'static str,
    pub(crate) change: Change,
    pub(crate) code: RefusalCode,
    /// The place that the message must name.
    pub(crate) at: &'static str,
    /// The value that the message must show, without quotes.
    pub(crate) value: &'static str,
}

pub(crate) enum Change {
    /// In a JSON document: file, from, to.
    Json(&'static str, &'static str, &'static str),
    /// In a signed mandate, after it was signed.
    Signed(&'static str, &'static str, &'static str),
    /// In a table of a history: file, from, to.
    Csv(&'static str, &'static str, &'static str),
    /// Bytes before those of a file.
    Before(&'static str, &'static [u8]),
    /// So many spaces after a file.
    Spaces(&'static str, usize),
    /// No such file.
    Without(&'static str),
    /// The ledger has accepted a mandate: this one, or another one of a later time.
    Accepted(Accepted),
    /// The books hold an asset.
    Held(&'static str),
    /// A folder without, or with, a file.
    Folder(&'static str, bool),
}

pub(crate) enum Accepted {
    This,
    Later,
}

use Change::*;

const fn case(
    what: &'static str,
    change: Change,
    code: RefusalCode,
    at: &'static str,
    value: &'static str,
) -> Case {
    Case { what, change, code, at, value }
}

const MANDATE: &str = "mandate.json";
const MARKET: &str = "market.json";
const REGISTRY: &str = "registry.json";
const LIMITS: &str = "constraints.json";
const REGIMES: &str = "regimes.json";
const SCENARIO: &str = "scenario.json";
const KEYS: &str = "keys.json";
const PRICES: &str = "prices.csv";
const TARGETS: &str = "targets.csv";
const SCORES: &str = "shock_scores.csv";

pub(crate) const FORM: &[Case] = &[
    case("a file is missing from the folder", Folder(MANDATE, false), MissingFile, "", ""),
    case("a folder holds a single cycle and a history", Folder(PRICES, true), TwoSources, "", ""),
    case("a JSON document is larger than 16 MiB", Spaces(MANDATE, 16 << 20), TooLarge, "", "bytes"),
    case("a byte order mark", Before(MANDATE, b"\xef\xbb\xbf"), ByteOrderMark, "", ""),
    case("bytes that are not UTF-8", Before(MANDATE, b"\xff\xfe"), NotUtf8, "byte 0", ""),
    case("an empty document", Json(MANDATE, "{", ""), JsonSyntax, "line", ""),
    case("a comma after the last member", Json(MANDATE, "\"0.25\" }", "\"0.25\", }"), JsonSyntax, "line 10, column 56", ""),
    case("text after the document", Json(MARKET, "\"1.5\"\n}", "\"1.5\"\n}{"), JsonSyntax, "line 27, column 2", ""),
    case("nesting deeper than 8 levels", Json(LIMITS, "\"ramp_steps\": \"1\"", "\"ramp_steps\": [[[[[[[\"1\"]]]]]]]"), TooDeep, "portfolio.ramp_steps[0][0][0][0][0][0]", ""),
    case("a key twice in an object", Json(MANDATE, "\"issuer\"", "\"issuer\": \"x\", \"issuer\""), DuplicateKey, "issuer", "issuer"),
    case("a JSON number", Json(LIMITS, "\"gross\": \"1\"", "\"gross\": 1"), JsonNumber, "portfolio.gross", "1"),
    case("a JSON number with a fraction", Json(MANDATE, "\"0.45\"", "0.45"), JsonNumber, "targets[0].target_exposure", "0.45"),
    case("a null", Json(MANDATE, "\"0.3\"", "null"), JsonNull, "cash_weight", ""),
    case("a text where true or false belongs", Json(REGISTRY, "true", "\"true\""), WrongType, "assets[0].active", "true"),
    case("a text where an array belongs", Json(LIMITS, "[\"AAPL\", \"MSFT\"]", "\"AAPL\""), WrongType, "groups[0].members", "AAPL"),
    case("an array where a document belongs", Json(REGIMES, "{\n  \"schema\": \"ios012.regimes.v1\",\n  \"issuer\": \"ios-003\",\n  \"version\": \"12\",\n  \"as_of\": \"2026-11-20T20:00:00.000Z\",\n  \"regimes\": [\n    {\n      \"asset_id\": \"AAPL\",\n      \"label\": \"RANGE_UP\",\n      \"confidence\": \"0.82\",\n      \"model_id\": \"hmm-9\",\n      \"confirmed\": true\n    }\n  ]\n}", "[]"), WrongType, "", ""),
    case("an unknown field", Json(MANDATE, "\"target_exposure\": \"0.45\"", "\"target_exposure\": \"0.45\", \"stop_loss\": \"0.1\""), UnknownField, "targets[0]", "stop_loss"),
    case("a misspelt field of the document", Json(MANDATE, "\"cash_weight\"", "\"cash_wieght\""), UnknownField, "", "cash_wieght"),
    case("a missing field", Json(REGISTRY, "\"tick_size\": \"0.01\",", ""), MissingField, "assets[0].tick_size", ""),
    case("no schema member", Json(MANDATE, "\"schema\": \"ios012.mandate.v1\",", ""), MissingField, "schema", ""),
    case("a document of another kind", Json(MANDATE, "ios012.mandate.v1", "ios012.market.v1"), WrongSchema, "schema", "ios012.market.v1"),
    case("a document of a later version", Json(MANDATE, "ios012.mandate.v1", "ios012.mandate.v2"), WrongSchema, "schema", "ios012.mandate.v2"),
];

pub(crate) const VALUES: &[Case] = &[
    case("a decimal with a trailing zero", Json(MANDATE, "0.45", "0.450"), Decimal, "targets[0].target_exposure", "0.450"),
    case("a decimal in exponent form", Json(MANDATE, "0.45", "4.5e-1"), Decimal, "targets[0].target_exposure", "4.5e-1"),
    case("a decimal with a leading zero", Json(MANDATE, "0.45", "00.45"), Decimal, "targets[0].target_exposure", "00.45"),
    case("a decimal with a plus sign", Json(MANDATE, "0.45", "+0.45"), Decimal, "targets[0].target_exposure", "+0.45"),
    case("a decimal without a digit before the point", Json(MANDATE, "0.45", ".45"), Decimal, "targets[0].target_exposure", ".45"),
    case("a minus zero", Json(MANDATE, "0.45", "-0"), Decimal, "targets[0].target_exposure", "-0"),
    case("not a number", Json(MANDATE, "0.45", "NaN"), Decimal, "targets[0].target_exposure", "NaN"),
    case("separators between thousands", Json(SCENARIO, "1000000", "1,000,000"), Decimal, "opening_cash", "1,000,000"),
    case("a percent sign", Json(MANDATE, "0.45", "45%"), Decimal, "targets[0].target_exposure", "45%"),
    case("an empty text for a decimal", Json(MANDATE, "\"0.45\"", "\"\""), Decimal, "targets[0].target_exposure", ""),
    case("more digits than an exposure holds", Json(MANDATE, "0.45", "0.4500000000001"), DecimalDigits, "targets[0].target_exposure", "0.4500000000001"),
    case("more digits than a price holds", Json(MARKET, "412.5", "412.123456789"), DecimalDigits, "rows[0].reference_price", "412.123456789"),
    case("basis points with a digit that a ratio would lose", Json(LIMITS, "\"fee_bps\": \"10\"", "\"fee_bps\": \"10.000000001\""), DecimalDigits, "execution.fee_bps", "10.000000001"),
    case("a decimal that does not fit", Json(SCENARIO, "1000000", "99999999999999999999999999999999"), DecimalRange, "opening_cash", "99999999999999999999999999999999"),
    case("a counter with a fraction", Json(LIMITS, "\"ramp_steps\": \"1\"", "\"ramp_steps\": \"1.5\""), Counter, "portfolio.ramp_steps", "1.5"),
    case("a counter that does not fit", Json(LIMITS, "\"ramp_steps\": \"1\"", "\"ramp_steps\": \"4294967296\""), Counter, "portfolio.ramp_steps", "4294967296"),
    case("a time without milliseconds", Json(MANDATE, "\"2026-11-20T21:00:00.000Z\"", "\"2026-11-20T21:00:00Z\""), Time, "as_of", "2026-11-20T21:00:00Z"),
    case("a local time", Json(MANDATE, "21:00:00.000Z", "21:00:00.000+01:00"), Time, "as_of", "2026-11-20T21:00:00.000+01:00"),
    case("a date that is not in the calendar", Json(MANDATE, "2026-11-20T21", "2026-02-30T21"), Time, "as_of", "2026-02-30T21:00:00.000Z"),
    case("an asset_id with a space", Json(MANDATE, "MSFT", "MS FT"), Identifier, "targets[0].asset_id", "MS FT"),
    case("a portfolio_id that leaves its directory", Json(MANDATE, "two-stocks", "../two"), Identifier, "portfolio_id", "../two"),
    case("a currency in small letters", Json(MARKET, "USD", "usd"), Identifier, "currency", "usd"),
    case("an exchange that is no MIC", Json(REGISTRY, "XNAS", "NASDAQ"), Identifier, "assets[0].exchange", "NASDAQ"),
    case("an issuer with a quotation mark", Json(MANDATE, "ios-004", "ios\\\"004"), Identifier, "issuer", "ios\\\"004"),
    case("an unknown instrument", Json(REGISTRY, "\"spot\"", "\"stock\""), UnknownValue, "assets[0].instrument", "stock"),
    case("an unknown block", Json(LIMITS, "\"none\"", "\"halt\""), UnknownValue, "assets[0].block", "halt"),
    case("an unknown regime", Json(REGIMES, "RANGE_UP", "SIDEWAYS"), UnknownValue, "regimes[0].label", "SIDEWAYS"),
    case("an unknown signature policy", Json(SCENARIO, "\"optional\"", "\"never\""), UnknownValue, "policy.signatures", "never"),
    case("a terminal escape in a title", Json(SCENARIO, "Two stocks", "\\u001b[2J"), Text, "title", "\\u{1b}[2J"),
    case("a lot of zero", Json(REGISTRY, "\"0.001\"", "\"0\""), OutOfRange, "assets[0].lot_size", "0"),
    case("a negative tick", Json(REGISTRY, "\"0.01\"", "\"-0.01\""), OutOfRange, "assets[0].tick_size", "-0.01"),
    case("a negative minimum notional", Json(REGISTRY, "\"min_notional\": \"1\"", "\"min_notional\": \"-1\""), OutOfRange, "assets[0].min_notional", "-1"),
    case("a maintenance margin above the initial one", Json(REGISTRY, "0.07", "0.09"), OutOfRange, "assets[2].maintenance_margin_rate", "0.09"),
    case("spot with a contract multiplier", Json(REGISTRY, "\"contract_multiplier\": \"1\"", "\"contract_multiplier\": \"50\""), OutOfRange, "assets[0].contract_multiplier", "50"),
    case("spot with a leverage factor", Json(REGISTRY, "\"leverage_factor\": \"1\"", "\"leverage_factor\": \"2\""), OutOfRange, "assets[0].leverage_factor", "2"),
    case("a confidence above 1", Json(REGIMES, "0.82", "1.2"), OutOfRange, "regimes[0].confidence", "1.2"),
    case("negative opening cash", Json(SCENARIO, "1000000", "-1"), OutOfRange, "opening_cash", "-1"),
    case("an opening position of nothing", Json(SCENARIO, "\"quantity\": \"10\"", "\"quantity\": \"0\""), OutOfRange, "opening_positions[0].quantity", "0"),
    case("a price of zero", Json(MARKET, "\"412.5\"", "\"0\""), OutOfRange, "rows[0].reference_price", "0"),
    case("a negative price", Json(MARKET, "412.5", "-412.5"), OutOfRange, "rows[0].reference_price", "-412.5"),
    case("a negative shock score", Json(MARKET, "\"0.4\"", "\"-0.4\""), OutOfRange, "rows[1].shock_score", "-0.4"),
    case("an asset twice in the registry", Json(REGISTRY, "\"AAPL\"", "\"MSFT\""), DuplicateRow, "assets[1].asset_id", "MSFT"),
    case("a symbol of a venue for two assets", Json(REGISTRY, "\"symbol\": \"AAPL\"", "\"symbol\": \"MSFT\""), DuplicateRow, "assets[1].symbols", "MSFT at alpaca"),
    case("a target twice", Json(MANDATE, "\"AAPL\"", "\"MSFT\""), DuplicateRow, "targets[1].asset_id", "MSFT"),
    case("two prices of an asset", Json(MARKET, "\"AAPL\"", "\"MSFT\""), DuplicateRow, "rows[1].asset_id", "MSFT"),
    case("two rows of limits for an asset", Json(LIMITS, "\"AAPL\"", "\"MSFT\""), DuplicateRow, "assets[1].asset_id", "MSFT"),
    case("a member twice in a group", Json(LIMITS, "[\"AAPL\", \"MSFT\"]", "[\"AAPL\", \"AAPL\"]"), DuplicateRow, "groups[0].members[1]", "AAPL"),
    case("a mandate without targets", Json(MANDATE, "[\n    { \"asset_id\": \"MSFT\", \"target_exposure\": \"0.45\" },\n    { \"asset_id\": \"AAPL\", \"target_exposure\": \"0.25\" }\n  ]", "[]"), NoRows, "targets", ""),
];

pub(crate) const LIMIT_RULES: &[Case] = &[
    case("min_exposure above 0", Json(LIMITS, "\"min_exposure\": \"0\"", "\"min_exposure\": \"0.1\""), ExposureBounds, "assets[0].min_exposure", "0.1"),
    case("min_exposure below -max_exposure", Json(LIMITS, "\"min_exposure\": \"0\"", "\"min_exposure\": \"-0.7\""), ExposureBounds, "assets[0].min_exposure", "-0.7"),
    case("max_delta_exposure of zero", Json(LIMITS, "\"max_delta_exposure\": \"0.25\"", "\"max_delta_exposure\": \"0\""), MaxDelta, "assets[0].max_delta_exposure", "0"),
    case("a dead band wider than the largest step", Json(LIMITS, "\"dead_band\": \"0.001\"", "\"dead_band\": \"0.3\""), DeadBand, "portfolio.dead_band", "0.3"),
    case("a negative dead band", Json(LIMITS, "\"dead_band\": \"0.001\"", "\"dead_band\": \"-0.001\""), OutOfRange, "portfolio.dead_band", "-0.001"),
    case("a cash floor above 1", Json(LIMITS, "\"cash_floor\": \"0.02\"", "\"cash_floor\": \"2\""), CashFloor, "portfolio.cash_floor", "2"),
    case("a collar that could lose the whole portfolio", Json(LIMITS, "\"price_collar_bps\": \"50\"", "\"price_collar_bps\": \"9990\""), CollarTooWide, "execution.price_collar_bps", "9990"),
    case("a soft threshold above the hard one", Json(LIMITS, "\"soft_shock_threshold\": \"4\"", "\"soft_shock_threshold\": \"7\""), ShockThresholds, "portfolio.soft_shock_threshold", "7"),
    case("a shock threshold without its block", Json(LIMITS, ",\n      \"shock_block\": \"reduce_only\"", ""), ShockRule, "assets[1].shock_block", ""),
    case("a negative cap", Json(LIMITS, "\"cap\": \"0.9\"", "\"cap\": \"-0.9\""), OutOfRange, "groups[0].cap", "-0.9"),
    case("negative fees", Json(LIMITS, "\"fee_bps\": \"10\"", "\"fee_bps\": \"-10\""), OutOfRange, "execution.fee_bps", "-10"),
    case("a ramp without steps", Json(LIMITS, "\"ramp_steps\": \"1\"", "\"ramp_steps\": \"0\""), OutOfRange, "portfolio.ramp_steps", "0"),
    case("limits of an asset that the registry does not know", Json(LIMITS, "\"MSFT\"", "\"MSTF\""), UnknownMember, "assets[MSTF].asset_id", "MSTF"),
    case("a group member that the registry does not know", Json(LIMITS, "[\"AAPL\", \"MSFT\"]", "[\"AAPL\", \"MSTF\"]"), UnknownMember, "groups[big-tech].members", "MSTF"),
    case("a cap on a class without assets", Json(LIMITS, "\"equity\"", "\"equities\""), UnknownMember, "classes[equities].class", "equities"),
    case("a cap on a currency without assets", Json(LIMITS, "\"USD\"", "\"CHF\""), UnknownMember, "currencies[CHF].currency", "CHF"),
];

pub(crate) const SIGNATURES: &[Case] = &[
    case("no key registry where signatures are required", Json(SCENARIO, "\"optional\"", "\"required\""), KeysMissing, "", ""),
    case("no signature where it is required", Signed(SCENARIO, "\"optional\"", "\"required\""), SignatureMissing, "signature", ""),
    case("a signature that was cut", Signed(MANDATE, "==\", \"issuer\"", "\", \"issuer\""), SignatureEncoding, "signature", ""),
    case("a key_id without a signature", Json(MANDATE, "\"issuer\"", "\"key_id\": \"k\", \"issuer\""), MissingField, "signature", ""),
    case("a mandate that was changed after it was signed", Signed(MANDATE, "\"0.45\"", "\"0.46\""), SignatureInvalid, "signature", ""),
    case("a public key that was cut", Signed(KEYS, "HURo=", "HUR="), PublicKey, "keys[0].public_key", "11qYAYKxCrfVS"),
    case("a weak public key", Signed(KEYS, "11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=", "AQAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="), PublicKey, "keys[0].public_key", "AQAAAA"),
    case("a key that the registry does not hold", Signed(KEYS, "rfc8032-1", "rfc8032-2"), KeyUnknown, "key_id", "rfc8032-1"),
    case("a key of another issuer", Signed(KEYS, "ios-004", "ios-006"), KeyIssuer, "issuer", "ios-004"),
    case("a key for other documents", Signed(KEYS, "[\"mandate\"]", "[\"registry\", \"constraints\"]"), KeyPurpose, "key_id", "rfc8032-1"),
    case("a key that is not yet valid", Signed(KEYS, "2026-01-01", "2026-12-01"), KeyNotYetValid, "key_id", ""),
    case("a key that has expired", Signed(KEYS, "2027-01-01", "2026-11-01"), KeyExpired, "key_id", ""),
    case("a key whose period ends before it begins", Signed(KEYS, "2027-01-01", "2025-01-01"), OutOfRange, "keys[0].valid_until", "2025-01-01T00:00:00.000Z"),
];

pub(crate) const AGREEMENT: &[Case] = &[
    case("a registry in another base currency", Json(REGISTRY, "\"base_currency\": \"USD\"", "\"base_currency\": \"EUR\""), BaseCurrencyMismatch, "base_currency", "EUR"),
    case("a snapshot in another currency", Json(MARKET, "USD", "EUR"), BaseCurrencyMismatch, "currency", "EUR"),
    case("an opening position of an unknown asset", Json(SCENARIO, "\"MSFT\"", "\"MSTF\""), UnknownAsset, "opening_positions[MSTF].asset_id", "MSTF"),
    case("a mandate of another portfolio", Json(MANDATE, "two-stocks", "three-stocks"), PortfolioMismatch, "portfolio_id", "three-stocks"),
    case("a target for an unknown asset", Json(MANDATE, "\"MSFT\"", "\"MSTF\""), UnknownAsset, "targets[MSTF].asset_id", "MSTF"),
    case("a price of an unknown asset", Json(MARKET, "ES-2612", "ES-2703"), UnknownAsset, "rows[ES-2703].asset_id", "ES-2703"),
    case("a target for an asset without limits", Json(LIMITS, "\"MSFT\"", "\"SAP\""), NoLimits, "targets[MSFT].asset_id", "MSFT"),
    case("a target for an asset without a price", Json(MARKET, "\"MSFT\"", "\"SAP\""), NoPrice, "targets[MSFT].asset_id", "MSFT"),
    case("an asset that is held and not named", Held("SAP"), HeldNotNamed, "targets", "SAP"),
    case("a target for a future", Json(MANDATE, "\"MSFT\"", "\"ES-2612\""), NotTradable, "targets[ES-2612].asset_id", "ES-2612"),
    case("a target in a foreign currency", Json(MANDATE, "\"MSFT\"", "\"SAP\""), ForeignCurrency, "targets[SAP].asset_id", "SAP"),
    case("a short target for spot", Json(MANDATE, "\"0.45\"", "\"-0.45\""), ShortSpot, "targets[MSFT].target_exposure", "-0.45"),
    case("a leverage factor above its bound", Json(LIMITS, "\"max_leverage\": \"1\"", "\"max_leverage\": \"0.5\""), LeverageBound, "targets[MSFT].asset_id", "MSFT"),
    case("weights that do not sum to 1", Json(MANDATE, "\"0.3\"", "\"0.300000000001\""), CapitalSum, "cash_weight", "0.300000000001"),
    case("a mandate that ends before it begins", Json(MANDATE, "2026-11-21T21", "2026-11-20T20"), Expired, "valid_until", "2026-11-20T20:00:00.000Z"),
    case("a mandate that was accepted before", Accepted(self::Accepted::This), Replayed, "as_of", "2026-11-20T21:00:00.000Z"),
    case("a mandate older than the last accepted one", Accepted(self::Accepted::Later), Superseded, "as_of", "2026-11-20T21:00:00.000Z"),
    case("a snapshot of another time", Json(MARKET, "\"as_of\": \"2026-11-20T21:00:00.000Z\"", "\"as_of\": \"2026-11-20T21:00:01.000Z\""), AsOfMismatch, "as_of", "2026-11-20T21:00:01.000Z"),
    case("a price from the future", Json(MARKET, "20:59:58.250Z", "21:00:00.001Z"), FuturePrice, "rows[AAPL].price_time", "2026-11-20T21:00:00.001Z"),
    case("a stale price of an open market", Json(MARKET, "20:59:58.250Z", "20:44:59.999Z"), StalePrice, "rows[AAPL].price_time", "2026-11-20T20:44:59.999Z"),
    case("no shock score where a threshold needs it", Json(MARKET, ",\n      \"shock_score\": \"0.4\"", ""), ShockScoreMissing, "rows[AAPL].shock_score", ""),
    case("no portfolio shock score where a threshold needs it", Json(MARKET, ",\n  \"portfolio_shock_score\": \"1.5\"", ""), ShockScoreMissing, "portfolio_shock_score", ""),
    case("regimes without the IoS-003 document", Without(REGIMES), RegimesMissing, "regimes", ""),
    case("a regime that IoS-003 does not say", Json(MANDATE, "RANGE_UP", "BULL"), RegimeMismatch, "regimes[AAPL].label", "BULL"),
    case("a regime of another model", Json(MANDATE, "hmm-9", "hmm-8"), RegimeMismatch, "regimes[AAPL].model_id", "hmm-8"),
    case("a regime of another time", Json(MANDATE, "2026-11-20T20:00", "2026-11-20T19:00"), RegimeMismatch, "regimes[AAPL].as_of", "2026-11-20T19:00:00.000Z"),
];

pub(crate) const TABLES: &[Case] = &[
    case("prices without a date column", Csv(PRICES, "date", "day"), CsvHeader, "line 1, column date", "day"),
    case("a file with semicolons", Csv(PRICES, "date,AAPL,MSFT,SAP", "date;AAPL;MSFT;SAP"), CsvHeader, "line 1, column date", "date;AAPL;MSFT;SAP"),
    case("targets with other columns", Csv(TARGETS, "asset_id,target_exposure", "asset,weight"), CsvHeader, "line 1, column date", "date,asset,weight"),
    case("a price column of an unknown asset", Csv(PRICES, "MSFT", "MSTF"), UnknownAsset, "line 1, column MSTF", "MSTF"),
    case("a column twice", Csv(PRICES, "MSFT", "AAPL"), DuplicateRow, "line 1, column", "AAPL"),
    case("a byte order mark in a table", Before(PRICES, b"\xef\xbb\xbf"), ByteOrderMark, "", ""),
    case("a row with a field too many", Csv(PRICES, "411.0,240.1", "411.0,240.1,1"), CsvFields, "line 3, column date", "5 fields"),
    case("dates that go back", Csv(PRICES, "2026-11-18", "2026-11-16"), CsvOrder, "line 3, column date", "2026-11-16"),
    case("targets whose dates go back", Csv(TARGETS, "2026-11-20,MSFT", "2026-11-19,MSFT"), CsvOrder, "line 7, column date", "2026-11-19"),
    case("a date twice in a table of prices", Csv(PRICES, "2026-11-18", "2026-11-17"), DuplicateRow, "line 3, column date", "2026-11-17"),
    case("a target twice on a date", Csv(TARGETS, "2026-11-17,MSFT", "2026-11-17,AAPL"), DuplicateRow, "line 3, column asset_id", "AAPL"),
    case("targets on a date without prices", Csv(PRICES, "2026-11-19", "2026-11-18T12:00:00.000Z"), NoPriceRow, "line 4, column date", "2026-11-19T00:00:00.000Z"),
    case("targets before the asset's first price", Csv(PRICES, "200.0", ""), NoPrice, "line 2, column asset_id", "AAPL"),
    case("a price that is not a number", Csv(PRICES, "411.0", "n/a"), Decimal, "line 3, column MSFT", "n/a"),
    case("a price in exponent form", Csv(PRICES, "411.0", "4.11e2"), Decimal, "line 3, column MSFT", "4.11e2"),
    case("a price in quotation marks", Csv(PRICES, "411.0", "\"411.0\""), Decimal, "line 3, column MSFT", "\\\"411.0\\\""),
    case("a price with a space", Csv(PRICES, "411.0", " 411.0"), Decimal, "line 3, column MSFT", " 411.0"),
    case("a price with too many digits", Csv(PRICES, "411.0", "411.000000001"), DecimalDigits, "line 3, column MSFT", "411.000000001"),
    case("a price of zero in a table", Csv(PRICES, "411.0", "0.0"), OutOfRange, "line 3, column MSFT", "0.0"),
    case("a date in another form", Csv(PRICES, "2026-11-18", "18.11.2026"), Time, "line 3, column date", "18.11.2026"),
    case("a line longer than 64 KiB", Spaces(PRICES, 70_000), TooLarge, "line 6, column date", ""),
    case("a target for an unknown asset in a table", Csv(TARGETS, "2026-11-19,MSFT", "2026-11-19,MSTF"), UnknownAsset, "line 4, column asset_id", "MSTF"),
    case("a short target in a table", Csv(TARGETS, "0.25", "-0.25"), ShortSpot, "line 5, column target_exposure", "-0.25"),
    case("a foreign asset in a table", Csv(TARGETS, "2026-11-19,MSFT", "2026-11-19,SAP"), ForeignCurrency, "line 4, column asset_id", "SAP"),
    case("a mandate in a table that ends before it begins", Csv(TARGETS, "date,asset_id,target_exposure\n2026-11-17,AAPL,0.20", "date,asset_id,target_exposure,valid_until\n2026-11-17,AAPL,0.20,2026-11-17T00:00:00.000Z"), Expired, "line 2, column valid_until", "2026-11-17T00:00:00.000Z"),
    case("no score on a date where a threshold needs it", Csv(SCORES, "0.7,1.1", ",1.1"), ShockScoreMissing, "line 4, column AAPL", ""),
    case("no row of scores on a date where a threshold needs it", Csv(SCORES, "2026-11-19,0.7,1.1\n", ""), ShockScoreMissing, "", ""),
    case("a negative score in a table", Csv(SCORES, "0.7,1.1", "-0.7,1.1"), OutOfRange, "line 4, column AAPL", "-0.7"),
    case("a bad row after the last target", Csv(TARGETS, "2026-11-20,AAPL,0\n2026-11-20,MSFT,0.5\n", ""), OutOfRange, "line 5, column AAPL", "0"),
];
