//! cargo-deny over the locked dependencies, with the advisory database online or from a folder.

use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Error, Result, bail, ensure};
use jiff::Timestamp;

use crate::clock;
use crate::project::{Project, environment};

/// Folder of an unpacked `RustSec` advisory database. Unset: cargo-deny fetches it.
const DATABASE: &str = "IOS012_ADVISORY_DB";
/// `COMMIT DATE` of that folder's data, as in `2e25d966... 2025-02-24T14:30:42Z`.
const REVISION: &str = "IOS012_ADVISORY_DB_REVISION";
/// The name that cargo-deny gives to the clone of the default database.
const CLONE: &str = "advisory-db-3157b0e258782691";

/// Fewer than this is not the `RustSec` database: it had 714 in February 2025.
const FEWEST_ADVISORIES: usize = 700;

/// Runs all four checks and prints the date of the advisories. True if all passed.
pub(crate) fn run(project: &Project) -> Result<bool> {
    let clone = project.made("advisory-dbs").join(CLONE);
    let offline = if let Some(folder) = environment(DATABASE) {
        let revision = environment(REVISION)
            .with_context(|| format!("{DATABASE} is set, {REVISION} (`COMMIT DATE`) is not"))?;
        let date = data_date(&revision)?;
        lay_out(&PathBuf::from(folder), &clone, date)?;
        true
    } else {
        // A folder that an offline run laid out is no git clone.
        if clone.exists() && !clone.join(".git/HEAD").exists() {
            fs::remove_dir_all(&clone)?;
        }
        false
    };
    fetch_crates(project)?;
    let mut command = project.command("cargo");
    command.args(["deny", "--locked"]);
    if offline {
        command.arg("--offline");
    }
    let status = command
        .args(["check", "advisories", "bans", "licenses", "sources"])
        .status()
        .context("cannot start cargo deny")?;
    if !status.success() {
        println!("cargo deny: {status}");
        return Ok(false);
    }
    let date = if offline {
        let revision = environment(REVISION).unwrap_or_default();
        data_date(&revision)?.to_string()
    } else {
        last_commit_date(project, &clone)?
    };
    println!(
        "{} advisories, data of {date} ({})",
        count_advisories(&clone.join("crates"))?,
        if offline { "offline" } else { "online" }
    );
    Ok(true)
}

/// The second word of the revision line.
fn data_date(revision: &OsString) -> Result<Timestamp> {
    let text = revision.to_str().context("the revision is not text")?;
    let date = text
        .split_whitespace()
        .nth(1)
        .with_context(|| format!("{REVISION} is {text:?}, must be `COMMIT DATE`"))?;
    date.parse()
        .map_err(Error::msg)
        .with_context(|| format!("{REVISION}: {date:?} is no date such as 2025-02-24T14:30:42Z"))
}

/// Copies the database to where cargo-deny looks for its clone. cargo-deny takes the time of
/// `FETCH_HEAD` for the age of the data, so it gets the date of the data, not of the copy.
fn lay_out(database: &Path, clone: &Path, date: Timestamp) -> Result<()> {
    let advisories = database.join("crates");
    ensure!(
        advisories.is_dir(),
        "{DATABASE}: {} has no folder `crates`; unpack the RustSec advisory database there",
        database.display()
    );
    if clone.exists() {
        fs::remove_dir_all(clone)?;
    }
    copy_tree(&advisories, &clone.join("crates"))?;
    let count = count_advisories(&clone.join("crates"))?;
    ensure!(
        count >= FEWEST_ADVISORIES,
        "{DATABASE} holds {count} advisories, at least {FEWEST_ADVISORIES} are expected"
    );
    let fetch_head = clone.join(".git").join("FETCH_HEAD");
    fs::create_dir_all(clone.join(".git"))?;
    fs::write(&fetch_head, "")?;
    clock::set_modified(&fetch_head, date)
}

/// cargo-deny reads the sources of all dependencies, also those that no build here needs.
fn fetch_crates(project: &Project) -> Result<()> {
    let status = project
        .command("cargo")
        .args(["fetch", "--quiet", "--locked"])
        .status()?;
    ensure!(status.success(), "cargo fetch: {status}");
    Ok(())
}

fn last_commit_date(project: &Project, clone: &Path) -> Result<String> {
    let Some(folder) = clone.to_str() else {
        bail!("{} is not text", clone.display());
    };
    let date = project.output("git", &["-C", folder, "log", "-1", "--format=%cI"])?;
    Ok(date.trim_end().to_owned())
}

#[expect(
    clippy::disallowed_methods,
    reason = "a copy does not depend on its order"
)]
fn copy_tree(from: &Path, to: &Path) -> Result<()> {
    fs::create_dir_all(to)?;
    for entry in fs::read_dir(from)? {
        let entry = entry?;
        let target = to.join(entry.file_name());
        if entry.file_type()?.is_dir() {
            copy_tree(&entry.path(), &target)?;
        } else {
            fs::copy(entry.path(), target)?;
        }
    }
    Ok(())
}

#[expect(
    clippy::disallowed_methods,
    reason = "a count does not depend on its order"
)]
fn count_advisories(folder: &Path) -> Result<usize> {
    let mut count = 0;
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        if entry.file_type()?.is_dir() {
            count += count_advisories(&entry.path())?;
        } else if entry.file_name().to_string_lossy().starts_with("RUSTSEC-") {
            count += 1;
        }
    }
    Ok(count)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_date_is_the_second_word() {
        let date = data_date(&"2e25d966 2025-02-24T14:30:42Z\n".into());
        assert_eq!(
            date.ok().map(|date| date.to_string()).as_deref(),
            Some("2025-02-24T14:30:42Z")
        );
        for wrong in ["", "2e25d966", "2e25d966 yesterday"] {
            assert!(data_date(&wrong.into()).is_err(), "{wrong:?}");
        }
    }

    #[test]
    fn a_folder_that_is_no_database_is_refused() {
        let folder = std::env::temp_dir().join(format!("ios012-deny-{}", std::process::id()));
        let database = folder.join("database");
        let refusal = |database: &Path| {
            lay_out(database, &folder.join("clone"), Timestamp::UNIX_EPOCH)
                .map_err(|error| error.to_string())
                .unwrap_err()
        };
        assert!(refusal(&database).contains("has no folder `crates`"));
        fs::create_dir_all(database.join("crates/one")).unwrap();
        fs::write(database.join("crates/one/RUSTSEC-2020-0001.md"), "").unwrap();
        assert!(refusal(&database).contains("holds 1 advisories"));
        fs::remove_dir_all(&folder).unwrap();
    }
}
