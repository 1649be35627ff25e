//! The records of a cycle: what came in, what was decided, what was sent, what came back.

pub use ios012_core::sequence::Side;
use ios012_core::{AssetId, CurrencyCode, Exposure, Money, Price, Quantity, UtcTime};
pub use ios012_core::{Defcon, Mode};

use super::macros::{object, record};
use crate::canonical::JsonReader;
use crate::derive::OrderId;
use crate::field::{Field, Memo};
use crate::text::text_enum;
use crate::{Code, Hash, JsonWriter, LineageError};

object! {
    /// The rules that decided. Nothing in it differs between two builds of one source.
    EngineIdentity {
        /// The engine, `ios012`.
        name: Code,
        /// The version of the rules of decision and accounting.
        rules: Code,
        /// The version of the engine.
        version: Code,
    }
}

record! {
    /// The start of a cycle: the documents it reads, by hash.
    Cycle = "cycle" {
        /// The canonical trial balance before the cycle.
        account_hash: Hash,
        /// The mandate's time, which is the cycle's time.
        as_of: UtcTime,
        /// IoS-006.
        constraints_hash: Hash,
        /// Counts cycles from 1.
        cycle_id: u64,
        /// What decided.
        engine: EngineIdentity,
        = epoch,
        = kind,
        /// IoS-004; none where a breaker acts without a mandate.
        mandate_hash: Option<Hash>,
        /// The market snapshot of IoS-001.
        market_hash: Hash,
        /// Paper or live.
        mode: Mode,
        = portfolio_id,
        = prev,
        /// IoS-003, where the cycle has regimes.
        regime_hash: Option<Hash>,
        /// IoS-001.
        registry_hash: Hash,
        = schema,
        = seq,
    }
}

object! {
    /// One limit that bound a decision.
    Binding {
        /// The exposure after it.
        after: Exposure,
        /// The exposure before it.
        before: Exposure,
        /// The limit's name.
        limit: Code,
    }
}

/// What a decision was made from. A later version may add members; readers pass over them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Metadata {
    /// The limits that bound, in order, from target to allowed.
    pub binding: Vec<Binding>,
    /// See [`crate::input_state_hash`].
    pub input_state_hash: Hash,
    /// Cycles that are left of the asset's way to its target, this one included; none where IoS-006
    /// spreads no move, and then the record has no such member.
    pub ramp_remaining: Option<u64>,
    /// Why the decision is what it is.
    pub reason: Code,
    /// The snapshot's price.
    pub reference_price: Price,
    /// Counts the moves of one asset in one cycle, from 0.
    pub transition: u64,
}

impl Field for Metadata {
    fn write(&self, json: JsonWriter<'_>, memo: &mut Memo) {
        json.object(|object| {
            self.binding.write(object.member("binding"), memo);
            self.input_state_hash
                .write(object.member("input_state_hash"), memo);
            if let Some(remaining) = self.ramp_remaining {
                remaining.write(object.member("ramp_remaining"), memo);
            }
            self.reason.write(object.member("reason"), memo);
            self.reference_price
                .write(object.member("reference_price"), memo);
            self.transition.write(object.member("transition"), memo);
        });
    }

    fn read(json: &mut JsonReader<'_>, memo: &mut Memo) -> Result<Self, LineageError> {
        let mut object = json.object()?;
        macro_rules! read {
            ($member:literal) => {
                Field::read(object.member_after_others($member)?, memo)
                    .map_err(|error| error.in_member($member))?
            };
        }
        let (binding, input_state_hash) = (read!("binding"), read!("input_state_hash"));
        let ramp_remaining = object
            .optional_member_after_others("ramp_remaining")?
            .map(|value| u64::read(value, memo))
            .transpose()
            .map_err(|error| error.in_member("ramp_remaining"))?;
        let metadata = Self {
            binding,
            input_state_hash,
            ramp_remaining,
            reason: read!("reason"),
            reference_price: read!("reference_price"),
            transition: read!("transition"),
        };
        object.skip_rest()?;
        Ok(metadata)
    }
}

