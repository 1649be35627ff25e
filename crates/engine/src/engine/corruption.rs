//! Data corruption that a refusal tells of (ADR-016): documents that contradict themselves, each other
//! or the clock, and signatures that are not theirs. What a cycle itself finds is in `guard.rs`.

use ios012_contracts::{DocumentKind, RefusalCode};
use ios012_core::UtcTime;
use ios012_lineage::Refusal;

use super::Engine;
use super::guard::Trip;
use crate::EngineError;

/// Refusals of any document that are corruption. Others say that a document asks for what it may not,
/// or was written badly by its author.
const CORRUPT: [RefusalCode; 14] = [
    RefusalCode::TwoSources,
    RefusalCode::NotUtf8,
    RefusalCode::DuplicateKey,
    RefusalCode::DuplicateRow,
    RefusalCode::SignatureEncoding,
    RefusalCode::SignatureInvalid,
    RefusalCode::NoPrice,
    RefusalCode::NoRate,
    RefusalCode::AsOfMismatch,
    RefusalCode::FundingMissing,
    RefusalCode::ShockScoreMissing,
    RefusalCode::RegimesMissing,
    RefusalCode::RegimeMismatch,
    RefusalCode::CrossedFx,
];

/// Documents of facts: whatever is refused of them is corruption, a price of zero or of the future too.
const FACTS: [DocumentKind; 2] = [DocumentKind::Market, DocumentKind::Regimes];

impl Engine {
    /// `data_corruption` where a refusal is one: its cause is the refusal's code. Nothing was marked or
    /// traded, so it is watched. The document's own time is not trusted: the trip is dated by the last
    /// mandate that was accepted.
    pub(super) fn tell_corruption(&mut self, refusal: &Refusal) -> Result<(), EngineError> {
        if !is_corrupt(refusal) {
            return Ok(());
        }
        let evidence = [
            ("document", refusal.document.to_string()),
            ("path", refusal.path.to_string()),
            ("received_sha256", refusal.received_sha256.to_string()),
        ];
        let trip = Trip::of("data_corruption", refusal.code.clone(), &evidence)?;
        let at = self.last.map_or(UtcTime::FIRST, |last| last.as_of);
        self.trip_abort(&trip, at)
    }
}

/// It follows from the record alone, as a replay has it.
fn is_corrupt(refusal: &Refusal) -> bool {
    let (code, document) = (refusal.code.as_str(), refusal.document.as_str());
    CORRUPT.iter().any(|corrupt| corrupt.as_str() == code)
        || FACTS.iter().any(|facts| facts.as_str() == document)
}
