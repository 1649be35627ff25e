//! Breakers and aggregate controls, in the set of six instruments.

use ios012_contracts::RefusalCode::{
    Identifier, MissingField, OutOfRange, UnknownField, UnknownValue,
};

use super::Change::Mixed;
use super::{Case, LIMITS, case};

macro_rules! execution {
    ($members:literal) => {
        Mixed(&[(
            LIMITS,
            "\"max_orders_per_cycle\"",
            concat!($members, ", \"max_orders_per_cycle\""),
        )])
    };
}

macro_rules! breakers {
    ($members:literal) => {
        Mixed(&[(
            LIMITS,
            "\"execution\"",
            concat!("\"breakers\": {", $members, "}, \"execution\""),
        )])
    };
}

pub(crate) const BREAKERS: &[Case] = &[
    case(
        "a largest order of no units",
        Mixed(&[(
            LIMITS,
            "\"max_leverage\": \"1\"",
            "\"max_leverage\": \"1\", \"max_order_quantity\": \"0\"",
        )]),
        OutOfRange,
        "assets[0].max_order_quantity",
        "0",
    ),
    case(
        "a turnover of a day below zero",
        execution!("\"max_daily_turnover\": \"-0.5\""),
        OutOfRange,
        "execution.max_daily_turnover",
        "-0.5",
    ),
    case(
        "no order at all in a minute",
        execution!("\"max_orders_per_minute\": \"0\""),
        OutOfRange,
        "execution.max_orders_per_minute",
        "0",
    ),
    case(
        "a throttle without its window",
        execution!("\"repeated_execution\": {\"max_orders\": \"5\"}"),
        MissingField,
        "execution.repeated_execution.window_s",
        "",
    ),
    case(
        "a throttle that lets nothing pass",
        execution!("\"repeated_execution\": {\"max_orders\": \"0\", \"window_s\": \"60\"}"),
        OutOfRange,
        "execution.repeated_execution.max_orders",
        "0",
    ),
    case(
        "a throttle over more than a week",
        execution!("\"repeated_execution\": {\"max_orders\": \"5\", \"window_s\": \"604801\"}"),
        OutOfRange,
        "execution.repeated_execution.window_s",
        "604801",
    ),
    case(
        "a pin of the roles file that is no SHA-256",
        Mixed(&[(
            "scenario.json",
            "\"signatures\"",
            "\"roles_sha256\": \"abc\", \"signatures\"",
        )]),
        Identifier,
        "policy.roles_sha256",
        "abc",
    ),
    case(
        "a breaker that is not known",
        breakers!("\"moon_phase\": \"abort\""),
        UnknownField,
        "breakers",
        "moon_phase",
    ),
    case(
        "a response that is not known",
        breakers!("\"margin_breach\": \"hope\""),
        UnknownValue,
        "breakers.margin_breach",
        "hope",
    ),
    case(
        "a drawdown without a response",
        breakers!("\"drawdown\": {\"limit\": \"0.2\"}"),
        MissingField,
        "breakers.drawdown.response",
        "",
    ),
    case(
        "a drawdown of everything",
        breakers!("\"drawdown\": {\"limit\": \"1\", \"response\": \"to_cash\"}"),
        OutOfRange,
        "breakers.drawdown.limit",
        "1",
    ),
    case(
        "a loss of a day below zero",
        breakers!("\"daily_loss\": {\"limit\": \"-0.1\", \"response\": \"abort\"}"),
        OutOfRange,
        "breakers.daily_loss.limit",
        "-0.1",
    ),
    case(
        "a window of one mandate",
        breakers!("\"strategy_instability\": {\"window_cycles\": \"1\", \"response\": \"abort\"}"),
        OutOfRange,
        "breakers.strategy_instability.window_cycles",
        "1",
    ),
    case(
        "a variance below zero",
        breakers!(
            "\"strategy_instability\": {\"window_cycles\": \"5\", \"max_variance\": \"-1\", \"response\": \"abort\"}"
        ),
        OutOfRange,
        "breakers.strategy_instability.max_variance",
        "-1",
    ),
    case(
        "a confidence above 1",
        breakers!(
            "\"strategy_instability\": {\"window_cycles\": \"5\", \"min_confidence\": \"1.1\", \"response\": \"abort\"}"
        ),
        OutOfRange,
        "breakers.strategy_instability.min_confidence",
        "1.1",
    ),
    case(
        "drift that warns later than ADR-010 allows",
        breakers!("\"execution_drift\": {\"warn\": \"0.06\", \"halt\": \"0.1\"}"),
        OutOfRange,
        "breakers.execution_drift.warn",
        "0.06",
    ),
    case(
        "drift that halts before it warns",
        breakers!("\"execution_drift\": {\"warn\": \"0.05\", \"halt\": \"0.04\"}"),
        OutOfRange,
        "breakers.execution_drift.halt",
        "0.04",
    ),
    case(
        "drift that never halts",
        breakers!("\"execution_drift\": {\"warn\": \"0.05\"}"),
        MissingField,
        "breakers.execution_drift.halt",
        "",
    ),
    case(
        "instability without a window",
        breakers!("\"strategy_instability\": {\"max_flips\": \"3\", \"response\": \"abort\"}"),
        MissingField,
        "breakers.strategy_instability.window_cycles",
        "",
    ),
];
