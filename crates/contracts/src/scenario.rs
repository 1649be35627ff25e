//! What a portfolio starts from, and which signatures it asks for.

use ios012_core::account::OpeningPosition;
use ios012_core::{AssetId, CurrencyCode, Money, PortfolioId, Quantity};
use ios012_lineage::Hash;
use schemars::JsonSchema;
use serde::Deserialize;

use crate::reader::{Reader, parse};
use crate::text::{Prose, Text};
use crate::{Document, DocumentKind, Refusal};

/// The scenario of a folder.
#[derive(Debug, Clone)]
pub struct Scenario {
    portfolio_id: PortfolioId,
    title: String,
    description: String,
    base_currency: CurrencyCode,
    opening_cash: Money,
    opening_positions: Vec<OpeningPosition>,
    signatures: SignaturePolicy,
    roles_sha256: Option<Hash>,
    document: Document,
}

/// Whether registry, constraints and mandates must be signed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SignaturePolicy {
    /// A signature is verified where it is given and a key registry is there.
    Optional,
    /// A document without a verified signature is refused.
    Required,
}

impl SignaturePolicy {
    /// The text in documents.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Optional => "optional",
            Self::Required => "required",
        }
    }
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(title = "Scenario", description = "What a portfolio starts from.")]
pub(crate) struct RawScenario {
    #[expect(dead_code, reason = "checked before the raw form is read")]
    #[schemars(extend("const" = "ios012.scenario.v1"))]
    schema: String,
    portfolio_id: Text<PortfolioId>,
    title: Text<Prose>,
    description: Text<Prose>,
    base_currency: Text<CurrencyCode>,
    opening_cash: Text<Money>,
    #[serde(default)]
    opening_positions: Vec<RawPosition>,
    policy: RawPolicy,
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "position_row")]
struct RawPosition {
    asset_id: Text<AssetId>,
    quantity: Text<Quantity>,
    cost: Text<Money>,
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "policy")]
struct RawPolicy {
    signatures: Text<SignaturePolicy>,
    roles_sha256: Option<Text<Hash>>,
}

impl Scenario {
    /// Parses and checks a scenario.
    ///
    /// # Errors
    /// The first rule that does not hold.
    pub fn parse(file: &str, bytes: &[u8]) -> Result<Self, Refusal> {
        parse(DocumentKind::Scenario, file, bytes, |reader, loaded| {
            let raw: RawScenario = loaded.raw;
            let opening_cash = reader.read_in(
                &raw.opening_cash,
                format_args!("opening_cash"),
                "0 or above",
                |cash: Money| !cash.is_negative(),
            )?;
            Ok(Self {
                portfolio_id: reader.read(&raw.portfolio_id, format_args!("portfolio_id"))?,
                title: reader.read(&raw.title, format_args!("title"))?.0,
                description: reader
                    .read(&raw.description, format_args!("description"))?
                    .0,
                base_currency: reader.read(&raw.base_currency, format_args!("base_currency"))?,
                opening_cash,
                opening_positions: read_positions(reader, &raw.opening_positions)?,
                signatures: reader
                    .read(&raw.policy.signatures, format_args!("policy.signatures"))?,
                roles_sha256: reader.read_optional(
                    raw.policy.roles_sha256.as_ref(),
                    format_args!("policy.roles_sha256"),
                )?,
                document: loaded.document,
            })
        })
    }

    /// The scenario of a ledger's genesis record. Signatures were judged when the cycles ran.
    pub fn of_ledger(
        portfolio_id: PortfolioId,
        base_currency: CurrencyCode,
        opening_cash: Money,
        opening_positions: Vec<OpeningPosition>,
    ) -> Self {
        let kind = DocumentKind::Scenario;
        Self {
            portfolio_id,
            title: String::new(),
            description: String::new(),
            base_currency,
            opening_cash,
            opening_positions,
            signatures: SignaturePolicy::Optional,
            roles_sha256: None,
            document: Document::new(kind, "genesis".into(), String::new(), None),
        }
    }

    /// The portfolio; also the name of its ledger directory.
    pub const fn portfolio_id(&self) -> &PortfolioId {
        &self.portfolio_id
    }

    /// A line for people.
    pub fn title(&self) -> &str {
        &self.title
    }

    /// A paragraph for people.
    pub fn description(&self) -> &str {
        &self.description
    }

    /// The currency in which NLV is measured.
    pub const fn base_currency(&self) -> &CurrencyCode {
        &self.base_currency
    }

    /// Cash before the first cycle, zero or above.
    pub const fn opening_cash(&self) -> Money {
        self.opening_cash
    }

    /// Positions before the first cycle, in the order of `asset_id`.
    pub fn opening_positions(&self) -> &[OpeningPosition] {
        &self.opening_positions
    }

    /// Whether documents must be signed.
    pub const fn signatures(&self) -> SignaturePolicy {
        self.signatures
    }

    /// SHA-256 of the roles file (docs/governance.md) by which commands are judged. Without one none
    /// is carried out.
    pub const fn roles_sha256(&self) -> Option<Hash> {
        self.roles_sha256
    }

    /// The document.
    pub const fn document(&self) -> &Document {
        &self.document
    }
}

fn read_positions(
    reader: &Reader<'_>,
    rows: &[RawPosition],
) -> Result<Vec<OpeningPosition>, Refusal> {
    let mut positions: Vec<OpeningPosition> = rows
        .iter()
        .enumerate()
        .map(|(row, raw)| {
            let path = format!("opening_positions[{row}]");
            Ok(OpeningPosition {
                asset_id: reader.read(&raw.asset_id, format_args!("{path}.asset_id"))?,
                quantity: reader.read_in(
                    &raw.quantity,
                    format_args!("{path}.quantity"),
                    "above 0",
                    Quantity::is_positive,
                )?,
                cost: reader.read_in(
                    &raw.cost,
                    format_args!("{path}.cost"),
                    "0 or above",
                    |cost: Money| !cost.is_negative(),
                )?,
            })
        })
        .collect::<Result<_, Refusal>>()?;
    reader.unique(positions.iter().map(|position| &position.asset_id), |row| {
        format!("opening_positions[{row}].asset_id")
    })?;
    positions.sort_by(|a, b| a.asset_id.cmp(&b.asset_id));
    Ok(positions)
}
