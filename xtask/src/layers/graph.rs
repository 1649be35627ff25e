//! The declared dependencies of every package, held against the table.

use std::path::Path;

use anyhow::{Context as _, Result};
use cargo_metadata::{DependencyKind, Metadata, MetadataCommand, TargetKind};

use super::rules::{
    ASYNC_RUNTIMES, Character, CrateRule, NETWORK, NETWORK_DOORS, PURE_EXTERNAL, TEST_HELPERS, of,
};
use crate::project::Project;

/// A package of the workspace as its manifest declares it.
#[derive(Debug)]
pub(super) struct Package {
    pub(super) name: String,
    /// Relative to the workspace.
    pub(super) folder: String,
    pub(super) has_build_script: bool,
    pub(super) dependencies: Vec<Dependency>,
}

/// One line of a manifest's dependencies, optional ones included.
#[derive(Debug)]
pub(super) struct Dependency {
    pub(super) name: String,
    /// A path dependency: part of the project.
    pub(super) internal: bool,
    /// Reached only by tests.
    pub(super) dev: bool,
    pub(super) default_features: bool,
    pub(super) features: Vec<String>,
}

type Check = fn(&[Package], &[CrateRule]) -> Vec<String>;

/// The checks by name. None needs the network: the manifests are enough.
pub(super) const CHECKS: [(&str, Check); 5] = [
    ("known-crates", unknown_crates),
    ("direction", upward_arrows),
    ("pure-dependencies", impure_dependencies),
    ("async-runtimes", stray_runtimes),
    ("network-crates", network_crates),
];

/// Reads the manifests. Dependencies are not resolved, so that a cycle is reported by name.
pub(super) fn read(project: &Project) -> Result<Vec<Package>> {
    let metadata = MetadataCommand::new()
        .current_dir(project.root())
        .no_deps()
        .exec()
        .context("cargo metadata could not read the manifests")?;
    packages_of(&metadata)
}

fn packages_of(metadata: &Metadata) -> Result<Vec<Package>> {
    let mut packages = Vec::new();
    for package in &metadata.packages {
        let folder = package
            .manifest_path
            .parent()
            .context("a manifest without a folder")?
            .strip_prefix(&metadata.workspace_root)?;
        let dependencies = package
            .dependencies
            .iter()
            .map(|dependency| Dependency {
                name: dependency.name.clone(),
                internal: dependency.path.is_some(),
                dev: dependency.kind == DependencyKind::Development,
                default_features: dependency.uses_default_features,
                features: dependency.features.clone(),
            })
            .collect();
        packages.push(Package {
            name: package.name.to_string(),
            folder: folder.to_string(),
            has_build_script: package
                .targets
                .iter()
                .any(|target| target.kind.contains(&TargetKind::CustomBuild)),
            dependencies,
        });
    }
    packages.sort_by(|left, right| left.name.cmp(&right.name));
    Ok(packages)
}

/// The packages of one character, with the folder of their sources.
pub(super) fn of_character<'packages>(
    packages: &'packages [Package],
    rules: &'packages [CrateRule],
    character: Character,
) -> impl Iterator<Item = &'packages Package> {
    packages.iter().filter(move |package| {
        of(rules, &package.name).is_some_and(|rule| rule.character == character)
    })
}

fn unknown_crates(packages: &[Package], rules: &[CrateRule]) -> Vec<String> {
    packages
        .iter()
        .filter_map(|package| match of(rules, &package.name) {
            None => Some(format!(
                "{} ({}) has no place: add it to xtask/src/layers/rules.rs",
                package.name, package.folder
            )),
            Some(rule) if Path::new(rule.folder) != Path::new(&package.folder) => Some(format!(
                "{} lies in {}, its place is {}",
                package.name, package.folder, rule.folder
            )),
            Some(_) => None,
        })
        .collect()
}

fn upward_arrows(packages: &[Package], rules: &[CrateRule]) -> Vec<String> {
    let mut violations = Vec::new();
    for package in packages {
        // A package without a rule is reported by `known-crates`.
        let Some(rule) = of(rules, &package.name) else {
            continue;
        };
        for dependency in package.dependencies.iter().filter(|used| used.internal) {
            let used = dependency.name.as_str();
            let allowed = if dependency.dev {
                TEST_HELPERS.contains(&used)
                    || of(rules, used).is_some_and(|used| used.layer < rule.layer)
            } else {
                rule.may_use.contains(&used)
            };
            if !allowed {
                violations.push(format!(
                    "{} (layer {}) may not use {used}{}; it may use {}",
                    rule.name,
                    rule.layer,
                    if dependency.dev { " in its tests" } else { "" },
                    if rule.may_use.is_empty() {
                        "no crate of the project".to_owned()
                    } else {
                        rule.may_use.join(", ")
                    }
                ));
            }
        }
    }
    violations
}

