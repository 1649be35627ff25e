//! The documents that hold for many cycles, checked against each other.

use std::sync::Arc;

use ios012_core::{AssetId, CurrencyCode, Instrument, PortfolioId, UtcTime};

use crate::keys::{KeyPeriod, KeyRegistry, SignedText};
use crate::{
    Constraints, Document, DocumentKind, Place, Refusal, RefusalCode, Registry, Scenario,
    SignaturePolicy, Token,
};

/// Scenario, registry, constraints and keys of a portfolio, which agree with each other.
///
/// [`Standing::check`] is its only maker. New limits need a new one.
#[derive(Debug, Clone)]
pub struct Standing {
    scenario: Scenario,
    registry: Arc<Registry>,
    constraints: Arc<Constraints>,
    keys: Option<KeyRegistry>,
    registry_key: Option<KeyPeriod>,
    constraints_key: Option<KeyPeriod>,
}

impl Standing {
    /// Checks the documents against each other, and the signatures of registry and constraints.
    ///
    /// # Errors
    /// The first rule that does not hold.
    pub fn check(
        scenario: Scenario,
        registry: Arc<Registry>,
        constraints: Arc<Constraints>,
        keys: Option<KeyRegistry>,
    ) -> Result<Self, Refusal> {
        check_currency(&scenario, &registry)?;
        check_positions(&scenario, &registry)?;
        check_members(&registry, &constraints)?;
        let mut standing = Self {
            scenario,
            registry,
            constraints,
            keys,
            registry_key: None,
            constraints_key: None,
        };
        let (registry, constraints) = (&standing.registry, &standing.constraints);
        let registry_key =
            standing.verify(registry.document(), registry.issuer(), registry.signature())?;
        let constraints_key = standing.verify(
            constraints.document(),
            constraints.issuer(),
            constraints.signature(),
        )?;
        standing.registry_key = registry_key;
        standing.constraints_key = constraints_key;
        Ok(standing)
    }

    /// The portfolio.
    pub const fn portfolio_id(&self) -> &PortfolioId {
        self.scenario.portfolio_id()
    }

    /// The currency in which NLV is measured.
    pub const fn base_currency(&self) -> &CurrencyCode {
        self.scenario.base_currency()
    }

    /// The scenario.
    pub const fn scenario(&self) -> &Scenario {
        &self.scenario
    }

    /// IoS-001.
    pub const fn registry(&self) -> &Arc<Registry> {
        &self.registry
    }

    /// IoS-006.
    pub const fn constraints(&self) -> &Arc<Constraints> {
        &self.constraints
    }

    /// Verifies a signature as the policy asks.
    pub(crate) fn verify(
        &self,
        document: &Document,
        issuer: &Token,
        signature: Option<&SignedText>,
    ) -> Result<Option<KeyPeriod>, Refusal> {
        let required = self.scenario.signatures() == SignaturePolicy::Required;
        match (signature, &self.keys) {
            (_, None) if required => {
                let kind = DocumentKind::Keys;
                let code = RefusalCode::KeysMissing;
                Err(Refusal::new(code, kind, kind.file_name(), Place::Whole))
            }
            (None, _) if required => {
                let code = RefusalCode::SignatureMissing;
                let place = Place::path("signature");
                Err(Refusal::new(code, document.kind(), document.file(), place))
            }
            (Some(signature), Some(keys)) => keys.verify(document, issuer, signature).map(Some),
            _ => Ok(None),
        }
    }

    /// Refuses registry or constraints whose key is not valid at a cycle's time.
    pub(crate) fn check_keys(&self, as_of: UtcTime) -> Result<(), Refusal> {
        if let Some(period) = self.registry_key {
            period.check(self.registry.document(), as_of)?;
        }
        if let Some(period) = self.constraints_key {
            period.check(self.constraints.document(), as_of)?;
        }
        Ok(())
    }
}

fn check_currency(scenario: &Scenario, registry: &Registry) -> Result<(), Refusal> {
    if scenario.base_currency() == registry.base_currency() {
        return Ok(());
    }
    let code = RefusalCode::BaseCurrencyMismatch;
    let place = Place::path("base_currency");
    let refusal = Refusal::new(
        code,
        DocumentKind::Registry,
        registry.document().file(),
        place,
    );
    let rule = format!("must be {}, as in the scenario", scenario.base_currency());
    Err(refusal.value(registry.base_currency()).rule(rule))
}

fn check_positions(scenario: &Scenario, registry: &Registry) -> Result<(), Refusal> {
    for position in scenario.opening_positions() {
        let place = registry.position(position.asset_id.as_str());
        let code = match place.and_then(|place| registry.assets().get(place)) {
            None => RefusalCode::UnknownAsset,
            Some(asset)
                if asset.instrument != Instrument::Spot
                    || asset.currency != *registry.base_currency() =>
            {
                RefusalCode::OpeningPosition
            }
            Some(_) => continue,
        };
        let place = Place::row("opening_positions", &position.asset_id, "asset_id");
        let file = scenario.document().file();
        let refusal = Refusal::new(code, DocumentKind::Scenario, file, place);
        return Err(refusal.value(&position.asset_id));
    }
    Ok(())
}

/// A limit on something that the registry does not know would never bind, and hide a typing error.
fn check_members(registry: &Registry, constraints: &Constraints) -> Result<(), Refusal> {
    let refuse = |path: String, value: &str| {
        let code = RefusalCode::UnknownMember;
        let file = constraints.document().file();
        let refusal = Refusal::new(code, DocumentKind::Constraints, file, Place::Path(path));
        Err(refusal.value(value))
    };
    let known = |asset_id: &AssetId| registry.position(asset_id.as_str()).is_some();
    let limits = constraints.limits();
    if let Some(row) = limits.assets.iter().find(|row| !known(&row.asset_id)) {
        return refuse(
            format!("assets[{}].asset_id", row.asset_id),
            row.asset_id.as_str(),
        );
    }
    for group in &limits.groups {
        if let Some(member) = group.members.iter().find(|member| !known(member)) {
            return refuse(format!("groups[{}].members", group.id), member.as_str());
        }
    }
    let classes = |id: &_| registry.assets().iter().any(|asset| asset.class == *id);
    if let Some(cap) = limits.classes.iter().find(|cap| !classes(&cap.id)) {
        return refuse(format!("classes[{}].class", cap.id), cap.id.as_str());
    }
    let currencies = |id: &_| registry.assets().iter().any(|asset| asset.currency == *id);
    if let Some(cap) = limits.currencies.iter().find(|cap| !currencies(&cap.id)) {
        return refuse(format!("currencies[{}].currency", cap.id), cap.id.as_str());
    }
    Ok(())
}
