//! Exit codes: a public interface, listed in docs/cli.md and by `ios012 --help`.

use std::process::ExitCode;

use ios012_contracts::{ContractsError, Refusal};
use ios012_engine::EngineError;
use ios012_lineage::{FailureCode, LineageError, VerifyFailure};
use ios012_report::ReportError;
use ios012_secrets::SecretsError;

/// How the program ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Exit {
    /// Everything was done.
    Executed = 0,
    /// Something that should not happen: a defect.
    Internal = 1,
    /// The command line is wrong (clap's own code).
    Usage = 2,
    /// A document was refused.
    Refused = 3,
    /// A breaker stopped a cycle.
    Aborted = 4,
    /// A ledger is damaged, or does not replay.
    VerificationFailed = 5,
    /// A ledger is whole but ends in an open cycle or a torn line.
    Incomplete = 6,
    /// A file could not be read or written.
    Io = 7,
    /// Ctrl-C: the last cycle was finished and everything is on disk.
    Interrupted = 130,
}

impl Exit {
    /// The lines of `--help`.
    pub(crate) const HELP: &'static str = "\
Exit codes:
  0    done
  1    internal error (a defect: please report it)
  2    wrong usage
  3    a document was refused
  4    a breaker stopped a cycle
  5    verification failed: a ledger is damaged or does not replay
  6    incomplete: a ledger ends in an open cycle or a torn line
  7    a file could not be read or written
  130  interrupted (Ctrl-C); what was done is on disk";
}

impl Exit {
    /// The number.
    #[expect(clippy::as_conversions, reason = "each code is a literal below 256")]
    pub(crate) const fn code(self) -> u8 {
        self as u8
    }
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit.code())
    }
}

/// An error whose exit code is known where it is made.
#[derive(Debug)]
pub(crate) struct Failure {
    pub(crate) exit: Exit,
    pub(crate) message: String,
}

impl std::fmt::Display for Failure {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str(&self.message)
    }
}

impl std::error::Error for Failure {}

impl Failure {
    #[expect(
        clippy::new_ret_no_self,
        reason = "every caller needs the error type of commands"
    )]
    pub(crate) fn new(exit: Exit, message: impl Into<String>) -> anyhow::Error {
        Self {
            exit,
            message: message.into(),
        }
        .into()
    }

    /// The exit code of any error of a command, by the first cause that has one.
    pub(crate) fn exit_of(error: &anyhow::Error) -> Exit {
        let causes = error.chain();
        causes.into_iter().find_map(known).unwrap_or(Exit::Internal)
    }
}