fn impure_dependencies(packages: &[Package], rules: &[CrateRule]) -> Vec<String> {
    let mut violations = Vec::new();
    for package in of_character(packages, rules, Character::Pure) {
        if package.has_build_script {
            violations.push(format!("{} has a build script", package.name));
        }
        let shipped = package
            .dependencies
            .iter()
            .filter(|used| !used.internal && !used.dev);
        for used in shipped {
            let fault = if !PURE_EXTERNAL.contains(&used.name.as_str()) {
                format!("only {} are allowed", PURE_EXTERNAL.join(", "))
            } else if used.default_features {
                "its default features must be off".to_owned()
            } else if used.features.iter().any(|feature| feature == "std") {
                "its feature std must be off".to_owned()
            } else {
                continue;
            };
            violations.push(format!("{} uses {}: {fault}", package.name, used.name));
        }
    }
    violations
}

fn stray_runtimes(packages: &[Package], rules: &[CrateRule]) -> Vec<String> {
    let mut violations = Vec::new();
    for package in packages {
        let is_runtime =
            of(rules, &package.name).is_none_or(|rule| rule.character == Character::Runtime);
        if !is_runtime {
            violations.extend(uses_of(package, &ASYNC_RUNTIMES).map(|used| {
                format!(
                    "{} uses {used}: only the engine, the binary and the adapters are async",
                    package.name
                )
            }));
        }
    }
    violations
}

fn network_crates(packages: &[Package], _rules: &[CrateRule]) -> Vec<String> {
    let others = packages
        .iter()
        .filter(|package| !NETWORK_DOORS.contains(&package.name.as_str()));
    let strays = others.flat_map(|package| {
        uses_of(package, &NETWORK).map(|used| {
            format!(
                "{} uses {used}: only ios012-secrets and ios012-postgres open connections",
                package.name
            )
        })
    });
    strays.collect()
}

/// The named crates that a package ships with; its tests may use more.
fn uses_of<'package>(
    package: &'package Package,
    names: &'static [&'static str],
) -> impl Iterator<Item = &'package str> {
    package
        .dependencies
        .iter()
        .filter(|used| !used.dev)
        .map(|used| used.name.as_str())
        .filter(|used| names.contains(used))
}

#[cfg(test)]
mod tests {
    use super::super::rules::CRATES;
    use super::*;

    fn external(name: &str) -> Dependency {
        Dependency {
            name: name.to_owned(),
            internal: false,
            dev: false,
            default_features: false,
            features: Vec::new(),
        }
    }

    fn internal(name: &str) -> Dependency {
        Dependency {
            internal: true,
            ..external(name)
        }
    }

    fn package(name: &str, dependencies: Vec<Dependency>) -> Package {
        let folder = of(&CRATES, name).map_or("crates/stranger", |rule| rule.folder);
        Package {
            name: name.to_owned(),
            folder: folder.to_owned(),
            has_build_script: false,
            dependencies,
        }
    }

    /// The names of the checks that object.
    fn failing(packages: &[Package]) -> Vec<&'static str> {
        CHECKS
            .iter()
            .filter(|(_, violations_in)| !violations_in(packages, &CRATES).is_empty())
            .map(|(check, _)| *check)
            .collect()
    }

    #[test]
    fn a_sound_graph_passes() {
        let packages = [
            package("ios012-core", vec![external("jiff")]),
            package(
                "ios012-lineage",
                vec![internal("ios012-core"), external("sha2")],
            ),
            package(
                "ios012-engine",
                vec![internal("ios012-broker"), external("tokio")],
            ),
        ];
        assert_eq!(failing(&packages), [""; 0]);
    }

    #[test]
    fn each_violation_is_found_by_its_own_check() {
        let with_std = Dependency {
            features: vec!["std".to_owned()],
            ..external("jiff")
        };
        let with_defaults = Dependency {
            default_features: true,
            ..external("jiff")
        };
        let upward_test = Dependency {
            dev: true,
            ..internal("ios012-engine")
        };
        for (expected, name, dependency) in [
            ("known-crates", "ios012-stranger", external("serde")),
            ("direction", "ios012-core", internal("ios012-lineage")),
            (
                "direction",
                "ios012-lineage",
                internal("ios012-constraints"),
            ),
            ("direction", "ios012-lineage", upward_test),
            ("pure-dependencies", "ios012-core", external("rand")),
            ("pure-dependencies", "ios012-constraints", with_std),
            ("pure-dependencies", "ios012-constraints", with_defaults),
            ("async-runtimes", "ios012-lineage", external("tokio")),
            ("network-crates", "ios012-cli", external("reqwest")),
        ] {
            let packages = [package(name, vec![dependency])];
            assert_eq!(failing(&packages), [expected], "{packages:?}");
        }
    }

    #[test]
    fn tests_may_reach_below_and_use_any_library() {
        let dev = |dependency| Dependency {
            dev: true,
            ..dependency
        };
        let packages = [
            package("ios012-core", vec![dev(external("proptest"))]),
            package("ios012-engine", vec![dev(internal("ios012-paper"))]),
        ];
        assert_eq!(failing(&packages), [""; 0]);
    }

    #[test]
    fn a_crate_in_the_wrong_folder_and_a_build_script_are_found() {
        let mut moved = package("ios012-core", Vec::new());
        moved.folder = "crates/heart".to_owned();
        assert_eq!(failing(&[moved]), ["known-crates"]);
        let mut built = package("ios012-core", Vec::new());
        built.has_build_script = true;
        assert_eq!(failing(&[built]), ["pure-dependencies"]);
    }
}
