//! IoS-003: the regimes that the model sees. They are compared with the mandate's, never used to
//! reason.

use std::fmt;

use ios012_core::{AssetId, Ratio, UtcTime};
use schemars::JsonSchema;
use serde::Deserialize;

use crate::reader::{Reader, parse};
use crate::text::Text;
use crate::{Document, DocumentKind, Refusal, Token};

/// The IoS-003 regimes at one time.
#[derive(Debug, Clone)]
pub struct Regimes {
    issuer: Token,
    version: Token,
    as_of: UtcTime,
    rows: Vec<Regime>,
    document: Document,
}

/// The regime of an asset.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Regime {
    /// The asset.
    pub asset_id: AssetId,
    /// The state it is in.
    pub label: RegimeLabel,
    /// The model's confidence, from 0 to 1.
    pub confidence: Ratio,
    /// The model.
    pub model_id: Token,
    /// Whether the model has confirmed the state.
    pub confirmed: bool,
}

/// The nine states of a regime.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum RegimeLabel {
    /// A strong rise.
    StrongBull,
    /// A rise.
    Bull,
    /// A range that leans up.
    RangeUp,
    /// No direction.
    Neutral,
    /// A range that leans down.
    RangeDown,
    /// A fall.
    Bear,
    /// A strong fall.
    StrongBear,
    /// A rise that feeds on itself.
    Parabolic,
    /// A market that does not work.
    Broken,
}

impl RegimeLabel {
    /// Every state, in the order of the published schema.
    pub const ALL: [Self; 9] = [
        Self::StrongBull,
        Self::Bull,
        Self::RangeUp,
        Self::Neutral,
        Self::RangeDown,
        Self::Bear,
        Self::StrongBear,
        Self::Parabolic,
        Self::Broken,
    ];

    /// The text in documents.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::StrongBull => "STRONG_BULL",
            Self::Bull => "BULL",
            Self::RangeUp => "RANGE_UP",
            Self::Neutral => "NEUTRAL",
            Self::RangeDown => "RANGE_DOWN",
            Self::Bear => "BEAR",
            Self::StrongBear => "STRONG_BEAR",
            Self::Parabolic => "PARABOLIC",
            Self::Broken => "BROKEN",
        }
    }
}

impl fmt::Display for RegimeLabel {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.pad(self.as_str())
    }
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(title = "IoS-003 regimes", description = "Regime labels at one time.")]
pub(crate) struct RawRegimes {
    #[expect(dead_code, reason = "checked before the raw form is read")]
    #[schemars(extend("const" = "ios012.regimes.v1"))]
    schema: String,
    issuer: Text<Token>,
    version: Text<Token>,
    as_of: Text<UtcTime>,
    regimes: Vec<RawRegime>,
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "regime_row")]
struct RawRegime {
    asset_id: Text<AssetId>,
    label: Text<RegimeLabel>,
    confidence: Text<Ratio>,
    model_id: Text<Token>,
    confirmed: bool,
}

impl Regimes {
    /// Parses and checks regimes.
    ///
    /// # Errors
    /// The first rule that does not hold.
    pub fn parse(file: &str, bytes: &[u8]) -> Result<Self, Refusal> {
        parse(DocumentKind::Regimes, file, bytes, |reader, loaded| {
            let raw: RawRegimes = loaded.raw;
            Ok(Self {
                issuer: reader.read(&raw.issuer, format_args!("issuer"))?,
                version: reader.read(&raw.version, format_args!("version"))?,
                as_of: reader.read(&raw.as_of, format_args!("as_of"))?,
                rows: read_rows(reader, &raw.regimes)?,
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

    /// The time at which the labels hold.
    pub const fn as_of(&self) -> UtcTime {
        self.as_of
    }

    /// The regimes, in the order of `asset_id`.
    pub fn rows(&self) -> &[Regime] {
        &self.rows
    }

    /// The regime of an asset.
    pub fn asset(&self, asset_id: &AssetId) -> Option<&Regime> {
        let row = self
            .rows
            .binary_search_by(|row| row.asset_id.cmp(asset_id))
            .ok()?;
        self.rows.get(row)
    }

    /// The document.
    pub const fn document(&self) -> &Document {
        &self.document
    }
}

fn read_rows(reader: &Reader<'_>, rows: &[RawRegime]) -> Result<Vec<Regime>, Refusal> {
    let mut regimes: Vec<Regime> = rows
        .iter()
        .enumerate()
        .map(|(row, raw)| {
            let confidence = reader.read_in(
                &raw.confidence,
                format_args!("regimes[{row}].confidence"),
                "from 0 to 1",
                |value: Ratio| !value.is_negative() && value <= Ratio::ONE,
            )?;
            Ok(Regime {
                asset_id: reader.read(&raw.asset_id, format_args!("regimes[{row}].asset_id"))?,
                label: reader.read(&raw.label, format_args!("regimes[{row}].label"))?,
                confidence,
                model_id: reader.read(&raw.model_id, format_args!("regimes[{row}].model_id"))?,
                confirmed: raw.confirmed,
            })
        })
        .collect::<Result<_, Refusal>>()?;
    reader.unique(regimes.iter().map(|regime| &regime.asset_id), |row| {
        format!("regimes[{row}].asset_id")
    })?;
    regimes.sort_by(|a, b| a.asset_id.cmp(&b.asset_id));
    Ok(regimes)
}
