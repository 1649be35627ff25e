//! What can go wrong, and that a canary was found.

use std::io;

use crate::{Channel, Encoding, Kind};

/// Why nothing is proved. No text of it holds a canary.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum CanaryError {
    /// The system gave no random bytes.
    #[error(
        "the system gives no random bytes, so no canary can be made; look at its entropy source"
    )]
    Random(#[source] getrandom::Error),
    /// A value from outside is too short to be no chance, or too long.
    #[error("a {kind} of {length} bytes is no canary; give one of 16 to 4096 bytes")]
    Length {
        /// Of the value.
        kind: Kind,
        /// Of the value, in bytes.
        length: usize,
    },
    /// There is no canary of this kind.
    #[error("no canary of the kind {kind}; plant one first")]
    NotPlanted {
        /// What was asked for.
        kind: Kind,
    },
    /// The canary is no UTF-8.
    #[error("the {kind} is no text; take its bytes")]
    NotText {
        /// What was asked for.
        kind: Kind,
    },
    /// A search for nothing finds nothing.
    #[error("there is no canary to search for; plant them first")]
    NoCanaries,
    /// The patterns are too many for the automaton.
    #[error("the patterns are too many; search for fewer or shorter values at a time")]
    Patterns(#[source] aho_corasick::BuildError),
    /// An output could not be read, so it was not searched.
    #[error("cannot read {what}, so it was not searched; make it readable: {error}")]
    Unreadable {
        /// The output.
        what: String,
        /// What the system says.
        #[source]
        error: io::Error,
    },
    /// A program did not start.
    #[error("cannot run {what}: {error}; install it, or correct its path")]
    Program {
        /// The output's name.
        what: String,
        /// What the system says.
        #[source]
        error: io::Error,
    },
    /// A path is neither a file nor a folder that can be searched.
    #[error("{what} is no {wanted}; name one")]
    WrongType {
        /// The output.
        what: String,
        /// What it should be.
        wanted: &'static str,
    },
    /// The process has ended, and what it held cannot be read any more.
    #[error(
        "process {pid} has ended, so there is nothing to search; let it wait until it was searched"
    )]
    Ended {
        /// Of the process.
        pid: u32,
    },
    /// The own process holds every canary.
    #[error("the own process holds the canaries; search that of a child")]
    OwnProcess,
    /// The map of a process is not as in proc(5).
    #[error(
        "the map of process {pid} has a line that is not as in proc(5); look at /proc/{pid}/maps"
    )]
    Map {
        /// Of the process.
        pid: u32,
    },
    /// A region that its process can read could not be read.
    #[error(
        "cannot read {region} of process {pid} at {address:#x}: {error}; be root, or open it before it hardens itself"
    )]
    Region {
        /// Of the process.
        pid: u32,
        /// What the map says of the region.
        region: String,
        /// Where reading stopped.
        address: u64,
        /// What the system says.
        #[source]
        error: io::Error,
    },
    /// The kernel gives core files to a program.
    #[error("core files go to a program ({pattern}); as root: sysctl -w kernel.core_pattern=core")]
    CorePiped {
        /// The kernel's setting.
        pattern: String,
    },
    /// The name of a core file cannot be told in advance.
    #[error(
        "cannot tell the name of a core file from {pattern}; as root: sysctl -w kernel.core_pattern=core"
    )]
    CorePattern {
        /// The kernel's setting.
        pattern: String,
    },
    /// A file is no core file of a 64-bit process.
    #[error("{what} is no core file of a 64-bit little-endian process; name one")]
    NotACore {
        /// The output.
        what: String,
    },
    /// A core file ends before its last segment.
    #[error("{what} has {length} bytes of {wanted}; raise the limit of core files, and make room")]
    CoreTruncated {
        /// The output.
        what: String,
        /// What is there, in bytes.
        length: u64,
        /// What its headers promise, in bytes.
        wanted: u64,
    },
    /// Canaries are in outputs.
    #[error("{count} findings; keep the secret out of these outputs: {findings}")]
    Found {
        /// How many.
        count: usize,
        /// Kind, form and place of each.
        findings: String,
    },
    /// The search of an output failed, and the caller went on.
    #[error("the search of {what} failed, so nothing is proved; handle its error")]
    Unsearched {
        /// The output.
        what: String,
    },
    /// Nothing was searched.
    #[error("no byte was searched; search the outputs of the scenario")]
    NothingSearched,
    /// No leak on purpose was searched.
    #[error("there was no positive control; leak on purpose through the same path first")]
    NoControl,
    /// A leak on purpose was not found, so that no findings prove nothing.
    #[error(
        "the control {control} did not find the {kind} as {encoding}; correct the path or the search"
    )]
    ControlMissed {
        /// The control.
        control: String,
        /// Of the canary that was leaked.
        kind: Kind,
        /// In which form.
        encoding: Encoding,
    },
    /// No control leaked this canary in this form.
    #[error("no control leaked the {kind} as {encoding}; add one that carries it")]
    Uncontrolled {
        /// Of the canary.
        kind: Kind,
        /// The form.
        encoding: Encoding,
    },
    /// Outputs were searched on a way that no control took.
    #[error("no control went by {channel}, as outputs did; add one")]
    UncontrolledChannel {
        /// The way.
        channel: Channel,
    },
}
