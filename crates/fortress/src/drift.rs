//! Differences that were put into a ledger are found by `verify` or by `replay`; thirty years of
//! clean data raise no alarm.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use ios012_engine::replay;
use ios012_lineage::{Hash, LedgerStatus, sha256, verify};
use ios012_paper::Script;

use crate::desk::{judge, run as run_desk, temporary};
use crate::error::ensure;
use crate::execution_drift;
use crate::report::{Held, Recorder};
use crate::story::{STOCKS, Story};
use crate::{FortressError, Size};

const SEGMENT: &str = "000001.ledger";
const HEAD: &str = "head";
const PACK: &str = "documents.pack";

/// A line is the hash of its JSON in hexadecimal, a space, and the JSON.
const JSON_AT: usize = 65;

/// The members that are changed, by the kind of their record. They are texts: decimals, hashes, and
/// what [`SWAPS`] lists.
const MEMBERS: [(&str, &str); 18] = [
    ("cycle", "market_hash"),
    ("cycle", "constraints_hash"),
    ("cycle", "account_hash"),
    ("decision", "allowed_exposure"),
    ("decision", "previous_exposure"),
    ("decision", "target_exposure"),
    ("decision", "transition_cost"),
    ("decision", "lineage_hash"),
    ("order", "limit_price"),
    ("order", "quantity"),
    ("order", "side"),
    ("fill", "fee"),
    ("fill", "price"),
    ("fill", "quantity"),
    ("outcome", "state"),
    ("seal", "cash"),
    ("seal", "defcon"),
    ("seal", "nlv_after"),
];

const SWAPS: [(&str, &str); 4] = [
    ("buy", "sell"),
    ("sell", "buy"),
    ("filled", "expired"),
    ("GREEN", "YELLOW"),
];

pub(crate) fn run(golden: &Path, size: Size, recorder: &mut Recorder<'_>) {
    let story = match Story::golden(golden, STOCKS) {
        Ok(story) => story,
        Err(error) => return recorder.part(STOCKS, || Err(error)),
    };
    recorder.part("no alarm on clean data", || clean(&story, size));
    recorder.part("a changed byte", || altered(&story, size, false));
    recorder.part("a changed record under a whole new chain", || {
        altered(&story, size, true)
    });
    execution_drift::run(&story, recorder);
}

/// The whole history: no breaker, no refusal, no aborted cycle, no difference.
fn clean(story: &Story, size: Size) -> Result<Held, FortressError> {
    let standing = story.standing()?;
    let cycles = story.cycles(&standing)?.take(size.pick(40, usize::MAX));
    let (counts, directory) = run_desk(&standing, cycles, Script::default())?;
    let summary = judge(directory.path())?;
    let alarms = [
        summary.breakers.total,
        summary.refusals.total,
        counts.aborted,
    ];
    ensure(alarms == [0; 3], || {
        format!("a false alarm: breakers, refusals, aborted cycles are {alarms:?}")
    })?;
    ensure(summary.breaches.cycles == 0, || {
        format!("a limit is passed: {:?}", summary.breaches.worst)
    })?;
    Ok(Held {
        cycles: counts.cycles,
        decisions: counts.decisions,
        shows: "no breaker, refusal or difference".to_owned(),
    })
}

