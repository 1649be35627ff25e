//! Typed records: the same type is written and read (docs/lineage-format.md, Records).

mod books;
mod control;
mod macros;
mod trade;

pub use books::{Amount, Entry, EntryLine, Format, Genesis, Opening};
pub use control::{Breaker, Evidence, Governance, Recovery, Refusal, ResolvedOrder, SideFile};
pub use trade::{
    Binding, Cycle, CycleOutcome, Decision, Defcon, EngineIdentity, Fill, Metadata, Mode, Order,
    Outcome, OutcomeState, Residual, Seal, Side,
};

use ios012_core::PortfolioId;

use crate::canonical::{JsonReader, ObjectReader, ObjectWriter, check_canonical};
use crate::field::{Field, Memo};
use crate::{Code, Hash, JsonWriter, LineageError};

/// What `schema` holds in every record.
pub const RECORD_SCHEMA: &str = "ios012.record.v1";

/// The members that every record has, besides `schema` and `kind`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Envelope {
    /// The portfolio whose ledger this is.
    pub portfolio_id: PortfolioId,
    /// Counts records from 0, over all segments.
    pub seq: u64,
    /// The record hash of the record before.
    pub prev: Hash,
    /// Counts the writers of the ledger, from 1.
    pub epoch: u64,
}

/// One record of a ledger.
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(missing_docs, reason = "each body says what it is")]
pub enum Record {
    Genesis(Genesis),
    Cycle(Cycle),
    Decision(Decision),
    Order(Order),
    Outcome(Outcome),
    Fill(Fill),
    Residual(Residual),
    Entry(Entry),
    Breaker(Breaker),
    Governance(Governance),
    Refusal(Refusal),
    Recovery(Recovery),
    Seal(Seal),
    /// A kind of a later version, of which only the envelope was checked. It cannot be written.
    Unknown {
        kind: Code,
    },
}

