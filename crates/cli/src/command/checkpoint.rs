//! `ios012 checkpoint`: a key, what it signs, and who witnesses it.

mod witness;

use anyhow::Context as _;
use ios012_lineage::ledger::{lock_checkpoint, read_checkpoint, write_checkpoint, write_tiles};
use ios012_lineage::{
    Checkpoint, CheckpointSigner, LedgerStatus, LineageError, VerifyReport, verify,
    verify_checkpoint,
};
use ios012_secrets::CheckpointKey;

use super::parent;
use crate::args::{CheckpointCommand, NewKeyArgs, SignArgs};
use crate::exit::{Exit, Failure, require_directory};
use crate::output::{print, print_json};

pub(crate) fn checkpoint(command: &CheckpointCommand, json: bool) -> anyhow::Result<Exit> {
    match command {
        CheckpointCommand::NewKey(args) => new_key(args, json),
        CheckpointCommand::Sign(args) => sign(args, json),
        CheckpointCommand::Parent(args) => parent::parent(args, json),
        CheckpointCommand::Witness(args) => witness::witness(args, json),
    }
}

fn new_key(args: &NewKeyArgs, json: bool) -> anyhow::Result<Exit> {
    let key = CheckpointKey::create(&args.key, &args.name)
        .with_context(|| format!("no key was made in {}", args.key.display()))?;
    if json {
        print_json(|object| {
            let text = key.key().to_string();
            object.member("verifier_key").string(&text);
        });
    } else {
        print(&key.key().to_string());
    }
    Ok(Exit::Executed)
}

fn sign(args: &SignArgs, json: bool) -> anyhow::Result<Exit> {
    require_directory(&args.ledger)?;
    let key = CheckpointKey::read(&args.key)
        .with_context(|| format!("the key in {}", args.key.display()))?;
    let _lock = lock_checkpoint(&args.ledger)?;
    let mut report = verify(&args.ledger, None)?;
    if let LedgerStatus::Incomplete(open) = &report.status {
        let what = open.to_string();
        return Err(LineageError::Incomplete { what }.into());
    }
    hold_last(args, &key, &mut report)?;
    let root = write_tiles(&args.ledger, report.records)?;
    let text = Checkpoint::sign(&key, report.records, root);
    write_checkpoint(&args.ledger, &text)?;
    if json {
        print_json(|object| {
            object.member("checkpoint").string(&text);
            object.member("records").display(report.records);
            object.member("root").display(root);
        });
    } else {
        print(text.trim_end());
    }
    Ok(Exit::Executed)
}

/// What was signed before must still be there.
fn hold_last(
    args: &SignArgs,
    key: &CheckpointKey,
    report: &mut VerifyReport,
) -> anyhow::Result<()> {
    let Some(last) = read_checkpoint(&args.ledger)? else {
        return Ok(());
    };
    let last = Checkpoint::open(&last, key.key()).map_err(|error| {
        let message = format!(
            "the file checkpoint in {}: {error}; find out who signed it, and move it away",
            args.ledger.display()
        );
        Failure::new(Exit::VerificationFailed, message)
    })?;
    verify_checkpoint(&args.ledger, report, &last)?;
    Ok(())
}
