//! The rules of IoS-006.

use ios012_contracts::RefusalCode::{
    CashFloor, CollarTooWide, DeadBand, ExposureBounds, MaxDelta, OutOfRange, ShockRule,
    ShockThresholds, UnknownMember,
};

use super::Change::Json;
use super::{Case, LIMITS, case};

pub(crate) const LIMIT_RULES: &[Case] = &[
    case(
        "min_exposure above 0",
        Json(
            LIMITS,
            "\"min_exposure\": \"0\"",
            "\"min_exposure\": \"0.1\"",
        ),
        ExposureBounds,
        "assets[0].min_exposure",
        "0.1",
    ),
    case(
        "min_exposure below -max_exposure",
        Json(
            LIMITS,
            "\"min_exposure\": \"0\"",
            "\"min_exposure\": \"-0.7\"",
        ),
        ExposureBounds,
        "assets[0].min_exposure",
        "-0.7",
    ),
    case(
        "max_delta_exposure of zero",
        Json(
            LIMITS,
            "\"max_delta_exposure\": \"0.25\"",
            "\"max_delta_exposure\": \"0\"",
        ),
        MaxDelta,
        "assets[0].max_delta_exposure",
        "0",
    ),
    case(
        "a dead band wider than the largest step",
        Json(LIMITS, "\"dead_band\": \"0.001\"", "\"dead_band\": \"0.3\""),
        DeadBand,
        "portfolio.dead_band",
        "0.3",
    ),
    case(
        "a negative dead band",
        Json(
            LIMITS,
            "\"dead_band\": \"0.001\"",
            "\"dead_band\": \"-0.001\"",
        ),
        OutOfRange,
        "portfolio.dead_band",
        "-0.001",
    ),
    case(
        "a cash floor above 1",
        Json(LIMITS, "\"cash_floor\": \"0.02\"", "\"cash_floor\": \"2\""),
        CashFloor,
        "portfolio.cash_floor",
        "2",
    ),
    case(
        "a collar that could lose the whole portfolio",
        Json(
            LIMITS,
            "\"price_collar_bps\": \"50\"",
            "\"price_collar_bps\": \"9990\"",
        ),
        CollarTooWide,
        "execution.price_collar_bps",
        "9990",
    ),
    case(
        "a soft threshold above the hard one",
        Json(
            LIMITS,
            "\"soft_shock_threshold\": \"4\"",
            "\"soft_shock_threshold\": \"7\"",
        ),
        ShockThresholds,
        "portfolio.soft_shock_threshold",
        "7",
    ),
    case(
        "a shock threshold without its block",
        Json(LIMITS, ",\n      \"shock_block\": \"reduce_only\"", ""),
        ShockRule,
        "assets[1].shock_block",
        "",
    ),
    case(
        "a negative cap",
        Json(LIMITS, "\"cap\": \"0.9\"", "\"cap\": \"-0.9\""),
        OutOfRange,
        "groups[0].cap",
        "-0.9",
    ),
    case(
        "negative fees",
        Json(LIMITS, "\"fee_bps\": \"10\"", "\"fee_bps\": \"-10\""),
        OutOfRange,
        "execution.fee_bps",
        "-10",
    ),
    case(
        "a ramp without steps",
        Json(LIMITS, "\"ramp_steps\": \"1\"", "\"ramp_steps\": \"0\""),
        OutOfRange,
        "portfolio.ramp_steps",
        "0",
    ),
    case(
        "limits of an asset that the registry does not know",
        Json(LIMITS, "\"MSFT\"", "\"MSTF\""),
        UnknownMember,
        "assets[MSTF].asset_id",
        "MSTF",
    ),
    case(
        "a group member that the registry does not know",
        Json(LIMITS, "[\"AAPL\", \"MSFT\"]", "[\"AAPL\", \"MSTF\"]"),
        UnknownMember,
        "groups[big-tech].members",
        "MSTF",
    ),
    case(
        "a cap on a class without assets",
        Json(LIMITS, "\"equity\"", "\"equities\""),
        UnknownMember,
        "classes[equities].class",
        "equities",
    ),
    case(
        "a cap on a currency without assets",
        Json(LIMITS, "\"USD\"", "\"CHF\""),
        UnknownMember,
        "currencies[CHF].currency",
        "CHF",
    ),
];
