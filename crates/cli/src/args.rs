//! The command line.

mod database;
mod secrets;

use std::path::{Path, PathBuf};

use clap::{Args as ClapArgs, Parser, Subcommand, ValueEnum};
use ios012_contracts::DocumentKind;
use ios012_core::Defcon;
use ios012_lineage::{Hash, VerifierKey, WitnessKey};

use crate::exit::Exit;

pub(crate) use database::{DaemonArgs, DatabaseCommand};
pub(crate) use secrets::{CheckArgs, SecretsCommand};

/// IoS-012, the execution engine of Vision-IoS: from a mandate to positions, inside limits, with a
/// ledger that anyone can check. Paper trading only.
#[derive(Debug, Parser)]
#[command(name = "ios012", version, after_help = Exit::HELP, disable_help_subcommand = true)]
pub(crate) struct Args {
    /// Prints one JSON object instead of text.
    #[arg(long, global = true)]
    pub(crate) json: bool,
    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Runs one cycle on the paper broker, or with --daemon those of a database as they come.
    Run(Box<RunArgs>),
    /// Runs a history of cycles on the paper broker.
    Backtest(BacktestArgs),
    /// Checks a ledger offline: hashes, chain, grammar, documents, lineage.
    Verify(Box<VerifyArgs>),
    /// Derives every decision again from the ledger alone and compares.
    Replay(LedgerArgs),
    /// Tells one decision: target, each limit that bound, allowed, orders, costs.
    Explain(ExplainArgs),
    /// Sums up a ledger: result, costs, limits, breaches.
    Report(Box<ReportArgs>),
    /// Shows, trips and resets the circuit breakers.
    #[command(subcommand)]
    Breaker(BreakerCommand),
    /// Signs what a ledger holds, so that others can tell later that it only grew.
    #[command(subcommand)]
    Checkpoint(CheckpointCommand),
    /// Proves to somebody who has no ledger that a decision is on it.
    Prove(Box<ProveArgs>),
    /// Checks such a proof, and tells the decision.
    VerifyProof(Box<VerifyProofArgs>),
    /// Checks the log over all portfolios, and names those that vanished or were rolled back.
    VerifyParent(Box<VerifyParentArgs>),
    /// Makes the tables of a database, and takes ledgers out of it.
    #[command(subcommand)]
    Database(DatabaseCommand),
    /// Checks keys and where they come from, without using them.
    #[command(subcommand)]
    Secrets(SecretsCommand),
    /// Prints the JSON Schema of a document.
    Schema(SchemaArgs),
    /// Writes a small scenario that runs.
    Init(InitArgs),
}

#[derive(Debug, ClapArgs)]
#[command(after_help = "\
Examples:
  ios012 run golden/one-cycle --ledger target/one-cycle
  ios012 explain target/one-cycle 1 AAA
  ios012 run --daemon --database worker.txt")]
pub(crate) struct RunArgs {
    /// The folder with scenario.json, registry.json, constraints.json, mandate.json, market.json.
    #[arg(required_unless_present = "daemon")]
    scenario: Option<PathBuf>,
    /// The ledger's directory: made if it is missing, continued if it holds this portfolio.
    #[arg(long, required_unless_present = "daemon")]
    ledger: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) worker: DaemonArgs,
}

/// One cycle from a folder, onto a ledger in another.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Folders<'args> {
    pub(crate) scenario: &'args Path,
    pub(crate) ledger: &'args Path,
}

impl RunArgs {
    /// The folders; none for a worker over a database.
    pub(crate) fn folders(&self) -> Option<Folders<'_>> {
        Some(Folders {
            scenario: self.scenario.as_deref()?,
            ledger: self.ledger.as_deref()?,
        })
    }
}

#[derive(Debug, ClapArgs)]
#[command(after_help = "\
Examples:
  ios012 backtest golden/sp500-inverse-vol --ledger target/sp500
  ios012 init my-scenario && ios012 backtest my-scenario --ledger my-ledger

