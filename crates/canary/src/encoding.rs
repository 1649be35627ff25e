//! The forms in which an output may hold a canary.

use std::fmt;

/// A form in which a canary is searched. Each is searched by windows of twelve of its bytes.
///
/// Where the form knows characters only (JSON, UTF-16), a byte above 127 is the character of that number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Encoding {
    /// As it is.
    Raw,
    /// With small letters.
    Lowercase,
    /// With capital letters.
    Uppercase,
    /// From its end to its beginning.
    Reversed,
    /// `6341`.
    HexLower,
    /// `6a41` as `6A41`.
    HexUpper,
    /// `63 41`.
    HexSpaced,
    /// `63:41`.
    HexColons,
    /// `[63, 41]`, what `{:x?}` prints.
    HexList,
    /// `\x63\x41`.
    HexEscaped,
    /// RFC 4648, section 4; wherever in a group of three bytes it begins.
    Base64,
    /// RFC 4648, section 5.
    Base64Url,
    /// `%6a`, each byte.
    UrlLower,
    /// `%6A`, each byte.
    UrlUpper,
    /// `%2F` for reserved characters alone, as programs write addresses.
    UrlReserved,
    /// `\u006a`, each character.
    JsonLower,
    /// `\u006A`, each character.
    JsonUpper,
    /// Quotes, backslashes and control characters escaped, as JSON does.
    Quoted,
    /// Two bytes for each character, the lower first.
    Utf16Le,
    /// Two bytes for each character, the higher first.
    Utf16Be,
    /// `[99, 65]`, what `{:?}` prints of bytes.
    DecimalList,
    /// `[99,65]`, what JSON holds of bytes.
    DecimalPacked,
    /// One number on a line, what `{:#?}` prints of bytes, up to four levels deep.
    DecimalLines,
}

impl Encoding {
    /// Every form.
    pub const ALL: [Self; 23] = [
        Self::Raw,
        Self::Lowercase,
        Self::Uppercase,
        Self::Reversed,
        Self::HexLower,
        Self::HexUpper,
        Self::HexSpaced,
        Self::HexColons,
        Self::HexList,
        Self::HexEscaped,
        Self::Base64,
        Self::Base64Url,
        Self::UrlLower,
        Self::UrlUpper,
        Self::UrlReserved,
        Self::JsonLower,
        Self::JsonUpper,
        Self::Quoted,
        Self::Utf16Le,
        Self::Utf16Be,
        Self::DecimalList,
        Self::DecimalPacked,
        Self::DecimalLines,
    ];

    /// The name in evidence and in errors.
    pub fn name(self) -> &'static str {
        match self {
            Self::Raw => "raw",
            Self::Lowercase => "lowercase",
            Self::Uppercase => "uppercase",
            Self::Reversed => "reversed",
            Self::HexLower => "hex_lower",
            Self::HexUpper => "hex_upper",
            Self::HexSpaced => "hex_spaced",
            Self::HexColons => "hex_colons",
            Self::HexList => "hex_list",
            Self::HexEscaped => "hex_escaped",
            Self::Base64 => "base64",
            Self::Base64Url => "base64_url",
            Self::UrlLower => "url_lower",
            Self::UrlUpper => "url_upper",
            Self::UrlReserved => "url_reserved",
            Self::JsonLower => "json_lower",
            Self::JsonUpper => "json_upper",
            Self::Quoted => "quoted",
            Self::Utf16Le => "utf16_le",
            Self::Utf16Be => "utf16_be",
            Self::DecimalList => "decimal_list",
            Self::DecimalPacked => "decimal_packed",
            Self::DecimalLines => "decimal_lines",
        }
    }
}

impl fmt::Display for Encoding {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(self.name())
    }
}
