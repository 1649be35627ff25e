//! The tools that suites need: their pins in `tools.toml`, whether they are there, and how to
//! install them.

mod wheel;

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, ensure};
use serde::Deserialize;

use crate::project::Project;
use wheel::Wheel;

/// `tools.toml`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Tools {
    cargo: BTreeMap<String, CargoTool>,
    program: BTreeMap<String, Program>,
    toolchain: BTreeMap<String, Toolchain>,
    #[serde(default)]
    wheel: BTreeMap<String, Wheel>,
}

/// A cargo subcommand, built from the crate registry at exactly this version.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct CargoTool {
    version: String,
}

/// A program of the system.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Program {
    debian_package: String,
    /// The option that shows its version, where that is not `--version`.
    version_option: Option<String>,
    /// A file that shows that it is there, where it is not in the search path. One part of the path may
    /// be `*`.
    file: Option<PathBuf>,
    before_install: Option<SystemFile>,
}

/// A file of the system that the package's installation reads.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct SystemFile {
    file: PathBuf,
    text: String,
}

/// A toolchain beside the workspace's own.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Toolchain {
    remedy: String,
}

impl Tools {
    /// Reads the pins.
    pub(crate) fn read(project: &Project) -> Result<Self> {
        let path = project.root().join("tools.toml");
        let text = fs::read_to_string(&path).context("cannot read tools.toml")?;
        Self::parse(&text)
    }

    fn parse(text: &str) -> Result<Self> {
        toml::from_str(text).context("tools.toml is not as it must be")
    }

    /// Why the tool `name` cannot be used, and the remedy; `None` if it can.
    pub(crate) fn missing(&self, project: &Project, name: &str) -> Option<String> {
        if let Some(tool) = self.cargo.get(name) {
            let found = installed_version(project, name);
            return (found.as_deref() != Some(tool.version.as_str())).then(|| {
                format!(
                    "{name} {} is needed, {} is there; run `cargo xtask test --install`",
                    tool.version,
                    found.as_deref().unwrap_or("none")
                )
            });
        }
        if let Some(program) = self.program.get(name) {
            return (!program.is_there(project, name)).then(|| {
                format!(
                    "{name} is missing; install the package {}",
                    program.debian_package
                )
            });
        }
        if let Some(wheel) = self.wheel.get(name) {
            return wheel.missing(project, name);
        }
        if let Some(toolchain) = self.toolchain.get(name) {
            let asked = project.output("cargo", &[&format!("+{name}"), "--version"]);
            return asked
                .err()
                .map(|_| format!("the toolchain {name} is missing; {}", toolchain.remedy));
        }
        Some(format!("{name} is not in tools.toml; add it"))
    }

    /// Installs the tool `name` if it is missing and can be installed. What is still missing
    /// afterwards shows as a suite that did not run.
    pub(crate) fn install(&self, project: &Project, name: &str) -> Result<()> {
        if self.missing(project, name).is_none() {
            return Ok(());
        }
        if let Some(tool) = self.cargo.get(name) {
            println!(
                "installing {name} {} into target/tools (minutes)",
                tool.version
            );
            let mut command = project.command("cargo");
            // Built without optimisation: building costs more than running it.
            command
                .args(["install", "--quiet", "--locked", "--debug", "--root"])
                .arg(project.made("tools"))
                .arg(format!("--version={}", tool.version))
                .arg(name);
            let status = command.status()?;
            ensure!(status.success(), "{name} could not be built: {status}");
        } else if let Some(wheel) = self.wheel.get(name) {
            if !has_pip(project) && is_root(project) {
                install_debian(project, "python3-pip")?;
            }
            println!("downloading {name} {} into target/tools", wheel.version());
            wheel.install(project, name)?;
        } else if let Some(program) = self.program.get(name) {
            if is_root(project) {
                println!("installing the Debian package {}", program.debian_package);
                if let Some(before) = &program.before_install {
                    before.write()?;
                }
                install_debian(project, &program.debian_package)?;
            } else {
                println!(
                    "cannot install {} without being root; as root: apt-get install {}",
                    program.debian_package, program.debian_package
                );
            }
        }
        Ok(())
    }
}

impl Program {
    fn is_there(&self, project: &Project, name: &str) -> bool {
        if let Some(file) = &self.file {
            return any_exists(file);
        }
        let option = self.version_option.as_deref().unwrap_or("--version");
        project.output(name, &[option]).is_ok()
    }
}

impl SystemFile {
    fn write(&self) -> Result<()> {
        let folder = self.file.parent().unwrap_or(Path::new("/"));
        fs::create_dir_all(folder)
            .and_then(|()| fs::write(&self.file, &self.text))
            .with_context(|| format!("cannot write {}", self.file.display()))
    }
}

