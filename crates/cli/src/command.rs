//! One module per command.

pub(crate) mod backtest;
pub(crate) mod breaker;
pub(crate) mod checkpoint;
pub(crate) mod database;
pub(crate) mod explain;
pub(crate) mod init;
pub(crate) mod parent;
pub(crate) mod prove;
pub(crate) mod replay;
pub(crate) mod report;
pub(crate) mod run;
pub(crate) mod schema;
pub(crate) mod secrets;
pub(crate) mod verify;
