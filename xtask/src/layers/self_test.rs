//! The check of the check: every planted violation must be found, by exactly the checks named.

use std::fs;
use std::path::Path;

use anyhow::{Context as _, Result, ensure};

use super::{Part, check};
use crate::project::Project;
use crate::table;
use crate::work::Outcome;

/// A violation and who must find it.
struct Plant {
    name: &'static str,
    edits: &'static [Edit],
    /// The checks that must fail, in their order; all others must not.
    found_by: &'static [&'static str],
    /// What the violations must speak of.
    mentions: &'static str,
}

enum Edit {
    /// Text at the end of a file, which is made if need be.
    Append(&'static str, &'static str),
    /// A text in a file and what stands there instead.
    Replace(&'static str, &'static str, &'static str),
}

use Edit::{Append, Replace};

const CORE_MANIFEST: &str = "crates/core/Cargo.toml";
const CORE: &str = "crates/core/src/lib.rs";
const CONSTRAINTS_MANIFEST: &str = "crates/constraints/Cargo.toml";
const CONSTRAINTS: &str = "crates/constraints/src/lib.rs";
const LINEAGE_MANIFEST: &str = "crates/lineage/Cargo.toml";
const LINEAGE: &str = "crates/lineage/src/lib.rs";
const BROKER_MANIFEST: &str = "adapters/broker/Cargo.toml";
const DEPENDENCIES: &str = "[dependencies]\n";

/// Everything compiles (or is never compiled), so that nothing is found by accident.
const PLANTS: [Plant; 15] = [
    Plant {
        name: "nothing: the copy as it is",
        edits: &[],
        found_by: &[],
        mentions: "",
    },
    Plant {
        name: "core uses lineage (a cycle)",
        edits: &[Replace(
            CORE_MANIFEST,
            DEPENDENCIES,
            "[dependencies]\nios012-lineage.workspace = true\n",
        )],
        found_by: &["direction"],
        mentions: "ios012-core (layer 0) may not use ios012-lineage",
    },
    Plant {
        name: "constraints uses lineage (same layer)",
        edits: &[Replace(
            CONSTRAINTS_MANIFEST,
            DEPENDENCIES,
            "[dependencies]\nios012-lineage.workspace = true\n",
        )],
        found_by: &["direction"],
        mentions: "ios012-constraints (layer 1) may not use ios012-lineage",
    },
    Plant {
        name: "a crate without a place",
        edits: &[
            Append(
                "crates/stranger/Cargo.toml",
                "[package]\nname = \"ios012-stranger\"\nedition = \"2024\"\n",
            ),
            Append("crates/stranger/src/lib.rs", "//! Planted.\n"),
        ],
        found_by: &["known-crates"],
        mentions: "ios012-stranger (crates/stranger) has no place",
    },
    Plant {
        name: "core uses rand",
        edits: &[Replace(
            CORE_MANIFEST,
            DEPENDENCIES,
            "[dependencies]\nrand = { version = \"0.10\", default-features = false }\n",
        )],
        found_by: &["pure-dependencies"],
        mentions: "ios012-core uses rand",
    },
    Plant {
        name: "lineage uses tokio",
        edits: &[Replace(
            LINEAGE_MANIFEST,
            DEPENDENCIES,
            "[dependencies]\ntokio = \"1\"\n",
        )],
        found_by: &["async-runtimes"],
        mentions: "ios012-lineage uses tokio",
    },
    Plant {
        name: "broker uses reqwest",
        edits: &[Replace(
            BROKER_MANIFEST,
            DEPENDENCIES,
            "[dependencies]\nreqwest = \"0.13\"\n",
        )],
        found_by: &["network-crates"],
        mentions: "ios012-broker uses reqwest",
    },
    Plant {
        name: "core reads a file",
        edits: &[Append(
            CORE,
            "\nextern crate std;\n/// Planted.\n#[must_use]\npub fn planted() -> bool {\n    \
             std::fs::read(\"planted\").is_ok()\n}\n",
        )],
        found_by: &["pure-sources", "api-bans"],
        mentions: "disallowed method `std::fs::read`",
    },
    Plant {
        name: "core names a float",
        edits: &[Append(
            CORE,
            "\n/// Planted.\npub const PLANTED: f64 = 1_f64;\n",
        )],
        found_by: &["pure-sources", "api-bans"],
        mentions: "disallowed type `f64`",
    },
    Plant {
        name: "core has a float that nobody names",
        edits: &[Append(
            CORE,
            "\n/// Planted.\n#[must_use]\npub fn planted(value: ethnum::I256) -> bool {\n    \
             value.as_f64() * value.as_f64() > value.as_f64()\n}\n",
        )],
        found_by: &["api-bans"],
        mentions: "floating-point arithmetic",
    },
    Plant {
        name: "constraints has a hash map",
        edits: &[Append(
            CONSTRAINTS,
            "\nextern crate std;\n/// Planted.\n#[must_use]\npub fn planted() -> usize {\n    \
             std::collections::HashMap::<u8, u8>::new().len()\n}\n",
        )],
        found_by: &["pure-sources", "api-bans"],
        mentions: "disallowed type `std::collections::HashMap`",
    },
    Plant {
        name: "core is async",
        edits: &[Append(
            CORE,
            "\n/// Planted.\n#[must_use]\npub fn planted() -> usize {\n    \
             size_of_val(&async {})\n}\n",
        )],
        found_by: &["pure-sources"],
        mentions: "`async`",
    },
    Plant {
        name: "core is not no_std",
        edits: &[Replace(CORE, "#![no_std]\n", "")],
        found_by: &["pure-sources"],
        mentions: "#![no_std] is missing",
    },
    Plant {
        name: "lineage opens a connection",
        edits: &[Append(
            LINEAGE,
            "\n/// Planted.\npub fn planted() -> bool {\n    \
             std::net::TcpStream::connect(\"localhost:1\").is_ok()\n}\n",
        )],
        found_by: &["offline-sources"],
        mentions: "std::net",
    },
    Plant {
        name: "lineage looks at the clock",
        edits: &[Append(
            LINEAGE,
            "\n/// Planted.\npub fn planted() -> std::time::SystemTime {\n    \
             std::time::SystemTime::now()\n}\n",
        )],
        found_by: &["offline-sources"],
        mentions: "SystemTime",
    },
];

impl Plant {
    /// Whether the checks of a part have a say. Nothing planted concerns all of them.
    fn concerns(&self, part: Part) -> bool {
        self.edits.is_empty() || self.found_by.iter().any(|check| part.has(check))
    }
}

/// Plants each violation in a copy of the workspace and prints who found it. True if every plant
/// was found by exactly the checks that it names.
pub(crate) fn run(project: &Project, part: Part) -> Result<bool> {
    let folder = project.made("layers-self-test");
    let copy = folder.join("workspace");
    copy_workspace(project, &copy)?;
    let copy = Project::at(&copy).with_target(&folder.join("target"));
    let mut rows = Vec::new();
    let mut faults = 0_usize;
    for plant in PLANTS.iter().filter(|plant| plant.concerns(part)) {
        let verdict = try_plant(&copy, part, plant).with_context(|| plant.name)?;
        faults += usize::from(verdict.is_err());
        let (word, detail) = match verdict {
            Ok(found_by) => ("PASS", found_by),
            Err(fault) => {
                println!("{}: {fault}", plant.name);
                ("FAIL", "see above".to_owned())
            }
        };
        rows.push([plant.name.to_owned(), word.to_owned(), detail]);
    }
    print!(
        "{}",
        table::render(["planted", "result", "found by"], &rows)
    );
    println!("{} plants, {faults} not found as they must be", rows.len());
    Ok(faults == 0)
}

/// Who found the plant, or what went otherwise than it must.
fn try_plant(copy: &Project, part: Part, plant: &Plant) -> Result<Result<String, String>> {
    let before = plant
        .edits
        .iter()
        .map(|edit| {
            Ok((
                edit.file(),
                read_if_present(&copy.root().join(edit.file()))?,
            ))
        })
        .collect::<Result<Vec<_>>>()?;
    for edit in plant.edits {
        edit.apply(copy.root())?;
    }
    let findings = check(copy, part)?;
    for (file, text) in before {
        let path = copy.root().join(file);
        match text {
            Some(text) => fs::write(path, text)?,
            None => fs::remove_file(path)?,
        }
    }
    // The glob of the workspace takes every folder for a package.
    let stranger = copy.root().join("crates/stranger");
    if stranger.exists() {
        fs::remove_dir_all(stranger)?;
    }
    let failed: Vec<&str> = findings
        .iter()
        .filter(|finding| matches!(finding.outcome, Outcome::Failed(_)))
        .map(|finding| finding.check)
        .collect();
    let said: Vec<&str> = findings
        .iter()
        .flat_map(|finding| &finding.violations)
        .map(String::as_str)
        .collect();
    if failed != plant.found_by {
        return Ok(Err(format!(
            "found by {failed:?}, must be {:?}:\n    {}",
            plant.found_by,
            said.join("\n    ")
        )));
    }
    if !said.is_empty() && !said.iter().any(|line| line.contains(plant.mentions)) {
        return Ok(Err(format!(
            "nobody speaks of {:?}:\n    {}",
            plant.mentions,
            said.join("\n    ")
        )));
    }
    Ok(Ok(failed.join(", ")))
}

impl Edit {
    const fn file(&self) -> &'static str {
        match self {
            Append(file, _) | Replace(file, ..) => file,
        }
    }

