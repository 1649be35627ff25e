//! The roles file: which person holds which office, with which keys, and may do what.

use ios012_constraints::defcon::{Role, RoleSet};
use ios012_core::UtcTime;
use ios012_lineage::{Code, Hash, sha256};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use ssh_key::PublicKey;
use ssh_key::public::KeyData;

use crate::document::{Document, Raw, read, read_value};
use crate::{Action, GovernanceError, Namespace, Period};

/// Most persons that a threshold may ask for.
const MOST_PERSONS: usize = 16;

/// A checked roles file.
#[derive(Debug, Clone)]
pub struct Roles {
    persons: Vec<Person>,
    /// In the order of [`Action::ALL`].
    thresholds: Vec<usize>,
    canonical: String,
    hash: Hash,
}

/// One person.
#[derive(Debug, Clone)]
pub struct Person {
    id: Code,
    roles: RoleSet,
    may: Vec<Action>,
    keys: Vec<OfficerKey>,
    period: Period,
}

/// One public key of a person.
#[derive(Debug, Clone)]
pub struct OfficerKey {
    public: PublicKey,
    period: Period,
}

#[derive(Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(
    title = "Roles file",
    description = "Who may order what, with which SSH keys, and how many must sign."
)]
pub(crate) struct RawRoles {
    persons: Vec<RawPerson>,
    #[schemars(extend("const" = "ios012.roles.v1"))]
    schema: String,
    /// One row for each action.
    thresholds: Vec<RawThreshold>,
}

#[derive(Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "person_row")]
struct RawPerson {
    keys: Vec<RawKey>,
    /// What the person may do; never more than the roles allow (docs/governance.md).
    #[schemars(inner(regex(pattern = r"^(tighten|loosen_(yellow|orange|red|black))$")))]
    may: Vec<String>,
    #[schemars(extend("pattern" = Code::GRAMMAR))]
    person_id: String,
    #[schemars(inner(regex(pattern = r"^(CEO|VEGA|STIG|LARS|OPERATOR)$")))]
    roles: Vec<String>,
    #[schemars(extend("format" = "date-time"))]
    valid_from: String,
    /// The first time at which the person counts no more.
    #[schemars(extend("format" = "date-time"))]
    valid_until: String,
}

#[derive(Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "key_row")]
struct RawKey {
    /// The first two words of an OpenSSH public key file, without the comment.
    #[schemars(extend("pattern" = "^(ssh-ed25519|sk-ssh-ed25519@openssh\\.com) [A-Za-z0-9+/]+={0,2}$"))]
    public_key: String,
    #[schemars(extend("format" = "date-time"))]
    valid_from: String,
    /// The first time at which the key counts no more.
    #[schemars(extend("format" = "date-time"))]
    valid_until: String,
}

#[derive(Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "threshold_row")]
struct RawThreshold {
    #[schemars(extend("enum" = ["tighten", "loosen_yellow", "loosen_orange", "loosen_red", "loosen_black"]))]
    action: String,
    /// How many persons must sign: 1 to 16, and 2 or more for `loosen_red`.
    #[schemars(extend("pattern" = "^([1-9]|1[0-6])$"))]
    persons: String,
}

impl Raw for RawRoles {
    const DOCUMENT: Document = Document::Roles;

    fn schema(&self) -> &str {
        &self.schema
    }
}

impl Roles {
    /// Reads and checks a roles file. White space and the order of members are free; the hash is
    /// that of the canonical text.
    ///
    /// # Errors
    /// The first rule that does not hold.
    pub fn parse(bytes: &[u8]) -> Result<Self, GovernanceError> {
        let (raw, canonical) = read::<RawRoles>(bytes)?;
        let persons: Vec<Person> = raw
            .persons
            .iter()
            .enumerate()
            .map(|(row, person)| read_person(&format!("persons[{row}]."), person))
            .collect::<Result<_, _>>()?;
        check_distinct(&persons)?;
        let thresholds = read_thresholds(&raw.thresholds, &persons)?;
        let hash = sha256(canonical.as_bytes());
        Ok(Self {
            persons,
            thresholds,
            canonical,
            hash,
        })
    }

