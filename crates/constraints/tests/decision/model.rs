//! A second, slow decision in exact fractions, written from the steps of docs/decision.md. It
//! never rounds, so it says nothing about a difference within the tolerance, and it is silent
//! (`None`) where such a difference would tip a threshold or where `i128` is too small.

use ios012_constraints::Block;
use ios012_core::Ratio;
use proptest::prelude::*;

use crate::cases::Case;
use crate::config;
use crate::fraction::Fraction;
use crate::generate::small_cases;

/// Quanta for each unit of the model.
const UNIT: i128 = 1_000_000_000;
/// Quanta by which the roundings of one decision may add up. A quantum of an asset paid in full is a
/// hundred of one with a margin of a hundredth.
const TOLERANCE: i128 = 20_000;

proptest! {
    #![proptest_config(config())]

    #[test]
    fn the_decision_agrees_with_exact_fractions(case in small_cases()) {
        let expected = decide_exactly(&case);
        prop_assume!(expected.is_some());
        let outcome = case.times(UNIT).decide();
        for (index, expected) in expected.unwrap().into_iter().enumerate() {
            let difference = outcome.allowed[index] * expected.denominator - expected.numerator * UNIT;
            prop_assert!(
                difference.abs() <= TOLERANCE * expected.denominator,
                "asset {}: {} against {:?}", index, outcome.allowed[index], expected
            );
        }
    }
}

/// The parts of one move; all but `previous` are magnitudes.
#[expect(
    clippy::struct_excessive_bools,
    reason = "independent facts about one move"
)]
struct Move {
    previous: Fraction,
    /// Side of the kept part and of the increase.
    side: i128,
    kept: Fraction,
    reduction: Fraction,
    wanted: Fraction,
    increase: Fraction,
    full: bool,
    open: bool,
    /// A small reduction is made all the same.
    exempt: bool,
    /// Capital that one unit of it ties up.
    rate: Fraction,
    /// A part was not a whole number at some step, so the code may have rounded there.
    rounded: bool,
}

/// One shared limit during step 5: its members, each with what a unit of it uses, and what it has
/// left.
type Room = (Vec<(usize, Fraction)>, Fraction);

fn decide_exactly(case: &Case) -> Option<Vec<Fraction>> {
    let mut moves = split(case)?;
    mark_exempt(case, &mut moves);
    cure(case, &mut moves)?;
    reduce(case, &mut moves)?;
    grow(case, &mut moves)?;
    moves
        .iter()
        .map(|leg| reduced(leg)?.add(leg.increase.times(Fraction::whole(leg.side))?))
        .collect()
}

impl Move {
    fn note_rounding(&mut self) {
        let parts = [self.kept, self.reduction, self.wanted, self.increase];
        self.rounded |= parts.into_iter().any(|part| !part.is_whole());
    }
}

fn any_rounded(moves: &[Move]) -> bool {
    moves.iter().any(|leg| leg.rounded)
}

fn reduced(leg: &Move) -> Option<Fraction> {
    let left = leg.previous.size().sub(leg.reduction)?;
    left.times(Fraction::whole(leg.previous.sign()))
}

/// `a < b`, unless the two are too close for the code to tell after its roundings.
fn clearly_less(a: Fraction, b: Fraction, rounded: bool) -> Option<bool> {
    let gap = b.sub(a)?;
    let tipping = gap.size().less(Fraction::new(TOLERANCE, UNIT)?)?;
    if tipping && (rounded || gap != Fraction::ZERO) {
        return None;
    }
    Some(gap.sign() > 0)
}

/// Steps 0 to 2.
fn split(case: &Case) -> Option<Vec<Move>> {
    let leg = |asset: &crate::cases::Asset| {
        let previous = Fraction::whole(asset.previous);
        let mut target = previous;
        let mut blocked = false;
        if asset.open() {
            let way = Fraction::whole(asset.target).sub(previous)?;
            let steps = Fraction::whole(i128::from(asset.ramp_remaining.max(1)));
            target = previous.add(way.over(steps)?)?;
            target = target.smaller(Fraction::whole(asset.max))?;
            target = target.larger(Fraction::whole(asset.min))?;
            let block = asset.block_now(case.block_of_all());
            blocked = block != Block::None;
            if block == Block::Flatten {
                target = Fraction::ZERO;
            } else if block == Block::ReduceOnly {
                let (low, high) = (
                    previous.smaller(Fraction::ZERO)?,
                    previous.larger(Fraction::ZERO)?,
                );
                target = target.smaller(high)?.larger(low)?;
            }
        }
        let kept = if target.sign() == previous.sign() {
            target.size().smaller(previous.size())?
        } else {
            Fraction::ZERO
        };
        Some(Move {
            previous,
            side: target.sign(),
            kept,
            reduction: Fraction::ZERO,
            wanted: target.size().sub(kept)?,
            increase: Fraction::ZERO,
            full: false,
            open: asset.open(),
            exempt: blocked || asset.previous > asset.max || asset.previous < asset.min,
            rate: Fraction::new(asset.rate(), Ratio::SCALE)?,
            rounded: !target.is_whole(),
        })
    };
    case.assets.iter().map(leg).collect()
}

