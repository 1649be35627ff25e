//! The decision on small universes: it never panics, obeys I1 to I4 of docs/decision.md, depends
//! on its input alone, and refuses numbers that do not fit instead of wrapping them.
#![no_main]

#[allow(
    dead_code,
    unreachable_pub,
    reason = "shared with the property tests, which use more of it"
)]
#[path = "../../crates/constraints/tests/decision/cases.rs"]
mod cases;

use arbitrary::{Result, Unstructured};
use cases::{Asset, Case, UNLIMITED, increase};
use ios012_constraints::{Block, ConstraintsError, Decisions, PortfolioState, decide};
use ios012_core::Exposure;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let mut input = Unstructured::new(bytes);
    let Ok(case) = case_from(&mut input) else {
        return;
    };
    let mut decisions = Decisions::default();
    let outcome = case.decide_into(&mut decisions);
    assets_hold(&case, &outcome.allowed);
    caps_hold(&case, &outcome.allowed);
    cash_holds(&case, &outcome.allowed);
    waterfalls_hold(&case, &decisions);
    let _ = extremes(&case, &mut input, &mut decisions);
    assert_eq!(
        case.decide_into(&mut decisions),
        outcome,
        "used buffers matter"
    );
});

/// I1, I2 and I4.
fn assets_hold(case: &Case, allowed: &[i128]) {
    assert_eq!(allowed.len(), case.assets.len());
    for (asset, &allowed) in case.assets.iter().zip(allowed) {
        let previous = asset.previous;
        let bounds = asset.min..=asset.max;
        if !asset.open() {
            assert_eq!(allowed, previous, "a closed market moved");
        } else if bounds.contains(&previous) || allowed * previous < 0 {
            assert!(bounds.contains(&allowed), "I1: {allowed} is outside");
        } else {
            let bound = if previous > 0 { asset.max } else { -asset.min };
            let nearest = bound.max(previous.abs() - asset.max_delta);
            assert!(allowed.abs() <= nearest, "I1: {allowed} is not nearer");
        }
        assert!(
            (allowed - previous).abs() <= asset.max_delta,
            "I2: {previous} to {allowed}"
        );
        if asset.block_now(case.block_of_all()) != Block::None {
            assert!(allowed.abs() <= previous.abs(), "I4: a blocked asset grew");
            assert!(
                allowed * previous.signum() >= 0,
                "I4: a blocked asset flipped"
            );
        }
    }
}

/// I3 for sums of absolute exposures.
fn caps_hold(case: &Case, allowed: &[i128]) {
    for (name, cap, members) in case.caps() {
        let before: i128 = members
            .iter()
            .map(|&index| case.assets[index].previous.abs())
            .sum();
        let after: i128 = members.iter().map(|&index| allowed[index].abs()).sum();
        if after > cap {
            assert!(
                before > cap && after <= before,
                "I3: {name} {before} to {after}"
            );
            for index in members {
                let added = increase(case.assets[index].previous, allowed[index]);
                assert_eq!(added, 0, "I3: a member of the broken {name} grew");
            }
        }
    }
}

/// I3 for cash: every position ties up capital, and a short gives no credit.
fn cash_holds(case: &Case, allowed: &[i128]) {
    if case.free_capital(allowed.iter().copied()) < 0 {
        assert!(
            case.cash_headroom < 0,
            "I3: the cash floor held and holds no more"
        );
        for (asset, &allowed) in case.assets.iter().zip(allowed) {
            let added = increase(asset.previous, allowed);
            assert_eq!(added, 0, "I3: something grew under a broken floor");
        }
    }
}

/// The limits lead from the target to what is allowed.
fn waterfalls_hold(case: &Case, decisions: &Decisions) {
    let rows = decisions.allowed().iter().zip(decisions.bindings());
    for (asset, (allowed, bindings)) in case.assets.iter().zip(rows) {
        let mut at = Exposure::from_units(asset.target);
        for binding in bindings {
            assert_eq!(binding.before, at);
            at = binding.after;
        }
        assert_eq!(at, *allowed);
    }
}

/// Any numbers at all in the states: decided within `max_delta`, or refused with nothing left.
fn extremes(case: &Case, input: &mut Unstructured<'_>, decisions: &mut Decisions) -> Result<()> {
    let mut states = case.states();
    let mut portfolio = PortfolioState {
        cash_headroom: Exposure::from_units(case.cash_headroom),
        block: case.block,
        breaker: case.breaker,
    };
    for _ in 0..input.int_in_range(1..=3_u8)? {
        let value = Exposure::from_units(match input.int_in_range(0..=4_u8)? {
            0 => i128::MIN,
            1 => i128::MAX,
            2 => i128::MIN / 2,
            3 => i128::MAX / 2,
            _ => input.arbitrary()?,
        });
        let index = input.choose_index(states.len())?;
        match input.int_in_range(0..=2_u8)? {
            0 => states[index].previous = value,
            1 => states[index].target = value,
            _ => portfolio.cash_headroom = value,
        }
    }
    match decide(&case.universe(), &states, portfolio, decisions) {
        Ok(()) => {
            for ((state, allowed), asset) in
                states.iter().zip(decisions.allowed()).zip(&case.assets)
            {
                let step = allowed.checked_sub(state.previous).map(Exposure::units);
                assert!(step.is_ok_and(|step| step.abs() <= asset.max_delta), "I2");
            }
        }
        Err(ConstraintsError::Arithmetic(_)) => {
            assert!(decisions.allowed().is_empty() && decisions.bindings().is_empty());
        }
        Err(other) => panic!("{other}"),
    }
    Ok(())
}

