//! The value and the slippage of a trade, rounded as the books round them.

use ios012_core::fixed::notional;
use ios012_core::{CoreError, Money, Price, Quantity, Rounding};
use ios012_lineage::Side;

/// What a trade moved in cash, and what of it is slippage, rounded as the books round: a buy pays
/// a value rounded up, a sale gets one rounded down.
pub(crate) fn traded(
    quantity: Quantity,
    price: Price,
    reference: Price,
    side: Side,
) -> Result<(Money, Money), CoreError> {
    let rounding = match side {
        Side::Buy => Rounding::AwayFromZero,
        Side::Sell => Rounding::TowardZero,
    };
    let value = notional(quantity, price, rounding)?;
    let at_reference = notional(quantity, reference, rounding)?;
    let slippage = match side {
        Side::Buy => value.checked_sub(at_reference)?,
        Side::Sell => at_reference.checked_sub(value)?,
    };
    Ok((value, slippage))
}
