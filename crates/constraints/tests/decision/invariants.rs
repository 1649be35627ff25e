//! The invariants I1 to I8 and I12 of docs/decision.md.

use ios012_constraints::Block;
use ios012_core::fixed::exposure_of;
use ios012_core::{Exposure, Money, Ratio, Rounding};
use proptest::prelude::*;
use proptest::sample::{Index, select};
use proptest::test_runner::TestCaseError;

use crate::bindings::is_own;
use crate::cases::{Asset, Case, UNLIMITED, increase, kept, reduction};
use crate::config;
use crate::generate::{cases, mild_cases};

proptest! {
    #![proptest_config(config())]

    #[test]
    fn i1_bounds_hold_or_come_nearer(case in cases()) {
        bounds_hold(&case, &case.decide().allowed)?;
    }

    #[test]
    fn i2_no_step_is_longer_than_max_delta(case in cases()) {
        steps_hold(&case, &case.decide().allowed)?;
    }

    #[test]
    fn i3_caps_that_held_hold_and_broken_ones_come_nearer(case in cases()) {
        caps_hold(&case, &case.decide().allowed)?;
    }

    #[test]
    fn i3_cash_that_held_holds_and_a_broken_floor_comes_nearer(case in cases()) {
        cash_holds(&case, &case.decide().allowed)?;
    }

    #[test]
    fn i3_net_is_never_passed_by_an_increase(case in cases()) {
        net_holds(&case, &case.decide().allowed)?;
    }

    #[test]
    fn i4_a_block_never_lets_an_exposure_grow_or_flip(case in cases()) {
        let outcome = case.decide();
        for (asset, &allowed) in case.assets.iter().zip(&outcome.allowed) {
            if asset.block_now(case.block_of_all()) != Block::None {
                prop_assert!(allowed.abs() <= asset.previous.abs());
                prop_assert!(allowed * asset.previous.signum() >= 0);
            }
        }
    }

    #[test]
    fn i5_the_order_of_the_assets_changes_nothing(
        (case, order) in cases().prop_flat_map(|case| {
            let order: Vec<usize> = (0..case.assets.len()).collect();
            (Just(case), Just(order).prop_shuffle())
        })
    ) {
        let outcome = case.decide();
        let mut shuffled = case.clone();
        shuffled.assets = order.iter().map(|&index| case.assets[index].clone()).collect();
        let again = shuffled.decide();
        for (place, &index) in order.iter().enumerate() {
            prop_assert_eq!(again.allowed[place], outcome.allowed[index]);
            prop_assert_eq!(&again.bindings[place], &outcome.bindings[index]);
        }
    }

    /// Under a net limit of a few quanta, what rounding leaves decides which side is the heavier.
    #[test]
    fn i3_i5_a_net_limit_of_quanta_holds_in_any_order(case in cases(), net in 0..3_i128) {
        let mut case = case.only_portfolio_limits().without_portfolio_limits();
        case.net = net;
        for asset in &mut case.assets {
            asset.previous = 0;
        }
        let outcome = case.decide();
        net_holds(&case, &outcome.allowed)?;
        let mut reversed = case.clone();
        reversed.assets.reverse();
        let mut again = reversed.decide();
        again.allowed.reverse();
        again.bindings.reverse();
        prop_assert_eq!(again, outcome);
    }

    /// Not held back: no limit after step 1 is named. Equal numbers are not enough: a cure may
    /// ask for more than `max_delta` allows, and the rest comes in the next cycle.
    #[test]
    fn i6_what_was_not_held_back_stays(case in mild_cases()) {
        let outcome = case.decide();
        let targets: Vec<i128> = bounded_targets(&case);
        prop_assume!(outcome.bindings.iter().flatten().all(is_own));
        prop_assert_eq!(&outcome.allowed, &targets);
        let again = settled(&case, &outcome.allowed).with_targets(&targets).without_ramps();
        prop_assert_eq!(again.decide().allowed, targets);
    }

    #[test]
    fn i7_the_size_of_the_portfolio_does_not_matter(
        value in -10_000_000_000_000_000_i128..10_000_000_000_000_000,
        nlv in 1_i128..10_000_000_000_000_000,
        power in 0_u32..9,
        factor in 2_i128..1_000,
    ) {
        for rounding in [Rounding::TowardZero, Rounding::AwayFromZero] {
            let exposure = |times: i128| {
                let (value, nlv) = (Money::from_units(value * times), Money::from_units(nlv * times));
                exposure_of(value, nlv, rounding).map(Exposure::units)
            };
            prop_assert_eq!(exposure(10_i128.pow(power)), exposure(1));
            prop_assert!((exposure(factor).unwrap() - exposure(1).unwrap()).abs() <= 1);
        }
    }

    #[test]
    fn i8_reductions_do_not_depend_on_increases(case in cases()) {
        let case = case.with_targets(&ramped_targets(&case)).without_ramps();
        let outcome = case.decide();
        let targets: Vec<i128> = case
            .assets
            .iter()
            .map(|asset| asset.previous.signum() * kept(asset.previous, asset.target))
            .collect();
        let alone = case.with_targets(&targets).decide();
        for (index, asset) in case.assets.iter().enumerate() {
            prop_assert_eq!(
                reduction(asset.previous, outcome.allowed[index]),
                reduction(asset.previous, alone.allowed[index]),
                "asset {}", index
            );
        }
    }

    #[test]
    fn i12_a_tighter_limit_never_raises_gross(
        case in cases(),
        which in 0..9_usize,
        tighten in tightenings(),
    ) {
        let case = only_limit(&case.only_portfolio_limits(), which);
        let tighter = tighten.apply(&case, which);
        let is_net = which == 8;
        // A net limit that the kept parts alone pass stops the heavier side (step 3). Where a
        // lower max_exposure avoids that stop, both sides may grow together: gross can rise.
        prop_assume!(!is_net || tighten.what.is_none() || kept_net(&case).abs() <= case.net);
        let (before, after) = (case.decide().allowed, tighter.decide().allowed);
        // Capital that one asset leaves takes another further where that one needs less of it. So
        // under the cash limit it is the capital in use that a lower max_exposure never raises.
        let capital_alone = which == 7 && tighten.what.is_some();
        let size = |exposures: &[i128]| if capital_alone {
            case.capital(exposures.iter().copied())
        } else {
            exposures.iter().map(|exposure| exposure.abs()).sum()
        };
        let one_quantum_each = size(&vec![1; case.assets.len()]);
        prop_assert!(size(&after) <= size(&before) + one_quantum_each);
    }

    /// Where all need the same capital, gross follows.
    #[test]
    fn i12_capital_at_one_rate_never_raises_gross(case in cases(), tighten in tightenings(), margin in 1..=100_i128) {
        let mut case = only_limit(&case.only_portfolio_limits(), 7);
        for asset in &mut case.assets {
            (asset.margin, asset.factor) = (margin, 1);
        }
        let gross = |case: &Case| case.decide().allowed.iter().map(|e| e.abs()).sum::<i128>();
        let one_quantum_each = i128::try_from(case.assets.len()).unwrap();
        prop_assert!(gross(&tighten.apply(&case, 7)) <= gross(&case) + one_quantum_each);
    }

    #[test]
    fn i12_the_result_obeys_the_tighter_limits(
        case in cases(),
        which in 0..9_usize,
        tighten in tightenings(),
    ) {
        let before = case.decide();
        let tighter = tighten.apply(&settled(&case, &before.allowed), which);
        let allowed = tighter.decide().allowed;
        bounds_hold(&tighter, &allowed)?;
        steps_hold(&tighter, &allowed)?;
        caps_hold(&tighter, &allowed)?;
        cash_holds(&tighter, &allowed)?;
        net_holds(&tighter, &allowed)?;
    }
}

