//! Runs the fuzz targets of `fuzz/`, each for some seconds, as many at once as there are cores.

use std::collections::VecDeque;
use std::fs::{self, File};
use std::path::PathBuf;
use std::sync::Mutex;
use std::thread;

use anyhow::{Context as _, Result, bail, ensure};
use clap::Args;
use serde::Deserialize;

use crate::project::Project;

/// Without a sanitizer, which would only slow the build and the runs: the project forbids `unsafe`,
/// so the laws in the targets, panics, overflow checks and debug assertions are what is looked for.
const SANITIZER: &str = "--sanitizer=none";

/// How much of a failed target's log is shown from each of its telling lines on.
const SHOWN_LINES: usize = 6;

/// What to fuzz, and for how long.
#[derive(Debug, Args)]
pub(crate) struct FuzzArguments {
    /// Seconds for each target
    #[arg(long, default_value_t = 20)]
    seconds: u32,
    /// Only the named targets
    targets: Vec<String>,
}

/// `fuzz/Cargo.toml`, as far as it lists targets.
#[derive(Debug, Deserialize)]
struct Manifest {
    bin: Vec<Target>,
}

#[derive(Debug, Deserialize)]
struct Target {
    name: String,
}

/// A target that ran.
#[derive(Debug, PartialEq, Eq)]
struct Ran {
    target: String,
    /// How many inputs it was given; none if it failed.
    executions: Option<u64>,
}

/// Builds and runs the targets. True if none found anything.
pub(crate) fn run(project: &Project, arguments: &FuzzArguments) -> Result<bool> {
    let targets = choose(project, &arguments.targets)?;
    build(project, &targets)?;
    let waiting = Mutex::new(VecDeque::from(targets));
    let next = || {
        waiting
            .lock()
            .ok()
            .and_then(|mut targets| targets.pop_front())
    };
    let work = || -> Result<Vec<Ran>> {
        let mut ran = Vec::new();
        while let Some(target) = next() {
            ran.push(run_target(project, &target, arguments.seconds)?);
        }
        Ok(ran)
    };
    let cores = thread::available_parallelism().map_or(1, std::num::NonZero::get);
    let mut ran = thread::scope(|scope| {
        let workers: Vec<_> = (0..cores).map(|_| scope.spawn(work)).collect();
        let mut ran = Vec::new();
        for worker in workers {
            match worker.join() {
                Ok(done) => ran.extend(done?),
                Err(_) => bail!("a worker of the fuzz run stopped"),
            }
        }
        Ok(ran)
    })?;
    ran.sort_by(|a, b| a.target.cmp(&b.target));
    println!("{}", summary(&ran, arguments.seconds));
    Ok(ran.iter().all(|target| target.executions.is_some()))
}

fn choose(project: &Project, wanted: &[String]) -> Result<Vec<String>> {
    let text = fs::read_to_string(project.root().join("fuzz/Cargo.toml"))?;
    let manifest: Manifest = toml::from_str(&text).context("fuzz/Cargo.toml lists no targets")?;
    let all: Vec<String> = manifest.bin.into_iter().map(|target| target.name).collect();
    if let Some(name) = wanted.iter().find(|name| !all.contains(name)) {
        bail!(
            "there is no fuzz target {name:?}; there are {}",
            all.join(", ")
        );
    }
    Ok(if wanted.is_empty() {
        all
    } else {
        wanted.to_vec()
    })
}

/// Builds all targets at once, or the one that is asked for.
fn build(project: &Project, targets: &[String]) -> Result<()> {
    // cargo-fuzz has no --locked of its own.
    let manifest = "--manifest-path=fuzz/Cargo.toml";
    let locked = project
        .command("cargo")
        .args(["fetch", "--quiet", "--locked", manifest])
        .status()?;
    ensure!(
        locked.success(),
        "fuzz/Cargo.lock does not fit; run `cargo update --workspace {manifest}` and commit it"
    );
    let mut command = project.command("cargo");
    command.args(["+nightly", "fuzz", "build", SANITIZER]);
    if let [target] = targets {
        command.arg(target);
    }
    let built = command.status()?;
    ensure!(built.success(), "the fuzz targets do not build: {built}");
    Ok(())
}

