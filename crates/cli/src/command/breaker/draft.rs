//! `ios012 breaker draft`: writes the command that officers sign. It signs nothing itself.

use std::io::Write as _;

use ios012_constraints::defcon::RedAction;
use ios012_core::Defcon;
use ios012_governance::CommandDraft;

use crate::args::DraftArgs;
use crate::clock::now;
use crate::exit::{Exit, Failure};

use super::standing::Standing;

pub(crate) fn draft(args: &DraftArgs) -> anyhow::Result<Exit> {
    let standing = Standing::of(&args.ledger)?;
    if let Some(due) = &standing.due {
        let ledger = args.ledger.display();
        let message = format!(
            "{ledger} is due for recovery ({due}): nothing can be drafted against it, since a recovery writes records \
             anew, under other hashes; recover it first with `ios012 run SCENARIO --ledger {ledger}` or `backtest`, \
             or, if an engine is writing it, wait for the end of its cycle"
        );
        return Err(Failure::new(Exit::Incomplete, message));
    }
    let from = standing.engine.alarm().posture().level();
    let issued_at = now();
    let answers = standing.answers()?.filter(|_| args.to < from);
    let usage = |error: &dyn std::fmt::Display| Failure::new(Exit::Usage, error.to_string());
    let draft = CommandDraft {
        portfolio_id: standing.engine.portfolio_id().clone(),
        from,
        to: args.to,
        red_action: (args.to == Defcon::Red).then_some(if args.to_cash {
            RedAction::ToCash
        } else {
            RedAction::ReduceOnly
        }),
        answers,
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
