use crate::args::LedgerArgs;
use crate::command::verify::status_line;
use crate::exit::Exit;
use crate::output::print;
use std::path::Path;
pub(crate) fn report(args: &LedgerArgs, json: bool) -> anyhow::Result<Exit> {
    print_summary(&args.ledger, json)?;
    Ok(Exit::Executed)
}
pub(crate) fn print_summary(ledger: &Path, _json: bool) -> anyhow::Result<()> {
    let report = ios012_lineage::verify(ledger, None)?;
    print(&status_line(&report));
    Ok(())
}
pub(crate) fn print_cycle(_ledger: &Path, _cycle: u64) -> anyhow::Result<()> {
    Ok(())
}
