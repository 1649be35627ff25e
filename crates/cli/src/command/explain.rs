use crate::args::ExplainArgs;
use crate::exit::Exit;
pub(crate) fn explain(_args: &ExplainArgs, _json: bool) -> anyhow::Result<Exit> {
    Ok(Exit::Executed)
}
