//! The level of a ledger, for those who look at it and for those who answer it: what is on the ledger, and what only
//! follows from it.

use std::path::Path;

use anyhow::Context as _;
use ios012_engine::{Engine, EngineError, Lost, replay};
use ios012_lineage::ledger::is_recovery_due;
use ios012_lineage::{Hash, LedgerStatus, VerifyReport, verify};

use crate::exit::{Exit, Failure, require_directory};

/// A ledger that verifies and replays.
pub(super) struct Standing {
    /// At the level that holds, be its trips recorded or not.
    pub(super) engine: Engine,
    /// What follows from the last record and is not on the ledger.
    pub(super) lost: Vec<Lost>,
    /// Why the ledger is due for recovery; none if it is not.
    pub(super) due: Option<String>,
}

impl Standing {
    pub(super) fn of(ledger: &Path) -> anyhow::Result<Self> {
        require_directory(ledger)?;
        let verified = verify(ledger, None)?;
        if verified.records == 0 {
            let message = format!(
                "{} has no whole record yet, and so no level; begin it with `ios012 run` or `backtest`",
                ledger.display()
            );
            return Err(Failure::new(Exit::Incomplete, message));
        }
        let (report, engine) = replay(ledger, &mut |_| ())?;
        if let Some(difference) = report.difference {
            let differs = EngineError::ReplayDiffers {
                seq: difference.seq,
                kind: difference.kind,
            };
            return Err(differs.into());
        }
        let due = due(ledger, &verified, &report.lost)?;
        Ok(Self {
            engine,
            lost: report.lost,
            due,
        })
    }

    /// The record on the ledger that a command must answer. One that a recovery writes anew has no hash yet.
    pub(super) fn answers(&self) -> anyhow::Result<Option<Hash>> {
        let Some(record) = self.engine.alarm().answers() else {
            return Ok(None);
        };
        let hash: Hash = record
            .to_string()
            .parse()
            .context("the record to be answered has no hash")?;
        let is_lost = self.lost.iter().any(|lost| lost.hash == hash);
        Ok((!is_lost).then_some(hash))
    }
}

/// What a recovery would find; a verifier sees the first part of it, and only a replay the last.
fn due(ledger: &Path, verified: &VerifyReport, lost: &[Lost]) -> anyhow::Result<Option<String>> {
    let mut parts = Vec::new();
    if let LedgerStatus::Incomplete(open) = &verified.status {
        parts.push(open.to_string());
    } else if is_recovery_due(ledger, verified)? {
        parts.push(
            "its last writer was stopped, or a torn end was moved aside, and no record tells of it"
                .to_owned(),
        );
    }
    if !lost.is_empty() {
        let count = lost.len();
        parts.push(format!(
            "{count} records that follow from its last one are not on it"
        ));
    }
    Ok((!parts.is_empty()).then(|| parts.join("; ")))
}
