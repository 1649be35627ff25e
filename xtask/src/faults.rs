//! The real binary under real faults: kills, a full disk, and system calls that fail. Each ends in a refusal
//! or goes on cleanly: nothing that was acknowledged is lost, and no order is there twice.

mod ledger;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::time::Duration;

use anyhow::{Context as _, Result, bail, ensure};
use clap::Args;

use crate::clock::Stopwatch;
use crate::project::Project;
use ledger::Kept;

/// Mandates of the history that is run again and again.
const CYCLES: usize = 60;
/// The binary's exit code for a disk that failed.
const IO: i32 = 7;
/// The binary's exit code for a mandate that it refuses.
const REFUSED: i32 = 3;
/// What `verify` says of a ledger that a crash left.
const INCOMPLETE: i32 = 6;

/// Options of `cargo xtask faults`.
#[derive(Debug, Args)]
pub(crate) struct FaultsArguments {
    /// How often the process is killed
    #[arg(long, default_value_t = 50)]
    kills: u32,
    /// Up to which call of each kind every single one fails
    #[arg(long, default_value_t = 8)]
    calls: u32,
}

/// Runs all three kinds of faults.
pub(crate) fn run(project: &Project, arguments: &FaultsArguments) -> Result<bool> {
    let arguments_of_build = ["build", "--locked", "--quiet", "--package", "ios012-cli"];
    let built = project.command("cargo").args(arguments_of_build).status()?;
    ensure!(built.success(), "the binary does not build");
    let folder = project.made("faults");
    if folder.exists() {
        fs::remove_dir_all(&folder)?;
    }
    fs::create_dir_all(&folder)?;
    let bench = Bench {
        binary: project.root().join("target/debug/ios012"),
        scenario: shortened(project.root(), &folder)?,
        one_cycle: project.root().join("golden/one-cycle"),
        folder,
    };
    let (ledgers, recovered) = bench.kills(arguments.kills)?;
    println!(
        "{} kills of {ledgers} ledgers: {recovered} recoveries, every acknowledged record is there",
        arguments.kills
    );
    bench.full_disk()?;
    println!("a full disk: refused, told by the reserve, recovered");
    let failed = bench.failing_calls(arguments.calls)?;
    println!("{failed} failing system calls: refused, recovered");
    let (cut, recovered) = bench.kills_at_calls()?;
    println!("one cycle killed at each of its {cut} writes and syncs: {recovered} recoveries");
    println!(
        "{} kills, a full disk and {failed} failing calls: 0 records lost, 0 orders twice, 0 ledgers unverifiable",
        arguments.kills + cut
    );
    Ok(true)
}

/// The first mandates of the main job.
fn shortened(root: &Path, folder: &Path) -> Result<PathBuf> {
    let (from, to) = (
        root.join("golden/sp500-inverse-vol"),
        folder.join("scenario"),
    );
    fs::create_dir_all(&to)?;
    for name in ["scenario.json", "registry.json", "constraints.json"] {
        fs::copy(from.join(name), to.join(name)).with_context(|| name.to_owned())?;
    }
    let targets = fs::read_to_string(from.join("targets.csv"))?;
    let mut dates: Vec<&str> = Vec::new();
    let kept = targets.lines().enumerate().take_while(|(line, text)| {
        let date = text.split(',').next().unwrap_or_default();
        if *line > 0 && dates.last() != Some(&date) {
            dates.push(date);
        }
        dates.len() <= CYCLES
    });
    let kept: Vec<&str> = kept.map(|(_, text)| text).collect();
    fs::write(to.join("targets.csv"), kept.join("\n") + "\n")?;
    let last = dates.get(CYCLES - 1).copied().unwrap_or_default();
    let prices = fs::read_to_string(from.join("prices.csv"))?;
    let rows = prices.lines().enumerate();
    let rows = rows.filter(|(line, text)| *line == 0 || text.split(',').next() <= Some(last));
    let rows: Vec<&str> = rows.map(|(_, text)| text).collect();
    fs::write(to.join("prices.csv"), rows.join("\n") + "\n")?;
    Ok(to)
}

struct Bench {
    binary: PathBuf,
    scenario: PathBuf,
    one_cycle: PathBuf,
    folder: PathBuf,
}

