//! `ios012 breaker reset`: carries out a command that officers signed.

use std::path::Path;

use anyhow::Context as _;
use ios012_contracts::SingleCycle;
use ios012_engine::FileSink;
use ios012_governance::{Context, Roles, authorise};

use crate::args::ResetArgs;
use crate::clock::now;
use crate::exit::{Exit, Failure};
use crate::output::{note, print, print_json};
use crate::portfolio::{Portfolio, has_ledger, runtime};

pub(crate) fn reset(args: &ResetArgs, json: bool) -> anyhow::Result<Exit> {
    let standing = SingleCycle::standing(&args.scenario)
        .with_context(|| format!("scenario {}", args.scenario.display()))?;
    if !has_ledger(&args.ledger) {
        let message = format!("{} holds no ledger", args.ledger.display());
        return Err(Failure::new(Exit::Usage, message));
    }
    let refused = |error: &dyn std::fmt::Display| Failure::new(Exit::Refused, error.to_string());
    let roles = Roles::parse(&read(&args.roles)?).map_err(|error| refused(&error))?;
    if standing.scenario().roles_sha256() != Some(roles.hash()) {
        let message = format!(
            "{} has the hash {}, and policy.roles_sha256 of scenario.json {}; give the roles file \
             that is pinned there",
            args.roles.display(),
            roles.hash(),
            standing
                .scenario()
                .roles_sha256()
                .map_or_else(|| "pins none".to_owned(), |hash| format!("pins {hash}")),
        );
        return Err(Failure::new(Exit::Refused, message));
    }
    let command = read(&args.command)?;
    let signatures = args.signatures.iter().map(|path| read(path));
    let signatures = signatures.collect::<anyhow::Result<Vec<_>>>()?;
    let signatures: Vec<_> = signatures.iter().map(Vec::as_slice).collect();
    let context = Context {
        portfolio: standing.portfolio_id(),
        as_of: now(),
    };
    let command =
        authorise(&command, &signatures, &roles, context).map_err(|error| refused(&error))?;
    let sink = |writer| Ok(FileSink::new(writer));
    let mut portfolio = Portfolio::open(&args.scenario, &standing, &args.ledger, sink)?;
    let before = *portfolio.runner.engine().alarm();
    let runtime = runtime()?;
    runtime.block_on(async {
        portfolio.runner.heed().await?;
        portfolio.runner.command(command).await
    })?;
    let engine = portfolio.finish(&args.ledger)?;
    let (after, is_done) = (engine.alarm(), *engine.alarm() != before);
    let level = after.posture().level();
    if json {
        print_json(|object| {
            object.member("done").boolean(is_done);
            object.member("level").display(level);
        });
    } else if is_done {
        print(&format!("{level}"));
    }
    if is_done {
        return Ok(Exit::Executed);
    }
    note(
        "The command is good, and the level does not allow it now: `ios012 breaker status` says what \
         it must answer and since when. The refusal is on the ledger.",
    );
    Ok(Exit::Refused)
}

fn read(path: &Path) -> anyhow::Result<Vec<u8>> {
    std::fs::read(path).with_context(|| format!("{} cannot be read", path.display()))
}
