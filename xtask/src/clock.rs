//! The only place of this tool that looks at a clock: progress, file dates and evidence.
#![expect(
    clippy::disallowed_types,
    reason = "progress, the date of a downloaded file and the time of evidence are not decisions"
)]

use std::fs::File;
use std::path::Path;
use std::time::{Duration, Instant, SystemTime};

use anyhow::{Context as _, Error, Result};
use jiff::Timestamp;

/// Measures how long a suite took.
#[derive(Debug)]
pub(crate) struct Stopwatch(Instant);

impl Stopwatch {
    pub(crate) fn start() -> Self {
        Self(Instant::now())
    }

    pub(crate) fn elapsed(&self) -> Duration {
        self.0.elapsed()
    }
}

/// The present time in whole seconds, for the timestamp of evidence.
pub(crate) fn now() -> Result<Timestamp> {
    let since_epoch = SystemTime::now()
        .duration_since(SystemTime::UNIX_EPOCH)
        .context("the clock stands before 1970")?;
    let seconds = i64::try_from(since_epoch.as_secs())?;
    Timestamp::from_second(seconds).map_err(Error::msg)
}

/// Gives a file the modification time `time`.
pub(crate) fn set_modified(path: &Path, time: Timestamp) -> Result<()> {
    let seconds = u64::try_from(time.as_second()).context("a date before 1970")?;
    let modified = SystemTime::UNIX_EPOCH + Duration::from_secs(seconds);
    File::options()
        .append(true)
        .open(path)?
        .set_modified(modified)?;
    Ok(())
}
