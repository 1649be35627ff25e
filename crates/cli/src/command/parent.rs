//! `ios012 checkpoint parent` and `ios012 verify-parent`: one log over what all portfolios had signed.

use anyhow::Context as _;
use ios012_lineage::ledger::{
    ParentReport, PortfolioFaults, SignedParent, sign_parent, verify_parent as verified,
};
use ios012_lineage::{Checkpoint, LineageError};
use ios012_secrets::CheckpointKey;

use crate::args::{ParentArgs, VerifyParentArgs};
use crate::exit::{Exit, Failure, require_directory};
use crate::output::{note, print, print_json};
use crate::text_file::read_text;

pub(crate) fn parent(args: &ParentArgs, json: bool) -> anyhow::Result<Exit> {
    require_directory(&args.directory)?;
    let key = CheckpointKey::read(&args.key)
        .with_context(|| format!("the key in {}", args.key.display()))?;
    match sign_parent(&args.directory, &key, &args.portfolio_keys) {
        Ok(signed) => tell_signed(&signed, json),
        Err(LineageError::Portfolios(faults)) => return Ok(tell_faults(&faults, json)),
        Err(error) => return Err(error.into()),
    }
    Ok(Exit::Executed)
}

pub(crate) fn verify_parent(args: &VerifyParentArgs, json: bool) -> anyhow::Result<Exit> {
    require_directory(&args.directory)?;
    let kept = kept(args)?;
    let (key, keys) = (&args.verifier_key, &args.portfolio_keys);
    match verified(&args.directory, key, kept.as_ref(), keys) {
        Ok(report) => tell_report(&report, json),
        Err(LineageError::Portfolios(faults)) => return Ok(tell_faults(&faults, json)),
        Err(error) => return Err(error.into()),
    }
    Ok(Exit::Executed)
}

/// The checkpoint that somebody kept, with its signature verified.
fn kept(args: &VerifyParentArgs) -> anyhow::Result<Option<Checkpoint>> {
    let Some(path) = &args.checkpoint else {
        return Ok(None);
    };
    let text = read_text(path, "the checkpoint")?;
    let opened = Checkpoint::open(&text, &args.verifier_key).map_err(|error| {
        let message = format!("{}: {error}", path.display());
        Failure::new(Exit::VerificationFailed, message)
    })?;
    Ok(Some(opened))
}

fn tell_signed(signed: &SignedParent, json: bool) {
    if !json {
        print(signed.checkpoint.trim_end());
        return;
    }
    print_json(|object| {
        object.member("appended").array(|array| {
            for entry in &signed.appended {
                array.element().string(entry.portfolio_id.as_str());
            }
        });
        object.member("checkpoint").string(&signed.checkpoint);
        object.member("entries").display(signed.entries);
        object.member("root").display(signed.root);
    });
}

fn tell_report(report: &ParentReport, json: bool) {
    if json {
        print_json(|object| {
            object.member("entries").display(report.entries);
            object.member("portfolios").display(report.portfolios);
            match report.proven_entries {
                Some(entries) => object.member("proven_entries").display(entries),
                None => object.member("proven_entries").null(),
            }
            object.member("root").display(report.root);
        });
        return;
    }
    let tail = match report.proven_entries {
        Some(entries) => format!("proven up to entry {entries} by what was kept elsewhere"),
        None => "tail not proven (keep the parent's checkpoint elsewhere)".to_owned(),
    };
    print(&format!(
        "COMPLETE: {} portfolios have what was entered of them, {} entries; {tail}",
        report.portfolios, report.entries
    ));
}

/// Names every portfolio that does not fit.
fn tell_faults(faults: &PortfolioFaults, json: bool) -> Exit {
    let exit = Exit::VerificationFailed;
    if !json {
        for fault in &faults.0 {
            note(&format!("FAILED: {fault}"));
        }
        return exit;
    }
    print_json(|object| {
        object.member("error").string(&faults.to_string());
        object.member("exit_code").display(exit.code());
        object.member("portfolios").array(|array| {
            for fault in &faults.0 {
                array.element().object(|object| {
                    object.member("code").string(fault.code());
                    object.member("portfolio").string(fault.portfolio());
                });
            }
        });
    });
    exit
}
