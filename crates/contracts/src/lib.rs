//! The only door for data: the documents of IoS-001, 003, 004 and 006, the market snapshot, and a
//! history of them as CSV are parsed, checked and hashed here (docs/documents.md).
//!
//! Invariant: a value of a public type of this crate has passed its checks; there is no other way
//! to make one. Nothing here reads a clock.

mod code;
mod constraints;
mod cycle;
mod document;
mod events;
mod folder;
mod fx;
mod history;
mod json;
mod keys;
mod mandate;
mod market;
mod reader;
mod refusal;
mod regimes;
mod registry;
mod scenario;
mod schema;
mod shape;
mod standing;
mod text;

pub use code::RefusalCode;
pub use constraints::Constraints;
pub use cycle::{CycleInput, CycleRow, LastAccepted};
pub use document::{Document, DocumentKind};
pub use folder::SingleCycle;
pub use fx::FxQuote;
pub use history::{Cycles, History, HistorySummary, Tables};
pub use keys::{KeyRegistry, SignedText};
pub use mandate::{Mandate, RegimeClaim, Target};
pub use market::{Market, MarketRow};
pub use refusal::{ContractsError, Place, Refusal, RefusalDetail};
pub use regimes::{Regime, RegimeLabel, Regimes};
pub use registry::{FxPair, Listing, Registry, Symbol};
pub use scenario::{Scenario, SignaturePolicy};
pub use schema::schema;
pub use standing::Standing;
pub use text::{Mic, Token};
