//! `ios012 prove` and `ios012 verify-proof`: one decision, shown to somebody who has no ledger.

use std::fs::OpenOptions;
use std::io::Write as _;
use std::path::Path;

use anyhow::Context as _;
use ios012_lineage::ledger::{prove as proof_of, read_checkpoint};
use ios012_lineage::{Cosignature, Decision, LineageError, ProvenRecord, Record};
use ios012_report::{Witness, find_decision, witnessed};

use crate::args::{ProveArgs, VerifyProofArgs};
use crate::exit::{Exit, Failure, require_directory};
use crate::output::{print, print_json};
use crate::text_file::read_text;

pub(crate) fn prove(args: &ProveArgs, json: bool) -> anyhow::Result<Exit> {
    require_directory(&args.ledger)?;
    let index = find_decision(&args.ledger, args.cycle, &args.asset, args.transition)?;
    let checkpoint = match &args.checkpoint {
        Some(path) => read_text(path, "the checkpoint")?,
        None => read_checkpoint(&args.ledger)?.ok_or_else(|| no_checkpoint(&args.ledger))?,
    };
    let proof = proof_of(&args.ledger, index, &checkpoint, &args.verifier_key)?;
    // What is handed out has been checked as its reader will check it.
    let proven = ProvenRecord::open(proof.text(), &args.verifier_key)?;
    write_new(&args.out, proof.text())
        .with_context(|| format!("cannot write the new file {}", args.out.display()))?;
    tell(&proven, args.verifier_key.name(), None, json);
    Ok(Exit::Executed)
}

pub(crate) fn verify_proof(args: &VerifyProofArgs, json: bool) -> anyhow::Result<Exit> {
    let text = read_text(&args.proof, "the proof")?;
    let failed = |error: LineageError| {
        let message = format!("FAILED: {}: {error}", args.proof.display());
        Failure::new(Exit::VerificationFailed, message)
    };
    let proven = ProvenRecord::open(&text, &args.verifier_key).map_err(failed)?;
    let mut witnesses = Vec::new();
    for key in &args.witness_keys {
        let cosignature = Cosignature::of(&proven.checkpoint, key).map_err(failed)?;
        witnesses.extend(cosignature.as_ref().map(Witness::of));
    }
    tell(
        &proven,
        args.verifier_key.name(),
        Some(&witnesses[..]),
        json,
    );
    Ok(Exit::Executed)
}

fn no_checkpoint(ledger: &Path) -> anyhow::Error {
    let message = format!(
        "{} has no checkpoint: sign one with `ios012 checkpoint sign`, or give one with --checkpoint",
        ledger.display()
    );
    Failure::new(Exit::Usage, message)
}

/// A proof may be somebody's only one, so none is overwritten.
fn write_new(path: &Path, text: &str) -> std::io::Result<()> {
    let mut file = OpenOptions::new().write(true).create_new(true).open(path)?;
    file.write_all(text.as_bytes())?;
    file.sync_all()
}

/// `witnesses` are those who were asked for, if any could be.
fn tell(proven: &ProvenRecord, log: &str, witnesses: Option<&[Witness]>, json: bool) {
    if json {
        print_json(|object| {
            object.member("index").display(proven.index);
            object.member("log").string(log);
            object.member("record").string(&proven.json);
            object.member("records").display(proven.size);
            object.member("status").string("proven");
            if let Some(witnesses) = witnesses {
                object.member("witnesses").array(|array| {
                    for witness in witnesses {
                        array.element().string(&witness.name);
                    }
                });
            }
        });
        return;
    }
    let mut lines = vec![format!(
        "PROVEN: {log} has signed this as record {} of its first {}",
        proven.index, proven.size
    )];
    let portfolio = &proven.envelope.portfolio_id;
    match &proven.record {
        Record::Decision(decision) => lines.extend(told(portfolio.as_str(), decision)),
        other => lines.push(format!(
            "  {} of {portfolio}: {}",
            other.kind(),
            proven.json
        )),
    }
    lines.extend(witnesses.map(|witnesses| format!("  {}", witnessed(witnesses))));
    print(&lines.join("\n"));
}

/// A decision, with its numbers as they are recorded.
fn told(portfolio: &str, decision: &Decision) -> Vec<String> {
    let metadata = &decision.metadata;
    let row = |label: &str, text: &dyn std::fmt::Display| format!("  {label:<16}{text}");
    let mut lines = vec![
        row("Portfolio", &portfolio),
        row("Time", &decision.timestamp),
        row("Asset", &decision.asset_id),
        row("Transition", &metadata.transition),
        row("Exposure before", &decision.previous_exposure),
        row("Target", &decision.target_exposure),
    ];
    for limit in &metadata.binding {
        let step = format!("{}: {} to {}", limit.limit, limit.before, limit.after);
        lines.push(row("Limit", &step));
    }
    lines.extend([
        row("Allowed", &decision.allowed_exposure),
        row("Reason", &metadata.reason),
        row("Price", &metadata.reference_price),
        row("Estimated cost", &decision.transition_cost),
        row("Input state", &metadata.input_state_hash),
        row("Lineage", &decision.lineage_hash),
    ]);
    lines
}
