//! The thresholds of the breakers (ADR-012, ADR-016).

use ios012_constraints::{BreakerLimits, BreakerResponse, Trigger};
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
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "trigger")]
struct RawTrigger {
    limit: Text<Ratio>,
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
