//! The command line of what runs on a database.

use std::path::PathBuf;

use clap::{Args as ClapArgs, Subcommand};
use ios012_core::PortfolioId;

/// A worker over a database.
#[derive(Debug, Clone, ClapArgs)]
#[command(next_help_heading = "Over a database (docs/postgres.md)")]
pub(crate) struct DaemonArgs {
    /// Runs the mandates of a database's tables as they come, each portfolio owned by one worker at a time. Start
    /// as many as you like. Ends after the running cycle at Ctrl-C or SIGTERM. Paper only.
    #[arg(long, requires = "database", conflicts_with_all = ["scenario", "ledger"])]
    pub(crate) daemon: bool,
    /// A file with the connection's parameters, such as `host=/run/postgresql dbname=ledger user=engine`, which nobody
    /// but its owner can read.
    #[arg(long, value_name = "FILE", requires = "daemon")]
    pub(crate) database: Option<PathBuf>,
    /// Works for these portfolios only.
    #[arg(long = "portfolio", value_name = "ID", requires = "daemon")]
    pub(crate) portfolios: Vec<PortfolioId>,
    /// Owns so many portfolios at a time, at most.
    #[arg(long, value_name = "NUMBER", requires = "daemon")]
    pub(crate) most: Option<usize>,
    /// How long a worker that says nothing stays the owner of a portfolio, in seconds.
    #[arg(long, value_name = "SECONDS", default_value_t = 10, requires = "daemon",
          value_parser = clap::value_parser!(u64).range(3..=3_600))]
    pub(crate) lease_s: u64,
    /// Demands that a commit waits for a standby that is named in `synchronous_standby_names`.
    #[arg(long, requires = "daemon")]
    pub(crate) require_standby: bool,
    /// A directory whose file `trip` stops every portfolio of this worker, as `ios012 breaker trip` writes it. It
    /// stays until somebody takes it away.
    #[arg(long, value_name = "DIRECTORY", requires = "daemon")]
    pub(crate) control: Option<PathBuf>,
    /// Ends once no mandate waits.
    #[arg(long, requires = "daemon")]
    pub(crate) until_idle: bool,
}

#[derive(Debug, Subcommand)]
pub(crate) enum DatabaseCommand {
    /// Makes the tables, or brings them to the version of this program.
    #[command(after_help = "\
Examples:
  ios012 database migrate --database owner.txt

The file holds the parameters of a connection as the tables' owner, and nobody else can read it:
  host=/run/postgresql dbname=ledger user=owner")]
    Migrate(MigrateArgs),
    /// Writes the ledger of a portfolio into a directory, for verify, replay, explain and report.
    #[command(after_help = "\
Examples:
  ios012 database export stocks target/stocks --database reader.txt && ios012 verify target/stocks")]
    Export(ExportArgs),
}

#[derive(Debug, ClapArgs)]
pub(crate) struct MigrateArgs {
    /// A file with the connection's parameters, which nobody but its owner can read.
    #[arg(long, value_name = "FILE")]
    pub(crate) database: PathBuf,
}

#[derive(Debug, ClapArgs)]
pub(crate) struct ExportArgs {
    /// The portfolio.
    pub(crate) portfolio: PortfolioId,
    /// The directory, which must not hold a ledger.
    pub(crate) directory: PathBuf,
    /// A file with the connection's parameters, which nobody but its owner can read.
    #[arg(long, value_name = "FILE")]
    pub(crate) database: PathBuf,
}
