//! Golden snapshots change by review only: this makes new ones beside the old, shows the
//! differences, and moves those that a person names.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, bail, ensure};
use clap::Args;

use crate::project::Project;

/// What to do with golden snapshots.
#[derive(Debug, Args)]
pub(crate) struct GoldenArguments {
    /// Only the snapshot tests of these packages
    #[arg(long = "package", short, value_name = "NAME")]
    packages: Vec<String>,
    /// Accept these pending snapshots, by file or by name; each must be named
    #[arg(long, num_args = 1.., value_name = "NAME", conflicts_with = "packages")]
    accept: Vec<String>,
}

/// The end of the name of a snapshot that waits for review.
const PENDING: &str = ".snap.new";

/// Makes and shows pending snapshots, or accepts named ones. True if nothing is left to review.
pub(crate) fn run(project: &Project, arguments: &GoldenArguments) -> Result<bool> {
    if arguments.accept.is_empty() {
        remake(project, &arguments.packages)?;
    } else {
        accept(project, &arguments.accept)?;
    }
    let pending = pending_snapshots(project)?;
    for file in &pending {
        show(project, file)?;
    }
    if pending.is_empty() {
        println!("No snapshot waits for review.");
    } else {
        println!(
            "{} snapshot(s) to review. After review, accept each by name:",
            pending.len()
        );
        for file in &pending {
            println!("    cargo xtask golden --accept {}", file.display());
        }
    }
    Ok(pending.is_empty())
}

/// Runs the tests so that each snapshot that differs is written beside the approved one.
fn remake(project: &Project, packages: &[String]) -> Result<()> {
    for file in pending_snapshots(project)? {
        fs::remove_file(project.root().join(file))?;
    }
    let mut command = project.command("cargo");
    command.args(["test", "--quiet", "--locked"]);
    if packages.is_empty() {
        // It has no snapshots, and its tests need a server.
        command.args(["--workspace", "--exclude=ios012-postgres"]);
    }
    for package in packages {
        command.args(["--package", package]);
    }
    // Every snapshot of a test is compared, not only the first that differs.
    let status = command
        .env("INSTA_UPDATE", "new")
        .env("INSTA_FORCE_PASS", "1")
        .status()
        .context("cannot start cargo test")?;
    ensure!(
        status.success(),
        "tests fail beyond their snapshots; repair them first"
    );
    Ok(())
}

fn accept(project: &Project, names: &[String]) -> Result<()> {
    let pending = pending_snapshots(project)?;
    // All names are checked before the first file moves.
    let chosen = names
        .iter()
        .map(|name| choose(&pending, name))
        .collect::<Result<Vec<&PathBuf>>>()?;
    for file in chosen {
        let from = project.root().join(file);
        let to = approved(&from);
        let text = fs::read_to_string(&from)?;
        fs::write(&to, without_line_number(&text))?;
        fs::remove_file(&from)?;
        println!("accepted {}", approved(file).display());
    }
    Ok(())
}

/// The pending snapshot with this path or this file name, the ending left out or not.
fn choose<'files>(pending: &'files [PathBuf], name: &str) -> Result<&'files PathBuf> {
    let wanted = name
        .strip_suffix(PENDING)
        .or_else(|| name.strip_suffix(".snap"))
        .unwrap_or(name);
    let matching: Vec<&PathBuf> = pending
        .iter()
        .filter(|file| {
            let path = file.to_string_lossy();
            let stem = path.strip_suffix(PENDING).unwrap_or(&path);
            stem == wanted || stem.rsplit('/').next() == Some(wanted)
        })
        .collect();
    match matching.as_slice() {
        [file] => Ok(file),
        [] => {
            let names: Vec<String> = pending
                .iter()
                .map(|file| file.display().to_string())
                .collect();
            bail!("{name:?} does not wait for review; what does: {names:?}")
        }
        several => bail!(
            "{name:?} means {} files; name one by its path",
            several.len()
        ),
    }
}

/// `x.snap.new` belongs to `x.snap`.
fn approved(pending: &Path) -> PathBuf {
    pending.with_extension("")
}

/// insta notes the line of the assertion in a pending snapshot only.
fn without_line_number(text: &str) -> String {
    let mut in_header = true;
    let mut kept = String::new();
    for (number, line) in text.split_inclusive('\n').enumerate() {
        if number > 0 && line.trim_end() == "---" {
            in_header = false;
        }
        if !(in_header && line.starts_with("assertion_line:")) {
            kept += line;
        }
    }
    kept
}

fn show(project: &Project, pending: &Path) -> Result<()> {
    let old = approved(pending);
    let old = if project.root().join(&old).exists() {
        old
    } else {
        PathBuf::from("/dev/null")
    };
    println!("\n{}", pending.display());
    // Exit code 1 means that there is a difference.
    project
        .command("git")
        .args(["--no-pager", "diff", "--no-index", "--no-color", "--"])
        .args([&old, pending])
        .status()
        .context("cannot start git")?;
    Ok(())
}

/// The pending snapshots below the folders that hold snapshots, in order.
fn pending_snapshots(project: &Project) -> Result<Vec<PathBuf>> {
    // They are ignored by git, so git is asked for the ignored ones.
    let list = project.output("git", &["ls-files", "--others", "-z", "--", "*.snap.new"])?;
    let mut files: Vec<PathBuf> = list
        .split_terminator('\0')
        .filter(|file| !file.starts_with("target/"))
        .map(PathBuf::from)
        .collect();
    files.sort_unstable();
    Ok(files)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_named_file_is_chosen() {
        let pending = [
            PathBuf::from("crates/a/snapshots/one.snap.new"),
            PathBuf::from("crates/a/snapshots/two.snap.new"),
            PathBuf::from("crates/b/snapshots/two.snap.new"),
        ];
        for name in [
            "one",
            "one.snap",
            "one.snap.new",
            "crates/a/snapshots/one.snap.new",
        ] {
            assert_eq!(choose(&pending, name).ok(), Some(&pending[0]), "{name}");
        }
        assert_eq!(
            choose(&pending, "crates/b/snapshots/two").ok(),
            Some(&pending[2])
        );
        for name in ["two", "three", "*", "", "ne"] {
            assert!(choose(&pending, name).is_err(), "{name:?}");
        }
    }

    #[test]
    fn the_line_number_is_dropped_from_the_header_only() {
        let text = "---\nsource: a.rs\nassertion_line: 12\nexpression: x\n---\nassertion_line: 3\n";
        assert_eq!(
            without_line_number(text),
            "---\nsource: a.rs\nexpression: x\n---\nassertion_line: 3\n"
        );
        assert_eq!(approved(Path::new("a/x.snap.new")), Path::new("a/x.snap"));
    }
}
