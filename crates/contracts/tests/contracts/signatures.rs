//! Ed25519 signatures.

use ed25519_dalek::{Signature, VerifyingKey};
use ios012_contracts::RefusalCode;

use crate::set::{Set, base64, signing_key, unhex};

/// RFC 8032, section 7.1, tests 1 to 3: public key, message, signature.
const RFC_8032: [(&str, &str, &str); 3] = [
    (
        "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a",
        "",
        "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b",
    ),
    (
        "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c",
        "72",
        "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00",
    ),
    (
        "fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025",
        "af82",
        "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac18ff9b538d16f290ae67f760984dc6594a7c15e9716ed28dc027beceea1ec40a",
    ),
];

#[test]
fn the_primitive_agrees_with_rfc_8032() {
    for (key, message, signature) in RFC_8032 {
        let key = VerifyingKey::from_bytes(&unhex(key).try_into().expect("32 bytes"));
        let key = key.expect("a key");
        let signature: [u8; 64] = unhex(signature).try_into().expect("64 bytes");
        let message = unhex(message);
        let good = Signature::from_bytes(&signature);
        assert!(key.verify_strict(&message, &good).is_ok());
        let mut damaged = signature;
        damaged[0] ^= 1;
        assert!(
            key.verify_strict(&message, &Signature::from_bytes(&damaged))
                .is_err()
        );
    }
    assert_eq!(
        signing_key().verifying_key().as_bytes().as_slice(),
        unhex(RFC_8032[0].0)
    );
}

/// OpenSSL signed `ios012.mandate.v1`, a line feed, and the canonical JSON that Python wrote of the
/// mandate with its `key_id`, with the key of RFC 8032, test 1.
#[test]
fn takes_what_openssl_signed() {
    let signature =
        "Rie6GZbxvDxSO+fXtNfFhjQ9zUP2NHO79RNGWEUu9ymUvfigY4G8F1gYsGQEEoKhBzxEIu2oM9kMQTmjh2FXBg==";
    let mut set = Set::signed();
    set.files
        .insert("mandate.json", Set::good().bytes("mandate.json").to_vec());
    let members = format!(r#""key_id": "rfc8032-1", "signature": "{signature}", "issuer""#);
    set.edit("mandate.json", r#""issuer""#, &members);
    set.cycle().unwrap_or_else(|refusal| panic!("{refusal}"));
}

#[test]
fn a_signature_counts_only_with_a_key_registry() {
    let mut set = Set::signed();
    set.edit("mandate.json", "\"0.45\"", "\"0.450000000001\"");
    set.edit("mandate.json", "\"0.3\"", "\"0.299999999999\"");
    assert_eq!(
        set.cycle().expect_err("a changed mandate").code,
        RefusalCode::SignatureInvalid
    );
    set.files.remove("keys.json");
    assert!(
        set.cycle().is_ok(),
        "the policy is optional and there are no keys"
    );
}

#[test]
fn registry_and_constraints_are_held_to_the_policy() {
    let mut set = Set::signed();
    set.edit("scenario.json", "\"optional\"", "\"required\"");
    for file in ["registry.json", "constraints.json"] {
        let refusal = set.cycle().expect_err("an unsigned document");
        assert_eq!(refusal.code, RefusalCode::SignatureMissing);
        assert_eq!(refusal.file, file);
        sign_standing(&mut set, file);
    }
    set.cycle().unwrap_or_else(|refusal| panic!("{refusal}"));

    let mut expired = set.clone();
    expired.edit("keys.json", "2028-01-01", "2026-11-20");
    let refusal = expired
        .cycle()
        .expect_err("an expired key of the constraints");
    assert_eq!(refusal.code, RefusalCode::KeyExpired);
    assert_eq!(refusal.file, "constraints.json");

    set.edit("constraints.json", "\"gross\": \"1\"", "\"gross\": \"2\"");
    let refusal = set.cycle().expect_err("changed constraints");
    assert_eq!(refusal.code, RefusalCode::SignatureInvalid);
    assert_eq!(refusal.file, "constraints.json");
}

/// Signs registry or constraints with the key of the set, entered for the issuer.
fn sign_standing(set: &mut Set, file: &'static str) {
    use ed25519_dalek::Signer;

    let (kind, issuer) = match file {
        "registry.json" => ("registry", "ios-001"),
        _ => ("constraints", "ios-006"),
    };
    let public = base64(signing_key().verifying_key().as_bytes());
    let key = format!(
        r#""keys": [{{"key_id": "{kind}-key", "issuer": "{issuer}", "public_key": "{public}",
        "documents": ["{kind}"], "valid_from": "2026-01-01T00:00:00.000Z",
        "valid_until": "2028-01-01T00:00:00.000Z"}},"#
    );
    set.edit("keys.json", r#""keys": ["#, &key);
    set.edit(
        file,
        r#""issuer""#,
        &format!(r#""key_id": "{kind}-key", "issuer""#),
    );
    // The members are put in order by serde_json, and the rows by hand, so that the message does
    // not come from the code under test.
    let mut value: serde_json::Value = serde_json::from_slice(set.bytes(file)).expect("JSON");
    let rows = value["assets"].as_array_mut().expect("assets");
    rows.sort_by_key(|row| row["asset_id"].as_str().map(str::to_owned));
    let message = format!("ios012.{kind}.v1\n{value}");
    let signature = base64(&signing_key().sign(message.as_bytes()).to_bytes());
    set.edit(
        file,
        r#""issuer""#,
        &format!(r#""signature": "{signature}", "issuer""#),
    );
}
