//! Bugs that are put in are found, each within so many seeds; without them nothing is.

use ios012_simulation::{Plant, tell};

/// Seeds within which each planted bug shows.
const SEEDS: u64 = 40;

#[test]
fn each_planted_bug_is_found() {
    for (plant, says) in [
        (Plant::SkipSync, "left before its intent was durable"),
        (Plant::RetryPost, "was sent twice"),
        (Plant::ForgetLatch, "and the engine goes on at GREEN"),
    ] {
        let found = (0..SEEDS).find_map(|seed| tell(seed, Some(plant)).err());
        let found = found.map(|error| error.to_string()).unwrap_or_default();
        assert!(found.contains(says), "{plant:?}: {found}");
    }
}

/// The same seeds without a bug; and that everything which can go wrong did.
#[test]
fn nothing_is_found_where_no_bug_is_planted() {
    let mut told = tell(0, None).expect("seed 0");
    for seed in 1..SEEDS {
        told = told.and(&tell(seed, None).unwrap_or_else(|error| panic!("seed {seed}: {error}")));
    }
    for (count, what) in [
        (told.crashes, "crashes"),
        (told.power_cuts, "power cuts"),
        (told.halts, "halts"),
        (told.recoveries, "recoveries"),
        (told.refused, "refused mandates"),
        (told.aborted, "aborted cycles"),
        (told.unknown, "unknown outcomes"),
        (told.tally.lost_requests, "lost requests"),
        (told.tally.late_requests, "late requests"),
        (told.tally.lost_answers, "lost answers"),
        (told.tally.repeated_news, "repeated news"),
        (told.tally.fills_after_cancel, "fills after a cancel"),
        (told.tally.disconnects, "disconnects"),
    ] {
        assert!(count > 0, "no {what} in {SEEDS} seeds");
    }
}

#[test]
fn a_seed_tells_the_same_story_each_time() {
    for seed in [3, 17] {
        assert_eq!(
            tell(seed, None).expect("holds"),
            tell(seed, None).expect("holds")
        );
    }
    let others = tell(3, None).expect("holds") != tell(17, None).expect("holds");
    assert!(others, "two seeds tell one story");
}
