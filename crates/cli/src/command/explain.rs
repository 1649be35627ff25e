//! `ios012 explain`: one decision, told.

use ios012_report::explain as explained;

use crate::args::ExplainArgs;
use crate::exit::{Exit, require_directory};
use crate::output::print;

pub(crate) fn explain(args: &ExplainArgs, json: bool) -> anyhow::Result<Exit> {
    require_directory(&args.ledger)?;
    let explanation = explained(&args.ledger, args.cycle, &args.asset)?;
    print(&if json {
        explanation.to_json()
    } else {
        explanation.render_text()
    });
    Ok(Exit::Executed)
}
