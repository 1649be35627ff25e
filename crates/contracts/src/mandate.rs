//! IoS-004: what the portfolio is to hold.

use ios012_core::{AssetId, Exposure, PortfolioId, UtcTime};
use schemars::JsonSchema;
use serde::Deserialize;

use crate::keys::{SignatureText, SignedText};
use crate::reader::{Reader, parse};
use crate::text::Text;
use crate::{Document, DocumentKind, Place, Refusal, RefusalCode, RegimeLabel, Token};

/// An IoS-004 mandate, checked by itself. [`crate::CycleInput`] checks it against the rest.
#[derive(Debug, Clone)]
pub struct Mandate {
    pub(crate) body: MandateBody,
    pub(crate) signature: Option<SignedText>,
    pub(crate) document: Document,
}

/// What a mandate says.
#[derive(Debug, Clone)]
pub(crate) struct MandateBody {
    pub(crate) portfolio_id: PortfolioId,
    pub(crate) issuer: Token,
    pub(crate) as_of: UtcTime,
    pub(crate) valid_until: UtcTime,
    pub(crate) cash_weight: Option<Exposure>,
    pub(crate) targets: Vec<Target>,
    pub(crate) regimes: Option<Vec<RegimeClaim>>,
}

/// The exposure that an asset is to have.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Target {
    /// The asset.
    pub asset_id: AssetId,
    /// Signed fraction of NLV.
    pub exposure: Exposure,
}

/// The regime under which the allocator says it chose a target.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RegimeClaim {
    /// The asset.
    pub asset_id: AssetId,
    /// Its regime.
    pub label: RegimeLabel,
    /// The model that said so.
    pub model_id: Token,
    /// `as_of` of the IoS-003 document.
    pub as_of: UtcTime,
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(
    title = "IoS-004 mandate",
    description = "Target exposures at one time."
)]
pub(crate) struct RawMandate {
    #[expect(dead_code, reason = "checked before the raw form is read")]
    #[schemars(extend("const" = "ios012.mandate.v1"))]
    schema: String,
    portfolio_id: Text<PortfolioId>,
    as_of: Text<UtcTime>,
    valid_until: Text<UtcTime>,
    issuer: Text<Token>,
    #[expect(dead_code, reason = "read with the signature")]
    key_id: Option<Text<Token>>,
    #[expect(dead_code, reason = "read with the signature")]
    signature: Option<Text<SignatureText>>,
    cash_weight: Option<Text<Exposure>>,
    targets: Vec<RawTarget>,
    regimes: Option<Vec<RawClaim>>,
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "target_row")]
struct RawTarget {
    asset_id: Text<AssetId>,
    target_exposure: Text<Exposure>,
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "claim_row")]
struct RawClaim {
    asset_id: Text<AssetId>,
    label: Text<RegimeLabel>,
    model_id: Text<Token>,
    as_of: Text<UtcTime>,
}

impl Mandate {
    /// Parses and checks a mandate by itself.
    ///
    /// # Errors
    /// The first rule that does not hold.
    pub fn parse(file: &str, bytes: &[u8]) -> Result<Self, Refusal> {
        parse(DocumentKind::Mandate, file, bytes, |reader, loaded| {
            Ok(Self {
                body: read_body(reader, &loaded.raw)?,
                signature: loaded.signature,
                document: loaded.document,
            })
        })
    }

    /// The portfolio that it is for.
    pub const fn portfolio_id(&self) -> &PortfolioId {
        &self.body.portfolio_id
    }

    /// Who asks for it.
    pub const fn issuer(&self) -> &Token {
        &self.body.issuer
    }

    /// The time at which the targets hold.
    pub const fn as_of(&self) -> UtcTime {
        self.body.as_of
    }

    /// The time from which it may not be executed.
    pub const fn valid_until(&self) -> UtcTime {
        self.body.valid_until
    }

    /// The part of the capital that stays cash, where it is given.
    pub const fn cash_weight(&self) -> Option<Exposure> {
        self.body.cash_weight
    }

    /// The targets, in the order of `asset_id`.
    pub fn targets(&self) -> &[Target] {
        &self.body.targets
    }

    /// The regimes that it carries, in the order of `asset_id`.
    pub fn regimes(&self) -> Option<&[RegimeClaim]> {
        self.body.regimes.as_deref()
    }

    /// The document.
    pub const fn document(&self) -> &Document {
        &self.document
    }
}

fn read_body(reader: &Reader<'_>, raw: &RawMandate) -> Result<MandateBody, Refusal> {
    let as_of = reader.read(&raw.as_of, format_args!("as_of"))?;
    let valid_until = reader.read(&raw.valid_until, format_args!("valid_until"))?;
    let regimes = raw.regimes.as_deref();
    let body = MandateBody {
        portfolio_id: reader.read(&raw.portfolio_id, format_args!("portfolio_id"))?,
        issuer: reader.read(&raw.issuer, format_args!("issuer"))?,
        as_of,
        valid_until,
        cash_weight: reader.read_optional(raw.cash_weight.as_ref(), format_args!("cash_weight"))?,
        targets: read_targets(reader, &raw.targets)?,
        regimes: regimes.map(|rows| read_claims(reader, rows)).transpose()?,
    };
    if valid_until <= as_of {
        let refusal = reader.refuse_value(
            RefusalCode::Expired,
            format_args!("valid_until"),
            valid_until,
        );
        return Err(refusal.rule(format!("valid_until must be after as_of, which is {as_of}")));
    }
    Ok(body)
}

fn read_targets(reader: &Reader<'_>, rows: &[RawTarget]) -> Result<Vec<Target>, Refusal> {
    if rows.is_empty() {
        return Err(reader.refuse(RefusalCode::NoRows, Place::path("targets")));
    }
    let mut targets: Vec<Target> = rows
        .iter()
        .enumerate()
        .map(|(row, raw)| {
            Ok(Target {
                asset_id: reader.read(&raw.asset_id, format_args!("targets[{row}].asset_id"))?,
                exposure: reader.read(
                    &raw.target_exposure,
                    format_args!("targets[{row}].target_exposure"),
                )?,
            })
        })
        .collect::<Result<_, Refusal>>()?;
    reader.unique(targets.iter().map(|target| &target.asset_id), |row| {
        format!("targets[{row}].asset_id")
    })?;
    targets.sort_by(|a, b| a.asset_id.cmp(&b.asset_id));
    Ok(targets)
}

fn read_claims(reader: &Reader<'_>, rows: &[RawClaim]) -> Result<Vec<RegimeClaim>, Refusal> {
    let mut claims: Vec<RegimeClaim> = rows
        .iter()
        .enumerate()
        .map(|(row, raw)| {
            Ok(RegimeClaim {
                asset_id: reader.read(&raw.asset_id, format_args!("regimes[{row}].asset_id"))?,
                label: reader.read(&raw.label, format_args!("regimes[{row}].label"))?,
                model_id: reader.read(&raw.model_id, format_args!("regimes[{row}].model_id"))?,
                as_of: reader.read(&raw.as_of, format_args!("regimes[{row}].as_of"))?,
            })
        })
        .collect::<Result<_, Refusal>>()?;
    reader.unique(claims.iter().map(|claim| &claim.asset_id), |row| {
        format!("regimes[{row}].asset_id")
    })?;
    claims.sort_by(|a, b| a.asset_id.cmp(&b.asset_id));
    Ok(claims)
}
