//! Steps 0 to 2: the ramp, the asset's own bounds and blocks, and the split of its move.

use alloc::vec::Vec;

use ios012_core::{CoreError, Rounding, mul_div};

use super::leg::{Leg, difference, sum};
use super::{AssetState, PortfolioState};
use crate::universe::AssetRow;
use crate::{Binding, Block, Limit};

/// The move of one asset inside its own bounds. `bindings` is empty memory for its trace.
pub(super) fn bounded_leg(
    row: &AssetRow,
    state: &AssetState,
    portfolio: PortfolioState,
    bindings: Vec<Binding>,
) -> Result<Leg, CoreError> {
    let previous = state.previous.units();
    let mut leg = Leg {
        previous,
        open: row.active && state.price_trusted && state.market_open,
        above_bound: !(row.min..=row.max).contains(&previous),
        value: state.target.units(),
        capital_weight: row.capital_weight,
        bindings,
        ..Leg::default()
    };
    if leg.open {
        ramp(&mut leg, state.ramp_remaining)?;
        clamp(&mut leg, row);
        block(&mut leg, row, state, portfolio);
    } else {
        let limit = match (row.active, state.price_trusted) {
            (false, _) => Limit::Inactive,
            (true, false) => Limit::Frozen,
            (true, true) => Limit::MarketClosed,
        };
        leg.bind(&limit, previous);
    }
    split(&mut leg)?;
    Ok(leg)
}

/// Step 0: an equal share of the way to the target, rounded toward staying.
fn ramp(leg: &mut Leg, remaining: u32) -> Result<(), CoreError> {
    if remaining > 1 {
        let way = difference(leg.value, leg.previous)?;
        let step = mul_div(way, 1, i128::from(remaining), Rounding::TowardZero)?;
        let after = sum(leg.previous, step)?;
        leg.bind(&Limit::Ramp, after);
    }
    Ok(())
}

/// Step 1, the asset's own bounds.
fn clamp(leg: &mut Leg, row: &AssetRow) {
    leg.bind(&Limit::MaxExposure, leg.value.min(row.max));
    leg.bind(&Limit::MinExposure, leg.value.max(row.min));
}

/// Step 1, blocks: `flatten` goes to zero, `reduce_only` stays between zero and where it was.
fn block(leg: &mut Leg, row: &AssetRow, state: &AssetState, portfolio: PortfolioState) {
    let Some((cause, block)) = row.block_now(state.shock_score, portfolio) else {
        return;
    };
    leg.blocked = true;
    let after = match block {
        Block::None => leg.value,
        Block::ReduceOnly => leg.value.clamp(leg.previous.min(0), leg.previous.max(0)),
        Block::Flatten => 0,
    };
    leg.bind(&Limit::Blocked(cause, block), after);
}

/// Step 2: the parts of the move. A change of sign keeps nothing.
fn split(leg: &mut Leg) -> Result<(), CoreError> {
    let overflow = CoreError::Overflow {
        operation: "exposure magnitude",
    };
    let target_size = leg.value.checked_abs().ok_or(overflow)?;
    let same_side = leg.value.signum() == leg.previous_sign();
    leg.kept = if same_side {
        target_size.min(leg.previous_size()?)
    } else {
        0
    };
    leg.wanted_increase = difference(target_size, leg.kept)?;
    leg.target_sign = leg.value.signum();
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The way from the lowest number to the highest one does not fit; a move at once does not need it.
    #[test]
    fn a_move_at_once_has_no_way_to_measure() {
        let far = || Leg {
            previous: i128::MIN,
            value: i128::MAX,
            ..Leg::default()
        };
        for remaining in [0, 1] {
            let mut leg = far();
            assert_eq!(ramp(&mut leg, remaining), Ok(()));
            assert_eq!(leg.value, i128::MAX, "{remaining}");
        }
        assert!(ramp(&mut far(), 2).is_err());
    }
}
