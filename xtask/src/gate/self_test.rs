//! The check of a gate: each planted defect must make exactly the check fail that is named for it.
//!
//! All of it happens in a copy below `target/plants`. The copy is brought up to the tree before
//! every run, so a run that was interrupted leaves nothing behind that counts.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context as _, Result, bail, ensure};

use super::plants::{Edit, PLANTS, Plant};
use super::{Check, ErrorClass, Gate, coverage};
use crate::clock::Stopwatch;
use crate::project::Project;
use crate::reach::Reach;
use crate::table;
use crate::tools::Tools;
use crate::work::{Outcome, Proof, perform_quietly, read_log, seconds};

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

/// The copy, and what runs in it.
struct Field<'project> {
    project: &'project Project,
    copy: Project,
    tools: Tools,
    reach: Reach,
    checks: Vec<&'static Check>,
}

/// A plant and what became of it.
struct Trial {
    plant: &'static Plant,
    failed: Vec<&'static str>,
    passed: usize,
    not_affected: usize,
    /// What went otherwise than it must.
    fault: Option<String>,
}

/// Plants each defect of a gate and prints who found it. True if nothing fails where nothing is
/// planted, and each defect is found by exactly its check.
pub(super) fn run(project: &Project, gate: Gate, only: Option<&str>) -> Result<bool> {
    let stopwatch = Stopwatch::start();
    let plants = chosen(gate, only)?;
    let field = Field::lay_out(project, gate)?;
    println!("nothing planted");
    let failed = field.run_checks(None)?.failed();
    if !failed.is_empty() {
        let failed = failed.join(", ");
        println!("Without a plant all must pass, and {failed} did not. Nothing was planted.");
        return Ok(false);
    }
    let covered = coverage::run(&field.copy, gate)?;
    let mut trials = Vec::new();
    for (position, plant) in plants.iter().enumerate() {
        let count = plants.len();
        println!(
            "[{}/{count}] {}: {}",
            position + 1,
            plant.check,
            plant.defect
        );
        let trial = field.try_plant(plant).with_context(|| plant.defect)?;
        if let Some(fault) = &trial.fault {
            println!("      {fault}");
        }
        trials.push(trial);
    }
    print!("\n{}", render(&trials));
    let good = trials.iter().filter(|trial| trial.fault.is_none()).count();
    println!(
        "{good} of {} plants made exactly their check fail; tests {}; {}",
        trials.len(),
        if covered {
            "each in one check"
        } else {
            "not each in one check"
        },
        seconds(stopwatch.elapsed()),
    );
    Ok(covered && good == trials.len() && good > 0)
}

/// The plants of a gate, or of one of its checks.
fn chosen(gate: Gate, only: Option<&str>) -> Result<Vec<&'static Plant>> {
    let ids: Vec<&str> = gate.checks().iter().map(|check| check.id).collect();
    let wanted = |plant: &&Plant| match only {
        Some(only) => plant.check == only,
        None => ids.contains(&plant.check),
    };
    if let Some(only) = only
        && !ids.contains(&only)
    {
        bail!("{gate:?} has no check {only:?}; it has {}", ids.join(", "));
    }
    let plants: Vec<&Plant> = PLANTS.iter().filter(wanted).collect();
    ensure!(!plants.is_empty(), "there is no plant for it");
    Ok(plants)
}

/// The checks that a plant of a gate is held against: its own, and those of class A of the others.
fn checks_against(gate: Gate) -> Vec<&'static Check> {
    let mut checks: Vec<&Check> = gate.checks().iter().collect();
    for other in Gate::ALL.into_iter().filter(|other| *other != gate) {
        let grave = other.checks().iter();
        checks.extend(grave.filter(|check| check.class == ErrorClass::A));
    }
    checks.retain(|check| !check.steps.is_empty());
    checks
}

