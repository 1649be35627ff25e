//! The search itself, over each kind of output.

use std::fs::File;
use std::io::Read;
use std::path::Path;
use std::process::{Command, Output};
use std::rc::Rc;

use crate::core_file;
use crate::pattern::Patterns;
use crate::process::{self, ProcessMemory};
use crate::report::Source;
use crate::scan::{CHUNK, Scanner};
use crate::tree;
use crate::{Canaries, CanaryError, Channel, Report};

/// Searches outputs for canaries, and counts what it does in a [`Report`]. The memory that it needs does not grow with
/// the outputs.
pub struct Search<'canaries> {
    canaries: &'canaries Canaries,
    patterns: Rc<Patterns>,
    report: Report,
}

impl<'canaries> Search<'canaries> {
    /// A search for all canaries that there are by now.
    ///
    /// # Errors
    /// If there is none, or they make too many patterns.
    pub fn new(canaries: &'canaries Canaries) -> Result<Self, CanaryError> {
        let patterns = Rc::new(Patterns::new(canaries)?);
        Ok(Self {
            canaries,
            report: Report::new(canaries, &patterns),
            patterns,
        })
    }

    /// A search for the same canaries with a report of its own, as for an output that must hold one.
    pub fn empty(&self) -> Self {
        Self {
            canaries: self.canaries,
            patterns: Rc::clone(&self.patterns),
            report: Report::new(self.canaries, &self.patterns),
        }
    }

    /// What was done so far.
    pub fn report(&self) -> &Report {
        &self.report
    }

    /// Searches bytes that the test has.
    pub fn bytes(&mut self, name: &str, bytes: &[u8]) {
        self.bytes_of(name, Channel::Bytes, bytes);
    }

    /// Searches all that a reader has.
    ///
    /// # Errors
    /// If it cannot be read to its end.
    pub fn reader(&mut self, name: &str, reader: &mut impl Read) -> Result<(), CanaryError> {
        let searched = self.stream(name, Channel::Bytes, reader);
        self.noted(name, searched)
    }

    /// Searches a file.
    ///
    /// # Errors
    /// If it is none, or cannot be read.
    pub fn file(&mut self, name: &str, path: &Path) -> Result<(), CanaryError> {
        let file = open_file(name, path);
        let searched = file.and_then(|mut file| self.stream(name, Channel::File, &mut file));
        self.noted(name, searched)
    }

    /// Searches a folder: each file, the names, and where links point; links are not followed.
    ///
    /// # Errors
    /// If it is no folder, or a part of it cannot be read, or is a device.
    pub fn tree(&mut self, name: &str, folder: &Path) -> Result<(), CanaryError> {
        let searched = tree::search(&self.patterns, &mut self.report, name, folder);
        self.noted(name, searched)
    }

    /// Runs a program to its end and searches what it prints on both outputs.
    ///
    /// # Errors
    /// If it does not start. How it ends is for the caller to judge.
    pub fn run(&mut self, name: &str, command: &mut Command) -> Result<Output, CanaryError> {
        let output = command.output().map_err(|error| CanaryError::Program {
            what: name.to_owned(),
            error,
        });
        let output = self.noted(name, output)?;
        self.bytes_of(&format!("{name}: stdout"), Channel::Child, &output.stdout);
        self.bytes_of(&format!("{name}: stderr"), Channel::Child, &output.stderr);
        Ok(output)
    }

    /// Searches the environment of a process, as the kernel shows it.
    ///
    /// # Errors
    /// If it cannot be read, or the process has ended.
    pub fn environment(&mut self, name: &str, pid: u32) -> Result<(), CanaryError> {
        let environment = self.noted(name, process::environment(pid))?;
        self.bytes_of(name, Channel::Environment, &environment);
        Ok(())
    }

    /// Searches the arguments of a process, as the kernel shows them.
    ///
    /// # Errors
    /// If they cannot be read, or the process has ended.
    pub fn command_line(&mut self, name: &str, pid: u32) -> Result<(), CanaryError> {
        let arguments = self.noted(name, process::command_line(pid))?;
        self.bytes_of(name, Channel::CommandLine, &arguments);
        Ok(())
    }

    /// Searches each region of memory that the process may read. The process should wait meanwhile.
    ///
    /// # Errors
    /// If a region cannot be read, or the process has ended.
    pub fn memory(&mut self, name: &str, memory: &ProcessMemory) -> Result<(), CanaryError> {
        let searched = process::search(&self.patterns, &mut self.report, name, memory);
        self.noted(name, searched)
    }

    /// Searches a core file.
    ///
    /// # Errors
    /// If it cannot be read, is none, or was cut off.
    pub fn core_file(&mut self, name: &str, path: &Path) -> Result<(), CanaryError> {
        let searched = open_file(name, path).and_then(|mut file| {
            core_file::check(name, &file)?;
            self.stream(name, Channel::CoreFile, &mut file)
        });
        self.noted(name, searched)
    }

    pub(crate) fn canaries(&self) -> &Canaries {
        self.canaries
    }

    pub(crate) fn record(&mut self, proof: crate::report::Proof) {
        self.report.proved(proof);
    }

    /// What was not searched is remembered, even if the caller lets the error pass.
    fn noted<T>(&mut self, name: &str, result: Result<T, CanaryError>) -> Result<T, CanaryError> {
        if result.is_err() {
            self.report.failed(name);
        }
        result
    }

    fn bytes_of(&mut self, name: &str, channel: Channel, bytes: &[u8]) {
        let mut scanner = Scanner::new(&self.patterns);
        scanner.feed(bytes);
        finish(&mut self.report, name, channel, scanner);
    }

    fn stream(
        &mut self,
        name: &str,
        channel: Channel,
        reader: &mut impl Read,
    ) -> Result<(), CanaryError> {
        let mut scanner = Scanner::new(&self.patterns);
        let read = scanner.read(reader, CHUNK);
        finish(&mut self.report, name, channel, scanner);
        read.map_err(|error| CanaryError::Unreadable {
            what: name.to_owned(),
            error,
        })
    }
}

fn finish(report: &mut Report, name: &str, channel: Channel, scanner: Scanner<'_>) {
    report.searched(channel, Source::one(name, channel, scanner.bytes()));
    report.hits(scanner.into_hits(), |_| name.to_owned());
}

/// Only what is a file is opened: a pipe would wait.
fn open_file(name: &str, path: &Path) -> Result<File, CanaryError> {
    let unreadable = |error| CanaryError::Unreadable {
        what: name.to_owned(),
        error,
    };
    if !std::fs::metadata(path).map_err(unreadable)?.is_file() {
        return Err(CanaryError::WrongType {
            what: name.to_owned(),
            wanted: "file",
        });
    }
    File::open(path).map_err(unreadable)
}
