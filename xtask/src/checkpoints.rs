//! What a ledger proves, judged by Go's `note` and `tlog` beside this project's own verifier: checkpoints and proofs of
//! fresh ledgers are taken, and none that was changed, nor one of a ledger that was.

mod proofs;
mod tiles;
mod witness;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, Result, bail, ensure};

use crate::project::Project;

/// The command that makes a ledger, and its scenario.
const LEDGERS: [(&str, &str); 2] = [("run", "one-cycle"), ("backtest", "quickstart")];
const READER: &str = "./tools/checkpoint_reader";

/// Bytes from the last character of the signature, before its padding, to the end. Two bits of that
/// character say nothing: Go takes any, this project only zeros.
const LAST_OF_SIGNATURE: usize = 3;

/// Makes ledgers, signs them, and lets both verifiers judge them and what is made of them.
pub(crate) fn run(project: &Project) -> Result<bool> {
    let folder = project.made("checkpoints");
    if folder.exists() {
        fs::remove_dir_all(&folder)?;
    }
    fs::create_dir_all(&folder)?;
    let reader = folder.join("checkpoint_reader");
    go_build(project, READER, &reader)?;
    let arguments = ["build", "--locked", "--quiet", "--package", "ios012-cli"];
    let built = project.command("cargo").args(arguments).status()?;
    ensure!(built.success(), "the binary does not build");
    let mut judges = Judges {
        project,
        ours: project.root().join("target/debug/ios012"),
        theirs: reader,
        key: String::new(),
        signing_key: PathBuf::new(),
        taken: 0,
        refused: 0,
    };
    for (command, name) in LEDGERS {
        let (ledger, scenario) = (folder.join(name), project.root().join("golden").join(name));
        judges.run(command, &scenario, &ledger)?;
        judges.new_key(&ledger)?;
        judges.sign(&ledger)?;
        judges.take(Subject::Ledger(&ledger), name)?;
        judges.judge_damage(&ledger)?;
        proofs::judge(&mut judges, &ledger)?;
    }
    tiles::judge(&mut judges, &folder)?;
    witness::judge(&mut judges, &folder)?;
    println!(
        "ios012 and Go's note and tlog take all {} fresh checkpoints, proofs, tiles and cosignatures and refuse all {} \
         that were changed or do not fit",
        judges.taken, judges.refused
    );
    Ok(true)
}

/// Builds a program of Go on Debian's `golang.org/x/mod`.
fn go_build(project: &Project, source: &str, program: &Path) -> Result<()> {
    let mut build = project.command("go");
    build.env("GO111MODULE", "off");
    build.env("GOPATH", "/usr/share/gocode");
    // Kept between runs: the standard library takes longer than all the rest.
    build.env("GOCACHE", project.made("go-cache"));
    build.args(["build", "-o"]).arg(program).arg(source);
    let built = build
        .status()
        .context("cannot start go; install golang-go")?;
    ensure!(
        built.success(),
        "{source} does not build; install golang-golang-x-mod-dev"
    );
    Ok(())
}

struct Judges<'project> {
    project: &'project Project,
    ours: PathBuf,
    theirs: PathBuf,
    /// The verifier key of the ledger at hand, and the file of its private key.
    key: String,
    signing_key: PathBuf,
    taken: u64,
    refused: u64,
}

