//! Reading canonical JSON without a tree: a cursor that takes one canonical form and no other.
//!
//! Canonical text has no choices (no spaces, keys ascending, one spelling for each character), so
//! reading and checking are the same walk, and nothing is allocated for text without escapes.

use std::borrow::Cow;

use crate::LineageError;

/// Arrays and objects inside one another, at most (docs/lineage-format.md, Bytes).
const DEEPEST: u8 = 64;

/// The bytes that end a run of plain text in a string.
const SPECIAL: [bool; 256] = {
    let mut special = [false; 256];
    let mut control = 0;
    while control < 0x20 {
        special[control] = true;
        control += 1;
    }
    special[b'"' as usize] = true;
    special[b'\\' as usize] = true;
    special
};

/// Checks that a text is one value in the canonical form of the format page.
///
/// # Errors
/// [`LineageError::Canonical`] with the first byte that breaks it.
pub fn check_canonical(text: &str) -> Result<(), LineageError> {
    let mut reader = JsonReader::new(text);
    reader.skip()?;
    reader.end()
}

/// A position in a canonical JSON text.
#[derive(Debug)]
pub(crate) struct JsonReader<'text> {
    text: &'text str,
    at: usize,
    depth: u8,
}

impl<'text> JsonReader<'text> {
    pub(crate) const fn new(text: &'text str) -> Self {
        Self {
            text,
            at: 0,
            depth: 0,
        }
    }

    /// Takes `null` if it stands here.
    pub(crate) fn null(&mut self) -> bool {
        self.take("null")
    }

    /// A string that may hold escapes.
    pub(crate) fn string(&mut self) -> Result<Cow<'text, str>, LineageError> {
        self.expect("\"", "expected a string (JSON numbers are not allowed)")?;
        let start = self.at;
        match self.next_special() {
            Some(b'"') => {
                let text = self.slice(start);
                self.at += 1;
                Ok(Cow::Borrowed(text))
            }
            _ => self.escaped(start).map(Cow::Owned),
        }
    }

    /// A string of a known length and, by its grammar, without escapes: the digits of a hash.
    /// The caller checks the grammar.
    pub(crate) fn fixed(&mut self, length: usize) -> Result<&'text str, LineageError> {
        if let [b'"', rest @ ..] = self.rest()
            && rest.get(length) == Some(&b'"')
            && let Some(text) = self.text.get(self.at + 1..self.at + 1 + length)
        {
            self.at += length + 2;
            return Ok(text);
        }
        self.plain()
    }

    /// A string without escapes: identifiers, decimals, times and hashes.
    pub(crate) fn plain(&mut self) -> Result<&'text str, LineageError> {
        match self.string()? {
            Cow::Borrowed(text) => Ok(text),
            Cow::Owned(_) => Err(self.fault("this text needs no escape")),
        }
    }

    /// Opens an object.
    pub(crate) fn object(&mut self) -> Result<ObjectReader<'_, 'text>, LineageError> {
        self.expect("{", "expected an object")?;
        self.deeper()?;
        Ok(ObjectReader {
            json: self,
            last_key: None,
        })
    }

    /// Opens an array.
    pub(crate) fn array(&mut self) -> Result<ArrayReader<'_, 'text>, LineageError> {
        self.expect("[", "expected an array")?;
        self.deeper()?;
        Ok(ArrayReader {
            json: self,
            empty: true,
        })
    }

    /// Passes over any value, checking its form.
    pub(crate) fn skip(&mut self) -> Result<(), LineageError> {
        match self.text.as_bytes().get(self.at) {
            Some(b'{') => self.object()?.skip_rest(),
            Some(b'[') => {
                let mut array = self.array()?;
                while let Some(element) = array.next()? {
                    element.skip()?;
                }
                Ok(())
            }
            Some(b'"') => self.string().map(drop),
            Some(_) if self.take("null") || self.take("true") || self.take("false") => Ok(()),
            Some(b'-' | b'0'..=b'9') => Err(self.fault("a JSON number; numbers are strings here")),
            _ => Err(self.fault("expected a value")),
        }
    }

    /// Nothing may follow.
    pub(crate) fn end(&self) -> Result<(), LineageError> {
        if self.at == self.text.len() {
            Ok(())
        } else {
            Err(self.fault("expected the end"))
        }
    }

    fn fault(&self, rule: &'static str) -> LineageError {
        LineageError::Canonical {
            byte: self.at,
            rule,
        }
    }

    fn rest(&self) -> &'text [u8] {
        self.text.as_bytes().get(self.at..).unwrap_or_default()
    }

    /// From a boundary before to the position, which stands before an ASCII byte or at one.
    fn slice(&self, start: usize) -> &'text str {
        self.text.get(start..self.at).unwrap_or_default()
    }

    fn take(&mut self, literal: &str) -> bool {
        let found = self.rest().starts_with(literal.as_bytes());
        if found {
            self.at += literal.len();
        }
        found
    }

    fn expect(&mut self, literal: &str, rule: &'static str) -> Result<(), LineageError> {
        if self.take(literal) {
            Ok(())
        } else {
            Err(self.fault(rule))
        }
    }

    fn deeper(&mut self) -> Result<(), LineageError> {
        self.depth += 1;
        if self.depth > DEEPEST {
            return Err(self.fault("more than 64 levels"));
        }
        Ok(())
    }

    /// Moves to the next quote, backslash or control character, and tells which.
    fn next_special(&mut self) -> Option<u8> {
        let found = self
            .rest()
            .iter()
            .position(|&byte| SPECIAL[usize::from(byte)]);
        let Some(distance) = found else {
            self.at = self.text.len();
            return None;
        };
        self.at += distance;
        self.rest().first().copied()
    }

    /// The rest of a string whose first special character is not its end.
    fn escaped(&mut self, start: usize) -> Result<String, LineageError> {
        let mut out = self.slice(start).to_owned();
        loop {
            let piece = self.at;
            match self.next_special() {
                Some(b'"') => {
                    out.push_str(self.slice(piece));
                    self.at += 1;
                    return Ok(out);
                }
                Some(b'\\') => {
                    out.push_str(self.slice(piece));
                    out.push(self.escape()?);
                }
                Some(_) => return Err(self.fault("a control character must be escaped")),
                None => return Err(self.fault("a string must end")),
            }
        }
    }

    /// RFC 8785, 3.2.2.2: one spelling for each character.
    fn escape(&mut self) -> Result<char, LineageError> {
        const SHORT: [(&str, char); 7] = [
            ("\\\"", '"'),
            ("\\\\", '\\'),
            ("\\b", '\u{8}'),
            ("\\t", '\t'),
            ("\\n", '\n'),
            ("\\f", '\u{c}'),
            ("\\r", '\r'),
        ];
        for (text, character) in SHORT {
            if self.take(text) {
                return Ok(character);
            }
        }
        for code in (0..0x20_u8).filter(|code| !matches!(code, 8..=10 | 12 | 13)) {
            if self.take(&format!("\\u{code:04x}")) {
                return Ok(char::from(code));
            }
        }
        Err(self.fault("this escape is not the canonical one"))
    }
}

