//! Ledgers of fuzzed bytes, in a folder that is memory where the system has one.

use std::fs;
use std::path::Path;

use ios012_lineage::{Hash, sha256};
use tempfile::TempDir;

const PAGE: &str = include_str!("../../docs/lineage-format.md");

/// The bytes of a ledger's files.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Files {
    /// `000001.ledger` and on.
    pub segments: Vec<Vec<u8>>,
    /// `documents.pack`.
    pub pack: Vec<u8>,
    /// `head`.
    pub head: Vec<u8>,
}

impl Files {
    /// The worked example of docs/lineage-format.md.
    ///
    /// # Panics
    /// If the page has it no more.
    pub fn example() -> Self {
        Self {
            segments: vec![on_page("000001.ledger")],
            pack: on_page("documents.pack"),
            head: on_page("head"),
        }
    }

    /// Writes the files into a new folder.
    ///
    /// # Panics
    /// If the disk does not take them.
    pub fn write(&self) -> TempDir {
        let folder = new_folder();
        let write = |name: &str, bytes: &[u8]| {
            fs::write(folder.path().join(name), bytes).expect("a disk that takes bytes");
        };
        for (number, segment) in (1..).zip(&self.segments) {
            write(&format!("{number:06}.ledger"), segment);
        }
        write("documents.pack", &self.pack);
        write("head", &self.head);
        folder
    }

    /// Whether each line of a file carries the hash of its JSON, and a line feed ends it.
    pub fn hashes_hold(file: &[u8]) -> bool {
        file.split_inclusive(|&byte| byte == b'\n').all(|line| {
            let json = line.strip_suffix(b"\n").and_then(|line| line.get(65..));
            json.is_some_and(|json| {
                line.starts_with(sha256(json).to_string().as_bytes()) && line[64] == b' '
            })
        })
    }
}

/// The line of a JSON text, and its hash.
pub fn line(json: &str) -> (String, Hash) {
    let hash = sha256(json.as_bytes());
    (format!("{hash} {json}"), hash)
}

fn new_folder() -> TempDir {
    let memory = Path::new("/dev/shm");
    let made = if memory.is_dir() {
        tempfile::tempdir_in(memory)
    } else {
        tempfile::tempdir()
    };
    made.expect("a temporary folder")
}

/// The page's block for a file.
fn on_page(file: &str) -> Vec<u8> {
    let fence = format!("```text {file}\n");
    let start = PAGE.find(&fence).expect("the page shows the file") + fence.len();
    let end = start + PAGE[start..].find("```\n").expect("the block ends");
    PAGE[start..end].as_bytes().to_vec()
}