/// A body that knows its kind.
pub(crate) trait Body: Sized {
    const KIND: &'static str;
    fn write(&self, envelope: &Envelope, json: JsonWriter<'_>, memo: &mut Memo);
    fn read(json: &mut JsonReader<'_>, memo: &mut Memo) -> Result<(Envelope, Self), LineageError>;
}

macro_rules! kinds {
    ($($name:ident),*) => {
        impl Record {
            /// The kind, as it stands in the record.
            pub fn kind(&self) -> &str {
                match self {
                    $(Self::$name(_) => $name::KIND,)*
                    Self::Unknown { kind } => kind.as_str(),
                }
            }

            /// Appends the record's canonical JSON.
            ///
            /// # Errors
            /// [`LineageError::Member`] for [`Record::Unknown`].
            pub fn write(&self, envelope: &Envelope, out: &mut String) -> Result<(), LineageError> {
                self.write_with(envelope, out, &mut Memo::default())
            }

            pub(crate) fn write_with(
                &self,
                envelope: &Envelope,
                out: &mut String,
                memo: &mut Memo,
            ) -> Result<(), LineageError> {
                let json = JsonWriter::new(out);
                match self {
                    $(Self::$name(body) => body.write(envelope, json, memo),)*
                    Self::Unknown { .. } => return Err(LineageError::Member {
                        member: "kind".to_owned(),
                        rule: "a record of an unknown kind cannot be written".to_owned(),
                    }),
                }
                Ok(())
            }

            /// Reads a record's canonical JSON.
            ///
            /// # Errors
            /// [`LineageError::Canonical`] for any other form, [`LineageError::Member`] for a
            /// missing, unknown or ill-formed member.
            pub fn parse(json: &str) -> Result<(Envelope, Self), LineageError> {
                Self::parse_with(json, &mut Memo::default())
            }

            fn parse_as(
                kind: &str,
                json: &str,
                memo: &mut Memo,
            ) -> Option<Result<(Envelope, Self), LineageError>> {
                match kind {
                    $($name::KIND => {
                        let mut reader = JsonReader::new(json);
                        let read = $name::read(&mut reader, memo)
                            .and_then(|read| reader.end().map(|()| read));
                        Some(read.map(|(envelope, body)| (envelope, Self::$name(body))))
                    })*
                    _ => None,
                }
            }
        }

        $(impl From<$name> for Record {
            fn from(body: $name) -> Self {
                Self::$name(body)
            }
        })*
    };
}
kinds!(
    Genesis, Cycle, Decision, Order, Outcome, Fill, Residual, Entry, Breaker, Governance, Refusal,
    Recovery, Seal
);

impl Record {
    pub(crate) fn parse_with(
        json: &str,
        memo: &mut Memo,
    ) -> Result<(Envelope, Self), LineageError> {
        // The members of a kind are known only after its name, which stands in the middle. Take
        // the first text that looks like it; if the record does not read so, look properly.
        let likely = likely_kind(json).unwrap_or_default();
        if let Some(Ok(read)) = Self::parse_as(likely, json, memo) {
            return Ok(read);
        }
        check_canonical(json)?;
        let (envelope, kind) =
            read_envelope(json, memo).map_err(|error| error.in_member("record"))?;
        match Self::parse_as(kind.as_str(), json, memo) {
            Some(read) => read.map_err(|error| error.in_member("record")),
            None => Ok((envelope, Self::Unknown { kind })),
        }
    }
}

fn likely_kind(json: &str) -> Option<&str> {
    const KEY: &str = "\"kind\":\"";
    let start = json.find(KEY)? + KEY.len();
    json.get(start..)?.split('"').next()
}

/// Reads the envelope of any kind.
fn read_envelope(json: &str, memo: &mut Memo) -> Result<(Envelope, Code), LineageError> {
    let mut reader = JsonReader::new(json);
    let mut object = reader.object()?;
    let mut parts = EnvelopeReader::default();
    let mut kind = None;
    let mut schema = None;
    while let Some(key) = object.next()? {
        let value = object.value();
        let read = match key.as_ref() {
            "epoch" => u64::read(value, memo).map(|epoch| parts.epoch = Some(epoch)),
            "kind" => Code::read(value, memo).map(|code| kind = Some(code)),
            "portfolio_id" => {
                PortfolioId::read(value, memo).map(|id| parts.portfolio_id = Some(id))
            }
            "prev" => Hash::read(value, memo).map(|hash| parts.prev = Some(hash)),
            "schema" => value.plain().map(|text| schema = Some(text)),
            "seq" => u64::read(value, memo).map(|seq| parts.seq = Some(seq)),
            _ => value.skip(),
        };
        read.map_err(|error| error.in_member(&key))?;
    }
    reader.end()?;
    if schema != Some(RECORD_SCHEMA) {
        return Err(constant("schema", RECORD_SCHEMA));
    }
    let kind = kind.ok_or_else(|| constant("kind", "the record's kind"))?;
    Ok((parts.finish()?, kind))
}

fn constant(member: &str, value: &str) -> LineageError {
    LineageError::Member {
        member: member.to_owned(),
        rule: format!("must be {value}"),
    }
}

/// The envelope's members, each written where its key belongs.
impl Envelope {
    #[inline]
    fn epoch(&self, object: &mut ObjectWriter<'_>, _: &str, memo: &mut Memo) {
        self.epoch.write(object.member("epoch"), memo);
    }

    #[expect(
        clippy::unused_self,
        reason = "one shape for all members of the envelope"
    )]
    #[inline]
    fn kind(&self, object: &mut ObjectWriter<'_>, kind: &str, _: &mut Memo) {
        object.member("kind").plain(|out| out.push_str(kind));
    }

    #[inline]
    fn portfolio_id(&self, object: &mut ObjectWriter<'_>, _: &str, memo: &mut Memo) {
        self.portfolio_id.write(object.member("portfolio_id"), memo);
    }

    #[inline]
    fn prev(&self, object: &mut ObjectWriter<'_>, _: &str, memo: &mut Memo) {
        self.prev.write(object.member("prev"), memo);
    }

