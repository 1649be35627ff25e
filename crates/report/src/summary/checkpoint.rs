//! What the checkpoint in a ledger's directory is worth, to somebody who has keys.

use std::path::Path;

use ios012_core::UtcTime;
use ios012_lineage::ledger::read_checkpoint;
use ios012_lineage::{
    Checkpoint, Cosignature, LineageError, VerifierKey, VerifyReport, WitnessKey, verify_checkpoint,
};

/// What is said of the checkpoint beside a summary.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CheckpointLine {
    /// Nothing was signed.
    None,
    /// There is one, and no key to judge it with.
    NotJudged,
    /// The log has signed these records.
    Holds {
        /// The log's name.
        log: String,
        /// How many of the ledger's records, from the first.
        records: u64,
        /// Who says that the log only grew, in the order of the keys that were given.
        witnesses: Vec<Witness>,
    },
    /// It is not what it should be.
    Fails(String),
}

/// A witness whose cosignature was verified.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Witness {
    /// Its name.
    pub name: String,
    /// When it said so by its own clock; none for a time that no calendar of four digits has.
    pub time: Option<UtcTime>,
}

impl CheckpointLine {
    /// Judges the checkpoint of a ledger that was verified. A witness whose key is not given is not believed.
    ///
    /// # Errors
    /// [`LineageError::Io`].
    pub fn read(
        directory: &Path,
        report: &VerifyReport,
        key: Option<&VerifierKey>,
        witnesses: &[WitnessKey],
    ) -> Result<Self, LineageError> {
        let text = match read_checkpoint(directory) {
            Ok(Some(text)) => text,
            Ok(None) => return Ok(Self::None),
            Err(LineageError::Checkpoint { rule }) => return Ok(Self::Fails(rule.to_owned())),
            Err(error) => return Err(error),
        };
        let Some(key) = key else {
            return Ok(Self::NotJudged);
        };
        Ok(Self::judge(directory, report, &text, key, witnesses)
            .unwrap_or_else(|error| Self::Fails(error.to_string())))
    }

    fn judge(
        directory: &Path,
        report: &VerifyReport,
        text: &str,
        key: &VerifierKey,
        keys: &[WitnessKey],
    ) -> Result<Self, LineageError> {
        let checkpoint = Checkpoint::open(text, key)?;
        // What lies beside the ledger proves no tail: an older checkpoint could lie there too.
        verify_checkpoint(directory, &mut report.clone(), &checkpoint).map_err(Box::new)?;
        let mut witnesses = Vec::new();
        for key in keys {
            witnesses.extend(Cosignature::of(text, key)?.as_ref().map(Witness::of));
        }
        Ok(Self::Holds {
            log: key.name().to_owned(),
            records: checkpoint.size(),
            witnesses,
        })
    }

    /// One line for a person. It says UNWITNESSED where no witness is believed.
    pub fn told(&self) -> String {
        match self {
            Self::None => "none; UNWITNESSED".to_owned(),
            Self::NotJudged => "not judged (give --verifier-key); UNWITNESSED".to_owned(),
            Self::Fails(why) => format!("FAILED: {why}; UNWITNESSED"),
            Self::Holds {
                log,
                records,
                witnesses,
            } => format!(
                "{records} records signed by {log}; {}",
                witnessed(witnesses)
            ),
        }
    }
}

impl Witness {
    /// Who said it, and when.
    pub fn of(cosignature: &Cosignature) -> Self {
        let seconds = i64::try_from(cosignature.time_s()).ok();
        let milliseconds = seconds.and_then(|seconds| seconds.checked_mul(1_000));
        Self {
            name: cosignature.witness().to_owned(),
            time: milliseconds.and_then(|time| UtcTime::from_unix_milliseconds(time).ok()),
        }
    }
}

/// `witnessed by` each with its time, or `UNWITNESSED`.
pub fn witnessed(witnesses: &[Witness]) -> String {
    if witnesses.is_empty() {
        return "UNWITNESSED".to_owned();
    }
    let told = witnesses.iter().map(|witness| match &witness.time {
        Some(time) => format!("{} at {time}", witness.name),
        None => witness.name.clone(),
    });
    let told: Vec<_> = told.collect();
    format!("witnessed by {}", told.join(", "))
}
