//! Real crashes, and what is worse. Under each strain no decision passes a limit, every cycle has a
//! defined end, the books audit after every cycle, and the ledger verifies and replays.

use std::path::Path;

use ios012_paper::Script;

use crate::desk::{judge, run as run_desk};
use crate::error::ensure;
use crate::report::{Held, Recorder};
use crate::story::{STOCKS, Story};
use crate::strain::Strain;
use crate::thresholds;
use crate::watch::watch;
use crate::{FortressError, Size};

/// Days of the data on which the market fell: Russia's default, the reopening after 11 September,
/// the weeks after Lehman, the pandemic.
const CRASHES: [&str; 4] = ["1998-08-31", "2001-09-17", "2008-10-15", "2020-03-16"];

pub(crate) fn run(golden: &Path, size: Size, recorder: &mut Recorder<'_>) {
    let story = match Story::golden(golden, STOCKS) {
        Ok(story) => story,
        Err(error) => return recorder.part(STOCKS, || Err(error)),
    };
    for day in CRASHES {
        for strain in Strain::ALL {
            let is_short = strain == Strain::Many;
            if size == Size::Small && is_short && day != CRASHES[2] {
                continue;
            }
            let (before, after) = match (size, is_short) {
                (Size::Small, true) => (5, 3),
                (Size::Small, false) => (8, 8),
                (Size::Full, true) => (20, 20),
                (Size::Full, false) => (60, 60),
            };
            let name = format!("{day}, {}", strain.as_str());
            recorder.part(name, || {
                crash(&story.around(day, before, after)?, strain, day)
            });
        }
    }
    recorder.part("default thresholds, 1990 to 2022", || {
        thresholds::trips(golden, &story, size)
    });
}

fn crash(story: &Story, strain: Strain, day: &str) -> Result<Held, FortressError> {
    let mandates = story.targets.len();
    let story = strain.apply(story.clone(), day)?;
    let standing = story.standing()?;
    let (counts, directory) = run_desk(&standing, story.cycles(&standing)?, Script::default())?;
    ensure(usize::try_from(counts.cycles) == Ok(mandates), || {
        format!("{mandates} mandates, and {} cycles", counts.cycles)
    })?;
    let seen = watch(directory.path(), &standing, &story.closed()?)?;
    let summary = judge(directory.path())?;
    let of_report = (
        summary.cycles.executed,
        summary.cycles.aborted,
        summary.decisions.total,
    );
    let of_watch = (seen.cycles - seen.aborted, seen.aborted, seen.decisions);
    ensure(of_report == of_watch, || {
        format!("the report counts {of_report:?}, the watch {of_watch:?}")
    })?;
    // What the market alone can't do within a day, no decision may.
    let breaches = &summary.breaches;
    ensure(strain != Strain::Real || breaches.cycles == 0, || {
        format!("a limit is passed: {:?}", breaches.worst)
    })?;
    Ok(Held {
        cycles: seen.cycles,
        decisions: seen.decisions,
        shows: format!(
            "{} orders, {} aborted, {} trips; broken by the market and worked down: {}",
            seen.orders, seen.aborted, seen.trips, seen.broken_by_market
        ),
    })
}
