//! Pre-trade controls: the only maker of an order that may be sent (SEC 15c3-5; RTS 6, article 15).

mod checks;
mod denied;
mod sent;

use alloc::vec::Vec;

use ios012_core::sequence::{Intent, PlannedOrder, Side};
use ios012_core::{
    AssetId, AssetSpec, CoreError, CurrencyCode, FxRate, Money, Payoff, Price, Quantity, Ratio,
    Rounding, UtcTime,
};

use crate::Limits;
use checks::{CONTROLS, Check, Verdict};
pub use denied::Denied;
pub use sent::Sent;

/// An order that passed every control. [`approve`] is its only maker, so no adapter can be handed
/// an unchecked one.
///
/// ```compile_fail,E0451
/// fn forge(good: ios012_constraints::ApprovedOrder) -> ios012_constraints::ApprovedOrder {
///     ios012_constraints::ApprovedOrder { quantity: ios012_core::Quantity::ONE, ..good }
/// }
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ApprovedOrder {
    asset_id: AssetId,
    currency: CurrencyCode,
    payoff: Payoff,
    contract_multiplier: Ratio,
    side: Side,
    intent: Intent,
    quantity: Quantity,
    limit_price: Price,
    reference_price: Price,
    tick_size: Price,
    controls_run: Vec<Denied>,
}

impl ApprovedOrder {
    /// The asset.
    pub const fn asset_id(&self) -> &AssetId {
        &self.asset_id
    }

    /// Currency in which the asset is settled.
    pub const fn currency(&self) -> &CurrencyCode {
        &self.currency
    }

    /// How the asset's value follows its price.
    pub const fn payoff(&self) -> Payoff {
        self.payoff
    }

    /// Units of the underlying in one contract.
    pub const fn contract_multiplier(&self) -> Ratio {
        self.contract_multiplier
    }

    /// The commission on a part of it: `rate` × notional at `price`, rounded up once, in the
    /// currency of settlement.
    ///
    /// # Errors
    /// Arithmetic overflow, or a price of zero for an inverse payoff.
    pub fn commission(
        &self,
        quantity: Quantity,
        price: Price,
        rate: Ratio,
    ) -> Result<Money, CoreError> {
        let up = Rounding::AwayFromZero;
        self.payoff
            .fraction_of_notional(self.contract_multiplier, quantity, price, rate, up)
    }

    /// Side.
    pub const fn side(&self) -> Side {
        self.side
    }

    /// Whether it takes the position toward zero or away from it.
    pub const fn intent(&self) -> Intent {
        self.intent
    }

    /// Units, above zero.
    pub const fn quantity(&self) -> Quantity {
        self.quantity
    }

    /// Worst acceptable price.
    pub const fn limit_price(&self) -> Price {
        self.limit_price
    }

    /// Reference price of the cycle.
    pub const fn reference_price(&self) -> Price {
        self.reference_price
    }

    /// Price step of the asset.
    pub const fn tick_size(&self) -> Price {
        self.tick_size
    }

    /// The controls that it passed, in their order, each named by the refusal it could have given.
    /// A limit that IoS-006 does not set, and one that a reduction is exempt from, is not run.
    pub fn controls_run(&self) -> &[Denied] {
        &self.controls_run
    }
}

/// What the controls compare an order with. Nothing in it is optional: an order whose data is
/// missing can't be checked, so it can't be approved.
#[derive(Debug, Clone, Copy)]
pub struct ControlContext<'a> {
    /// The asset.
    pub spec: &'a AssetSpec,
    /// The limits of the cycle.
    pub limits: &'a Limits,
    /// Time of the decision.
    pub as_of: UtcTime,
    /// Planned time at which the order leaves.
    pub at: UtcTime,
    /// Net liquidation value before the cycle, in base currency.
    pub nlv: Money,
    /// Reference price of the cycle, in a market that is open.
    pub reference_price: Price,
    /// What the asset's currency is worth in base currency.
    pub rate: FxRate,
    /// Signed units held when the order is checked, less the reductions that are already out.
    pub position: Quantity,
    /// Number of the order among the slices of its move, as the plan has it; 0 for a move in one
    /// order. It tells a slice from the same order sent twice.
    pub slice: u32,
}

/// Checks one planned order against every control, and counts it in `sent` if it passes.
///
/// # Errors
/// The outer error is arithmetic that failed; the inner one is the first control that refused.
/// After either, `sent` is unchanged.
pub fn approve(
    order: &PlannedOrder,
    context: &ControlContext<'_>,
    sent: &mut Sent,
) -> Result<Result<ApprovedOrder, Denied>, CoreError> {
    let check = Check {
        order,
        context,
        sent,
    };
    let mut controls_run = Vec::with_capacity(CONTROLS.len());
    for (denied, control) in CONTROLS {
        match control(&check)? {
            Verdict::Passed => controls_run.push(denied),
            Verdict::Exempt => {}
            Verdict::Refused => return Ok(Err(denied)),
        }
    }
    let value = check.value_in_base()?;
    sent.count(order, context, value)?;
    let spec = context.spec;
    Ok(Ok(ApprovedOrder {
        asset_id: spec.asset_id.clone(),
        currency: spec.currency.clone(),
        payoff: spec.payoff,
        contract_multiplier: spec.contract_multiplier,
        side: order.side,
        intent: order.intent,
        quantity: order.quantity,
        limit_price: order.limit_price,
        reference_price: context.reference_price,
        tick_size: spec.tick_size,
        controls_run,
    }))
}
