//! The rules of [`ios012_constraints::Limits::new`] with the place where one was broken.

use ios012_constraints::{ConstraintsError, LimitSet};
use ios012_core::{AssetId, Ratio};

use super::{RawAssetLimits, RawConstraints};
use crate::reader::Reader;
use crate::text::Text;
use crate::{Place, Refusal, RefusalCode};

/// The rules of rows that [`Limits::new`] checks too, here with their paths.
pub(super) fn check_rows(
    reader: &Reader<'_>,
    raw: &RawConstraints,
    set: &LimitSet,
) -> Result<(), Refusal> {
    reader.unique(set.assets.iter().map(|row| &row.asset_id), |row| {
        format!("assets[{row}].asset_id")
    })?;
    reader.unique(set.groups.iter().map(|row| &row.id), |row| {
        format!("groups[{row}].group")
    })?;
    reader.unique(set.classes.iter().map(|row| &row.id), |row| {
        format!("classes[{row}].class")
    })?;
    reader.unique(set.currencies.iter().map(|row| &row.id), |row| {
        format!("currencies[{row}].currency")
    })?;
    let caps = [
        (
            "groups",
            set.groups.iter().map(|row| row.cap).collect::<Vec<_>>(),
        ),
        ("classes", set.classes.iter().map(|row| row.cap).collect()),
        (
            "currencies",
            set.currencies.iter().map(|row| row.cap).collect(),
        ),
    ];
    for (table, caps) in caps {
        for (row, cap) in caps.into_iter().enumerate() {
            if cap.is_negative() {
                let path = format_args!("{table}[{row}].cap");
                let refusal = reader.refuse_value(RefusalCode::OutOfRange, path, cap);
                return Err(refusal.rule("must be 0 or above"));
            }
        }
    }
    for (row, (asset, texts)) in set.assets.iter().zip(&raw.assets).enumerate() {
        let leverage = Some(asset.max_leverage);
        let threshold = asset.shock.map(|rule| rule.threshold);
        for (field, value) in [("max_leverage", leverage), ("shock_threshold", threshold)] {
            if let Some(value) = value.filter(|value| value.is_negative()) {
                let path = format_args!("assets[{row}].{field}");
                let refusal = reader.refuse_value(RefusalCode::OutOfRange, path, value);
                return Err(refusal.rule("must be 0 or above"));
            }
        }
        debug_assert_eq!(texts.asset_id.as_str(), asset.asset_id.as_str());
    }
    Ok(())
}

/// A rule of [`Limits::new`] with the place where it was broken.
pub(super) fn limit_fault(
    reader: &Reader<'_>,
    raw: &RawConstraints,
    error: &ConstraintsError,
) -> Refusal {
    let find = |id: &AssetId| {
        let rows = raw.assets.iter().enumerate();
        rows.into_iter()
            .find(|(_, asset)| asset.asset_id.as_str() == id.as_str())
    };
    let at_asset = |code, id: &AssetId, field, value: fn(&RawAssetLimits) -> &str| {
        let (row, asset) = find(id).unzip();
        let path = format_args!("assets[{}].{field}", row.unwrap_or_default());
        reader.refuse_value(code, path, asset.map(value).unwrap_or_default())
    };
    let portfolio = &raw.portfolio;
    let at =
        |code, path: &str, value: &str| reader.refuse_value(code, format_args!("{path}"), value);
    match error {
        ConstraintsError::ExposureBounds { asset_id } => {
            let refusal = at_asset(
                RefusalCode::ExposureBounds,
                asset_id,
                "min_exposure",
                |asset| asset.min_exposure.as_str(),
            );
            let max = find(asset_id).map(|(_, asset)| asset.max_exposure.as_str());
            let remedy = format!(
                "correct it, or max_exposure, which is {}",
                max.unwrap_or_default()
            );
            refusal.remedy(remedy)
        }
        ConstraintsError::MaxDelta { asset_id } => at_asset(
            RefusalCode::MaxDelta,
            asset_id,
            "max_delta_exposure",
            |asset| asset.max_delta_exposure.as_str(),
        ),
        ConstraintsError::DeadBand { asset_id } => {
            let refusal = at(
                RefusalCode::DeadBand,
                "portfolio.dead_band",
                portfolio.dead_band.as_str(),
            );
            refusal.remedy(format!(
                "lower dead_band, or raise max_delta_exposure of {asset_id}"
            ))
        }
        ConstraintsError::CashFloor => at(
            RefusalCode::CashFloor,
            "portfolio.cash_floor",
            portfolio.cash_floor.as_str(),
        ),
        ConstraintsError::RampSteps => at(
            RefusalCode::OutOfRange,
            "portfolio.ramp_steps",
            portfolio.ramp_steps.as_str(),
        )
        .rule("must be at least 1")
        .remedy("write 1 to move at once"),
        ConstraintsError::CollarTooWide => at(
            RefusalCode::CollarTooWide,
            "execution.price_collar_bps",
            raw.execution.price_collar_bps.as_str(),
        ),
        ConstraintsError::ShockThresholds => at(
            RefusalCode::ShockThresholds,
            "portfolio.soft_shock_threshold",
            portfolio
                .soft_shock_threshold
                .as_ref()
                .map_or("", Text::as_str),
        ),
        ConstraintsError::Negative { field } => negative_fault(reader, raw, field),
        ConstraintsError::Duplicate { what } => reader
            .refuse(RefusalCode::DuplicateRow, Place::Whole)
            .value(what),
        // The rest comes from arithmetic that left its range, or from decisions, not from limits.
        other => reader
            .refuse(RefusalCode::DecimalRange, Place::Whole)
            .rule(other.to_string()),
    }
}

fn negative_fault(reader: &Reader<'_>, raw: &RawConstraints, field: &'static str) -> Refusal {
    let portfolio = &raw.portfolio;
    let optional = |text: &Option<Text<Ratio>>| {
        text.as_ref()
            .map(|text| text.as_str().to_owned())
            .unwrap_or_default()
    };
    let (table, value) = match field {
        "gross" => ("portfolio", portfolio.gross.as_str().to_owned()),
        "net" => ("portfolio", portfolio.net.as_str().to_owned()),
        "cash_floor" => ("portfolio", portfolio.cash_floor.as_str().to_owned()),
        "dead_band" => ("portfolio", portfolio.dead_band.as_str().to_owned()),
        "soft_shock_threshold" => ("portfolio", optional(&portfolio.soft_shock_threshold)),
        "hard_shock_threshold" => ("portfolio", optional(&portfolio.hard_shock_threshold)),
        "jump_band" => ("portfolio", optional(&portfolio.jump_band)),
        _ => {
            let notional = raw.execution.max_order_notional.as_ref();
            ("execution", notional.map_or("", Text::as_str).to_owned())
        }
    };
    let path = format_args!("{table}.{field}");
    reader
        .refuse_value(RefusalCode::OutOfRange, path, value)
        .rule("must be 0 or above")
}
