/// The control that refused an order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Denied {
    /// The registry says that the asset is not active.
    Inactive,
    /// The contract has expired.
    Expired,
    /// An increase of an asset for which IoS-006 has no row.
    NoLimits,
    /// An increase of an asset that the IoS-006 row blocks.
    Restricted,
    /// The quantity is not above zero.
    Quantity,
    /// The quantity is not a multiple of the lot size.
    Lot,
    /// A reduction of nothing, or on the side of the position: it would open or add.
    Opens,
    /// A reduction of more than is held: it would change the sign of the position.
    Oversell,
    /// An increase against the position: a change of sign is two orders.
    Flip,
    /// An increase to the short side of an asset that can't be short.
    Short,
    /// The reference price is not above zero.
    ReferencePrice,
    /// The limit price is not above zero and a multiple of the tick size.
    Tick,
    /// The limit price is outside the collar.
    Collar,
    /// The value is below the smallest order value.
    MinNotional,
    /// The exchange rate makes the value zero or less.
    Rate,
    /// The value is above the largest order value.
    MaxOrderNotional,
    /// More units than one order may have.
    MaxOrderQuantity,
    /// The same order was sent before in this cycle.
    Duplicate,
    /// An increase beyond the orders of one cycle.
    MaxOrdersPerCycle,
    /// An increase beyond the turnover of one cycle.
    MaxTurnover,
    /// An increase beyond the turnover of one UTC day.
    MaxDailyTurnover,
    /// An increase beyond the orders of one minute: the plan delays orders, so none gets here.
    MaxOrdersPerMinute,
    /// An increase that was sent too often, or of an asset that is closed for that.
    RepeatedExecution,
}

impl Denied {
    /// The stable code in records.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Inactive => "denied_inactive",
            Self::Expired => "denied_expired",
            Self::NoLimits => "denied_no_limits",
            Self::Restricted => "denied_restricted",
            Self::Quantity => "denied_quantity",
            Self::Lot => "denied_lot",
            Self::Opens => "denied_opens",
            Self::Oversell => "denied_oversell",
            Self::Flip => "denied_flip",
            Self::Short => "denied_short",
            Self::ReferencePrice => "denied_reference_price",
            Self::Tick => "denied_tick",
            Self::Collar => "denied_collar",
            Self::MinNotional => "denied_min_notional",
            Self::Rate => "denied_rate",
            Self::MaxOrderNotional => "denied_max_order_notional",
            Self::MaxOrderQuantity => "denied_max_order_quantity",
            Self::Duplicate => "denied_duplicate",
            Self::MaxOrdersPerCycle => "denied_max_orders_per_cycle",
            Self::MaxTurnover => "denied_max_turnover",
            Self::MaxDailyTurnover => "denied_max_daily_turnover",
            Self::MaxOrdersPerMinute => "denied_max_orders_per_minute",
            Self::RepeatedExecution => "denied_repeated_execution",
        }
    }
}
