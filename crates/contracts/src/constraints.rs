//! IoS-006: the limits.

use ios012_constraints::{
    AssetLimits, Block, Cap, ConstraintsError, GroupCap, LimitSet, Limits, ShockRule,
};
use ios012_core::schedule::MAX_SLICES;
use ios012_core::{AssetId, ClassId, CurrencyCode, Exposure, GroupId, Money, Ratio, Schedule};
use schemars::JsonSchema;
use serde::Deserialize;

use crate::keys::{SignatureText, SignedText};
use crate::reader::{Reader, parse};
use crate::text::{ScheduleKind, Text};
use crate::{Document, DocumentKind, Place, Refusal, RefusalCode, Token};

/// How far currency pairs may disagree where the document does not say: 0.001.
const FX_LOOP_TOLERANCE: Ratio = Ratio::from_units(1_000_000_000);

/// The IoS-006 constraints.
#[derive(Debug, Clone)]
pub struct Constraints {
    issuer: Token,
    version: Token,
    limits: Limits,
    fx_loop_tolerance: Ratio,
    signature: Option<SignedText>,
    document: Document,
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(
    title = "IoS-006 constraints",
    description = "The limits of a portfolio."
)]
pub(crate) struct RawConstraints {
    #[expect(dead_code, reason = "checked before the raw form is read")]
    #[schemars(extend("const" = "ios012.constraints.v1"))]
    schema: String,
    issuer: Text<Token>,
    version: Text<Token>,
    #[expect(dead_code, reason = "read with the signature")]
    key_id: Option<Text<Token>>,
    #[expect(dead_code, reason = "read with the signature")]
    signature: Option<Text<SignatureText>>,
    assets: Vec<RawAssetLimits>,
    groups: Vec<RawGroup>,
    classes: Vec<RawClass>,
    currencies: Vec<RawCurrency>,
    portfolio: RawPortfolio,
    execution: RawExecution,
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "asset_limits")]
struct RawAssetLimits {
    asset_id: Text<AssetId>,
    max_exposure: Text<Exposure>,
    min_exposure: Text<Exposure>,
    max_delta_exposure: Text<Exposure>,
    max_leverage: Text<Ratio>,
    block: Text<Block>,
    shock_threshold: Option<Text<Ratio>>,
    shock_block: Option<Text<Block>>,
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "group_row")]
struct RawGroup {
    group: Text<GroupId>,
    cap: Text<Exposure>,
    members: Vec<Text<AssetId>>,
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "class_row")]
struct RawClass {
    class: Text<ClassId>,
    cap: Text<Exposure>,
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "currency_row")]
struct RawCurrency {
    currency: Text<CurrencyCode>,
    cap: Text<Exposure>,
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "portfolio_limits")]
struct RawPortfolio {
    gross: Text<Exposure>,
    net: Text<Exposure>,
    cash_floor: Text<Exposure>,
    dead_band: Text<Exposure>,
    ramp_steps: Text<u32>,
    soft_shock_threshold: Option<Text<Ratio>>,
    hard_shock_threshold: Option<Text<Ratio>>,
    jump_band: Option<Text<Ratio>>,
    max_price_age_s: Option<Text<u64>>,
    fx_loop_tolerance: Option<Text<Ratio>>,
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "execution_limits")]
struct RawExecution {
    fee_bps: Text<Ratio>,
    slippage_bps: Text<Ratio>,
    price_collar_bps: Text<Ratio>,
    max_order_notional: Option<Text<Money>>,
    max_orders_per_cycle: Option<Text<u32>>,
    max_turnover: Option<Text<Exposure>>,
    schedule: Option<RawSchedule>,
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "schedule")]
struct RawSchedule {
    kind: Text<ScheduleKind>,
    slices: Option<Text<u32>>,
    interval_s: Option<Text<u32>>,
}

impl Constraints {
    /// Parses and checks constraints.
    ///
    /// # Errors
    /// The first rule that does not hold.
    pub fn parse(file: &str, bytes: &[u8]) -> Result<Self, Refusal> {
        parse(DocumentKind::Constraints, file, bytes, |reader, loaded| {
            let raw: RawConstraints = loaded.raw;
            let set = read_limits(reader, &raw)?;
            check_rows(reader, &raw, &set)?;
            let limits = Limits::new(set).map_err(|error| limit_fault(reader, &raw, &error))?;
            Ok(Self {
                issuer: reader.read(&raw.issuer, format_args!("issuer"))?,
                version: reader.read(&raw.version, format_args!("version"))?,
                limits,
                fx_loop_tolerance: read_loop_tolerance(reader, &raw.portfolio)?,
                signature: loaded.signature,
                document: loaded.document,
            })
        })
    }

    /// Who answers for it.
    pub const fn issuer(&self) -> &Token {
        &self.issuer
    }

    /// Its version.
    pub const fn version(&self) -> &Token {
        &self.version
    }

    /// The limits.
    pub const fn limits(&self) -> &Limits {
        &self.limits
    }

    /// How far currency pairs that form a loop may disagree, as a fraction of the rate.
    pub const fn fx_loop_tolerance(&self) -> Ratio {
        self.fx_loop_tolerance
    }

    /// The signature, if it has one.
    pub const fn signature(&self) -> Option<&SignedText> {
        self.signature.as_ref()
    }

    /// The document.
    pub const fn document(&self) -> &Document {
        &self.document
    }
}

fn read_limits(reader: &Reader<'_>, raw: &RawConstraints) -> Result<LimitSet, Refusal> {
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
        max_orders_per_cycle: read_max_orders(reader, &raw.execution)?,
        max_turnover: read_max_turnover(reader, &raw.execution)?,
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

fn read_max_orders(reader: &Reader<'_>, raw: &RawExecution) -> Result<Option<u32>, Refusal> {
    let path = format_args!("execution.max_orders_per_cycle");
    let text = raw.max_orders_per_cycle.as_ref();
    text.map(|text| reader.read_in(text, path, "at least 1", |orders| orders > 0))
        .transpose()
}

fn read_max_turnover(reader: &Reader<'_>, raw: &RawExecution) -> Result<Option<Exposure>, Refusal> {
    let path = format_args!("execution.max_turnover");
    let text = raw.max_turnover.as_ref();
    text.map(|text| reader.read_in(text, path, "above 0", Exposure::is_positive))
        .transpose()
}

fn read_loop_tolerance(reader: &Reader<'_>, raw: &RawPortfolio) -> Result<Ratio, Refusal> {
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

/// The rules of rows that [`Limits::new`] checks too, here with their paths.
fn check_rows(reader: &Reader<'_>, raw: &RawConstraints, set: &LimitSet) -> Result<(), Refusal> {
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
fn limit_fault(reader: &Reader<'_>, raw: &RawConstraints, error: &ConstraintsError) -> Refusal {
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