impl Bench {
    /// Kills the process at any moment, so often, and lets it go on each time. Returns how many ledgers came to
    /// their end, and how many recoveries they tell of.
    fn kills(&self, kills: u32) -> Result<(u32, usize)> {
        let uncut = self.folder.join("uncut");
        let started = Stopwatch::start();
        self.goes_on(&uncut)?;
        let whole = started.elapsed();
        let (mut done, mut ledgers, mut recovered) = (0, 0, 0);
        while done < kills {
            ledgers += 1;
            let ledger = self.folder.join(format!("killed-{ledgers}"));
            loop {
                let kept = Kept::of(&ledger)?;
                let mut child = self.backtest(&ledger).stdout(Stdio::null()).spawn()?;
                // Anywhere between the first instruction and the end, by a sequence that covers it evenly.
                std::thread::sleep(part_of(whole, done));
                child.kill()?;
                let ended = child.wait()?;
                self.is_legal(&ledger, &kept)?;
                match ended.code() {
                    None => done += 1,
                    Some(0) => break,
                    Some(code) => bail!("a process that was to be killed ended with {code}"),
                }
                if done == kills {
                    break;
                }
            }
            recovered += self.comes_to_its_end(&ledger)?;
        }
        Ok((ledgers, recovered))
    }

    /// A disk of a megabyte.
    fn full_disk(&self) -> Result<()> {
        let (small, out) = (self.folder.join("small"), self.folder.join("full"));
        fs::create_dir_all(&small)?;
        let script = r#"mount -t tmpfs -o size=1m tmpfs "$1" || exit 99
            "$2" backtest --sync-cycles 1 --ledger "$1/ledger" "$3"; code=$?
            cp -a "$1/ledger" "$4"; exit $code"#;
        let mut command = Command::new("unshare");
        command.args(["-Urm", "sh", "-c", script, "sh"]);
        command.args([&small, &self.binary, &self.scenario, &out]);
        let output = command.output().context("cannot start unshare")?;
        ensure!(
            output.status.code() == Some(IO),
            "a full disk ends with {IO}: {}",
            said(&output)
        );
        let reserve = fs::read(out.join("halt.reserve"))?;
        ensure!(
            reserve.starts_with(b"ios012.halt.v1 write "),
            "the reserve does not tell of the write that failed"
        );
        let kept = Kept::of(&out)?;
        self.is_legal(&out, &kept)?;
        self.comes_to_its_end(&out)?;
        let after = Kept::of(&out)?;
        let told = after.recoveries();
        ensure!(
            told.iter().any(|found| found.starts_with("halt:write")),
            "no recovery tells of the halt: {told:?}"
        );
        Ok(())
    }

    /// Lets each of the first system calls fail that write or sync a file of the ledger.
    fn failing_calls(&self, calls: u32) -> Result<u32> {
        let mut failed = 0;
        for inject in [
            "fdatasync:error=EIO",
            "write:error=EIO",
            "write:error=ENOSPC",
            "write:retval=10",
        ] {
            let call = inject.split(':').next().unwrap_or_default();
            for nth in 1..=calls {
                let ledger = self.folder.join(format!("failed-{failed}"));
                let inject = format!("{inject}:when={nth}");
                let output = traced(&self.backtest(&ledger), &ledger, call, &inject)?;
                ensure!(
                    output.status.code() == Some(IO),
                    "{inject} at call {nth}: it must end with {IO}: {}",
                    said(&output)
                );
                let kept = Kept::of(&ledger)?;
                self.is_legal(&ledger, &kept)?;
                self.comes_to_its_end(&ledger)?;
                failed += 1;
            }
        }
        Ok(failed)
    }

