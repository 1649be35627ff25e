//! IoS-006: the limits.

mod breakers;
mod faults;
mod limits;

use ios012_constraints::{Block, Limits};
use ios012_core::{AssetId, ClassId, CurrencyCode, Exposure, GroupId, Money, Quantity, Ratio};
use schemars::JsonSchema;
use serde::Deserialize;

use self::breakers::RawBreakers;
use self::faults::{check_rows, limit_fault};
use self::limits::{read_limits, read_loop_tolerance};
use crate::keys::{SignatureText, SignedText};
use crate::reader::parse;
use crate::text::{ScheduleKind, Text};
use crate::{Document, DocumentKind, Refusal, Token};

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
    breakers: Option<RawBreakers>,
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
    max_order_quantity: Option<Text<Quantity>>,
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
    max_daily_turnover: Option<Text<Exposure>>,
    max_orders_per_minute: Option<Text<u32>>,
    repeated_execution: Option<RawRepeatedExecution>,
    schedule: Option<RawSchedule>,
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "repeated_execution")]
struct RawRepeatedExecution {
    max_orders: Text<u32>,
    window_s: Text<u32>,
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
