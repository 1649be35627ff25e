//! Enough of Rust's grammar to search sources without being fooled by comments and strings.

/// One word, number or punctuation character of a source.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Token<'source> {
    pub(crate) text: &'source str,
    /// Counted from 1.
    pub(crate) line: usize,
    /// A number with a fraction or an exponent.
    pub(crate) float: bool,
}

/// The tokens of a source without its comments, strings, characters and lifetimes.
pub(crate) fn tokens(source: &str) -> Vec<Token<'_>> {
    let mut lexer = Lexer {
        source,
        at: 0,
        line: 1,
        counted: 0,
        tokens: Vec::new(),
    };
    while lexer.step() {}
    lexer.tokens
}

/// Takes out what `#[cfg(test)]` marks. Also returns the names of marked modules that have a file
/// of their own.
pub(crate) fn without_tests<'source>(
    tokens: &[Token<'source>],
) -> (Vec<Token<'source>>, Vec<&'source str>) {
    let mut kept = Vec::new();
    let mut modules = Vec::new();
    let mut at = 0;
    while at < tokens.len() {
        if !matches(&tokens[at..], &["#", "[", "cfg", "(", "test", ")", "]"]) {
            kept.push(tokens[at]);
            at += 1;
            continue;
        }
        let end = end_of_item(tokens, at);
        let item = &tokens[at..end];
        if let Some(&Token { text: ";", .. }) = item.last()
            && let Some(position) = item.iter().position(|token| token.text == "mod")
        {
            modules.push(item[position + 1].text);
        }
        at = end;
    }
    (kept, modules)
}

/// Whether the tokens begin with these texts.
pub(crate) fn matches(tokens: &[Token<'_>], texts: &[&str]) -> bool {
    tokens.len() >= texts.len()
        && tokens
            .iter()
            .zip(texts)
            .all(|(token, text)| token.text == *text)
}

/// The end of the item at `start`: past its first `;` or its first closed `{}` outside of any
/// bracket. Attributes end with `]` and so belong to what follows.
fn end_of_item(tokens: &[Token<'_>], start: usize) -> usize {
    let mut depth = 0_usize;
    for (offset, token) in tokens[start..].iter().enumerate() {
        match token.text {
            "(" | "[" | "{" => depth += 1,
            ")" | "]" | "}" => {
                depth = depth.saturating_sub(1);
                if depth == 0 && token.text == "}" {
                    return start + offset + 1;
                }
            }
            ";" if depth == 0 => return start + offset + 1,
            _ => {}
        }
    }
    tokens.len()
}

struct Lexer<'source> {
    source: &'source str,
    at: usize,
    /// The line of the byte `counted`.
    line: usize,
    counted: usize,
    tokens: Vec<Token<'source>>,
}

impl Lexer<'_> {
    /// Reads one thing; false at the end.
    fn step(&mut self) -> bool {
        let rest = &self.source[self.at..];
        let Some(first) = rest.chars().next() else {
            return false;
        };
        if rest.starts_with("//") {
            self.at += rest.find('\n').unwrap_or(rest.len());
        } else if rest.starts_with("/*") {
            self.at += comment_length(rest);
        } else if let Some(length) = string_length(rest) {
            self.at += length;
        } else if first == '\'' {
            self.at += character_or_lifetime_length(rest);
        } else if first.is_ascii_digit() {
            self.number(rest);
        } else if first == '_' || first.is_alphabetic() {
            let length = word_length(rest);
            self.push(length, false);
        } else if first.is_whitespace() {
            self.at += first.len_utf8();
        } else {
            self.push(first.len_utf8(), false);
        }
        true
    }

    fn number(&mut self, rest: &str) {
        // The index of a tuple field is no number: `pair.0.1`.
        let is_field = self.tokens.last().is_some_and(|token| token.text == ".")
            && !self.source[..self.at].ends_with("..");
        let whole = word_length(rest);
        let fraction = if is_field {
            0
        } else {
            fraction_length(&rest[whole..])
        };
        let length = whole + fraction;
        let float = fraction > 0 || (!is_field && has_exponent(&rest[..length]));
        self.push(length, float);
    }

    fn push(&mut self, length: usize, float: bool) {
        self.line += self.source[self.counted..self.at].matches('\n').count();
        self.counted = self.at;
        let line = self.line;
        let text = &self.source[self.at..self.at + length];
        self.tokens.push(Token { text, line, float });
        self.at += length;
    }
}

/// The length of what follows the digits `1` in `1.5` and `1.`; none in `1..2` and `1.max(2)`.
fn fraction_length(rest: &str) -> usize {
    let Some(after) = rest.strip_prefix('.') else {
        return 0;
    };
    match after.chars().next() {
        Some('.' | '_') => 0,
        Some(c) if c.is_alphabetic() => 0,
        _ => 1 + word_length(after),
    }
}

