//! What a ledger says to a person: a summary of all its cycles, and one decision explained.
//!
//! Invariant: everything is derived from the ledger alone, as a stranger would derive it. Nothing
//! here reads a clock, a scenario or the state of an engine; every number is an exact decimal.

mod cycle;
mod error;
mod explain;
mod format;
mod pack;
mod story;
mod summary;
mod trade;
mod words;

pub use cycle::{CycleRow, CycleView, view_cycle};
pub use error::ReportError;
pub use explain::{
    Documents, ExplainedFill, ExplainedOrder, Explanation, LeftUndone, LimitStep, Move, explain,
};
pub use pack::{DocumentSource, Pack};
pub use story::find_decision;
pub use summary::{
    Breach, Breaches, CheckpointLine, Count, CycleCounts, Drawdown, MarginMetrics, MarginPoint,
    Payments, Summary, SummaryBuilder, Tally, Trading, VerifyLine, Witness, render_text, to_json,
    witnessed,
};