/// Small reductions are made in limits that were broken before the cycle.
fn mark_exempt(case: &Case, moves: &mut [Move]) {
    for (_, cap, members) in case.caps() {
        let held: i128 = members.iter().map(|&i| case.assets[i].previous.abs()).sum();
        members
            .iter()
            .filter(|_| held > cap)
            .for_each(|&i| moves[i].exempt = true);
    }
    let net: i128 = case.assets.iter().map(|asset| asset.previous).sum();
    for leg in moves {
        let side = leg.previous.sign();
        leg.exempt |= case.cash_headroom < 0;
        leg.exempt |= net.abs() > case.net && side == net.signum();
    }
}

/// Step 3.
fn cure(case: &Case, moves: &mut [Move]) -> Option<()> {
    for (_, cap, members) in case.caps() {
        let mut excess = Fraction::whole(-cap);
        for &index in &members {
            excess = excess.add(moves[index].kept)?;
        }
        shrink(
            moves,
            excess,
            |_| Fraction::ONE,
            |index, _| members.contains(&index),
        )?;
    }
    let mut excess = Fraction::whole(-case.cash_headroom);
    for leg in moves.iter() {
        let freed = leg.previous.size().sub(leg.kept)?;
        excess = excess.sub(freed.times(leg.rate)?)?;
    }
    if clearly_less(Fraction::ZERO, excess, any_rounded(moves))? {
        shrink(moves, excess, |leg| leg.rate, |_, _| true)?;
    }
    let mut net = Fraction::ZERO;
    for leg in moves.iter() {
        net = net.add(leg.kept.times(Fraction::whole(leg.previous.sign()))?)?;
    }
    let rounded = any_rounded(moves);
    let limit = Fraction::whole(case.net);
    if clearly_less(limit, net.size(), rounded)? {
        let excess = net.size().sub(limit)?;
        shrink(
            moves,
            excess,
            |_| Fraction::ONE,
            |_, leg| leg.side == net.sign(),
        )?;
    }
    Some(())
}

fn shrink(
    moves: &mut [Move],
    excess: Fraction,
    weight: impl Fn(&Move) -> Fraction,
    is_member: impl Fn(usize, &Move) -> bool,
) -> Option<()> {
    if excess.sign() <= 0 {
        return Some(());
    }
    let mut members: Vec<&mut Move> = moves
        .iter_mut()
        .enumerate()
        .filter(|(index, leg)| leg.open && is_member(*index, leg))
        .map(|(_, leg)| leg)
        .collect();
    let mut total = Fraction::ZERO;
    for leg in &members {
        total = total.add(leg.kept.times(weight(leg))?)?;
    }
    for leg in &mut members {
        leg.exempt = true;
        leg.wanted = Fraction::ZERO;
        if total.sign() > 0 {
            let part = leg.kept.over(total)?;
            leg.kept = leg.kept.sub(part.times(excess)?)?.larger(Fraction::ZERO)?;
            leg.note_rounding();
        }
    }
    Some(())
}

/// Step 4, and what `max_delta` leaves for step 5.
fn reduce(case: &Case, moves: &mut [Move]) -> Option<()> {
    let dead_band = Fraction::whole(case.dead_band);
    for (asset, leg) in case.assets.iter().zip(moves) {
        let wanted = leg.previous.size().sub(leg.kept)?;
        let max_delta = Fraction::whole(asset.max_delta);
        let closes = leg.kept.sign() == 0;
        let rounded = leg.rounded;
        let small = wanted.sign() > 0
            && !closes
            && !leg.exempt
            && clearly_less(wanted, dead_band, rounded)?;
        if !small {
            leg.reduction = wanted.smaller(max_delta)?;
        }
        if leg.reduction == wanted {
            leg.wanted = leg.wanted.smaller(max_delta.sub(leg.reduction)?)?;
        } else {
            leg.wanted = Fraction::ZERO;
        }
    }
    Some(())
}

