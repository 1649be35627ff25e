//! Records and documents for the cases. A ledger of them is complete wherever it ends.

use ios012_core::PortfolioId;
use ios012_lineage::store::Document;
use ios012_lineage::{
    Amount, Batch, Chain, DocumentKind, Evidence, Format, Genesis, Governance, Opening, Record,
    sha256,
};

/// Reads a literal of a test.
pub fn of<T: std::str::FromStr>(text: &str) -> T
where
    T::Err: std::fmt::Debug,
{
    text.parse().expect("a test's literal")
}

/// The portfolio of the cases.
pub fn portfolio() -> PortfolioId {
    of("example")
}

/// The first record of a ledger.
pub fn genesis() -> Record {
    Genesis {
        base_currency: of("USD"),
        format: Format::V1,
        opening: vec![Opening {
            account: of("cash"),
            quantity: Amount::Cash(of("USD"), of("1000")),
        }],
    }
    .into()
}

/// A record that says something, of any length up to the longest.
pub fn note(text: &str, document: Option<&Document>) -> Record {
    let evidence = text.as_bytes().chunks(250).map(|part| Evidence {
        name: of("text"),
        value: of(std::str::from_utf8(part).expect("ASCII")),
    });
    Governance {
        document_hash: document.map(Document::hash),
        event: of("noted"),
        evidence: evidence.collect(),
    }
    .into()
}

/// Appends notes to a chain, after the first record if it has none, and takes them as a batch.
pub fn notes(chain: &mut Chain, texts: &[&str]) -> Batch {
    if chain.head().0 == 0 {
        chain.append(&genesis()).expect("a record");
    }
    for text in texts {
        chain.append(&note(text, None)).expect("a record");
    }
    chain.take_batch()
}

/// A document of a kind.
pub fn document(kind: DocumentKind, text: &str) -> Document {
    let json = format!(r#"{{"schema":"example.document","text":"{text}"}}"#);
    Document::new(kind, json).expect("canonical JSON")
}

/// The line that a pack holds of a document.
pub fn line_of(document: &Document) -> String {
    let json = document.json();
    format!("{} {json}\n", sha256(json.as_bytes()))
}