    #[expect(
        clippy::unused_self,
        reason = "one shape for all members of the envelope"
    )]
    #[inline]
    fn schema(&self, object: &mut ObjectWriter<'_>, _: &str, _: &mut Memo) {
        object
            .member("schema")
            .plain(|out| out.push_str(RECORD_SCHEMA));
    }

    #[inline]
    fn seq(&self, object: &mut ObjectWriter<'_>, _: &str, memo: &mut Memo) {
        self.seq.write(object.member("seq"), memo);
    }
}

/// The envelope's members as they are met.
#[derive(Debug, Default)]
pub(crate) struct EnvelopeReader {
    portfolio_id: Option<PortfolioId>,
    seq: Option<u64>,
    prev: Option<Hash>,
    epoch: Option<u64>,
}

impl EnvelopeReader {
    fn epoch(
        &mut self,
        object: &mut ObjectReader<'_, '_>,
        _: &str,
        memo: &mut Memo,
    ) -> Result<(), LineageError> {
        self.epoch = Some(u64::read(object.member("epoch")?, memo)?);
        Ok(())
    }

    #[expect(
        clippy::unused_self,
        reason = "one shape for all members of the envelope"
    )]
    fn kind(
        &mut self,
        object: &mut ObjectReader<'_, '_>,
        kind: &str,
        _: &mut Memo,
    ) -> Result<(), LineageError> {
        if object.member("kind")?.plain()? == kind {
            Ok(())
        } else {
            Err(constant("kind", kind))
        }
    }

    fn portfolio_id(
        &mut self,
        object: &mut ObjectReader<'_, '_>,
        _: &str,
        memo: &mut Memo,
    ) -> Result<(), LineageError> {
        self.portfolio_id = Some(PortfolioId::read(object.member("portfolio_id")?, memo)?);
        Ok(())
    }

    fn prev(
        &mut self,
        object: &mut ObjectReader<'_, '_>,
        _: &str,
        memo: &mut Memo,
    ) -> Result<(), LineageError> {
        self.prev = Some(Hash::read(object.member("prev")?, memo)?);
        Ok(())
    }

    #[expect(
        clippy::unused_self,
        reason = "one shape for all members of the envelope"
    )]
    fn schema(
        &mut self,
        object: &mut ObjectReader<'_, '_>,
        _: &str,
        _: &mut Memo,
    ) -> Result<(), LineageError> {
        if object.member("schema")?.plain()? == RECORD_SCHEMA {
            Ok(())
        } else {
            Err(constant("schema", RECORD_SCHEMA))
        }
    }

    fn seq(
        &mut self,
        object: &mut ObjectReader<'_, '_>,
        _: &str,
        memo: &mut Memo,
    ) -> Result<(), LineageError> {
        self.seq = Some(u64::read(object.member("seq")?, memo)?);
        Ok(())
    }

    fn finish(self) -> Result<Envelope, LineageError> {
        let missing = |member: &str| LineageError::Member {
            member: member.to_owned(),
            rule: "this member is missing".to_owned(),
        };
        Ok(Envelope {
            portfolio_id: self.portfolio_id.ok_or_else(|| missing("portfolio_id"))?,
            seq: self.seq.ok_or_else(|| missing("seq"))?,
            prev: self.prev.ok_or_else(|| missing("prev"))?,
            epoch: self.epoch.ok_or_else(|| missing("epoch"))?,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The twelve records of the format page's example: none of them takes the slow way.
    #[test]
    fn the_likely_kind_is_the_kind() {
        let page = include_str!("../../../docs/lineage-format.md");
        let records = page
            .lines()
            .filter_map(|line| Some(line.split_once(' ')?.1))
            .filter(|json| json.starts_with('{') && json.contains(RECORD_SCHEMA));
        let kinds: Vec<_> = records.filter_map(likely_kind).collect();
        let expected = "genesis cycle decision decision residual order outcome fill outcome seal \
                        refusal seal";
        assert_eq!(kinds.join(" "), expected);
        assert_eq!(likely_kind(r#"{"a":"kind"}"#), None);
    }
}