Ctrl-C ends after the cycle that is running. The same command goes on from there.")]
pub(crate) struct BacktestArgs {
    /// The folder with scenario.json, registry.json, constraints.json, prices.csv, targets.csv.
    pub(crate) scenario: PathBuf,
    /// The ledger's directory: made if it is missing, continued if it holds this portfolio.
    #[arg(long)]
    pub(crate) ledger: PathBuf,
    /// Cycles between two syncs to disk. The paper broker dies with the process, so nothing
    /// outside can know more than the ledger.
    #[arg(long, default_value_t = 1_000, value_parser = clap::value_parser!(u32).range(1..))]
    pub(crate) sync_cycles: u32,
    /// Does not read the finished ledger again to verify it and to sum it up.
    #[arg(long)]
    pub(crate) no_verify: bool,
}

#[derive(Debug, ClapArgs)]
#[command(after_help = "\
Examples:
  ios012 verify target/sp500
  ios012 verify target/sp500 --records 500000 --head 3a7bd3e2360a3d29eea436fcfb7e44c735d117c42d1c1835420b6b9942dd4f1b
  ios012 verify target/sp500 --checkpoint kept.checkpoint --verifier-key fund.example/stocks+12345678+AQ...

A ledger's own directory cannot show that its tail was cut or rewritten. Keep the record count and
the head hash elsewhere and give them here, or keep a checkpoint.")]
pub(crate) struct VerifyArgs {
    /// The ledger's directory.
    pub(crate) ledger: PathBuf,
    /// The hash of record number N−1, kept elsewhere.
    #[arg(long, value_name = "HASH", requires = "records")]
    pub(crate) head: Option<Hash>,
    /// How many records the kept hash covers.
    #[arg(long, value_name = "N", requires = "head")]
    pub(crate) records: Option<u64>,
    /// A checkpoint, kept elsewhere.
    #[arg(long, value_name = "FILE", requires = "verifier_key")]
    pub(crate) checkpoint: Option<PathBuf>,
    /// The public key that has signed it, as `ios012 checkpoint new-key` printed it.
    #[arg(long, value_name = "KEY", requires = "checkpoint")]
    pub(crate) verifier_key: Option<VerifierKey>,
}

#[derive(Debug, ClapArgs)]
#[command(after_help = "Example:\n  ios012 replay target/sp500")]
pub(crate) struct LedgerArgs {
    /// The ledger's directory.
    pub(crate) ledger: PathBuf,
}

#[derive(Debug, ClapArgs)]
#[command(after_help = "\
Examples:
  ios012 report target/sp500
  ios012 report target/sp500 --verifier-key \"$(cat stocks.pub)\" --witness-key witness.example+12345678+BA...

Without the key of the log its checkpoint is not judged, and without that of a witness no witness is believed.")]
pub(crate) struct ReportArgs {
    /// The ledger's directory.
    pub(crate) ledger: PathBuf,
    /// The public key of the log, to judge the checkpoint in the ledger's directory.
    #[arg(long, value_name = "KEY")]
    pub(crate) verifier_key: Option<VerifierKey>,
    /// The public key of a witness; once for each.
    #[arg(long = "witness-key", value_name = "KEY", requires = "verifier_key")]
    pub(crate) witness_keys: Vec<WitnessKey>,
}

#[derive(Debug, ClapArgs)]
#[command(after_help = "Example:\n  ios012 explain target/sp500 4711 AAPL")]
pub(crate) struct ExplainArgs {
    /// The ledger's directory.
    pub(crate) ledger: PathBuf,
    /// The cycle's number, from 1.
    pub(crate) cycle: u64,
    /// The asset.
    pub(crate) asset: String,
}