    /// The persons, as listed.
    pub fn persons(&self) -> &[Person] {
        &self.persons
    }

    /// How many persons must sign for an action.
    pub fn threshold(&self, action: Action) -> usize {
        let at = Action::ALL.iter().position(|listed| *listed == action);
        // Every action has its threshold; without one nobody could ever be enough.
        at.and_then(|at| self.thresholds.get(at).copied())
            .unwrap_or(usize::MAX)
    }

    /// The canonical text, which the ledger can keep.
    pub fn canonical(&self) -> &str {
        &self.canonical
    }

    /// SHA-256 of the canonical text.
    pub const fn hash(&self) -> Hash {
        self.hash
    }

    /// The keys as an `allowed_signers` file for `ssh-keygen -Y verify`; the principal is the
    /// person. Periods are rounded inward to whole seconds, which is all that the file can say.
    pub fn allowed_signers(&self, namespace: Namespace) -> String {
        let mut text = String::new();
        for person in &self.persons {
            for key in &person.keys {
                let from = person.period.from().max(key.period.from());
                let until = person.period.until().min(key.period.until());
                let line = format!(
                    "{} namespaces=\"{namespace}\",valid-after=\"{}\",valid-before=\"{}\" {}\n",
                    person.id,
                    openssh_time(from.checked_add_milliseconds(999).unwrap_or(from)),
                    openssh_time(until),
                    key_text(&key.public).unwrap_or_default(),
                );
                text.push_str(&line);
            }
        }
        text
    }

    /// The person to whom a key belongs, with the row of the key.
    pub(crate) fn holder(&self, key: &KeyData) -> Option<(&Person, &OfficerKey)> {
        self.persons.iter().find_map(|person| {
            let mut keys = person.keys.iter();
            let found = keys.find(|held| held.public.key_data() == key)?;
            Some((person, found))
        })
    }
}

impl Person {
    /// The person's name in commands and records.
    pub const fn id(&self) -> &Code {
        &self.id
    }

    /// The roles.
    pub const fn roles(&self) -> RoleSet {
        self.roles
    }

    /// What the person may do.
    pub fn may(&self, action: Action) -> bool {
        self.may.contains(&action)
    }

    /// When the person counts.
    pub const fn period(&self) -> Period {
        self.period
    }

    /// The keys.
    pub fn keys(&self) -> &[OfficerKey] {
        &self.keys
    }
}

impl OfficerKey {
    /// When the key counts.
    pub const fn period(&self) -> Period {
        self.period
    }

    pub(crate) const fn public(&self) -> &PublicKey {
        &self.public
    }
}

fn read_person(path: &str, raw: &RawPerson) -> Result<Person, GovernanceError> {
    let value_path = |field: &str, at: usize| format!("{path}{field}[{at}]");
    let mut roles: Vec<Role> = Vec::new();
    for (at, text) in raw.roles.iter().enumerate() {
        let role = read_value(Document::Roles, value_path("roles", at), text)?;
        push_once(&mut roles, role, || value_path("roles", at))?;
    }
    let mut may: Vec<Action> = Vec::new();
    for (at, text) in raw.may.iter().enumerate() {
        let action = read_value(Document::Roles, value_path("may", at), text)?;
        push_once(&mut may, action, || value_path("may", at))?;
    }
    let keys = raw.keys.iter().enumerate().map(|(at, key)| {
        let path = format!("{}.", value_path("keys", at));
        Ok(OfficerKey {
            public: read_key(&format!("{path}public_key"), &key.public_key)?,
            period: Period::read(Document::Roles, &path, &key.valid_from, &key.valid_until)?,
        })
    });
    let person = Person {
        id: read_value(Document::Roles, format!("{path}person_id"), &raw.person_id)?,
        roles: RoleSet::of(&roles),
        may,
        keys: keys.collect::<Result<_, GovernanceError>>()?,
        period: Period::read(Document::Roles, path, &raw.valid_from, &raw.valid_until)?,
    };
    let beyond = person
        .may
        .iter()
        .find(|action| !action.is_open_to(person.roles));
    match beyond {
        Some(&action) => Err(GovernanceError::BeyondRole {
            person: person.id.clone(),
            action,
        }),
        None => Ok(person),
    }
}