fn known(cause: &(dyn std::error::Error + 'static)) -> Option<Exit> {
    if let Some(failure) = cause.downcast_ref::<Failure>() {
        return Some(failure.exit);
    }
    if cause.is::<Refusal>() {
        return Some(Exit::Refused);
    }
    if let Some(error) = cause.downcast_ref::<ContractsError>() {
        return Some(match error {
            ContractsError::Refused(_) => Exit::Refused,
            ContractsError::Io { .. } => Exit::Io,
        });
    }
    if let Some(error) = cause.downcast_ref::<LineageError>() {
        return Some(of_lineage(error));
    }
    if let Some(failure) = cause.downcast_ref::<VerifyFailure>() {
        return Some(of_verification(failure));
    }
    match cause.downcast_ref::<EngineError>() {
        Some(EngineError::Ledger(error)) => return Some(of_lineage(error)),
        // Orders may be out whose end is not known: the next run asks for them.
        Some(
            EngineError::Unresolved { .. }
            | EngineError::Broker(_)
            | EngineError::Fenced { .. }
            | EngineError::InDoubt { .. },
        ) => return Some(Exit::Incomplete),
        Some(EngineError::Store(_)) => return Some(Exit::Io),
        Some(EngineError::Conflict { .. } | EngineError::ReplayDiffers { .. }) => {
            return Some(Exit::VerificationFailed);
        }
        Some(EngineError::TermsChanged { .. }) => return Some(Exit::Refused),
        _ => {}
    }
    if let Some(error) = cause.downcast_ref::<ReportError>() {
        return Some(match error {
            ReportError::Ledger(error) => of_lineage(error),
            ReportError::NoCycle { .. }
            | ReportError::NoDecision { .. }
            | ReportError::NoTransition { .. } => Exit::Usage,
            ReportError::NoRecords { .. } => Exit::Incomplete,
            _ => Exit::VerificationFailed,
        });
    }
    #[cfg(feature = "postgres")]
    if let Some(error) = cause.downcast_ref::<ios012_postgres::PostgresError>() {
        return Some(of_postgres(error));
    }
    if let Some(error) = cause.downcast_ref::<SecretsError>() {
        return Some(of_secrets(error));
    }
    cause.is::<std::io::Error>().then_some(Exit::Io)
}

/// A database that cannot be reached, or answers with an error, is as a file that cannot be read.
#[cfg(feature = "postgres")]
fn of_postgres(error: &ios012_postgres::PostgresError) -> Exit {
    use ios012_postgres::PostgresError as Error;
    match error {
        Error::Parameters
        | Error::Hosts { .. }
        | Error::NotLocal
        | Error::NoTls
        | Error::Settings { .. } => Exit::Usage,
        Error::Document(_) => Exit::Refused,
        Error::Lineage(error) => of_lineage(error),
        Error::Damaged { .. } => Exit::VerificationFailed,
        _ => Exit::Io,
    }
}

const fn of_secrets(error: &SecretsError) -> Exit {
    match error {
        SecretsError::Io { .. }
        | SecretsError::Unreachable
        | SecretsError::Untrusted
        | SecretsError::TimedOut { .. }
        | SecretsError::Answered { .. }
        | SecretsError::NotAText
        | SecretsError::NoProc
        | SecretsError::Cut
        | SecretsError::NotFromVault
        | SecretsError::Redirected
        | SecretsError::Sealed => Exit::Io,
        SecretsError::Denied
        | SecretsError::TokenEnded
        | SecretsError::DeliveryDue { .. }
        | SecretsError::Intercepted
        | SecretsError::LoginRefused
        | SecretsError::NoKey
        | SecretsError::KeyDeleted
        | SecretsError::KeyDestroyed
        | SecretsError::KeyMembers { .. }
        | SecretsError::KeyUndocumented { .. }
        | SecretsError::KeyFromFuture
        | SecretsError::KeyTooOld { .. }
        | SecretsError::KeyUnchanged
        | SecretsError::KeyOutrun => Exit::Refused,
        // The program took keys in the wrong order, or could not take them away.
        SecretsError::ThreadsRun | SecretsError::AlreadyHardened | SecretsError::NotWiped => {
            Exit::Internal
        }
        SecretsError::NotAnAddress
        | SecretsError::NotHttps
        | SecretsError::UserInfo
        | SecretsError::BadRoots
        | SecretsError::NoTls
        | SecretsError::KeyExists
        | SecretsError::KeyOpenToOthers
        | SecretsError::KeyForm
        | SecretsError::NotASecret
        | SecretsError::SigningKeyForm
        | SecretsError::NotInEnvironment { .. }
        | SecretsError::TwiceInEnvironment { .. }
        | SecretsError::RefusedVariable { .. }
        | SecretsError::Dumpable
        | SecretsError::CoreFiles
        | SecretsError::NoRandomness
        | SecretsError::SettingsForm { .. }
        | SecretsError::SettingsValue { .. }
        | SecretsError::TimeOverflow => Exit::Usage,
    }
}

fn of_lineage(error: &LineageError) -> Exit {
    match error {
        LineageError::Io { .. }
        | LineageError::Poisoned
        | LineageError::Locked { .. }
        | LineageError::CheckpointLocked { .. }
        | LineageError::WitnessRefuses { .. } => Exit::Io,
        LineageError::Incomplete { .. } | LineageError::NotSigned { .. } => Exit::Incomplete,
        LineageError::LedgerExists { .. }
        | LineageError::NotCovered { .. }
        | LineageError::NoPortfolio { .. } => Exit::Usage,
        LineageError::Verification(failure) => of_verification(failure),
        _ => Exit::VerificationFailed,
    }
}

/// Refuses a ledger's path at which there is no directory.
pub(crate) fn require_directory(ledger: &std::path::Path) -> anyhow::Result<()> {
    if ledger.is_dir() {
        return Ok(());
    }
    let message = format!(
        "{} is not a directory; give the one that --ledger named when it was made",
        ledger.display()
    );
    Err(Failure::new(Exit::Io, message))
}

pub(crate) fn of_verification(failure: &VerifyFailure) -> Exit {
    match failure.code {
        FailureCode::Unreadable => Exit::Io,
        _ => Exit::VerificationFailed,
    }
}