#[derive(Debug, Subcommand)]
pub(crate) enum CheckpointCommand {
    /// Makes a key that signs checkpoints, and prints the public one that verifies them.
    NewKey(NewKeyArgs),
    /// Verifies a ledger and signs its size and root.
    Sign(SignArgs),
    /// Enters the checkpoints of all portfolios in a log of their own, and signs that.
    Parent(ParentArgs),
    /// Lets a witness say that the ledger only grew.
    Witness(Box<WitnessArgs>),
}

#[derive(Debug, ClapArgs)]
#[command(after_help = "\
Example:
  ios012 checkpoint new-key fund.example/stocks --key stocks.key > stocks.pub

The file of the key can be read by its owner alone. For paper portfolios: a live one takes its keys from Vault.")]
pub(crate) struct NewKeyArgs {
    /// The name of the log: printable ASCII without + and space, such as a host and a portfolio.
    pub(crate) name: String,
    /// The new file of the key.
    #[arg(long, value_name = "FILE")]
    pub(crate) key: PathBuf,
}

#[derive(Debug, ClapArgs)]
#[command(after_help = "\
Example:
  ios012 checkpoint sign my-ledger --key stocks.key > kept.checkpoint

The checkpoint is kept in the ledger's directory too. It is worth something elsewhere: give it to whoever shall
be able to tell later that nothing was cut or rewritten. A ledger that has lost what its last checkpoint covers is
not signed.")]
pub(crate) struct SignArgs {
    /// The ledger's directory.
    pub(crate) ledger: PathBuf,
    /// The file of the key.
    #[arg(long, value_name = "FILE")]
    pub(crate) key: PathBuf,
}

#[derive(Debug, ClapArgs)]
#[command(after_help = "\
Example:
  ios012 checkpoint witness my-ledger --verifier-key \"$(cat stocks.pub)\" --url https://witness.example/ \\
      --witness-key witness.example+12345678+BA...

The witness gets the checkpoint and hashes, and nothing else of the ledger. Its line is put below the checkpoint in the
ledger's directory, which is printed. That a witness knows more records than there are, or others, ends with exit
code 5.")]
pub(crate) struct WitnessArgs {
    /// The ledger's directory.
    pub(crate) ledger: PathBuf,
    /// The public key of the log, as `ios012 checkpoint new-key` printed it.
    #[arg(long, value_name = "KEY")]
    pub(crate) verifier_key: VerifierKey,
    /// The submission prefix of the witness: https only.
    #[arg(long)]
    pub(crate) url: String,
    /// The public key of the witness.
    #[arg(long, value_name = "KEY")]
    pub(crate) witness_key: WitnessKey,
    /// Root certificates in PEM form that are trusted instead of those of the system.
    #[arg(long, value_name = "FILE")]
    pub(crate) roots: Option<PathBuf>,
}

#[derive(Debug, ClapArgs)]
#[command(after_help = "\
Example:
  ios012 checkpoint parent portfolios --key fund.key --portfolio-key \"$(cat stocks.pub)\" \\
      --portfolio-key \"$(cat bonds.pub)\" > kept.checkpoint

The folder holds a ledger's directory for each portfolio, with the portfolio's name. The log is kept in its folder
`parent`. A portfolio that was entered and has vanished, was rolled back or was forked ends with exit code 5, and then
nothing is entered.")]
pub(crate) struct ParentArgs {
    /// The folder that holds the ledgers' directories.
    pub(crate) directory: PathBuf,
    /// The file of the key that signs the parent log: one of its own.
    #[arg(long, value_name = "FILE")]
    pub(crate) key: PathBuf,
    /// The public key of a portfolio's log; once for each.
    #[arg(long = "portfolio-key", value_name = "KEY", required = true)]
    pub(crate) portfolio_keys: Vec<VerifierKey>,
}

#[derive(Debug, ClapArgs)]
#[command(after_help = "\
Examples:
  ios012 verify-parent portfolios --verifier-key \"$(cat fund.pub)\" --checkpoint kept.checkpoint
  ios012 verify-parent portfolios --verifier-key \"$(cat fund.pub)\" --portfolio-key \"$(cat stocks.pub)\"

