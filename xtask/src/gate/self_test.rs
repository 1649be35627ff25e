//! The check of a gate: each planted defect must make exactly the check fail that is named for it.
//!
//! All of it happens in a copy below `target/plants`. The copy is brought up to the tree before
//! every run, so a run that was interrupted leaves nothing behind that counts.

use std::path::PathBuf;
use std::time::Duration;

use anyhow::{Context as _, Result, bail, ensure};

use super::copy::{Planted, clean, commit, lay_out};
use super::plants::{PLANTS, Plant};
use super::{Check, ErrorClass, Gate, coverage};
use crate::clock::Stopwatch;
use crate::project::Project;
use crate::reach::Reach;
use crate::table;
use crate::tools::Tools;
use crate::work::{Outcome, Proof, perform_quietly, read_log, seconds};

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
pub(super) fn run(project: &Project, gate: Gate, only: &[String]) -> Result<bool> {
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

/// The plants of a gate, or of some of its checks.
fn chosen(gate: Gate, only: &[String]) -> Result<Vec<&'static Plant>> {
    let ids: Vec<&str> = gate.checks().iter().map(|check| check.id).collect();
    if let Some(stranger) = only.iter().find(|only| !ids.contains(&only.as_str())) {
        bail!(
            "{gate:?} has no check {stranger:?}; it has {}",
            ids.join(", ")
        );
    }
    let wanted = |plant: &&Plant| {
        let named = only.is_empty() || only.iter().any(|only| only == plant.check);
        named && ids.contains(&plant.check)
    };
    let plants: Vec<&Plant> = PLANTS.iter().filter(wanted).collect();
    ensure!(!plants.is_empty(), "there is no plant for it");
    Ok(plants)
}

/// The checks that a plant of a gate is held against: its own, and those of class A of the gates before
/// it. A defect that an earlier gate finds too says nothing of this one; a later gate may find more.
fn checks_against(gate: Gate) -> Vec<&'static Check> {
    let mut checks: Vec<&Check> = gate.checks().iter().collect();
    for before in Gate::ALL.into_iter().take_while(|other| *other != gate) {
        let grave = before.checks().iter();
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
    fn lay_out(project: &'project Project, gate: Gate) -> Result<Self> {
        let copy = lay_out(project)?;
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
        clean(&self.copy)?;
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
    fn plants_are_held_against_the_grave_checks_of_the_gates_before() {
        let ids = |gate| {
            checks_against(gate)
                .iter()
                .map(|check| check.id)
                .collect::<Vec<_>>()
        };
        assert!(ids(Gate::G1).contains(&"documentation"));
        assert!(!ids(Gate::G1).contains(&"backtest-validation"));
        assert!(ids(Gate::G3).contains(&"backtest-validation"));
        assert!(ids(Gate::G3).contains(&"limit-enforcement"));
        assert!(ids(Gate::G3).contains(&"safe-prefixes"));
        assert!(!ids(Gate::G3).contains(&"documentation"));
        let layers = ["layers".to_owned()];
        assert!(chosen(Gate::G3, &layers).is_err());
        assert_eq!(chosen(Gate::G1, &layers).unwrap().len(), 1);
    }
}
