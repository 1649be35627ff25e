//! Random cases that often sit exactly on a boundary: few distinct numbers, limits equal to what
//! is held or wanted, one quantum above or below, and zero.

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;

use crate::cases::{Asset, Case, UNLIMITED};
use ios012_constraints::Block;
use ios012_core::Ratio;

/// Any case of 1 to 12 assets.
pub(crate) fn cases() -> impl Strategy<Value = Case> {
    select(vec![1_i128, 1_000, 83_333_333_333]).prop_flat_map(|unit| of_unit(unit, 12))
}

/// Cases of a few assets in small whole numbers.
pub(crate) fn small_cases() -> impl Strategy<Value = Case> {
    of_unit(1, 5)
}

/// Cases whose portfolio limits rarely bind: half have none.
pub(crate) fn mild_cases() -> impl Strategy<Value = Case> {
    (cases(), any::<bool>(), any::<bool>()).prop_map(|(case, no_limits, no_steps)| {
        let mut case = if no_limits {
            case.without_portfolio_limits()
        } else {
            case
        };
        if no_steps {
            for asset in &mut case.assets {
                asset.max_delta = UNLIMITED;
            }
        }
        case
    })
}

fn of_unit(unit: i128, most: usize) -> impl Strategy<Value = Case> {
    (
        vec(assets(unit), 1..=most),
        Just((0..most).collect::<Vec<usize>>()).prop_shuffle(),
        vec(cap(unit), 9),
        prop_oneof![Just(0), at_least_zero(unit, 3)],
        (
            prop_oneof![4 => Just(Block::None), 1 => block()],
            prop_oneof![6 => Just(Block::None), 1 => block()],
        ),
    )
        .prop_map(|(assets, names, caps, dead_band, blocks)| {
            build(assets, &names, &caps, dead_band, blocks)
        })
}

/// A small number of units, now and then one quantum beside it.
fn number(unit: i128, low: i128, high: i128) -> impl Strategy<Value = i128> + Clone {
    let beside = prop_oneof![6 => Just(0_i128), 1 => Just(1), 1 => Just(-1)];
    (low..=high, beside).prop_map(move |(count, beside)| count * unit + beside)
}

fn at_least_zero(unit: i128, high: i128) -> impl Strategy<Value = i128> + Clone {
    number(unit, 0, high).prop_map(|value| value.max(0))
}

fn block() -> impl Strategy<Value = Block> + Clone {
    prop_oneof![
        8 => Just(Block::None),
        1 => Just(Block::ReduceOnly),
        1 => Just(Block::Flatten),
    ]
}

#[derive(Debug, Clone, Copy)]
enum Lowest {
    LongOnly,
    Symmetric,
    Half,
}

/// Where a target is, seen from what is held.
#[derive(Debug, Clone, Copy)]
enum Wish {
    Far,
    /// Within the dead bands that occur, or no change.
    Near(i128),
}

fn wishes(unit: i128) -> impl Strategy<Value = Wish> + Clone {
    prop_oneof![
        5 => Just(Wish::Far),
        1 => Just(Wish::Near(0)),
        3 => number(unit, -3, 3).prop_map(Wish::Near),
    ]
}

fn assets(unit: i128) -> impl Strategy<Value = Asset> {
    let exposures = (
        number(unit, -10, 10),
        number(unit, -10, 10),
        prop_oneof![3 => Just(10 * unit), 2 => at_least_zero(unit, 10), 1 => Just(UNLIMITED)],
        select(vec![Lowest::LongOnly, Lowest::Symmetric, Lowest::Half]),
        prop_oneof![2 => Just(UNLIMITED), 3 => at_least_zero(unit, 12)],
        wishes(unit),
    );
    let shock = prop_oneof![
        8 => Just(None),
        1 => (0..3_i128, block()).prop_map(Some),
    ];
    let facts = (
        (prop::bool::weighted(0.85), prop::bool::weighted(0.95)),
        prop::bool::weighted(0.95),
        block(),
        shock,
        proptest::option::weighted(0.8, 0..4_i128),
        prop_oneof![4 => Just(1_u32), 1 => 0..4_u32],
    );
    let membership = (0..2_usize, 0..2_usize, any::<[bool; 2]>());
    (exposures, facts, membership, economics()).prop_map(
        |(exposures, facts, membership, economics)| {
            let (previous, far, max, lowest, max_delta, wish) = exposures;
            let ((market_open, price_trusted), active, block, shock, score, ramp_remaining) = facts;
            let (class, currency, in_group) = membership;
            let (margin, factor) = economics;
            Asset {
                previous,
                target: match wish {
                    Wish::Far => far,
                    Wish::Near(change) => previous + change,
                },
                min: match lowest {
                    Lowest::LongOnly => 0,
                    Lowest::Symmetric => -max,
                    Lowest::Half => -(max / 2),
                },
                max,
                max_delta: max_delta.max(1),
                market_open,
                price_trusted,
                active,
                block,
                shock,
                score,
                ramp_remaining,
                class,
                currency,
                name: 0,
                in_group,
                margin,
                factor,
            }
        },
    )
}

