//! What the process itself may not give away: its memory, a core file, the text of a panic.

use std::io::Write as _;
use std::panic::PanicHookInfo;

use rustix::process::{
    DumpableBehavior, Resource, Rlimit, dumpable_behavior, getrlimit, set_dumpable_behavior,
    setrlimit,
};

use crate::{Environment, SecretsError};

/// Variables that the program does not start beside, whatever their value, and what each would do.
const REFUSED: [(&str, &str); 5] = [
    (
        "SSLKEYLOGFILE",
        "it asks for a file with the keys of TLS connections",
    ),
    (
        "VAULT_SKIP_VERIFY",
        "any value, an empty one too, switches off the check of a server's certificate",
    ),
    (
        "BAO_SKIP_VERIFY",
        "any value, an empty one too, switches off the check of a server's certificate",
    ),
    (
        "VAULT_TOKEN",
        "a token there is seen by every program that is started beside this one, and this one never reads it",
    ),
    (
        "BAO_TOKEN",
        "a token there is seen by every program that is started beside this one, and this one never reads it",
    ),
];

const NO_CORE: Rlimit = Rlimit {
    current: Some(0),
    maximum: Some(0),
};

/// A process that gives nothing away: [`harden`] is its only maker. It has no `Debug`.
#[must_use]
pub struct Hardened {
    keys: Option<Environment>,
}

impl Hardened {
    /// What was taken out of the environment before.
    pub const fn keys(&self) -> Option<&Environment> {
        self.keys.as_ref()
    }
}

/// Hardens the process, first in `main`. A panic then tells its place and its thread alone; no core file is
/// written; nobody but root reads the process's memory or attaches a debugger. What the kernel took is read back.
///
/// The keys come as an argument because they must be taken before: [`Environment::take`] writes to
/// `/proc/self/mem`, which belongs to root from here on, and refuses in a hardened process.
///
/// An `execve` makes a process dumpable again. The limit on core files is inherited.
///
/// # Errors
/// [`SecretsError::RefusedVariable`], [`SecretsError::Dumpable`], [`SecretsError::CoreFiles`].
pub fn harden(keys: Option<Environment>) -> Result<Hardened, SecretsError> {
    std::panic::set_hook(Box::new(tell_place));
    refuse_variables()?;
    set_dumpable_behavior(DumpableBehavior::NotDumpable).map_err(|_| SecretsError::Dumpable)?;
    setrlimit(Resource::Core, NO_CORE).map_err(|_| SecretsError::CoreFiles)?;
    if is_dumpable() {
        return Err(SecretsError::Dumpable);
    }
    if getrlimit(Resource::Core) != NO_CORE {
        return Err(SecretsError::CoreFiles);
    }
    Ok(Hardened { keys })
}

/// Whether others of the same user may read this process's memory; also where the kernel does not say.
pub(crate) fn is_dumpable() -> bool {
    dumpable_behavior() != Ok(DumpableBehavior::NotDumpable)
}

#[expect(
    clippy::disallowed_methods,
    reason = "nothing is read from it but that it is there"
)]
fn refuse_variables() -> Result<(), SecretsError> {
    let mut variables = REFUSED.into_iter();
    let set = variables.find(|(name, _)| std::env::var_os(name).is_some());
    set.map_or(Ok(()), |(name, why)| {
        Err(SecretsError::RefusedVariable { name, why })
    })
}

/// The payload may hold what an error or an assertion has shown, so it is not looked at. Nothing here may
/// panic: the standard library would then print the payload of that panic itself.
fn tell_place(panic: &PanicHookInfo<'_>) {
    let thread = std::thread::current();
    let thread = thread.name().unwrap_or("without a name");
    let place = panic
        .location()
        .map_or_else(|| "an unknown place".to_owned(), ToString::to_string);
    let line = format!(
        "panicked at {place} in thread {thread}: a defect; please report this line (SECURITY.md)\n"
    );
    let _ = std::io::stderr().lock().write_all(line.as_bytes());
}
