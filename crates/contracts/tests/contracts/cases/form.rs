//! Files and their form.

use ios012_contracts::RefusalCode::{
    ByteOrderMark, DuplicateKey, JsonNull, JsonNumber, JsonSyntax, MissingField, MissingFile,
    NotUtf8, TooDeep, TooLarge, TwoSources, UnknownField, WrongSchema, WrongType,
};

use super::Change::{Before, Folder, Json, Spaces};
use super::{Case, LIMITS, MANDATE, MARKET, PRICES, REGIMES, REGISTRY, case};

pub(crate) const FORM: &[Case] = &[
    case(
        "a file is missing from the folder",
        Folder(MANDATE, false),
        MissingFile,
        "",
        "",
    ),
    case(
        "a folder holds a single cycle and a history",
        Folder(PRICES, true),
        TwoSources,
        "",
        "",
    ),
    case(
        "a JSON document is larger than 16 MiB",
        Spaces(MANDATE, 16 << 20),
        TooLarge,
        "",
        "bytes",
    ),
    case(
        "a byte order mark",
        Before(MANDATE, b"\xef\xbb\xbf"),
        ByteOrderMark,
        "",
        "",
    ),
    case(
        "bytes that are not UTF-8",
        Before(MANDATE, b"\xff\xfe"),
        NotUtf8,
        "byte 0",
        "",
    ),
    case(
        "an empty document",
        Json(MANDATE, "{", ""),
        JsonSyntax,
        "line",
        "",
    ),
    case(
        "a comma after the last member",
        Json(MANDATE, "\"0.25\" }", "\"0.25\", }"),
        JsonSyntax,
        "line 10, column 54",
        "",
    ),
    case(
        "text after the document",
        Json(MARKET, "\"1.5\"\n}", "\"1.5\"\n}{"),
        JsonSyntax,
        "line 28, column 2",
        "",
    ),
    case(
        "nesting deeper than 8 levels",
        Json(
            LIMITS,
            "\"ramp_steps\": \"1\"",
            "\"ramp_steps\": [[[[[[[\"1\"]]]]]]]",
        ),
        TooDeep,
        "portfolio.ramp_steps[0][0][0][0][0][0]",
        "",
    ),
    case(
        "a key twice in an object",
        Json(MANDATE, "\"issuer\"", "\"issuer\": \"x\", \"issuer\""),
        DuplicateKey,
        "issuer",
        "issuer",
    ),
    case(
        "a JSON number",
        Json(LIMITS, "\"gross\": \"1\"", "\"gross\": 1"),
        JsonNumber,
        "portfolio.gross",
        "1",
    ),
    case(
        "a JSON number with a fraction",
        Json(MANDATE, "\"0.45\"", "0.45"),
        JsonNumber,
        "targets[0].target_exposure",
        "0.45",
    ),
    case(
        "a null",
        Json(MANDATE, "\"0.3\"", "null"),
        JsonNull,
        "cash_weight",
        "",
    ),
    case(
        "a text where true or false belongs",
        Json(REGISTRY, "true", "\"true\""),
        WrongType,
        "assets[0].active",
        "true",
    ),
    case(
        "a text where an array belongs",
        Json(LIMITS, "[\"AAPL\", \"MSFT\"]", "\"AAPL\""),
        WrongType,
        "groups[0].members",
        "AAPL",
    ),
    case(
        "an array where a document belongs",
        Json(
            REGIMES,
            "{\n  \"schema\": \"ios012.regimes.v1\",\n  \"issuer\": \"ios-003\",\n  \"version\": \"12\",\n  \"as_of\": \"2026-11-20T20:00:00.000Z\",\n  \"regimes\": [\n    {\n      \"asset_id\": \"AAPL\",\n      \"label\": \"RANGE_UP\",\n      \"confidence\": \"0.82\",\n      \"model_id\": \"hmm-9\",\n      \"confirmed\": true\n    }\n  ]\n}",
            "[]",
        ),
        WrongType,
        "",
        "",
    ),
    case(
        "an unknown field",
        Json(
            MANDATE,
            "\"target_exposure\": \"0.45\"",
            "\"target_exposure\": \"0.45\", \"stop_loss\": \"0.1\"",
        ),
        UnknownField,
        "targets[0]",
        "stop_loss",
    ),
    case(
        "a misspelt field of the document",
        Json(MANDATE, "\"cash_weight\"", "\"cash_wieght\""),
        UnknownField,
        "",
        "cash_wieght",
    ),
    case(
        "a missing field",
        Json(REGISTRY, "\"tick_size\": \"0.01\",", ""),
        MissingField,
        "assets[0].tick_size",
        "",
    ),
    case(
        "no schema member",
        Json(MANDATE, "\"schema\": \"ios012.mandate.v1\",", ""),
        MissingField,
        "schema",
        "",
    ),
    case(
        "a document of another kind",
        Json(MANDATE, "ios012.mandate.v1", "ios012.market.v1"),
        WrongSchema,
        "schema",
        "ios012.market.v1",
    ),
    case(
        "a document of a later version",
        Json(MANDATE, "ios012.mandate.v1", "ios012.mandate.v2"),
        WrongSchema,
        "schema",
        "ios012.mandate.v2",
    ),
];
