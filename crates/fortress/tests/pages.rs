//! The page of breakers names tests that exist.

#![expect(clippy::expect_used, reason = "a test stops at the first surprise")]

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

/// Every `name_of_a_test` in a table of docs/breakers.md is a function of the workspace. Names of
/// breakers, causes and responses are shorter than four words, and those of tests are not.
#[test]
fn the_page_of_breakers_names_tests() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let page = fs::read_to_string(root.join("docs/breakers.md")).expect("the page");
    let names: BTreeSet<&str> = page
        .split('`')
        .filter(|part| part.matches('_').count() >= 3)
        .filter(|part| {
            part.bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
        })
        .collect();
    assert!(names.len() >= 20, "{names:?}");
    let mut sources = String::new();
    read_below(&root.join("crates"), &mut sources);
    let absent: Vec<_> = names
        .iter()
        .filter(|name| !sources.contains(&format!("fn {name}(")))
        .collect();
    assert!(absent.is_empty(), "no such tests: {absent:?}");
}

#[expect(
    clippy::disallowed_methods,
    reason = "the order of the sources makes no difference to what they hold"
)]
fn read_below(folder: &Path, sources: &mut String) {
    for entry in fs::read_dir(folder).expect("a folder") {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            read_below(&path, sources);
        } else if path.extension().is_some_and(|ending| ending == "rs") {
            sources.push_str(&fs::read_to_string(&path).expect("a source"));
        }
    }
}
