//! From the raw document to the limits, each text with its place.

use ios012_constraints::{AssetLimits, Cap, GroupCap, LimitSet, RepeatedExecution, ShockRule};
use ios012_core::schedule::MAX_SLICES;
use ios012_core::{Exposure, Quantity, Ratio, Schedule};

use super::breakers::read_breakers;
use super::{
    RawAssetLimits, RawConstraints, RawGroup, RawPortfolio, RawRepeatedExecution, RawSchedule,
};
use crate::reader::Reader;
use crate::text::{ScheduleKind, Text};
use crate::{Place, Refusal, RefusalCode};

/// How far currency pairs may disagree where the document does not say: 0.001.
const FX_LOOP_TOLERANCE: Ratio = Ratio::from_units(1_000_000_000);

pub(super) fn read_limits(reader: &Reader<'_>, raw: &RawConstraints) -> Result<LimitSet, Refusal> {
    macro_rules! portfolio {
        ($field:ident) => {
            reader.read(
                &raw.portfolio.$field,
                format_args!("portfolio.{}", stringify!($field)),
            )?
        };
    }
    macro_rules! optional {
        ($table:ident.$field:ident) => {
            reader.read_optional(
                raw.$table.$field.as_ref(),
                format_args!("{}.{}", stringify!($table), stringify!($field)),
            )?
        };
    }
    macro_rules! in_range {
        ($field:ident, $rule:literal, $holds:expr) => {{
            let path = format_args!("execution.{}", stringify!($field));
            let text = raw.execution.$field.as_ref();
            text.map(|text| reader.read_in(text, path, $rule, $holds))
                .transpose()?
        }};
    }
    macro_rules! at_least_one {
        ($field:ident) => {
            in_range!($field, "at least 1", |orders: u32| orders > 0)
        };
    }
    macro_rules! above_zero {
        ($field:ident) => {
            in_range!($field, "above 0", Exposure::is_positive)
        };
    }
    macro_rules! basis_points {
        ($field:ident) => {
            basis_points(reader, &raw.execution.$field, stringify!($field))?
        };
    }
    Ok(LimitSet {
        assets: read_rows(&raw.assets, |row, asset| read_asset(reader, row, asset))?,
        groups: read_rows(&raw.groups, |row, group| read_group(reader, row, group))?,
        classes: read_rows(&raw.classes, |row, class| {
            Ok(Cap {
                id: reader.read(&class.class, format_args!("classes[{row}].class"))?,
                cap: reader.read(&class.cap, format_args!("classes[{row}].cap"))?,
            })
        })?,
        currencies: read_rows(&raw.currencies, |row, currency| {
            Ok(Cap {
                id: reader.read(
                    &currency.currency,
                    format_args!("currencies[{row}].currency"),
                )?,
                cap: reader.read(&currency.cap, format_args!("currencies[{row}].cap"))?,
            })
        })?,
        gross: portfolio!(gross),
        net: portfolio!(net),
        cash_floor: portfolio!(cash_floor),
        dead_band: portfolio!(dead_band),
        ramp_steps: portfolio!(ramp_steps),
        fee: basis_points!(fee_bps),
        slippage: basis_points!(slippage_bps),
        collar: basis_points!(price_collar_bps),
        max_order_notional: optional!(execution.max_order_notional),
        schedule: read_schedule(reader, raw.execution.schedule.as_ref())?,
        max_orders_per_cycle: at_least_one!(max_orders_per_cycle),
        max_turnover: above_zero!(max_turnover),
        max_daily_turnover: above_zero!(max_daily_turnover),
        max_orders_per_minute: at_least_one!(max_orders_per_minute),
        repeated_execution: read_repeated(reader, raw.execution.repeated_execution.as_ref())?,
        breakers: read_breakers(reader, raw.breakers.as_ref())?,
        soft_shock_threshold: optional!(portfolio.soft_shock_threshold),
        hard_shock_threshold: optional!(portfolio.hard_shock_threshold),
        jump_band: optional!(portfolio.jump_band),
        max_price_age_s: optional!(portfolio.max_price_age_s),
    })
}

/// Longest time from the first slice to the last.
const LONGEST_SCHEDULE_S: u64 = 30 * 86_400;

fn read_schedule(reader: &Reader<'_>, raw: Option<&RawSchedule>) -> Result<Schedule, Refusal> {
    let Some(raw) = raw else {
        return Ok(Schedule::Immediate);
    };
    let kind = reader.read(&raw.kind, format_args!("execution.schedule.kind"))?;
    let fields = [("slices", &raw.slices), ("interval_s", &raw.interval_s)];
    match (kind, &raw.slices, &raw.interval_s) {
        (ScheduleKind::Immediate, None, None) => Ok(Schedule::Immediate),
        (ScheduleKind::Immediate, ..) => {
            let given = fields.iter().find(|(_, text)| text.is_some());
            let field = given.map_or("slices", |(field, _)| field);
            let path = Place::path(format!("execution.schedule.{field}"));
            let refusal = reader.refuse(RefusalCode::NotApplicable, path);
            Err(refusal.rule("an immediate schedule has neither slices nor interval_s"))
        }
        (ScheduleKind::Twap, Some(slices), Some(interval_s)) => {
            let path = format_args!("execution.schedule.slices");
            let rule = "2 to 1000";
            let slices = reader.read_in(slices, path, rule, |slices| {
                (2..=MAX_SLICES).contains(&slices)
            })?;
            let path = format_args!("execution.schedule.interval_s");
            let rule = "1 to 86400, and slices × interval_s at most 30 days";
            let interval_s = reader.read_in(interval_s, path, rule, |interval_s: u32| {
                let whole_s = u64::from(slices) * u64::from(interval_s);
                (1..=86_400).contains(&interval_s) && whole_s <= LONGEST_SCHEDULE_S
            })?;
            Ok(Schedule::Twap { slices, interval_s })
        }
        (ScheduleKind::Twap, ..) => {
            let missing = fields.iter().find(|(_, text)| text.is_none());
            let field = missing.map_or("slices", |(field, _)| field);
            let path = Place::path(format!("execution.schedule.{field}"));
            let refusal = reader.refuse(RefusalCode::MissingField, path);
            Err(refusal.rule("a twap schedule has slices and interval_s"))
        }
    }
}

