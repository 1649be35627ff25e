//! What a document is to the ledger: its kind, its canonical JSON, and the hash over that.

use std::fmt;
use std::sync::Arc;

use ios012_lineage::{Hash, sha256};

/// The kinds of documents that this crate reads.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum DocumentKind {
    /// IoS-001: assets and their economics.
    Registry,
    /// IoS-006: limits.
    Constraints,
    /// IoS-004: target exposures.
    Mandate,
    /// IoS-003: regime labels.
    Regimes,
    /// The market snapshot of IoS-001.
    Market,
    /// Public keys of the issuers.
    Keys,
    /// What a portfolio starts from.
    Scenario,
}

impl DocumentKind {
    /// Every kind.
    pub const ALL: [Self; 7] = [
        Self::Registry,
        Self::Constraints,
        Self::Mandate,
        Self::Regimes,
        Self::Market,
        Self::Keys,
        Self::Scenario,
    ];

    /// The text in messages, in key registries and in file names.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Registry => "registry",
            Self::Constraints => "constraints",
            Self::Mandate => "mandate",
            Self::Regimes => "regimes",
            Self::Market => "market",
            Self::Keys => "keys",
            Self::Scenario => "scenario",
        }
    }

    /// What the document's `schema` member must say.
    pub const fn schema_name(self) -> &'static str {
        match self {
            Self::Registry => "ios012.registry.v1",
            Self::Constraints => "ios012.constraints.v1",
            Self::Mandate => "ios012.mandate.v1",
            Self::Regimes => "ios012.regimes.v1",
            Self::Market => "ios012.market.v1",
            Self::Keys => "ios012.keys.v1",
            Self::Scenario => "ios012.scenario.v1",
        }
    }

    /// The document's usual file name.
    pub const fn file_name(self) -> &'static str {
        match self {
            Self::Registry => "registry.json",
            Self::Constraints => "constraints.json",
            Self::Mandate => "mandate.json",
            Self::Regimes => "regimes.json",
            Self::Market => "market.json",
            Self::Keys => "keys.json",
            Self::Scenario => "scenario.json",
        }
    }
}

impl fmt::Display for DocumentKind {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.pad(self.as_str())
    }
}

/// The bytes of a document as they are kept (docs/lineage-format.md, Bytes).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Document {
    kind: DocumentKind,
    file: Arc<str>,
    canonical: String,
    hash: Hash,
    received: Hash,
}

impl Document {
    /// `received` is the hash of the bytes as they came in; none for rows of a CSV history, whose
    /// document is made here.
    pub(crate) fn new(
        kind: DocumentKind,
        file: Arc<str>,
        canonical: String,
        received: Option<Hash>,
    ) -> Self {
        let hash = sha256(canonical.as_bytes());
        Self {
            kind,
            file,
            canonical,
            hash,
            received: received.unwrap_or(hash),
        }
    }

    /// The kind.
    pub const fn kind(&self) -> DocumentKind {
        self.kind
    }

    /// The file it came from, as it was named.
    pub fn file(&self) -> &str {
        &self.file
    }

    /// Canonical JSON, with arrays keyed by asset in the order of `asset_id`.
    pub fn canonical(&self) -> &str {
        &self.canonical
    }

    /// SHA-256 of the canonical JSON.
    pub const fn hash(&self) -> Hash {
        self.hash
    }

    /// SHA-256 of the bytes as they were received.
    pub const fn received(&self) -> Hash {
        self.received
    }
}
