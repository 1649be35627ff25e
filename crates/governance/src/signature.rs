//! Armoured SSHSIG signatures, as `ssh-keygen -Y sign` writes them
//! (OpenSSH, PROTOCOL.sshsig).

use std::fmt;

use ios012_core::UtcTime;
use ssh_key::public::KeyData;
use ssh_key::{HashAlg, LineEnding, SshSig};

use crate::{GovernanceError, OfficerKey, Person, Roles};

/// Most signatures that one document may carry.
pub const MAX_SIGNATURES: usize = 16;

/// The user touched the security key (OpenSSH, PROTOCOL.u2f, flags).
const USER_PRESENT: u8 = 1;
/// Bytes of an Ed25519 signature; the flags of a security key stand behind them.
const ED25519_BYTES: usize = 64;

/// What a signature is for. A signature of one namespace counts in no other.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Namespace {
    /// Operator commands.
    Command,
    /// Certificates of gate G4. Reserved: nothing reads them yet.
    G4,
}

impl Namespace {
    /// The text that is given to `ssh-keygen -n`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Command => "command@ios-012",
            Self::G4 => "g4@ios-012",
        }
    }
}

impl fmt::Display for Namespace {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.pad(self.as_str())
    }
}

/// Verifies one signature over exactly these bytes, by a key of the roles file that counts at each
/// of these times, as its person must. Says nothing of what the person may do.
///
/// # Errors
/// The first rule that does not hold.
pub fn verify_signature<'roles>(
    roles: &'roles Roles,
    namespace: Namespace,
    message: &[u8],
    armour: &[u8],
    times: &[UtcTime],
) -> Result<&'roles Person, GovernanceError> {
    let signature = read_armour(armour)?;
    if signature.namespace() != namespace.as_str() {
        return Err(GovernanceError::Namespace {
            expected: namespace,
        });
    }
    let (person, key) =
        roles
            .holder(signature.public_key())
            .ok_or_else(|| GovernanceError::KeyUnknown {
                fingerprint: signature
                    .public_key()
                    .fingerprint(HashAlg::Sha256)
                    .to_string(),
            })?;
    check_bytes(person, key, &signature, namespace, message)?;
    for &at in times {
        if !person.period().holds(at) {
            return Err(GovernanceError::PersonPeriod {
                person: person.id().clone(),
                at,
            });
        }
        if !key.period().holds(at) {
            return Err(GovernanceError::KeyPeriod {
                person: person.id().clone(),
                at,
            });
        }
    }
    Ok(person)
}

fn check_bytes(
    person: &Person,
    key: &OfficerKey,
    signature: &SshSig,
    namespace: Namespace,
    message: &[u8],
) -> Result<(), GovernanceError> {
    let verified = key.public().verify(namespace.as_str(), message, signature);
    if verified.is_err() {
        return Err(GovernanceError::SignatureInvalid {
            person: person.id().clone(),
        });
    }
    if let KeyData::SkEd25519(_) = key.public().key_data() {
        let raw = signature.signature_bytes();
        let flags = raw.get(ED25519_BYTES).copied().unwrap_or(0);
        if flags & USER_PRESENT == 0 {
            return Err(GovernanceError::UserPresence {
                person: person.id().clone(),
            });
        }
    }
    Ok(())
}

/// Reads the armour, which must stand exactly as `ssh-keygen` writes it: what is shown and what is
/// verified are then the same bytes, and no byte can change.
fn read_armour(armour: &[u8]) -> Result<SshSig, GovernanceError> {
    let signature = SshSig::from_pem(armour).map_err(|error| match error {
        ssh_key::Error::AlgorithmUnknown | ssh_key::Error::AlgorithmUnsupported { .. } => {
            GovernanceError::KeyKind
        }
        _ => GovernanceError::Armour,
    })?;
    if !matches!(
        signature.public_key(),
        KeyData::Ed25519(_) | KeyData::SkEd25519(_)
    ) {
        return Err(GovernanceError::KeyKind);
    }
    let written = signature.to_pem(LineEnding::LF).unwrap_or_default();
    let same = written.trim_end_matches('\n').as_bytes() == trim_last_line_feed(armour);
    if same && signature.version() == SshSig::VERSION && signature.reserved().is_empty() {
        Ok(signature)
    } else {
        Err(GovernanceError::Armour)
    }
}

/// Without one line feed at the end, which `ssh-keygen` writes.
fn trim_last_line_feed(armour: &[u8]) -> &[u8] {
    armour.strip_suffix(b"\n").unwrap_or(armour)
}
