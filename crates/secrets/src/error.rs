//! What goes wrong here: codes with a remedy. No variant keeps a source, since the errors of HTTP
//! libraries tell addresses and bodies.

/// Why something was refused or did not arrive.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum SecretsError {
    /// It is no URL, has no host, or has a fragment.
    #[error("not an address: it must be a URL such as https://HOST/PATH")]
    NotAnAddress,
    /// It is another protocol.
    #[error("not safe: the address must begin with https://")]
    NotHttps,
    /// Credentials would stand in the address.
    #[error("a user or a password stands in the address: it must be without them")]
    UserInfo,
    /// The roots hold no certificate in PEM form.
    #[error("no certificate in PEM form")]
    BadRoots,
    /// TLS cannot be set up on this machine.
    #[error(
        "HTTPS cannot be set up: the system has no root certificates; give the file of your own"
    )]
    NoTls,
    /// No connection was made.
    #[error("no connection: check the host's name, its port and the network")]
    Unreachable,
    /// The server is not who it says.
    #[error(
        "the server's certificate is not trusted: check its name, its dates and the root certificates"
    )]
    Untrusted,
    /// The server took too long.
    #[error("no answer within {within_s} s")]
    TimedOut {
        /// Seconds that were waited.
        within_s: u64,
    },
    /// The server did not take it; a redirect is not followed.
    #[error("the server answered with status {status}")]
    Answered {
        /// Status of HTTP.
        status: u16,
    },
    /// A file that should be new is there already.
    #[error("the file of the key exists: a key is never overwritten, choose another name")]
    KeyExists,
    /// The file of a key can be read by others than its owner.
    #[error(
        "the file of the key can be read by others: run `chmod 600` on it, or better make a new key"
    )]
    KeyOpenToOthers,
    /// The file holds no key.
    #[error(
        "not a key: it must be PRIVATE+KEY+NAME+ID+KEY, the name printable ASCII without + and space"
    )]
    KeyForm,
    /// The system gives no random bytes.
    #[error("the system gives no random bytes")]
    NoRandomness,
    /// The system refused a file.
    #[error("{kind}")]
    Io {
        /// What it said.
        kind: std::io::ErrorKind,
    },
    /// The answer is longer than any that is asked for, or not UTF-8.
    #[error("the server answered with more than 64 KiB, or with no text")]
    NotAText,
    /// The connection ended before an answer.
    #[error("the connection ended without an answer")]
    Cut,
    /// What a source holds is no secret.
    #[error(
        "not a secret: it must be 1 to 4096 visible ASCII characters, without spaces and line ends"
    )]
    NotASecret,
    /// A key does not have the form that its scheme asks for.
    #[error("not a key of this scheme: some take it in base64, and Ed25519 a seed of 32 bytes")]
    SigningKeyForm,
    /// A thread may read the environment while it is wiped.
    #[error("threads run already: keys are taken from the environment first in main")]
    ThreadsRun,
    /// A hardened process cannot change its environment.
    #[error("the process is hardened already: keys are taken from the environment before that")]
    AlreadyHardened,
    /// The system does not show this process to itself.
    #[error(
        "/proc/self cannot be read or written: it must be mounted, and the process readable to itself"
    )]
    NoProc,
    /// A variable is missing.
    #[error("{name} is not in the environment: set it for this process alone")]
    NotInEnvironment {
        /// Name of the variable.
        name: &'static str,
    },
    /// A variable is there more than once.
    #[error("{name} is in the environment more than once: set it once")]
    TwiceInEnvironment {
        /// Name of the variable.
        name: &'static str,
    },
    /// The bytes of a variable are still there.
    #[error("the environment could not be wiped: replace the key, and start the program anew")]
    NotWiped,
    /// A variable is there that the program does not start beside.
    #[error(
        "{name} is in the environment: {why}; start the program without it (`env -u {name} ...`)"
    )]
    RefusedVariable {
        /// Name of the variable.
        name: &'static str,
        /// What it would do.
        why: &'static str,
    },
    /// Others of the same user could read the memory.
    #[error(
        "the process can be read by others: allow it prctl(PR_SET_DUMPABLE), which a sandbox or a seccomp filter may forbid"
    )]
    Dumpable,
    /// The memory could be written into a file.
    #[error(
        "core files are not off: allow the process setrlimit(RLIMIT_CORE), which a sandbox or a seccomp filter may forbid"
    )]
    CoreFiles,
}
