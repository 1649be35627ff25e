//! What a control leaks: whole canaries in each form, made by other code than the patterns.

use std::fmt::Write as _;

use base64ct::{Base64, Base64Url, Encoding as _};

use crate::canaries::Canaries;
use crate::pattern::Form;
use crate::{Encoding, Kind};

/// A canary in one form, to be leaked on purpose.
pub struct Leak {
    kind: Kind,
    pub(crate) form: Form,
    bytes: Vec<u8>,
}

impl Leak {
    /// Of the canary.
    pub fn kind(&self) -> Kind {
        self.kind
    }

    /// The form.
    pub fn encoding(&self) -> Encoding {
        self.form.1
    }

    /// What is to be leaked.
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }
}

/// Every leak of these forms: one each, but of base64 one for each place in a group of three bytes. Where two forms
/// of a canary are the same text, it is leaked as the first of them, as it is found.
pub(crate) fn leaks(canaries: &Canaries, forms: &[Form]) -> Vec<Leak> {
    let mut leaks: Vec<Leak> = Vec::new();
    for form in forms {
        let Some(canary) = canaries.all().get(form.0) else {
            continue;
        };
        for bytes in encoded(&canary.value, form.1) {
            if leaks.iter().all(|leak| leak.bytes != bytes) {
                let (kind, form) = (canary.kind, *form);
                leaks.push(Leak { kind, form, bytes });
            }
        }
    }
    leaks
}

fn encoded(value: &[u8], encoding: Encoding) -> Vec<Vec<u8>> {
    // As characters of the same numbers, what Latin-1 is.
    let text: String = value.iter().map(|byte| char::from(*byte)).collect();
    let units = || text.encode_utf16();
    let string = match encoding {
        Encoding::Raw => return vec![value.to_vec()],
        Encoding::Lowercase => return vec![value.to_ascii_lowercase()],
        Encoding::Uppercase => return vec![value.to_ascii_uppercase()],
        Encoding::Reversed => {
            let mut reversed = value.to_vec();
            reversed.reverse();
            return vec![reversed];
        }
        Encoding::Base64 => return base64(value, Base64::encode_string),
        Encoding::Base64Url => return base64(value, Base64Url::encode_string),
        Encoding::Utf16Le => return vec![units().flat_map(u16::to_le_bytes).collect()],
        Encoding::Utf16Be => return vec![units().flat_map(u16::to_be_bytes).collect()],
        Encoding::HexLower => base16ct::lower::encode_string(value),
        Encoding::HexUpper => base16ct::upper::encode_string(value),
        Encoding::HexSpaced => pairs(value, "", " "),
        Encoding::HexColons => pairs(value, "", ":"),
        Encoding::HexEscaped => pairs(value, r"\x", ""),
        Encoding::UrlLower => pairs(value, "%", ""),
        Encoding::HexList => format!("{value:x?}"),
        Encoding::UrlUpper => pairs(value, "%", "").to_ascii_uppercase(),
        Encoding::UrlReserved => return vec![reserved(value)],
        Encoding::JsonLower => units().fold(String::new(), |mut text, unit| {
            let _ = write!(text, "\\u{unit:04x}");
            text
        }),
        Encoding::JsonUpper => units().fold(String::new(), |mut text, unit| {
            let _ = write!(text, "\\u{unit:04X}");
            text
        }),
        Encoding::Quoted => return vec![quoted(value)],
        Encoding::DecimalList => format!("{value:?}"),
        Encoding::DecimalPacked => format!("{value:?}").replace(' ', ""),
        Encoding::DecimalLines => format!("{value:#?}"),
    };
    vec![string.into_bytes()]
}

fn pairs(value: &[u8], before: &str, between: &str) -> String {
    let text = base16ct::lower::encode_string(value);
    let pairs = text.as_bytes().chunks(2);
    let pairs: Vec<String> = pairs
        .map(|pair| format!("{before}{}", String::from_utf8_lossy(pair)))
        .collect();
    pairs.join(between)
}

/// With zero, one and two bytes before it.
fn base64(value: &[u8], encode: fn(&[u8]) -> String) -> Vec<Vec<u8>> {
    let before = ["", ":", "id"];
    let texts = before.map(|before| encode(&[before.as_bytes(), value, b"\n"].concat()));
    texts.map(String::into_bytes).to_vec()
}

/// RFC 3986, section 2.3, has the characters that stay.
fn reserved(value: &[u8]) -> Vec<u8> {
    let mut text = Vec::new();
    for byte in value {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => text.push(*byte),
            other => text.extend(pairs(&[*other], "%", "").to_ascii_uppercase().bytes()),
        }
    }
    text
}

/// Byte by byte, since a byte above 127 stays as it is.
fn quoted(value: &[u8]) -> Vec<u8> {
    let byte = |byte: &u8| match serde_json::to_string(&char::from(*byte)) {
        Ok(text) if byte.is_ascii() => {
            let inside = text
                .strip_prefix('"')
                .and_then(|text| text.strip_suffix('"'));
            inside.unwrap_or_default().as_bytes().to_vec()
        }
        _ => vec![*byte],
    };
    value.iter().flat_map(byte).collect()
}
