//! The key registry, and the signatures that it verifies (docs/lineage-format.md, Bytes).

use base64ct::{Base64, Encoding};
use ed25519_dalek::{Signature, VerifyingKey};
use ios012_core::UtcTime;
use schemars::{JsonSchema, Schema, json_schema};
use serde::Deserialize;
use serde_json::Value;

use crate::reader::{Reader, parse};
use crate::text::{Fault, Readable, Text};
use crate::{Document, DocumentKind, Place, Refusal, RefusalCode, Token};

/// Public keys of the issuers.
#[derive(Debug, Clone)]
pub struct KeyRegistry {
    keys: Vec<Key>,
    document: Document,
}

#[derive(Debug, Clone)]
struct Key {
    id: Token,
    issuer: Token,
    public: VerifyingKey,
    documents: Vec<DocumentKind>,
    period: KeyPeriod,
}

/// When a key that signed a document is valid.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct KeyPeriod {
    from: UtcTime,
    until: UtcTime,
}

/// The signature of a document, and the text that it signs.
#[derive(Debug, Clone)]
pub struct SignedText {
    key_id: Token,
    signature: Signature,
    message: String,
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(title = "Key registry", description = "Public keys of the issuers.")]
pub(crate) struct RawKeys {
    #[expect(dead_code, reason = "checked before the raw form is read")]
    #[schemars(extend("const" = "ios012.keys.v1"))]
    schema: String,
    keys: Vec<RawKey>,
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "key_row")]
struct RawKey {
    key_id: Text<Token>,
    issuer: Text<Token>,
    public_key: Text<PublicKey>,
    documents: Vec<Text<DocumentKind>>,
    valid_from: Text<UtcTime>,
    valid_until: Text<UtcTime>,
}

impl KeyRegistry {
    /// Parses and checks a key registry.
    ///
    /// # Errors
    /// The first rule that does not hold.
    pub fn parse(file: &str, bytes: &[u8]) -> Result<Self, Refusal> {
        parse(DocumentKind::Keys, file, bytes, |reader, loaded| {
            let raw: RawKeys = loaded.raw;
            let keys: Vec<Key> = raw
                .keys
                .iter()
                .enumerate()
                .map(|(row, key)| read_key(reader, row, key))
                .collect::<Result<_, _>>()?;
            reader.unique(keys.iter().map(|key| &key.id), |row| {
                format!("keys[{row}].key_id")
            })?;
            Ok(Self {
                keys,
                document: loaded.document,
            })
        })
    }

    /// The document.
    pub const fn document(&self) -> &Document {
        &self.document
    }

    /// Verifies a document's signature, whose key must be the issuer's and allowed for its kind.
    pub(crate) fn verify(
        &self,
        document: &Document,
        issuer: &Token,
        signed: &SignedText,
    ) -> Result<KeyPeriod, Refusal> {
        let refuse = |code, field: &str| {
            Refusal::new(code, document.kind(), document.file(), Place::path(field))
        };
        let key = self
            .keys
            .iter()
            .find(|key| key.id == signed.key_id)
            .ok_or_else(|| refuse(RefusalCode::KeyUnknown, "key_id").value(&signed.key_id))?;
        if key.issuer != *issuer {
            return Err(refuse(RefusalCode::KeyIssuer, "issuer").value(issuer));
        }
        if !key.documents.contains(&document.kind()) {
            return Err(refuse(RefusalCode::KeyPurpose, "key_id").value(&signed.key_id));
        }
        key.public
            .verify_strict(signed.message.as_bytes(), &signed.signature)
            .map_err(|_| refuse(RefusalCode::SignatureInvalid, "signature"))?;
        Ok(key.period)
    }
}

impl KeyPeriod {
    /// Refuses a document whose key is not valid at a time.
    pub(crate) fn check(self, document: &Document, at: UtcTime) -> Result<(), Refusal> {
        let refuse = |code, rule: String| {
            let place = Place::path("key_id");
            Err(Refusal::new(code, document.kind(), document.file(), place).rule(rule))
        };
        if at < self.from {
            let rule = format!("the key is valid from {}, and as_of is {at}", self.from);
            return refuse(RefusalCode::KeyNotYetValid, rule);
        }
        if at >= self.until {
            let rule = format!("the key is valid until {}, and as_of is {at}", self.until);
            return refuse(RefusalCode::KeyExpired, rule);
        }
        Ok(())
    }
}