    fn apply(&self, root: &Path) -> Result<()> {
        let path = root.join(self.file());
        let old = read_if_present(&path)?.unwrap_or_default();
        let new = match self {
            Append(_, text) => old.clone() + text,
            Replace(_, from, to) => old.replacen(from, to, 1),
        };
        ensure!(new != old, "nothing to plant in {}", path.display());
        if let Some(folder) = path.parent() {
            fs::create_dir_all(folder)?;
        }
        fs::write(path, new)?;
        Ok(())
    }
}

fn read_if_present(path: &Path) -> Result<Option<String>> {
    if !path.exists() {
        return Ok(None);
    }
    let text =
        fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))?;
    Ok(Some(text))
}

/// Copies manifests and sources: all that cargo and clippy look at.
fn copy_workspace(project: &Project, copy: &Path) -> Result<()> {
    if copy.exists() {
        fs::remove_dir_all(copy)?;
    }
    let wanted = |file: &str| {
        let top = [
            "Cargo.toml",
            "Cargo.lock",
            "clippy.toml",
            "rust-toolchain.toml",
        ];
        top.contains(&file)
            || ["crates/", "adapters/", "xtask/"]
                .iter()
                .any(|folder| file.starts_with(folder))
    };
    for file in project.files()?.iter().filter(|file| wanted(file)) {
        let to = copy.join(file);
        if let Some(folder) = to.parent() {
            fs::create_dir_all(folder)?;
        }
        fs::copy(project.root().join(file), to).with_context(|| format!("cannot copy {file}"))?;
    }
    Ok(())
}
