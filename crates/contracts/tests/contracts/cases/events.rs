//! Rates and events in the market snapshot of six instruments.

use ios012_contracts::RefusalCode::{
    CrossedFx, DuplicateRow, EventAssets, EventInstrument, EventOrder, EventTime, ExpiredHeld,
    FundingMissing, FuturePrice, HeldNotNamed, MissingField, NoRate, NotApplicable, OutOfRange,
    StalePrice, UnknownAsset, UnknownField, UnknownPair, UnknownValue,
};

use super::Change::Mixed;
use super::{Case, LIMITS, MARKET, REGISTRY, case};

const FUNDING_16H: &str = "    { \"kind\": \"funding\", \"time\": \"2026-12-18T16:00:00.000Z\", \"asset_id\": \"BTC-PERP\", \"rate\": \"0.00012\", \"price\": \"89800\" },\n";
const ROLL: &str = "    { \"kind\": \"roll\", \"time\": \"2026-12-18T19:00:00.000Z\", \"asset_id\": \"GC-2612\", \"price\": \"4081\", \"into\": \"GC-2702\", \"into_price\": \"4103\" },\n";
const BTCUSD: &str = "    { \"pair\": \"BTCUSD\", \"rate\": \"90010\", \"rate_time\": \"2026-12-18T21:00:00.000Z\" },\n";
const SETTLEMENT: &str = "\"kind\": \"settlement\", \"time\": \"2026-12-18T18:30:00.000Z\"";
const EARLY_EXPIRY: &str = "\"kind\": \"expiry\", \"time\": \"2026-12-18T18:30:00.000Z\"";

