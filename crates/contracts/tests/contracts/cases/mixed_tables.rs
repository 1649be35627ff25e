//! Rates and events of a history as CSV.

use ios012_contracts::RefusalCode::{
    CrossedFx, CsvHeader, CsvOrder, Decimal, DuplicateRow, EventInstrument, MissingField, NoRate,
    NotApplicable, OutOfRange, UnknownAsset, UnknownPair, UnknownValue,
};

use super::Change::MixedCsv;
use super::{Case, case};

const FX: &str = "fx.csv";
const EVENTS: &str = "events.csv";

pub(crate) const MIXED_TABLES: &[Case] = &[
    case(
        "a column of a pair that the registry does not know",
        MixedCsv(FX, "USDJPY", "USDCHF"),
        UnknownPair,
        "line 1, column USDCHF",
        "USDCHF",
    ),
    case(
        "rates without a pair",
        MixedCsv(FX, "date,EURUSD,BTCUSD,USDJPY,EURJPY", "date"),
        CsvHeader,
        "",
        "",
    ),
    case(
        "a rate of zero in a table",
        MixedCsv(FX, "154.8", "0.0"),
        OutOfRange,
        "line 3, column USDJPY",
        "0.0",
    ),
    case(
        "a rate that is not a number",
        MixedCsv(FX, "154.8", "#N/A"),
        Decimal,
        "line 3, column USDJPY",
        "#N/A",
    ),
    case(
        "a date twice in a table of rates",
        MixedCsv(FX, "2026-12-17", "2026-12-16"),
        DuplicateRow,
        "line 3, column date",
        "2026-12-16",
    ),
    case(
        "a currency that is needed before its first rate",
        MixedCsv(
            FX,
            "2026-12-16,1.165,88000,154.2,179.6\n2026-12-17,1.168,88510",
            "2026-12-17,1.168,",
        ),
        NoRate,
        "line 2, column BTCUSD",
        "BTC",
    ),
    case(
        "rates that disagree around a loop in a table",
        MixedCsv(FX, "180.8", "170.8"),
        CrossedFx,
        "line 3, column EURJPY",
        "170.8",
    ),
    case(
        "a bad rate after the last cycle",
        MixedCsv(
            FX,
            "2026-12-19,,90480,,\n",
            "2026-12-19,,90480,,\n2026-12-21,0,,,\n",
        ),
        OutOfRange,
        "line 6, column EURUSD",
        "0",
    ),
    case(
        "events without a time column",
        MixedCsv(EVENTS, "time,", "when,"),
        CsvHeader,
        "line 1, column time",
        "when",
    ),
    case(
        "events without a kind column",
        MixedCsv(EVENTS, "kind", "days_count"),
        CsvHeader,
        "line 1, column kind",
        "days_count",
    ),
    case(
        "events whose times go back",
        MixedCsv(EVENTS, "2026-12-18,roll", "2026-12-17,roll"),
        CsvOrder,
        "line 5, column time",
        "2026-12-17",
    ),
    case(
        "an unknown kind of event in a table",
        MixedCsv(EVENTS, "transfer", "deposit"),
        UnknownValue,
        "line 2, column kind",
        "deposit",
    ),
    case(
        "a cell that a kind of event does not use",
        MixedCsv(EVENTS, "transfer,,,USD,,", "transfer,,,USD,1.50,"),
        NotApplicable,
        "line 2, column price",
        "1.5",
    ),
    case(
        "an empty cell that a kind of event needs",
        MixedCsv(EVENTS, "88400.0", ""),
        MissingField,
        "line 3, column price",
        "",
    ),
    case(
        "an event of an unknown asset in a table",
        MixedCsv(EVENTS, "funding,BTC-PERP", "funding,BTC-PRP"),
        UnknownAsset,
        "line 3, column asset_id",
        "BTC-PRP",
    ),
    case(
        "an event of another instrument in a table",
        MixedCsv(EVENTS, "funding,BTC-PERP", "funding,TQQQ"),
        EventInstrument,
        "line 3, column asset_id",
        "TQQQ",
    ),
    case(
        "a bad event after the last cycle",
        MixedCsv(
            EVENTS,
            "89400,,-0.00005,,,,,\n",
            "89400,,-0.00005,,,,,\n2027-01-04,funding,BTC-PERP,,,0,,0.0001,,,,,\n",
        ),
        OutOfRange,
        "line 7, column price",
        "0",
    ),
];
