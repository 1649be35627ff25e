//! Signatures.

use ios012_contracts::RefusalCode::{
    KeyExpired, KeyIssuer, KeyNotYetValid, KeyPurpose, KeyUnknown, KeysMissing, MissingField,
    OutOfRange, PublicKey, SignatureEncoding, SignatureInvalid, SignatureMissing,
};

use super::Change::{Json, Signed};
use super::{Case, KEYS, MANDATE, SCENARIO, case};

pub(crate) const SIGNATURES: &[Case] = &[
    case(
        "no key registry where signatures are required",
        Json(SCENARIO, "\"optional\"", "\"required\""),
        KeysMissing,
        "",
        "",
    ),
    case(
        "no signature where it is required",
        Signed(SCENARIO, "\"optional\"", "\"required\""),
        SignatureMissing,
        "signature",
        "",
    ),
    case(
        "a signature that was cut",
        Signed(MANDATE, "==\", \"issuer\"", "\", \"issuer\""),
        SignatureEncoding,
        "signature",
        "",
    ),
    case(
        "a key_id without a signature",
        Json(MANDATE, "\"issuer\"", "\"key_id\": \"k\", \"issuer\""),
        MissingField,
        "signature",
        "",
    ),
    case(
        "a mandate that was changed after it was signed",
        Signed(MANDATE, "\"0.45\"", "\"0.46\""),
        SignatureInvalid,
        "signature",
        "",
    ),
    case(
        "a public key that was cut",
        Signed(KEYS, "HURo=", "HUR="),
        PublicKey,
        "keys[0].public_key",
        "11qYAYKxCrfVS",
    ),
    case(
        "a weak public key",
        Signed(
            KEYS,
            "11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=",
            "AQAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=",
        ),
        PublicKey,
        "keys[0].public_key",
        "AQAAAA",
    ),
    case(
        "a key that the registry does not hold",
        Signed(KEYS, "rfc8032-1", "rfc8032-2"),
        KeyUnknown,
        "key_id",
        "rfc8032-1",
    ),
    case(
        "a key of another issuer",
        Signed(KEYS, "ios-004", "ios-006"),
        KeyIssuer,
        "issuer",
        "ios-004",
    ),
    case(
        "a key for other documents",
        Signed(KEYS, "[\"mandate\"]", "[\"registry\", \"constraints\"]"),
        KeyPurpose,
        "key_id",
        "rfc8032-1",
    ),
    case(
        "a key that is not yet valid",
        Signed(KEYS, "2026-01-01", "2026-12-01"),
        KeyNotYetValid,
        "key_id",
        "",
    ),
    case(
        "a key that has expired",
        Signed(KEYS, "2027-01-01", "2026-11-01"),
        KeyExpired,
        "key_id",
        "",
    ),
    case(
        "a key whose period ends before it begins",
        Signed(KEYS, "2027-01-01", "2025-01-01"),
        OutOfRange,
        "keys[0].valid_until",
        "2025-01-01T00:00:00.000Z",
    ),
];
