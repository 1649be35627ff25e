//! Step 3: portfolio limits that the kept parts alone would break are worked down first.

use alloc::vec::Vec;

use ios012_core::{CoreError, Rounding, mul_div};

use super::PortfolioState;
use super::leg::{Leg, difference, product, signed, sum};
use crate::universe::CapRow;
use crate::{Limit, Universe};

/// Marks the members of every limit that was broken before the cycle: their reductions are never
/// too small to make.
pub(super) fn mark_broken(
    universe: &Universe,
    portfolio: PortfolioState,
    legs: &mut [Leg],
) -> Result<(), CoreError> {
    for cap in &universe.caps {
        let mut total = 0;
        for leg in cap.members.iter().filter_map(|&index| legs.get(index)) {
            total = sum(total, leg.previous_size()?)?;
        }
        if total > cap.cap {
            for &index in &cap.members {
                mark(legs, index);
            }
        }
    }
    if portfolio.cash_headroom.is_negative() {
        for leg in legs.iter_mut() {
            leg.in_broken_limit = true;
        }
    }
    let mut net = 0;
    for leg in legs.iter() {
        net = sum(net, leg.previous)?;
    }
    if net.unsigned_abs() > universe.net.unsigned_abs() {
        let heavier = legs
            .iter_mut()
            .filter(|leg| leg.previous_sign() == net.signum());
        heavier.for_each(|leg| leg.in_broken_limit = true);
    }
    Ok(())
}

/// Shrinks kept parts until every limit holds as far as open members allow: groups, classes,
/// currencies, gross, then cash, then net.
pub(super) fn cure(
    universe: &Universe,
    portfolio: PortfolioState,
    legs: &mut [Leg],
) -> Result<(), CoreError> {
    for cap in &universe.caps {
        cure_cap(cap, legs)?;
    }
    cure_cash(universe, portfolio, legs)?;
    cure_net(universe, legs)
}

fn cure_cap(cap: &CapRow, legs: &mut [Leg]) -> Result<(), CoreError> {
    let mut kept = 0;
    for leg in cap.members.iter().filter_map(|&index| legs.get(index)) {
        kept = sum(kept, leg.kept)?;
    }
    if kept <= cap.cap {
        return Ok(());
    }
    let is_open = |index: &usize| legs.get(*index).is_some_and(|leg| leg.open);
    let members: Vec<usize> = cap.members.iter().copied().filter(is_open).collect();
    let excess = difference(kept, cap.cap)?;
    shrink_pro_rata(&cap.limit, excess, &members, legs, |leg| Ok(leg.kept))
}

/// The limit on free capital: every reduction gives some back, long or short, in proportion to the
/// asset's capital weight.
fn cure_cash(
    universe: &Universe,
    portfolio: PortfolioState,
    legs: &mut [Leg],
) -> Result<(), CoreError> {
    let mut after = product(portfolio.cash_headroom.units(), universe.capital_scale)?;
    for leg in legs.iter() {
        after = sum(after, leg.capital(leg.wanted_reduction()?)?)?;
    }
    if after >= 0 {
        return Ok(());
    }
    let members = open_where(legs, |_| true);
    let excess = difference(0, after)?;
    shrink_pro_rata(&Limit::Cash, excess, &members, legs, |leg| {
        leg.capital(leg.kept)
    })
}

/// The net limit, on the heavier side only.
fn cure_net(universe: &Universe, legs: &mut [Leg]) -> Result<(), CoreError> {
    let mut net = 0;
    for leg in legs.iter() {
        net = sum(net, signed(leg.kept, leg.previous_sign())?)?;
    }
    let side = net.signum();
    let excess = difference(signed(net, side)?, universe.net)?;
    if excess <= 0 {
        return Ok(());
    }
    // Those that stay on the side or increase on it.
    let members = open_where(legs, |leg| leg.target_sign == side);
    shrink_pro_rata(&Limit::Net, excess, &members, legs, |leg| Ok(leg.kept))
}

/// Takes `excess` of what the kept parts of `members` use, from each part in proportion, rounded
/// toward less.
fn shrink_pro_rata(
    limit: &Limit,
    excess: i128,
    members: &[usize],
    legs: &mut [Leg],
    used: impl Fn(&Leg) -> Result<i128, CoreError>,
) -> Result<(), CoreError> {
    let mut total = 0;
    for leg in members.iter().filter_map(|&index| legs.get(index)) {
        total = sum(total, used(leg)?)?;
    }
    let left = difference(total, excess)?.max(0);
    for &index in members {
        if let Some(leg) = legs.get_mut(index) {
            let kept = match total {
                0 => 0,
                _ => mul_div(leg.kept, left, total, Rounding::TowardZero)?,
            };
            leg.shrink(limit, kept)?;
        }
    }
    Ok(())
}

fn open_where(legs: &[Leg], is_member: impl Fn(&Leg) -> bool) -> Vec<usize> {
    let all = legs.iter().enumerate();
    all.filter(|(_, leg)| leg.open && is_member(leg))
        .map(|(index, _)| index)
        .collect()
}

fn mark(legs: &mut [Leg], index: usize) {
    if let Some(leg) = legs.get_mut(index) {
        leg.in_broken_limit = true;
    }
}
