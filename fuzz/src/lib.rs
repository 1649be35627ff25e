//! What the fuzz targets share: the laws of documents, the published schemas as an oracle, and
//! ledgers made of fuzzed bytes.

pub mod document;
pub mod ledger;
pub mod schema;
