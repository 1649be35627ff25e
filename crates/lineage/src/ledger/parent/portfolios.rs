//! The portfolios of a folder, held against what was entered of them.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::fs;
use std::path::{Path, PathBuf};

use ios012_core::PortfolioId;

use super::PortfolioFaults;
use super::entry::{Entries, ParentEntry};
use crate::ledger::files::sync_directory;
use crate::ledger::proof::{CHECKPOINT, read_checkpoint, root_of};
use crate::verify::{FailureCode, VerifyFailure, VerifyReport, verify, verify_checkpoint};
use crate::{Checkpoint, LineageError, VerifierKey};

/// Why a portfolio does not fit the parent log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PortfolioFault {
    /// It was entered, and has no folder or no checkpoint any more.
    Vanished {
        /// Its name.
        portfolio: String,
        /// Records that were entered.
        entered: u64,
    },
    /// Its ledger or its checkpoint has fewer records than were entered.
    RolledBack {
        /// Its name.
        portfolio: String,
        /// Records that were entered.
        entered: u64,
        /// Records that there are.
        records: u64,
    },
    /// Its first records are others than those that were entered.
    Forked {
        /// Its name.
        portfolio: String,
        /// Records that were entered.
        entered: u64,
    },
    /// None of the keys has signed its checkpoint.
    Unsigned {
        /// Its name.
        portfolio: String,
    },
    /// Its folder has another name than the portfolio of its ledger.
    Misnamed {
        /// The folder's name.
        portfolio: String,
    },
    /// Its ledger does not verify, or is not that of its checkpoint.
    Damaged {
        /// Its name.
        portfolio: String,
        /// The rule that was broken.
        failure: VerifyFailure,
    },
}

impl PortfolioFault {
    /// The stable name of the fault.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Vanished { .. } => "vanished",
            Self::RolledBack { .. } => "rolled_back",
            Self::Forked { .. } => "forked",
            Self::Unsigned { .. } => "unsigned",
            Self::Misnamed { .. } => "misnamed",
            Self::Damaged { .. } => "damaged",
        }
    }

    /// The portfolio, or the folder where it has no good name.
    pub fn portfolio(&self) -> &str {
        match self {
            Self::Vanished { portfolio, .. }
            | Self::RolledBack { portfolio, .. }
            | Self::Forked { portfolio, .. }
            | Self::Unsigned { portfolio }
            | Self::Misnamed { portfolio }
            | Self::Damaged { portfolio, .. } => portfolio,
        }
    }
}

impl fmt::Display for PortfolioFault {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Vanished { portfolio, entered } => write!(
                formatter,
                "VANISHED: {portfolio} was entered with {entered} records and has no checkpoint here any more; restore \
                 its folder"
            ),
            Self::RolledBack {
                portfolio,
                entered,
                records,
            } => write!(
                formatter,
                "ROLLED BACK: {portfolio} was entered with {entered} records and has {records}; find those that are gone"
            ),
            Self::Forked { portfolio, entered } => write!(
                formatter,
                "FORKED: the first {entered} records of {portfolio} are others than those that were entered; keep both \
                 ledgers, and find out who has made the other one"
            ),
            Self::Unsigned { portfolio } => write!(
                formatter,
                "UNSIGNED: none of the given keys has signed the checkpoint of {portfolio}; give its verifier key, or \
                 find out who signed it"
            ),
            Self::Misnamed { portfolio } => write!(
                formatter,
                "MISNAMED: the folder {portfolio:?} has not the name of the portfolio whose ledger it holds; rename it"
            ),
            Self::Damaged { portfolio, failure } => {
                write!(formatter, "DAMAGED: {portfolio}: {failure}")
            }
        }
    }
}

/// The folders that have a checkpoint, and the last entry of each portfolio.
#[derive(Debug)]
pub(super) struct Portfolios {
    directory: PathBuf,
    there: BTreeSet<String>,
    last: BTreeMap<PortfolioId, ParentEntry>,
}

