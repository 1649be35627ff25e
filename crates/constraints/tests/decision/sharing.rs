//! How increases share what a limit has left, and the dead band.

use proptest::prelude::*;

use ios012_constraints::{Binding, Block, Limit};
use ios012_core::Ratio;

use crate::cases::{Case, UNLIMITED, increase, kept, reduction};
use crate::config;
use crate::generate::cases;

proptest! {
    #![proptest_config(config())]

    /// Increases that one and the same limit held back, and nothing else after it, got the same
    /// share of what they wanted.
    #[test]
    fn one_limit_gives_everyone_the_same_share(case in cases()) {
        let outcome = case.decide();
        let mut shares: Vec<(&Limit, i128, i128, i128)> = Vec::new();
        for (index, asset) in case.assets.iter().enumerate() {
            let shared: Vec<&Binding> = outcome.bindings[index].iter().filter(|b| is_shared(&b.limit)).collect();
            let [binding] = shared[..] else { continue };
            let dropped = outcome.bindings[index].last() != Some(binding);
            if dropped || reduction(asset.previous, binding.after.units()) != reduction(asset.previous, binding.before.units()) {
                continue;
            }
            let wanted = increase(asset.previous, binding.before.units());
            let got = increase(asset.previous, binding.after.units());
            shares.push((&binding.limit, binding.before.units().signum(), got, wanted));
        }
        for (limit, side, got, wanted) in &shares {
            // The net limit has a share for each side.
            let same = |other: &&(&Limit, i128, i128, i128)| other.0 == *limit && (other.1 == *side || **limit != Limit::Net);
            for (_, _, other_got, other_wanted) in shares.iter().filter(same) {
                let difference = got * other_wanted - other_got * wanted;
                prop_assert!(difference.abs() <= *wanted.max(other_wanted), "{}", limit);
            }
        }
    }

    /// A limit that held increases back is used up, but for less than one quantum per member.
    /// And no member of it got a larger share than the one that it held back.
    #[test]
    fn a_limit_that_held_back_is_used_up(case in cases()) {
        let case = Case { net: UNLIMITED, ..case };
        let outcome = case.decide();
        let left = |(name, cap, members): (String, i128, Vec<usize>)| {
            let used: i128 = members.iter().map(|&i| outcome.allowed[i].abs()).sum();
            let kept: i128 = members.iter().map(|&i| kept_of(&case, i)).sum();
            let one_quantum_each = i128::try_from(members.len()).unwrap();
            (kept <= cap).then_some((name, cap - used, one_quantum_each, members))
        };
        let mut limits: Vec<(String, i128, i128, Vec<usize>)> = case.caps().into_iter().filter_map(left).collect();
        limits.extend(cash_left(&case, &outcome.allowed));
        for (name, left, one_quantum_each, members) in limits {
            for &index in &members {
                let bindings = &outcome.bindings[index];
                let Some(last) = bindings.last().filter(|last| last.limit.to_string() == name) else { continue };
                prop_assert!(left < one_quantum_each, "{} has {} left", name, left);
                let (got, wanted) = parts(&case, index, last);
                for &other in &members {
                    let (other_got, other_wanted) = final_parts(&case, &outcome.bindings[other], other, outcome.allowed[other]);
                    prop_assert!(
                        other_got * wanted <= (got + 1) * other_wanted + wanted,
                        "{}: asset {} got a larger share than asset {}", name, other, index
                    );
                }
            }
        }
    }

    /// The same for the net limit alone.
    #[test]
    fn a_net_limit_that_held_back_is_used_up(case in cases()) {
        let net = case.net;
        let case = Case { net, ..case.only_portfolio_limits().without_portfolio_limits() };
        let kept_net: i128 = (0..case.assets.len())
            .map(|index| case.assets[index].previous.signum() * kept_of(&case, index))
            .sum();
        prop_assume!(kept_net.abs() <= net);
        let outcome = case.decide();
        let held_back = outcome.bindings.iter().flatten().any(|binding| binding.limit == Limit::Net);
        let after: i128 = outcome.allowed.iter().sum();
        prop_assert!(after.abs() <= net);
        let count = i128::try_from(case.assets.len()).unwrap();
        prop_assert!(!held_back || after.abs() > net - count);
    }

    /// Longs under one limit: the largest common factor that fits, found by bisection.
    #[test]
    fn one_limit_over_longs_agrees_with_bisection(case in cases(), which in 0..8_usize) {
        const STEPS: i128 = 1 << 40;
        let all = case.only_portfolio_limits().long_only();
        let mut case = all.clone().without_portfolio_limits();
        let (room, members): (i128, Vec<usize>) = if which == 7 {
            case.cash_headroom = all.cash_headroom;
            (all.cash_headroom * Ratio::SCALE, (0..case.assets.len()).collect())
        } else {
            let (_, cap, members) = all.caps().swap_remove(which);
            match which {
                0 | 1 => case.groups[which] = cap,
                2 | 3 => case.classes[which - 2] = cap,
                4 | 5 => case.currencies[which - 4] = cap,
                _ => case.gross = cap,
            }
            (cap - members.iter().map(|&i| case.assets[i].previous).sum::<i128>(), members)
        };
        let target = |i: usize| case.assets[i].target.min(case.assets[i].max);
        let change = |i: usize| target(i) - case.assets[i].previous;
        let weight = |i: usize| if which == 7 { case.assets[i].rate() } else { 1 };
        let freed: i128 = members.iter().map(|&i| (-change(i)).max(0) * weight(i)).sum();
        let need: i128 = members.iter().map(|&i| change(i).max(0) * weight(i)).sum();
        let room = (room + freed).min(need);
        // Otherwise the kept parts alone break it: that is step 3.
        prop_assume!(room >= 0);
        let fits = |steps: i128| need * steps <= room * STEPS;
        let (mut low, mut high) = (0, STEPS + 1);
        while high - low > 1 {
            let middle = i128::midpoint(low, high);
            if fits(middle) { low = middle } else { high = middle }
        }
        let outcome = case.decide();
        for (index, asset) in case.assets.iter().enumerate() {
            let factor = if members.contains(&index) { low } else { STEPS };
            let expected = if change(index) > 0 {
                asset.previous + change(index) * factor / STEPS
            } else {
                target(index)
            };
            prop_assert!((outcome.allowed[index] - expected).abs() <= 1, "asset {}: {} against {}", index, outcome.allowed[index], expected);
        }
    }

    #[test]
    fn no_increase_is_smaller_than_the_dead_band(case in cases()) {
        let outcome = case.decide();
        for (asset, &allowed) in case.assets.iter().zip(&outcome.allowed) {
            let increase = increase(asset.previous, allowed);
            prop_assert!(increase == 0 || increase >= case.dead_band);
        }
    }

    /// A reduction under the dead band is made exactly where it closes, obeys a block, comes from
    /// outside the asset's bounds, or helps a limit that is broken.
    #[test]
    fn only_exempt_reductions_are_smaller_than_the_dead_band(case in cases()) {
        let outcome = case.decide();
        let held_net: i128 = case.assets.iter().map(|asset| asset.previous).sum();
        for (index, asset) in case.assets.iter().enumerate() {
            let (previous, target) = (asset.previous, asset.bounded_target(case.block_of_all()));
            let broken = |(_, cap, members): &(String, i128, Vec<usize>)| {
                members.contains(&index) && members.iter().map(|&i| case.assets[i].previous.abs()).sum::<i128>() > *cap
            };
            let cured = outcome.bindings[index].iter().any(|binding| {
                is_shared(&binding.limit)
                    && reduction(previous, binding.after.units()) > reduction(previous, binding.before.units())
            });
            let exempt = kept(previous, target) == 0
                || asset.block_now(case.block_of_all()) != Block::None
                || !(asset.min..=asset.max).contains(&previous)
                || case.caps().iter().any(broken)
                || case.cash_headroom < 0
                || held_net.abs() > case.net && held_net.signum() == previous.signum()
                || cured;
            let (made, wanted) = (reduction(previous, outcome.allowed[index]), reduction(previous, target));
            if exempt {
                prop_assert!(made >= wanted.min(asset.max_delta));
            } else {
                let expected = if wanted < case.dead_band { 0 } else { wanted.min(asset.max_delta) };
                prop_assert_eq!(made, expected, "asset {}", index);
            }
        }
    }
}

