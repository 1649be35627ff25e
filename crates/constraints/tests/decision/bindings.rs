//! Every decision carries the limits that bound it, as a chain from the target to the allowed
//! exposure.

use ios012_constraints::{Binding, Block, Limit};
use proptest::prelude::*;

use crate::cases::{Asset, Case, reduction};
use crate::config;
use crate::generate::cases;

proptest! {
    #![proptest_config(config())]

    #[test]
    fn the_waterfall_is_a_chain(case in cases()) {
        let outcome = case.decide();
        for (index, asset) in case.assets.iter().enumerate() {
            let mut value = asset.target;
            for binding in &outcome.bindings[index] {
                prop_assert_eq!(binding.before.units(), value);
                prop_assert_ne!(binding.before, binding.after);
                value = binding.after.units();
            }
            prop_assert_eq!(value, outcome.allowed[index]);
        }
    }

    /// The asset's own limits come first and end at the bounded target.
    #[test]
    fn own_limits_come_before_shared_ones(case in cases()) {
        let outcome = case.decide();
        for (index, asset) in case.assets.iter().enumerate() {
            let bindings = &outcome.bindings[index];
            let own = bindings.iter().take_while(|binding| is_own(binding)).count();
            prop_assert!(bindings[own..].iter().all(|binding| !is_own(binding)));
            let last = own.checked_sub(1).map(|last| bindings[last].after.units());
            prop_assert_eq!(last.unwrap_or(asset.target), asset.bounded_target(case.block_of_all()));
        }
    }

    /// A limit is named only where it is at work.
    #[test]
    fn a_named_limit_can_bind(case in cases()) {
        let outcome = case.decide();
        for (index, asset) in case.assets.iter().enumerate() {
            for binding in &outcome.bindings[index] {
                let (before, after) = (binding.before.units(), binding.after.units());
                prop_assert!(is_at_work(&case, index, asset, binding, outcome.allowed[index]), "{} at asset {}", binding.limit, index);
                // Nothing but a bound, a block or a refusal to trade moves toward more exposure
                // on a side, and nothing ever crosses zero away from where the asset was.
                prop_assert!(
                    is_own(binding) || distance(asset.previous, before, after),
                    "{} at asset {}", binding.limit, index
                );
            }
        }
    }
}

/// After step 1 a value moves toward zero (cures, shared increases) or toward what was held.
fn distance(previous: i128, before: i128, after: i128) -> bool {
    after.abs() <= before.abs() && before * after >= 0
        || (after - previous).abs() < (before - previous).abs()
}

/// Whether a limit belongs to steps 0 and 1: the asset's own.
pub(crate) fn is_own(binding: &Binding) -> bool {
    matches!(
        binding.limit,
        Limit::Ramp
            | Limit::MaxExposure
            | Limit::MinExposure
            | Limit::Blocked(..)
            | Limit::Inactive
            | Limit::MarketClosed
            | Limit::Frozen
    )
}

fn is_at_work(case: &Case, index: usize, asset: &Asset, binding: &Binding, allowed: i128) -> bool {
    let is_member = |name: &str| {
        let caps = case.caps();
        caps.iter()
            .any(|(cap, _, members)| cap == name && members.contains(&index))
    };
    match &binding.limit {
        Limit::Ramp => asset.open() && asset.ramp_remaining > 1,
        Limit::MaxExposure => asset.open() && binding.after.units() == asset.max,
        Limit::MinExposure => asset.open() && binding.after.units() == asset.min,
        Limit::Blocked(_, block) => {
            asset.open() && *block != Block::None && *block == asset.block_now(case.block_of_all())
        }
        Limit::Inactive => !asset.active && allowed == asset.previous,
        Limit::Frozen => asset.active && !asset.price_trusted && allowed == asset.previous,
        Limit::MarketClosed => {
            asset.active && asset.price_trusted && !asset.market_open && allowed == asset.previous
        }
        Limit::Group(_) | Limit::Class(_) | Limit::Currency(_) | Limit::Gross => {
            is_member(&binding.limit.to_string())
        }
        Limit::Cash | Limit::Net => asset.open(),
        // The step had its full length once: what other limits take later may shorten it.
        Limit::MaxDelta => (binding.after.units() - asset.previous).abs() == asset.max_delta,
        Limit::DeadBand => {
            let dropped = (binding.before.units() - binding.after.units()).abs();
            dropped < case.dead_band
                && (binding.after.units() == asset.previous
                    || reduction(asset.previous, binding.after.units()) > 0)
        }
    }
}
