//! Thirty years with every breaker armed at the default thresholds: which of them trips on which
//! days, against the list that a review approved (docs/thirty-years.md).

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use ios012_core::UtcTime;
use ios012_lineage::{LedgerReader, Record};
use ios012_paper::Script;
use serde_json::Value;

use crate::desk::{judge, run as run_desk};
use crate::error::ensure;
use crate::report::Held;
use crate::story::Story;
use crate::{FortressError, Size};

const FOLDER: &str = "default-thresholds";

/// The first cycles, which end at a day without a trip.
const SMALL: usize = 220;

/// Days on end on which one breaker trips for one cause.
#[derive(Debug)]
struct Episode {
    first: UtcTime,
    last: UtcTime,
    cycles: u64,
    code: String,
}

/// Runs the history and compares.
pub(crate) fn trips(golden: &Path, story: &Story, size: Size) -> Result<Held, FortressError> {
    let read = |name: &str| {
        let path = golden.join(FOLDER).join(name);
        fs::read_to_string(&path).map_err(FortressError::io(&path))
    };
    let mut story = story.clone();
    let thresholds: Value = serde_json::from_str(&read("thresholds.json")?)?;
    arm(&mut story.constraints, &thresholds)?;
    story.shock_scores = Some(read("shock_scores.csv")?);
    let standing = story.standing()?;
    let cycles = story.cycles(&standing)?.take(size.pick(SMALL, usize::MAX));
    let (counts, directory) = run_desk(&standing, cycles, Script::default())?;
    judge(directory.path())?;
    let (episodes, end) = episodes(directory.path())?;
    let mut found = vec!["first,last,cycles,trip".to_owned()];
    found.extend(episodes.iter().map(|episode| {
        let [first, last] = [episode.first, episode.last].map(UtcTime::date_text);
        format!("{first},{last},{},{}", episode.cycles, episode.code)
    }));
    let (list, until) = (read("trips.csv")?, end.date_text());
    let approved = list.lines();
    let approved = approved.filter(|line| line.starts_with("first") || *line <= until.as_str());
    let approved: Vec<_> = approved.collect();
    ensure(found == approved, || {
        let differs = found.iter().zip(&approved).find(|(a, b)| a != b);
        let (found, approved) = (found.len(), approved.len());
        match differs {
            Some((found, approved)) => format!("{found} instead of {approved}"),
            None => format!("{found} lines, and {approved} are approved"),
        }
    })?;
    let trips: u64 = episodes.iter().map(|episode| episode.cycles).sum();
    Ok(Held {
        cycles: counts.cycles,
        decisions: counts.decisions,
        shows: format!("{trips} trips in {} episodes, as listed", episodes.len()),
    })
}

/// Puts the members of the thresholds into the constraints document.
fn arm(constraints: &mut Value, thresholds: &Value) -> Result<(), FortressError> {
    let shape = || FortressError::Data("the thresholds are no part of constraints".to_owned());
    let limits = constraints.as_object_mut().ok_or_else(shape)?;
    for (name, members) in thresholds.as_object().ok_or_else(shape)? {
        match limits.get_mut(name).and_then(Value::as_object_mut) {
            Some(there) => {
                let members = members.as_object().ok_or_else(shape)?;
                there.extend(
                    members
                        .iter()
                        .map(|(key, value)| (key.clone(), value.clone())),
                );
            }
            None => drop(limits.insert(name.clone(), members.clone())),
        }
    }
    Ok(())
}

/// The episodes of a ledger in the order in which they begin, and the time of its last cycle.
fn episodes(ledger: &Path) -> Result<(Vec<Episode>, UtcTime), FortressError> {
    let mut episodes: Vec<Episode> = Vec::new();
    // By code: its newest episode, and the number of the cycle that tripped last.
    let mut newest: BTreeMap<String, (usize, u64)> = BTreeMap::new();
    let (mut cycle, mut as_of) = (0_u64, UtcTime::FIRST);
    for stored in LedgerReader::open(ledger)? {
        match stored?.record {
            Record::Cycle(begun) => (cycle, as_of) = (cycle + 1, begun.as_of),
            Record::Breaker(breaker) => {
                let code = format!("{}:{}", breaker.breaker, breaker.cause);
                let before = newest.get(&code).filter(|(_, last)| *last + 1 >= cycle);
                let place = before.map_or(episodes.len(), |(place, _)| *place);
                match episodes.get_mut(place) {
                    Some(episode) => (episode.last, episode.cycles) = (as_of, episode.cycles + 1),
                    None => episodes.push(Episode {
                        first: as_of,
                        last: as_of,
                        cycles: 1,
                        code: code.clone(),
                    }),
                }
                newest.insert(code, (place, cycle));
            }
            _ => {}
        }
    }
    Ok((episodes, as_of))
}