fn push_once<T: PartialEq>(
    list: &mut Vec<T>,
    value: T,
    path: impl Fn() -> String,
) -> Result<(), GovernanceError> {
    if list.contains(&value) {
        return Err(GovernanceError::Duplicate { path: path() });
    }
    list.push(value);
    Ok(())
}

fn read_key(path: &str, text: &str) -> Result<PublicKey, GovernanceError> {
    let fault = |rule: &'static str| GovernanceError::PublicKey {
        path: path.to_owned(),
        rule,
    };
    let public = PublicKey::from_openssh(text)
        .map_err(|_| fault("it must be an OpenSSH public key without a comment"))?;
    let point = match public.key_data() {
        KeyData::Ed25519(key) => key.0,
        KeyData::SkEd25519(key) => key.public_key().0,
        _ => {
            return Err(fault(
                "its kind must be ssh-ed25519 or sk-ssh-ed25519@openssh.com",
            ));
        }
    };
    if key_text(&public).as_deref() != Some(text) {
        return Err(fault(
            "it must be written as OpenSSH does, without a comment",
        ));
    }
    // Under a key of small order one signature fits many messages.
    match ed25519_dalek::VerifyingKey::from_bytes(&point) {
        Ok(key) if !key.is_weak() => Ok(public),
        _ => Err(fault("it must be a point of the curve of large order")),
    }
}

/// The key as OpenSSH writes it, without its comment.
fn key_text(key: &PublicKey) -> Option<String> {
    PublicKey::from(key.key_data().clone()).to_openssh().ok()
}

/// No person twice, and no key twice: one key would make two persons of one.
fn check_distinct(persons: &[Person]) -> Result<(), GovernanceError> {
    let mut ids: Vec<&Code> = Vec::new();
    let mut points: Vec<&KeyData> = Vec::new();
    for (row, person) in persons.iter().enumerate() {
        push_once(&mut ids, &person.id, || format!("persons[{row}].person_id"))?;
        for (at, key) in person.keys.iter().enumerate() {
            push_once(&mut points, key.public.key_data(), || {
                format!("persons[{row}].keys[{at}].public_key")
            })?;
        }
    }
    Ok(())
}

fn read_thresholds(
    rows: &[RawThreshold],
    persons: &[Person],
) -> Result<Vec<usize>, GovernanceError> {
    let mut found: Vec<(Action, usize)> = Vec::new();
    for (at, row) in rows.iter().enumerate() {
        let path = |field: &str| format!("thresholds[{at}].{field}");
        let action: Action = read_value(Document::Roles, path("action"), &row.action)?;
        if found.iter().any(|(listed, _)| *listed == action) {
            return Err(GovernanceError::Duplicate {
                path: path("action"),
            });
        }
        let needed = (1..=MOST_PERSONS).find(|count| count.to_string() == row.persons);
        let fewest = action.fewest_persons();
        let able = persons.iter().filter(|person| person.may(action)).count();
        match needed {
            Some(needed) if needed >= fewest && needed <= able => found.push((action, needed)),
            _ => {
                return Err(GovernanceError::ThresholdRange {
                    action,
                    fewest,
                    able,
                });
            }
        }
    }
    Action::ALL
        .iter()
        .map(|&action| {
            let row = found.iter().find(|(listed, _)| *listed == action);
            row.map(|(_, needed)| *needed)
                .ok_or(GovernanceError::ThresholdMissing { action })
        })
        .collect()
}

/// `2026-11-22T10:20:30.400Z` as `20261122102030Z`.
fn openssh_time(time: UtcTime) -> String {
    let text = time.to_string();
    let seconds = text.split('.').next().unwrap_or_default();
    let digits: String = seconds.chars().filter(char::is_ascii_digit).collect();
    format!("{digits}Z")
}