fn run_target(project: &Project, target: &str, seconds: u32) -> Result<Ran> {
    // New inputs are kept in the first folder; the second one is only read.
    let corpus = PathBuf::from("fuzz/corpus").join(target);
    fs::create_dir_all(project.root().join(&corpus))?;
    let log = project.made("fuzz").join(format!("{target}.log"));
    fs::create_dir_all(project.made("fuzz"))?;
    let file = File::create(&log)?;
    let status = project
        .command("cargo")
        .args(["+nightly", "fuzz", "run", SANITIZER, target])
        .arg(corpus)
        .arg(format!("fuzz/seeds/{target}"))
        .arg("--")
        .arg(format!("-max_total_time={seconds}"))
        .args(["-rss_limit_mb=2048", "-timeout=20", "-print_final_stats=1"])
        .stdin(std::process::Stdio::null())
        .stdout(file.try_clone()?)
        .stderr(file)
        .status()?;
    let text = String::from_utf8_lossy(&fs::read(&log)?).into_owned();
    let ran = Ran {
        target: target.to_owned(),
        executions: executions(&text).filter(|_| status.success()),
    };
    if let Some(executions) = ran.executions {
        println!("{target}: {executions} executions");
    } else {
        println!("{target} failed ({status}); from {}:", log.display());
        println!("{}", telling(&text));
    }
    Ok(ran)
}

/// The count in libFuzzer's final statistics. A run of no inputs is no run.
fn executions(log: &str) -> Option<u64> {
    let count = log
        .lines()
        .find_map(|line| line.strip_prefix("stat::number_of_executed_units:"))?;
    count.trim().parse().ok().filter(|&count| count > 0)
}

/// What was found and how to see it again; the end of the log if it says neither.
fn telling(log: &str) -> String {
    let lines: Vec<&str> = log.lines().collect();
    let mut shown: Vec<&str> = Vec::new();
    for mark in ["panicked at", "ERROR: libFuzzer", "Reproduce with:"] {
        if let Some(at) = lines.iter().position(|line| line.contains(mark)) {
            shown.extend(lines.iter().copied().skip(at).take(SHOWN_LINES));
        }
    }
    if shown.is_empty() {
        shown.extend(
            lines
                .iter()
                .skip(lines.len().saturating_sub(SHOWN_LINES * 4)),
        );
    }
    shown.join("\n")
}

fn summary(ran: &[Ran], seconds: u32) -> String {
    let each: Vec<String> = ran
        .iter()
        .map(|ran| match ran.executions {
            Some(count) => format!("{} {count}", ran.target),
            None => format!("{} FAILED", ran.target),
        })
        .collect();
    let all: u64 = ran.iter().filter_map(|ran| ran.executions).sum();
    format!(
        "{all} executions in {seconds} s a target: {}",
        each.join(", ")
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The end of a log of libFuzzer.
    const LOG: &str = "\
#5043\tDONE   cov: 487 ft: 901 corp: 67/402b lim: 4 exec/s: 458 rss: 41Mb
Done 5043 runs in 11 second(s)
stat::number_of_executed_units: 5043
stat::average_exec_per_sec:     458
";

    #[test]
    fn counts_executions_and_takes_no_silent_run() {
        assert_eq!(executions(LOG), Some(5043));
        assert_eq!(executions("stat::number_of_executed_units: 0\n"), None);
        assert_eq!(executions("INFO: Seed: 1\n"), None);
    }

    #[test]
    fn a_failure_shows_what_was_found_and_how_to_see_it_again() {
        let log = format!(
            "INFO: Seed: 1\n{}thread panicked at src/a.rs:1:1:\nsix is not nine\n{}\
             Reproduce with:\n\n\tcargo fuzz run a crash-1\n",
            "#1 NEW\n".repeat(50),
            "frame\n".repeat(50),
        );
        let shown = telling(&log);
        assert!(
            shown.contains("six is not nine") && shown.contains("run a crash-1"),
            "{shown}"
        );
        assert!(shown.lines().count() < 20, "{shown}");
        assert_eq!(telling("error: no such target\n"), "error: no such target");
    }

    #[test]
    fn the_last_line_names_every_target() {
        let ran = |target: &str, executions| Ran {
            target: target.to_owned(),
            executions,
        };
        assert_eq!(
            summary(&[ran("a", Some(3)), ran("b", None), ran("c", Some(4))], 20),
            "7 executions in 20 s a target: a 3, b FAILED, c 4"
        );
    }

    #[test]
    fn an_unknown_target_is_refused_and_each_target_has_seeds() {
        let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
        let project = Project::at(&root);
        assert!(choose(&project, &["decsion".to_owned()]).is_err());
        let all = choose(&project, &[]).unwrap();
        assert!(all.len() > 10, "{all:?}");
        for target in all {
            let seeds = root.join("fuzz/seeds").join(&target);
            assert!(seeds.is_dir(), "{target} has no seeds");
        }
    }
}