/// The members of one object, in ascending order of their keys.
#[derive(Debug)]
pub(crate) struct ObjectReader<'reader, 'text> {
    json: &'reader mut JsonReader<'text>,
    last_key: Option<Cow<'text, str>>,
}

impl<'text> ObjectReader<'_, 'text> {
    /// The value of the member `key`, which must be the next one.
    pub(crate) fn member(
        &mut self,
        key: &'static str,
    ) -> Result<&mut JsonReader<'text>, LineageError> {
        if self.takes(key) {
            return Ok(self.json);
        }
        match self.next()? {
            Some(found) if found.as_ref() < key => Err(LineageError::Member {
                member: found.into_owned(),
                rule: "this member is not known here".to_owned(),
            }),
            _ => Err(missing(key)),
        }
    }

    /// The value of the member `key`; members before it that are not known are passed over.
    pub(crate) fn member_after_others(
        &mut self,
        key: &'static str,
    ) -> Result<&mut JsonReader<'text>, LineageError> {
        self.optional_member_after_others(key)?
            .ok_or_else(|| missing(key))
    }

    /// The value of the member `key`, if the object has it; members before it that are not known
    /// are passed over, and what comes after it stays to be read.
    pub(crate) fn optional_member_after_others(
        &mut self,
        key: &'static str,
    ) -> Result<Option<&mut JsonReader<'text>>, LineageError> {
        while !self.takes(key) {
            let (at, depth, last_key) = (self.json.at, self.json.depth, self.last_key.clone());
            match self.next()? {
                Some(found) if utf16_ascends(&found, key) => self.json.skip()?,
                _ => {
                    (self.json.at, self.json.depth, self.last_key) = (at, depth, last_key);
                    return Ok(None);
                }
            }
        }
        Ok(Some(self.json))
    }

    /// Takes the key if it stands here. The caller asks for its keys in ascending order, and those
    /// it passed over came before this one.
    #[inline]
    fn takes(&mut self, key: &'static str) -> bool {
        let rest = self.json.rest();
        let (rest, comma) = match rest {
            [b',', rest @ ..] if self.last_key.is_some() => (rest, 1),
            rest if self.last_key.is_none() => (rest, 0),
            _ => return false,
        };
        let found = matches!(rest, [b'"', rest @ ..]
            if rest.starts_with(key.as_bytes())
                && matches!(rest.get(key.len()..), Some([b'"', b':', ..])));
        if found {
            self.json.at += comma + key.len() + 3;
            self.last_key = Some(Cow::Borrowed(key));
        }
        found
    }

    /// The next key, or nothing at the object's end. Its value must be read before the next call.
    pub(crate) fn next(&mut self) -> Result<Option<Cow<'text, str>>, LineageError> {
        if self.json.take("}") {
            self.json.depth -= 1;
            return Ok(None);
        }
        if self.last_key.is_some() {
            self.json
                .expect(",", "expected a comma or the object's end")?;
        }
        let key = self.json.string()?;
        let ascends = self
            .last_key
            .as_ref()
            .is_none_or(|last| utf16_ascends(last, &key));
        if !ascends {
            return Err(self.json.fault("keys must ascend, each once"));
        }
        self.json.expect(":", "expected a colon")?;
        self.last_key = Some(key.clone());
        Ok(Some(key))
    }

    /// The reader, for the value of the key that [`Self::next`] gave.
    pub(crate) const fn value(&mut self) -> &mut JsonReader<'text> {
        self.json
    }

    /// The object must end here.
    pub(crate) fn end(mut self) -> Result<(), LineageError> {
        match self.next()? {
            None => Ok(()),
            Some(found) => Err(LineageError::Member {
                member: found.into_owned(),
                rule: "this member is not known here".to_owned(),
            }),
        }
    }

    /// Passes over all members that are left.
    pub(crate) fn skip_rest(mut self) -> Result<(), LineageError> {
        while self.next()?.is_some() {
            self.json.skip()?;
        }
        Ok(())
    }
}