/// What each check said.
struct Verdicts(Vec<(&'static Check, Verdict)>);

enum Verdict {
    Ran(Outcome),
    /// Its outcome is that without the plant.
    NotAffected,
}

impl Verdicts {
    fn failed(&self) -> Vec<&'static str> {
        let failed = self.0.iter().filter(|(_, verdict)| match verdict {
            Verdict::Ran(outcome) => !outcome.passed(),
            Verdict::NotAffected => false,
        });
        failed.map(|(check, _)| check.id).collect()
    }

    fn not_affected(&self) -> usize {
        let verdicts = self.0.iter();
        verdicts
            .filter(|(_, verdict)| matches!(verdict, Verdict::NotAffected))
            .count()
    }
}

impl<'project> Field<'project> {
    /// Copies the tree as it is, committed or not, into a repository of its own.
    fn lay_out(project: &'project Project, gate: Gate) -> Result<Self> {
        let folder = project.made("plants");
        let root = folder.join("tree");
        let copy = Project::at(&root)
            .with_target(&folder.join("target"))
            .with_variables(QUICK_BUILDS);
        mirror(project, &copy)?;
        let tools = copy.made("tools");
        if !tools.exists() {
            fs::create_dir_all(copy.root().join("target"))?;
            std::os::unix::fs::symlink(project.made("tools"), &tools)?;
        }
        if !root.join(".git").exists() {
            copy.output("git", &["init", "--quiet"])?;
        }
        commit(&copy, "the tree")?;
        Ok(Self {
            project,
            tools: Tools::read(&copy)?,
            reach: Reach::read(&copy)?,
            checks: checks_against(gate),
            copy,
        })
    }

    fn try_plant(&self, plant: &'static Plant) -> Result<Trial> {
        let planted = Planted::plant(self.copy.root(), plant)?;
        if plant.committed {
            commit(&self.copy, plant.defect)?;
        }
        let verdicts = self.run_checks(Some(plant))?;
        planted.restore()?;
        commit(&self.copy, "the tree again")?;
        let failed = verdicts.failed();
        let not_affected = verdicts.not_affected();
        Ok(Trial {
            plant,
            passed: verdicts.0.len() - failed.len() - not_affected,
            not_affected,
            fault: self.fault(plant, &failed)?,
            failed,
        })
    }

    fn fault(&self, plant: &Plant, failed: &[&str]) -> Result<Option<String>> {
        if failed != [plant.check] {
            return Ok(Some(match failed {
                [] => "nobody found it".to_owned(),
                found => format!("found by {}", found.join(", ")),
            }));
        }
        let log = self.log(Some(plant), plant.check);
        if read_log(&log)?.contains(plant.says) {
            return Ok(None);
        }
        let (says, log) = (plant.says, log.display());
        Ok(Some(format!("{says:?} does not stand in {log}")))
    }

    /// Runs every check that a plant can reach, one after the other.
    fn run_checks(&self, plant: Option<&Plant>) -> Result<Verdicts> {
        let mut verdicts = Vec::new();
        for check in &self.checks {
            if plant.is_some_and(|plant| !self.affects(plant, check)) {
                verdicts.push((*check, Verdict::NotAffected));
                continue;
            }
            let log = self.log(plant, check.id);
            let (outcome, time) = match check.hindrance(&self.copy, &self.tools) {
                Some(reason) => (Outcome::NotRun(reason), Duration::ZERO),
                None => perform_quietly(&self.copy, check.steps, check.proof, &log)?,
            };
            println!("      {} {} {}", check.id, outcome.word(), seconds(time));
            if !outcome.passed() && plant.is_none_or(|plant| plant.check != check.id) {
                println!("        {}; see {}", outcome.detail(), log.display());
            }
            verdicts.push((*check, Verdict::Ran(outcome)));
        }
        Ok(Verdicts(verdicts))
    }

    /// Tests see only their package and what it depends on. Every other check may see all.
    fn affects(&self, plant: &Plant, check: &Check) -> bool {
        if check.proof != Proof::Tests {
            return true;
        }
        let mut files = plant.edits.iter().map(|edit| edit.file);
        files.any(|file| self.reach.tests_see(&check.packages(), file))
    }

    fn log(&self, plant: Option<&Plant>, check: &str) -> PathBuf {
        let place = plant.map_or("nothing", |plant| plant.check);
        let position = plant.map_or(0, |plant| {
            let same = PLANTS.iter().filter(|other| other.check == plant.check);
            same.take_while(|other| other.defect != plant.defect)
                .count()
        });
        let logs = self.project.made("gates").join("self-test");
        logs.join(format!("{place}-{position}"))
            .join(format!("{check}.log"))
    }
}

/// Files as they were before a plant; dropping it restores them too.
struct Planted {
    before: Vec<(PathBuf, String)>,
}

impl Planted {
    fn plant(root: &Path, plant: &Plant) -> Result<Self> {
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

    fn restore(mut self) -> Result<()> {
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
fn commit(copy: &Project, message: &str) -> Result<()> {
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

fn render(trials: &[Trial]) -> String {
    let rows: Vec<[String; 5]> = trials
        .iter()
        .map(|trial| {
            [
                trial.plant.check.to_owned(),
                trial.plant.defect.to_owned(),
                trial.failed.join(", "),
                format!("{} pass, {} not affected", trial.passed, trial.not_affected),
                match trial.fault {
                    None => "PASS".to_owned(),
                    Some(_) => "FAIL".to_owned(),
                },
            ]
        })
        .collect();
    let head = ["must fail", "planted", "failed", "other checks", "result"];
    table::render(head, &rows)
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

    #[test]
    fn plants_are_held_against_the_grave_checks_of_every_gate() {
        let ids = |gate| {
            checks_against(gate)
                .iter()
                .map(|check| check.id)
                .collect::<Vec<_>>()
        };
        assert!(ids(Gate::G1).contains(&"documentation"));
        assert!(ids(Gate::G1).contains(&"backtest-validation"));
        assert!(!ids(Gate::G1).contains(&"connection"));
        assert!(!ids(Gate::G3).contains(&"documentation"));
        assert!(chosen(Gate::G3, Some("layers")).is_err());
        assert_eq!(chosen(Gate::G1, Some("layers")).unwrap().len(), 1);
    }
}
