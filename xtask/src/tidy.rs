//! Cheap rules of the sources that no other tool holds.

use std::fs;
use std::path::Path;

use anyhow::{Context as _, Result};
use cargo_metadata::MetadataCommand;

use crate::lexer::{matches, tokens};
use crate::project::Project;

/// A longer source is split.
const MOST_LINES: usize = 600;
/// A longer source is named, as one to split soon.
const MANY_LINES: usize = 400;

/// Leftovers of unfinished work.
const LEFTOVERS: [&[&str]; 4] = [
    &["todo", "!"],
    &["unimplemented", "!"],
    &["dbg", "!"],
    &["#", "[", "ignore"],
];

/// Places of one machine. Written in parts, so that this file passes its own rule.
const MACHINE_PATHS: [&str; 2] = [concat!("/wo", "rk/"), concat!("/ho", "me/")];
const TEMPORARY_PATH: &str = concat!("/tm", "p/");
/// Data beside the checkout, which only CI has.
const BESIDE_CHECKOUT: &str = concat!("../sha", "red");
const CI: &str = ".ci/run";

/// Says that signatures were verified; clippy bans it too, but an `expect` would lift that.
const VOUCHES: &[&str] = &["Loosening", ":", ":", "authorised"];
const MAY_VOUCH: [&str; 2] = [
    "crates/governance/src/authorise.rs",
    "crates/constraints/tests/defcon/model.rs",
];

/// Checks every text file of the project. True if no rule is broken.
pub(crate) fn run(project: &Project, committed: bool) -> Result<bool> {
    let mut violations = Vec::new();
    let mut long = Vec::new();
    let mut checked = 0_usize;
    for file in project.files()? {
        if !is_source(&file) {
            continue;
        }
        let bytes = fs::read(project.root().join(&file))?;
        let text = String::from_utf8(bytes).with_context(|| format!("{file} is not UTF-8"))?;
        violations.extend(violations_in(&file, &text));
        let lines = text.lines().count();
        if is_rust(&file) && lines > MANY_LINES {
            long.push(format!("{file} ({lines} lines)"));
        }
        checked += 1;
    }
    violations.extend(pending_snapshots(project)?);
    violations.extend(packages_without_lints(project)?);
    if committed {
        let changes = project.output("git", &["status", "--porcelain"])?;
        violations.extend(changes.lines().map(|line| format!("not committed: {line}")));
    }
    for violation in &violations {
        println!("{violation}");
    }
    if !long.is_empty() {
        println!("to split soon: {}", long.join(", "));
    }
    println!("{checked} files, {} violations", violations.len());
    Ok(violations.is_empty())
}

/// Written by people; test data may be as broken as its test needs.
fn is_source(file: &str) -> bool {
    let is_data = ["golden/", "/fixtures/", "fuzz/corpus/"]
        .iter()
        .any(|folder| file.contains(folder));
    let ends_as_source = [".rs", ".toml", ".md", ".py", ".sh"]
        .iter()
        .any(|ending| file.ends_with(ending));
    file == CI || (ends_as_source && !is_data)
}

fn violations_in(file: &str, text: &str) -> Vec<String> {
    let mut violations = Vec::new();
    if text.contains('\r') {
        violations.push(format!("{file}: lines must end with LF alone"));
    }
    if !text.is_empty() && !text.ends_with('\n') {
        violations.push(format!("{file}: the last line must end"));
    }
    if is_rust(file) {
        violations.extend(violations_in_rust(file, text));
    }
    let shipped_lines = if is_test_file(file) {
        0
    } else {
        shipped_lines(text)
    };
    for (position, line) in text.lines().enumerate() {
        let place = format!("{file}:{}", position + 1);
        if let Some(path) = MACHINE_PATHS.iter().find(|path| line.contains(**path)) {
            violations.push(format!("{place}: {path} is a place of one machine"));
        }
        if is_rust(file) && position < shipped_lines && line.contains(TEMPORARY_PATH) {
            violations.push(format!(
                "{place}: ask for the temporary folder, do not name it"
            ));
        }
        if file != CI && line.contains(BESIDE_CHECKOUT) {
            violations.push(format!("{place}: only {CI} knows {BESIDE_CHECKOUT}"));
        }
    }
    violations
}