/// Whether a file is there, where one part of its path may be `*`.
#[expect(clippy::disallowed_methods, reason = "no order matters to any")]
fn any_exists(file: &Path) -> bool {
    let mut parts = file.components();
    let fixed: PathBuf = parts
        .by_ref()
        .take_while(|part| part.as_os_str() != "*")
        .collect();
    let rest = parts.as_path();
    if rest.as_os_str().is_empty() {
        return fixed.exists();
    }
    let Ok(entries) = fs::read_dir(fixed) else {
        return false;
    };
    entries
        .flatten()
        .any(|entry| entry.path().join(rest).exists())
}

/// The version a cargo subcommand reports: the second word of `cargo-deny 0.20.2`. It is called as cargo
/// calls it, with its own name first: cargo-mutants knows no other way.
fn installed_version(project: &Project, name: &str) -> Option<String> {
    let subcommand = name.strip_prefix("cargo-");
    let arguments: Vec<&str> = subcommand.into_iter().chain(["--version"]).collect();
    let text = project.output(name, &arguments).ok()?;
    reported_version(&text).map(str::to_owned)
}

fn reported_version(text: &str) -> Option<&str> {
    text.lines().next()?.split_whitespace().nth(1)
}

fn has_pip(project: &Project) -> bool {
    let asked = project.output("python3", &["-m", "pip", "--version"]);
    asked.is_ok()
}

fn is_root(project: &Project) -> bool {
    project
        .output("id", &["-u"])
        .is_ok_and(|id| id.trim_end() == "0")
}

fn install_debian(project: &Project, packages: &str) -> Result<()> {
    let mut install = vec!["install", "--yes", "--no-install-recommends"];
    install.extend(packages.split(' '));
    for arguments in [vec!["update", "--quiet"], install] {
        let status = project
            .command("apt-get")
            .args(&arguments)
            .env("DEBIAN_FRONTEND", "noninteractive")
            .stdin(std::process::Stdio::null())
            .status()
            .context("cannot start apt-get")?;
        ensure!(status.success(), "apt-get {arguments:?}: {status}");
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_version_is_the_second_word() {
        assert_eq!(reported_version("cargo-deny 0.20.2\n"), Some("0.20.2"));
        assert_eq!(
            reported_version("cargo-fuzz 0.13.2 (abc 2026)\n"),
            Some("0.13.2")
        );
        assert_eq!(reported_version(""), None);
    }

    #[test]
    fn another_version_counts_as_missing() {
        let tools = |version: &str| {
            Tools::parse(&format!(
                "[cargo]\ncargo = {{ version = \"{version}\" }}\n[program]\n[toolchain]\n"
            ))
        };
        let project = Project::at(Path::new(env!("CARGO_MANIFEST_DIR")));
        let here = installed_version(&project, "cargo").unwrap_or_default();
        assert!(tools(&here).is_ok_and(|tools| tools.missing(&project, "cargo").is_none()));
        assert!(tools("0.0.1").is_ok_and(|tools| {
            tools
                .missing(&project, "cargo")
                .is_some_and(|reason| reason.contains("cargo 0.0.1 is needed"))
        }));
        assert!(tools("1").is_ok_and(|tools| tools.missing(&project, "unheard-of").is_some()));
    }

    #[test]
    fn one_part_of_a_path_may_be_any() {
        let here = Path::new(env!("CARGO_MANIFEST_DIR"));
        for (file, is_there) in [
            ("src/tools.rs", true),
            ("*/tools.rs", true),
            ("*/layers/rules.rs", true),
            ("src/*/rules.rs", true),
            ("src/none.rs", false),
            ("*/none.rs", false),
            ("none/*/rules.rs", false),
        ] {
            assert_eq!(any_exists(&here.join(file)), is_there, "{file}");
        }
    }

    #[test]
    fn what_an_installation_reads_is_written_before() {
        let folder = std::env::temp_dir().join(format!("ios012-tools-{}", std::process::id()));
        let file = folder.join("folder/file.conf");
        let text = "create = false\n".to_owned();
        let before = SystemFile {
            file: file.clone(),
            text: text.clone(),
        };
        assert!(before.write().is_ok());
        assert!(fs::read_to_string(&file).is_ok_and(|written| written == text));
        assert!(fs::remove_dir_all(folder).is_ok());
    }

    #[test]
    fn an_unknown_field_is_refused() {
        assert!(Tools::parse("[cargo]\n[program]\n[toolchain]\n[other]\n").is_err());
    }
}
