//! `ios012 breaker`: what stands, a stop, a command to be signed, a signed command.

mod draft;
mod reset;
mod standing;
mod status;
mod trip;

use crate::args::BreakerCommand;
use crate::exit::Exit;

pub(crate) fn breaker(command: &BreakerCommand, json: bool) -> anyhow::Result<Exit> {
    match command {
        BreakerCommand::Status(args) => status::status(args, json),
        BreakerCommand::Trip(args) => trip::trip(args, json),
        BreakerCommand::Draft(args) => draft::draft(args),
        BreakerCommand::Reset(args) => reset::reset(args, json),
    }
}