/// Steps 5 and 6.
fn grow(case: &Case, moves: &mut [Move]) -> Option<()> {
    let dead_band = Fraction::whole(case.dead_band);
    loop {
        fill(case, moves)?;
        trim_net(case, moves)?;
        let rounded = any_rounded(moves);
        let mut dropped = false;
        for leg in moves.iter_mut().filter(|leg| leg.increase.sign() > 0) {
            if clearly_less(leg.increase, dead_band, rounded)? {
                leg.wanted = Fraction::ZERO;
                dropped = true;
            }
        }
        if !dropped {
            return Some(());
        }
    }
}

fn rooms(case: &Case, moves: &[Move]) -> Option<Vec<Room>> {
    let mut rooms = Vec::new();
    for (_, cap, members) in case.caps() {
        let mut left = Fraction::whole(cap);
        for &index in &members {
            left = left.sub(reduced(&moves[index])?.size())?;
        }
        let members = members.into_iter().map(|index| (index, Fraction::ONE));
        rooms.push((members.collect(), left));
    }
    let mut cash = Fraction::whole(case.cash_headroom);
    for leg in moves {
        cash = cash.add(leg.reduction.times(leg.rate)?)?;
    }
    let all = moves.iter().enumerate();
    rooms.push((all.map(|(index, leg)| (index, leg.rate)).collect(), cash));
    Some(rooms)
}

/// Raises one factor for all; where a limit is full, its members stop.
fn fill(case: &Case, moves: &mut [Move]) -> Option<()> {
    let rooms = rooms(case, moves)?;
    for leg in moves.iter_mut() {
        leg.increase = Fraction::ZERO;
        leg.full = leg.wanted.sign() == 0;
    }
    while moves.iter().any(|leg| !leg.full) {
        let mut factor = Fraction::ONE;
        let mut saturated: Option<&Room> = None;
        for room in &rooms {
            let (mut left, mut need) = (room.1, Fraction::ZERO);
            for &(index, weight) in &room.0 {
                let leg = &moves[index];
                if leg.full {
                    left = left.sub(leg.increase.times(weight)?)?;
                } else {
                    need = need.add(leg.wanted.times(weight)?)?;
                }
            }
            if need.sign() > 0 {
                let reach = left.larger(Fraction::ZERO)?.over(need)?;
                if reach.less(factor)? {
                    (factor, saturated) = (reach, Some(room));
                }
            }
        }
        for (index, leg) in moves.iter_mut().enumerate() {
            if !leg.full
                && saturated.is_none_or(|room| room.0.iter().any(|member| member.0 == index))
            {
                leg.increase = leg.wanted.times(factor)?;
                leg.note_rounding();
                leg.full = true;
            }
        }
    }
    Some(())
}

fn trim_net(case: &Case, moves: &mut [Move]) -> Option<()> {
    let limit = Fraction::whole(case.net);
    let mut held = Fraction::ZERO;
    for leg in moves.iter() {
        held = held.add(reduced(leg)?)?;
    }
    let rounded = any_rounded(moves);
    if clearly_less(limit, held.size(), rounded)? {
        let heavier = moves.iter_mut().filter(|leg| leg.side == held.sign());
        heavier.for_each(|leg| leg.increase = Fraction::ZERO);
    }
    let mut net = held;
    for leg in moves.iter() {
        net = net.add(leg.increase.times(Fraction::whole(leg.side))?)?;
    }
    let excess = net.size().sub(limit)?;
    if excess.sign() <= 0 {
        return Some(());
    }
    let heavier = |leg: &&mut Move| leg.side == net.sign();
    let mut total = Fraction::ZERO;
    for leg in moves.iter_mut().filter(heavier) {
        total = total.add(leg.increase)?;
    }
    if total.sign() == 0 {
        return Some(());
    }
    let left = total.sub(excess)?.larger(Fraction::ZERO)?.over(total)?;
    for leg in moves.iter_mut().filter(heavier) {
        leg.increase = leg.increase.times(left)?;
        leg.note_rounding();
    }
    Some(())
}
