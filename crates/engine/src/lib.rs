//! The cycle: a state machine that takes events and returns effects, and the runner that performs
//! them.
//!
//! Invariant: [`Engine`] does no I/O, waits for nothing and reads no clock. The runner decides
//! nothing: it performs effects in the order in which they come and hands back what happened. A
//! backtest, a replay and a live portfolio are the same engine under other runners.

mod account;
mod alert;
mod engine;
mod error;
mod event;
mod heard;
mod replay;
mod resume;
mod runner;
mod sink;
mod stop;
mod takeover;

pub use alert::Alert;
pub use engine::{Engine, Lost, genesis};
pub use error::EngineError;
pub use event::{BrokerAccount, CycleSummary, Effect, Event, StopOrder};
pub use heard::Heard;
pub use replay::{Difference, ReplayReport, replay};
pub use resume::{Resumed, resume};
pub use runner::Runner;
pub use sink::{BackgroundSink, FileSink, LedgerSink, MemorySink, StoreSink};
pub use stop::{StopWatch, Stopped, Unwatched};
pub use takeover::{Takeover, take_over};