fn bounds_hold(case: &Case, allowed: &[i128]) -> Result<(), TestCaseError> {
    for (asset, &allowed) in case.assets.iter().zip(allowed) {
        let previous = asset.previous;
        if !asset.open() {
            prop_assert_eq!(allowed, previous);
        } else if (asset.min..=asset.max).contains(&previous) || allowed * previous < 0 {
            // A flip ends on a side where the asset was inside its bounds.
            prop_assert!((asset.min..=asset.max).contains(&allowed));
        } else {
            let bound = if previous > 0 { asset.max } else { -asset.min };
            prop_assert!(allowed.abs() <= bound.max(previous.abs() - asset.max_delta));
        }
    }
    Ok(())
}

fn steps_hold(case: &Case, allowed: &[i128]) -> Result<(), TestCaseError> {
    for (asset, &allowed) in case.assets.iter().zip(allowed) {
        prop_assert!((allowed - asset.previous).abs() <= asset.max_delta);
    }
    Ok(())
}

fn caps_hold(case: &Case, allowed: &[i128]) -> Result<(), TestCaseError> {
    for (name, cap, members) in case.caps() {
        let before: i128 = members.iter().map(|&i| case.assets[i].previous.abs()).sum();
        let after: i128 = members.iter().map(|&i| allowed[i].abs()).sum();
        if after <= cap {
            continue;
        }
        prop_assert!(before > cap, "{} held and holds no more", name);
        for &index in &members {
            let asset = &case.assets[index];
            prop_assert_eq!(increase(asset.previous, allowed[index]), 0, "{} grew", name);
        }
        let can_reduce = |&index: &usize| {
            let asset = &case.assets[index];
            asset.open() && asset.previous != 0
        };
        if members.iter().any(can_reduce) {
            prop_assert!(after < before, "{} is not nearer", name);
        }
    }
    Ok(())
}

