//! The words that a pure or an offline crate may not say in its shipped code.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};

use super::graph::{Package, of_character};
use super::rules::{CRATES, Character};
use crate::lexer::{Token, matches, tokens, without_tests};
use crate::project::Project;

/// A forbidden run of tokens.
type Phrase = &'static [&'static str];

const NO_STD: Phrase = &["#", "!", "[", "no_std", "]"];

const PURE: [(Phrase, &str); 9] = [
    (
        &["std"],
        "the standard library reaches files, clocks and threads",
    ),
    (&["async"], "a pure crate computes, it does not wait"),
    (&["await"], "a pure crate computes, it does not wait"),
    (&["f32"], "floats are not exact"),
    (&["f64"], "floats are not exact"),
    (&["env", "!"], "the environment is not a canonical document"),
    (
        &["option_env", "!"],
        "the environment is not a canonical document",
    ),
    (&["include_str", "!"], "data comes in as an argument"),
    (&["include_bytes", "!"], "data comes in as an argument"),
];

const OFFLINE: [(Phrase, &str); 10] = [
    (
        &["async"],
        "only the engine, the binary and the adapters are async",
    ),
    (
        &["await"],
        "only the engine, the binary and the adapters are async",
    ),
    (&["std", ":", ":", "net"], "only adapters reach the network"),
    (&["TcpListener"], "only adapters reach the network"),
    (&["TcpStream"], "only adapters reach the network"),
    (&["UdpSocket"], "only adapters reach the network"),
    (&["UnixListener"], "only adapters reach the network"),
    (&["UnixStream"], "only adapters reach the network"),
    (&["SystemTime"], "time comes in as data"),
    (&["Instant"], "time comes in as data"),
];

/// Checks that the pure crates are `no_std` and say nothing of [`PURE`].
pub(super) fn pure_violations(project: &Project, packages: &[Package]) -> Result<Vec<String>> {
    let mut violations = Vec::new();
    for package in of_character(packages, &CRATES, Character::Pure) {
        let source = project.root().join(&package.folder).join("src");
        let root = fs::read_to_string(source.join("lib.rs"))
            .with_context(|| format!("{} has no src/lib.rs", package.name))?;
        if !says(&tokens(&root), NO_STD) {
            violations.push(format!(
                "{}/src/lib.rs: #![no_std] is missing",
                package.folder
            ));
        }
        violations.extend(violations_below(project, &source, &PURE, true)?);
    }
    Ok(violations)
}

/// Checks that the offline crates say nothing of [`OFFLINE`].
pub(super) fn offline_violations(project: &Project, packages: &[Package]) -> Result<Vec<String>> {
    let mut violations = Vec::new();
    for package in of_character(packages, &CRATES, Character::Offline) {
        let source = project.root().join(&package.folder).join("src");
        violations.extend(violations_below(project, &source, &OFFLINE, false)?);
    }
    Ok(violations)
}

fn violations_below(
    project: &Project,
    folder: &Path,
    phrases: &[(Phrase, &str)],
    floats_banned: bool,
) -> Result<Vec<String>> {
    let mut sources = Vec::new();
    collect_sources(folder, &mut sources)?;
    let mut violations = Vec::new();
    let mut test_files = Vec::new();
    for path in &sources {
        let text = fs::read_to_string(path)?;
        let all = tokens(&text);
        let (shipped, test_modules) = without_tests(&all);
        test_files.extend(test_modules.iter().map(|name| module_path(path, name)));
        let shown = path.strip_prefix(project.root()).unwrap_or(path);
        violations.extend(
            faults(&shipped, phrases, floats_banned)
                .into_iter()
                .map(|(line, fault)| {
                    (path.clone(), format!("{}:{line}: {fault}", shown.display()))
                }),
        );
    }
    Ok(violations
        .into_iter()
        .filter(|(path, _)| !test_files.iter().any(|module| is_of_module(path, module)))
        .map(|(_, violation)| violation)
        .collect())
}

/// The line and the fault of every forbidden phrase.
fn faults(
    shipped: &[Token<'_>],
    phrases: &[(Phrase, &str)],
    floats_banned: bool,
) -> Vec<(usize, String)> {
    let mut faults = Vec::new();
    for (position, token) in shipped.iter().enumerate() {
        for (phrase, reason) in phrases {
            if matches(&shipped[position..], phrase) {
                faults.push((token.line, format!("`{}`: {reason}", phrase.concat())));
            }
        }
        if floats_banned && token.float {
            faults.push((
                token.line,
                format!("`{}`: floats are not exact", token.text),
            ));
        }
    }
    faults
}

fn says(tokens: &[Token<'_>], phrase: Phrase) -> bool {
    (0..tokens.len()).any(|start| matches(&tokens[start..], phrase))
}

/// Where the module `name` that `file` declares lies, without extension.
fn module_path(file: &Path, name: &str) -> PathBuf {
    let stem = file.file_stem().and_then(|stem| stem.to_str());
    match stem {
        Some("lib" | "main" | "mod") => file.with_file_name(name),
        _ => file.with_extension("").join(name),
    }
}

/// Whether `file` is the module at `module` or lies below it.
fn is_of_module(file: &Path, module: &Path) -> bool {
    file.with_extension("") == module || file.starts_with(module)
}

#[expect(
    clippy::disallowed_methods,
    reason = "the entries are sorted before use"
)]
fn collect_sources(folder: &Path, sources: &mut Vec<PathBuf>) -> Result<()> {
    let entries =
        fs::read_dir(folder).with_context(|| format!("cannot read {}", folder.display()))?;
    let mut paths = entries
        .map(|entry| entry.map(|entry| entry.path()))
        .collect::<std::io::Result<Vec<PathBuf>>>()?;
    paths.sort_unstable();
    for path in paths {
        if path.is_dir() {
            collect_sources(&path, sources)?;
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            sources.push(path);
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pure_faults(source: &str) -> usize {
        let all = tokens(source);
        faults(&without_tests(&all).0, &PURE, true).len()
    }

    #[test]
    fn shipped_code_may_not_say_the_words() {
        for source in [
            "use std::fs;",
            "extern crate std;",
            "fn f() -> f64 { 0 }",
            "async fn f() {}",
            "const X: &str = env!(\"HOME\");",
            "let x = 1.5;",
        ] {
            assert_eq!(pure_faults(source), 1, "{source}");
        }
    }

    #[test]
    fn tests_comments_and_other_words_may() {
        for source in [
            "#[cfg(test)] mod tests { use std::fs; const X: f64 = 1.5; }",
            "// std::fs and f64\n/// async",
            "extern crate alloc; fn standard(env: u8, f64_bits: u64) {}",
            "let x = \"std::fs 1.5\";",
        ] {
            assert_eq!(pure_faults(source), 0, "{source}");
        }
    }

    #[test]
    fn a_test_module_in_its_own_file_is_known() {
        let module = module_path(Path::new("src/lib.rs"), "tests");
        assert!(is_of_module(Path::new("src/tests.rs"), &module));
        assert!(is_of_module(Path::new("src/tests/more.rs"), &module));
        assert!(!is_of_module(Path::new("src/testing.rs"), &module));
        let nested = module_path(Path::new("src/fixed.rs"), "tests");
        assert!(is_of_module(Path::new("src/fixed/tests.rs"), &nested));
    }
}