fn missing(key: &'static str) -> LineageError {
    LineageError::Member {
        member: key.to_owned(),
        rule: "this member is missing".to_owned(),
    }
}

/// RFC 8785, 3.2.3: keys are compared as sequences of UTF-16 code units.
fn utf16_ascends(before: &str, after: &str) -> bool {
    if before.is_ascii() && after.is_ascii() {
        before < after
    } else {
        before.encode_utf16().lt(after.encode_utf16())
    }
}

/// The elements of one array.
#[derive(Debug)]
pub(crate) struct ArrayReader<'reader, 'text> {
    json: &'reader mut JsonReader<'text>,
    empty: bool,
}

impl<'text> ArrayReader<'_, 'text> {
    /// The reader at the next element, or nothing at the array's end.
    pub(crate) fn next(&mut self) -> Result<Option<&mut JsonReader<'text>>, LineageError> {
        if self.json.take("]") {
            self.json.depth -= 1;
            return Ok(None);
        }
        if !self.empty {
            self.json
                .expect(",", "expected a comma or the array's end")?;
        }
        self.empty = false;
        Ok(Some(self.json))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sixty_four_levels_and_no_more() {
        let nested = |levels: usize| format!("{}{}", "[".repeat(levels), "]".repeat(levels));
        assert!(check_canonical(&nested(64)).is_ok());
        assert!(check_canonical(&nested(65)).is_err());
        for inner in ["[]", "{}"] {
            let wide = format!("[{}]", vec![inner; 100].join(","));
            assert!(check_canonical(&wide).is_ok(), "{inner}");
        }
    }

    /// RFC 8785, 3.2.3: the key order of its example, with its string values.
    #[test]
    fn keys_ascend_in_utf_16() {
        let keys = [
            "\\r",
            "1",
            "\u{80}",
            "\u{f6}",
            "\u{20ac}",
            "\u{1f600}",
            "\u{fb33}",
        ];
        let object = |keys: &[&str]| {
            let members: Vec<_> = keys.iter().map(|key| format!("\"{key}\":null")).collect();
            format!("{{{}}}", members.join(","))
        };
        assert!(check_canonical(&object(&keys)).is_ok());
        for at in 1..keys.len() {
            let mut swapped = keys;
            swapped.swap(at - 1, at);
            assert!(check_canonical(&object(&swapped)).is_err(), "{at}");
            let mut doubled = keys;
            doubled[at] = keys[at - 1];
            assert!(check_canonical(&object(&doubled)).is_err(), "{at}");
        }
    }
}
