//! Leaks on purpose, which must be found.

use std::collections::BTreeSet;
use std::path::Path;
use std::process::Command;

use crate::leak::leaks;
use crate::report::Proof;
use crate::{CanaryError, Leak, Search};

/// A positive control: every canary is leaked in every form, on the way that outputs take, and must be found.
#[derive(Debug, Clone)]
pub struct Control {
    name: String,
    carries_zero: bool,
}

impl Control {
    /// A control with this name in the evidence.
    pub fn new(name: &str) -> Self {
        Self {
            name: name.to_owned(),
            carries_zero: true,
        }
    }

    /// On a way that carries no zero byte, as arguments and environments, UTF-16 is not leaked.
    #[must_use]
    pub fn without_zero_bytes(mut self) -> Self {
        self.carries_zero = false;
        self
    }
}

impl Search<'_> {
    /// Gives one leak after another to `leak`, which carries it on the way of an output to the probe: an empty search
    /// for the same canaries. What the probe does not find then, [`finish`](crate::Report::finish) refuses.
    ///
    /// # Errors
    /// What `leak` returns.
    pub fn control(
        &mut self,
        control: &Control,
        mut leak: impl FnMut(&mut Search<'_>, &Leak) -> Result<(), CanaryError>,
    ) -> Result<(), CanaryError> {
        let leaks = self.leaks(control);
        let mut proof = proof(control, &leaks);
        proof.found.clone_from(&proof.leaked);
        for one in &leaks {
            let mut probe = self.empty();
            leak(&mut probe, one)?;
            proof.channels.extend(probe.report().channels());
            // A form is found if each of its leaks is, as this form and no other.
            if !probe.report().found().contains(&one.form) {
                proof.found.remove(&one.form);
            }
        }
        self.record(proof);
        Ok(())
    }

    /// All leaks at once, a line each, where carrying is dear: the memory of a process, a core file. A form is found here
    /// if any of its leaks is: copies in memory cannot be told from each other.
    ///
    /// # Errors
    /// What `leak` returns.
    pub fn control_at_once(
        &mut self,
        control: &Control,
        leak: impl FnOnce(&mut Search<'_>, &[u8]) -> Result<(), CanaryError>,
    ) -> Result<(), CanaryError> {
        let leaks = self.leaks(control);
        let mut proof = proof(control, &leaks);
        let lines: Vec<&[u8]> = leaks.iter().map(Leak::bytes).collect();
        let mut probe = self.empty();
        leak(&mut probe, &lines.join(&b'\n'))?;
        proof.channels.extend(probe.report().channels());
        proof
            .found
            .extend(probe.report().found().intersection(&proof.leaked));
        self.record(proof);
        Ok(())
    }

    /// A control over bytes.
    ///
    /// # Errors
    /// None; as the other controls.
    pub fn control_bytes(&mut self) -> Result<(), CanaryError> {
        self.control(&Control::new("bytes"), |probe, leak| {
            probe.bytes("leak", leak.bytes());
            Ok(())
        })
    }

    /// A control over a folder of files, in a scratch folder that holds nothing else. What was leaked is removed.
    ///
    /// # Errors
    /// If the folder cannot be written or read.
    pub fn control_files(&mut self, scratch: &Path) -> Result<(), CanaryError> {
        let file = scratch.join("leak");
        self.control(&Control::new("files"), |probe, leak| {
            std::fs::write(&file, leak.bytes()).map_err(|error| unreadable("leak", error))?;
            let searched = probe.tree("scratch", scratch);
            std::fs::remove_file(&file).map_err(|error| unreadable("leak", error))?;
            searched
        })
    }

    /// A control over a program that prints all leaks, `cat`; it gets them by a file in a scratch folder.
    ///
    /// # Errors
    /// If the folder cannot be written, or there is no `cat`.
    pub fn control_child(&mut self, scratch: &Path) -> Result<(), CanaryError> {
        let file = scratch.join("leak");
        self.control_at_once(&Control::new("child"), |probe, leaks| {
            std::fs::write(&file, leaks).map_err(|error| unreadable("leak", error))?;
            let searched = probe.run("cat", Command::new("cat").arg(&file));
            std::fs::remove_file(&file).map_err(|error| unreadable("leak", error))?;
            searched.map(drop)
        })
    }

    fn leaks(&self, control: &Control) -> Vec<Leak> {
        let mut leaks = leaks(self.canaries(), self.report().searchable());
        leaks.retain(|leak| control.carries_zero || !leak.bytes().contains(&0));
        leaks
    }
}

fn proof(control: &Control, leaks: &[Leak]) -> Proof {
    Proof {
        name: control.name.clone(),
        channels: BTreeSet::new(),
        leaked: leaks.iter().map(|leak| leak.form).collect(),
        found: BTreeSet::new(),
    }
}

fn unreadable(what: &str, error: std::io::Error) -> CanaryError {
    CanaryError::Unreadable {
        what: what.to_owned(),
        error,
    }
}