The folder itself cannot show that its parent log was cut or made anew. Keep a checkpoint of it elsewhere and give it
here.")]
pub(crate) struct VerifyParentArgs {
    /// The folder that holds the ledgers' directories and `parent`.
    pub(crate) directory: PathBuf,
    /// The public key of the parent log.
    #[arg(long, value_name = "KEY")]
    pub(crate) verifier_key: VerifierKey,
    /// A checkpoint of the parent log, kept elsewhere.
    #[arg(long, value_name = "FILE")]
    pub(crate) checkpoint: Option<PathBuf>,
    /// The public key of a portfolio's log, once for each. Without one the checkpoints of portfolios are not judged.
    #[arg(long = "portfolio-key", value_name = "KEY")]
    pub(crate) portfolio_keys: Vec<VerifierKey>,
}

#[derive(Debug, ClapArgs)]
#[command(after_help = "\
Example:
  ios012 prove my-ledger 4711 AAPL --verifier-key \"$(cat stocks.pub)\" --out aapl.tlog-proof

The file holds the record of the decision, its way to the signed root and the checkpoint, and shows nothing else of
the ledger. It is a C2SP tlog-proof, which others than ios012 read too.")]
pub(crate) struct ProveArgs {
    /// The ledger's directory.
    pub(crate) ledger: PathBuf,
    /// The cycle's number, from 1.
    pub(crate) cycle: u64,
    /// The asset.
    pub(crate) asset: String,
    /// Which move of the asset, from 0, where the cycle made several.
    #[arg(long, value_name = "N")]
    pub(crate) transition: Option<u64>,
    /// The checkpoint that the proof leads to, instead of the ledger's own.
    #[arg(long, value_name = "FILE")]
    pub(crate) checkpoint: Option<PathBuf>,
    /// The public key that has signed it, as `ios012 checkpoint new-key` printed it.
    #[arg(long, value_name = "KEY")]
    pub(crate) verifier_key: VerifierKey,
    /// The new file of the proof.
    #[arg(long, value_name = "FILE")]
    pub(crate) out: PathBuf,
}

#[derive(Debug, ClapArgs)]
#[command(after_help = "\
Example:
  ios012 verify-proof aapl.tlog-proof --verifier-key \"$(cat stocks.pub)\"

It needs the file and the key, no ledger and no network.")]
pub(crate) struct VerifyProofArgs {
    /// The file of the proof.
    pub(crate) proof: PathBuf,
    /// The public key of the log, which must have come another way than the proof.
    #[arg(long, value_name = "KEY")]
    pub(crate) verifier_key: VerifierKey,
    /// The public key of a witness; once for each.
    #[arg(long = "witness-key", value_name = "KEY")]
    pub(crate) witness_keys: Vec<WitnessKey>,
}

#[derive(Debug, Subcommand)]
pub(crate) enum BreakerCommand {
    /// The level, what set it, since when, and who may lower it.
    Status(LedgerArgs),
    /// Orders a stop: a running engine cancels its open orders at once. Needs no authority.
    Trip(TripArgs),
    /// Prints a command for officers to sign, and signs nothing.
    Draft(DraftArgs),
    /// Carries out a signed command, if the level allows it.
    Reset(ResetArgs),
}

#[derive(Debug, ClapArgs)]
#[command(after_help = "\
Examples:
  ios012 breaker trip my-ledger --reason fire_drill --evidence 'prices look wrong'
  ios012 breaker trip my-ledger --level to-cash --reason lost_fence --evidence 'two desks trade'

