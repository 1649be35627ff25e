//! The file of a key that signs checkpoints.

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt as _;

use base64ct::{Base64, Encoding as _};
use ed25519_dalek::{Signature, VerifyingKey};
use ios012_lineage::CheckpointSigner as _;
use ios012_secrets::{CheckpointKey, SecretsError};

#[test]
fn a_key_is_made_once_kept_for_its_owner_and_read_again() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("key");
    let made = CheckpointKey::create(&path, "fund.example/stocks").expect("is made");
    let mode = fs::metadata(&path).expect("a file").permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    let read = CheckpointKey::read(&path).expect("is read");
    assert_eq!(
        (read.key().name(), read.key()),
        ("fund.example/stocks", made.key())
    );
    let text = made.key().to_string();
    // Base64 has a plus too.
    let key = text.splitn(3, '+').nth(2).expect("a key");
    let key = Base64::decode_vec(key).expect("base64");
    let key = VerifyingKey::try_from(&key[1..]).expect("a key");
    let signature = Signature::from_bytes(&read.sign(b"a message"));
    assert!(key.verify_strict(b"a message", &signature).is_ok());
    assert!(key.verify_strict(b"another", &signature).is_err());
    let again = CheckpointKey::create(&path, "fund.example/stocks").err();
    assert_eq!(again, Some(SecretsError::KeyExists));
    let other = CheckpointKey::create(&folder.path().join("other"), "fund.example/stocks");
    assert_ne!(other.expect("is made").key(), made.key());
}

#[test]
fn what_others_can_read_or_is_no_key_is_refused() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("key");
    CheckpointKey::create(&path, "log").expect("is made");
    let text = fs::read_to_string(&path).expect("is read");
    for mode in [0o640, 0o604, 0o660, 0o620] {
        fs::set_permissions(&path, Permissions::from_mode(mode)).expect("is set");
        let refused = CheckpointKey::read(&path).err();
        assert_eq!(refused, Some(SecretsError::KeyOpenToOthers), "{mode:o}");
    }
    fs::set_permissions(&path, Permissions::from_mode(0o600)).expect("is set");
    let id = text.split('+').nth(3).expect("an id").to_owned();
    for bad in [
        text.replace("PRIVATE", "PUBLIC"),
        text.replace("+log+", "+lug+"),
        text.replace(&id, "00000000"),
        text.replace('\n', "="),
        text.replace("+log+", "+l og+"),
        text.repeat(40),
        String::new(),
    ] {
        fs::write(&path, &bad).expect("is written");
        let refused = CheckpointKey::read(&path).err();
        assert_eq!(refused, Some(SecretsError::KeyForm));
    }
    for name in ["", "a b", "a+b", "é"] {
        let refused = CheckpointKey::create(&folder.path().join("new"), name).err();
        assert_eq!(refused, Some(SecretsError::KeyForm), "{name}");
    }
    let kind = std::io::ErrorKind::NotFound;
    let missing = CheckpointKey::read(&folder.path().join("none")).err();
    assert_eq!(missing, Some(SecretsError::Io { kind }));
}