impl SignedText {
    /// The signature in a document, if it has one.
    pub(crate) fn of(reader: &Reader<'_>, value: &Value) -> Result<Option<Self>, Refusal> {
        let text = |field| value.get(field).and_then(Value::as_str);
        let missing = |field, other| {
            let refusal = reader.refuse(RefusalCode::MissingField, Place::path(field));
            refusal.rule(format!("{field} stands with {other}"))
        };
        let (key_id, signature) = match (text("key_id"), text("signature")) {
            (None, None) => return Ok(None),
            (Some(_), None) => return Err(missing("signature", "key_id")),
            (None, Some(_)) => return Err(missing("key_id", "signature")),
            (Some(key_id), Some(signature)) => (key_id, signature),
        };
        let key_id = reader.read(&Text::new(key_id), format_args!("key_id"))?;
        let signature: SignatureText =
            reader.read(&Text::new(signature), format_args!("signature"))?;
        let mut unsigned = value.clone();
        if let Some(members) = unsigned.as_object_mut() {
            members.remove("signature");
        }
        Ok(Some(Self {
            key_id,
            signature: signature.0,
            message: format!("{}\n{unsigned}", reader.kind.schema_name()),
        }))
    }
}

fn read_key(reader: &Reader<'_>, row: usize, raw: &RawKey) -> Result<Key, Refusal> {
    let documents: Vec<_> = raw
        .documents
        .iter()
        .enumerate()
        .map(|(at, kind)| reader.read(kind, format_args!("keys[{row}].documents[{at}]")))
        .collect::<Result<_, _>>()?;
    let period = KeyPeriod {
        from: reader.read(&raw.valid_from, format_args!("keys[{row}].valid_from"))?,
        until: reader.read(&raw.valid_until, format_args!("keys[{row}].valid_until"))?,
    };
    reader.period(
        period.from,
        period.until,
        &format!("keys[{row}].valid_until"),
    )?;
    let public_key = reader.read(&raw.public_key, format_args!("keys[{row}].public_key"))?;
    Ok(Key {
        id: reader.read(&raw.key_id, format_args!("keys[{row}].key_id"))?,
        issuer: reader.read(&raw.issuer, format_args!("keys[{row}].issuer"))?,
        public: public_key.0,
        documents,
        period,
    })
}

pub(crate) struct PublicKey(VerifyingKey);

impl Readable for PublicKey {
    const NAME: &'static str = "public_key";

    fn read(text: &str) -> Result<Self, Fault> {
        let fault = || Fault::of(RefusalCode::PublicKey);
        let bytes = decode::<32>(text).ok_or_else(fault)?;
        let key = VerifyingKey::from_bytes(&bytes).map_err(|_| fault())?;
        if key.is_weak() {
            Err(fault())
        } else {
            Ok(Self(key))
        }
    }

    fn schema() -> Schema {
        json_schema!({
            "type": "string",
            "pattern": "^[A-Za-z0-9+/]{43}=$",
            "description": "an Ed25519 public key in base64",
        })
    }
}

pub(crate) struct SignatureText(Signature);

impl Readable for SignatureText {
    const NAME: &'static str = "signature";

    fn read(text: &str) -> Result<Self, Fault> {
        decode::<64>(text)
            .map(|bytes| Self(Signature::from_bytes(&bytes)))
            .ok_or_else(|| Fault::of(RefusalCode::SignatureEncoding))
    }

    fn schema() -> Schema {
        json_schema!({
            "type": "string",
            "pattern": "^[A-Za-z0-9+/]{86}==$",
            "description": "an Ed25519 signature in base64 over the schema, a line feed, and the canonical JSON without this member",
        })
    }
}

fn decode<const LENGTH: usize>(text: &str) -> Option<[u8; LENGTH]> {
    let mut bytes = [0; LENGTH];
    let decoded = Base64::decode(text, &mut bytes).ok()?.len();
    (decoded == LENGTH).then_some(bytes)
}
