//! Lines `<hash> <canonical JSON>\n` of a file, one at a time, in one buffer.

use std::fs::File;
use std::io::{BufRead, BufReader, Read};
use std::path::{Path, PathBuf};

use crate::chain::BATCH_LIMIT;
use crate::{Hash, LineageError, sha256};

/// Bytes of a line besides its JSON: the hash, the space and the line feed.
const FRAME: usize = 66;

/// What stands at the reader's position.
#[derive(Debug)]
pub(crate) enum Line<'buffer> {
    /// A line, without its line feed.
    Whole(&'buffer [u8]),
    /// The last bytes of the file, not ended by a line feed.
    Torn(u64),
    /// More bytes than a line may have.
    TooLong,
    /// The end of the file.
    End,
}

/// A file of lines.
#[derive(Debug)]
pub(crate) struct LineReader {
    path: PathBuf,
    input: BufReader<File>,
    buffer: Vec<u8>,
    limit: u64,
    /// Lines read so far.
    pub(crate) number: u64,
    /// Bytes of the lines read so far.
    pub(crate) bytes: u64,
}

impl LineReader {
    /// Opens a file whose JSON texts have at most `json_limit` bytes.
    pub(crate) fn open(path: &Path, json_limit: usize) -> Result<Self, LineageError> {
        let file = File::open(path).map_err(|error| LineageError::io("open", path, error))?;
        Ok(Self {
            path: path.to_owned(),
            input: BufReader::with_capacity(256 << 10, file),
            buffer: Vec::new(),
            limit: (json_limit + FRAME) as u64,
            number: 0,
            bytes: 0,
        })
    }

    /// The length of the whole file in bytes.
    pub(crate) fn length(&self) -> Result<u64, LineageError> {
        let metadata = self.input.get_ref().metadata();
        let metadata = metadata.map_err(|error| LineageError::io("examine", &self.path, error))?;
        Ok(metadata.len())
    }

    pub(crate) fn next(&mut self) -> Result<Line<'_>, LineageError> {
        self.buffer.clear();
        let read = (&mut self.input)
            .take(self.limit)
            .read_until(b'\n', &mut self.buffer)
            .map_err(|error| LineageError::io("read", &self.path, error))?;
        if read == 0 {
            return Ok(Line::End);
        }
        self.number += 1;
        match self.buffer.split_last() {
            Some((b'\n', line)) => {
                self.bytes += read as u64;
                Ok(Line::Whole(line))
            }
            _ if read as u64 == self.limit => Ok(Line::TooLong),
            _ => Ok(Line::Torn(read as u64)),
        }
    }
}

/// The hash and the JSON text of a line.
pub(crate) fn split_line(line: &[u8]) -> Option<(Hash, &str)> {
    let line = std::str::from_utf8(line).ok()?;
    let hash = line.get(..64)?.parse().ok()?;
    let json = line.get(64..)?.strip_prefix(' ')?;
    Some((hash, json))
}

/// Whether a line is one, and its hash that of its JSON text.
pub(crate) fn holds_together(line: &[u8]) -> bool {
    split_line(line).is_some_and(|(hash, json)| sha256(json.as_bytes()) == hash)
}

/// Whether a crash can have broken the line `seq` of the last segment: no head covers it (`covered` records), and from
/// its first byte on no more bytes are left than one batch has.
pub(crate) const fn can_be_torn(seq: u64, covered: u64, rest: u64) -> bool {
    seq >= covered && rest <= BATCH_LIMIT as u64
}
