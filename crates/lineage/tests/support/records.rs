//! Records of the worked example, and records of any length.

use ios012_lineage::{Chain, Envelope, Evidence, Governance, LedgerReader, Record};

use crate::support;

pub(crate) fn example() -> Vec<Record> {
    let directory = tempfile::tempdir().expect("a directory");
    support::write_example(directory.path());
    LedgerReader::open(directory.path())
        .expect("a ledger")
        .map(|stored| stored.expect("a record").record)
        .collect()
}

/// The JSON of a record where it would stand next in a chain.
pub(crate) fn json_of(record: &Record, chain: &Chain) -> String {
    let (seq, prev) = chain.head();
    let envelope = Envelope {
        portfolio_id: chain.portfolio_id().clone(),
        seq,
        prev,
        epoch: chain.epoch(),
    };
    let mut json = String::new();
    record.write(&envelope, &mut json).expect("a known kind");
    json
}

/// A record whose JSON would have so many bytes next in a chain.
pub(crate) fn of_length(bytes: usize, chain: &Chain) -> Record {
    let record = |evidence| {
        Record::from(Governance {
            document_hash: None,
            event: support::of("filler"),
            evidence,
        })
    };
    // One piece of evidence is `{"name":"filler","value":"…"}`, and a comma stands before each but
    // the first: 29 bytes a piece, less one, and the values.
    let rest = bytes - json_of(&record(Vec::new()), chain).len() + 1;
    let pieces = rest.div_ceil(29 + 256);
    let mut values = rest - 29 * pieces;
    let evidence = (0..pieces).map(|_| {
        let length = values.min(256);
        values -= length;
        Evidence {
            name: support::of("filler"),
            value: support::of(&"x".repeat(length)),
        }
    });
    let record = record(evidence.collect());
    assert_eq!(json_of(&record, chain).len(), bytes);
    record
}
