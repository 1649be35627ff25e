//! The stable codes of refusals, each with its rule and its remedy in one sentence.

use std::fmt;

macro_rules! codes {
    ($($(#[$doc:meta])* $name:ident, $text:literal, $rule:literal, $remedy:literal;)*) => {
        /// Why a document is refused. The text is stable; it stands on the ledger.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
        pub enum RefusalCode {
            $($(#[$doc])* #[doc = concat!("`", $rule, "`")] $name,)*
        }

        impl RefusalCode {
            /// Every code, in the order of docs/bad-input.md.
            pub const ALL: &'static [Self] = &[$(Self::$name,)*];

            /// The stable text, as `snake_case`.
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$name => $text,)* }
            }

            /// The rule that was broken, in general; a refusal may know it more exactly.
            pub const fn rule(self) -> &'static str {
                match self { $(Self::$name => $rule,)* }
            }

            /// What to do about it, in general; a refusal may know it more exactly.
            pub const fn remedy(self) -> &'static str {
                match self { $(Self::$name => $remedy,)* }
            }
        }
    };
}

codes! {
    // Files and bytes.
    MissingFile, "missing_file", "the folder must hold this file", "add the file; docs/scenario.md says what it holds";
    TwoSources, "two_sources", "each kind of document has one source (ADR-013)", "keep the file that this command reads and move the other one away";
    TooLarge, "too_large", "a JSON document is at most 16 MiB, a line of CSV at most 64 KiB", "split the document, or check that the right file was named";
    ByteOrderMark, "byte_order_mark", "no byte order mark", "save the file as UTF-8 without BOM";
    NotUtf8, "not_utf8", "the bytes must be UTF-8", "save the file as UTF-8";
    // JSON.
    JsonSyntax, "json_syntax", "the text must be one JSON value (RFC 8259)", "correct the JSON at this place";
    TooDeep, "too_deep", "a document nests at most 8 levels", "write the document as its schema shows it";
    DuplicateKey, "duplicate_key", "a key may stand once in an object", "remove one of the two members";
    JsonNumber, "json_number", "no JSON numbers", "write the value as a string";
    JsonNull, "json_null", "no null", "leave the member out";
    WrongType, "wrong_type", "the value must have the type of the schema", "write the type that the schema names (ios012 schema)";
    UnknownField, "unknown_field", "only the fields of the schema are allowed", "remove the field, or correct its name (ios012 schema lists them)";
    MissingField, "missing_field", "the schema requires this field", "add the field";
    WrongSchema, "wrong_schema", "the schema member must name this kind of document and its version", "check that the right file was named, or correct the schema member";
    // Single values.
    Decimal, "decimal", "a decimal has only digits, one leading minus, one point, and no needless zeros", "write the decimal in canonical form, such as -12.5";
    DecimalDigits, "decimal_digits", "no more digits after the point than the field holds", "round the value where it is made";
    DecimalRange, "decimal_range", "the decimal must fit its type", "correct the value";
    Counter, "counter", "a counter has only digits and no leading zeros", "write a whole number as a string";
    Time, "time", "a time is UTC and written 2026-11-22T00:00:00.000Z", "write the time in this form";
    Identifier, "identifier", "an identifier must match its grammar", "use the identifier of the registry";
    UnknownValue, "unknown_value", "the value must be one of a fixed list", "use a value of the list";
    Text, "text", "a text is at most 2,000 characters and has no control characters but line feeds", "shorten or clean the text";
    OutOfRange, "out_of_range", "the value must lie in its range", "correct the value";
    OpeningPosition, "opening_position", "an opening position is spot in base currency", "leave it out and let a mandate open the position";
    Calendar, "calendar", "a calendar has hours that make sense, or is always open", "correct the calendar; docs/documents.md shows one";
    UnknownCalendar, "unknown_calendar", "where the registry has calendars, every asset names one of them", "add the calendar, or correct the asset's calendar";
    CalendarGap, "calendar_gap", "the calendar of each asset of the cycle must reach as_of", "extend the calendar's validity in the registry";
    MarketHours, "market_hours", "market_open must not be true while the asset's calendar says closed", "correct market_open or the calendar; two sources of one fact must agree (ADR-013)";
    NotApplicable, "not_applicable", "the member belongs to other instruments or other kinds of event", "remove it, or correct the instrument or the kind";
    DuplicateRow, "duplicate_row", "one row per key", "remove one of the two rows";
    NoRows, "no_rows", "the table must have a row", "add the rows, or check that the right file was named";
    // IoS-006.
    ExposureBounds, "exposure_bounds", "-max_exposure <= min_exposure <= 0 <= max_exposure", "correct min_exposure or max_exposure";
    MaxDelta, "max_delta", "max_delta_exposure must be above 0", "set max_delta_exposure above 0, or block the asset";
    DeadBand, "dead_band", "0 <= dead_band <= max_delta_exposure", "lower dead_band, or raise max_delta_exposure";
    CashFloor, "cash_floor", "cash_floor must be at most 1", "write cash_floor as a fraction of NLV";
    CollarTooWide, "collar_too_wide", "gross * (price_collar_bps + fee_bps) / 10000 must be below 1", "narrow price_collar_bps or lower gross";
    ShockThresholds, "shock_thresholds", "soft_shock_threshold must not be above hard_shock_threshold", "correct one of the two thresholds";
    ShockRule, "shock_rule", "shock_threshold and shock_block stand together", "add the missing one of the two, or remove both";
    UnknownMember, "unknown_member", "limits may name only what the registry knows", "correct the name, or add it to the registry";
    // Signatures.
    SignatureMissing, "signature_missing", "the policy requires a signature", "have the issuer sign the document";
    SignatureEncoding, "signature_encoding", "a signature is the base64 text of 64 bytes", "copy the signature whole";
    SignatureInvalid, "signature_invalid", "the Ed25519 signature must verify over the schema, a line feed, and the canonical JSON without signature", "sign the document again; it was changed after it was signed, or another key was used";
    KeysMissing, "keys_missing", "the policy requires signatures, so a key registry must be given", "add keys.json";
    PublicKey, "public_key", "a public key is the base64 text of a 32-byte Ed25519 key that is not weak", "copy the public key whole";
    KeyUnknown, "key_unknown", "the key registry must hold the key", "add the key to keys.json, or correct key_id";
    KeyIssuer, "key_issuer", "the key must belong to the issuer of the document", "sign with a key of the issuer";
    KeyPurpose, "key_purpose", "the key must be allowed to sign this kind of document", "sign with a key that lists this kind of document";
    KeyNotYetValid, "key_not_yet_valid", "the key must be valid at as_of", "sign with a key that is valid at as_of";
    KeyExpired, "key_expired", "the key must be valid at as_of", "sign with a key that is valid at as_of";
    // Documents against each other.
    BaseCurrencyMismatch, "base_currency_mismatch", "all documents must have the portfolio's base currency", "give the documents of one portfolio";
    PortfolioMismatch, "portfolio_mismatch", "the mandate must be for this portfolio", "give the mandate of this portfolio";
    UnknownAsset, "unknown_asset", "the asset must be in the IoS-001 registry", "correct asset_id, or add the asset to the registry";
    NoLimits, "no_limits", "the asset must have a row in the IoS-006 constraints", "add a row for the asset to the constraints";
    NoPrice, "no_price", "the asset must have a reference price in the market snapshot", "add the asset's price, or take the asset out of the mandate";
    HeldNotNamed, "held_not_named", "a mandate must name every asset that is held", "add a target for the asset; 0 closes it";
    ShortSpot, "short_spot", "the target of spot and of a leveraged token must be 0 or above", "set the target to 0 or above; this instrument cannot be sold short";
    LeverageBound, "leverage_bound", "the leverage multiplier, leverage_factor / initial_margin_rate, must not be above max_leverage", "take the asset out of the mandate, or raise max_leverage in the constraints";
    CapitalSum, "capital_sum", "the sum of capital use and cash_weight must be exactly 1", "correct cash_weight, or leave it out";
    CashWeight, "cash_weight", "cash_weight may be below 0 only where the mandate names a margin or fx asset", "raise cash_weight, or leave it out";
    ExpiredContract, "expired_contract", "a contract that has expired must have target 0", "set the target to 0, or name the next contract";
    ExpiredHeld, "expired_held", "a future that is held past its expiry needs its expiry or roll event", "add the expiry or roll event to events, in a history to events.csv";
    Expired, "expired", "valid_until must be after as_of", "ask the issuer for a new mandate";
    Replayed, "replayed", "a mandate may be accepted once", "ask the issuer for a new mandate";
    Superseded, "superseded", "as_of must be after that of the last accepted mandate", "give the newer mandate";
    AsOfMismatch, "as_of_mismatch", "the market snapshot must have the mandate's as_of", "take the market snapshot at the mandate's as_of";
    FuturePrice, "future_price", "a price must not be from after as_of", "correct price_time, or take the snapshot again";
    StalePrice, "stale_price", "the price of an open market must not be older than max_price_age_s", "take the snapshot again, or mark the market closed";
    ShockScoreMissing, "shock_score_missing", "a limit with a shock threshold needs the score", "add the score, or remove the threshold from the constraints";
    UnknownPair, "unknown_pair", "the pair must be in fx_pairs of the IoS-001 registry", "correct pair, or add it to fx_pairs of the registry";
    NoRate, "no_rate", "a currency other than the base currency needs the rate of a pair with the base currency", "add the pair to fx_pairs of the registry, and its rate to fx";
    CrossedFx, "crossed_fx", "pairs that form a loop must agree within fx_loop_tolerance", "correct the rate that is wrong, or leave out a pair that nothing needs";
    EventOrder, "event_order", "events must ascend in time", "sort events by time";
    EventTime, "event_time", "an event must be after the last accepted as_of, and not after as_of", "correct time, or give the event with the cycle that it belongs to";
    EventInstrument, "event_instrument", "an event must suit the instrument of its asset", "correct kind or asset_id";
    EventAssets, "event_assets", "the two assets of a roll or symbol change must be two rows with the same economics", "correct asset_id or into, or the registry";
    FundingMissing, "funding_missing", "a perpetual that is held needs a funding event at each funding time", "add the funding event to events, in a history to events.csv";
    RegimesMissing, "regimes_missing", "a mandate that carries regimes needs the IoS-003 document", "add regimes.json";
    RegimeMismatch, "regime_mismatch", "the mandate's regimes must equal those of the IoS-003 document", "ask the issuer for a mandate made from this IoS-003 document";
    // History as CSV.
    CsvHeader, "csv_header", "the header must name the columns of docs/scenario.md", "correct the header";
    CsvFields, "csv_fields", "a row has as many fields as the header", "correct the row";
    CsvOrder, "csv_order", "dates must ascend", "sort the file by date";
    NoPriceRow, "no_price_row", "each date with targets must have a row of prices", "add the row to prices.csv, or remove the targets of this date";
}

impl fmt::Display for RefusalCode {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.pad(self.as_str())
    }
}
