//! Where orders to stop come from.

use std::future::{Future, pending};

use crate::StopOrder;

/// What a watch tells.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Stopped {
    /// A stop is ordered.
    Order(Box<StopOrder>),
    /// The broker has had its time to tell the end of open orders. It says nothing of a cycle that was not stopped.
    GiveUp,
}

/// Tells of orders to stop: a trip file, a signal.
pub trait StopWatch: Send {
    /// What has come, if anything; asked before every effect, so it must cost next to nothing.
    fn poll(&mut self) -> Option<Stopped>;

    /// Waits for the next one, beside a call to the broker that may hang.
    fn wait(&mut self) -> impl Future<Output = Stopped> + Send;

    /// Is told when a stop has left orders open: the broker has a limited time from now on to tell their end, after
    /// which [`Stopped::GiveUp`] is told. And when that is over. A watch without a clock need not limit anything.
    fn limit_patience(&mut self, _is_limited: bool) {}
}

/// Nobody orders a stop.
#[derive(Debug, Default)]
pub struct Unwatched;

impl StopWatch for Unwatched {
    fn poll(&mut self) -> Option<Stopped> {
        None
    }

    fn wait(&mut self) -> impl Future<Output = Stopped> + Send {
        pending()
    }
}
