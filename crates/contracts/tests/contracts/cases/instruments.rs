//! Instruments other than base-currency spot, in the set of six instruments.

use ios012_contracts::RefusalCode::{
    CapitalSum, CashWeight, Counter, DuplicateRow, ExpiredContract, LeverageBound, MissingField,
    NotApplicable, OutOfRange, ShortSpot, Time, UnknownValue,
};

use super::Change::Mixed;
use super::{Case, LIMITS, MANDATE, REGISTRY, case};

const TQQQ: &str = "\"asset_id\": \"TQQQ\", \"target_exposure\": \"0.3\"";
const SAP: &str = "\"asset_id\": \"SAP\", \"target_exposure\": \"0.2\"";

pub(crate) const INSTRUMENTS: &[Case] = &[
    case(
        "an unknown payoff",
        Mixed(&[(REGISTRY, "\"inverse\"", "\"quanto\"")]),
        UnknownValue,
        "assets[5].payoff",
        "quanto",
    ),
    case(
        "an inverse payoff of an asset that is no contract",
        Mixed(&[(
            REGISTRY,
            "\"calendar\": \"xetra\"",
            "\"calendar\": \"xetra\", \"payoff\": \"inverse\"",
        )]),
        NotApplicable,
        "assets[0].payoff",
        "inverse",
    ),
    case(
        "a future without an expiry",
        Mixed(&[(REGISTRY, ", \"expiry\": \"2026-12-29T18:30:00.000Z\"", "")]),
        MissingField,
        "assets[3].expiry",
        "",
    ),
    case(
        "an expiry of an asset that does not expire",
        Mixed(&[(
            REGISTRY,
            "\"payoff\": \"inverse\"",
            "\"expiry\": \"2026-12-29T18:30:00.000Z\"",
        )]),
        NotApplicable,
        "assets[5].expiry",
        "2026-12-29T18:30:00.000Z",
    ),
    case(
        "an expiry that is a date",
        Mixed(&[(REGISTRY, "2026-12-29T18:30:00.000Z", "2026-12-29")]),
        Time,
        "assets[3].expiry",
        "2026-12-29",
    ),
    case(
        "a funding interval of a future",
        Mixed(&[(
            REGISTRY,
            "\"expiry\": \"2026-12-29T18:30:00.000Z\"",
            "\"expiry\": \"2026-12-29T18:30:00.000Z\", \"funding_interval_s\": \"28800\"",
        )]),
        NotApplicable,
        "assets[3].funding_interval_s",
        "28800",
    ),
    case(
        "a funding interval of zero",
        Mixed(&[(REGISTRY, "\"28800\"", "\"0\"")]),
        OutOfRange,
        "assets[5].funding_interval_s",
        "0",
    ),
    case(
        "a leveraged token on margin",
        Mixed(&[(
            REGISTRY,
            "\"leverage_factor\": \"3\", \"initial_margin_rate\": \"1\", \"maintenance_margin_rate\": \"1\"",
            "\"leverage_factor\": \"3\", \"initial_margin_rate\": \"0.9\", \"maintenance_margin_rate\": \"0.8\"",
        )]),
        OutOfRange,
        "assets[7].initial_margin_rate",
        "0.9",
    ),
    case(
        "a leveraged token with a contract multiplier",
        Mixed(&[(
            REGISTRY,
            "\"contract_multiplier\": \"1\", \"leverage_factor\": \"3\"",
            "\"contract_multiplier\": \"2\", \"leverage_factor\": \"3\"",
        )]),
        OutOfRange,
        "assets[7].contract_multiplier",
        "2",
    ),
    case(
        "a margin asset with a contract multiplier",
        Mixed(&[(
            REGISTRY,
            "\"contract_multiplier\": \"1\", \"leverage_factor\": \"1\", \"initial_margin_rate\": \"0.5\"",
            "\"contract_multiplier\": \"10\", \"leverage_factor\": \"1\", \"initial_margin_rate\": \"0.5\"",
        )]),
        OutOfRange,
        "assets[1].contract_multiplier",
        "10",
    ),
    case(
        "a perpetual with a leverage factor",
        Mixed(&[(
            REGISTRY,
            "\"leverage_factor\": \"1\", \"initial_margin_rate\": \"0.2\"",
            "\"leverage_factor\": \"2\", \"initial_margin_rate\": \"0.2\"",
        )]),
        OutOfRange,
        "assets[5].leverage_factor",
        "2",
    ),
    case(
        "a multiplier of zero",
        Mixed(&[(
            REGISTRY,
            "\"contract_multiplier\": \"100\"",
            "\"contract_multiplier\": \"0\"",
        )]),
        OutOfRange,
        "assets[3].contract_multiplier",
        "0",
    ),
    case(
        "a currency pair of one currency",
        Mixed(&[(REGISTRY, "\"base\": \"BTC\"", "\"base\": \"USD\"")]),
        OutOfRange,
        "fx_pairs[1].quote",
        "USD",
    ),
    case(
        "two currency pairs of the same currencies",
        Mixed(&[(
            REGISTRY,
            "\"pair\": \"USDJPY\", \"base\": \"USD\", \"quote\": \"JPY\"",
            "\"pair\": \"USDEUR\", \"base\": \"USD\", \"quote\": \"EUR\"",
        )]),
        DuplicateRow,
        "fx_pairs[2].base",
        "EUR and USD",
    ),
    case(
        "a tolerance of loops of 1",
        Mixed(&[(LIMITS, "\"0.0005\"", "\"1\"")]),
        OutOfRange,
        "portfolio.fx_loop_tolerance",
        "1",
    ),
    case(
        "no order at all in a cycle",
        Mixed(&[(LIMITS, "\"20\"", "\"0\"")]),
        OutOfRange,
        "execution.max_orders_per_cycle",
        "0",
    ),
    case(
        "a number of orders with a fraction",
        Mixed(&[(LIMITS, "\"20\"", "\"2.5\"")]),
        Counter,
        "execution.max_orders_per_cycle",
        "2.5",
    ),
    case(
        "a turnover of zero",
        Mixed(&[(LIMITS, "\"0.8\"", "\"0\"")]),
        OutOfRange,
        "execution.max_turnover",
        "0",
    ),
    case(
        "a short target for a leveraged token",
        Mixed(&[(
            MANDATE,
            TQQQ,
            "\"asset_id\": \"TQQQ\", \"target_exposure\": \"-0.3\"",
        )]),
        ShortSpot,
        "targets[TQQQ].target_exposure",
        "-0.3",
    ),
    case(
        "margin that allows more leverage than the bound",
        Mixed(&[(
            LIMITS,
            "\"max_leverage\": \"2\"",
            "\"max_leverage\": \"1.9\"",
        )]),
        LeverageBound,
        "targets[META].asset_id",
        "META",
    ),
    case(
        "a leveraged token with more leverage than the bound",
        Mixed(&[(
            LIMITS,
            "\"max_leverage\": \"3\"",
            "\"max_leverage\": \"2.9\"",
        )]),
        LeverageBound,
        "targets[TQQQ].asset_id",
        "TQQQ",
    ),
    case(
        "capital use of a leveraged token that is not exact",
        Mixed(&[(
            MANDATE,
            TQQQ,
            "\"asset_id\": \"TQQQ\", \"target_exposure\": \"0.4\"",
        )]),
        CapitalSum,
        "targets[TQQQ].target_exposure",
        "0.4",
    ),
    case(
        "a cash weight that counts the whole of a leveraged token",
        Mixed(&[(
            MANDATE,
            "\"cash_weight\": \"0.6\"",
            "\"cash_weight\": \"0.4\"",
        )]),
        CapitalSum,
        "cash_weight",
        "0.4",
    ),
    case(
        "borrowed cash without an asset that borrows",
        Mixed(&[
            (
                MANDATE,
                "    { \"asset_id\": \"META\", \"target_exposure\": \"-0.3\" },\n",
                "",
            ),
            (
                MANDATE,
                "    { \"asset_id\": \"EURUSD\", \"target_exposure\": \"0.4\" },\n",
                "",
            ),
            (
                MANDATE,
                SAP,
                "\"asset_id\": \"SAP\", \"target_exposure\": \"1.2\"",
            ),
            (MANDATE, "\"0.6\"", "\"-0.3\""),
        ]),
        CashWeight,
        "cash_weight",
        "-0.3",
    ),
    case(
        "a target for a contract that has expired",
        Mixed(&[(
            REGISTRY,
            "2027-02-24T18:30:00.000Z",
            "2026-12-18T21:00:00.000Z",
        )]),
        ExpiredContract,
        "targets[GC-2702].target_exposure",
        "0.4",
    ),
];
