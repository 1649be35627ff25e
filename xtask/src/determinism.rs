//! The ledger of the main job is the same to the byte from debug and release builds and whatever
//! surrounds the process, and its head is the approved one.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, Result, bail, ensure};
use serde_json::Value;
use sha2::{Digest as _, Sha256};

use crate::project::Project;

/// The main job.
const SCENARIO: &str = "golden/sp500-inverse-vol";

/// The approved `records head`, as `ios012 verify` prints it after `head `.
const APPROVED: &str = "golden/sp500-inverse-vol/head.txt";

/// Two builds of the same source.
#[derive(Debug)]
struct Builds {
    debug: PathBuf,
    release: PathBuf,
}

/// One run of the main job.
struct Run<'run> {
    name: &'run str,
    program: &'run Path,
    change: fn(&mut Command),
}

/// The files of a ledger by name, each with its SHA-256; `lock` is always empty and left out.
type Ledger = BTreeMap<String, Vec<u8>>;

/// True if every ledger is the same and its head is the approved one.
pub(crate) fn run(project: &Project) -> Result<bool> {
    let builds = Builds {
        debug: build(project, &[])?,
        release: build(project, &["--release"])?,
    };
    let mut first: Option<(&str, Ledger)> = None;
    let mut head = String::new();
    for run in runs(&builds) {
        let directory = project.made("determinism").join("ledger");
        let ledger = perform(project, &run, &directory)?;
        head = fs::read_to_string(directory.join("head"))?;
        fs::remove_dir_all(&directory)?;
        println!("{}: {}", run.name, head.trim_end());
        match &first {
            None => first = Some((run.name, ledger)),
            Some((_, same)) if *same == ledger => {}
            Some((name, other)) => {
                let file = difference(other, &ledger);
                println!("{} and {name} differ in {file}", run.name);
                return Ok(false);
            }
        }
    }
    judge(project, head.trim_end(), runs(&builds).len())
}

fn runs(builds: &Builds) -> [Run<'_>; 6] {
    let release = |name, change| Run {
        name,
        program: &builds.release,
        change,
    };
    [
        release("release", |_| {}),
        release("time zone and language", |command| {
            command
                .env("TZ", "Pacific/Kiritimati")
                .env("LANG", "de_DE.UTF-8")
                .env("LC_ALL", "tr_TR.UTF-8");
        }),
        release("working directory", |command| {
            command.current_dir("/");
        }),
        release("empty environment", |command| {
            command.env_clear();
        }),
        release("other syncs", |command| {
            command.args(["--sync-cycles", "97"]);
        }),
        Run {
            name: "debug",
            program: &builds.debug,
            change: |_| {},
        },
    ]
}

/// Builds the binary, and finds it by cargo's own message.
fn build(project: &Project, profile: &[&str]) -> Result<PathBuf> {
    let mut arguments = vec!["build", "--locked", "--package", "ios012-cli"];
    arguments.extend(["--message-format", "json"]);
    arguments.extend(profile);
    let messages = project.output("cargo", &arguments)?;
    let found = messages.lines().rev().find_map(|line| {
        let message: Value = serde_json::from_str(line).ok()?;
        message["executable"].as_str().map(PathBuf::from)
    });
    found.context("cargo named no executable")
}

fn perform(project: &Project, run: &Run<'_>, directory: &Path) -> Result<Ledger> {
    if directory.exists() {
        fs::remove_dir_all(directory)?;
    }
    let mut command = Command::new(run.program);
    command
        .arg("backtest")
        .arg(project.root().join(SCENARIO))
        .arg("--ledger")
        .arg(directory)
        .args(["--no-verify", "--json"]);
    (run.change)(&mut command);
    let output = command.output().context("cannot start the binary")?;
    ensure!(
        output.status.success(),
        "{}: {}: {}",
        run.name,
        output.status,
        String::from_utf8_lossy(&output.stdout).trim_end()
    );
    let files = ledger_files(directory)?;
    for file in ["head", "documents.pack", "000001.ledger"] {
        ensure!(files.contains_key(file), "{}: no {file}", run.name);
    }
    Ok(files)
}

#[expect(clippy::disallowed_methods, reason = "a map is sorted")]
fn ledger_files(directory: &Path) -> Result<Ledger> {
    let mut files = Ledger::new();
    for entry in fs::read_dir(directory)? {
        let entry = entry?;
        let name = entry.file_name().to_string_lossy().into_owned();
        if name != "lock" {
            let mut digest = Sha256::new();
            io::copy(&mut File::open(entry.path())?, &mut Writer(&mut digest))?;
            files.insert(name, digest.finalize().to_vec());
        }
    }
    Ok(files)
}

/// Feeds a digest.
struct Writer<'digest>(&'digest mut Sha256);

impl io::Write for Writer<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.update(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// The first file that differs.
fn difference<'ledger>(left: &'ledger Ledger, right: &'ledger Ledger) -> &'ledger str {
    left.keys()
        .chain(right.keys())
        .find(|name| left.get(*name) != right.get(*name))
        .map_or("nothing", String::as_str)
}

/// Compares with the approved head. The last line is the evidence.
fn judge(project: &Project, head: &str, runs: usize) -> Result<bool> {
    let path = project.root().join(APPROVED);
    let approved = match fs::read_to_string(&path) {
        Ok(text) => text,
        Err(error) if error.kind() == io::ErrorKind::NotFound => String::new(),
        Err(error) => bail!("{APPROVED}: {error}"),
    };
    if approved.trim_end() == head {
        println!("{runs} ledgers equal to the byte, from debug and release: {head}");
        return Ok(true);
    }
    println!("the ledgers are equal, and their head is not the approved one");
    println!("approved  {}", approved.trim_end());
    println!("now       {head}");
    println!(
        "To review, make the ledger with the approved source and with this one, and compare:\n\
         \x20   cargo run --release --package ios012-cli -- backtest {SCENARIO} --ledger target/sp500\n\
         \x20   cargo run --release --package ios012-cli -- report target/sp500\n\
         If each difference is wanted, approve it by hand and say why in the commit:\n\
         \x20   echo '{head}' > {APPROVED}"
    );
    Ok(false)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_that_differs_or_is_missing_is_named() {
        let ledger = |files: &[(&str, &str)]| -> Ledger {
            let files = files.iter();
            files
                .map(|(name, hash)| ((*name).to_owned(), hash.as_bytes().to_vec()))
                .collect()
        };
        let one = ledger(&[("000001.ledger", "a"), ("head", "b")]);
        assert_eq!(difference(&one, &one), "nothing");
        let other = ledger(&[("000001.ledger", "a"), ("head", "c")]);
        assert_eq!(difference(&one, &other), "head");
        let more = ledger(&[
            ("000001.ledger", "a"),
            ("000002.ledger", "d"),
            ("head", "b"),
        ]);
        assert_eq!(difference(&one, &more), "000002.ledger");
    }

    #[test]
    fn the_head_must_be_the_approved_one() {
        let root = std::env::temp_dir().join(format!("ios012-head-{}", std::process::id()));
        let project = Project::at(&root);
        let folder = root.join(SCENARIO);
        fs::create_dir_all(&folder).unwrap();
        assert!(!judge(&project, "2 ab", 6).unwrap());
        fs::write(folder.join("head.txt"), "2 ab\n").unwrap();
        assert!(judge(&project, "2 ab", 6).unwrap());
        assert!(!judge(&project, "2 ac", 6).unwrap());
        fs::remove_dir_all(&root).unwrap();
    }
}
