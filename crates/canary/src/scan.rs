//! Searches a stream in bounded memory.

use std::collections::BTreeMap;
use std::io::{self, Read};

use crate::pattern::{Form, Patterns};

/// So many bytes are read at a time.
pub(crate) const CHUNK: u64 = 1 << 18;

/// Where a form was found in one stream.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Hit {
    /// Of its first byte.
    pub(crate) offset: u64,
    /// Windows that overlap count once.
    pub(crate) times: u64,
    /// Of the last window that belongs to it.
    end: u64,
}

/// Takes a stream in pieces of any size, and finds what one piece would show.
pub(crate) struct Scanner<'patterns> {
    patterns: &'patterns Patterns,
    /// The end of what was searched, in which a pattern may have begun, and what comes next.
    buffer: Vec<u8>,
    /// Where the buffer begins in the stream.
    start: u64,
    bytes: u64,
    hits: BTreeMap<Form, Hit>,
}

impl<'patterns> Scanner<'patterns> {
    pub(crate) fn new(patterns: &'patterns Patterns) -> Self {
        Self {
            patterns,
            buffer: Vec::new(),
            start: 0,
            bytes: 0,
            hits: BTreeMap::new(),
        }
    }

    /// Searches all that a reader has.
    pub(crate) fn read(&mut self, reader: &mut impl Read, chunk: u64) -> io::Result<()> {
        loop {
            let searched = self.buffer.len();
            if reader.take(chunk).read_to_end(&mut self.buffer)? == 0 {
                return Ok(());
            }
            self.search(searched);
        }
    }

    /// Searches what comes next.
    pub(crate) fn feed(&mut self, bytes: &[u8]) {
        let searched = self.buffer.len();
        self.buffer.extend_from_slice(bytes);
        self.search(searched);
    }

    /// What follows stands elsewhere, and no pattern goes on in it.
    pub(crate) fn jump(&mut self, to: u64) {
        self.buffer.clear();
        self.start = to;
        for hit in self.hits.values_mut() {
            hit.end = 0;
        }
    }

    /// The place after the last byte.
    pub(crate) fn position(&self) -> u64 {
        self.start + number(self.buffer.len())
    }

    /// How many bytes were searched.
    pub(crate) fn bytes(&self) -> u64 {
        self.bytes
    }

    pub(crate) fn into_hits(self) -> BTreeMap<Form, Hit> {
        self.hits
    }

    /// A match that ends in the part that was searched before was found then.
    fn search(&mut self, searched: usize) {
        self.bytes += number(self.buffer.len() - searched);
        for (form, start, end) in self.patterns.find(&self.buffer) {
            if end <= searched {
                continue;
            }
            let (start, end) = (self.start + number(start), self.start + number(end));
            let hit = self.hits.entry(form).or_insert(Hit {
                offset: start,
                times: 0,
                end: 0,
            });
            if hit.times == 0 || start >= hit.end {
                hit.times += 1;
            }
            hit.end = end;
        }
        let kept = self.patterns.longest().saturating_sub(1);
        let gone = self.buffer.len().saturating_sub(kept);
        self.buffer.drain(..gone);
        self.start += number(gone);
    }
}