/// `1e5`, `2_0E-3`, `1.5e2`; not `0x1e5` and not `1usize`.
fn has_exponent(number: &str) -> bool {
    if number.starts_with("0x") {
        return false;
    }
    let after = number.trim_start_matches(|c: char| c.is_ascii_digit() || c == '_' || c == '.');
    after.strip_prefix(['e', 'E']).is_some_and(|rest| {
        rest.is_empty() || rest.starts_with(|c: char| c.is_ascii_digit() || c == '_')
    })
}

fn word_length(rest: &str) -> usize {
    rest.find(|c: char| c != '_' && !c.is_alphanumeric())
        .unwrap_or(rest.len())
}

/// The length of a comment that may hold comments.
fn comment_length(rest: &str) -> usize {
    let mut depth = 0_usize;
    let mut at = 0;
    while at < rest.len() {
        if rest[at..].starts_with("/*") {
            depth += 1;
            at += 2;
        } else if rest[at..].starts_with("*/") {
            depth -= 1;
            at += 2;
            if depth == 0 {
                return at;
            }
        } else {
            at += rest[at..].chars().next().map_or(1, char::len_utf8);
        }
    }
    rest.len()
}

/// The length of a string literal of any kind, if one begins here.
fn string_length(rest: &str) -> Option<usize> {
    let prefix = ["", "b", "c", "r", "br", "cr"]
        .into_iter()
        .filter(|prefix| rest.starts_with(prefix))
        .find(|prefix| {
            let after = &rest[prefix.len()..];
            let quoted = if prefix.ends_with('r') {
                after.trim_start_matches('#')
            } else {
                after
            };
            quoted.starts_with('"')
        })?;
    let after = &rest[prefix.len()..];
    if prefix.ends_with('r') {
        let hashes = after.len() - after.trim_start_matches('#').len();
        let close = format!("\"{}", "#".repeat(hashes));
        let body = &after[hashes + 1..];
        let end = body
            .find(&close)
            .map_or(body.len(), |end| end + close.len());
        return Some(prefix.len() + hashes + 1 + end);
    }
    let mut escaped = false;
    for (offset, c) in after.char_indices().skip(1) {
        match c {
            '"' if !escaped => return Some(prefix.len() + offset + 1),
            '\\' => escaped = !escaped,
            _ => escaped = false,
        }
    }
    Some(rest.len())
}

/// `'a'`, `'\n'`, `'\u{8}'` are characters; `'a` is a lifetime.
fn character_or_lifetime_length(rest: &str) -> usize {
    let body = &rest[1..];
    let Some(first) = body.chars().next() else {
        return rest.len();
    };
    if first == '\\' {
        // The character after the backslash may itself be a quote.
        return body[2.min(body.len())..]
            .find('\'')
            .map_or(rest.len(), |end| 1 + 2 + end + 1);
    }
    if body[first.len_utf8()..].starts_with('\'') {
        return 1 + first.len_utf8() + 1;
    }
    1 + word_length(body)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(source: &str) -> Vec<&str> {
        tokens(source).iter().map(|token| token.text).collect()
    }

    #[test]
    fn comments_strings_and_characters_are_left_out() {
        let source = concat!(
            "a // std\n b /* std /* std */ std */ c \"std \\\" std\" d r#\"std \" std\"# ",
            "e b\"std\" 's' '\\'' '\\u{8}' '\"' &'std f r\"\\\" g c\"std\" h",
        );
        assert_eq!(texts(source), ["a", "b", "c", "d", "e", "&", "f", "g", "h"]);
    }

    #[test]
    fn lines_are_counted() {
        let lines: Vec<usize> = tokens("a\n\"\n\"\nb\nc")
            .iter()
            .map(|token| token.line)
            .collect();
        assert_eq!(lines, [1, 4, 5]);
    }

    #[test]
    fn floats_are_told_from_integers() {
        for source in ["1.5", "1e5", "2.", "1_0E3", "1e-3", "0.0", "(1.)"] {
            assert!(tokens(source).iter().any(|token| token.float), "{source}");
        }
        for source in [
            "1", "1usize", "0x1e5", "0..10", "1.max(2)", "pair.0.1", "0b1_0", "1..=2",
        ] {
            assert!(!tokens(source).iter().any(|token| token.float), "{source}");
        }
    }

    #[test]
    fn test_code_is_taken_out() {
        let source = "
            use a;
            #[cfg(test)] use std::fs;
            #[cfg(test)]
            #[path = \"x\"]
            mod tests { fn f() -> [u8; 2] { std::fs } }
            fn g() {}
            #[cfg(test)] mod elsewhere;
            #[cfg(not(test))] fn h() {}
            #[cfg(test)] fn i(x: [u8; 3]) -> u8 { std }
            fn j() {}";
        let all = tokens(source);
        let (kept, modules) = without_tests(&all);
        let kept: Vec<&str> = kept.iter().map(|token| token.text).collect();
        assert!(!kept.contains(&"std"), "{kept:?}");
        for word in ["a", "g", "h", "j"] {
            assert!(kept.contains(&word), "{word}");
        }
        assert_eq!(modules, ["elsewhere"]);
    }
}