fn is_shared(limit: &Limit) -> bool {
    matches!(
        limit,
        Limit::Group(_)
            | Limit::Class(_)
            | Limit::Currency(_)
            | Limit::Gross
            | Limit::Cash
            | Limit::Net
    )
}

fn kept_of(case: &Case, index: usize) -> i128 {
    let asset = &case.assets[index];
    kept(asset.previous, asset.bounded_target(case.block_of_all()))
}

/// What the increase got and wanted at one binding.
fn parts(case: &Case, index: usize, binding: &Binding) -> (i128, i128) {
    let previous = case.assets[index].previous;
    (
        increase(previous, binding.after.units()),
        increase(previous, binding.before.units()),
    )
}

/// What the increase got in the end, and what it wanted when the limits were shared.
fn final_parts(case: &Case, bindings: &[Binding], index: usize, allowed: i128) -> (i128, i128) {
    match bindings.last() {
        Some(last) if is_shared(&last.limit) => parts(case, index, last),
        _ => {
            let got = increase(case.assets[index].previous, allowed);
            (got, got)
        }
    }
}

/// The cash limit, its name, what is left of it, what a quantum of each asset uses, and its
/// members, unless step 3 had to cure it.
fn cash_left(case: &Case, allowed: &[i128]) -> Option<(String, i128, i128, Vec<usize>)> {
    let all = || 0..case.assets.len();
    let left = case.free_capital(allowed.iter().copied());
    let one_quantum_each = case.capital(all().map(|_| 1));
    (case.free_capital(all().map(|index| kept_of(case, index))) >= 0)
        .then(|| ("cash".to_owned(), left, one_quantum_each, all().collect()))
}