The order lies in the ledger's directory as the file `trip` until an engine has recorded it. Where no
file can be written, kill -USR1 stops a running engine.")]
pub(crate) struct TripArgs {
    /// The ledger's directory.
    pub(crate) ledger: PathBuf,
    /// What happens after the stop.
    #[arg(long, value_enum, default_value_t = TripLevel::ReduceOnly)]
    pub(crate) level: TripLevel,
    /// Why, as a code: letters, digits and . _ : + -.
    #[arg(long)]
    pub(crate) reason: String,
    /// What was seen, in one line.
    #[arg(long)]
    pub(crate) evidence: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum TripLevel {
    /// RED: nothing increases any more.
    ReduceOnly,
    /// RED: everything goes to cash.
    ToCash,
    /// BLACK: nothing is traded.
    Halt,
}

#[derive(Debug, ClapArgs)]
#[command(after_help = "\
Example:
  ios012 breaker draft my-ledger --to ORANGE --issuer officer-b --reason prices_confirmed \\
      --evidence 'both price sources agree again' > command.json
  ssh-keygen -Y sign -n command@ios-012 -f ~/.ssh/id_ed25519 command.json")]
pub(crate) struct DraftArgs {
    /// The ledger's directory.
    pub(crate) ledger: PathBuf,
    /// The level to ask for: one step down, or any step up.
    #[arg(long)]
    pub(crate) to: Defcon,
    /// At RED: everything goes to cash.
    #[arg(long)]
    pub(crate) to_cash: bool,
    /// The person who issues it, as the roles file names them.
    #[arg(long)]
    pub(crate) issuer: String,
    /// Why, as a code.
    #[arg(long)]
    pub(crate) reason: String,
    /// What was seen, in one line.
    #[arg(long)]
    pub(crate) evidence: String,
    /// Hours for which it counts.
    #[arg(long, default_value_t = 8, value_parser = clap::value_parser!(u8).range(1..=24))]
    pub(crate) hours: u8,
}

#[derive(Debug, ClapArgs)]
#[command(after_help = "\
Example:
  ios012 breaker reset my-scenario --ledger my-ledger --roles roles.json --command command.json \\
      --signature officer-b.sig --signature officer-c.sig")]
pub(crate) struct ResetArgs {
    /// The scenario's folder, whose scenario.json pins the roles file.
    pub(crate) scenario: PathBuf,
    /// The ledger's directory.
    #[arg(long)]
    pub(crate) ledger: PathBuf,
    /// The roles file (docs/governance.md).
    #[arg(long)]
    pub(crate) roles: PathBuf,
    /// The command, exactly as it was signed.
    #[arg(long)]
    pub(crate) command: PathBuf,
    /// A signature of it; once for each officer.
    #[arg(long = "signature", value_name = "FILE", required = true)]
    pub(crate) signatures: Vec<PathBuf>,
}

#[derive(Debug, ClapArgs)]
#[command(after_help = "\
Examples:
  ios012 schema mandate
  ios012 schema --all target/schemas")]
pub(crate) struct SchemaArgs {
    /// The kind of document.
    #[arg(required_unless_present = "all", conflicts_with = "all", value_parser = document_kind)]
    pub(crate) document: Option<DocumentKind>,
    /// Writes every schema into this folder.
    #[arg(long, value_name = "FOLDER")]
    pub(crate) all: Option<PathBuf>,
}

#[derive(Debug, ClapArgs)]
#[command(after_help = "\
Examples:
  ios012 init my-scenario
  ios012 init my-cycle --kind cycle")]
pub(crate) struct InitArgs {
    /// The new folder.
    pub(crate) folder: PathBuf,
    /// What it holds.
    #[arg(long, value_enum, default_value_t = InitKind::History)]
    pub(crate) kind: InitKind,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum InitKind {
    /// A history for `ios012 backtest`.
    History,
    /// One cycle for `ios012 run`.
    Cycle,
}

fn document_kind(text: &str) -> Result<DocumentKind, String> {
    let found = DocumentKind::ALL.iter().find(|kind| kind.as_str() == text);
    found.copied().ok_or_else(|| {
        let names: Vec<_> = DocumentKind::ALL.iter().map(|kind| kind.as_str()).collect();
        format!("one of {}", names.join(", "))
    })
}