fn violations_in_rust(file: &str, text: &str) -> Vec<String> {
    let mut violations = Vec::new();
    let lines = text.lines().count();
    if lines > MOST_LINES {
        violations.push(format!(
            "{file}: {lines} lines, at most {MOST_LINES}; split it"
        ));
    }
    let tokens = tokens(text);
    for (position, token) in tokens.iter().enumerate() {
        if matches(&tokens[position..], VOUCHES) && !MAY_VOUCH.contains(&file) {
            violations.push(format!(
                "{file}:{}: only governance vouches for a command",
                token.line
            ));
        }
        for leftover in LEFTOVERS {
            if matches(&tokens[position..], leftover) {
                violations.push(format!(
                    "{file}:{}: {} is left over",
                    token.line,
                    leftover.concat()
                ));
            }
        }
    }
    violations
}

fn is_rust(file: &str) -> bool {
    Path::new(file)
        .extension()
        .is_some_and(|extension| extension == "rs")
}

fn is_test_file(file: &str) -> bool {
    file.contains("/tests/") || file.ends_with("/tests.rs")
}

/// How many lines stand before the test module.
fn shipped_lines(text: &str) -> usize {
    text.lines()
        .position(|line| line.trim() == "#[cfg(test)]")
        .unwrap_or(usize::MAX)
}

/// git ignores pending snapshots, so it is asked for ignored ones too.
fn pending_snapshots(project: &Project) -> Result<Vec<String>> {
    let list = project.output(
        "git",
        &["ls-files", "--others", "--cached", "-z", "*.snap.new"],
    )?;
    Ok(list
        .split_terminator('\0')
        .filter(|file| !file.starts_with("target/"))
        .map(|file| format!("{file} waits for review: cargo xtask golden"))
        .collect())
}

fn packages_without_lints(project: &Project) -> Result<Vec<String>> {
    let metadata = MetadataCommand::new()
        .current_dir(project.root())
        .no_deps()
        .exec()?;
    let mut violations = Vec::new();
    for package in &metadata.packages {
        let text = fs::read_to_string(&package.manifest_path)?;
        if !takes_workspace_lints(&text)? {
            violations.push(format!(
                "{}: `[lints] workspace = true` is missing",
                package.name
            ));
        }
    }
    Ok(violations)
}

fn takes_workspace_lints(manifest: &str) -> Result<bool> {
    let manifest: toml::Table = toml::from_str(manifest)?;
    Ok(manifest
        .get("lints")
        .and_then(|lints| lints.get("workspace"))
        .and_then(toml::Value::as_bool)
        == Some(true))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_clean_source_passes() {
        let text = "//! Says todo and dbg in words.\nfn f() { let x = \"todo!()\"; }\n";
        assert_eq!(violations_in("crates/a/src/lib.rs", text), [""; 0]);
    }

    #[test]
    fn each_rule_is_held() {
        let long = "//\n".repeat(MOST_LINES + 1);
        let home = format!("// {}x\n", MACHINE_PATHS[1]);
        let temporary = format!("fn f() {{ \"{TEMPORARY_PATH}x\" }}\n");
        let beside = format!("# {BESIDE_CHECKOUT}/data\n");
        for (file, text, said) in [
            ("a.rs", "fn f() {}\r\n", "LF alone"),
            ("a.md", "text", "last line must end"),
            ("a.rs", "fn f() { todo!() }\n", "todo!"),
            ("a.rs", "fn f() { dbg!(1); }\n", "dbg!"),
            (
                "a.rs",
                "#[test]\n#[ignore = \"slow\"]\nfn f() {}\n",
                "ignore",
            ),
            (
                "crates/engine/src/a.rs",
                "fn f() { Loosening::authorised(terms, persons) }\n",
                "only governance",
            ),
            ("a.rs", &long, "split it"),
            ("docs/a.md", &home, "one machine"),
            ("a.rs", &temporary, "temporary folder"),
            ("docs/a.md", &beside, "only .ci/run knows"),
        ] {
            let violations = violations_in(file, text);
            assert_eq!(violations.len(), 1, "{file} {said}: {violations:?}");
            assert!(violations[0].contains(said), "{violations:?}");
        }
        assert_eq!(violations_in(CI, &beside), [""; 0]);
        let vouching = "fn f() { Loosening::authorised(terms, persons) }\n";
        assert_eq!(violations_in(MAY_VOUCH[0], vouching), [""; 0]);
        let in_test = format!("#[cfg(test)]\n{temporary}");
        assert_eq!(violations_in("a.rs", &in_test), [""; 0]);
    }

    #[test]
    fn lints_must_come_from_the_workspace() {
        let takes = |text| takes_workspace_lints(text).ok();
        assert_eq!(takes("[package]\n[lints]\nworkspace = true\n"), Some(true));
        assert_eq!(takes("lints.workspace = true\n"), Some(true));
        assert_eq!(takes("[package]\n"), Some(false));
        assert_eq!(takes("[lints]\nworkspace = false\n"), Some(false));
    }
}
