//! Which members and values belong to which instrument.

use ios012_core::{AssetSpec, Instrument, Payoff, Ratio};

use super::RawAsset;
use crate::reader::Reader;
use crate::text::Text;
use crate::{Place, Refusal, RefusalCode};

/// What each instrument fixes (docs/documents.md, IoS-001).
pub(super) fn check_economics(
    reader: &Reader<'_>,
    row: usize,
    asset: &AssetSpec,
) -> Result<(), Refusal> {
    use Instrument::{Fx, LeveragedToken, Margin, Spot};
    let instrument = asset.instrument;
    let by_unit = matches!(instrument, Spot | LeveragedToken | Margin | Fx);
    let in_full = matches!(instrument, Spot | LeveragedToken);
    let plain = instrument != LeveragedToken;
    for (field, value, fixed) in [
        ("contract_multiplier", asset.contract_multiplier, by_unit),
        ("leverage_factor", asset.leverage_factor, plain),
        ("initial_margin_rate", asset.initial_margin_rate, in_full),
        (
            "maintenance_margin_rate",
            asset.maintenance_margin_rate,
            in_full,
        ),
    ] {
        if fixed && value != Ratio::ONE {
            let path = format_args!("assets[{row}].{field}");
            let refusal = reader.refuse_value(RefusalCode::OutOfRange, path, value);
            let rule = format!("{field} must be 1 for instrument {instrument}");
            return Err(refusal
                .rule(rule)
                .remedy("write 1, or correct the instrument"));
        }
    }
    if instrument == Instrument::Future && asset.expiry.is_none() {
        let place = Place::path(format_args!("assets[{row}].expiry"));
        let refusal = reader.refuse(RefusalCode::MissingField, place);
        return Err(refusal.rule("a future must have an expiry"));
    }
    Ok(())
}

/// Refuses members that do not belong to the instrument.
pub(super) fn check_members(
    reader: &Reader<'_>,
    row: usize,
    raw: &RawAsset,
    asset: &AssetSpec,
) -> Result<(), Refusal> {
    let future = asset.instrument == Instrument::Future;
    let perpetual = asset.instrument == Instrument::Perpetual;
    let payoff = raw.payoff.as_ref().map(Text::as_str);
    let interval = raw.funding_interval_s.as_ref().map(Text::as_str);
    for (field, text, allowed, owners) in [
        (
            "payoff",
            payoff.filter(|_| asset.payoff == Payoff::Inverse),
            future || perpetual,
            "an inverse payoff belongs to a future or a perpetual",
        ),
        (
            "expiry",
            raw.expiry.as_ref().map(Text::as_str),
            future,
            "an expiry belongs to a future",
        ),
        (
            "funding_interval_s",
            interval,
            perpetual,
            "a funding interval belongs to a perpetual",
        ),
    ] {
        if let Some(text) = text.filter(|_| !allowed) {
            let path = format_args!("assets[{row}].{field}");
            let refusal = reader.refuse_value(RefusalCode::NotApplicable, path, text);
            return Err(refusal.rule(format!("{owners}; the instrument is {}", asset.instrument)));
        }
    }
    Ok(())
}