/// Few distinct numbers, so that many cases sit exactly on a boundary.
fn case_from(input: &mut Unstructured<'_>) -> Result<Case> {
    let unit = *input.choose(&[1, 1_000, 83_333_333_333])?;
    let count = input.int_in_range(1..=8)?;
    let assets: Vec<Asset> = (0..count)
        .map(|name| asset_from(input, unit, name))
        .collect::<Result<_>>()?;
    let smallest_step = assets
        .iter()
        .map(|asset| asset.max_delta)
        .min()
        .unwrap_or(0);
    let mut cap = |belongs: &dyn Fn(&Asset) -> bool| -> Result<i128> {
        let members = || assets.iter().filter(|asset| belongs(asset));
        let beside = input.int_in_range(-1..=1)?;
        Ok(match input.int_in_range(0..=4_u8)? {
            0 => UNLIMITED,
            1 => members().map(|asset| asset.previous.abs()).sum::<i128>() + beside,
            2 => members().map(|asset| asset.target.abs()).sum::<i128>() + beside,
            _ => number(input, unit, 0, 24)?,
        }
        .max(0))
    };
    Ok(Case {
        groups: [
            cap(&|asset| asset.in_group[0])?,
            cap(&|asset| asset.in_group[1])?,
        ],
        classes: [
            cap(&|asset| asset.class == 0)?,
            cap(&|asset| asset.class == 1)?,
        ],
        currencies: [
            cap(&|asset| asset.currency == 0)?,
            cap(&|asset| asset.currency == 1)?,
        ],
        gross: cap(&|_| true)?,
        net: cap(&|_| true)?,
        cash_headroom: if input.arbitrary()? {
            UNLIMITED
        } else {
            number(input, unit, -4, 24)?
        },
        dead_band: number(input, unit, 0, 3)?.clamp(0, smallest_step),
        block: block(input)?,
        breaker: block(input)?,
        assets,
    })
}

fn asset_from(input: &mut Unstructured<'_>, unit: i128, name: usize) -> Result<Asset> {
    let max = match input.int_in_range(0..=2_u8)? {
        0 => UNLIMITED,
        1 => 10 * unit,
        _ => number(input, unit, 0, 10)?.max(0),
    };
    let previous = number(input, unit, -10, 10)?;
    let target = number(input, unit, -10, 10)?;
    // Paid in full, margined, or a token.
    let economics = [(100, 1), (50, 1), (7, 1), (1, 1), (100, 3)];
    let (margin, factor) = *input.choose(&economics)?;
    Ok(Asset {
        previous,
        target: if input.ratio(1, 4)? {
            previous + target % 4
        } else {
            target
        },
        min: *input.choose(&[0, -max, -(max / 2)])?,
        max,
        max_delta: if input.arbitrary()? {
            UNLIMITED
        } else {
            number(input, unit, 0, 12)?.max(1)
        },
        market_open: !input.ratio(1, 8)?,
        price_trusted: !input.ratio(1, 16)?,
        active: !input.ratio(1, 16)?,
        block: block(input)?,
        shock: if input.ratio(1, 8)? {
            Some((input.int_in_range(0..=2)?, block(input)?))
        } else {
            None
        },
        score: if input.ratio(1, 4)? {
            None
        } else {
            Some(input.int_in_range(0..=3)?)
        },
        ramp_remaining: if input.ratio(1, 4)? {
            input.int_in_range(0..=3)?
        } else {
            1
        },
        class: input.int_in_range(0..=1)?,
        currency: input.int_in_range(0..=1)?,
        name,
        in_group: input.arbitrary()?,
        margin,
        factor,
    })
}

fn number(input: &mut Unstructured<'_>, unit: i128, low: i128, high: i128) -> Result<i128> {
    let beside = if input.ratio(1, 4)? {
        input.int_in_range(-1..=1)?
    } else {
        0
    };
    Ok(input.int_in_range(low..=high)? * unit + beside)
}

fn block(input: &mut Unstructured<'_>) -> Result<Block> {
    Ok(match input.int_in_range(0..=9_u8)? {
        8 => Block::ReduceOnly,
        9 => Block::Flatten,
        _ => Block::None,
    })
}