record! {
    /// One exposure update: the eight members of the seed, section 5.
    Decision = "decision" {
        /// The exposure after all limits.
        allowed_exposure: Exposure,
        /// The asset.
        asset_id: AssetId,
        = epoch,
        = kind,
        /// See [`crate::lineage_hash`].
        lineage_hash: Hash,
        /// What the decision was made from.
        metadata: Metadata,
        = portfolio_id,
        = prev,
        /// The marked exposure before the cycle.
        previous_exposure: Exposure,
        = schema,
        = seq,
        /// What the mandate asks.
        target_exposure: Exposure,
        /// The cycle's `as_of`.
        timestamp: UtcTime,
        /// The estimated cost in base currency.
        transition_cost: Money,
    }
}

record! {
    /// The intent to send one order, durable before it leaves.
    Order = "order" {
        /// The asset of the decision it carries out.
        asset_id: AssetId,
        = epoch,
        = kind,
        /// Counts the legs, slices and transitions of the asset in the cycle, from 0.
        leg: u64,
        /// The worst price that is taken.
        limit_price: Price,
        /// The earliest time it may leave.
        not_before: UtcTime,
        /// See [`crate::order_id`].
        order_id: OrderId,
        = portfolio_id,
        = prev,
        /// Units, above zero.
        quantity: Quantity,
        = schema,
        = seq,
        /// Buy or sell.
        side: Side,
    }
}

text_enum! {
    /// What is known of an order.
    OutcomeState {
        /// The broker has it.
        Accepted = "accepted",
        /// The broker refused it.
        Rejected = "rejected",
        /// It ended before it was filled.
        Cancelled = "cancelled",
        /// Its time ended before it was filled.
        Expired = "expired",
        /// The broker did not say.
        Unknown = "unknown",
        /// Its whole quantity was filled.
        Filled = "filled",
    }
}

record! {
    /// News of an order.
    Outcome = "outcome" {
        /// The cause, in our words.
        code: Code,
        = epoch,
        = kind,
        /// The order.
        order_id: OrderId,
        = portfolio_id,
        = prev,
        = schema,
        = seq,
        /// The order's state.
        state: OutcomeState,
    }
}

record! {
    /// A trade.
    Fill = "fill" {
        /// The currency of price and fee.
        currency: CurrencyCode,
        = epoch,
        /// What the trade cost, in `currency`.
        fee: Money,
        /// The venue's id of the trade, once per order.
        fill_id: Code,
        = kind,
        /// The order.
        order_id: OrderId,
        = portfolio_id,
        = prev,
        /// The price per unit.
        price: Price,
        /// Units, above zero.
        quantity: Quantity,
        = schema,
        = seq,
        /// When it was made.
        time: UtcTime,
    }
}

record! {
    /// What of a decision could not be traded.
    Residual = "residual" {
        /// The asset.
        asset_id: AssetId,
        = epoch,
        = kind,
        = portfolio_id,
        = prev,
        /// Units left over, signed like the change.
        quantity: Quantity,
        /// Why.
        reason: Code,
        = schema,
        = seq,
    }
}

text_enum! {
    /// How a cycle ended.
    CycleOutcome {
        /// It was carried out.
        Executed = "executed",
        /// A breaker stopped it.
        Aborted = "aborted",
        /// Its input was refused before it began.
        Refused = "refused",
        /// It was found open after a crash and closed.
        Recovered = "recovered",
    }
}

record! {
    /// The end of a cycle. Amounts are in base currency; null where they cannot be known.
    Seal = "seal" {
        /// Cash after the cycle.
        cash: Option<Money>,
        /// Decision records since the cycle record.
        decisions: u64,
        /// The level after the cycle.
        defcon: Defcon,
        = epoch,
        /// Fill records since the cycle record.
        fills: u64,
        = kind,
        /// Liabilities after the cycle.
        liabilities: Option<Money>,
        /// Net liquidation value after the cycle.
        nlv_after: Option<Money>,
        /// Net liquidation value before the cycle.
        nlv_before: Option<Money>,
        /// Order records since the cycle record.
        orders: u64,
        /// How it ended.
        outcome: CycleOutcome,
        = portfolio_id,
        = prev,
        = schema,
        = seq,
    }
}
