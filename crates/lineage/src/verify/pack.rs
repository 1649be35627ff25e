//! The pack of documents, read once beside the records: memory does not grow with it.

use std::path::Path;

use super::failure::{Breach, FailureCode, VerifyFailure};
use super::unreadable;
use crate::LineageError;
use crate::canonical::check_canonical;
use crate::hash::{Hash, sha256};
use crate::ledger::{DOCUMENT_LIMIT, Line, LineReader, PACK, split_line};
use crate::record::Record;

/// A position in `documents.pack`, and the last document that each member of a record named.
///
/// A cycle's document is the last of its kind or stands further on, because writers append
/// documents in the order of first use (docs/lineage-format.md, Documents).
#[derive(Debug)]
pub(crate) struct PackCursor {
    lines: LineReader,
    last: [Option<Hash>; 7],
    wanted: Vec<Hash>,
    torn: u64,
    ended: bool,
}

impl PackCursor {
    pub(crate) fn open(directory: &Path) -> Result<Self, LineageError> {
        Ok(Self {
            lines: LineReader::open(&directory.join(PACK), DOCUMENT_LIMIT)?,
            last: [None; 7],
            wanted: Vec::new(),
            torn: 0,
            ended: false,
        })
    }

    /// Finds every document that a record names. The outer failure is one of the pack itself, the inner
    /// breach one of the record.
    pub(crate) fn find(&mut self, record: &Record) -> Result<Result<(), Breach>, VerifyFailure> {
        let named = match record {
            Record::Cycle(cycle) => [
                Some(cycle.account_hash),
                Some(cycle.constraints_hash),
                cycle.mandate_hash,
                Some(cycle.market_hash),
                cycle.regime_hash,
                Some(cycle.registry_hash),
                None,
            ],
            Record::Governance(governance) => {
                [None, None, None, None, None, None, governance.document_hash]
            }
            _ => return Ok(Ok(())),
        };
        for (last, hash) in self.last.iter_mut().zip(named) {
            if let Some(hash) = hash
                && *last != Some(hash)
            {
                *last = Some(hash);
                if !self.wanted.contains(&hash) {
                    self.wanted.push(hash);
                }
            }
        }
        while let Some(&wanted) = self.wanted.last() {
            let Some(found) = self.step()? else {
                return Ok(Err(Breach::new(
                    FailureCode::DocumentMissing,
                    format!("the pack has no document {wanted} from here on"),
                )));
            };
            self.wanted.retain(|hash| *hash != found);
        }
        Ok(Ok(()))
    }

    /// Reads on to the end. Returns the documents of the whole pack and the bytes of a torn end: no
    /// record names what stands there, so a crash may have left it, and anything may be missing.
    pub(crate) fn finish(&mut self) -> Result<(u64, u64), VerifyFailure> {
        loop {
            let (whole, bytes) = (self.lines.number, self.lines.bytes);
            match self.step() {
                Ok(Some(_)) => {}
                Ok(None) => return Ok((self.lines.number - u64::from(self.torn > 0), self.torn)),
                Err(failure) if is_broken(failure.code) => {
                    let length = self
                        .lines
                        .length()
                        .map_err(|error| unreadable(PACK, &error))?;
                    return Ok((whole, length - bytes));
                }
                Err(failure) => return Err(failure),
            }
        }
    }

    /// Checks the next line and returns its hash.
    fn step(&mut self) -> Result<Option<Hash>, VerifyFailure> {
        if self.ended {
            return Ok(None);
        }
        let checked = match self.lines.next() {
            Ok(Line::Whole(line)) => check_line(line).map(Some),
            Ok(Line::TooLong) => Err(Breach::new(
                FailureCode::LineForm,
                "a document of more than 16777216 bytes",
            )),
            Ok(Line::Torn(bytes)) => {
                self.torn = bytes;
                self.ended = true;
                Ok(None)
            }
            Ok(Line::End) => {
                self.ended = true;
                Ok(None)
            }
            Err(error) => Err(Breach::new(FailureCode::Unreadable, error.to_string())),
        };
        checked.map_err(|breach| breach.at(PACK, Some(self.lines.number), None))
    }
}

const fn is_broken(code: FailureCode) -> bool {
    matches!(code, FailureCode::LineForm | FailureCode::DocumentHash)
}

fn check_line(line: &[u8]) -> Result<Hash, Breach> {
    let (hash, json) = split_line(line).ok_or_else(super::not_a_line)?;
    let computed = sha256(json.as_bytes());
    if computed != hash {
        return Err(Breach::new(
            FailureCode::DocumentHash,
            format!("the line says {hash}, its document hashes to {computed}"),
        ));
    }
    check_canonical(json)
        .map_err(|error| Breach::new(FailureCode::Canonical, error.to_string()))?;
    Ok(hash)
}