/// A length as an offset.
pub(crate) fn number(length: usize) -> u64 {
    u64::try_from(length).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::canaries::Canaries;
    use crate::leak::leaks;
    use crate::pattern::patterns_of;

    type Hits = BTreeMap<Form, Hit>;

    fn in_pieces(patterns: &Patterns, text: &[u8], cuts: &[usize]) -> Hits {
        let mut scanner = Scanner::new(patterns);
        let mut rest = text;
        for cut in cuts {
            let (piece, after) = rest.split_at(*cut);
            scanner.feed(piece);
            rest = after;
        }
        scanner.feed(rest);
        assert_eq!(scanner.bytes(), number(text.len()));
        scanner.into_hits()
    }

    /// Each form of a canary twice in a row, with something around it.
    fn texts(canaries: &Canaries, patterns: &Patterns) -> Vec<(Form, Vec<u8>)> {
        let leaks = leaks(canaries, patterns.distinct());
        let texts = leaks.iter().map(|leak| {
            let text = [
                b"before ",
                leak.bytes(),
                b" between ",
                leak.bytes(),
                b" after",
            ]
            .concat();
            (leak.form, text)
        });
        texts.collect()
    }

    #[test]
    fn every_border_in_every_form_is_searched_across() {
        let mut canaries = Canaries::none();
        canaries.plant(crate::Kind::ApiKey).unwrap();
        let patterns = Patterns::new(&canaries).unwrap();
        for (form, text) in texts(&canaries, &patterns) {
            let whole = in_pieces(&patterns, &text, &[]);
            assert!(whole[&form].times >= 2, "{form:?}");
            for cut in 0..=text.len() {
                assert_eq!(
                    in_pieces(&patterns, &text, &[cut]),
                    whole,
                    "{form:?} at {cut}"
                );
            }
        }
    }

    /// Windows overlap, so one that is lost does not show in a whole leak.
    #[test]
    fn every_border_of_every_pattern_is_searched_across() {
        let mut canaries = Canaries::none();
        canaries.plant(crate::Kind::ApiKey).unwrap();
        let patterns = Patterns::new(&canaries).unwrap();
        for (_, encoding) in patterns.distinct() {
            for text in patterns_of(&canaries.all()[0], *encoding) {
                let whole = in_pieces(&patterns, &text, &[]);
                assert!(!whole.is_empty(), "{encoding}");
                for cut in 0..=text.len() {
                    assert_eq!(
                        in_pieces(&patterns, &text, &[cut]),
                        whole,
                        "{encoding} at {cut}"
                    );
                }
            }
        }
    }

    #[test]
    fn pieces_of_any_size_show_the_same() {
        let mut canaries = Canaries::none();
        canaries.plant(crate::Kind::ApiKey).unwrap();
        let patterns = Patterns::new(&canaries).unwrap();
        for (form, text) in texts(&canaries, &patterns) {
            let whole = in_pieces(&patterns, &text, &[]);
            for chunk in [1, 2, 3, 7, 11, 12, 13, 64, 251, 252, 253] {
                let mut scanner = Scanner::new(&patterns);
                scanner.read(&mut text.as_slice(), chunk).unwrap();
                assert_eq!(scanner.into_hits(), whole, "{form:?} by {chunk}");
            }
        }
    }

    #[test]
    fn no_pattern_goes_on_after_a_jump() {
        let mut canaries = Canaries::none();
        canaries.plant(crate::Kind::ApiKey).unwrap();
        let patterns = Patterns::new(&canaries).unwrap();
        let value = canaries.bytes(crate::Kind::ApiKey).unwrap();
        let mut scanner = Scanner::new(&patterns);
        scanner.jump(100);
        scanner.feed(&value[..11]);
        scanner.jump(5000);
        scanner.feed(&value[11..22]);
        scanner.jump(9000);
        scanner.feed(value);
        assert_eq!(scanner.position(), 9064);
        let hits: Vec<(u64, u64)> = scanner
            .into_hits()
            .values()
            .map(|hit| (hit.offset, hit.times))
            .collect();
        assert_eq!(hits, [(9000, 1)]);
    }

    /// The buffer keeps less than the longest pattern.
    #[test]
    fn the_buffer_does_not_grow_with_the_stream() {
        let canaries = Canaries::new().unwrap();
        let patterns = Patterns::new(&canaries).unwrap();
        let mut scanner = Scanner::new(&patterns);
        scanner
            .read(&mut io::repeat(b'x').take(10 << 20), 1 << 12)
            .unwrap();
        assert_eq!(scanner.bytes(), 10 << 20);
        assert!(scanner.buffer.len() < patterns.longest());
        assert!(scanner.buffer.capacity() < 1 << 14);
    }
}