fn read_repeated(
    reader: &Reader<'_>,
    raw: Option<&RawRepeatedExecution>,
) -> Result<Option<RepeatedExecution>, Refusal> {
    let Some(raw) = raw else {
        return Ok(None);
    };
    let read = |text: &Text<u32>, field: &str, rule, most| {
        let path = format_args!("execution.repeated_execution.{field}");
        reader.read_in(text, path, rule, |value: u32| (1..=most).contains(&value))
    };
    Ok(Some(RepeatedExecution {
        max_orders: read(&raw.max_orders, "max_orders", "1 to 100000", 100_000)?,
        window_s: read(
            &raw.window_s,
            "window_s",
            "1 to 604800 (a week)",
            RepeatedExecution::LONGEST_WINDOW_S,
        )?,
    }))
}

pub(super) fn read_loop_tolerance(
    reader: &Reader<'_>,
    raw: &RawPortfolio,
) -> Result<Ratio, Refusal> {
    let path = format_args!("portfolio.fx_loop_tolerance");
    let rule = "0 or above, and below 1";
    let Some(text) = &raw.fx_loop_tolerance else {
        return Ok(FX_LOOP_TOLERANCE);
    };
    reader.read_in(text, path, rule, |tolerance: Ratio| {
        !tolerance.is_negative() && tolerance < Ratio::ONE
    })
}

fn read_rows<Raw, Row>(
    rows: &[Raw],
    read: impl Fn(usize, &Raw) -> Result<Row, Refusal>,
) -> Result<Vec<Row>, Refusal> {
    rows.iter()
        .enumerate()
        .map(|(row, raw)| read(row, raw))
        .collect()
}

fn read_asset(
    reader: &Reader<'_>,
    row: usize,
    raw: &RawAssetLimits,
) -> Result<AssetLimits, Refusal> {
    macro_rules! at {
        ($field:ident) => {
            reader.read(
                &raw.$field,
                format_args!("assets[{row}].{}", stringify!($field)),
            )?
        };
    }
    let shock = match (&raw.shock_threshold, &raw.shock_block) {
        (None, None) => None,
        (Some(threshold), Some(block)) => Some(ShockRule {
            threshold: reader.read(threshold, format_args!("assets[{row}].shock_threshold"))?,
            block: reader.read(block, format_args!("assets[{row}].shock_block"))?,
        }),
        (threshold, _) => {
            let missing = if threshold.is_none() {
                "shock_threshold"
            } else {
                "shock_block"
            };
            let place = Place::path(format_args!("assets[{row}].{missing}"));
            return Err(reader.refuse(RefusalCode::ShockRule, place));
        }
    };
    Ok(AssetLimits {
        asset_id: at!(asset_id),
        min_exposure: at!(min_exposure),
        max_exposure: at!(max_exposure),
        max_delta_exposure: at!(max_delta_exposure),
        max_leverage: at!(max_leverage),
        block: at!(block),
        shock,
        max_order_quantity: raw
            .max_order_quantity
            .as_ref()
            .map(|text| {
                let path = format_args!("assets[{row}].max_order_quantity");
                reader.read_in(text, path, "above 0", Quantity::is_positive)
            })
            .transpose()?,
    })
}

fn read_group(reader: &Reader<'_>, row: usize, raw: &RawGroup) -> Result<GroupCap, Refusal> {
    let members = read_rows(&raw.members, |at, member| {
        reader.read(member, format_args!("groups[{row}].members[{at}]"))
    })?;
    reader.unique(members.iter(), |at| format!("groups[{row}].members[{at}]"))?;
    Ok(GroupCap {
        id: reader.read(&raw.group, format_args!("groups[{row}].group"))?,
        members,
        cap: reader.read(&raw.cap, format_args!("groups[{row}].cap"))?,
    })
}

/// A number of basis points as a ratio, refused where a digit would be lost.
fn basis_points(
    reader: &Reader<'_>,
    text: &Text<Ratio>,
    field: &'static str,
) -> Result<Ratio, Refusal> {
    let path = format_args!("execution.{field}");
    let points = reader.read_in(text, path, "0 or above", |points: Ratio| {
        !points.is_negative()
    })?;
    let ratio = Ratio::from_basis_points(points).ok();
    let exact = |ratio: &Ratio| ratio.units().checked_mul(10_000) == Some(points.units());
    ratio.filter(exact).ok_or_else(|| {
        let refusal = reader.refuse_value(RefusalCode::DecimalDigits, path, text.as_str());
        refusal.rule("at most 8 digits after the point of a number of basis points")
    })
}