impl Portfolios {
    /// Looks into each folder but the parent's own.
    #[expect(
        clippy::disallowed_methods,
        reason = "the names are sorted before they are used"
    )]
    pub(super) fn read(
        directory: &Path,
        own: &str,
        entries: &Entries,
    ) -> Result<Self, LineageError> {
        let list = |error| LineageError::io("list", directory, error);
        let mut there = BTreeSet::new();
        for entry in fs::read_dir(directory).map_err(list)? {
            let entry = entry.map_err(list)?;
            let name = entry.file_name().to_string_lossy().into_owned();
            let checkpoint = entry.path().join(CHECKPOINT);
            let has_checkpoint = || {
                let exists = checkpoint.try_exists();
                exists.map_err(|error| LineageError::io("examine", &checkpoint, error))
            };
            if name != own && entry.path().is_dir() && has_checkpoint()? {
                there.insert(name);
            }
        }
        Ok(Self {
            directory: directory.to_owned(),
            there,
            last: entries.last(),
        })
    }

    /// Portfolios that were entered.
    pub(super) fn entered(&self) -> u64 {
        self.last.len() as u64
    }

    /// Checks every portfolio, and gives what is to be entered.
    pub(super) fn check(&self, keys: &[VerifierKey]) -> Result<Vec<ParentEntry>, LineageError> {
        let (mut faults, mut appended) = (self.vanished(), Vec::new());
        for name in &self.there {
            match self.check_one(name, Some(keys))? {
                Ok(entry) => appended.extend(entry),
                Err(fault) => faults.push(fault),
            }
        }
        none_of(faults)?;
        for entry in &appended {
            // Its checkpoint may have been renamed just now: no crash may take away what is entered.
            sync_directory(&self.directory.join(entry.portfolio_id.as_str()))?;
        }
        Ok(appended)
    }

    /// Checks those that were entered.
    pub(super) fn check_entered(&self, keys: &[VerifierKey]) -> Result<(), LineageError> {
        let mut faults = self.vanished();
        let keys = (!keys.is_empty()).then_some(keys);
        for name in self.last.keys().map(PortfolioId::as_str) {
            if self.there.contains(name)
                && let Err(fault) = self.check_one(name, keys)?
            {
                faults.push(fault);
            }
        }
        none_of(faults)
    }

    fn vanished(&self) -> Vec<PortfolioFault> {
        let entered = self.last.iter();
        let gone = entered.filter(|(id, _)| !self.there.contains(id.as_str()));
        gone.map(|(id, entry)| PortfolioFault::Vanished {
            portfolio: id.as_str().to_owned(),
            entered: entry.size,
        })
        .collect()
    }

    /// What is to be entered of a portfolio: nothing, if its checkpoint is the one that was entered last, or if no key is
    /// there to judge it.
    fn check_one(
        &self,
        name: &str,
        keys: Option<&[VerifierKey]>,
    ) -> Result<Result<Option<ParentEntry>, PortfolioFault>, LineageError> {
        let (directory, portfolio) = (self.directory.join(name), name.to_owned());
        // The checkpoint first: while somebody writes the ledger it only gets more.
        let text = match read_checkpoint(&directory) {
            // What is no text, nobody has signed.
            Err(LineageError::Checkpoint { .. }) => String::new(),
            read => read?.unwrap_or_default(),
        };
        let mut report = match verify(&directory, None) {
            Ok(report) => report,
            Err(failure) => return damaged(portfolio, failure),
        };
        let others = report
            .portfolio_id
            .as_ref()
            .filter(|id| id.as_str() != name);
        let (None, Ok(id)) = (others, name.parse::<PortfolioId>()) else {
            return Ok(Err(PortfolioFault::Misnamed { portfolio }));
        };
        let last = self.last.get(&id);
        if let Some(fault) = last
            .map(|last| fits(&directory, last, &report))
            .transpose()?
            .flatten()
        {
            return Ok(Err(fault));
        }
        let Some(keys) = keys else {
            return Ok(Ok(None));
        };
        let opened = keys
            .iter()
            .find_map(|key| Checkpoint::open(&text, key).ok());
        let Some(checkpoint) = opened else {
            return Ok(Err(PortfolioFault::Unsigned { portfolio }));
        };
        if let Some(entered) = last.map(|last| last.size)
            && checkpoint.size() < entered
        {
            return Ok(Err(PortfolioFault::RolledBack {
                portfolio,
                entered,
                records: checkpoint.size(),
            }));
        }
        if let Err(failure) = verify_checkpoint(&directory, &mut report, &checkpoint) {
            return damaged(portfolio, failure);
        }
        let entry = ParentEntry::new(id, &text, &checkpoint);
        Ok(Ok((last != Some(&entry)).then_some(entry)))
    }
}

/// Holds a verified ledger against what was entered last of it.
fn fits(
    directory: &Path,
    last: &ParentEntry,
    report: &VerifyReport,
) -> Result<Option<PortfolioFault>, LineageError> {
    let portfolio = last.portfolio_id.as_str().to_owned();
    let entered = last.size;
    if report.records < entered {
        let records = report.records;
        return Ok(Some(PortfolioFault::RolledBack {
            portfolio,
            entered,
            records,
        }));
    }
    let is_same = root_of(directory, entered)? == Some(last.root);
    Ok((!is_same).then_some(PortfolioFault::Forked { portfolio, entered }))
}

/// What cannot be read is no fault of a portfolio.
fn damaged<T>(
    portfolio: String,
    failure: VerifyFailure,
) -> Result<Result<T, PortfolioFault>, LineageError> {
    match failure.code {
        FailureCode::Unreadable => Err(Box::new(failure).into()),
        _ => Ok(Err(PortfolioFault::Damaged { portfolio, failure })),
    }
}

fn none_of(mut faults: Vec<PortfolioFault>) -> Result<(), LineageError> {
    if faults.is_empty() {
        return Ok(());
    }
    faults.sort_by(|left, right| left.portfolio().cmp(right.portfolio()));
    Err(LineageError::Portfolios(PortfolioFaults(faults)))
}
