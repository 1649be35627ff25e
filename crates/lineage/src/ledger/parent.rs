//! The parent log: what the portfolios of one folder had signed, in a log of its own, so that a portfolio that
//! vanished, or was rolled back together with its checkpoint, is seen.

mod entry;
mod portfolios;

use std::fmt;
use std::fs;
use std::path::Path;

use super::files::{replace, sync_directory};
use super::proof::{lock_checkpoint, put_checkpoint, read_checkpoint};
use crate::tree::Tree;
use crate::{Checkpoint, CheckpointSigner, Hash, LineageError, VerifierKey};
use entry::Entries;
use portfolios::Portfolios;

pub use entry::ParentEntry;
pub use portfolios::PortfolioFault;

/// The folder of the parent log, beside those of the portfolios.
const FOLDER: &str = "parent";

/// What was signed over all portfolios.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SignedParent {
    /// The checkpoint of the parent log.
    pub checkpoint: String,
    /// What was entered, in the order of the portfolios' names.
    pub appended: Vec<ParentEntry>,
    /// Entries that are signed.
    pub entries: u64,
    /// The root of their tree.
    pub root: Hash,
}

/// A parent log that fits its checkpoint, and portfolios that fit it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ParentReport {
    /// Entries.
    pub entries: u64,
    /// Portfolios that have one.
    pub portfolios: u64,
    /// The root of the entries' tree.
    pub root: Hash,
    /// How many entries, from the first, a kept checkpoint proves.
    pub proven_entries: Option<u64>,
}

/// All portfolios of a folder that do not fit its parent log, in the order of their names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PortfolioFaults(pub Vec<PortfolioFault>);

impl fmt::Display for PortfolioFaults {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (number, fault) in self.0.iter().enumerate() {
            let separator = if number == 0 { "" } else { "; " };
            write!(formatter, "{separator}{fault}")?;
        }
        Ok(())
    }
}

/// Enters each portfolio of a folder whose checkpoint is another than the one entered last, and signs the log. Each
/// checkpoint must be signed by one of the keys, and each portfolio must still have what was entered of it. Where
/// nothing is to be entered, nothing is written.
///
/// # Errors
/// [`LineageError::Portfolios`], [`LineageError::Parent`], [`LineageError::NoPortfolio`],
/// [`LineageError::CheckpointLocked`], [`LineageError::Io`].
pub fn sign_parent(
    directory: &Path,
    signer: &impl CheckpointSigner,
    keys: &[VerifierKey],
) -> Result<SignedParent, LineageError> {
    let folder = directory.join(FOLDER);
    if !folder.is_dir() {
        fs::create_dir(&folder).map_err(|error| LineageError::io("create", &folder, error))?;
        sync_directory(directory)?;
    }
    let _lock = lock_checkpoint(&folder)?;
    let (mut entries, last) = signed(&folder, signer.key())?;
    // What a crash left unsigned was never promised, and is made anew.
    entries.cut(last.as_ref().map_or(0, |(_, checkpoint)| checkpoint.size()));
    let portfolios = Portfolios::read(directory, FOLDER, &entries)?;
    let appended = portfolios.check(keys)?;
    match last {
        Some((checkpoint, opened)) if appended.is_empty() => Ok(SignedParent {
            checkpoint,
            appended,
            entries: opened.size(),
            root: opened.root(),
        }),
        None if appended.is_empty() => Err(LineageError::NoPortfolio {
            directory: directory.to_owned(),
        }),
        last => {
            if last.is_none() {
                // So entries without a checkpoint are always damage, and never a beginning.
                let nothing = Checkpoint::sign(signer, 0, Tree::default().root());
                put_checkpoint(&folder, &nothing)?;
            }
            entries.extend(&appended);
            write(&folder, &entries, signer, appended)
        }
    }
}

/// Checks a parent log against its checkpoint and against one that somebody kept, and every portfolio that was entered
/// against what was entered last. Whose keys are given must have signed the portfolios' checkpoints; without keys they
/// are not judged.
///
/// # Errors
/// [`LineageError::Portfolios`], [`LineageError::Parent`], [`LineageError::NotSigned`], [`LineageError::Io`].
pub fn verify_parent(
    directory: &Path,
    key: &VerifierKey,
    kept: Option<&Checkpoint>,
    portfolio_keys: &[VerifierKey],
) -> Result<ParentReport, LineageError> {
    let folder = directory.join(FOLDER);
    let (entries, last) = signed(&folder, key)?;
    let (_, last) = last.ok_or(fault("it has no checkpoint"))?;
    if let Some(kept) = kept
        && entries.root(kept.size()) != Some(kept.root())
    {
        return Err(fault(
            "its entries are not those that the kept checkpoint covers: the log was cut or rewritten",
        ));
    }
    if entries.size() > last.size() {
        let what = format!(
            "{} entries of the parent log are not signed; sign them with `ios012 checkpoint parent`",
            entries.size() - last.size()
        );
        return Err(LineageError::NotSigned { what });
    }
    let portfolios = Portfolios::read(directory, FOLDER, &entries)?;
    portfolios.check_entered(portfolio_keys)?;
    Ok(ParentReport {
        entries: last.size(),
        portfolios: portfolios.entered(),
        root: last.root(),
        proven_entries: kept.map(Checkpoint::size),
    })
}

/// The entries, and the checkpoint that fits them; none before the first.
fn signed(
    folder: &Path,
    key: &VerifierKey,
) -> Result<(Entries, Option<(String, Checkpoint)>), LineageError> {
    // The checkpoint first: while somebody signs the entries only get more.
    let text = read_checkpoint(folder)?;
    let entries = Entries::read(folder)?;
    let Some(text) = text else {
        if entries.size() > 0 {
            return Err(fault(
                "it has entries and no checkpoint: find the one that is gone",
            ));
        }
        return Ok((entries, None));
    };
    let checkpoint = Checkpoint::open(&text, key)?;
    if entries.root(checkpoint.size()) != Some(checkpoint.root()) {
        return Err(fault(
            "its entries are not those that its checkpoint covers: the log was cut or rewritten",
        ));
    }
    Ok((entries, Some((text, checkpoint))))
}

/// The entries are on disk before a checkpoint covers them.
fn write(
    folder: &Path,
    entries: &Entries,
    signer: &impl CheckpointSigner,
    appended: Vec<ParentEntry>,
) -> Result<SignedParent, LineageError> {
    replace(
        folder,
        entry::FILE,
        entry::NEXT,
        entries.to_text().as_bytes(),
    )?;
    sync_directory(folder)?;
    let (size, root) = (entries.size(), entries.tree().root());
    let checkpoint = Checkpoint::sign(signer, size, root);
    put_checkpoint(folder, &checkpoint)?;
    Ok(SignedParent {
        checkpoint,
        appended,
        entries: size,
        root,
    })
}

const fn fault(rule: &'static str) -> LineageError {
    LineageError::Parent { rule }
}
