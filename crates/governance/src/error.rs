use ios012_core::{Defcon, PortfolioId, UtcTime};
use ios012_lineage::Code;
use thiserror::Error;

use crate::document::Document;
use crate::{Action, Namespace};

/// Why a roles file or a command is not acceptable. Each text says the rule and the remedy.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum GovernanceError {
    /// More than 1 MiB.
    #[error(
        "the {document} has {bytes} bytes, at most 1048576; check that the right file was named"
    )]
    TooLong {
        /// The document.
        document: Document,
        /// Its length.
        bytes: usize,
    },
    /// The bytes are not UTF-8.
    #[error("the {document} is not UTF-8; save it as UTF-8")]
    NotUtf8 {
        /// The document.
        document: Document,
    },
    /// Not JSON, or not the members of the schema.
    #[error(
        "the {document} breaks its schema at line {line}, column {column}: {rule}; write it as docs/governance.md shows it"
    )]
    Form {
        /// The document.
        document: Document,
        /// Line, from 1.
        line: usize,
        /// Column, from 1.
        column: usize,
        /// What was expected.
        rule: String,
    },
    /// Another kind of document, or another version.
    #[error(
        "the schema member of the {document} must be {expected}; check that the right file was named"
    )]
    Schema {
        /// The document.
        document: Document,
        /// What it must be.
        expected: &'static str,
    },
    /// The signed bytes are not the canonical form.
    #[error(
        "the {document} must be canonical JSON ({rule}); let the tool write it, and sign that file as it is"
    )]
    NotCanonical {
        /// The document.
        document: Document,
        /// The rule.
        rule: String,
    },
    /// A value breaks its grammar.
    #[error("{document}, {path}: {rule}; correct the value")]
    Value {
        /// The document.
        document: Document,
        /// The member.
        path: String,
        /// The rule.
        rule: String,
    },
    /// A period that ends before it begins.
    #[error("{path} must be after valid_from; correct one of the two")]
    Period {
        /// The member.
        path: String,
    },
    /// A person, key, role, action or threshold stands twice.
    #[error("{path} stands twice; remove one of the two")]
    Duplicate {
        /// The member.
        path: String,
    },
    /// A public key that may not stand here.
    #[error(
        "{path}: {rule}; copy the first two words of an Ed25519 .pub file (ssh-keygen -t ed25519 or -t ed25519-sk)"
    )]
    PublicKey {
        /// The member.
        path: String,
        /// The rule.
        rule: &'static str,
    },
    /// The roles file gives more than ADR-016 lets it give.
    #[error(
        "{person} may not have the right {action} with these roles (ADR-016); remove it from may"
    )]
    BeyondRole {
        /// The person.
        person: Code,
        /// The right.
        action: Action,
    },
    /// An action has no threshold.
    #[error("thresholds has no row for {action}; add one")]
    ThresholdMissing {
        /// The action.
        action: Action,
    },
    /// A threshold that is too low, or that nobody can reach.
    #[error(
        "the threshold of {action} must be from {fewest} to the {able} persons who may do it, and at most 16; correct it"
    )]
    ThresholdRange {
        /// The action.
        action: Action,
        /// The fewest.
        fewest: usize,
        /// Persons who may do it.
        able: usize,
    },
    /// The word and the levels do not go together.
    #[error(
        "the action does not lead from {from} to {to}; tighten raises the level (RED to RED: to_cash), loosen takes one step down"
    )]
    Direction {
        /// The level that it leaves.
        from: Defcon,
        /// The level that it asks for.
        to: Defcon,
    },
    /// `red_action` is missing, stands where it may not, or is unknown.
    #[error(
        "red_action stands where to is RED, and there alone; write reduce_only or to_cash, or remove it"
    )]
    RedAction,
    /// `answers` is missing, or stands where it may not.
    #[error("answers stands with loosen, and there alone; name the record that set the level")]
    Answers,
    /// Nothing was seen.
    #[error("evidence must not be empty; say what was seen")]
    NoEvidence,
    /// The period of a command.
    #[error("valid_until must be after issued_at, by at most 24 hours; correct it")]
    Validity,
    /// The command is for another portfolio.
    #[error("the command is for {named}, not for {expected}; give the command of this portfolio")]
    OtherPortfolio {
        /// The portfolio in the command.
        named: PortfolioId,
        /// The portfolio.
        expected: PortfolioId,
    },
    /// The command is not in force.
    #[error(
        "the command is in force from {from} until {until}, and it is {as_of}; issue a new one"
    )]
    NotInForce {
        /// Its start.
        from: UtcTime,
        /// Its end.
        until: UtcTime,
        /// The time of the data.
        as_of: UtcTime,
    },
    /// No signature, or too many.
    #[error("{found} signatures, but a command has 1 to 16; give each signer's .sig file")]
    SignatureCount {
        /// How many.
        found: usize,
    },
    /// A signature that is not written as `ssh-keygen` writes it.
    #[error(
        "a signature must stand exactly as ssh-keygen -Y sign wrote it (version 1, lines ended by LF); copy the .sig file whole"
    )]
    Armour,
    /// A signature by a kind of key that no roles file holds.
    #[error(
        "a signature must be by an Ed25519 key; sign with ssh-ed25519 or sk-ssh-ed25519@openssh.com"
    )]
    KeyKind,
    /// A signature for another purpose.
    #[error("the signature has another namespace; sign with ssh-keygen -Y sign -n {expected}")]
    Namespace {
        /// The namespace.
        expected: Namespace,
    },
    /// The key is in no row.
    #[error("the key {fingerprint} is not in the roles file; sign with a key that is")]
    KeyUnknown {
        /// The key's fingerprint.
        fingerprint: String,
    },
    /// The signature is not over these bytes.
    #[error(
        "the signature of {person} does not verify; the command was changed after it was signed: sign it again"
    )]
    SignatureInvalid {
        /// The holder of the key.
        person: Code,
    },
    /// A security key signed by itself.
    #[error(
        "the security key of {person} signed without a touch; make a key without no-touch-required"
    )]
    UserPresence {
        /// The holder of the key.
        person: Code,
    },
    /// The person does not count at that time.
    #[error("{person} does not hold an office at {at}; have another person sign")]
    PersonPeriod {
        /// The person.
        person: Code,
        /// When it was issued, or the time of the data.
        at: UtcTime,
    },
    /// The key does not count at that time.
    #[error("the key of {person} is not valid at {at}; sign with one that is")]
    KeyPeriod {
        /// The person.
        person: Code,
        /// When it was issued, or the time of the data.
        at: UtcTime,
    },
    /// The roles file does not give the right.
    #[error("{person} may not {action}; have somebody sign who may")]
    MayNot {
        /// The person.
        person: Code,
        /// The right.
        action: Action,
    },
    /// Two signatures of one person.
    #[error("{person} signed twice; each signature must be another person's")]
    PersonTwice {
        /// The person.
        person: Code,
    },
    /// The issuer did not sign.
    #[error("{issuer} issued the command and did not sign it; add that signature")]
    IssuerMissing {
        /// The issuer.
        issuer: Code,
    },
    /// Too few persons, by the roles file.
    #[error("{action} needs {needed} persons, {found} signed; have others sign the same file")]
    Threshold {
        /// The action.
        action: Action,
        /// How many it needs.
        needed: usize,
        /// How many signed.
        found: usize,
    },
    /// Not the right persons, by ADR-016.
    #[error(
        "those who signed may not {action} toward {to} (ADR-016); docs/governance.md says who may"
    )]
    Authority {
        /// The action.
        action: Action,
        /// The level asked for.
        to: Defcon,
    },
}

