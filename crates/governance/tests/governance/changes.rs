//! Any change of any byte of a command or a signature is refused.

use ios012_governance::{GovernanceError, authorise};
use proptest::prelude::*;

use crate::support::{NOW, context, draft, fund};

struct Signed {
    command: Vec<u8>,
    signatures: [Vec<u8>; 2],
}

fn signed() -> Signed {
    let command = draft().to_text().expect("a command").into_bytes();
    let signatures = ["vera", "stig"].map(|person| fund().sign(person, &command));
    Signed {
        command,
        signatures,
    }
}

impl Signed {
    fn judge(&self) -> Result<(), GovernanceError> {
        let signatures = [self.signatures[0].as_slice(), self.signatures[1].as_slice()];
        authorise(&self.command, &signatures, &fund().roles, context(NOW)).map(drop)
    }
}

#[test]
fn every_bit_counts() {
    let mut signed = signed();
    assert_eq!(signed.judge(), Ok(()));
    for at in 0..signed.command.len() {
        for bit in 0..8 {
            signed.command[at] ^= 1 << bit;
            assert!(
                signed.judge().is_err(),
                "bit {bit} of byte {at} of the command"
            );
            signed.command[at] ^= 1 << bit;
        }
    }
    for at in 0..signed.signatures[1].len() {
        for bit in 0..8 {
            signed.signatures[1][at] ^= 1 << bit;
            assert!(
                signed.judge().is_err(),
                "bit {bit} of byte {at} of the signature"
            );
            signed.signatures[1][at] ^= 1 << bit;
        }
    }
    assert_eq!(signed.judge(), Ok(()));
}

/// A piece of the bytes gives way to others.
fn edited(bytes: &[u8], at: prop::sample::Index, taken: usize, put: &[u8]) -> Vec<u8> {
    let at = at.index(bytes.len());
    let end = bytes.len().min(at + taken);
    [&bytes[..at], put, &bytes[end..]].concat()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1_000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn every_edit_counts(
        of_signature in any::<bool>(),
        at in any::<prop::sample::Index>(),
        taken in 0_usize..6,
        put in prop::collection::vec(prop_oneof![any::<u8>(), Just(b'\n'), Just(b' '), Just(b'A')], 0..6),
    ) {
        thread_local! {
            static SIGNED: Signed = signed();
        }
        SIGNED.with(|signed| {
            let before = if of_signature { &signed.signatures[0] } else { &signed.command };
            let after = edited(before, at, taken, &put);
            // The line feed at the end of the armour is no part of it.
            let trimmed = |bytes: &[u8]| bytes.strip_suffix(b"\n").unwrap_or(bytes).to_vec();
            prop_assume!(after != *before && (!of_signature || trimmed(&after) != trimmed(before)));
            let changed = if of_signature {
                Signed { command: signed.command.clone(), signatures: [after, signed.signatures[1].clone()] }
            } else {
                Signed { command: after, signatures: signed.signatures.clone() }
            };
            prop_assert!(changed.judge().is_err());
            Ok(())
        })?;
    }
}
