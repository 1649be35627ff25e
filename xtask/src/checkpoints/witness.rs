//! A witness, whose judgement is Go's.

use std::fs;
use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::process::{Child, Stdio};

use anyhow::{Context as _, Result, ensure};

use super::tiles::grow;
use super::{Judges, go_build};

const WITNESS: &str = "./tools/witness";

/// The log of the tiles is witnessed as it grows. What was rolled back, what is forked and what the witness has not signed is not.
pub(super) fn judge(judges: &mut Judges<'_>, folder: &Path) -> Result<()> {
    let ledger = folder.join("stocks");
    let witness = Witness::start(judges, folder)?;
    let (early, forked) = (folder.join("early"), folder.join("forked"));

    // The checkpoint of the first four cycles, from nothing; that of twelve, from there; the same once more.
    let cosigned = ["early", "stocks", "stocks"];
    for name in cosigned {
        let ledger = folder.join(name);
        let told = witness.ask(judges, &ledger, "good")?;
        ensure!(told == (0, String::new()), "{name}: {told:?}");
        ensure!(witness.is_named(judges, &ledger)?, "{name} is UNWITNESSED");
        judges.taken += 1;
    }
    let refused = [
        (&early, "good", "ROLLED BACK"),
        (&forked, "good", "FORKED"),
        (
            &ledger,
            "flipped",
            "the cosignature is not that of the text",
        ),
        (&ledger, "other", "the cosignature is not that of the text"),
    ];
    for (ledger, path, says) in refused {
        let before = fs::read(ledger.join("checkpoint"))?;
        let (code, said) = witness.ask(judges, ledger, path)?;
        let what = format!("{} at /{path}: {code}, {said}", ledger.display());
        ensure!(code == 5 && said.contains(says), "{what}");
        ensure!(fs::read(ledger.join("checkpoint"))? == before, "{what}");
        judges.refused += 1;
    }
    ensure!(!witness.is_named(judges, &forked)?, "a fork is witnessed");

    // A new checkpoint has no witness until it was asked again, from what it knows.
    grow(judges, &ledger, 13, "")?;
    ensure!(!witness.is_named(judges, &ledger)?, "nobody was asked");
    let told = witness.ask(judges, &ledger, "good")?;
    ensure!(told.0 == 0, "{told:?}");
    ensure!(witness.is_named(judges, &ledger)?, "it is UNWITNESSED");
    judges.taken += 1;
    Ok(())
}

/// The process, which ends when its standard input does.
struct Witness {
    _process: Child,
    address: String,
    key: String,
    roots: String,
}

impl Witness {
    fn start(judges: &Judges<'_>, folder: &Path) -> Result<Self> {
        let (program, roots) = (folder.join("witness"), folder.join("witness.pem"));
        go_build(judges.project, WITNESS, &program)?;
        let mut command = judges.project.command(program);
        command
            .arg(&roots)
            .arg(judges.key.trim())
            .arg("example.org/witness");
        let mut process = command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .context("the witness does not start")?;
        let output = process.stdout.take().context("the witness says nothing")?;
        let mut lines = BufReader::new(output).lines();
        let mut line = || {
            lines
                .next()
                .context("the witness has ended")?
                .context("its line")
        };
        Ok(Self {
            address: line()?,
            key: line()?,
            roots: roots.to_string_lossy().into_owned(),
            _process: process,
        })
    }

    /// The exit code of `ios012 checkpoint witness`, and what it says on standard error.
    fn ask(&self, judges: &Judges<'_>, ledger: &Path, path: &str) -> Result<(i32, String)> {
        let mut command = judges.project.command(&judges.ours);
        let url = format!("{}/{path}", self.address);
        command.args([
            "checkpoint",
            "witness",
            "--url",
            &url,
            "--roots",
            &self.roots,
        ]);
        command.args([
            "--witness-key",
            &self.key,
            "--verifier-key",
            judges.key.trim(),
        ]);
        let output = command.arg(ledger).output()?;
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        Ok((output.status.code().unwrap_or(-1), said))
    }

    /// Whether the report of a ledger names it.
    fn is_named(&self, judges: &Judges<'_>, ledger: &Path) -> Result<bool> {
        let key = judges.key.trim();
        let asked = [
            "report",
            "--json",
            "--verifier-key",
            key,
            "--witness-key",
            &self.key,
        ];
        let report = judges.ios012(&[&asked.map(Path::new)[..], &[ledger]].concat())?;
        ensure!(report.contains(r#""status":"holds""#), "{report}");
        Ok(report.contains(r#""witnesses":[{"name":"example.org/witness""#))
    }
}
