//! The commands of the README and their output: what stands there is what they print.
//!
//! A block of shell after the mark `<!-- checked: output -->` is run, and the block of text after
//! it must equal its standard output. After `<!-- checked: suites -->` the block of text must name
//! the suites of the test runner, in order.

use anyhow::{Context as _, Result, bail, ensure};

use crate::project::Project;
use crate::suites::SUITES;

const OUTPUT_MARK: &str = "<!-- checked: output -->";
const SUITES_MARK: &str = "<!-- checked: suites -->";

/// Checks every marked block of README.md.
pub(crate) fn run(project: &Project) -> Result<bool> {
    let readme = std::fs::read_to_string(project.root().join("README.md"))?;
    let outputs = marked_blocks(&readme, OUTPUT_MARK)?;
    let suites = marked_blocks(&readme, SUITES_MARK)?;
    ensure!(
        !outputs.is_empty(),
        "README.md has no block after {OUTPUT_MARK}"
    );
    ensure!(
        suites.len() == 1,
        "README.md must have one block after {SUITES_MARK}"
    );
    let mut good = true;
    for (command, expected) in &outputs {
        good &= check_output(project, command, expected)?;
    }
    for (_, listed) in &suites {
        good &= check_suites(listed);
    }
    if good {
        println!(
            "{} commands print what README.md says, and its suites are those that run",
            outputs.len()
        );
    }
    Ok(good)
}

/// The shell block and the text block after each mark.
fn marked_blocks(readme: &str, mark: &str) -> Result<Vec<(String, String)>> {
    let mut blocks = Vec::new();
    for rest in readme.split(mark).skip(1) {
        let command = fenced(rest, "```sh\n").context("no ```sh block after a mark")?;
        let text = fenced(rest, "```text\n").context("no ```text block after a mark")?;
        blocks.push((command.trim().to_owned(), text));
    }
    Ok(blocks)
}

fn fenced(text: &str, fence: &str) -> Option<String> {
    let (_, rest) = text.split_once(fence)?;
    let (block, _) = rest.split_once("```")?;
    Some(block.to_owned())
}

fn check_output(project: &Project, command: &str, expected: &str) -> Result<bool> {
    let words: Vec<&str> = command.split_whitespace().collect();
    let Some((program, arguments)) = words.split_first() else {
        bail!("an empty command")
    };
    // A ledger of an earlier run would be continued instead of begun.
    if let Some(at) = words.iter().position(|word| *word == "--ledger") {
        let ledger = project
            .root()
            .join(words.get(at + 1).context("--ledger without a directory")?);
        ensure!(
            ledger.starts_with(project.root().join("target")),
            "a ledger outside target/"
        );
        if ledger.exists() {
            std::fs::remove_dir_all(&ledger)?;
        }
    }
    let output = project.command(program).args(arguments).output()?;
    ensure!(
        output.status.success(),
        "`{command}`: {}\n{}",
        output.status,
        String::from_utf8_lossy(&output.stderr)
    );
    let printed = String::from_utf8(output.stdout)?;
    let differs = first_difference(expected, &printed);
    if let Some((line, expected, printed)) = &differs {
        println!("`{command}`: line {line} of its output");
        println!("  README.md: {expected}\n  printed:   {printed}");
    }
    Ok(differs.is_none())
}

fn first_difference(expected: &str, printed: &str) -> Option<(usize, String, String)> {
    let lines = |text: &str| {
        text.trim_end()
            .lines()
            .map(str::to_owned)
            .collect::<Vec<_>>()
    };
    let (expected, printed) = (lines(expected), lines(printed));
    (0..expected.len().max(printed.len())).find_map(|at| {
        let line = |lines: &[String]| {
            lines
                .get(at)
                .cloned()
                .unwrap_or_else(|| "(nothing)".to_owned())
        };
        let (expected, printed) = (line(&expected), line(&printed));
        (expected != printed).then_some((at + 1, expected, printed))
    })
}

fn check_suites(listed: &str) -> bool {
    let named: Vec<&str> = listed
        .lines()
        .filter(|line| line.contains("  PASS"))
        .filter_map(|line| line.split_whitespace().next())
        .collect();
    let suites: Vec<&str> = SUITES.iter().map(|suite| suite.name).collect();
    let last = format!("{} passed, 0 failed", suites.len());
    let good = named == suites && listed.trim_end().ends_with(&last);
    if !good {
        println!(
            "README.md lists the suites {named:?}; those that run are {suites:?}, and `{last}`"
        );
    }
    good
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_the_blocks_after_a_mark() {
        let readme = format!(
            "```sh\nfirst\n```\n{OUTPUT_MARK}\n```sh\nsecond x\n```\nthen\n```text\na\nb\n```\n"
        );
        let blocks = marked_blocks(&readme, OUTPUT_MARK).expect("blocks");
        assert_eq!(blocks, [("second x".to_owned(), "a\nb\n".to_owned())]);
        assert!(marked_blocks(&format!("{OUTPUT_MARK} nothing"), OUTPUT_MARK).is_err());
    }

    #[test]
    fn finds_the_first_line_that_differs() {
        assert_eq!(first_difference("a\nb\n", "a\nb"), None);
        let found = first_difference("a\nb\n", "a\nc\n");
        assert_eq!(found, Some((2, "b".to_owned(), "c".to_owned())));
        assert!(first_difference("a\n", "a\nb\n").is_some());
    }

    #[test]
    fn a_suite_that_is_not_listed_is_found() {
        let rows: Vec<_> = SUITES
            .iter()
            .map(|suite| format!("{}  1.0 s  PASS: x", suite.name))
            .collect();
        let last = format!("{} passed, 0 failed", rows.len());
        assert!(check_suites(&format!("{}\n{last}\n", rows.join("\n"))));
        assert!(!check_suites(&format!(
            "{}\n{last}\n",
            rows[1..].join("\n")
        )));
        assert!(!check_suites(&rows.join("\n")));
    }
}
