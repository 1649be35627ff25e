//! `ios012 breaker draft`: writes the command that officers sign. It signs nothing itself.

use std::io::Write as _;

use ios012_constraints::defcon::RedAction;
use ios012_core::Defcon;
use ios012_engine::replay;
use ios012_governance::CommandDraft;
use ios012_lineage::{Hash, verify};

use crate::args::DraftArgs;
use crate::clock::now;
use crate::exit::{Exit, Failure, require_directory};

pub(crate) fn draft(args: &DraftArgs) -> anyhow::Result<Exit> {
    require_directory(&args.ledger)?;
    verify(&args.ledger, None)?;
    let (_, engine) = replay(&args.ledger, &mut |_| ())?;
    let alarm = engine.alarm();
    let from = alarm.posture().level();
    let issued_at = now();
    let answers = alarm.answers().filter(|_| args.to < from);
    let answers = answers.map(|record| record.to_string().parse::<Hash>());
    let usage = |error: &dyn std::fmt::Display| Failure::new(Exit::Usage, error.to_string());
    let draft = CommandDraft {
        portfolio_id: engine.portfolio_id().clone(),
        from,
        to: args.to,
        red_action: (args.to == Defcon::Red).then_some(if args.to_cash {
            RedAction::ToCash
        } else {
            RedAction::ReduceOnly
        }),
        answers: answers.transpose()?,
        reason: args.reason.parse().map_err(|error| usage(&error))?,
        evidence: args.evidence.parse().map_err(|error| usage(&error))?,
        issuer: args.issuer.parse().map_err(|error| usage(&error))?,
        issued_at,
        valid_until: issued_at
            .checked_add_milliseconds(i64::from(args.hours).saturating_mul(3_600_000))?,
    };
    let text = draft.to_text().map_err(|error| usage(&error))?;
    // Exactly the bytes that are signed: no line feed at their end.
    let _ = std::io::stdout().lock().write_all(text.as_bytes());
    Ok(Exit::Executed)
}
