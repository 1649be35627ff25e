//! The patterns of a search: each window of each canary in each form.
//!
//! The code is its own. The leaks of a control are made by libraries (`leak.rs`), so that a control also finds a
//! mistake that is made here.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;

use aho_corasick::{AhoCorasick, AhoCorasickKind, MatchKind};

use crate::canaries::{Canaries, Canary};
use crate::{CanaryError, Encoding};

/// So many bytes of a canary in a row are found. Fewer are not: they might be there by chance.
pub const WINDOW: usize = 12;

const BASE64: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
const BASE64_URL: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

/// A canary, by its position, in one form.
pub(crate) type Form = (usize, Encoding);

/// All patterns, and what each of them shows.
pub(crate) struct Patterns {
    automaton: AhoCorasick,
    forms: Vec<Form>,
    distinct: Vec<Form>,
    longest: usize,
}

impl Patterns {
    pub(crate) fn new(canaries: &Canaries) -> Result<Self, CanaryError> {
        let mut all: BTreeMap<Vec<u8>, Form> = BTreeMap::new();
        let mut distinct = Vec::new();
        for (position, canary) in canaries.all().iter().enumerate() {
            for encoding in Encoding::ALL {
                let form = (position, encoding);
                let mut is_new = false;
                for pattern in patterns_of(canary, encoding) {
                    // Two forms of one window may be the same text: it is the first one's.
                    if let Entry::Vacant(place) = all.entry(pattern) {
                        place.insert(form);
                        is_new = true;
                    }
                }
                if is_new {
                    distinct.push(form);
                }
            }
        }
        if all.is_empty() {
            return Err(CanaryError::NoCanaries);
        }
        let automaton = AhoCorasick::builder()
            .match_kind(MatchKind::Standard)
            .kind(Some(AhoCorasickKind::ContiguousNFA))
            .build(all.keys())
            .map_err(CanaryError::Patterns)?;
        Ok(Self {
            automaton,
            longest: all.keys().map(Vec::len).max().unwrap_or_default(),
            forms: all.into_values().collect(),
            distinct,
        })
    }

    /// The matches in some bytes, also those that overlap: form, start and end.
    pub(crate) fn find<'a>(
        &'a self,
        bytes: &'a [u8],
    ) -> impl Iterator<Item = (Form, usize, usize)> + 'a {
        let matches = self.automaton.find_overlapping_iter(bytes);
        matches.filter_map(|found| {
            let form = self.forms.get(found.pattern().as_usize())?;
            Some((*form, found.start(), found.end()))
        })
    }

    /// How many there are.
    pub(crate) fn count(&self) -> usize {
        self.forms.len()
    }

    /// The length of the longest, in bytes.
    pub(crate) fn longest(&self) -> usize {
        self.longest
    }

    /// The forms that look otherwise than every form before them.
    pub(crate) fn distinct(&self) -> &[Form] {
        &self.distinct
    }
}

pub(crate) fn patterns_of(
    canary: &Canary,
    encoding: Encoding,
) -> impl Iterator<Item = Vec<u8>> + '_ {
    let windows = canary.value.windows(WINDOW);
    windows.flat_map(move |window| encoded(window, encoding))
}

/// One window in one form, which may depend on what is around it.
fn encoded(window: &[u8], encoding: Encoding) -> Vec<Vec<u8>> {
    let joined = |each: fn(u8) -> String, between: &str| {
        let parts: Vec<String> = window.iter().map(|byte| each(*byte)).collect();
        vec![parts.join(between).into_bytes()]
    };
    match encoding {
        Encoding::Raw => vec![window.to_vec()],
        Encoding::Lowercase => vec![window.to_ascii_lowercase()],
        Encoding::Uppercase => vec![window.to_ascii_uppercase()],
        Encoding::Reversed => vec![window.iter().rev().copied().collect()],
        Encoding::HexLower => joined(hex, ""),
        Encoding::HexUpper => joined(hex_upper, ""),
        Encoding::HexSpaced => joined(hex, " "),
        Encoding::HexColons => joined(hex, ":"),
        Encoding::HexList => joined(|byte| format!("{byte:x}"), ", "),
        Encoding::HexEscaped => joined(|byte| format!("\\x{byte:02x}"), ""),
        Encoding::Base64 => base64(window, BASE64),
        Encoding::Base64Url => base64(window, BASE64_URL),
        Encoding::UrlLower => joined(|byte| format!("%{byte:02x}"), ""),
        Encoding::UrlUpper => joined(|byte| format!("%{byte:02X}"), ""),
        Encoding::UrlReserved => vec![window.iter().flat_map(|byte| reserved(*byte)).collect()],
        Encoding::JsonLower => joined(|byte| format!("\\u{byte:04x}"), ""),
        Encoding::JsonUpper => joined(|byte| format!("\\u{byte:04X}"), ""),
        Encoding::Quoted => vec![window.iter().flat_map(|byte| quoted(*byte)).collect()],
        Encoding::Utf16Le => vec![window.iter().flat_map(|byte| [*byte, 0]).collect()],
        Encoding::Utf16Be => vec![window.iter().flat_map(|byte| [0, *byte]).collect()],
        Encoding::DecimalList => joined(decimal, ", "),
        Encoding::DecimalPacked => joined(decimal, ","),
        Encoding::DecimalLines => (1..=4)
            .flat_map(|depth| joined(decimal, &format!(",\n{}", "    ".repeat(depth))))
            .collect(),
    }
}

fn hex(byte: u8) -> String {
    format!("{byte:02x}")
}

fn hex_upper(byte: u8) -> String {
    format!("{byte:02X}")
}

fn decimal(byte: u8) -> String {
    byte.to_string()
}

fn reserved(byte: u8) -> Vec<u8> {
    if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
        vec![byte]
    } else {
        format!("%{byte:02X}").into_bytes()
    }
}

fn quoted(byte: u8) -> Vec<u8> {
    match byte {
        b'"' => br#"\""#.to_vec(),
        b'\\' => br"\\".to_vec(),
        b'\n' => br"\n".to_vec(),
        b'\r' => br"\r".to_vec(),
        b'\t' => br"\t".to_vec(),
        8 => br"\b".to_vec(),
        12 => br"\f".to_vec(),
        control if control < b' ' => format!("\\u{control:04x}").into_bytes(),
        other => vec![other],
    }
}

/// The characters that follow from the window alone, for each of the three places in a group where it may begin.
fn base64(window: &[u8], alphabet: &[u8; 64]) -> Vec<Vec<u8>> {
    let bits = |before: usize| {
        let shared = vec![0_u8; before];
        let bytes = shared.into_iter().chain(window.iter().copied());
        let bits: Vec<u8> = bytes
            .flat_map(|byte| (0..8).rev().map(move |shift| (byte >> shift) & 1))
            .collect();
        // A character of six bits that has one of the bytes before is not ours; the last one may be cut.
        let first = (8 * before).div_ceil(6);
        bits.chunks_exact(6)
            .skip(first)
            .fold(Vec::new(), |mut text, six| {
                let value = six
                    .iter()
                    .fold(0_usize, |value, bit| (value << 1) | usize::from(*bit));
                text.extend(alphabet.get(value));
                text
            })
    };
    (0..3).map(bits).collect()
}
