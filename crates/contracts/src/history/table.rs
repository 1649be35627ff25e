//! One CSV file, read a row at a time.

use std::io::{self, Read};

use csv::{ByteRecord, ReaderBuilder};
use ios012_core::UtcTime;

use crate::{ContractsError, DocumentKind, Place, Refusal, RefusalCode};

/// Longest line, in bytes.
const LONGEST_LINE: usize = 64 * 1024;

/// A CSV file whose first column is a date, and the row that was read last.
pub(super) struct Table<R> {
    reader: csv::Reader<Lines<R>>,
    file: &'static str,
    kind: DocumentKind,
    columns: Vec<String>,
    record: ByteRecord,
    line: u64,
    row: Option<UtcTime>,
    date_text: Vec<u8>,
}

impl<R: Read> Table<R> {
    /// Reads the header, whose first column must be `date`.
    pub(super) fn open(
        input: R,
        file: &'static str,
        kind: DocumentKind,
    ) -> Result<Self, ContractsError> {
        Self::open_with(input, file, kind, &["date"])
    }

    /// Reads the header, whose first column must have one of some names.
    pub(super) fn open_with(
        input: R,
        file: &'static str,
        kind: DocumentKind,
        first: &[&str],
    ) -> Result<Self, ContractsError> {
        let reader = ReaderBuilder::new()
            .has_headers(false)
            .flexible(true)
            .quoting(false)
            .from_reader(Lines {
                input,
                length: 0,
                mark: Some(0),
            });
        let mut table = Self {
            reader,
            file,
            kind,
            columns: Vec::new(),
            record: ByteRecord::new(),
            line: 0,
            row: None,
            date_text: Vec::new(),
        };
        if !table.read()? {
            return Err(table.refuse(RefusalCode::NoRows, Place::Whole).into());
        }
        table.columns = (0..table.record.len())
            .map(|column| table.header(column))
            .collect::<Result<_, _>>()?;
        let names = |name: &String| !first.contains(&name.as_str());
        if table.columns.first().is_none_or(names) {
            let found = table.columns.first().cloned().unwrap_or_default();
            let refusal = table.refuse(
                RefusalCode::CsvHeader,
                Place::Cell {
                    line: table.line,
                    column: first.first().copied().unwrap_or_default().to_owned(),
                },
            );
            return Err(refusal
                .value(found)
                .rule(format!("the first column must be {}", first.join(" or ")))
                .into());
        }
        Ok(table)
    }

    /// The columns' names, the date's first.
    pub(super) fn columns(&self) -> &[String] {
        &self.columns
    }

    /// Reads the next row. Its date may not be before that of the row before it.
    pub(super) fn advance(&mut self) -> Result<Option<UtcTime>, ContractsError> {
        if !self.read()? {
            self.row = None;
            return Ok(None);
        }
        if self.record.len() != self.columns.len() {
            let refusal = self.refuse(RefusalCode::CsvFields, self.place_of(0));
            return Err(refusal
                .value(format_args!("{} fields", self.record.len()))
                .rule(format!(
                    "a row has as many fields as the header, {}",
                    self.columns.len()
                ))
                .into());
        }
        let before = self.row;
        let date = self.read_date()?;
        if let Some(before) = before.filter(|before| date < *before) {
            let refusal = self.refuse_cell(RefusalCode::CsvOrder, 0);
            return Err(refusal
                .rule(format!("dates must ascend; the row before is {before}"))
                .into());
        }
        self.row = Some(date);
        Ok(self.row)
    }

    /// The date of the row that was read last.
    pub(super) const fn date(&self) -> Option<UtcTime> {
        self.row
    }

    /// The line of the row that was read last, from 1.
    pub(super) const fn line(&self) -> u64 {
        self.line
    }

    /// The text of a cell.
    pub(super) fn cell(&self, column: usize) -> Result<&str, Refusal> {
        std::str::from_utf8(self.bytes(column))
            .map_err(|_| self.refuse(RefusalCode::NotUtf8, self.place_of(column)))
    }

    /// The bytes of a cell; none for a column that the file has not.
    pub(super) fn bytes(&self, column: usize) -> &[u8] {
        self.record.get(column).unwrap_or_default()
    }

