//! Steps 5 and 6: what is left of each limit is shared among the increases.
//!
//! One common factor rises from zero. When a limit is full its members stop, and the others go
//! on. The factor is kept as a fraction of integers, so it is never rounded by itself.

use alloc::vec::Vec;
use core::cmp::Ordering;

use ios012_core::fixed::compare_products;
use ios012_core::{CoreError, Rounding, mul_div};

use super::PortfolioState;
use super::leg::{Leg, difference, product, signed, sum};
use crate::{ConstraintsError, Limit, Universe};

/// Shares the room, then drops increases under the dead band and shares again without them.
pub(super) fn increase(
    universe: &Universe,
    portfolio: PortfolioState,
    legs: &mut [Leg],
) -> Result<(), ConstraintsError> {
    let rooms = rooms(universe, portfolio, legs)?;
    loop {
        share(&rooms, legs)?;
        trim_net(universe, legs)?;
        let too_small = |leg: &Leg| 0 < leg.increase && leg.increase < universe.dead_band;
        let dropped = legs.iter().any(too_small);
        for leg in legs.iter_mut().filter(|leg| !dropped || too_small(leg)) {
            trace(leg, &rooms)?;
            if dropped {
                leg.wanted_increase = 0;
                let after = leg.reduced()?;
                leg.bind(&Limit::DeadBand, after);
            }
        }
        if !dropped {
            return Ok(());
        }
    }
}

/// Writes on the leg which limits held its increase back in this round.
fn trace(leg: &mut Leg, rooms: &[Room<'_>]) -> Result<(), CoreError> {
    if let Some(room) = leg.stopped_by.and_then(|index| rooms.get(index)) {
        let after = leg.with_increase(leg.shared_increase)?;
        leg.bind(room.limit, after);
    }
    let after = leg.with_increase(leg.increase)?;
    leg.bind(&Limit::Net, after);
    Ok(())
}

/// What a limit has left for the increases of its members, once the reductions have been made.
struct Room<'universe> {
    limit: &'universe Limit,
    members: Members<'universe>,
    left: i128,
}

/// Whose increases use a room.
enum Members<'universe> {
    /// The members of a cap; an exposure uses its own size.
    Listed(&'universe [usize]),
    /// All of them; an exposure uses its capital.
    Capital,
}

impl Room<'_> {
    fn has(&self, index: usize) -> bool {
        match self.members {
            Members::Listed(members) => members.binary_search(&index).is_ok(),
            Members::Capital => true,
        }
    }

    /// What is left for the increases that go on, and what those want.
    fn left_and_need(&self, legs: &[Leg]) -> Result<(i128, i128), CoreError> {
        let (mut left, mut need) = (self.left, 0);
        match self.members {
            Members::Listed(members) => {
                for leg in members.iter().filter_map(|&index| legs.get(index)) {
                    match leg.stopped_by {
                        Some(_) => left = difference(left, leg.shared_increase)?,
                        None => need = sum(need, leg.wanted_increase)?,
                    }
                }
            }
            Members::Capital => {
                for leg in legs {
                    match leg.stopped_by {
                        Some(_) => left = difference(left, leg.capital(leg.shared_increase)?)?,
                        None => need = sum(need, leg.capital(leg.wanted_increase)?)?,
                    }
                }
            }
        }
        Ok((left, need))
    }
}

fn rooms<'universe>(
    universe: &'universe Universe,
    portfolio: PortfolioState,
    legs: &[Leg],
) -> Result<Vec<Room<'universe>>, CoreError> {
    let mut rooms = Vec::with_capacity(universe.caps.len().saturating_add(1));
    for cap in &universe.caps {
        let mut left = cap.cap;
        for leg in cap.members.iter().filter_map(|&index| legs.get(index)) {
            left = difference(left, leg.reduced_size()?)?;
        }
        rooms.push(Room {
            limit: &cap.limit,
            members: Members::Listed(&cap.members),
            left,
        });
    }
    let mut capital = product(portfolio.cash_headroom.units(), universe.capital_scale)?;
    for leg in legs {
        capital = sum(capital, leg.capital(leg.reduction)?)?;
    }
    rooms.push(Room {
        limit: &Limit::Cash,
        members: Members::Capital,
        left: capital,
    });
    Ok(rooms)
}

