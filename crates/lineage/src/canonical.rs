//! Canonical JSON: RFC 8785 over strings, booleans, null, arrays and objects only.
//!
//! The writer renders typed fields straight into one buffer. Keys must come in ascending order;
//! the writer asserts it, so a record with unsorted keys cannot be made.

mod reader;

pub use reader::check_canonical;
pub(crate) use reader::{JsonReader, ObjectReader};

use std::fmt::Write as _;

/// Appends canonical JSON to a buffer.
///
/// Misuse (unsorted keys) is a programming error and stops the program: a wrong
/// ledger line is worse than none.
#[derive(Debug)]
pub struct JsonWriter<'buffer> {
    out: &'buffer mut String,
}

/// The members of one object, in ascending order of their keys.
#[derive(Debug)]
pub struct ObjectWriter<'buffer> {
    out: &'buffer mut String,
    last_key: &'static str,
}

/// The elements of one array.
#[derive(Debug)]
pub struct ArrayWriter<'buffer> {
    out: &'buffer mut String,
    empty: bool,
}

impl<'buffer> JsonWriter<'buffer> {
    /// Writes after whatever the buffer holds.
    pub const fn new(out: &'buffer mut String) -> Self {
        Self { out }
    }

    /// Writes one object.
    #[inline]
    pub fn object(self, members: impl FnOnce(&mut ObjectWriter<'_>)) {
        self.out.push('{');
        members(&mut ObjectWriter {
            out: self.out,
            last_key: "",
        });
        self.out.push('}');
    }

    /// Writes one array.
    pub fn array(self, elements: impl FnOnce(&mut ArrayWriter<'_>)) {
        self.out.push('[');
        elements(&mut ArrayWriter {
            out: self.out,
            empty: true,
        });
        self.out.push(']');
    }

    /// Writes a string.
    pub fn string(self, text: &str) {
        write_string(self.out, text);
    }

    /// Writes a string whose text `render` appends: identifiers, decimals, times and hashes, none
    /// of which holds a character that JSON escapes.
    #[inline]
    pub fn plain(self, render: impl FnOnce(&mut String)) {
        self.out.push('"');
        let start = self.out.len();
        render(self.out);
        debug_assert!(
            self.out.as_bytes()[start..]
                .iter()
                .all(|&byte| byte >= 0x20 && byte != b'"' && byte != b'\\'),
            "a plain string must need no escape"
        );
        self.out.push('"');
    }

    /// Writes a string from something that displays as plain text.
    pub fn display(self, value: impl std::fmt::Display) {
        // Writing to a String cannot fail.
        self.plain(|out| _ = write!(out, "{value}"));
    }

    /// Writes `true` or `false`.
    pub fn boolean(self, value: bool) {
        self.out.push_str(if value { "true" } else { "false" });
    }

    /// Writes `null`.
    pub fn null(self) {
        self.out.push_str("null");
    }
}

impl ObjectWriter<'_> {
    /// Starts the member `key`, whose value the returned writer takes.
    ///
    /// # Panics
    /// If `key` does not come after the member before it.
    #[expect(
        clippy::inline_always,
        reason = "keys are literals: inlined, their order is checked when the program is compiled"
    )]
    #[inline(always)]
    pub fn member(&mut self, key: &'static str) -> JsonWriter<'_> {
        assert!(
            self.last_key < key,
            "object keys must ascend: {:?} then {key:?}",
            self.last_key
        );
        if !self.last_key.is_empty() {
            self.out.push(',');
        }
        self.last_key = key;
        self.out.push('"');
        self.out.push_str(key);
        self.out.push_str("\":");
        JsonWriter { out: self.out }
    }
}

impl ArrayWriter<'_> {
    /// Starts the next element, whose value the returned writer takes.
    pub fn element(&mut self) -> JsonWriter<'_> {
        if !self.empty {
            self.out.push(',');
        }
        self.empty = false;
        JsonWriter { out: self.out }
    }
}

/// RFC 8785, 3.2.2.2: the two-character escapes where JSON has them, `\u00xx` for the other
/// control characters, everything else as it is.
fn write_string(out: &mut String, text: &str) {
    out.push('"');
    for character in text.chars() {
        match character {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\u{8}' => out.push_str("\\b"),
            '\t' => out.push_str("\\t"),
            '\n' => out.push_str("\\n"),
            '\u{c}' => out.push_str("\\f"),
            '\r' => out.push_str("\\r"),
            // Writing to a String cannot fail.
            control if control < ' ' => _ = write!(out, "\\u{:04x}", u32::from(control)),
            other => out.push(other),
        }
    }
    out.push('"');
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(value: impl FnOnce(JsonWriter<'_>)) -> String {
        let mut out = String::new();
        value(JsonWriter::new(&mut out));
        out
    }

    #[test]
    fn writes_without_spaces() {
        let text = written(|json| {
            json.object(|object| {
                object.member("a").array(|array| {
                    array.element().string("x");
                    array.element().boolean(true);
                    array.element().null();
                });
                object.member("b").display(12);
                object.member("c").object(|_| ());
            });
        });
        assert_eq!(text, r#"{"a":["x",true,null],"b":"12","c":{}}"#);
    }

    /// The string of RFC 8785, section 3.2.4 (its escapes and literals).
    #[test]
    fn escapes_as_rfc_8785_does() {
        let text = written(|json| json.string("\u{20ac}$\u{f}\nA'B\"\\\\\"/"));
        assert_eq!(text, "\"\u{20ac}$\\u000f\\nA'B\\\"\\\\\\\\\\\"/\"");
    }

    /// A control character stands in no string but as its escape.
    #[test]
    fn a_bare_control_character_is_not_canonical() {
        for control in '\u{0}'..'\u{20}' {
            check_canonical(&format!("\"a{control}b\"")).expect_err("a control character");
        }
        check_canonical("\"a b\"").expect("a space is plain");
    }

    #[test]
    fn unsorted_keys_stop_the_program() {
        let unsorted = std::panic::catch_unwind(|| {
            written(|json| {
                json.object(|object| {
                    object.member("b").null();
                    object.member("a").null();
                });
            })
        });
        assert!(unsorted.is_err());
    }
}
