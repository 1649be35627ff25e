//! Breaches that are planted in records which the engine would never write.

use ios012_core::Exposure;
use ios012_lineage::{LedgerReader, Record, StoredRecord};
use ios012_report::{Breaches, Pack, SummaryBuilder};

use crate::run::{golden, ledger, single};

/// The breaches of the one-cycle ledger after its records were changed.
fn breaches(change: impl Fn(&mut Record)) -> Breaches {
    let directory = single(&golden("one-cycle"));
    let ledger = ledger(&directory);
    let mut pack = Pack::open(&ledger).expect("a pack");
    let mut builder = SummaryBuilder::new();
    for stored in LedgerReader::open(&ledger).expect("a ledger") {
        let mut stored: StoredRecord = stored.expect("a record");
        change(&mut stored.record);
        builder.take(&stored, &mut pack).expect("is taken");
    }
    builder.finish().expect("sums").expect("a summary").breaches
}

/// The breaches if each asset were allowed the given exposure.
fn with_allowed(allowed: &[(&str, &str)]) -> Breaches {
    breaches(|record| {
        if let Record::Decision(decision) = record
            && let Some((_, exposure)) = allowed
                .iter()
                .find(|(asset, _)| *asset == decision.asset_id.as_str())
        {
            decision.allowed_exposure = exposure.parse().expect("an exposure");
        }
    })
}

fn names(breaches: &Breaches) -> Vec<(&str, u64)> {
    breaches
        .limits
        .iter()
        .map(|limit| (limit.name.as_str(), limit.count))
        .collect()
}

#[test]
fn a_limit_that_is_just_full_is_no_breach() {
    assert_eq!(with_allowed(&[]), Breaches::default());
    assert_eq!(
        with_allowed(&[
            ("AAA", "0.3"),
            ("BBB", "0.25"),
            ("CCC", "0.15"),
            ("DDD", "0")
        ]),
        Breaches::default()
    );
}

#[test]
fn an_asset_above_its_own_bound_is_named() {
    let found = with_allowed(&[("BBB", "0.250000000001")]);
    assert_eq!(
        (found.cycles, names(&found)),
        (1, vec![("max_exposure", 1)])
    );
    let worst = found.worst.expect("a breach");
    assert_eq!(worst.asset_id.expect("an asset").as_str(), "BBB");
    assert_eq!((worst.limit.as_str(), worst.cycle_id), ("max_exposure", 1));
    assert_eq!(
        worst.bound,
        "0.25".parse::<Exposure>().expect("an exposure")
    );
    let short = with_allowed(&[("EEE", "-0.01")]);
    assert_eq!(names(&short), vec![("min_exposure", 1)]);
}

#[test]
fn a_group_above_its_cap_is_named() {
    let found = with_allowed(&[("CCC", "0.11")]);
    assert_eq!(names(&found), vec![("group:metals", 1)]);
    let worst = found.worst.expect("a breach");
    assert_eq!(
        worst.exposure,
        "0.16".parse::<Exposure>().expect("an exposure")
    );
    assert_eq!(worst.asset_id, None);
}

/// 0.3 + 0.25 + 0.1 + 0.05 + 0.31 = 1.01, of which equity 0.86 against 0.8.
#[test]
fn sums_above_their_caps_are_named_and_the_worst_is_the_farthest_above() {
    let found = with_allowed(&[("AAA", "0.3"), ("EEE", "0.31")]);
    let all = [
        "class:equity",
        "currency:USD",
        "gross",
        "max_exposure",
        "net",
    ]
    .map(|name| (name, 1));
    assert_eq!((found.cycles, names(&found)), (1, all.to_vec()));
    let worst = found.worst.expect("a breach");
    assert_eq!(worst.limit, "class:equity");
    assert_eq!(
        worst.exposure,
        "0.86".parse::<Exposure>().expect("an exposure")
    );
}

/// The floor is 0.39 of 1,000,000.
#[test]
fn cash_under_its_floor_is_named() {
    let with_cash = |cash: &str| {
        breaches(|record| {
            if let Record::Seal(seal) = record {
                seal.cash = Some(cash.parse().expect("an amount"));
            }
        })
    };
    assert_eq!(with_cash("390000"), Breaches::default());
    assert_eq!(names(&with_cash("389999.99999999")), vec![("cash", 1)]);
}
