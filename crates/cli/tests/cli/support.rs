//! Starts the binary, and looks at what it leaves.

use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};

use serde_json::Value;

/// What a finished process said.
#[derive(Debug)]
pub(crate) struct Ran {
    pub(crate) code: Option<i32>,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl Ran {
    pub(crate) fn of(output: Output) -> Self {
        let text = |bytes| String::from_utf8(bytes).expect("the program prints UTF-8");
        let ran = Self {
            code: output.status.code(),
            stdout: text(output.stdout),
            stderr: text(output.stderr),
        };
        assert!(!ran.stderr.contains("panicked"), "{ran:?}");
        ran
    }

    /// The same, after the exit code was compared.
    #[track_caller]
    pub(crate) fn exits(self, code: i32) -> Self {
        assert_eq!(self.code, Some(code), "{self:#?}");
        self
    }

    /// The one JSON object on standard output.
    #[track_caller]
    pub(crate) fn object(&self) -> Value {
        let value: Value = serde_json::from_str(&self.stdout)
            .unwrap_or_else(|error| panic!("not one JSON value: {error}\n{self:#?}"));
        assert!(value.is_object(), "{self:#?}");
        value
    }
}

/// The binary, not yet started.
pub(crate) fn ios012<S: AsRef<OsStr>>(arguments: impl IntoIterator<Item = S>) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_ios012"));
    command.args(arguments).stdin(Stdio::null());
    command
}

/// The binary, run to its end.
pub(crate) fn run<S: AsRef<OsStr>>(arguments: impl IntoIterator<Item = S>) -> Ran {
    Ran::of(ios012(arguments).output().expect("the binary starts"))
}

/// A command on one path: `verify DIR`, `replay DIR`, …
pub(crate) fn on(command: &str, path: &Path) -> Ran {
    run([OsStr::new(command), path.as_os_str()])
}

/// `backtest` or `run` of a scenario into a ledger.
pub(crate) fn cycle(command: &str, scenario: &Path, ledger: &Path) -> Ran {
    run([
        OsStr::new(command),
        scenario.as_os_str(),
        OsStr::new("--ledger"),
        ledger.as_os_str(),
    ])
}

/// Both output streams kept, to be read after the end.
pub(crate) fn spawn(command: &mut Command) -> Child {
    command
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the binary starts")
}

/// A folder of `golden/`.
pub(crate) fn golden(name: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../../golden")
        .join(name);
    folder.canonicalize().expect("a golden folder")
}

/// Every file of a folder but the empty `lock`, by name.
pub(crate) fn files(folder: &Path) -> BTreeMap<String, Vec<u8>> {
    let paths = paths(folder).into_iter();
    paths
        .map(|path| {
            let name = path.file_name().expect("a name").to_string_lossy();
            (name.into_owned(), std::fs::read(&path).expect("a file"))
        })
        .collect()
}

/// Where they are, sorted.
#[expect(clippy::disallowed_methods, reason = "they are sorted")]
pub(crate) fn paths(folder: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder).expect("a folder");
    let paths = entries.map(|entry| entry.expect("an entry").path());
    let mut paths: Vec<PathBuf> = paths
        .filter(|path| path.is_file() && !path.ends_with("lock"))
        .collect();
    paths.sort();
    paths
}

/// The name of the first file that differs, or is only in one of the two.
pub(crate) fn difference(
    left: &BTreeMap<String, Vec<u8>>,
    right: &BTreeMap<String, Vec<u8>>,
) -> Option<String> {
    let names = left.keys().chain(right.keys());
    names
        .into_iter()
        .find(|name| left.get(*name) != right.get(*name))
        .cloned()
}
