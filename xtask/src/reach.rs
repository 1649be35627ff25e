//! Which files the tests of a package can depend on.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::{Context as _, Result};
use cargo_metadata::MetadataCommand;

use crate::project::Project;

/// The packages of the workspace: where each lies, and which others it depends on.
#[derive(Debug)]
pub(crate) struct Reach {
    packages: BTreeMap<String, Package>,
}

#[derive(Debug)]
struct Package {
    /// With a slash at its end, relative to the workspace.
    folder: String,
    /// Of the workspace, in any way: also for tests alone.
    uses: Vec<String>,
}

impl Reach {
    /// Reads the manifests.
    pub(crate) fn read(project: &Project) -> Result<Self> {
        let metadata = MetadataCommand::new()
            .current_dir(project.root())
            .no_deps()
            .exec()
            .context("cargo metadata could not read the manifests")?;
        let mut packages = BTreeMap::new();
        for package in &metadata.packages {
            let folder = package.manifest_path.parent();
            let folder = folder.context("a manifest without a folder")?;
            let folder = folder.strip_prefix(&metadata.workspace_root)?;
            let internal = package.dependencies.iter();
            let internal = internal.filter(|dependency| dependency.path.is_some());
            packages.insert(
                package.name.to_string(),
                Package {
                    folder: format!("{folder}/"),
                    uses: internal.map(|dependency| dependency.name.clone()).collect(),
                },
            );
        }
        Ok(Self { packages })
    }

    /// Whether a change of `file` can change what tests of `packages` do. A file of another package
    /// that they do not depend on can't; one outside all packages (a manifest, a lock, test data)
    /// can.
    pub(crate) fn tests_see(&self, packages: &[&str], file: &str) -> bool {
        let mut owners = self.packages.iter();
        let owner = owners.find(|(_, package)| file.starts_with(&package.folder));
        owner.is_none_or(|(owner, _)| self.closure(packages).contains(owner.as_str()))
    }

    /// The packages and all that they depend on.
    fn closure<'reach>(&'reach self, packages: &[&'reach str]) -> BTreeSet<&'reach str> {
        let mut closure = BTreeSet::new();
        let mut open = packages.to_vec();
        while let Some(name) = open.pop() {
            if closure.insert(name)
                && let Some(package) = self.packages.get(name)
            {
                open.extend(package.uses.iter().map(String::as_str));
            }
        }
        closure
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tests_see_their_package_what_it_uses_and_what_belongs_to_none() {
        let package = |folder: &str, uses: &[&str]| Package {
            folder: folder.to_owned(),
            uses: uses.iter().map(|&name| name.to_owned()).collect(),
        };
        let reach = Reach {
            packages: BTreeMap::from([
                ("core".to_owned(), package("crates/core/", &[])),
                ("limits".to_owned(), package("crates/limits/", &["core"])),
                ("engine".to_owned(), package("crates/engine/", &["limits"])),
            ]),
        };
        assert!(reach.tests_see(&["engine"], "crates/core/src/lib.rs"));
        assert!(reach.tests_see(&["core"], "crates/core/src/lib.rs"));
        assert!(!reach.tests_see(&["core", "limits"], "crates/engine/src/lib.rs"));
        assert!(!reach.tests_see(&["core"], "crates/limits/src/lib.rs"));
        assert!(reach.tests_see(&["core"], "Cargo.lock"));
    }
}
