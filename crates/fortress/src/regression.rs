//! Every golden scenario runs, replays with zero drift, and ends at its approved head.

use std::fs;
use std::path::{Path, PathBuf};

use ios012_contracts::{History, SingleCycle};
use ios012_engine::FileSink;
use ios012_paper::{PaperBroker, Script};

use crate::desk::{Counts, Desk, judge, paper, run as run_desk};
use crate::error::ensure;
use crate::report::{Held, Recorder};
use crate::{FortressError, Size};

pub(crate) fn run(golden: &Path, size: Size, recorder: &mut Recorder<'_>) {
    let folders = match scenarios(golden) {
        Ok(folders) => folders,
        Err(error) => return recorder.part("golden scenarios", || Err(error)),
    };
    for folder in folders {
        let name = folder.file_name().unwrap_or_default().to_string_lossy();
        recorder.part(name.clone(), || scenario(&folder, size));
    }
}

/// The folders that hold a scenario, by name.
#[expect(
    clippy::disallowed_methods,
    reason = "the names are sorted before they are used"
)]
fn scenarios(golden: &Path) -> Result<Vec<PathBuf>, FortressError> {
    let mut folders = Vec::new();
    for entry in fs::read_dir(golden).map_err(FortressError::io(golden))? {
        let path = entry.map_err(FortressError::io(golden))?.path();
        if path.join("scenario.json").is_file() {
            folders.push(path);
        }
    }
    folders.sort_unstable();
    ensure(!folders.is_empty(), || {
        format!("{} holds no scenario", golden.display())
    })?;
    Ok(folders)
}

/// In the small form a long history is cut, and then its head cannot be compared.
fn scenario(folder: &Path, size: Size) -> Result<Held, FortressError> {
    let script = script(folder)?;
    let (counts, directory, is_whole) = if folder.join("prices.csv").is_file() {
        let history = History::open(folder)?;
        let whole = history.check()?.cycles;
        let most = size.pick(60, usize::MAX);
        let cycles = history.cycles()?.take(most);
        let (counts, directory) = run_desk(history.standing(), cycles, script)?;
        (counts, directory, counts.cycles == whole)
    } else {
        let single = SingleCycle::open(folder)?;
        let broker = paper(&single.standing, script);
        let mut desk: Desk<PaperBroker, FileSink> = Desk::durable(&single.standing, broker)?;
        let counts = desk.single(single)?;
        (counts, desk.close()?, true)
    };
    let summary = judge(directory.path())?;
    let found = (summary.cycles.executed, summary.cycles.aborted);
    ensure(found == (counts.executed, counts.aborted), || {
        format!("the ledger tells of {found:?} cycles, the engine of {counts:?}")
    })?;
    let shows = match approved(folder)? {
        Some(head) if is_whole => {
            let found = summary.head.to_string();
            ensure(found == head, || {
                format!("the head is {found}, and {head} is approved")
            })?;
            "zero drift, approved head"
        }
        Some(_) => "zero drift; cut short, so the head is not compared",
        None => "zero drift; no head is approved",
    };
    Ok(Held {
        cycles: counts.cycles,
        decisions: counts.decisions,
        shows: shows.to_owned(),
    })
}

impl Desk<PaperBroker, FileSink> {
    fn single(&mut self, single: SingleCycle) -> Result<Counts, FortressError> {
        let summary = self.cycle(single.regimes, single.mandate, single.market, None)?;
        Counts::default().and(&summary)
    }
}

fn script(folder: &Path) -> Result<Script, FortressError> {
    let path = folder.join("broker.json");
    if !path.is_file() {
        return Ok(Script::default());
    }
    let text = fs::read_to_string(&path).map_err(FortressError::io(&path))?;
    Ok(Script::parse(&text)?)
}

/// The head that a review approved: `head.txt`, or the line of the approved summary.
fn approved(folder: &Path) -> Result<Option<String>, FortressError> {
    let read = |path: PathBuf| {
        let text = path.is_file().then(|| fs::read_to_string(&path));
        text.transpose().map_err(FortressError::io(&path))
    };
    if let Some(text) = read(folder.join("head.txt"))? {
        return Ok(text.split_whitespace().nth(1).map(str::to_owned));
    }
    let Some(text) = read(folder.join("snapshots/summary.snap"))? else {
        return Ok(None);
    };
    let head = text
        .lines()
        .find_map(|line| line.trim_start().strip_prefix("Head "));
    Ok(head.map(|head| head.trim().to_owned()))
}
