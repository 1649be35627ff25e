//! Two readers of one format: `ios012 verify` and the reader in Python, which was written from
//! docs/lineage-format.md. Both must take fresh ledgers and find every damage. Beside them another
//! program of its own computes the money of a ledger again.

use std::path::Path;

use anyhow::{Context as _, Result, bail, ensure};
use serde_json::Value;

use crate::project::Project;

/// Fresh ledgers of these scenarios, each with the command that makes it and its exit code: a real
/// day of August 2015 trips the hard threshold of the last.
const SCENARIOS: [(&str, &str, i32); 4] = [
    ("run", "one-cycle", 0),
    ("backtest", "quickstart", 0),
    ("backtest", "mixed-calendars", 4),
    ("backtest", "mixed-portfolio", 0),
];
/// The ledgers that are damaged, with the number of drawn positions.
const DAMAGED: [(&str, &str); 2] = [("one-cycle", "200"), ("quickstart", "60")];
const READER: &str = "tools/ledger_reader/verify_ledger.py";
/// The scenario whose money is computed again from fills and entries, and whose files a script
/// makes.
const RECOMPUTED: &str = "mixed-portfolio";
const RECOMPUTE: &str = "tools/recompute_nlv/recompute_nlv.py";

/// Runs the Python programs' own tests, both readers on fresh ledgers, the recomputation on one of
/// them, and both readers on damaged ones.
pub(crate) fn run(project: &Project) -> Result<bool> {
    let folder = project.root().join("target/readers");
    if folder.exists() {
        std::fs::remove_dir_all(&folder)?;
    }
    for folder in ["tools/ledger_reader", "tools/recompute_nlv"] {
        let start = ["-m", "unittest", "discover", "--start-directory", folder];
        say(project, "python3", &start)?;
    }
    say(
        project,
        "cargo",
        &["build", "--locked", "--quiet", "--package", "ios012-cli"],
    )?;
    let binary = project.root().join("target/debug/ios012");
    let binary = binary
        .to_str()
        .context("the path of the workspace is not UTF-8")?;
    for (command, name, code) in SCENARIOS {
        let scenario = format!("golden/{name}");
        let ledger = format!("target/readers/{name}");
        say_with(
            project,
            binary,
            &[command, &scenario, "--ledger", &ledger],
            code,
        )?;
        let ours = judged(project, binary, &["verify", &ledger, "--json"])?;
        let theirs = judged(project, "python3", &[READER, &ledger, "--json"])?;
        ensure!(
            ours == theirs,
            "the readers disagree on {ledger}: {ours:?} and {theirs:?}"
        );
        println!(
            "{ledger}: both readers say {} records, head {}",
            ours.0, ours.1
        );
    }
    recompute(project)?;
    for (name, cases) in DAMAGED {
        let ledger = format!("target/readers/{name}");
        let other = format!("{binary} verify {{dir}}");
        let arguments = [&ledger, "--other", &other, "--cases", cases];
        damage(project, &arguments)?;
    }
    println!(
        "both readers agree on {} fresh ledgers and find every damage; the NLV of {RECOMPUTED} is \
         recomputed to the quantum",
        SCENARIOS.len()
    );
    Ok(true)
}

/// The files of a scenario are what its script makes, and the NLV of its ledger follows to the
/// quantum from fills, entries and prices.
fn recompute(project: &Project) -> Result<()> {
    let scenario = format!("golden/{RECOMPUTED}");
    let script = format!("{scenario}/make_scenario.py");
    say(project, "python3", &[&script, "--check"])?;
    let ledger = format!("target/readers/{RECOMPUTED}");
    say(
        project,
        "python3",
        &[RECOMPUTE, &scenario, &ledger, "--exact"],
    )
}

fn damage(project: &Project, arguments: &[&str]) -> Result<()> {
    let script = Path::new("tools/ledger_reader/damage_check.py");
    let mut all = vec![script.to_str().unwrap_or_default()];
    all.extend(arguments);
    say(project, "python3", &all)
}

/// Runs a command, shows what it prints, and fails if it does.
fn say(project: &Project, program: &str, arguments: &[&str]) -> Result<()> {
    say_with(project, program, arguments, 0)
}

/// The same, for a command that must end with this exit code.
fn say_with(project: &Project, program: &str, arguments: &[&str], code: i32) -> Result<()> {
    let output = project.command(program).args(arguments).output();
    let output = output.with_context(|| format!("cannot start {program}; install it"))?;
    print!("{}", String::from_utf8_lossy(&output.stdout));
    if output.status.code() != Some(code) {
        let errors = String::from_utf8_lossy(&output.stderr);
        bail!(
            "`{program} {}`: {}\n{errors}",
            arguments.join(" "),
            output.status
        );
    }
    Ok(())
}

/// Records and head of a ledger, as a reader that finds nothing wrong reports them.
fn judged(project: &Project, program: &str, arguments: &[&str]) -> Result<(String, String)> {
    let output = project.command(program).args(arguments).output()?;
    ensure!(
        output.status.success(),
        "`{program} {}`: {}\n{}",
        arguments.join(" "),
        output.status,
        String::from_utf8_lossy(&output.stderr)
    );
    let report: Value = serde_json::from_slice(&output.stdout)?;
    let member = |name: &str| {
        let value = report
            .get(name)
            .with_context(|| format!("no member {name}"))?;
        Ok::<_, anyhow::Error>(
            value
                .as_str()
                .map_or_else(|| value.to_string(), str::to_owned),
        )
    };
    Ok((member("records")?, member("head")?))
}
