//! What proves a ledger from outside it: the tree over its records, and its checkpoint's file.

use std::fs::{File, TryLockError};
use std::path::Path;

use super::files::{read_if_there, replace, sync_data, sync_directory};
use super::{Line, LineReader, PACK, segment_path, segments, split_line};
use crate::chain::RECORD_LIMIT;
use crate::tree::{Prover, Tree};
use crate::{Checkpoint, Hash, LineageError, RecordProof, VerifierKey};

/// The checkpoint's file.
pub(super) const CHECKPOINT: &str = "checkpoint";
/// Where the next one is written before it takes the old one's place.
const NEXT: &str = "checkpoint.next";

/// The root of the tree over the first records of a ledger, whose lines are taken as they are: verify
/// it first. None if it has not so many.
///
/// # Errors
/// [`LineageError::Io`], [`LineageError::Checkpoint`] for a line without a hash.
pub fn root_of(directory: &Path, records: u64) -> Result<Option<Hash>, LineageError> {
    let mut tree = Tree::default();
    for_each_leaf(directory, records, |leaf| {
        tree.push(leaf);
        Ok(())
    })?;
    Ok((tree.size() == records).then(|| tree.root()))
}

/// Makes the proof that a record is in the ledger that a checkpoint covers. The checkpoint's root must be that of the
/// ledger's records.
///
/// # Errors
/// [`LineageError::Checkpoint`], [`LineageError::NotCovered`], [`LineageError::Verification`],
/// [`LineageError::Io`].
pub fn prove(
    directory: &Path,
    index: u64,
    checkpoint: &str,
    key: &VerifierKey,
) -> Result<RecordProof, LineageError> {
    let opened = Checkpoint::open(checkpoint, key)?;
    let (size, mut tree, mut leaf) = (opened.size(), Tree::default(), Vec::new());
    let not_covered = LineageError::NotCovered { index, size };
    let mut prover = Prover::of_inclusion(index, size).ok_or(not_covered)?;
    for_each_leaf(directory, size, |bytes| {
        if tree.size() == index {
            leaf = bytes.to_vec();
        }
        prover.push(bytes);
        tree.push(bytes);
        Ok(())
    })?;
    let found = (tree.size() == size).then(|| tree.root());
    opened.is_of(found, tree.size()).map_err(Box::new)?;
    let path = prover.finish().unwrap_or_default();
    Ok(RecordProof::new(index, &path, &leaf, checkpoint))
}

/// Makes the proof that the ledger that a checkpoint covers begins with the tree of so many records; nothing is to be
/// proven from none, or from as many as it covers. The checkpoint's root must be that of the ledger's records.
///
/// # Errors
/// [`LineageError::Verification`], [`LineageError::Io`].
pub fn prove_growth(
    directory: &Path,
    known: u64,
    checkpoint: &Checkpoint,
) -> Result<Vec<Hash>, LineageError> {
    let size = checkpoint.size();
    let (mut tree, mut prover) = (Tree::default(), Prover::of_consistency(known, size));
    for_each_leaf(directory, size, |leaf| {
        tree.push(leaf);
        if let Some(prover) = &mut prover {
            prover.push(leaf);
        }
        Ok(())
    })?;
    let found = (tree.size() == size).then(|| tree.root());
    checkpoint.is_of(found, tree.size()).map_err(Box::new)?;
    Ok(prover.and_then(Prover::finish).unwrap_or_default())
}

/// Hands over the canonical JSON of the first records, in order.
pub(super) fn for_each_leaf(
    directory: &Path,
    records: u64,
    mut take: impl FnMut(&[u8]) -> Result<(), LineageError>,
) -> Result<(), LineageError> {
    let mut taken = 0;
    for number in segments(directory)? {
        let mut lines = LineReader::open(&segment_path(directory, number), RECORD_LIMIT)?;
        while taken < records
            && let Line::Whole(line) = lines.next()?
        {
            let (_, json) = split_line(line).ok_or(LineageError::Checkpoint {
                rule: "a line of the ledger has no hash",
            })?;
            take(json.as_bytes())?;
            taken += 1;
        }
    }
    Ok(())
}

/// The text of a ledger's checkpoint; none if there is no such file.
///
/// # Errors
/// [`LineageError::Io`], [`LineageError::Checkpoint`] for what is no text.
pub fn read_checkpoint(directory: &Path) -> Result<Option<String>, LineageError> {
    let text = read_if_there(&directory.join(CHECKPOINT))?.map(String::from_utf8);
    let rule = "it is no text";
    text.transpose()
        .map_err(|_| LineageError::Checkpoint { rule })
}

/// Keeps a checkpoint beside the records that it covers, which are made durable before: none ever
/// covers a record that a crash can take away.
///
/// # Errors
/// [`LineageError::Io`].
pub fn write_checkpoint(directory: &Path, text: &str) -> Result<(), LineageError> {
    sync_records(directory)?;
    put_checkpoint(directory, text)
}

/// Keeps a checkpoint over what is durable already.
pub(super) fn put_checkpoint(directory: &Path, text: &str) -> Result<(), LineageError> {
    replace(directory, CHECKPOINT, NEXT, text.as_bytes())?;
    sync_directory(directory)
}

/// Keeps others from signing this ledger as long as it lives, so that no checkpoint takes the place of a newer one. The
/// writer of the ledger is not kept out.
///
/// # Errors
/// [`LineageError::Locked`], [`LineageError::Io`].
pub fn lock_checkpoint(directory: &Path) -> Result<CheckpointLock, LineageError> {
    let file = File::open(directory).map_err(|error| LineageError::io("open", directory, error))?;
    match file.try_lock() {
        Ok(()) => Ok(CheckpointLock(file)),
        Err(TryLockError::WouldBlock) => Err(LineageError::CheckpointLocked {
            directory: directory.to_owned(),
        }),
        Err(TryLockError::Error(error)) => Err(LineageError::io("lock", directory, error)),
    }
}

/// The right to sign a ledger: a kernel lock on its directory.
#[derive(Debug)]
pub struct CheckpointLock(
    #[expect(dead_code, reason = "it is held, and ends with the value")] File,
);

/// Makes all that is written durable, whoever has written it.
pub(super) fn sync_records(directory: &Path) -> Result<(), LineageError> {
    for number in segments(directory)? {
        sync(&segment_path(directory, number))?;
    }
    sync(&directory.join(PACK))?;
    sync_directory(directory)
}

fn sync(path: &Path) -> Result<(), LineageError> {
    let mut file = File::open(path).map_err(|error| LineageError::io("open", path, error))?;
    sync_data(&mut file, path)
}
