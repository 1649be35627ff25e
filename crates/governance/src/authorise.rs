//! The one way from bytes to authority.

use ios012_constraints::defcon::{Loosening, RedAction, RoleSet};
use ios012_core::{Defcon, PortfolioId, UtcTime};
use ios012_lineage::{Code, Hash, sha256};

use crate::bundle;
use crate::signature::{MAX_SIGNATURES, verify_signature};
use crate::{Action, Command, GovernanceError, Namespace, Person, Roles};

/// What a command is held against.
#[derive(Debug, Clone, Copy)]
pub struct Context<'a> {
    /// The portfolio that it must name.
    pub portfolio: &'a PortfolioId,
    /// The time of the data: now, for the one who judges.
    pub as_of: UtcTime,
}

/// A command whose signatures, rights and times were all verified. [`authorise`] alone makes one.
#[derive(Debug, Clone)]
pub struct AuthorisedCommand {
    command: Command,
    signers: Vec<(Code, RoleSet)>,
    roles_hash: Hash,
    as_of: UtcTime,
    bundle: String,
}

/// What an authorised command asks of the machine.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Directive {
    /// To take a trip of at least this level.
    Tighten {
        /// The level.
        level: Defcon,
        /// The action, where that is RED.
        red_action: RedAction,
    },
    /// To take one step down.
    Loosen(Loosening),
}

/// Verifies an operator command: its form, each of its detached signatures over exactly these
/// bytes, that each person and key counted when it was issued and counts at `as_of`, that each may
/// do this, and that they are enough, by the roles file and by ADR-016.
///
/// Every signature that is given must be good: one bad signature refuses the command.
///
/// # Errors
/// The first rule that does not hold.
pub fn authorise(
    command: &[u8],
    signatures: &[&[u8]],
    roles: &Roles,
    context: Context<'_>,
) -> Result<AuthorisedCommand, GovernanceError> {
    let parsed = Command::parse(command)?;
    check_context(&parsed, context)?;
    if signatures.is_empty() || signatures.len() > MAX_SIGNATURES {
        return Err(GovernanceError::SignatureCount {
            found: signatures.len(),
        });
    }
    let mut signers: Vec<(Code, RoleSet)> = Vec::new();
    for armour in signatures {
        let times = [parsed.issued_at(), context.as_of];
        let person = verify_signature(roles, Namespace::Command, command, armour, &times)?;
        check_right(person, parsed.action())?;
        if signers.iter().any(|(signed, _)| signed == person.id()) {
            return Err(GovernanceError::PersonTwice {
                person: person.id().clone(),
            });
        }
        signers.push((person.id().clone(), person.roles()));
    }
    check_enough(&parsed, &signers, roles)?;
    Ok(AuthorisedCommand {
        command: parsed,
        signers,
        roles_hash: roles.hash(),
        as_of: context.as_of,
        bundle: bundle::write(command, signatures, roles),
    })
}

impl AuthorisedCommand {
    /// The command.
    pub const fn command(&self) -> &Command {
        &self.command
    }

    /// The persons who signed, in the order of their signatures.
    pub fn signers(&self) -> impl Iterator<Item = &Code> {
        self.signers.iter().map(|(person, _)| person)
    }

    /// The time at which it was judged.
    pub const fn as_of(&self) -> UtcTime {
        self.as_of
    }

    /// The command, its signatures and the roles file as one canonical document with its hash, for
    /// the ledger: whoever reads that can judge again ([`authorise_bundle`]).
    ///
    /// [`authorise_bundle`]: crate::authorise_bundle
    pub fn bundle(&self) -> (Hash, String) {
        (sha256(self.bundle.as_bytes()), self.bundle.clone())
    }

    /// The roles file that it was held against.
    pub const fn roles_hash(&self) -> Hash {
        self.roles_hash
    }

    /// What it asks of the machine, which checks the rest: the standing level, the record that is
    /// answered, and the cool-down.
    pub fn directive(&self) -> Directive {
        match self.command.terms() {
            None => Directive::Tighten {
                level: self.command.to(),
                red_action: self.command.any_red_action(),
            },
            Some(terms) => {
                let persons = self.signers.iter().map(|(_, roles)| *roles).collect();
                #[expect(
                    clippy::disallowed_methods,
                    reason = "this is the one place where signatures were verified"
                )]
                let loosening = Loosening::authorised(terms, persons);
                Directive::Loosen(loosening)
            }
        }
    }
}

fn check_context(command: &Command, context: Context<'_>) -> Result<(), GovernanceError> {
    if command.portfolio() != context.portfolio {
        return Err(GovernanceError::OtherPortfolio {
            named: command.portfolio().clone(),
            expected: context.portfolio.clone(),
        });
    }
    if context.as_of < command.issued_at() || command.valid_until() <= context.as_of {
        return Err(GovernanceError::NotInForce {
            from: command.issued_at(),
            until: command.valid_until(),
            as_of: context.as_of,
        });
    }
    Ok(())
}

fn check_right(person: &Person, action: Action) -> Result<(), GovernanceError> {
    // The roles file was refused if it gave more than the roles allow: this is the second lock.
    if person.may(action) && action.is_open_to(person.roles()) {
        Ok(())
    } else {
        Err(GovernanceError::MayNot {
            person: person.id().clone(),
            action,
        })
    }
}

fn check_enough(
    command: &Command,
    signers: &[(Code, RoleSet)],
    roles: &Roles,
) -> Result<(), GovernanceError> {
    if !signers.iter().any(|(person, _)| person == command.issuer()) {
        return Err(GovernanceError::IssuerMissing {
            issuer: command.issuer().clone(),
        });
    }
    let action: Action = command.action();
    let needed = roles.threshold(action);
    if signers.len() < needed {
        return Err(GovernanceError::Threshold {
            action,
            needed,
            found: signers.len(),
        });
    }
    let held: Vec<RoleSet> = signers.iter().map(|(_, roles)| *roles).collect();
    if action.is_met_by(&held, command.to()) {
        Ok(())
    } else {
        Err(GovernanceError::Authority {
            action,
            to: command.to(),
        })
    }
}