    /// Kills a cycle, which is durable before each order that leaves, at each write and at each sync, and lets it go
    /// on. Returns how often it was killed, and how many recoveries that made.
    fn kills_at_calls(&self) -> Result<(u32, usize)> {
        let (mut cut, mut recovered) = (0, 0);
        for call in ["write", "fdatasync"] {
            for nth in 1.. {
                let ledger = self.folder.join(format!("cut-{call}-{nth}"));
                let inject = format!("{call}:signal=KILL:when={nth}");
                let mut run = Command::new(&self.binary);
                run.args(["run", "--ledger"])
                    .arg(&ledger)
                    .arg(&self.one_cycle);
                let ended = traced(&run, &ledger, call, &inject)?;
                if ended.status.success() {
                    break;
                }
                cut += 1;
                let kept = Kept::of(&ledger)?;
                self.is_legal(&ledger, &kept)?;
                let again = run.output()?;
                let code = again.status.code();
                // The mandate was accepted, and is no newer one now.
                ensure!(
                    code == Some(0) || code == Some(REFUSED),
                    "{inject}: it does not go on: {}",
                    said(&again)
                );
                let after = Kept::of(&ledger)?;
                after.goes_on_from(&kept)?;
                after.is_whole(1)?;
                recovered += after.recoveries().len();
                self.verifies(&ledger)?;
            }
        }
        Ok((cut, recovered))
    }

    fn backtest(&self, ledger: &Path) -> Command {
        let mut command = Command::new(&self.binary);
        command.args(["backtest", "--sync-cycles", "1", "--no-verify", "--ledger"]);
        command.arg(ledger).arg(&self.scenario);
        command.stderr(Stdio::null());
        command
    }

    /// What is on the disk is a ledger that a crash may leave, and holds what was there and what its head covers.
    fn is_legal(&self, ledger: &Path, before: &Kept) -> Result<()> {
        let now = Kept::of(ledger)?;
        now.goes_on_from(before)?;
        if now.is_begun() {
            let verified = self.on("verify", ledger)?;
            let code = verified.status.code();
            ensure!(
                code == Some(0) || code == Some(INCOMPLETE),
                "{} does not verify: {}",
                ledger.display(),
                said(&verified)
            );
        }
        Ok(())
    }

    /// The same command goes on to the end. Returns how many recoveries the ledger tells of.
    fn comes_to_its_end(&self, ledger: &Path) -> Result<usize> {
        let before = Kept::of(ledger)?;
        self.goes_on(ledger)?;
        let after = Kept::of(ledger)?;
        after.goes_on_from(&before)?;
        after.is_whole(CYCLES)?;
        self.verifies(ledger)?;
        Ok(after.recoveries().len())
    }

    fn verifies(&self, ledger: &Path) -> Result<()> {
        for command in ["verify", "replay"] {
            let judged = self.on(command, ledger)?;
            ensure!(
                judged.status.success(),
                "{command} of {}: {}",
                ledger.display(),
                said(&judged)
            );
        }
        Ok(())
    }

    fn goes_on(&self, ledger: &Path) -> Result<()> {
        let ran = self.backtest(ledger).stderr(Stdio::piped()).output()?;
        ensure!(
            ran.status.success(),
            "{} does not go on: {}",
            ledger.display(),
            said(&ran)
        );
        Ok(())
    }

    fn on(&self, command: &str, ledger: &Path) -> Result<Output> {
        let mut program = Command::new(&self.binary);
        Ok(program.arg(command).arg(ledger).output()?)
    }
}

/// Runs a command whose writes to a ledger, or syncs, are tampered with.
fn traced(program: &Command, ledger: &Path, call: &str, inject: &str) -> Result<Output> {
    let mut command = Command::new("strace");
    command.args(["-f", "-qq", "-o", "/dev/null"]);
    for file in [
        "000001.ledger",
        "documents.pack",
        "head.next",
        "halt.reserve",
    ] {
        command.arg("-P").arg(ledger.join(file));
    }
    command.arg("-e").arg(format!("trace={call}"));
    command.arg("-e").arg(format!("inject={inject}"));
    command.arg(program.get_program()).args(program.get_args());
    command.output().context("cannot start strace")
}

fn said(output: &Output) -> String {
    let (out, err) = (&output.stdout, &output.stderr);
    let text = format!(
        "{} {}",
        String::from_utf8_lossy(err),
        String::from_utf8_lossy(out)
    );
    format!("{:?}: {}", output.status.code(), text.trim())
}

/// A part of a time. The multiples of the golden ratio's fraction fill it evenly, however many there are.
fn part_of(whole: Duration, place: u32) -> Duration {
    whole * (place.wrapping_mul(618) % 1_000) / 1_000
}