/// Changes one member of one record after the other. With a new chain every later hash and the head
/// fit again, as somebody would do who holds the files.
fn altered(story: &Story, size: Size, rechained: bool) -> Result<Held, FortressError> {
    let story = story.around("2008-10-15", size.pick(3, 10), 2)?;
    let standing = story.standing()?;
    let (counts, ledger) = run_desk(&standing, story.cycles(&standing)?, Script::default())?;
    let lines = read_lines(ledger.path())?;
    let most = size.pick(2, 16);
    let control = finder(ledger.path(), &lines, None, rechained)?;
    ensure(control.is_none(), || {
        format!("an unchanged ledger is found by {control:?}")
    })?;
    let mut found: BTreeMap<String, u64> = BTreeMap::new();
    for (kind, member) in MEMBERS {
        let wanted = format!(r#""kind":"{kind}""#);
        let candidates: Vec<usize> = (0..lines.len())
            .filter(|&line| lines[line].contains(&wanted))
            .filter(|&line| changed(&lines[line][JSON_AT..], member).is_some())
            .collect();
        ensure(!candidates.is_empty(), || {
            format!("no {kind} record with a {member} to change")
        })?;
        let apart = candidates.len().div_ceil(most);
        // From the last one on: nothing after it derives from it, so there only replay can tell.
        for &line in candidates.iter().rev().step_by(apart) {
            let finder = finder(ledger.path(), &lines, Some((line, member)), rechained)?;
            let finder = finder.ok_or_else(|| {
                FortressError::Broken(format!(
                    "{kind}.{member} of record {line} was changed, and nothing finds it"
                ))
            })?;
            *found.entry(finder).or_default() += 1;
        }
    }
    let counted: Vec<_> = found
        .iter()
        .map(|(by, count)| format!("{count} by {by}"))
        .collect();
    Ok(Held {
        cycles: counts.cycles,
        decisions: counts.decisions,
        shows: format!("found: {}", counted.join(", ")),
    })
}

/// What finds a changed record; none if nothing does. Without a change nothing must.
fn finder(
    ledger: &Path,
    lines: &[String],
    change: Option<(usize, &str)>,
    rechained: bool,
) -> Result<Option<String>, FortressError> {
    let mut lines = lines.to_vec();
    if let Some((line, member)) = change {
        let json = changed(&lines[line][JSON_AT..], member);
        let json = json.ok_or_else(|| FortressError::Data("nothing to change".to_owned()))?;
        lines[line].replace_range(JSON_AT.., &json);
    }
    let copy = temporary()?;
    for name in [HEAD, PACK] {
        let to = copy.path().join(name);
        fs::copy(ledger.join(name), &to).map_err(FortressError::io(&to))?;
    }
    if rechained {
        let head = chain_anew(&mut lines)?;
        write(
            &copy.path().join(HEAD),
            &format!("{} {head}\n", lines.len()),
        )?;
    }
    write(&copy.path().join(SEGMENT), &(lines.join("\n") + "\n"))?;
    match verify(copy.path(), None) {
        Ok(report) if report.status == LedgerStatus::Complete => {}
        Ok(_) => return Ok(Some("verify (incomplete)".to_owned())),
        Err(failure) => return Ok(Some(format!("verify ({})", failure.code))),
    }
    match replay(copy.path(), &mut |_| ()) {
        Ok((report, _)) if report.difference.is_none() => Ok(None),
        Ok(_) => Ok(Some("replay".to_owned())),
        Err(_) => Ok(Some("replay (refused)".to_owned())),
    }
}

/// The record with another value of a member, still canonical; none if it has no such value.
fn changed(json: &str, member: &str) -> Option<String> {
    let name = format!(r#""{member}":""#);
    let start = json.find(&name)?.checked_add(name.len())?;
    let end = start.checked_add(json[start..].find('"')?)?;
    let old = &json[start..end];
    let swapped = SWAPS.iter().find(|(from, _)| *from == old);
    let new = match swapped {
        Some((_, to)) => (*to).to_owned(),
        None => other_last_digit(old)?,
    };
    Some(format!("{}{new}{}", &json[..start], &json[end..]))
}

/// A decimal or a hash with another last digit, which is not zero.
fn other_last_digit(text: &str) -> Option<String> {
    let last = text.chars().last()?;
    let other = match last {
        '0'..='8' | 'a'..='e' => char::from_u32(u32::from(last).checked_add(1)?)?,
        '9' => '8',
        'f' => 'e',
        _ => return None,
    };
    Some(format!("{}{other}", text.strip_suffix(last)?))
}

/// Gives every line the hash of the one before it, and returns the last one's.
fn chain_anew(lines: &mut [String]) -> Result<Hash, FortressError> {
    let mut prev = Hash::ZERO;
    for line in lines {
        let json = &line[JSON_AT..];
        let at = json.find(r#""prev":""#);
        let at = at.ok_or_else(|| FortressError::Data("a record without prev".to_owned()))? + 8;
        let json = format!("{}{prev}{}", &json[..at], &json[at + 64..]);
        prev = sha256(json.as_bytes());
        *line = framed(&json);
    }
    Ok(prev)
}

fn framed(json: &str) -> String {
    format!("{} {json}", sha256(json.as_bytes()))
}

fn read_lines(ledger: &Path) -> Result<Vec<String>, FortressError> {
    let path = ledger.join(SEGMENT);
    let text = fs::read_to_string(&path).map_err(FortressError::io(&path))?;
    Ok(text.lines().map(str::to_owned).collect())
}

fn write(path: &Path, text: &str) -> Result<(), FortressError> {
    fs::write(path, text).map_err(FortressError::io(path))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_is_changed_and_stays_canonical() {
        let json = r#"{"fee":"0.19","side":"buy","state":"accepted","total":"0"}"#;
        let at = |member| changed(json, member);
        let fee = r#"{"fee":"0.18","side":"buy","state":"accepted","total":"0"}"#;
        assert_eq!(at("fee").as_deref(), Some(fee));
        let side = r#"{"fee":"0.19","side":"sell","state":"accepted","total":"0"}"#;
        assert_eq!(at("side").as_deref(), Some(side));
        let total = r#"{"fee":"0.19","side":"buy","state":"accepted","total":"1"}"#;
        assert_eq!(at("total").as_deref(), Some(total));
        assert_eq!(at("price"), None);
    }
}