    /// Refuses a cell with its value.
    pub(super) fn refuse_cell(&self, code: RefusalCode, column: usize) -> Refusal {
        self.refuse(code, self.place_of(column))
            .value(String::from_utf8_lossy(self.bytes(column)))
    }

    /// Refuses a place of this file.
    pub(super) fn refuse(&self, code: RefusalCode, place: Place) -> Refusal {
        Refusal::new(code, self.kind, self.file, place)
    }

    fn place_of(&self, column: usize) -> Place {
        Place::Cell {
            line: self.line,
            column: self
                .columns
                .get(column)
                .cloned()
                .unwrap_or_else(|| "date".to_owned()),
        }
    }

    fn header(&self, column: usize) -> Result<String, ContractsError> {
        let name = String::from_utf8_lossy(self.bytes(column)).into_owned();
        let earlier = (0..column).any(|before| self.bytes(before) == name.as_bytes());
        if earlier {
            let place = Place::Cell {
                line: self.line,
                column: column.saturating_add(1).to_string(),
            };
            let refusal = self.refuse(RefusalCode::DuplicateRow, place);
            return Err(refusal.value(name).rule("a column may stand once").into());
        }
        Ok(name)
    }

    fn read(&mut self) -> Result<bool, ContractsError> {
        let found = self
            .reader
            .read_byte_record(&mut self.record)
            .map_err(|error| {
                let line_after = Place::Cell {
                    line: self.line.saturating_add(1),
                    column: "date".to_owned(),
                };
                match error.into_kind() {
                    csv::ErrorKind::Io(source) if source.kind() == io::ErrorKind::InvalidData => {
                        let code = RefusalCode::ByteOrderMark;
                        self.refuse(code, Place::Whole).into()
                    }
                    csv::ErrorKind::Io(source) if source.kind() != io::ErrorKind::FileTooLarge => {
                        ContractsError::Io {
                            path: self.file.into(),
                            source,
                        }
                    }
                    _ => self.refuse(RefusalCode::TooLarge, line_after).into(),
                }
            })?;
        if let Some(position) = self.record.position() {
            self.line = position.line();
        }
        Ok(found)
    }

    /// A date is `2026-11-22`, which is midnight UTC, or a full time. Rows often repeat it.
    fn read_date(&mut self) -> Result<UtcTime, Refusal> {
        let bytes = self.record.get(0).unwrap_or_default();
        if let Some(date) = self.row.filter(|_| bytes == self.date_text) {
            return Ok(date);
        }
        let text = std::str::from_utf8(bytes).unwrap_or_default();
        let time = UtcTime::from_date(text).or_else(|_| text.parse());
        let date = time.map_err(|_| {
            let refusal = self.refuse_cell(RefusalCode::Time, 0);
            refusal.rule("a date is written 2026-11-22 or 2026-11-22T00:00:00.000Z")
        })?;
        self.date_text.clear();
        self.date_text.extend_from_slice(bytes);
        Ok(date)
    }
}

/// Bounds the length of a line, so that memory stays flat whatever the file holds, and refuses a
/// byte order mark, which the CSV reader would skip.
struct Lines<R> {
    input: R,
    length: usize,
    /// How many bytes of a byte order mark the input began with, as long as it may be one.
    mark: Option<usize>,
}

impl<R> Lines<R> {
    fn check_start(&mut self, chunk: &[u8]) -> io::Result<()> {
        const MARK: &[u8] = b"\xef\xbb\xbf";
        for byte in chunk {
            let Some(matched) = self.mark else {
                break;
            };
            self.mark = (MARK.get(matched) == Some(byte)).then_some(matched.saturating_add(1));
            if self.mark == Some(MARK.len()) {
                return Err(io::Error::from(io::ErrorKind::InvalidData));
            }
        }
        Ok(())
    }
}

impl<R: Read> Read for Lines<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.input.read(buffer)?;
        let chunk = buffer.get(..count).unwrap_or_default();
        self.check_start(chunk)?;
        // A chunk is shorter than the longest line, so only its last line matters.
        self.length = match chunk.iter().rposition(|&byte| byte == b'\n') {
            Some(end) => count.saturating_sub(end),
            None => self.length.saturating_add(count),
        };
        if self.length > LONGEST_LINE {
            return Err(io::Error::from(io::ErrorKind::FileTooLarge));
        }
        Ok(count)
    }
}