impl GovernanceError {
    /// The stable code.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::TooLong { .. } => "document_too_long",
            Self::NotUtf8 { .. } => "document_not_utf8",
            Self::Form { .. } => "document_form",
            Self::Schema { .. } => "document_schema",
            Self::NotCanonical { .. } => "document_not_canonical",
            Self::Value { .. } => "document_value",
            Self::Period { .. } => "roles_period",
            Self::Duplicate { .. } => "roles_duplicate",
            Self::PublicKey { .. } => "roles_public_key",
            Self::BeyondRole { .. } => "roles_beyond_role",
            Self::ThresholdMissing { .. } => "roles_threshold_missing",
            Self::ThresholdRange { .. } => "roles_threshold_range",
            Self::Direction { .. } => "command_direction",
            Self::RedAction => "command_red_action",
            Self::Answers => "command_answers",
            Self::NoEvidence => "command_no_evidence",
            Self::Validity => "command_validity",
            Self::OtherPortfolio { .. } => "command_other_portfolio",
            Self::NotInForce { .. } => "command_not_in_force",
            Self::SignatureCount { .. } => "signature_count",
            Self::Armour => "signature_armour",
            Self::KeyKind => "signature_key_kind",
            Self::Namespace { .. } => "signature_namespace",
            Self::KeyUnknown { .. } => "signature_key_unknown",
            Self::SignatureInvalid { .. } => "signature_invalid",
            Self::UserPresence { .. } => "signature_user_presence",
            Self::PersonPeriod { .. } => "signer_period",
            Self::KeyPeriod { .. } => "signer_key_period",
            Self::MayNot { .. } => "signer_may_not",
            Self::PersonTwice { .. } => "signer_twice",
            Self::IssuerMissing { .. } => "signer_issuer_missing",
            Self::Threshold { .. } => "signer_threshold",
            Self::Authority { .. } => "signer_authority",
        }
    }
}