pub(crate) const EVENTS: &[Case] = &[
    case(
        "a rate of zero",
        Mixed(&[(MARKET, "\"rate\": \"155\"", "\"rate\": \"0\"")]),
        OutOfRange,
        "fx[2].rate",
        "0",
    ),
    case(
        "a rate of a pair that the registry does not know",
        Mixed(&[(MARKET, "\"USDJPY\"", "\"USDCHF\"")]),
        UnknownPair,
        "fx[USDCHF].pair",
        "USDCHF",
    ),
    case(
        "two rates of a pair",
        Mixed(&[(MARKET, "\"USDJPY\"", "\"EURUSD\"")]),
        DuplicateRow,
        "fx[2].pair",
        "EURUSD",
    ),
    case(
        "a rate from the future",
        Mixed(&[(MARKET, "20:59:59.000Z", "21:00:00.001Z")]),
        FuturePrice,
        "fx[EURUSD].rate_time",
        "2026-12-18T21:00:00.001Z",
    ),
    case(
        "a stale rate of an asset whose market is open",
        Mixed(&[(
            MARKET,
            "\"90010\", \"rate_time\": \"2026-12-18T21:00:00.000Z\"",
            "\"90010\", \"rate_time\": \"2026-12-18T20:44:59.999Z\"",
        )]),
        StalePrice,
        "fx[BTCUSD].rate_time",
        "2026-12-18T20:44:59.999Z",
    ),
    case(
        "no rate of a currency that an asset settles in",
        Mixed(&[(MARKET, BTCUSD, "")]),
        NoRate,
        "fx[BTCUSD].rate",
        "BTC",
    ),
    case(
        "no pair of a currency and the base currency",
        Mixed(&[
            (MARKET, BTCUSD, ""),
            (
                REGISTRY,
                "{ \"pair\": \"BTCUSD\", \"base\": \"BTC\", \"quote\": \"USD\" },\n",
                "",
            ),
        ]),
        NoRate,
        "fx",
        "BTC",
    ),
    case(
        "currency pairs that disagree around a loop",
        Mixed(&[(MARKET, "\"181.4\"", "\"184.1\"")]),
        CrossedFx,
        "fx[EURJPY].rate",
        "184.1",
    ),
    case(
        "a loop that is beyond a tighter tolerance",
        Mixed(&[(LIMITS, "\"0.0005\"", "\"0.0002\"")]),
        CrossedFx,
        "fx[EURJPY].rate",
        "181.4",
    ),
    case(
        "an unknown kind of event",
        Mixed(&[(MARKET, "\"transfer\"", "\"deposit\"")]),
        UnknownValue,
        "events[10].kind",
        "deposit",
    ),
    case(
        "an event with a member of no event",
        Mixed(&[(MARKET, "\"amount\"", "\"sum\"")]),
        UnknownField,
        "events[10], field",
        "sum",
    ),
    case(
        "an event with a member of another kind",
        Mixed(&[(
            MARKET,
            "\"amount\": \"25000\"",
            "\"amount\": \"25000\", \"price\": \"1\"",
        )]),
        NotApplicable,
        "events[10].price",
        "1",
    ),
    case(
        "an event without a member of its kind",
        Mixed(&[(MARKET, ", \"price\": \"88900\"", "")]),
        MissingField,
        "events[1].price",
        "",
    ),
    case(
        "events that go back in time",
        Mixed(&[(
            MARKET,
            "2026-12-18T20:00:00.000Z",
            "2026-12-18T18:59:59.999Z",
        )]),
        EventOrder,
        "events[10].time",
        "2026-12-18T18:59:59.999Z",
    ),
    case(
        "an event twice",
        Mixed(&[
            (
                MARKET,
                "2026-12-18T08:00:00.000Z",
                "2026-12-18T16:00:00.000Z",
            ),
            (
                MARKET,
                "2026-12-18T14:30:00.000Z",
                "2026-12-18T16:00:00.000Z",
            ),
            (
                MARKET,
                "2026-12-18T14:30:00.000Z",
                "2026-12-18T16:00:00.000Z",
            ),
        ]),
        DuplicateRow,
        "events[7].asset_id",
        "BTC-PERP",
    ),
    case(
        "an event from after the cycle",
        Mixed(&[(
            MARKET,
            "2026-12-18T20:00:00.000Z",
            "2026-12-18T21:00:00.001Z",
        )]),
        EventTime,
        "events[10].time",
        "2026-12-18T21:00:00.001Z",
    ),
    case(
        "an event from before the last cycle",
        Mixed(&[(
            MARKET,
            "2026-12-18T00:00:00.000Z",
            "2026-12-17T21:00:00.000Z",
        )]),
        EventTime,
        "events[0].time",
        "2026-12-17T21:00:00.000Z",
    ),
    case(
        "a last settlement before the expiry",
        Mixed(&[(MARKET, SETTLEMENT, EARLY_EXPIRY)]),
        EventTime,
        "events[8].time",
        "2026-12-18T18:30:00.000Z",
    ),
    case(
        "an event of an unknown asset",
        Mixed(&[(
            MARKET,
            "\"asset_id\": \"FB\", \"into\"",
            "\"asset_id\": \"FBK\", \"into\"",
        )]),
        UnknownAsset,
        "events[0].asset_id",
        "FBK",
    ),
    case(
        "a symbol change into an unknown asset",
        Mixed(&[(MARKET, "\"into\": \"META\"", "\"into\": \"MTA\"")]),
        UnknownAsset,
        "events[0].into",
        "MTA",
    ),
    case(
        "funding of a future",
        Mixed(&[(
            MARKET,
            "\"kind\": \"funding\", \"time\": \"2026-12-18T16:00:00.000Z\", \"asset_id\": \"BTC-PERP\"",
            "\"kind\": \"funding\", \"time\": \"2026-12-18T16:00:00.000Z\", \"asset_id\": \"GC-2612\"",
        )]),
        EventInstrument,
        "events[7].asset_id",
        "GC-2612",
    ),
    case(
        "a settlement of a perpetual",
        Mixed(&[(
            MARKET,
            "\"asset_id\": \"GC-2612\", \"price\": \"4080.1\"",
            "\"asset_id\": \"BTC-PERP\", \"price\": \"4080.1\"",
        )]),
        EventInstrument,
        "events[8].asset_id",
        "BTC-PERP",
    ),
    case(
        "borrow interest of an asset that is paid in full",
        Mixed(&[(
            MARKET,
            "\"asset_id\": \"META\", \"long_rate\"",
            "\"asset_id\": \"SAP\", \"long_rate\"",
        )]),
        EventInstrument,
        "events[3].asset_id",
        "SAP",
    ),
    case(
        "a split of a currency pair",
        Mixed(&[(
            MARKET,
            "\"asset_id\": \"TQQQ\", \"numerator\"",
            "\"asset_id\": \"EURUSD\", \"numerator\"",
        )]),
        EventInstrument,
        "events[6].asset_id",
        "EURUSD",
    ),
    case(
        "a roll into a contract of another size",
        Mixed(&[(
            REGISTRY,
            "\"contract_multiplier\": \"100\"",
            "\"contract_multiplier\": \"10\"",
        )]),
        EventAssets,
        "events[9].into",
        "GC-2702",
    ),
    case(
        "a roll into the same contract",
        Mixed(&[(MARKET, "\"into\": \"GC-2702\"", "\"into\": \"GC-2612\"")]),
        EventAssets,
        "events[9].into",
        "GC-2612",
    ),
    case(
        "a symbol change into another instrument",
        Mixed(&[(MARKET, "\"into\": \"META\"", "\"into\": \"TQQQ\"")]),
        EventAssets,
        "events[0].into",
        "TQQQ",
    ),
    case(
        "a settlement price of zero",
        Mixed(&[(MARKET, "\"4080.1\"", "\"0\"")]),
        OutOfRange,
        "events[8].price",
        "0",
    ),
    case(
        "a negative settlement price",
        Mixed(&[(MARKET, "\"4080.1\"", "\"-4080.1\"")]),
        OutOfRange,
        "events[8].price",
        "-4080.1",
    ),
    case(
        "a funding rate in percent",
        Mixed(&[(MARKET, "\"rate\": \"0.0001\"", "\"rate\": \"1.01\"")]),
        OutOfRange,
        "events[1].rate",
        "1.01",
    ),
    case(
        "interest of no day",
        Mixed(&[(MARKET, "\"days\": \"1\"", "\"days\": \"0\"")]),
        OutOfRange,
        "events[2].days",
        "0",
    ),
    case(
        "interest of more than a year",
        Mixed(&[(MARKET, "\"days\": \"1\"", "\"days\": \"367\"")]),
        OutOfRange,
        "events[2].days",
        "367",
    ),
    case(
        "an unknown day count",
        Mixed(&[(MARKET, "\"act_360\"", "\"30_360\"")]),
        UnknownValue,
        "events[2].day_count",
        "30_360",
    ),
    case(
        "a split into nothing",
        Mixed(&[(MARKET, "\"numerator\": \"2\"", "\"numerator\": \"0\"")]),
        OutOfRange,
        "events[6].numerator",
        "0",
    ),
    case(
        "a split of more than a million",
        Mixed(&[(
            MARKET,
            "\"denominator\": \"1\"",
            "\"denominator\": \"1000001\"",
        )]),
        OutOfRange,
        "events[6].denominator",
        "1000001",
    ),
    case(
        "a transfer of nothing",
        Mixed(&[(MARKET, "\"25000\"", "\"0\"")]),
        OutOfRange,
        "events[10].amount",
        "0",
    ),
    case(
        "a transfer in a currency without a rate",
        Mixed(&[(
            MARKET,
            "\"currency\": \"USD\", \"amount\"",
            "\"currency\": \"CHF\", \"amount\"",
        )]),
        NoRate,
        "fx",
        "CHF",
    ),
    case(
        "a perpetual that is held, without one of its fundings",
        Mixed(&[(MARKET, FUNDING_16H, "")]),
        FundingMissing,
        "events",
        "2026-12-18T16:00:00.000Z",
    ),
    case(
        "a future that is held past its expiry",
        Mixed(&[
            (MARKET, ROLL, ""),
            (
                REGISTRY,
                "2026-12-29T18:30:00.000Z",
                "2026-12-18T18:30:00.000Z",
            ),
        ]),
        ExpiredHeld,
        "events",
        "GC-2612",
    ),
    case(
        "a contract that was rolled into, and is not named",
        Mixed(&[(
            "mandate.json",
            "    { \"asset_id\": \"GC-2702\", \"target_exposure\": \"0.4\" },\n",
            "",
        )]),
        HeldNotNamed,
        "targets",
        "GC-2702",
    ),
];
