//! Where the workspace is, and how its commands are started.

use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, Result, ensure};

/// The checked-out workspace.
#[derive(Debug, Clone)]
pub(crate) struct Project {
    root: PathBuf,
    /// Where cargo builds, if not in its own choice of place.
    target: Option<PathBuf>,
    /// Set for every command.
    variables: &'static [(&'static str, &'static str)],
}

impl Project {
    /// Finds the workspace around the working directory.
    pub(crate) fn find() -> Result<Self> {
        let mut command = Command::new("cargo");
        command.args(["locate-project", "--workspace", "--message-format=plain"]);
        let manifest = output_of(&mut command)?;
        let root = Path::new(manifest.trim_end())
            .parent()
            .with_context(|| format!("{manifest:?} has no folder"))?;
        Ok(Self::at(root))
    }

    /// The workspace whose top-level manifest lies in `root`.
    pub(crate) fn at(root: &Path) -> Self {
        Self {
            root: root.to_path_buf(),
            target: None,
            variables: &[],
        }
    }

    /// The same workspace, built in `target`.
    pub(crate) fn with_target(self, target: &Path) -> Self {
        Self {
            target: Some(target.to_path_buf()),
            ..self
        }
    }

    /// The same workspace, with these variables for every command.
    pub(crate) fn with_variables(self, variables: &'static [(&'static str, &'static str)]) -> Self {
        Self { variables, ..self }
    }

    /// The folder of the top-level manifest.
    pub(crate) fn root(&self) -> &Path {
        &self.root
    }

    /// Where this tool keeps what it makes: `target/NAME`.
    pub(crate) fn made(&self, name: &str) -> PathBuf {
        self.root.join("target").join(name)
    }

    /// A command in the workspace's folder, as in CI: snapshots are compared and never updated,
    /// and the tools of `target/tools` come first.
    pub(crate) fn command(&self, program: impl AsRef<OsStr>) -> Command {
        let mut search = OsString::from(self.made("tools").join("bin"));
        if let Some(path) = environment("PATH") {
            search.push(":");
            search.push(path);
        }
        let mut command = Command::new(program);
        command
            .current_dir(&self.root)
            .env("PATH", search)
            .env("CI", "true")
            .env("INSTA_UPDATE", "no")
            .env("INSTA_FORCE_PASS", "0")
            .env("CARGO_TERM_COLOR", "never")
            .envs(self.variables.iter().copied());
        if let Some(target) = &self.target {
            command.env("CARGO_TARGET_DIR", target);
        }
        command
    }

    /// The standard output of a command that must succeed.
    pub(crate) fn output(
        &self,
        program: impl AsRef<OsStr>,
        arguments: &[impl AsRef<OsStr>],
    ) -> Result<String> {
        output_of(self.command(program).args(arguments))
    }

    /// The project's text files that git knows or would take, in order, relative to the root.
    pub(crate) fn files(&self) -> Result<Vec<String>> {
        let list = self.output(
            "git",
            &[
                "ls-files",
                "--cached",
                "--others",
                "--exclude-standard",
                "-z",
            ],
        )?;
        let mut files: Vec<String> = list
            .split_terminator('\0')
            .filter(|file| self.root.join(file).is_file())
            .map(str::to_owned)
            .collect();
        files.sort_unstable();
        files.dedup();
        Ok(files)
    }
}

/// A variable of the environment, if it is set and not empty.
#[expect(
    clippy::disallowed_methods,
    reason = "the tools' places (PATH, IOS012_ADVISORY_DB) come from the environment; no decision does"
)]
pub(crate) fn environment(name: &str) -> Option<OsString> {
    std::env::var_os(name).filter(|value| !value.is_empty())
}

fn output_of(command: &mut Command) -> Result<String> {
    let output = command
        .output()
        .with_context(|| format!("cannot start {command:?}"))?;
    ensure!(
        output.status.success(),
        "{command:?} failed: {}",
        String::from_utf8_lossy(&output.stderr).trim_end()
    );
    Ok(String::from_utf8(output.stdout)?)
}
