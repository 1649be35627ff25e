//! What is said to a witness, and what its answer means (C2SP tlog-witness, add-checkpoint).

use super::cosignature::{Cosignature, WitnessKey};
use super::{counter, hash_to_base64};
use crate::{Hash, LineageError};

/// The last part of the address that is asked.
pub const ADD_CHECKPOINT: &str = "add-checkpoint";

/// The body of a request: how many records the witness is believed to know, the proof that the log has grown from them,
/// and the checkpoint.
pub fn add_checkpoint(known: u64, growth: &[Hash], checkpoint: &str) -> String {
    let mut body = format!("old {known}\n");
    for hash in growth {
        body.push_str(&hash_to_base64(*hash));
        body.push('\n');
    }
    body.push('\n');
    body.push_str(checkpoint);
    body
}

/// What a witness has to say.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum WitnessAnswer {
    /// It has cosigned: the checkpoint with its line, and what the line says.
    Cosigned(String, Cosignature),
    /// It knows the log up to so many records, and must be asked from there.
    Knows(u64),
}

impl WitnessAnswer {
    /// Judges the answer to a request that was made for a checkpoint over `size` records, from `known` on.
    ///
    /// # Errors
    /// [`LineageError::WitnessKnowsMore`] and [`LineageError::Forked`], which both say that this ledger is not what it was;
    /// [`LineageError::WitnessRefuses`]; [`LineageError::Checkpoint`] for an answer that is none.
    pub fn read(
        (status, body): (u16, &str),
        (known, size): (u64, u64),
        checkpoint: &str,
        key: &WitnessKey,
    ) -> Result<Self, LineageError> {
        let witness = key.name().to_owned();
        let forked = |witness| Err(LineageError::Forked { witness, size });
        match status {
            200 => Cosignature::add(checkpoint, body, key)
                .map(|(text, cosignature)| Self::Cosigned(text, cosignature)),
            409 => match body.strip_suffix('\n').and_then(counter) {
                Some(knows) if knows > size => Err(LineageError::WitnessKnowsMore {
                    witness,
                    knows,
                    size,
                }),
                // It knows as many records as it was asked from, and not these.
                Some(knows) if knows == known => forked(witness),
                Some(knows) => Ok(Self::Knows(knows)),
                None => Err(LineageError::WitnessRefuses {
                    witness,
                    status,
                    remedy: "it does not say how many records it knows, so it is no C2SP witness",
                }),
            },
            422 => forked(witness),
            _ => Err(LineageError::WitnessRefuses {
                witness,
                status,
                remedy: match status {
                    403 => "it knows the log's name with another key: tell its operator",
                    404 => "it does not know the log, or the address is not its submission prefix",
                    500.. => "it fails by itself: try again later",
                    _ => "it does not take the request: check the address",
                },
            }),
        }
    }
}