/// Raises the common factor until every increase is full or stopped.
fn share(rooms: &[Room<'_>], legs: &mut [Leg]) -> Result<(), CoreError> {
    for leg in legs.iter_mut() {
        leg.increase = leg.wanted_increase;
        leg.stopped_by = None;
    }
    while let Some((tightest, left, need)) = tightest(rooms, legs)? {
        let Some(room) = rooms.get(tightest) else {
            break;
        };
        for (index, leg) in legs.iter_mut().enumerate() {
            if leg.stopped_by.is_none() && leg.wanted_increase > 0 && room.has(index) {
                leg.increase = mul_div(leg.wanted_increase, left, need, Rounding::TowardZero)?;
                leg.shared_increase = leg.increase;
                leg.stopped_by = Some(tightest);
            }
        }
    }
    Ok(())
}

/// The limit that the common factor reaches first, with its room and what its members want, or
/// `None` if every limit has room for all.
fn tightest(rooms: &[Room<'_>], legs: &[Leg]) -> Result<Option<(usize, i128, i128)>, CoreError> {
    let mut found: Option<(usize, i128, i128)> = None;
    for (index, room) in rooms.iter().enumerate() {
        let (left, need) = room.left_and_need(legs)?;
        if need <= left.max(0) {
            continue;
        }
        let left = left.max(0);
        let earlier = match found {
            None => true,
            Some((_, best_left, best_need)) => {
                compare_products([left, best_need], [best_left, need]) == Ordering::Less
            }
        };
        if earlier {
            found = Some((index, left, need));
        }
    }
    Ok(found)
}

/// The net limit, last and on the heavier side only.
fn trim_net(universe: &Universe, legs: &mut [Leg]) -> Result<(), CoreError> {
    let mut reduced = 0;
    for leg in legs.iter() {
        reduced = sum(reduced, leg.reduced()?)?;
    }
    if reduced.unsigned_abs() > universe.net.unsigned_abs() {
        scale_side(legs, reduced.signum(), 0)?;
    }
    let (side, excess) = net_excess(universe, reduced, legs)?;
    if excess > 0 {
        let room = difference(side_increases(legs, side)?, excess)?.max(0);
        scale_side(legs, side, room)?;
    }
    // Rounding may have cut a side by some quanta too many; under a net limit of some quanta
    // that makes the other side the heavier one.
    let (side, excess) = net_excess(universe, reduced, legs)?;
    if excess > 0 {
        trim_quanta(&universe.by_name, legs, side, excess);
    }
    Ok(())
}

/// The heavier side once the increases are made, and by how much it passes the net limit.
fn net_excess(universe: &Universe, reduced: i128, legs: &[Leg]) -> Result<(i128, i128), CoreError> {
    let increases = difference(side_increases(legs, 1)?, side_increases(legs, -1)?)?;
    let net = sum(reduced, increases)?;
    let side = net.signum();
    Ok((side, difference(signed(net, side)?, universe.net)?))
}

/// Takes `excess` from the increases of one side, one quantum from each in turn, by `asset_id`.
fn trim_quanta(by_name: &[usize], legs: &mut [Leg], side: i128, mut excess: i128) {
    let mut taken = true;
    while taken {
        taken = false;
        for &index in by_name {
            if excess == 0 {
                return;
            }
            let leg = legs.get_mut(index);
            if let Some(leg) = leg.filter(|leg| leg.target_sign == side && leg.increase > 0) {
                leg.increase = leg.increase.saturating_sub(1);
                excess = excess.saturating_sub(1);
                taken = true;
            }
        }
    }
}

fn side_increases(legs: &[Leg], side: i128) -> Result<i128, CoreError> {
    let on_side = legs.iter().filter(|leg| leg.target_sign == side);
    on_side
        .into_iter()
        .try_fold(0, |total, leg| sum(total, leg.increase))
}

/// Scales the increases of one side to a total of `room`.
fn scale_side(legs: &mut [Leg], side: i128, room: i128) -> Result<(), CoreError> {
    let total = side_increases(legs, side)?;
    let increases = legs
        .iter_mut()
        .filter(|leg| leg.target_sign == side && leg.increase > 0);
    for leg in increases {
        leg.increase = mul_div(leg.increase, room, total, Rounding::TowardZero)?;
    }
    Ok(())
}
