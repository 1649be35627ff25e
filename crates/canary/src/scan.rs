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