/// Margin in hundredths and leverage factor: paid in full, margined, or a token.
fn economics() -> impl Strategy<Value = (i128, i128)> + Clone {
    prop_oneof![
        4 => Just((100, 1)),
        1 => Just((50, 1)),
        2 => (1..=100_i128).prop_map(|margin| (margin, 1)),
        1 => (2..=3_i128).prop_map(|factor| (100, factor)),
    ]
}

/// How a portfolio limit is set.
#[derive(Debug, Clone, Copy)]
enum CapRule {
    Unlimited,
    Units(i128),
    /// What is held, or wanted, or half way, with a difference.
    Held(i128),
    Wanted(i128),
    Between,
}

fn cap(unit: i128) -> impl Strategy<Value = CapRule> {
    prop_oneof![
        4 => Just(CapRule::Unlimited),
        2 => number(unit, -4, 24).prop_map(CapRule::Units),
        2 => number(unit, -1, 1).prop_map(CapRule::Held),
        2 => number(unit, -1, 1).prop_map(CapRule::Wanted),
        2 => Just(CapRule::Between),
    ]
}

fn build(
    mut assets: Vec<Asset>,
    names: &[usize],
    caps: &[CapRule],
    dead_band: i128,
    (block, breaker): (Block, Block),
) -> Case {
    for (asset, &name) in assets.iter_mut().zip(names) {
        asset.name = name;
    }
    let smallest_step = assets.iter().map(|asset| asset.max_delta).min();
    let of = |rule: CapRule, held: i128, wanted: i128| match rule {
        CapRule::Unlimited => UNLIMITED,
        CapRule::Units(value) => value,
        CapRule::Held(difference) => held + difference,
        CapRule::Wanted(difference) => wanted + difference,
        CapRule::Between => i128::midpoint(held, wanted),
    };
    let sum_cap = |rule: CapRule, belongs: &dyn Fn(&Asset) -> bool| {
        let members = || assets.iter().filter(|asset| belongs(asset));
        let held = members().map(|asset| asset.previous.abs()).sum();
        let wanted = members().map(|asset| asset.target.abs()).sum();
        of(rule, held, wanted).max(0)
    };
    let sum = |value: fn(&Asset) -> i128| assets.iter().map(value).sum::<i128>();
    // Capital that the targets would take; headroom may be below zero.
    let capital = sum(|asset| asset.rate() * (asset.target.abs() - asset.previous.abs()));
    let cash_use = capital.div_euclid(Ratio::SCALE);
    let (net_held, net_wanted) = (sum(|asset| asset.previous), sum(|asset| asset.target));
    Case {
        groups: [
            sum_cap(caps[0], &|asset| asset.in_group[0]),
            sum_cap(caps[1], &|asset| asset.in_group[1]),
        ],
        classes: [
            sum_cap(caps[2], &|asset| asset.class == 0),
            sum_cap(caps[3], &|asset| asset.class == 1),
        ],
        currencies: [
            sum_cap(caps[4], &|asset| asset.currency == 0),
            sum_cap(caps[5], &|asset| asset.currency == 1),
        ],
        gross: sum_cap(caps[6], &|_| true),
        net: of(caps[7], net_held.abs(), net_wanted.abs()).max(0),
        cash_headroom: of(caps[8], 0, cash_use),
        dead_band: dead_band.min(smallest_step.unwrap_or(0)),
        block,
        breaker,
        assets,
    }
}
