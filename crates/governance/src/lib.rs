//! Who may order what: the roles file, operator commands, and the SSH signatures over them
//! (docs/governance.md).
//!
//! Time comes in as data, bytes come in as arguments, and nothing here signs: an officer signs with
//! `ssh-keygen -Y sign` and the key she has.
//!
//! # Examples
//!
//! Only [`authorise`] makes an [`AuthorisedCommand`]; nobody else can:
//!
//! ```compile_fail,E0451
//! fn forge(real: ios012_governance::AuthorisedCommand) -> ios012_governance::AuthorisedCommand {
//!     ios012_governance::AuthorisedCommand { signers: Vec::new(), ..real }
//! }
//! ```
//!
//! The same name reads well where it is only used, so the example above fails for its cause:
//!
//! ```
//! fn level(real: &ios012_governance::AuthorisedCommand) -> ios012_core::Defcon {
//!     real.command().to()
//! }
//! ```

mod action;
mod authorise;
mod bundle;
mod command;
mod document;
mod error;
mod period;
mod roles;
mod schema;
mod signature;
mod stop;

pub use action::Action;
pub use authorise::{AuthorisedCommand, Context, Directive, authorise};
pub use bundle::authorise_bundle;
pub use command::{Command, CommandDraft, MAX_VALIDITY_MS};
pub use document::Document;
pub use error::GovernanceError;
pub use period::Period;
pub use roles::{OfficerKey, Person, Roles};
pub use schema::{command_schema, roles_schema};
pub use signature::{MAX_SIGNATURES, Namespace, verify_signature};
pub use stop::StopFile;