/// What is judged.
#[derive(Debug, Clone, Copy)]
enum Subject<'path> {
    /// A ledger, against the checkpoint in its directory.
    Ledger(&'path Path),
    /// A proof of one record.
    Proof(&'path Path),
    /// A ledger by its tiles, against a checkpoint.
    Tiles(&'path Path, &'path Path),
}

impl Judges<'_> {
    fn run(&self, command: &str, scenario: &Path, ledger: &Path) -> Result<()> {
        let asked = [command.as_ref(), "--ledger".as_ref(), ledger, scenario];
        self.ios012(&asked).map(drop)
    }

    /// Makes the key of a ledger, and takes it for what follows.
    fn new_key(&mut self, ledger: &Path) -> Result<()> {
        let name = ledger.file_name().unwrap_or_default().to_string_lossy();
        let log = format!("example.org/{name}");
        let made = ["checkpoint", "new-key", &log, "--key"].map(Path::new);
        self.signing_key = ledger.with_extension("key");
        self.key = self.ios012(&[&made[..], &[&self.signing_key]].concat())?;
        Ok(())
    }

    fn sign(&self, ledger: &Path) -> Result<()> {
        let sign = ["checkpoint", "sign", "--key"].map(Path::new);
        let asked = [&sign[..], &[&self.signing_key, ledger]].concat();
        self.ios012(&asked).map(drop)
    }

    /// Every bit pattern of one changed byte would take hours: one flipped bit for each byte.
    fn judge_damage(&mut self, ledger: &Path) -> Result<()> {
        let checkpoint = ledger.join("checkpoint");
        let good = fs::read(&checkpoint)?;
        for place in 0..good.len() {
            let mut changed = good.clone();
            if let Some(byte) = changed.get_mut(place) {
                *byte ^= 1;
            }
            fs::write(&checkpoint, changed)?;
            let what = format!("byte {place} of the checkpoint changed");
            if place + LAST_OF_SIGNATURE == good.len() {
                self.refuse_ours(Subject::Ledger(ledger), &what)?;
            } else {
                self.refuse(Subject::Ledger(ledger), &what)?;
            }
        }
        for length in 0..good.len() {
            fs::write(&checkpoint, good.get(..length).unwrap_or_default())?;
            self.refuse(
                Subject::Ledger(ledger),
                &format!("{length} bytes of the checkpoint"),
            )?;
        }
        fs::write(&checkpoint, good)?;
        let segment = ledger.join("000001.ledger");
        let text = fs::read_to_string(&segment)?;
        let body = text.trim_end();
        let cut = body.rfind('\n').map_or(0, |end| end + 1);
        fs::write(&segment, body.get(..cut).unwrap_or_default())?;
        self.refuse(Subject::Ledger(ledger), "the last record cut off")?;
        fs::write(
            &segment,
            text.replacen("\"kind\":\"cycle\"", "\"kind\":\"cicle\"", 1),
        )?;
        self.refuse(Subject::Ledger(ledger), "a record changed")?;
        fs::write(&segment, text)?;
        self.take(Subject::Ledger(ledger), "the ledger put back")
    }

    /// Both must take it.
    fn take(&mut self, subject: Subject<'_>, what: &str) -> Result<()> {
        let (ours, theirs) = (self.takes_ours(subject)?, self.takes_theirs(subject)?);
        ensure!(
            ours && theirs,
            "{what}: taken by ios012 {ours}, by Go {theirs}"
        );
        self.taken += 1;
        Ok(())
    }

    /// Neither may take it.
    fn refuse(&mut self, subject: Subject<'_>, what: &str) -> Result<()> {
        let theirs = self.takes_theirs(subject)?;
        ensure!(!theirs, "{what}: taken by Go");
        self.refuse_ours(subject, what)
    }

    fn refuse_ours(&mut self, subject: Subject<'_>, what: &str) -> Result<()> {
        ensure!(!self.takes_ours(subject)?, "{what}: taken by ios012");
        self.refused += 1;
        Ok(())
    }

    fn takes_ours(&self, subject: Subject<'_>) -> Result<bool> {
        let mut command = self.project.command(&self.ours);
        match subject {
            Subject::Ledger(ledger) => {
                let checkpoint = ledger.join("checkpoint");
                let command = command.arg("verify").arg(ledger);
                command.arg("--checkpoint").arg(checkpoint)
            }
            Subject::Proof(file) => command.arg("verify-proof").arg(file),
            Subject::Tiles(ledger, kept) => {
                let command = command.arg("verify").arg(ledger);
                command.arg("--checkpoint").arg(kept)
            }
        };
        command.args(["--verifier-key", self.key.trim()]);
        judged(&mut command)
    }

    fn takes_theirs(&self, subject: Subject<'_>) -> Result<bool> {
        let mut command = self.project.command(&self.theirs);
        let (what, subject, kept) = match subject {
            Subject::Ledger(ledger) => ("ledger", ledger, None),
            Subject::Proof(file) => ("proof", file, None),
            Subject::Tiles(ledger, kept) => ("tiles", ledger, Some(kept)),
        };
        command.arg(what).arg(subject).arg(self.key.trim());
        judged(command.args(kept))
    }

    /// What the binary prints.
    fn ios012(&self, arguments: &[&Path]) -> Result<String> {
        self.project.output(&self.ours, arguments)
    }
}

/// Whether a verifier takes it. One that cannot say is an error: 0 is yes, 5 is no.
fn judged(command: &mut Command) -> Result<bool> {
    let output = command.output()?;
    match output.status.code() {
        Some(0) => Ok(true),
        Some(5) => Ok(false),
        code => bail!(
            "{command:?} ended with {code:?}: {}",
            String::from_utf8_lossy(&output.stderr).trim_end()
        ),
    }
}
