//! What was sent: in a cycle, on a day, and lately.

use alloc::collections::{BTreeMap, BTreeSet, VecDeque};

use ios012_core::calendar::Day;
use ios012_core::sequence::{Intent, PlannedOrder, Side};
use ios012_core::{AssetId, CoreError, Money, Price, Quantity, UtcTime};

use super::ControlContext;
use crate::RepeatedExecution;

/// Milliseconds of the window of `max_orders_per_minute`.
const MINUTE_MS: i64 = 60_000;

/// The orders of a portfolio in the aggregate. [`super::approve`] alone adds to it, when it approves:
/// an order counts from the moment it is sent, whatever becomes of it (RTS 6, article 15).
#[derive(Debug, Clone, Default)]
pub struct Sent {
    orders: u32,
    turnover: Money,
    contents: BTreeSet<Content>,
    day: Option<Day>,
    turnover_of_day: Money,
    /// Times of the last minute, kept only where there is a rate limit.
    recent: VecDeque<UtcTime>,
    /// Times of increases inside the longest window, kept only where there is a throttle.
    executions: BTreeMap<(AssetId, Side), VecDeque<UtcTime>>,
    closed: BTreeSet<AssetId>,
}

/// What makes two orders the same.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Content {
    asset_id: AssetId,
    side: Side,
    intent: Intent,
    quantity: Quantity,
    limit_price: Price,
    slice: u32,
}

impl Content {
    fn of(order: &PlannedOrder, context: &ControlContext<'_>) -> Self {
        Self {
            asset_id: context.spec.asset_id.clone(),
            side: order.side,
            intent: order.intent,
            quantity: order.quantity,
            limit_price: order.limit_price,
            slice: context.slice,
        }
    }
}

impl Sent {
    /// Begins a cycle: its own counts start at nothing, those of the day on another UTC day.
    pub fn begin_cycle(&mut self, as_of: UtcTime) {
        self.orders = 0;
        self.turnover = Money::ZERO;
        self.contents.clear();
        let day = Some(Day::of(as_of));
        if self.day != day {
            self.day = day;
            self.turnover_of_day = Money::ZERO;
        }
    }

    /// Orders of the cycle, reductions included.
    pub const fn orders(&self) -> u32 {
        self.orders
    }

    /// Value of the cycle's orders at reference prices in base currency, each rounded up, reductions
    /// included.
    pub const fn turnover(&self) -> Money {
        self.turnover
    }

    /// The same of the UTC day in which the cycle began.
    pub const fn turnover_of_day(&self) -> Money {
        self.turnover_of_day
    }

    /// The earliest time from `at` on at which fewer than `most` orders were sent in the 60 seconds
    /// before. It is no earlier than the last order's: a cycle may send until after the `as_of` of the
    /// next one.
    ///
    /// # Errors
    /// [`CoreError::Overflow`] at the end of time.
    pub fn next_free(&self, at: UtcTime, most: u32) -> Result<UtcTime, CoreError> {
        let most = usize::try_from(most).unwrap_or(usize::MAX);
        let at = self.recent.back().map_or(at, |last| at.max(*last));
        let oldest = self.recent.len().checked_sub(most);
        match oldest.and_then(|oldest| self.recent.get(oldest)) {
            Some(sent) => Ok(sent.checked_add_milliseconds(MINUTE_MS)?.max(at)),
            None => Ok(at),
        }
    }

    /// Closes an asset for increases, until [`Sent::open_all`].
    pub fn close(&mut self, asset_id: &AssetId) {
        self.closed.insert(asset_id.clone());
    }

    /// Opens every asset again, with no increases counted.
    pub fn open_all(&mut self) {
        self.executions.clear();
        self.closed.clear();
    }

    /// Whether the throttle closed an asset.
    pub fn is_closed(&self, asset_id: &AssetId) -> bool {
        self.closed.contains(asset_id)
    }

    /// Increases of an asset and side in the `window_s` seconds up to `at`.
    pub(super) fn executions(
        &self,
        asset_id: &AssetId,
        side: Side,
        at: UtcTime,
        window_s: u32,
    ) -> u32 {
        let times = self.executions.get(&(asset_id.clone(), side));
        let inside = times.into_iter().flatten();
        let inside = inside.filter(|sent| is_within(**sent, at, milliseconds(window_s)));
        u32::try_from(inside.count()).unwrap_or(u32::MAX)
    }

    pub(super) fn has(&self, order: &PlannedOrder, context: &ControlContext<'_>) -> bool {
        self.contents.contains(&Content::of(order, context))
    }

    /// Counts an order of this value. It changes all or nothing.
    pub(super) fn count(
        &mut self,
        order: &PlannedOrder,
        context: &ControlContext<'_>,
        value: Money,
    ) -> Result<(), CoreError> {
        let overflow = CoreError::Overflow {
            operation: "orders of a cycle",
        };
        let orders = self.orders.checked_add(1).ok_or(overflow)?;
        let turnover = self.turnover.checked_add(value)?;
        self.turnover_of_day = self.turnover_of_day.checked_add(value)?;
        (self.orders, self.turnover) = (orders, turnover);
        self.contents.insert(Content::of(order, context));
        let at = context.at;
        if context.limits.max_orders_per_minute.is_some() {
            drop_before(&mut self.recent, at, MINUTE_MS);
            self.recent.push_back(at);
        }
        if context.limits.repeated_execution.is_some() && order.intent == Intent::Increase {
            let key = (context.spec.asset_id.clone(), order.side);
            let times = self.executions.entry(key).or_default();
            // Not the window of now: the next document may set a longer one. Nor that of this time: the
            // next cycle may begin before it, but not before this cycle.
            let window_ms = milliseconds(RepeatedExecution::LONGEST_WINDOW_S);
            drop_before(times, context.as_of, window_ms);
            times.push_back(at);
        }
        Ok(())
    }
}

/// Drops the times that have left the window that ends at `at`.
fn drop_before(times: &mut VecDeque<UtcTime>, at: UtcTime, window_ms: i64) {
    while times
        .front()
        .is_some_and(|sent| !is_within(*sent, at, window_ms))
    {
        times.pop_front();
    }
}

fn milliseconds(seconds: u32) -> i64 {
    i64::from(seconds).saturating_mul(1_000)
}

/// Whether a time lies in the window that ends at `at`.
fn is_within(sent: UtcTime, at: UtcTime, window_ms: i64) -> bool {
    let age = at
        .unix_milliseconds()
        .saturating_sub(sent.unix_milliseconds());
    age < window_ms
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Kept for ever they would fill the memory of an engine that never stops.
    #[test]
    fn times_that_have_left_the_window_are_dropped() {
        let times = |milliseconds: &[i64]| -> VecDeque<UtcTime> {
            let times = milliseconds.iter().copied();
            times
                .map(|time| UtcTime::from_unix_milliseconds(time).expect("within the years"))
                .collect()
        };
        let mut sent = times(&[0, 59_999, 60_000, 60_001, 120_000]);
        let at = times(&[120_000])[0];
        drop_before(&mut sent, at, MINUTE_MS);
        assert_eq!(sent, times(&[60_001, 120_000]));
    }
}
