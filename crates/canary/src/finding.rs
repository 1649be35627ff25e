//! What is told of a canary in an output, and on which way the output came.

use std::fmt;

use crate::{Encoding, Kind};

/// The way on which an output came.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Channel {
    /// Bytes in the memory of the test, or a reader.
    Bytes,
    /// A file, alone or in a folder, and its name.
    File,
    /// What a program prints.
    Child,
    /// The environment of a process.
    Environment,
    /// The arguments of a process.
    CommandLine,
    /// The memory of a process.
    Memory,
    /// The core file of a process.
    CoreFile,
}

impl Channel {
    /// The name in evidence and in errors.
    pub fn name(self) -> &'static str {
        match self {
            Self::Bytes => "bytes",
            Self::File => "file",
            Self::Child => "child",
            Self::Environment => "environment",
            Self::CommandLine => "command_line",
            Self::Memory => "memory",
            Self::CoreFile => "core_file",
        }
    }
}

impl fmt::Display for Channel {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(self.name())
    }
}

/// A canary in an output. It does not tell the value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// Of the canary.
    pub kind: Kind,
    /// In which form it is there.
    pub encoding: Encoding,
    /// The output.
    pub source: String,
    /// Of the first byte that was found, from the beginning; in memory, its address.
    pub offset: u64,
    /// How often it is in this output, in this form.
    pub times: u64,
}

impl fmt::Display for Finding {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            kind,
            encoding,
            source,
            offset,
            times,
        } = self;
        write!(
            out,
            "{kind} as {encoding} in {source} at {offset:#x}, {times} times"
        )
    }
}
