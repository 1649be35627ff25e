//! Inputs from tables: the same documents as from files, and what is refused.

mod breach;
pub(crate) mod load;
mod page;
mod refused;
mod same;
mod snapshot;
mod told;
