//! Documents are found in any order, and only whole.

use ios012_lineage::sha256;
use ios012_report::{DocumentSource, Pack, ReportError};

use crate::raw::{of_kind, records};
use crate::run::{golden, ledger, single};

#[test]
fn documents_are_found_in_any_order() {
    let directory = single(&golden("one-cycle"));
    let ledger = ledger(&directory);
    let records = records(&ledger);
    let cycle = of_kind(&records, "cycle")[0];
    let hash = |member: &str| {
        cycle[member]
            .as_str()
            .expect("a hash")
            .parse()
            .expect("a hash")
    };
    let mut pack = Pack::open(&ledger).expect("a pack");
    for member in [
        "account_hash",
        "registry_hash",
        "market_hash",
        "constraints_hash",
    ] {
        let text = pack.document("document", hash(member)).expect("a document");
        assert_eq!(sha256(text.as_bytes()), hash(member), "{member}");
    }
    let missing = pack.document("mandate", sha256(b"nothing"));
    assert!(matches!(
        missing,
        Err(ReportError::NoDocument {
            kind: "mandate",
            ..
        })
    ));
}

#[test]
fn a_damaged_document_is_not_given_out() {
    let directory = single(&golden("one-cycle"));
    let ledger = ledger(&directory);
    let records = records(&ledger);
    let text = of_kind(&records, "cycle")[0]["market_hash"]
        .as_str()
        .expect("a hash");
    let path = ledger.join("documents.pack");
    let mut bytes = std::fs::read(&path).expect("a pack");
    let place = bytes
        .windows(64)
        .position(|part| part == text.as_bytes())
        .expect("the line");
    bytes[place + 100] ^= 1;
    std::fs::write(&path, bytes).expect("is written");
    let found = Pack::open(&ledger)
        .expect("a pack")
        .document("market", text.parse().expect("a hash"));
    assert!(matches!(found, Err(ReportError::Ledger(_))));
}