/// Every position ties up capital, long or short; what a short sale brings gives no credit.
fn cash_holds(case: &Case, allowed: &[i128]) -> Result<(), TestCaseError> {
    let after = case.free_capital(allowed.iter().copied());
    if after >= 0 {
        return Ok(());
    }
    let before = case.cash_headroom;
    prop_assert!(before < 0, "the cash floor held and holds no more");
    for (asset, &allowed) in case.assets.iter().zip(allowed) {
        prop_assert_eq!(
            increase(asset.previous, allowed),
            0,
            "something grew under a broken cash floor"
        );
    }
    let can_reduce = |asset: &Asset| asset.open() && asset.previous != 0;
    if case.assets.iter().any(can_reduce) {
        prop_assert!(after > before * Ratio::SCALE, "cash is not nearer");
    }
    Ok(())
}

fn net_holds(case: &Case, allowed: &[i128]) -> Result<(), TestCaseError> {
    let after: i128 = allowed.iter().sum();
    let pairs = || case.assets.iter().zip(allowed);
    let reduced: i128 = pairs()
        .map(|(asset, &allowed)| asset.previous.signum() * kept(asset.previous, allowed))
        .sum();
    prop_assert!(after.abs() <= case.net.max(reduced.abs()));
    if after.abs() > case.net {
        for (asset, &allowed) in pairs() {
            let heavier = allowed.signum() == after.signum();
            prop_assert!(
                !heavier || increase(asset.previous, allowed) == 0,
                "the heavier side grew"
            );
        }
    }
    Ok(())
}

fn ramped_targets(case: &Case) -> Vec<i128> {
    let ramped = |asset: &Asset| {
        asset.previous + (asset.target - asset.previous) / i128::from(asset.ramp_remaining.max(1))
    };
    case.assets.iter().map(ramped).collect()
}

fn bounded_targets(case: &Case) -> Vec<i128> {
    let bounded = |asset: &Asset| asset.bounded_target(case.block_of_all());
    case.assets.iter().map(bounded).collect()
}

fn kept_net(case: &Case) -> i128 {
    let signed = |asset: &Asset| {
        asset.previous.signum() * kept(asset.previous, asset.bounded_target(case.block_of_all()))
    };
    case.assets.iter().map(signed).sum()
}

/// The portfolio after the decision was carried out at reference prices.
fn settled(case: &Case, allowed: &[i128]) -> Case {
    let mut next = case.clone();
    let free = case.free_capital(allowed.iter().copied());
    next.cash_headroom = free.div_euclid(Ratio::SCALE);
    for (asset, &allowed) in next.assets.iter_mut().zip(allowed) {
        asset.previous = allowed;
    }
    next
}

/// The portfolio limit number `which`, for reading or writing.
fn portfolio_limit(case: &mut Case, which: usize) -> &mut i128 {
    match which {
        0 | 1 => &mut case.groups[which],
        2 | 3 => &mut case.classes[which - 2],
        4 | 5 => &mut case.currencies[which - 4],
        6 => &mut case.gross,
        7 => &mut case.cash_headroom,
        _ => &mut case.net,
    }
}

fn only_limit(case: &Case, which: usize) -> Case {
    let mut only = case.clone().without_portfolio_limits();
    *portfolio_limit(&mut only, which) = *portfolio_limit(&mut case.clone(), which);
    only
}

/// Takes something off one asset's bounds (`what`), or off the portfolio limit.
#[derive(Debug, Clone)]
struct Tightening {
    what: Option<Index>,
    /// How many thirds are left.
    thirds: i128,
    quanta: i128,
}

fn tightenings() -> impl Strategy<Value = Tightening> {
    (any::<Option<Index>>(), select(vec![0, 1, 2, 3]), 0..3_i128).prop_map(
        |(what, thirds, quanta)| Tightening {
            what,
            thirds,
            quanta,
        },
    )
}

impl Tightening {
    fn apply(&self, case: &Case, which: usize) -> Case {
        let mut tighter = case.clone();
        if let Some(index) = self.what {
            let chosen = index.index(case.assets.len());
            let asset = &mut tighter.assets[chosen];
            // Most bounds are far above what is wanted; start from there.
            let wanted = asset.max.min(asset.target.abs().max(asset.previous.abs()));
            asset.max = (wanted * self.thirds / 3 - self.quanta).max(0);
            asset.min = asset.min.max(-asset.max);
        } else {
            let limit = portfolio_limit(&mut tighter, which);
            let less = (*limit).min(UNLIMITED / 1_000) * self.thirds / 3 - self.quanta;
            let lowest = if which == 7 { less } else { less.max(0) };
            *limit = lowest.min(*limit);
        }
        tighter
    }
}
