//! The thresholds of the breakers (ADR-012, ADR-016).

use ios012_constraints::{BreakerLimits, BreakerResponse, DriftLimits, StabilityLimits, Trigger};
use ios012_core::Ratio;
use schemars::JsonSchema;
use serde::Deserialize;

use crate::Refusal;
use crate::reader::Reader;
use crate::text::Text;

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "breakers")]
pub(super) struct RawBreakers {
    margin_breach: Option<Text<BreakerResponse>>,
    daily_loss: Option<RawTrigger>,
    drawdown: Option<RawTrigger>,
    strategy_instability: Option<RawStability>,
    execution_drift: Option<RawDrift>,
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "execution_drift")]
struct RawDrift {
    warn: Text<Ratio>,
    halt: Text<Ratio>,
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "trigger")]
struct RawTrigger {
    limit: Text<Ratio>,
    response: Text<BreakerResponse>,
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "strategy_instability")]
struct RawStability {
    window_cycles: Text<u32>,
    max_flips: Option<Text<u32>>,
    max_turnover: Option<Text<Ratio>>,
    max_variance: Option<Text<Ratio>>,
    max_unconfirmed: Option<Text<u32>>,
    min_confidence: Option<Text<Ratio>>,
    response: Text<BreakerResponse>,
}

pub(super) fn read_breakers(
    reader: &Reader<'_>,
    raw: Option<&RawBreakers>,
) -> Result<BreakerLimits, Refusal> {
    let Some(raw) = raw else {
        return Ok(BreakerLimits::default());
    };
    Ok(BreakerLimits {
        margin_breach: reader.read_optional(
            raw.margin_breach.as_ref(),
            format_args!("breakers.margin_breach"),
        )?,
        daily_loss: read_trigger(reader, raw.daily_loss.as_ref(), "daily_loss")?,
        drawdown: read_trigger(reader, raw.drawdown.as_ref(), "drawdown")?,
        stability: read_stability(reader, raw.strategy_instability.as_ref())?,
        drift: read_drift(reader, raw.execution_drift.as_ref())?,
    })
}

/// A loss is a fraction: one of all that there was, or more, would never be passed in time.
fn read_trigger(
    reader: &Reader<'_>,
    raw: Option<&RawTrigger>,
    field: &str,
) -> Result<Option<Trigger>, Refusal> {
    let Some(raw) = raw else {
        return Ok(None);
    };
    let path = format_args!("breakers.{field}.limit");
    let limit = reader.read_in(
        &raw.limit,
        path,
        "0 or above, and below 1",
        |limit: Ratio| !limit.is_negative() && limit < Ratio::ONE,
    )?;
    let path = format_args!("breakers.{field}.response");
    Ok(Some(Trigger {
        limit,
        response: reader.read(&raw.response, path)?,
    }))
}

fn read_stability(
    reader: &Reader<'_>,
    raw: Option<&RawStability>,
) -> Result<Option<StabilityLimits>, Refusal> {
    let Some(raw) = raw else {
        return Ok(None);
    };
    macro_rules! at {
        ($field:ident) => {
            format_args!(concat!(
                "breakers.strategy_instability.",
                stringify!($field)
            ))
        };
    }
    macro_rules! ratio {
        ($field:ident, $rule:literal, $is_in:expr) => {
            match &raw.$field {
                Some(text) => Some(reader.read_in(text, at!($field), $rule, $is_in)?),
                None => None,
            }
        };
    }
    let not_negative = |value: Ratio| !value.is_negative();
    Ok(Some(StabilityLimits {
        window_cycles: reader.read_in(
            &raw.window_cycles,
            at!(window_cycles),
            "2 to 1000",
            |cycles: u32| (2..=StabilityLimits::MAX_WINDOW).contains(&cycles),
        )?,
        max_flips: reader.read_optional(raw.max_flips.as_ref(), at!(max_flips))?,
        max_turnover: ratio!(max_turnover, "0 or above", not_negative),
        max_variance: ratio!(max_variance, "0 or above", not_negative),
        max_unconfirmed: reader
            .read_optional(raw.max_unconfirmed.as_ref(), at!(max_unconfirmed))?,
        min_confidence: ratio!(min_confidence, "from 0 to 1", |value: Ratio| {
            !value.is_negative() && value <= Ratio::ONE
        }),
        response: reader.read(&raw.response, at!(response))?,
    }))
}

/// The scores of ADR-010 may be tightened, never widened.
fn read_drift(reader: &Reader<'_>, raw: Option<&RawDrift>) -> Result<DriftLimits, Refusal> {
    let Some(raw) = raw else {
        return Ok(DriftLimits::default());
    };
    let path = format_args!("breakers.execution_drift.warn");
    let is_in = |warn: Ratio| warn.is_positive() && warn <= DriftLimits::WARN;
    let warn = reader.read_in(&raw.warn, path, "above 0, and 0.05 at most", is_in)?;
    let path = format_args!("breakers.execution_drift.halt");
    let is_in = |halt| DriftLimits::new(warn, halt).is_some();
    let halt = reader.read_in(&raw.halt, path, "from warn to 0.1", is_in)?;
    Ok(DriftLimits::new(warn, halt).unwrap_or_default())
}
