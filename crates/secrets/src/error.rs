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
    /// The settings are no document of their kind.
    #[error(
        "the settings are not as docs/secrets.md says, at line {line}, column {column}: a member is missing, unknown, or of \
         another type"
    )]
    SettingsForm {
        /// Line, from 1.
        line: usize,
        /// Column, from 1.
        column: usize,
    },
    /// A member of the settings has a value that is not allowed.
    #[error("the settings' {field} {rule}")]
    SettingsValue {
        /// The member.
        field: &'static str,
        /// What it must be.
        rule: &'static str,
    },
    /// What answered does not speak as Vault does.
    #[error("the answer is not one of Vault: check the address, and that nothing stands between")]
    NotFromVault,
    /// The server sends us elsewhere; the token does not go there.
    #[error("the server sends requests to another address: give the address of the active server")]
    Redirected,
    /// The server's storage is locked.
    #[error("Vault is sealed: an operator must unseal it")]
    Sealed,
    /// The token may not do that.
    #[error("Vault denies it: the role's policy must allow `read` on the key's path")]
    Denied,
    /// The token is no longer known.
    #[error("the token has ended or was revoked: put a new wrapping token into its file")]
    TokenEnded,
    /// The token nears an end that no renewal moves.
    #[error(
        "the token ends in {left_s} s and is not renewed further: put a new wrapping token into its file"
    )]
    DeliveryDue {
        /// Seconds until the end.
        left_s: i64,
    },
    /// A wrapping token was used before, or wraps something else.
    #[error(
        "ALARM: the wrapping token is spent or not ours, so somebody else may have the secret id: revoke the role's \
         secret ids and tokens, find out who had it, then deliver a new one"
    )]
    Intercepted,
    /// The role id or the secret id is wrong.
    #[error(
        "Vault does not log in this role: check the role id, and that the secret id has not ended"
    )]
    LoginRefused,
    /// Nothing is at the path.
    #[error("Vault has no key at this path: check the mount and the path")]
    NoKey,
    /// The newest version is deleted.
    #[error("the key's newest version is deleted: undelete it or write a new one")]
    KeyDeleted,
    /// The newest version is destroyed.
    #[error("the key's newest version is destroyed: write a new one")]
    KeyDestroyed,
    /// A member of a key is missing.
    #[error("the key has no member {name}: write api_key and api_secret")]
    KeyMembers {
        /// The member.
        name: &'static str,
    },
    /// The custom metadata do not say whose age they tell.
    #[error(
        "the key is not documented ({member}): its custom metadata must have issued_at (RFC 3339), max_age (seconds) and \
         key_id, written anew with each key"
    )]
    KeyUndocumented {
        /// What is missing, wrong, or still that of the key before.
        member: &'static str,
    },
    /// It was issued or written in the future.
    #[error(
        "the key is of the future: check issued_at, and the clocks of this machine and of Vault"
    )]
    KeyFromFuture,
    /// It is older than it may be.
    #[error(
        "the key is too old, {age_s} s of {max_age_s} s: issue a new one at the venue and write it to Vault"
    )]
    KeyTooOld {
        /// Its age.
        age_s: i64,
        /// The age at which it ends.
        max_age_s: i64,
    },
    /// A new version holds the same key.
    #[error("the new version holds the same key: issue a new one at the venue and write that")]
    KeyUnchanged,
    /// Its version is below that of the key in use.
    #[error(
        "the key's version is older than that of the one in use: write the newest key as the newest version"
    )]
    KeyOutrun,
    /// A time reaches beyond the year 9999.
    #[error("a time beyond the year 9999: check the clock and the policy")]
    TimeOverflow,
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
