//! The copy of the tree that defects are planted in, below `target/plants`.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, ensure};

use super::plants::{Edit, Plant};
use crate::project::Project;

/// Release builds that cost a third: what they compute is the same, and speed is nobody's matter
/// here.
const QUICK_BUILDS: &[(&str, &str)] = &[
    ("CARGO_INCREMENTAL", "1"),
    ("CARGO_PROFILE_DEV_DEBUG", "false"),
    ("CARGO_PROFILE_RELEASE_CODEGEN_UNITS", "16"),
    ("CARGO_PROFILE_RELEASE_DEBUG", "false"),
    ("CARGO_PROFILE_RELEASE_INCREMENTAL", "true"),
    ("CARGO_PROFILE_RELEASE_LTO", "off"),
];

/// The commit of the copy without a plant.
const TREE: &str = "tree";

/// Makes the copy one of the tree as it is, committed or not, in a repository of its own.
pub(super) fn lay_out(project: &Project) -> Result<Project> {
    let folder = project.made("plants");
    let root = folder.join("tree");
    let copy = Project::at(&root)
        .with_target(&folder.join("target"))
        .with_variables(QUICK_BUILDS);
    mirror(project, &copy)?;
    let tools = copy.made("tools");
    if fs::symlink_metadata(&tools).is_err() {
        fs::create_dir_all(copy.root().join("target"))?;
        std::os::unix::fs::symlink(project.made("tools"), &tools)?;
    }
    // A new one each time: what an interrupted run left of it does not matter.
    let repository = root.join(".git");
    if repository.exists() {
        fs::remove_dir_all(repository)?;
    }
    copy.output("git", &["init", "--quiet"])?;
    commit(&copy, "the tree")?;
    copy.output("git", &["tag", TREE])?;
    Ok(copy)
}

/// Brings back the tree in whatever else differs: a property test that fails notes its case beside
/// its source.
pub(super) fn clean(copy: &Project) -> Result<()> {
    copy.output("git", &["reset", "--quiet", "--hard", TREE])?;
    copy.output("git", &["clean", "--quiet", "-d", "--force"])?;
    Ok(())
}

/// Files as they were before a plant; dropping it restores them too.
pub(super) struct Planted {
    before: Vec<(PathBuf, String)>,
}

impl Planted {
    pub(super) fn plant(root: &Path, plant: &Plant) -> Result<Self> {
        let mut planted = Self { before: Vec::new() };
        for edit in plant.edits {
            let path = root.join(edit.file);
            let text =
                fs::read_to_string(&path).with_context(|| format!("cannot read {}", edit.file))?;
            let new = edit.apply(&text).with_context(|| plant.defect)?;
            planted.before.push((path.clone(), text));
            fs::write(path, new)?;
        }
        Ok(planted)
    }

    /// Takes the plant back.
    pub(super) fn restore(mut self) -> Result<()> {
        while let Some((path, text)) = self.before.pop() {
            fs::write(path, text)?;
        }
        Ok(())
    }
}

impl Drop for Planted {
    fn drop(&mut self) {
        while let Some((path, text)) = self.before.pop() {
            // The next run copies the tree anew, whatever happens here.
            let _ = fs::write(path, text);
        }
    }
}

impl Edit {
    fn apply(&self, text: &str) -> Result<String> {
        let found = text.matches(self.old).count();
        let (file, old) = (self.file, self.old);
        ensure!(
            found == 1,
            "{file} holds {found} times, must be once: {old:?}"
        );
        Ok(text.replacen(old, self.new, 1))
    }
}

/// Makes the files of the copy those of the tree. What is the same is left alone, so that cargo
/// builds it once.
fn mirror(project: &Project, copy: &Project) -> Result<()> {
    let files = project.files()?;
    if copy.root().join(".git").exists() {
        for file in copy.files()? {
            if files.binary_search(&file).is_err() {
                fs::remove_file(copy.root().join(file))?;
            }
        }
    }
    for file in &files {
        let (from, to) = (project.root().join(file), copy.root().join(file));
        let wanted = fs::read(&from).with_context(|| format!("cannot read {file}"))?;
        if fs::read(&to).is_ok_and(|there| there == wanted) {
            continue;
        }
        if let Some(folder) = to.parent() {
            fs::create_dir_all(folder)?;
        }
        fs::copy(from, to).with_context(|| format!("cannot copy {file}"))?;
    }
    Ok(())
}

/// Commits whatever there is in the copy, under nobody's name.
pub(super) fn commit(copy: &Project, message: &str) -> Result<()> {
    copy.output("git", &["add", "--all"])?;
    let settings = [
        "user.name=self-test",
        "user.email=self-test@localhost",
        "commit.gpgsign=false",
    ];
    let mut arguments: Vec<&str> = settings.iter().flat_map(|set| ["-c", set]).collect();
    arguments.extend(["commit", "--quiet", "--no-verify", "--allow-empty"]);
    arguments.extend(["--message", message]);
    copy.output("git", &arguments)?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_that_does_not_stand_exactly_once_is_no_plant() {
        let edit = Edit {
            file: "a.rs",
            old: "x",
            new: "y",
        };
        assert_eq!(edit.apply("a x b").unwrap(), "a y b");
        assert!(edit.apply("a b").is_err());
        assert!(edit.apply("x x").is_err());
    }

    #[test]
    fn a_plant_is_taken_back_also_without_asking() {
        let folder = std::env::temp_dir().join(format!("ios012-plant-{}", std::process::id()));
        fs::create_dir_all(&folder).unwrap();
        let file = folder.join("a.rs");
        fs::write(&file, "fn right() {}").unwrap();
        let plant = Plant {
            check: "a",
            defect: "b",
            edits: &[Edit {
                file: "a.rs",
                old: "right",
                new: "wrong",
            }],
            says: "c",
            committed: true,
        };
        let planted = Planted::plant(&folder, &plant).unwrap();
        assert_eq!(fs::read_to_string(&file).unwrap(), "fn wrong() {}");
        drop(planted);
        assert_eq!(fs::read_to_string(&file).unwrap(), "fn right() {}");
        fs::remove_dir_all(&folder).unwrap();
    }
}
