//! `ios012 breaker trip`: leaves an order to stop where a running engine sees it at once, and the
//! next one before it does anything.

use std::io::Write as _;

use anyhow::Context as _;
use ios012_constraints::defcon::RedAction;
use ios012_core::Defcon;
use ios012_governance::StopFile;

use crate::args::{TripArgs, TripLevel};
use crate::clock::now;
use crate::exit::{Exit, Failure, require_directory};
use crate::output::{print, print_json};

pub(crate) fn trip(args: &TripArgs, json: bool) -> anyhow::Result<Exit> {
    require_directory(&args.ledger)?;
    let usage = |what: &str, error: &dyn std::fmt::Display| {
        Failure::new(Exit::Usage, format!("{what}: {error}"))
    };
    let (level, red_action) = match args.level {
        TripLevel::ReduceOnly => (Defcon::Red, RedAction::ReduceOnly),
        TripLevel::ToCash => (Defcon::Red, RedAction::ToCash),
        TripLevel::Halt => (Defcon::Black, RedAction::ReduceOnly),
    };
    let stop = StopFile {
        level,
        red_action,
        reason: args
            .reason
            .parse()
            .map_err(|error| usage("--reason", &error))?,
        evidence: args
            .evidence
            .parse()
            .map_err(|error| usage("--evidence", &error))?,
        at: now(),
    };
    let path = args.ledger.join(StopFile::NAME);
    let next = args.ledger.join("trip.next");
    let written = (|| {
        let mut file = std::fs::File::create(&next)?;
        file.write_all(stop.to_text().map_err(std::io::Error::other)?.as_bytes())?;
        file.sync_all()?;
        std::fs::rename(&next, &path)?;
        std::fs::File::open(&args.ledger)?.sync_all()
    })();
    written.with_context(|| {
        format!(
            "{} cannot be written; to stop a running engine all the same: kill -USR1 PID",
            path.display()
        )
    })?;
    if json {
        print_json(|object| {
            object.member("at").display(stop.at);
            object.member("level").display(stop.level);
            object.member("red_action").display(stop.red_action);
        });
    } else {
        print(&format!(
            "{level} {red_action}: a running engine stops at its next step, and no engine begins \
             without recording this first"
        ));
    }
    Ok(Exit::Executed)
}
