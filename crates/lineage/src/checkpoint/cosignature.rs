//! What a witness says of a checkpoint: that the log only grew up to it (C2SP tlog-cosignature, Ed25519).

use std::fmt;
use std::str::FromStr;

use ed25519_dalek::Signature;

use super::fault;
use super::key::NamedKey;
use super::note::{SignatureLine, SignedNote};
use crate::LineageError;

/// The kind of a witness' key: cosignature/v1.
const COSIGNATURE: u8 = 4;

/// The public key of a witness. Its text is `NAME+ID+KEY`, as that of a log's, and the kind is another.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WitnessKey(NamedKey);

impl WitnessKey {
    /// A key under a name, as [`super::VerifierKey::new`].
    ///
    /// # Errors
    /// [`LineageError::Checkpoint`].
    pub fn new(name: &str, public: [u8; 32]) -> Result<Self, LineageError> {
        NamedKey::new(COSIGNATURE, name, public).map(Self)
    }

    /// The witness' name.
    pub fn name(&self) -> &str {
        &self.0.name
    }
}

impl FromStr for WitnessKey {
    type Err = LineageError;

    fn from_str(text: &str) -> Result<Self, LineageError> {
        NamedKey::parse(COSIGNATURE, text).map(Self)
    }
}

impl fmt::Display for WitnessKey {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.write(COSIGNATURE, formatter)
    }
}

/// A witness' statement whose signature was verified.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cosignature {
    witness: String,
    time_s: u64,
}

impl Cosignature {
    /// Reads what a witness has said of a checkpoint; none if it has not. Whether the log has signed the checkpoint
    /// is [`super::Checkpoint::open`]'s.
    ///
    /// # Errors
    /// [`LineageError::Checkpoint`], also for a line under the witness' name and id that it has not signed.
    pub fn of(checkpoint: &str, key: &WitnessKey) -> Result<Option<Self>, LineageError> {
        let note = SignedNote::split(checkpoint)?;
        let signed = note.signature_of(&key.0)?;
        let read = signed.map(|signed| Self::verify(note.body, &signed, key));
        read.transpose()
    }

    /// Puts what a witness answered below a checkpoint, in the place of what the same witness has said of it before.
    /// Lines of other keys in the answer are passed over.
    ///
    /// # Errors
    /// [`LineageError::Checkpoint`] if the answer has no good cosignature of this witness, or several.
    pub fn add(
        checkpoint: &str,
        answer: &str,
        key: &WitnessKey,
    ) -> Result<(String, Self), LineageError> {
        let note = SignedNote::split(checkpoint)?;
        let lines = answer
            .strip_suffix('\n')
            .ok_or(fault("the witness' last line does not end"))?;
        let mut new = Vec::new();
        for line in lines.split('\n') {
            if SignatureLine::parse(line)?.by(&key.0).is_some() {
                new.push(line);
            }
        }
        let [new] = new.as_slice() else {
            return Err(fault(
                "the witness has not answered with one cosignature of its key",
            ));
        };
        let signatures = note.signatures()?;
        let others = signatures.iter().filter(|line| line.by(&key.0).is_none());
        let mut text = format!("{}\n", note.body);
        for line in others.map(|line| line.text).chain([*new]) {
            text.push_str(line);
            text.push('\n');
        }
        let added = Self::of(&text, key)?;
        let added = added.ok_or(fault("the witness has not cosigned it"))?;
        Ok((text, added))
    }

    fn verify(body: &str, signed: &[u8], key: &WitnessKey) -> Result<Self, LineageError> {
        let form = || fault("a cosignature is a time and an Ed25519 signature");
        let (time, signature) = signed.split_first_chunk().ok_or_else(form)?;
        let time_s = u64::from_be_bytes(*time);
        if i64::try_from(time_s).is_err() {
            return Err(form());
        }
        let signature = Signature::from_slice(signature).map_err(|_| form())?;
        let message = format!("cosignature/v1\ntime {time_s}\n{body}");
        let verified = key.0.public.verify_strict(message.as_bytes(), &signature);
        verified.map_err(|_| fault("the cosignature is not that of the text"))?;
        Ok(Self {
            witness: key.name().to_owned(),
            time_s,
        })
    }

    /// The witness' name.
    pub fn witness(&self) -> &str {
        &self.witness
    }

    /// When it said so by its own clock: seconds since 1970-01-01T00:00:00Z.
    pub const fn time_s(&self) -> u64 {
        self.time_s
    }
}
