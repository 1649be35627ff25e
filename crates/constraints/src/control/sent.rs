//! What was sent in one cycle.

use alloc::collections::BTreeSet;

use ios012_core::sequence::{Intent, PlannedOrder, Side};
use ios012_core::{AssetId, CoreError, Money, Price, Quantity};

use super::ControlContext;

/// The orders of one cycle in the aggregate. [`super::approve`] alone adds to it, when it approves:
/// an order counts from the moment it is sent, whatever becomes of it (RTS 6, article 15).
#[derive(Debug, Clone, Default)]
pub struct Sent {
    orders: u32,
    turnover: Money,
    contents: BTreeSet<Content>,
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
    /// Orders, reductions included.
    pub const fn orders(&self) -> u32 {
        self.orders
    }

    /// Their value at reference prices in base currency, each rounded up, reductions included.
    pub const fn turnover(&self) -> Money {
        self.turnover
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
        self.turnover = self.turnover.checked_add(value)?;
        self.orders = orders;
        self.contents.insert(Content::of(order, context));
        Ok(())
    }
}
